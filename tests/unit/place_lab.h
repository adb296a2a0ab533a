/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the tests of arch/pcbios/place.c have in common: a memory map in the making, and Debian's
 * kernel. Included by each of them once.
 */
#ifndef TESTS_UNIT_PLACE_LAB_H
#define TESTS_UNIT_PLACE_LAB_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "arch/pcbios/place.h"
#include "arch/port.h"

#include <cmocka.h> /* behind our own: it has a macro fail() */

#define MIB ((uint64_t)1 << 20)
#define GIB ((uint64_t)1 << 30)
#define OWN_START (5 * MIB)
#define OWN_END (14 * MIB)
#define SETUP_LEN 0x5000

static struct e820 map;
static struct place place;
static struct place_extent e;
static struct failure f;

static inline void add(uint64_t start, uint64_t len, uint32_t type)
{
	map.range[map.count++] = (struct e820_range){ start, len, type };
}

static inline void begin(void)
{
	memset(&f, 0, sizeof(f));
	place_init(&place, &map, OWN_START, OWN_END);
}

/* Debian's cloud kernel. */
static inline struct bzimage modern(void)
{
	return (struct bzimage){
		.version = 0x020f,
		.setup_len = SETUP_LEN,
		.payload_len = 14 * MIB,
		.relocatable = true,
		.pref_address = 16 * MIB,
		.alignment = 2 * MIB,
		.init_size = 52 * MIB,
		.initrd_addr_max = 0x7fffffff,
	};
}

#define MODERN_LEN (SETUP_LEN + 14 * MIB)

#endif
