/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Our virtio constants and struct layouts against those of Linux (package linux-libc-dev): ours are
 * enumerators and have the specification's names, Linux's are macros of the same names, so the one
 * list below gives first the former, then the latter.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "drivers/virtio_legacy.h"
#include "drivers/virtio_net.h"
#include "drivers/virtio_pci.h"

/* clang-format off */
#define CONSTANTS(X) \
	X(VIRTIO_CONFIG_S_ACKNOWLEDGE) X(VIRTIO_CONFIG_S_DRIVER) X(VIRTIO_CONFIG_S_DRIVER_OK) \
	X(VIRTIO_CONFIG_S_FEATURES_OK) X(VIRTIO_CONFIG_S_NEEDS_RESET) X(VIRTIO_CONFIG_S_FAILED) \
	X(VIRTIO_NET_F_GUEST_CSUM) X(VIRTIO_NET_F_MTU) X(VIRTIO_NET_F_MAC) \
	X(VIRTIO_NET_F_STATUS) X(VIRTIO_F_ANY_LAYOUT) X(VIRTIO_F_VERSION_1) \
	X(VIRTIO_F_ACCESS_PLATFORM) X(VIRTIO_PCI_CAP_COMMON_CFG) X(VIRTIO_PCI_CAP_NOTIFY_CFG) \
	X(VIRTIO_PCI_CAP_DEVICE_CFG) X(VIRTIO_PCI_CAP_PCI_CFG) X(VIRTIO_PCI_CAP_LEN) \
	X(VIRTIO_PCI_CAP_CFG_TYPE) X(VIRTIO_PCI_CAP_BAR) X(VIRTIO_PCI_CAP_OFFSET) \
	X(VIRTIO_PCI_CAP_LENGTH) X(VIRTIO_PCI_NOTIFY_CAP_MULT) X(VIRTIO_PCI_COMMON_DFSELECT) \
	X(VIRTIO_PCI_COMMON_DF) X(VIRTIO_PCI_COMMON_GFSELECT) X(VIRTIO_PCI_COMMON_GF) \
	X(VIRTIO_PCI_COMMON_STATUS) X(VIRTIO_PCI_COMMON_CFGGENERATION) \
	X(VIRTIO_PCI_COMMON_Q_SELECT) X(VIRTIO_PCI_COMMON_Q_SIZE) X(VIRTIO_PCI_COMMON_Q_ENABLE) \
	X(VIRTIO_PCI_COMMON_Q_NOFF) X(VIRTIO_PCI_COMMON_Q_DESCLO) X(VIRTIO_PCI_COMMON_Q_AVAILLO) \
	X(VIRTIO_PCI_COMMON_Q_USEDLO) X(VIRTIO_PCI_HOST_FEATURES) X(VIRTIO_PCI_GUEST_FEATURES) \
	X(VIRTIO_PCI_QUEUE_PFN) X(VIRTIO_PCI_QUEUE_NUM) X(VIRTIO_PCI_QUEUE_SEL) \
	X(VIRTIO_PCI_QUEUE_NOTIFY) X(VIRTIO_PCI_STATUS) X(VIRTIO_PCI_QUEUE_ADDR_SHIFT) \
	X(VRING_DESC_F_NEXT) X(VRING_DESC_F_WRITE) X(VRING_AVAIL_F_NO_INTERRUPT) \
	X(VRING_USED_F_NO_NOTIFY) X(VIRTIO_NET_HDR_F_NEEDS_CSUM) X(VIRTIO_NET_HDR_F_DATA_VALID) \
	X(VIRTIO_NET_HDR_F_RSC_INFO) X(VIRTIO_NET_HDR_GSO_NONE) X(VIRTIO_NET_HDR_GSO_ECN)
/* clang-format on */

#define VALUE(name) name,
#define NAME(name) #name,

static const char *const names[] = { CONSTANTS(NAME) };
static const unsigned ours[] = { CONSTANTS(VALUE) };

/* Linux's macros hide our enumerators from here on. */
#include <linux/virtio_config.h>
#include <linux/virtio_net.h>
#include <linux/virtio_pci.h>
#include <linux/virtio_ring.h>

static const unsigned theirs[] = { CONSTANTS(VALUE) };

#include <cmocka.h>

static void constants_are_those_of_linux(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ARRAY_LEN(names); i++) {
		if (ours[i] != theirs[i])
			print_error("%s\n", names[i]);
		assert_int_equal(ours[i], theirs[i]);
	}
}

static void capability_layouts_are_those_of_linux(void **state)
{
	(void)state;
	assert_int_equal(VIRTIO_PCI_CAP_MEMBERS_LEN, sizeof(struct virtio_pci_cap));
	assert_int_equal(VIRTIO_PCI_CFG_DATA, offsetof(struct virtio_pci_cfg_cap, pci_cfg_data));
	assert_int_equal(VIRTIO_PCI_COMMON_LEN, sizeof(struct virtio_pci_common_cfg));
	assert_int_equal(VIRTIO_LEGACY_CONFIG_OFF, VIRTIO_PCI_CONFIG_OFF(0));
	assert_int_equal(VIRTIO_LEGACY_CONFIG_OFF_MSIX, VIRTIO_PCI_CONFIG_OFF(1));
}

static void ring_layouts_are_those_of_linux(void **state)
{
	(void)state;
	assert_int_equal(sizeof(struct virtq_desc), sizeof(struct vring_desc));
	assert_int_equal(offsetof(struct virtq_desc, addr), offsetof(struct vring_desc, addr));
	assert_int_equal(offsetof(struct virtq_desc, len), offsetof(struct vring_desc, len));
	assert_int_equal(offsetof(struct virtq_desc, flags), offsetof(struct vring_desc, flags));
	assert_int_equal(offsetof(struct virtq_desc, next), offsetof(struct vring_desc, next));
	assert_int_equal(offsetof(struct virtq_avail, idx), offsetof(struct vring_avail, idx));
	assert_int_equal(offsetof(struct virtq_avail, ring), offsetof(struct vring_avail, ring));
	assert_int_equal(offsetof(struct virtq_used, flags), offsetof(struct vring_used, flags));
	assert_int_equal(offsetof(struct virtq_used, idx), offsetof(struct vring_used, idx));
	assert_int_equal(offsetof(struct virtq_used, ring), offsetof(struct vring_used, ring));
	assert_int_equal(sizeof(struct virtq_used_elem), sizeof(struct vring_used_elem));
	assert_int_equal(offsetof(struct virtq_used_elem, len),
			 offsetof(struct vring_used_elem, len));
}

/* [SPLIT-02]: our layout is what vring_init() makes with an alignment of 4096. */
static void ring_places_are_those_of_linux(void **state)
{
	static uint8_t memory[VIRTQ_MEMORY_LEN] __attribute__((aligned(4096)));

	(void)state;
	for (uint16_t size = 2; size <= VIRTQ_SIZE_MAX; size = (uint16_t)(size * 2)) {
		struct vring linux_ring;
		struct virtq vq;

		vring_init(&linux_ring, size, memory, 4096);
		virtq_init(&vq, memory, 0x1000,
			   &(struct virtq_layout){ .size = size, .slots = 1, .header_len = 12 });
		assert_int_equal(vq.avail_dev - vq.desc_dev,
				 (uintptr_t)linux_ring.avail - (uintptr_t)linux_ring.desc);
		assert_int_equal(vq.used_dev - vq.desc_dev,
				 (uintptr_t)linux_ring.used - (uintptr_t)linux_ring.desc);
		assert_true(vring_size(size, 4096) <= VIRTQ_MEMORY_LEN);
	}
}

static void the_net_header_and_configuration_are_those_of_linux(void **state)
{
	(void)state;
	assert_int_equal(VNET_HEADER_LEN, sizeof(struct virtio_net_hdr_v1));
	assert_int_equal(VNET_LEGACY_HEADER_LEN, sizeof(struct virtio_net_hdr));
	assert_int_equal(VNET_FLAGS, offsetof(struct virtio_net_hdr_v1, flags));
	assert_int_equal(VNET_GSO_TYPE, offsetof(struct virtio_net_hdr_v1, gso_type));
	assert_int_equal(VNET_CSUM_START, offsetof(struct virtio_net_hdr_v1, csum_start));
	assert_int_equal(VNET_CSUM_OFFSET, offsetof(struct virtio_net_hdr_v1, csum_offset));
	assert_int_equal(VNET_NUM_BUFFERS, offsetof(struct virtio_net_hdr_v1, num_buffers));
	assert_int_equal(VIRTIO_NET_CONFIG_MAC, offsetof(struct virtio_net_config, mac));
	assert_int_equal(VIRTIO_NET_CONFIG_STATUS, offsetof(struct virtio_net_config, status));
	assert_int_equal(VIRTIO_NET_CONFIG_MTU, offsetof(struct virtio_net_config, mtu));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(constants_are_those_of_linux),
		cmocka_unit_test(capability_layouts_are_those_of_linux),
		cmocka_unit_test(ring_layouts_are_those_of_linux),
		cmocka_unit_test(ring_places_are_those_of_linux),
		cmocka_unit_test(the_net_header_and_configuration_are_those_of_linux),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
