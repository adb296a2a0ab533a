/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A received frame on its way from a driver to net/. The driver made this struct; the bytes were
 * written by the device and the network. rx borrows: all of it is valid until the callback returns.
 */
#ifndef CORE_FRAME_H
#define CORE_FRAME_H

#include "core/types.h"

/*
 * What the driver found out about the frame's TCP or UDP checksum. net/ knows nothing more of it.
 */
enum csum_verdict {
	/* Verify in software. */
	CSUM_CHECK,
	/* The device may vouch for the outermost checksum, and did. */
	CSUM_VOUCHED,
	/*
	 * The device may leave the sum undone, and did: the field at csum_start + csum_offset holds
	 * the pseudo-header's sum only.
	 */
	CSUM_PARTIAL,
	/* Drop. */
	CSUM_BAD,
};

/* What the user wants of GUEST_CSUM: the key `csum`. */
enum csum_policy {
	CSUM_POLICY_AUTO,  /* accept GUEST_CSUM if it is offered */
	CSUM_POLICY_OFF,   /* decline it */
	CSUM_POLICY_TRUST, /* as auto, and believe DATA_VALID without GUEST_CSUM, too */
};

/*
 * Room for every header that can precede payload: Ethernet with one VLAN tag, IPv4 and TCP with all
 * options. So much of a frame is in private memory before anything is decided on it.
 */
#define FRAME_HEAD_MAX (14 + 4 + 60 + 60)

/* Behind Ethernet's, IPv4's and TCP's headers without any option. */
#define FRAME_APART_OFF (14 + 20 + 20)
#define FRAME_TCP_CSUM_OFFSET 16

struct frame {
	/*
	 * The frame's first bytes, min(len, FRAME_HEAD_MAX) of them, copied once by the driver: the
	 * device cannot change them any more. Parse these.
	 */
	const uint8_t *head;
	/*
	 * The whole frame, Ethernet header first, where the device put it. Read each byte once. Of
	 * a frame in a landing (core/nic.h) it is only what lies behind TCP's header, and only head
	 * has the bytes before; such a frame is TCP's, by its csum_offset.
	 */
	struct span data;
	/* From here on the device may still write to landings; NULL: to none. */
	const uint8_t *floor;
	enum csum_verdict csum;
	/* CSUM_PARTIAL: both from the start of the frame, checked to lie inside it. */
	uint16_t csum_start, csum_offset;
	/* 0, or the nic's own id of the rule that the device broke with this frame. */
	uint8_t breach;
};

#define FRAME_BREACHES 16 /* breach ids are below this */

#endif
