/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A PXE server on a fake nic's wire, beside a DHCP server: it offers no address, and answers on
 * port 4011, or whoever looks for a boot server (PXE 2.1, chapter 2). What it says, and to whom it
 * keeps silent, a test sets.
 */
#ifndef TESTS_MODEL_PXE_SERVER_H
#define TESTS_MODEL_PXE_SERVER_H

#include "tests/model/packets.h"

#define PXE_SERVER_IP 0x0a000204u

/* An answer's options behind 53 and 54, as they stand on the wire; len 0: silence. */
struct pxe_says {
	uint8_t options[900];
	uint32_t len;
};

struct pxe_server {
	struct fake_nic *nic;
	uint32_t ip;           /* PXE_SERVER_IP */
	struct pxe_says offer; /* to a DISCOVER */
	struct pxe_says more;  /* to a question on port 4011 */
	struct pxe_says boot;  /* to one for a boot server, wherever it is asked */
	bool mute;             /* no item in that answer */
	uint32_t lost;         /* so many questions are not heard */
	uint8_t type_xor;      /* the item in the answer is for another type */

	/* What was heard. */
	uint32_t asked, discovered; /* questions of the two kinds */
	uint32_t to[32];            /* where the latter went, in their order */
	uint8_t question[600];      /* the last one */
	uint32_t question_len;

	void (*tx)(void *ctx, const uint8_t *frame, uint32_t len);
	void *tx_ctx;
};

/* Silent in all. Stands on the nic's transmit side, before who is there already. */
void pxe_server_open(struct pxe_server *s, struct fake_nic *nic);

/* One more option of an answer. */
void pxe_say(struct pxe_says *says, uint8_t code, const void *value, uint32_t len);
/* The same for what marks a PXE server: option 60. */
void pxe_say_class(struct pxe_says *says);

/* The value of an option in the last question, and its length; NULL: it has none. */
const uint8_t *pxe_server_asked(const struct pxe_server *s, uint8_t code, uint32_t *len);

#endif
