/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bringing up a virtio network device (VIRTIO 1.4, 3.1.1 and 5.1): features, configuration, queues.
 * What the registers say was written by the device; each value is checked before it decides
 * anything. Called by a port's main().
 */
#include "core/assert.h"
#include "core/clock.h"
#include "core/mem.h"
#include "core/random.h"
#include "drivers/virtio_net.h"

#define SIZE_WANTED 256 /* entries of a ring, where the driver may choose */
#define ETH_HEADER_LEN 14
#define VLAN_TAG_LEN 4
#define MAC_LEN 6
#define MTU_LEAST 68 /* 5.1.4.1; a device that says less is not believed */
#define MTU_DEFAULT 1500
#define MTU_MOST 65535
#define RX_LEN_LEAST 1514 /* 5.1.9.3.1 [NET-20]: with the header, 1526 bytes */

_Static_assert(VIRTIO_NET_FRAME_OFF + VIRTIO_NET_RX_TSO <= VIRTIO_NET_RX_LEN &&
		       MTU_MOST + ETH_HEADER_LEN + VLAN_TAG_LEN <= VIRTIO_NET_RX_TSO,
	       "the largest frame fits");
_Static_assert(VIRTIO_NET_FRAME_OFF + MTU_DEFAULT + ETH_HEADER_LEN <= VIRTIO_NET_TX_LEN,
	       "what net/ sends fits");
_Static_assert(offsetof(struct virtio_net_memory, rx) % VIRTIO_NET_PAGE == 0,
	       "a buffer begins on a page");
_Static_assert(VIRTIO_NET_TX_SLOTS == 32, "tx_free has a bit for each");

static uint32_t smaller(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/*
 * A field counts if its feature is offered (2.5.1 [INIT-21]) and the configuration is long enough
 * ([INIT-22]).
 */
static bool config_has(const struct virtio *v, enum virtio_feature feature, uint32_t end)
{
	return v->offered >> feature & 1 && v->config_len >= end;
}

/* The field is read here and nowhere else: a second reading may say something else. 0: none. */
static uint16_t offered_mtu(const struct virtio *v)
{
	if (!config_has(v, VIRTIO_NET_F_MTU, VIRTIO_NET_CONFIG_MTU + 2))
		return 0;
	return virtio_config_u16(v, VIRTIO_NET_CONFIG_MTU);
}

/*
 * 5.1.3.1 [NET-01]: what requires a feature that is not there falls with it, whether the device
 * does not offer it or the mask takes it away. Others with a prerequisite are not ours
 * ([NET-07], 6.1 [INIT-18]).
 */
static uint64_t with_prerequisites(uint64_t bits)
{
	const uint64_t tso = VIRTIO_BIT(VIRTIO_NET_F_GUEST_TSO4) |
			     VIRTIO_BIT(VIRTIO_NET_F_GUEST_TSO6);

	if (!(bits & VIRTIO_BIT(VIRTIO_NET_F_GUEST_CSUM)))
		bits &= ~tso;
	if (!(bits & tso))
		bits &= ~VIRTIO_BIT(VIRTIO_NET_F_GUEST_ECN);
	return bits;
}

/*
 * What we accept. Not RING_PACKED, ORDER_PLATFORM and NOTIF_CONFIG_DATA, a deviation from 6.1
 * [INIT-16]: no measurement argues for them yet. Not MRG_RXBUF; each of these may be missing (2.2.1
 * [INIT-13]). ANY_LAYOUT is for legacy devices (6.3 [INIT-27]).
 */
static uint64_t wanted(const struct virtio *v, const struct virtio_net_options *opt, uint16_t mtu)
{
	uint64_t bits = VIRTIO_BIT(VIRTIO_F_ANY_LAYOUT) | VIRTIO_BIT(VIRTIO_F_ACCESS_PLATFORM);

	if (config_has(v, VIRTIO_NET_F_MAC, VIRTIO_NET_CONFIG_MAC + MAC_LEN))
		bits |= VIRTIO_BIT(VIRTIO_NET_F_MAC);
	if (config_has(v, VIRTIO_NET_F_STATUS, VIRTIO_NET_CONFIG_STATUS + 2))
		bits |= VIRTIO_BIT(VIRTIO_NET_F_STATUS);
	if (mtu >= MTU_LEAST)
		bits |= VIRTIO_BIT(VIRTIO_NET_F_MTU);
	if (opt->csum != CSUM_POLICY_OFF)
		bits |= VIRTIO_BIT(VIRTIO_NET_F_GUEST_CSUM);
	if (opt->tso)
		bits |= VIRTIO_BIT(VIRTIO_NET_F_GUEST_TSO4) | VIRTIO_BIT(VIRTIO_NET_F_GUEST_TSO6) |
			VIRTIO_BIT(VIRTIO_NET_F_GUEST_ECN);
	return with_prerequisites(bits & opt->features & v->offered);
}

/*
 * 5.1.4.2 [NET-03]: the device's address, or a locally administered one that is not multicast.
 */
static int choose_mac(struct virtio_net *vn, struct failure *f)
{
	static const uint8_t none[MAC_LEN];
	uint8_t *mac = vn->nic.mac;
	char text[MAC_TEXT_LEN];
	int err;

	if (!virtio_has(&vn->virtio, VIRTIO_NET_F_MAC)) {
		random_fill(mac, MAC_LEN);
		mac[0] = (uint8_t)((mac[0] & 0xfc) | 0x02);
		return 0;
	}
	err = virtio_config_bytes(&vn->virtio, VIRTIO_NET_CONFIG_MAC, mac, MAC_LEN, f);
	if (err || (!(mac[0] & 1) && memcmp(mac, none, MAC_LEN) != 0))
		return err;
	return fail(f, RUNG_DEVICE, ERR_DEVICE,
		    "the virtio device's MAC address %s cannot be one machine's; set mac",
		    mac_text(text, mac));
}

/*
 * 5.1.4.2 [NET-05]: never more than the device's MTU; without one, whatever DHCP may say later.
 * Never less than what every packet of net/ fits (core/nic.h).
 */
static int choose_mtu(struct virtio_net *vn, uint16_t mtu, struct failure *f)
{
	vn->nic.mtu = MTU_DEFAULT;
	vn->mtu_max = MTU_MOST;
	if (virtio_has(&vn->virtio, VIRTIO_NET_F_MTU)) {
		if (mtu < NIC_MTU_LEAST)
			return fail(f, RUNG_DEVICE, ERR_DEVICE,
				    "the virtio device's MTU is %u; IPv4 and DHCP need %d: "
				    "set host_mtu",
				    mtu, NIC_MTU_LEAST);
		vn->nic.mtu = vn->mtu_max = mtu;
		vn->rules.frame_max = (uint32_t)mtu + ETH_HEADER_LEN + VLAN_TAG_LEN;
	}
	/* net/ sends nothing longer than control packets and requests, whatever the MTU. */
	vn->nic.tx_max = (uint16_t)(smaller(vn->nic.mtu, MTU_DEFAULT) + ETH_HEADER_LEN);
	return 0;
}

static int negotiate(struct virtio_net *vn, const struct virtio_net_options *opt, struct failure *f)
{
	struct virtio *v = &vn->virtio;
	uint16_t mtu = offered_mtu(v);
	int err = virtio_accept(v, wanted(v, opt, mtu), f);

	if (err)
		return err;
	vn->rules.accepted = v->accepted;
	vn->rules.offered = v->offered;
	vn->rules.trust = opt->csum == CSUM_POLICY_TRUST;
	vn->rules.legacy = v->transport->legacy;
	/* 5.1.9.2.1, 5.1.9.3.1 [NET-10]; 5.1.9.1 [NET-L1] */
	vn->header_len = v->transport->legacy ? VNET_LEGACY_HEADER_LEN : VNET_HEADER_LEN;
	err = choose_mtu(vn, mtu, f);
	return err ? err : choose_mac(vn, f);
}

/*
 * The ring's size: the device's on legacy (2.7.2 [PCI-L3]), a power of two of our choice up to the
 * device's on modern devices (4.1.4.3.2 [PCI-08]). A slot needs two entries where the header stands
 * alone.
 */
static int choose_size(const struct virtio *v, uint16_t queue, struct failure *f)
{
	uint32_t max = v->transport->queue_max(v, queue), size = 1;
	bool receive = queue == VIRTIO_NET_RECEIVEQ;

	while (size * 2 <= max && (v->transport->legacy || size < SIZE_WANTED))
		size *= 2;
	if (max >= 2 && size <= VIRTQ_SIZE_MAX && (size == max || !v->transport->legacy))
		return (int)size;
	return fail(f, RUNG_QUEUES, ERR_DEVICE,
		    "the virtio device has %u entries in its %s queue; skiff needs a power of two, "
		    "2 to %d: set %s",
		    max, receive ? "receive" : "transmit", VIRTQ_SIZE_MAX,
		    receive ? "rx_queue_size" : "tx_queue_size");
}

/*
 * Landings need chains of two descriptors, which not every back end follows: one that offers
 * INDIRECT_DESC knows descriptors. Only frames of many segments are worth it, and no checksum has
 * to be verified on their way.
 */
static bool lands(const struct virtio_net *vn)
{
	const struct virtio *v = &vn->virtio;

	return vn->dma.flat && !vn->rules.legacy && !virtio_has(v, VIRTIO_F_ACCESS_PLATFORM) &&
	       virtio_has(v, VIRTIO_NET_F_GUEST_TSO4) &&
	       v->offered & VIRTIO_BIT(VIRTIO_F_INDIRECT_DESC);
}

/*
 * A buffer is one descriptor, but where frames land, and for legacy devices without ANY_LAYOUT,
 * which want the header in one of its own (5.1.9.8 [NET-L3]).
 */
static uint32_t alone(const struct virtio_net *vn, uint16_t queue)
{
	if (vn->nic.lands && queue == VIRTIO_NET_RECEIVEQ)
		return vn->header_len + FRAME_APART_OFF;
	return vn->rules.legacy && !virtio_has(&vn->virtio, VIRTIO_F_ANY_LAYOUT) ? vn->header_len :
										   0;
}

static int make_queue(const struct virtio_net *vn, uint16_t queue, struct virtq *vq, uint8_t *ring,
		      uint16_t slots, struct failure *f)
{
	int size = choose_size(&vn->virtio, queue, f);
	struct virtq_layout layout = {
		.size = (uint16_t)size,
		.slots = slots,
		.header_len = (uint8_t)vn->header_len,
		.alone = (uint8_t)alone(vn, queue),
		.legacy = vn->rules.legacy,
		.receives = queue == VIRTIO_NET_RECEIVEQ,
	};

	if (size < 0)
		return size;
	virtq_init(vq, ring, virtio_net_address(vn, ring), &layout);
	return 0;
}

static void bind(struct virtio_net *vn, struct virtq *vq, unsigned slot, const uint8_t *buffer,
		 uint32_t frame_len)
{
	virtq_bind(vq, slot, virtio_net_address(vn, buffer) + VIRTIO_NET_FRAME_OFF - vn->header_len,
		   vn->header_len + frame_len);
}

static uint16_t rx_slots(const struct virtio_net_options *opt)
{
	return opt->rx_slots ? opt->rx_slots : VIRTIO_NET_RX_SLOTS;
}

/* Bytes behind the header of a receive buffer. */
static uint32_t rx_len(const struct virtio_net *vn)
{
	uint32_t len = (uint32_t)vn->mtu_max + ETH_HEADER_LEN + VLAN_TAG_LEN;

	if (virtio_has(&vn->virtio, VIRTIO_NET_F_GUEST_TSO4) ||
	    virtio_has(&vn->virtio, VIRTIO_NET_F_GUEST_TSO6))
		return VIRTIO_NET_RX_TSO;
	return len < RX_LEN_LEAST ? RX_LEN_LEAST : len;
}

static int start_receiveq(struct virtio_net *vn, uint16_t slots, struct failure *f)
{
	struct virtio_net_memory *m = vn->memory;
	int err = make_queue(vn, VIRTIO_NET_RECEIVEQ, &vn->rx, m->rx_ring, slots, f);

	if (err)
		return err;
	vn->nic.rx_slots = vn->rx.slots;
	for (unsigned slot = 0; slot < vn->rx.slots; slot++) {
		bind(vn, &vn->rx, slot, (const uint8_t *)m->rx[slot], rx_len(vn));
		virtq_post(&vn->rx, slot);
	}
	return vn->virtio.transport->queue_start(&vn->virtio, VIRTIO_NET_RECEIVEQ, &vn->rx, f);
}

/* The header in front of every frame is as long as the receive header (5.1.9.2.1 [NET-10]). */
static int start_transmitq(struct virtio_net *vn, struct failure *f)
{
	struct virtio_net_memory *m = vn->memory;
	int err = make_queue(vn, VIRTIO_NET_TRANSMITQ, &vn->tx, m->tx_ring, VIRTIO_NET_TX_SLOTS, f);

	if (err)
		return err;
	for (unsigned slot = 0; slot < vn->tx.slots; slot++) {
		bind(vn, &vn->tx, slot, m->tx[slot], VIRTIO_NET_TX_LEN - VIRTIO_NET_FRAME_OFF);
		vn->tx_free |= UINT32_C(1) << slot;
	}
	return vn->virtio.transport->queue_start(&vn->virtio, VIRTIO_NET_TRANSMITQ, &vn->tx, f);
}

/*
 * 6.1 [INIT-15]: the addresses come from the port's mapping, whether or not ACCESS_PLATFORM was
 * offered.
 */
static int start_queues(struct virtio_net *vn, uint16_t slots, struct failure *f)
{
	int err = port_dma_alloc(&vn->dma, vn->virtio.fn, VIRTIO_NET_MEMORY_LEN(slots));

	if (err)
		return fail(f, RUNG_QUEUES, err, "no memory that the virtio device can access");
	vn->memory = (struct virtio_net_memory *)(void *)vn->dma.va;
	vn->nic.lands = lands(vn);
	err = start_receiveq(vn, slots, f);
	return err ? err : start_transmitq(vn, f);
}

int virtio_net_open(struct virtio_net *vn, uintptr_t fn, const struct virtio_net_options *opt,
		    struct failure *f)
{
	struct virtio *v = &vn->virtio;
	int err;

	assert(opt->rx_slots <= VIRTIO_NET_RX_SLOTS);
	memset(vn, 0, sizeof(*vn));
	vn->nic.ops = &virtio_net_ops;
	vn->nic.failure = f;
	err = virtio_open(v, fn, f);
	if (err)
		return err;
	err = virtio_begin(v, f);
	if (!err)
		err = negotiate(vn, opt, f);
	if (!err)
		err = start_queues(vn, rx_slots(opt), f);
	if (err) {
		virtio_give_up(v);
		return vn->nic.ops->close(&vn->nic) ? ERR_DEVICE : err;
	}
	/* 3.1.1 [INIT-08]: the ring may be full before DRIVER_OK, the doorbell must be silent. */
	(void)virtq_publish(&vn->rx);
	virtio_driver_ok(v);
	v->transport->notify(v, VIRTIO_NET_RECEIVEQ);
	vn->quiet_since_ms = clock_now_ms();
	vn->open = true;
	return 0;
}
