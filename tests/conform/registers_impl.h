/* SPDX-License-Identifier: BSD-2-Clause */
/* What registers.c and scan.c share. */
#ifndef TESTS_CONFORM_REGISTERS_IMPL_H
#define TESTS_CONFORM_REGISTERS_IMPL_H

#include "tests/conform/registers.h"

/* Members of struct virtio_pci_common_cfg that drivers/virtio_pci.h has no use for. */
enum registers_common {
	COMMON_CONFIG_MSIX_VECTOR = 16,
	COMMON_NUM_QUEUES = 18,
	COMMON_QUEUE_MSIX_VECTOR = 26,
	COMMON_QUEUE_RESET = 58,
	COMMON_LEN_MAX = 64,
};

#define VIRTIO_PCI_CAP_ISR_CFG 3

/* A virtio structure capability, 4.1.4. */
struct cap {
	uint8_t at, kind, bar, cap_len;
	uint32_t off, len, multiplier;
};

/* The first of a kind of at least len bytes, aligned to 4 (ISR: anyhow). Whether there is one. */
bool registers_find_cap(uintptr_t fn, uint8_t kind, uint32_t len, struct cap *c);

/* One access of its own width to the common configuration. */
uint32_t registers_get(const struct registers *r, uint32_t off, unsigned width);
void registers_put(const struct registers *r, uint32_t off, unsigned width, uint32_t value);

/* 64 bits as two halves, the lower one first (4.1.3.1). */
uint64_t registers_get_64(const struct registers *r, uint32_t off);
void registers_put_64(const struct registers *r, uint32_t off, uint64_t value);

/* What driver_feature shows: 32 bits of one word, or all of the first two. */
uint32_t registers_driver_feature(const struct registers *r, uint32_t word);
uint64_t registers_driver_features(const struct registers *r);

#define DOORBELL_LEN 2

/*
 * Where the doorbell of the selected queue is, of 2 or 4 bytes, from the begin of the notification
 * structure (4.1.4.4). False if it leaves the structure or the BAR's 32 bits, or is misaligned.
 */
bool registers_doorbell_at(const struct registers *r, const struct virtio *v, uint32_t len,
			   uint64_t *off);

/* The doorbell of a queue, which was selected, lies within its capability [DEV-15]. */
void registers_doorbell(struct registers *r, uint32_t queue, struct ledger *l);

#endif
