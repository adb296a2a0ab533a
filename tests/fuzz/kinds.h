/* SPDX-License-Identifier: BSD-2-Clause */
/* The model device as one of the three kinds that there are. */
#ifndef TESTS_FUZZ_KINDS_H
#define TESTS_FUZZ_KINDS_H

#include "tests/model/device.h"

static inline void device_of_kind(struct device *d, uint32_t choice)
{
	switch (choice & 3) {
	case 0:
		device_init_legacy(d);
		break;
	case 1:
		device_init_transitional(d);
		break;
	default:
		device_init(d);
	}
}

#endif
