/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * MSI-X with every vector masked (PCI 3.0, 6.8.2): what the device wants to send shows in the
 * pending bits, and no message ever leaves it.
 */
#ifndef TESTS_CONFORM_MSIX_H
#define TESTS_CONFORM_MSIX_H

#include "arch/port.h"

struct msix {
	uintptr_t fn;
	uint8_t at; /* of the capability; 0: there is none */
	uint16_t vectors;
	struct window pending; /* WINDOW_NONE: out of reach */
};

/* Looks for the capability of fn. Whether there is one. */
bool msix_find(struct msix *m, uintptr_t fn);
/* Lets the device use vectors, all of them masked; or none again. */
void msix_enable(const struct msix *m);
void msix_disable(const struct msix *m);
/* Whether the device has wanted to send this one, of the first 32, since it was enabled. */
bool msix_pending(const struct msix *m, unsigned vector);

#endif
