/* SPDX-License-Identifier: BSD-2-Clause */
/* ${mac}, ${uuid} and ${ip} in configured values, replaced once by what this machine is. */
#ifndef NET_BOOT_VARS_H
#define NET_BOOT_VARS_H

#include "core/err.h"
#include "core/text.h"
#include "core/types.h"

struct vars {
	uint8_t mac[6];
	bool has_uuid;
	uint8_t uuid[16]; /* as SMBIOS stores it */
	uint32_t ip;      /* host order; 0: none yet */
};

/*
 * Appends s to out, with ${mac} as 52:54:00:12:34:56, ${uuid} as 8-4-4-4-12 lower-case digits,
 * ${ip} as a dotted quad. A "$" without "{" stands for itself; there is no escape. name is the key
 * that the value belongs to. 0; ERR_CONFIG, with a sentence (rung config), for an unknown or
 * unfinished ${…}, one that this machine has no value for, and what does not fit.
 */
int vars_expand(struct text *out, const char *s, size_t len, const struct vars *v, const char *name,
		struct failure *f) MUST_CHECK;

#define UUID_TEXT_LEN 37 /* with the NUL */

/* The canonical text of a UUID that SMBIOS stores. Returns buf. */
char *vars_uuid_text(char buf[UUID_TEXT_LEN], const uint8_t uuid[16]);

#endif
