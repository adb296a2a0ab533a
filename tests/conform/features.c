/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Prerequisites of features: VIRTIO 1.4, 5.1.3.1. Called by everything that offers or accepts some.
 */
#include "tests/conform/features.h"

#include "drivers/virtio.h"
#include "tests/conform/judge.h"

#define BIT(n) (UINT64_C(1) << (n))

enum other_feature {
	HOST_ECN = 13,
	HOST_UFO = 14,
	CTRL_VLAN = 19,
	GUEST_ANNOUNCE = 21,
	SR_IOV = 37,
	VQ_NOTF_COAL = 52,
	NOTF_COAL = 53,
	HOST_USO = 56,
	RSS = 60,
	RSC_EXT = 61,
	STANDBY = 62,
};

const uint64_t features_base = BIT(VIRTIO_F_VERSION_1) | BIT(VIRTIO_F_ACCESS_PLATFORM) |
			       BIT(VIRTIO_F_ORDER_PLATFORM);

/*
 * Not 24 to 27 and 30, 31, which belong to legacy devices; not SR_IOV, which wants a PCI
 * capability, nor STANDBY, which makes another device appear; not what is reserved.
 */
const uint64_t features_harmless = ~(BIT(24) | BIT(25) | BIT(26) | BIT(27) | BIT(30) | BIT(31) |
				     BIT(SR_IOV) | BIT(STANDBY) | BIT(44) | BIT(45) | BIT(46) |
				     BIT(47) | BIT(48) | BIT(49));

/* A feature, and others of which it needs one. */
static const struct {
	uint8_t feature;
	uint64_t one_of;
} prerequisites[] = {
	{ VIRTIO_NET_F_GUEST_TSO4, BIT(VIRTIO_NET_F_GUEST_CSUM) },
	{ VIRTIO_NET_F_GUEST_TSO6, BIT(VIRTIO_NET_F_GUEST_CSUM) },
	{ VIRTIO_NET_F_GUEST_UFO, BIT(VIRTIO_NET_F_GUEST_CSUM) },
	{ VIRTIO_NET_F_GUEST_USO4, BIT(VIRTIO_NET_F_GUEST_CSUM) },
	{ VIRTIO_NET_F_GUEST_USO6, BIT(VIRTIO_NET_F_GUEST_CSUM) },
	{ VIRTIO_NET_F_GUEST_ECN, BIT(VIRTIO_NET_F_GUEST_TSO4) | BIT(VIRTIO_NET_F_GUEST_TSO6) },
	{ VIRTIO_NET_F_HOST_TSO4, BIT(VIRTIO_NET_F_CSUM) },
	{ VIRTIO_NET_F_HOST_TSO6, BIT(VIRTIO_NET_F_CSUM) },
	{ HOST_UFO, BIT(VIRTIO_NET_F_CSUM) },
	{ HOST_USO, BIT(VIRTIO_NET_F_CSUM) },
	{ HOST_ECN, BIT(VIRTIO_NET_F_HOST_TSO4) | BIT(VIRTIO_NET_F_HOST_TSO6) },
	{ RSC_EXT, BIT(VIRTIO_NET_F_HOST_TSO4) | BIT(VIRTIO_NET_F_HOST_TSO6) },
	{ VIRTIO_NET_F_CTRL_RX, BIT(VIRTIO_NET_F_CTRL_VQ) },
	{ CTRL_VLAN, BIT(VIRTIO_NET_F_CTRL_VQ) },
	{ GUEST_ANNOUNCE, BIT(VIRTIO_NET_F_CTRL_VQ) },
	{ VIRTIO_NET_F_MQ, BIT(VIRTIO_NET_F_CTRL_VQ) },
	{ VIRTIO_NET_F_CTRL_MAC_ADDR, BIT(VIRTIO_NET_F_CTRL_VQ) },
	{ NOTF_COAL, BIT(VIRTIO_NET_F_CTRL_VQ) },
	{ VQ_NOTF_COAL, BIT(VIRTIO_NET_F_CTRL_VQ) },
	{ RSS, BIT(VIRTIO_NET_F_CTRL_VQ) },
};

uint64_t features_lacking(uint64_t bits)
{
	uint64_t lacking = 0;

	for (unsigned i = 0; i < ARRAY_LEN(prerequisites); i++)
		if (!(bits & prerequisites[i].one_of))
			lacking |= bits & BIT(prerequisites[i].feature);
	return lacking;
}

/* One that falls takes others with it. */
uint64_t features_closed(uint64_t bits)
{
	while (features_lacking(bits))
		bits &= ~features_lacking(bits);
	return bits;
}

/* The names are those of the console line about features: "offered 0x…, accepted 0x… +NAME". */
char *features_name(char buf[FEATURES_NAME_MAX], unsigned bit)
{
	struct virtio v = { .offered = BIT(bit), .accepted = BIT(bit) };
	char line[100];
	struct text t;
	size_t at;

	text_init(&t, line, sizeof(line));
	virtio_features_text(&v, &t);
	for (at = 0; line[at] && line[at] != '+'; at++)
		;
	text_print(buf, FEATURES_NAME_MAX, "%s", line[at] ? line + at + 1 : "?");
	return buf;
}
