/* SPDX-License-Identifier: BSD-2-Clause */
/* The console line about features. The names are those of VIRTIO 1.4, 5.1.3 and 6. */
#include "drivers/virtio.h"

struct feature {
	uint8_t bit;
	char name[20];
};

/* In the order of the line. First what skiff may accept. */
static const struct feature features[] = {
	{ VIRTIO_F_VERSION_1, "VERSION_1" },
	{ VIRTIO_F_ACCESS_PLATFORM, "ACCESS_PLATFORM" },
	{ VIRTIO_F_ANY_LAYOUT, "ANY_LAYOUT" },
	{ VIRTIO_NET_F_MAC, "MAC" },
	{ VIRTIO_NET_F_STATUS, "STATUS" },
	{ VIRTIO_NET_F_MTU, "MTU" },
	{ VIRTIO_NET_F_GUEST_CSUM, "GUEST_CSUM" },
	{ VIRTIO_NET_F_GUEST_TSO4, "GUEST_TSO4" },
	{ VIRTIO_NET_F_GUEST_TSO6, "GUEST_TSO6" },
	{ VIRTIO_NET_F_GUEST_ECN, "GUEST_ECN" },

	{ 0, "CSUM" },
	{ 2, "CTRL_GUEST_OFFLOADS" },
	{ 6, "GSO" },
	{ 10, "GUEST_UFO" },
	{ 11, "HOST_TSO4" },
	{ 12, "HOST_TSO6" },
	{ 13, "HOST_ECN" },
	{ 14, "HOST_UFO" },
	{ 15, "MRG_RXBUF" },
	{ 17, "CTRL_VQ" },
	{ 18, "CTRL_RX" },
	{ 19, "CTRL_VLAN" },
	{ 20, "CTRL_RX_EXTRA" },
	{ 21, "GUEST_ANNOUNCE" },
	{ 22, "MQ" },
	{ 23, "CTRL_MAC_ADDR" },
	{ 24, "NOTIFY_ON_EMPTY" },
	{ 28, "INDIRECT_DESC" },
	{ 29, "EVENT_IDX" },
	{ 34, "RING_PACKED" },
	{ 35, "IN_ORDER" },
	{ 36, "ORDER_PLATFORM" },
	{ 37, "SR_IOV" },
	{ 38, "NOTIFICATION_DATA" },
	{ 39, "NOTIF_CONFIG_DATA" },
	{ 40, "RING_RESET" },
	{ 41, "ADMIN_VQ" },
	{ 50, "DEVICE_STATS" },
	{ 51, "HASH_TUNNEL" },
	{ 52, "VQ_NOTF_COAL" },
	{ 53, "NOTF_COAL" },
	{ 54, "GUEST_USO4" },
	{ 55, "GUEST_USO6" },
	{ 56, "HOST_USO" },
	{ 57, "HASH_REPORT" },
	{ 59, "GUEST_HDRLEN" },
	{ 60, "RSS" },
	{ 61, "RSC_EXT" },
	{ 62, "STANDBY" },
	{ 63, "SPEED_DUPLEX" },
};

/* Appends those of `bits` that have a name, then the others by number. */
static void list(struct text *t, char sign, uint64_t bits)
{
	for (unsigned i = 0; i < ARRAY_LEN(features); i++) {
		if (bits >> features[i].bit & 1)
			text_fmt(t, " %c%s", sign, features[i].name);
		bits &= ~VIRTIO_BIT(features[i].bit);
	}
	for (unsigned bit = 0; bit < 64; bit++)
		if (bits >> bit & 1)
			text_fmt(t, " %cBIT_%u", sign, bit);
}

void virtio_features_text(const struct virtio *v, struct text *t)
{
	text_fmt(t, "offered 0x%llx, accepted 0x%llx", (unsigned long long)v->offered,
		 (unsigned long long)v->accepted);
	list(t, '+', v->accepted);
	list(t, '-', v->offered & ~v->accepted);
}
