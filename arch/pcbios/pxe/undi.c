/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * UNDI: frames for a boot program that has a stack of its own (PXE 2.1, 3.4). It polls: there is no
 * interrupt, and GET_INFORMATION and GET_IFACE_INFO say so. The boot program wrote the parameters;
 * frames come from anybody. pxe.c calls.
 */
#include "arch/pcbios/pxe/pxe_impl.h"
#include "arch/port.h"
#include "core/mem.h"
#include "drivers/pci.h"

#define ETH_LEN 14
#define MAC_LEN 6
#define HARDWARE_ETHERNET 1 /* RFC 1700 */

/* UNDI_OPEN and UNDI_SET_PACKET_FILTER */
#define FILTER_DIRECTED 0x01
#define FILTER_BROADCAST 0x02
#define FILTER_PROMISCUOUS 0x04

enum packet_type { DIRECTED, BROADCAST, MULTICAST, PROMISCUOUS };

/* --- start and end --------------------------------------------------------------------------- */

/* There is one way to be started, and we are. */
enum pxe_status undi_startup(struct pxe *p, uint8_t *q)
{
	(void)p;
	(void)q;
	return PXE_SUCCESS;
}

enum pxe_status undi_initialize(struct pxe *p, uint8_t *q)
{
	(void)q;
	return pxe_serve(p) ? PXE_SUCCESS : PXE_UNDI_CANNOT_INITIALIZE_NIC;
}

static void become_open(struct pxe *p, uint8_t filter)
{
	struct nic *nic = p->net->nic;

	nic->rx = undi_rx;
	nic->rx_ctx = p;
	p->undi_open = true;
	p->filter = filter;
	p->packets = 0;
	p->sent = 0;
}

/* {status, flag, filter, multicast addresses}. All that is multicast passes: see wanted(). */
enum pxe_status undi_open(struct pxe *p, uint8_t *q)
{
	if (p->udp_open || p->tftp.open)
		return PXE_UNDI_INVALID_STATE;
	if (!pxe_serve(p))
		return PXE_UNDI_CANNOT_INITIALIZE_NIC;
	become_open(p, q[4]);
	return PXE_SUCCESS;
}

enum pxe_status undi_close(struct pxe *p, uint8_t *q)
{
	(void)q;
	if (!p->undi_open)
		return PXE_SUCCESS;
	p->undi_open = false;
	p->packets = 0;
	p->net->nic->rx = net_rx;
	p->net->nic->rx_ctx = p->net;
	return PXE_SUCCESS;
}

/* The device is reset: no DMA from here on [PXE-16]. */
enum pxe_status undi_shutdown(struct pxe *p, uint8_t *q)
{
	(void)q;
	return pxe_stop(p) ? PXE_SUCCESS : PXE_FAILURE;
}

enum pxe_status undi_reset_adapter(struct pxe *p, uint8_t *q)
{
	bool was_open = p->undi_open;
	uint8_t filter = p->filter;

	(void)q;
	if (!pxe_stop(p) || !pxe_serve(p))
		return PXE_UNDI_CANNOT_INITIALIZE_NIC;
	if (was_open)
		become_open(p, filter);
	return PXE_SUCCESS;
}

/* --- who we are ------------------------------------------------------------------------------ */

/*
 * {status, base_io, int_number, mtu, hw_type, hw_addr_len, current_node_address[16],
 * perm_node_address[16], rom_address, rx_buf_ct, tx_buf_ct}. int_number 0: none. That is no lie on
 * any machine, since it is the timer's, and programs that ask take it as "poll" [PXE-13].
 */
enum pxe_status undi_get_information(struct pxe *p, uint8_t *q)
{
	const struct nic *nic = p->net->nic;

	memset(q + 2, 0, 48);
	put_le16(q + 6, 1500); /* what a frame here may carry */
	put_le16(q + 8, HARDWARE_ETHERNET);
	put_le16(q + 10, MAC_LEN);
	memcpy(q + 12, nic->mac, MAC_LEN);
	memcpy(q + 28, nic->mac, MAC_LEN);
	put_le16(q + 46, PXE_SLOTS);
	put_le16(q + 48, 1);
	return PXE_SUCCESS;
}

#define NIC_TYPE_PCI 2

/*
 * {status, type, vendor, device, base class, subclass, interface, revision, bus:device.function,
 * subsystem vendor and device}, packed.
 */
enum pxe_status undi_get_nic_type(struct pxe *p, uint8_t *q)
{
	uintptr_t fn = p->fn;

	q[2] = NIC_TYPE_PCI;
	put_le32(q + 3, port_pci_read(fn, 0x00, 4));
	q[7] = (uint8_t)port_pci_read(fn, 0x0b, 1);
	q[8] = (uint8_t)port_pci_read(fn, 0x0a, 1);
	q[9] = (uint8_t)port_pci_read(fn, 0x09, 1);
	q[10] = (uint8_t)port_pci_read(fn, 0x08, 1);
	put_le16(q + 11, (uint16_t)fn);
	put_le32(q + 13, port_pci_read(fn, 0x2c, 4));
	return PXE_SUCCESS;
}

/* PXE 2.1 3.4.16: broadcast, multicast, promiscuous, reset, open and close; no interrupt. */
#define SERVICE_FLAGS 0x0c0b
#define LINK_SPEED 1000000000 /* bit/s, of what has none */

/* {status, type[16], link speed, service flags, reserved[4]} */
enum pxe_status undi_get_iface_info(struct pxe *p, uint8_t *q)
{
	(void)p;
	memset(q + 2, 0, 40);
	memcpy(q + 2, "DIX+802.3", 9);
	put_le32(q + 18, LINK_SPEED);
	put_le32(q + 22, SERVICE_FLAGS);
	return PXE_SUCCESS;
}

/* {status, frames sent, received, with a wrong CRC, lost for want of room} */
enum pxe_status undi_get_statistics(struct pxe *p, uint8_t *q)
{
	put_le32(q + 2, p->sent_total);
	put_le32(q + 6, p->received_total);
	put_le32(q + 10, 0);
	put_le32(q + 14, p->lost_total);
	return PXE_SUCCESS;
}

enum pxe_status undi_clear_statistics(struct pxe *p, uint8_t *q)
{
	(void)q;
	p->sent_total = p->received_total = p->lost_total = 0;
	return PXE_SUCCESS;
}

/* {status, IP address, hardware address[16]}: RFC 1112 6.4 */
enum pxe_status undi_get_mcast_address(struct pxe *p, uint8_t *q)
{
	uint32_t ip = get_be32(q + 2);

	(void)p;
	memset(q + 6, 0, 16);
	put_be32(q + 6, 0x01005e00 | (ip >> 16 & 0x7f));
	put_be16(q + 10, (uint16_t)ip);
	return PXE_SUCCESS;
}

/* {status, address[16]}: only the one that it has. */
enum pxe_status undi_set_station_address(struct pxe *p, uint8_t *q)
{
	return memcmp(q + 2, p->net->nic->mac, MAC_LEN) ? PXE_UNDI_INVALID_PARAMETER : PXE_SUCCESS;
}

enum pxe_status undi_set_packet_filter(struct pxe *p, uint8_t *q)
{
	if (!p->undi_open)
		return PXE_UNDI_INVALID_STATE;
	p->filter = q[2];
	return PXE_SUCCESS;
}

/* --- out ------------------------------------------------------------------------------------- */

/* {immediate length, far pointer, blocks, blocks[8] of {type, 0, length, far pointer}} */
#define TBD_BLOCKS 8
#define TBD_BLOCK_OFF 8
#define TBD_BLOCK_LEN 8

/* Appends len bytes at src to the frame of *used bytes. False: it is too long. */
static bool append(const struct nic *nic, uint8_t *frame, uint32_t *used, const uint8_t *src,
		   uint32_t len)
{
	if (len > nic->tx_max - *used)
		return false;
	memcpy(frame + *used, src, len);
	*used += len;
	return true;
}

static bool append_all(const struct nic *nic, uint8_t *frame, uint32_t *used, const uint8_t *tbd)
{
	uint16_t blocks = get_le16(tbd + 6);
	bool ok = blocks <= TBD_BLOCKS &&
		  append(nic, frame, used, pxe_pointer(tbd + 2), get_le16(tbd));

	for (uint16_t i = 0; ok && i < blocks; i++) {
		const uint8_t *block = tbd + TBD_BLOCK_OFF + TBD_BLOCK_LEN * i;
		ok = append(nic, frame, used, pxe_pointer(block + 4), get_le16(block + 2));
	}
	return ok;
}

/* A header for a protocol that the caller has only named: 1 IP, 2 ARP, 3 RARP. */
static uint32_t put_header(const struct pxe *p, uint8_t *frame, const uint8_t *q)
{
	static const uint16_t types[] = { 0, 0x0800, 0x0806, 0x8035 };

	if (q[3] & 1)
		memset(frame, 0xff, MAC_LEN);
	else
		memcpy(frame, pxe_pointer(q + 4), MAC_LEN);
	memcpy(frame + MAC_LEN, p->net->nic->mac, MAC_LEN);
	put_be16(frame + 2 * MAC_LEN, types[q[2]]);
	return ETH_LEN;
}

/* {status, protocol, 1 for broadcast, address, description}: one frame [PXE-14]. */
enum pxe_status undi_transmit(struct pxe *p, uint8_t *q)
{
	struct nic *nic = p->serving ? p->net->nic : NULL;
	uint32_t len = 0;
	uint8_t *frame;

	if (!p->undi_open)
		return PXE_UNDI_INVALID_STATE;
	if (q[2] > 3)
		return PXE_UNDI_INVALID_PARAMETER;
	frame = nic->ops->tx_buffer(nic);
	if (!frame)
		return PXE_OUT_OF_RESOURCES;
	if (q[2])
		len = put_header(p, frame, q);
	if (!append_all(nic, frame, &len, pxe_pointer(q + 8)) || len < ETH_LEN)
		return PXE_UNDI_INVALID_PARAMETER;
	nic->ops->tx_send(nic, len);
	nic->ops->tx_flush(nic);
	p->sent++;
	p->sent_total++;
	return PXE_SUCCESS;
}

/* --- in -------------------------------------------------------------------------------------- */

static enum packet_type type_of(const struct pxe *p, const uint8_t *frame)
{
	static const uint8_t everybody[MAC_LEN] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

	if (memcmp(frame, everybody, MAC_LEN) == 0)
		return BROADCAST;
	if (frame[0] & 1)
		return MULTICAST;
	return memcmp(frame, p->net->nic->mac, MAC_LEN) ? PROMISCUOUS : DIRECTED;
}

/* The list of multicast addresses is a wish that nobody here can fulfil exactly: all pass. */
static bool wanted(const struct pxe *p, enum packet_type type)
{
	if (p->filter & FILTER_PROMISCUOUS)
		return true;
	if (type == BROADCAST)
		return p->filter & FILTER_BROADCAST;
	return type != PROMISCUOUS;
}

/*
 * A nic's rx callback: keeps the frame. A checksum that the device left to us is not finished, and
 * none was vouched for: GUEST_CSUM is declined while a boot program runs.
 */
void undi_rx(void *ctx, const struct frame *frame)
{
	uint32_t len = frame->data.len, head = len < FRAME_HEAD_MAX ? len : FRAME_HEAD_MAX;
	struct pxe *p = ctx;
	struct pxe_packet *k;

	if (len < ETH_LEN || frame->csum == CSUM_BAD || !wanted(p, type_of(p, frame->head)))
		return;
	k = len <= sizeof(k->data) ? pxe_packet_new(p) : NULL;
	if (!k)
		return;
	memcpy(k->data, frame->head, head);
	memcpy(k->data + head, frame->data.at + head, len - head);
	k->len = (uint16_t)len;
	p->received_total++;
}

#define ISR_IN_START 1
#define ISR_IN_PROCESS 2
#define ISR_IN_GET_NEXT 3
#define ISR_OUT_OURS 0
#define ISR_OUT_NOT_OURS 1
#define ISR_OUT_DONE 0
#define ISR_OUT_TRANSMIT 2
#define ISR_OUT_RECEIVE 3

static uint8_t protocol_of(const uint8_t *frame)
{
	switch (get_be16(frame + 2 * MAC_LEN)) {
	case 0x0800:
		return 1;
	case 0x0806:
		return 2;
	case 0x8035:
		return 3;
	default:
		return 0;
	}
}

/* The oldest frame goes to base memory, where it stays until the next call. */
static void give_frame(struct pxe *p, uint8_t *q)
{
	const struct pxe_packet *k = &p->packet[p->first];

	memcpy(pxe_segment + PXE_FRAME, k->data, k->len);
	put_le16(q + 4, k->len);
	put_le16(q + 6, k->len);
	put_le16(q + 8, ETH_LEN);
	put_le16(q + 10, PXE_FRAME);
	put_le16(q + 12, (uint16_t)(bios_linear(pxe_segment) >> 4));
	q[14] = protocol_of(k->data);
	q[15] = (uint8_t)type_of(p, k->data);
	p->first = (uint16_t)((p->first + 1) % PXE_SLOTS);
	p->packets--;
}

static uint16_t next_event(struct pxe *p, uint8_t *q)
{
	if (p->sent) {
		p->sent--;
		return ISR_OUT_TRANSMIT;
	}
	if (!p->packets)
		pxe_poll(p);
	if (!p->packets)
		return ISR_OUT_DONE;
	give_frame(p, q);
	return ISR_OUT_RECEIVE;
}

/*
 * {status, function, buffer length, frame length, header length, frame, protocol, packet type}.
 * Who does not begin with START gets what there is, too [PXE-13].
 */
enum pxe_status undi_isr(struct pxe *p, uint8_t *q)
{
	uint16_t function = get_le16(q + 2);

	if (!p->undi_open)
		return PXE_UNDI_INVALID_STATE;
	if (function < ISR_IN_START || function > ISR_IN_GET_NEXT)
		return PXE_UNDI_INVALID_PARAMETER;
	if (function == ISR_IN_START) {
		if (!p->packets)
			pxe_poll(p);
		function = p->packets || p->sent ? ISR_OUT_OURS : ISR_OUT_NOT_OURS;
	} else {
		function = next_event(p, q);
	}
	put_le16(q + 2, function);
	return PXE_SUCCESS;
}
