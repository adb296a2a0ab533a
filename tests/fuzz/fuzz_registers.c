/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The driver on a device whose configuration space and registers hold what the input says: as the
 * model device has them, until a read is to return something else. Oracles: either it opens or a
 * sentence says why; registers are read inside of what was opened and a bounded number of times;
 * and when it is closed the device has no memory of ours. fuzz: -max_len=400
 */
#include "arch/hosted/hosted.h"
#include "core/wire.h"
#include "drivers/pci.h"
#include "drivers/virtio_net.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/kinds.h"

#define READS_MAX 300000 /* an open, some polls and a close, each with its bounded waits */
#define FRAMES 20

static struct device device;
static struct hosted_pci liar;
static struct virtio_net vn;
static struct input in;
static uint32_t reads;

/* What a read of `width` bytes returns in the end. */
static uint32_t told(uint32_t value, unsigned width)
{
	uint32_t fate;

	must(++reads < READS_MAX, "registers are read without end");
	fate = take(&in, 1);
	if (fate < 0xc0)
		return value;
	switch (fate >> 4 & 3) {
	case 0:
		return value ^ 1u << (fate & 7);
	case 1:
		return fate & 1 ? 0 : UINT32_MAX;
	default:
		return take(&in, width);
	}
}

static uint32_t cfg_read(void *ctx, unsigned off, unsigned width)
{
	uint32_t value = device.pci.cfg_read(&device, off, width);

	(void)ctx;
	return off == PCI_COMMAND ? value :
				    told(value, width); /* that is put back as it was found */
}

static void cfg_write(void *ctx, unsigned off, unsigned width, uint32_t value)
{
	(void)ctx;
	device.pci.cfg_write(&device, off, width, value);
}

static uint32_t bar_read(void *ctx, unsigned bar, uint32_t off, unsigned width)
{
	(void)ctx;
	if (bar != 0 && bar != 4)
		return told(UINT32_MAX, width);
	return told(device.pci.bar_read(&device, bar, off, width), width);
}

static void bar_write(void *ctx, unsigned bar, uint32_t off, unsigned width, uint32_t value)
{
	(void)ctx;
	if (bar == 0 || bar == 4)
		device.pci.bar_write(&device, bar, off, width, value);
}

/*
 * The capabilities as the input wants them: any byte of configuration space may be another one from
 * the beginning.
 */
static void make_device(uint32_t choices)
{
	device_of_kind(&device, choices);
	device.config_len = sizeof(device.config);
	device.offers[0] |= choices & 4 ? take(&in, 4) : 0;
	device.offers[1] |= choices & 8 ? take(&in, 4) : 0;
	for (uint32_t n = choices >> 4 & 7; n > 0; n--)
		device.cfg[take(&in, 1)] = (uint8_t)take(&in, 1);
	if (choices & 0x80)
		put_le16(device.config + 10, (uint16_t)take(&in, 2));
	if (choices & 0x100)
		device.queue[take(&in, 1) % 2].max = (uint16_t)take(&in, 2);
	liar = device.pci;
	liar.cfg_read = cfg_read;
	liar.cfg_write = cfg_write;
	liar.bar_read = bar_read;
	liar.bar_write = bar_write;
	for (uint32_t n = 0; choices & 0x200 && n < 6; n++)
		liar.bar[n].unreachable = take(&in, 1) & 1;
	hosted_attach_pci(&liar);
}

static void receive(void *ctx, const struct frame *frame)
{
	static uint8_t head[FRAME_HEAD_MAX], bytes[VIRTIO_NET_RX_LEN];

	(void)ctx;
	must(frame->data.len <= sizeof(bytes), "a frame longer than any buffer");
	memcpy(head, frame->head,
	       frame->data.len < FRAME_HEAD_MAX ? frame->data.len : FRAME_HEAD_MAX);
	memcpy(bytes, frame->data.at, frame->data.len);
	if (frame->csum == CSUM_PARTIAL)
		must(frame->csum_start + frame->csum_offset + UINT32_C(2) <= frame->data.len,
		     "a checksum field outside of the frame");
}

static void work(struct nic *nic)
{
	static uint8_t frame[1514];
	uint8_t *buffer;

	must(nic->tx_max >= 590 && nic->tx_max <= VIRTIO_NET_TX_LEN && nic->mtu >= 576 &&
		     nic->rx_slots > 0,
	     "a nic that no protocol can use");
	must(!(nic->mac[0] & 1), "a group's address as our own");
	for (uint32_t i = 0; i < FRAMES; i++) {
		if (device.queue[0].enabled && device.queue[0].size <= device.queue[0].max)
			(void)device_receive(&device, NULL, frame, 14 + take(&in, 1));
		buffer = nic->ops->tx_buffer(nic);
		if (buffer) {
			memset(buffer, 0, 60);
			nic->ops->tx_send(nic, 60);
		}
		nic->ops->tx_flush(nic);
		(void)nic->ops->link_up(nic);
		hosted_time_advance(take(&in, 1) * 10);
		if (nic->ops->poll(nic) < 0)
			break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct virtio_net_options options = { .features = UINT64_MAX };
	char buf[VIRTIO_FEATURES_TEXT_LEN];
	struct failure f = { .err = 0 };
	struct text t;
	uint32_t choices;
	uintptr_t fn = 0;
	bool master;
	int err;

	in = (struct input){ data, len };
	choices = take(&in, 2);
	reads = 0;
	hosted_reset();
	make_device(choices);
	master = device.cfg[PCI_COMMAND] & PCI_COMMAND_MASTER;
	options.csum = choices >> 10 & 3 ? CSUM_POLICY_AUTO : CSUM_POLICY_TRUST;
	if (choices & 0x4000)
		(void)virtio_net_pci_find(&fn);
	reads = 0;
	err = virtio_net_open(&vn, DEVICE_FN, &options, &f);
	must_agree(err, &f);
	text_init(&t, buf, sizeof(buf));
	if (!err) {
		virtio_features_text(&vn.virtio, &t);
		must(!t.cut, "features that do not fit a line");
		vn.nic.rx = receive;
		work(&vn.nic);
		err = vn.nic.ops->close(&vn.nic);
		must(!err || f.err, "a device that does not stop, and no word of it");
	}
	must(!hosted_dma_live(), "memory that the device still has");
	must(master || !(device.cfg[PCI_COMMAND] & PCI_COMMAND_MASTER),
	     "a device that may access memory, and could not before");
	return 0;
}
