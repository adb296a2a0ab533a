/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The whole boot story on a fake nic: a DHCP server, web servers and DNS on virtual time, and the
 * hosted port at the end. The fixture of test_netboot*.c.
 */
#ifndef TESTS_MODEL_BOOT_LAB_H
#define TESTS_MODEL_BOOT_LAB_H

#include "arch/boot.h"
#include "net/boot/netboot.h"
#include "tests/model/dhcp_server.h"
#include "tests/model/web.h"

/* What a path leads to; the list ends with a NULL path. Every other one is 404. */
struct boot_page {
	const char *path;
	const char *text; /* the body; NULL: len bytes of the pattern, from off */
	uint64_t off, len;
	const char *location; /* not NULL: a redirect */
};

struct boot_lab {
	struct fake_nic fake;
	struct dhcp_server dhcp;
	struct web web;
	struct console console;
	struct config config;
	struct netboot *nb;
	int err;

	/* Set by the test. */
	const struct boot_page *pages;
	const char *builtin_url;
	char asked[1024]; /* paths in the order of requests, each with a space behind */
};

/*
 * cmocka's setup and teardown; *state is the lab, everything in it at peace. At the end the wire
 * was in order and the device was closed.
 */
int boot_lab_setup(void **state);
int boot_lab_teardown(void **state);

/* A key of the configuration, which is right. */
void boot_lab_key(struct boot_lab *lab, const char *key, const char *value);

/* One more option of the lease, in text. */
void boot_lab_lease(struct boot_lab *lab, uint8_t code, const char *text);

/* The story, told well: 0, and the device has been stopped. */
void boot_lab_run(struct boot_lab *lab);
/* The same, until something was started with this command line. */
void boot_lab_boots(struct boot_lab *lab, const char *cmdline);
/* It ends on this rung, with these words in the sentence: the device stopped, nothing started. */
void boot_lab_fails(struct boot_lab *lab, enum rung rung, enum err err, const char *words);

/* Whether the i-th file granted was of this kind, and has these bytes of the pattern. */
bool boot_lab_got(unsigned i, enum cargo cargo, uint64_t off, uint64_t len);
/*
 * The SHA-256 of pattern bytes, or of text if that is not NULL, in 64 digits; valid until the
 * fourth call from here.
 */
const char *boot_lab_sha256(const char *text, uint64_t off, uint64_t len);

#endif
