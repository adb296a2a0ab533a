/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Digests of downloaded files. Most of one is computed while the network has nothing for us, the
 * rest, and what follows from it, once the device has been reset.
 */
#ifndef NET_BOOT_DIGEST_H
#define NET_BOOT_DIGEST_H

#include "net/boot/netboot.h"

/*
 * The spare work of net_wait() while the next of nb->file comes into nb->image (ctx: the struct
 * netboot): a piece of a file whose digest is wanted. What an image has stored is never stored
 * again, lies where it will stay, and was never given to the device.
 */
bool digest_piece(void *ctx);

/* ERR_CONFIG, with a sentence, if the key `sha256` lists more digests than there are files. */
int digest_count(struct netboot *nb) MUST_CHECK;

/* File i's digest, as text in hex. ERR_DIGEST, with a sentence, if another one is required. Once.
 */
int digest_check(struct netboot *nb, uint32_t i, char hex[SHA256_HEX_LEN]) MUST_CHECK;

/* The files that the key `sha256` lists: 0, or the first refusal. Once. */
int digest_check_listed(struct netboot *nb) MUST_CHECK;

#endif
