/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The boot story: from a nic that is up to a kernel that may be started. Both x86 ports and every
 * later one tell it the same way; what differs is behind arch/boot.h.
 */
#ifndef NET_BOOT_NETBOOT_H
#define NET_BOOT_NETBOOT_H

#include "arch/boot.h"
#include "core/console.h"
#include "core/image.h"
#include "core/nic.h"
#include "core/sha256.h"
#include "net/boot/bls.h"
#include "net/boot/config.h"
#include "net/boot/fetch.h"
#include "net/boot/vars.h"
#include "net/net.h"

#define NETBOOT_FILES_MAX 16    /* url, a BLS entry's kernel, initrds */
#define NETBOOT_ENTRY_MAX 65536 /* bytes of a Boot Loader Specification entry */

/* A file, or what has come of it; kept to be digested to its end once the device is silent. */
struct netboot_file {
	const uint8_t *at;
	uint64_t len;
	struct sha256 sha; /* of its first sha.len bytes */
};

struct netboot {
	struct config *config;
	struct console *console;
	struct failure *failure;
	uint32_t started_ms; /* the boot entry: what times count from */
	struct net net;
	struct fetch fetch;
	struct vars vars;
	struct image image; /* the download under way */
	struct netboot_file file[NETBOOT_FILES_MAX];
	uint32_t files;
	struct uri uri, base;
	bool uri_chosen;    /* uri is what DHCP names, no URL; else it is the key `url`'s */
	bool named_by_dhcp; /* or by a PXE menu: it may be a boot program */
	struct bls_entry bls;
	bool has_bls;
	enum cargo cargo;          /* what `url` named at last: a kernel, or a boot program */
	char text[CONFIG_URL_MAX]; /* a URL: with its variables replaced, or to be printed */
	char initrd_list[CONFIG_INITRD_MAX];
	char cmdline[CONFIG_CMDLINE_MAX];
	uint8_t entry[NETBOOT_ENTRY_MAX];
};

/*
 * Tells the story with a nic that is up: link, address, downloads, digests, and at the end, with
 * the device stopped, the start of what was loaded. config holds what has precedence over DHCP;
 * builtin_url what has it only over what is no URL there (NULL: none). All outlive nb.
 *
 * Returns 0 for the key `fetch` (downloaded, digested, nothing to start), or if what was started
 * came back with success (UEFI). Otherwise an error whose sentence is in failure. The device was
 * told to stop either way; if it does not, that is the failure, unless there was one before.
 */
int netboot_run(struct netboot *nb, struct nic *nic, struct config *config, const char *builtin_url,
		struct console *console, struct failure *failure, uint32_t started_ms) MUST_CHECK;

/* Prints "skiff: failed at …" and the counter line. net may be NULL, if it never came so far. */
void netboot_report_failure(struct console *console, const struct failure *failure,
			    struct net *net);

#endif
