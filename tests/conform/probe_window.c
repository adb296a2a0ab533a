/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The PCI_CFG window (VIRTIO 1.4, 4.1.4.9): what it shows at each width is what the BAR shows, what
 * is written there arrives, and a whole life of the device goes through it, doorbells too [DEV-69].
 * Called by probes.c.
 */
#include "core/mem.h"
#include "drivers/virtio_net.h"
#include "drivers/virtio_pci.h"
#include "tests/conform/probes.h"
#include "tests/conform/registers_impl.h"

/*
 * A device that is reached through the window alone; its transport is drivers/virtio_pci.c's, but
 * for finding doorbells.
 */
struct windowed {
	struct virtio v; /* the first member: queue_start() finds us by it */
	const struct virtio_transport *direct;
	struct virtio_transport transport;
};

_Static_assert(offsetof(struct windowed, v) == 0, "queue_start() relies on it");

static void aim(struct window *w, const struct virtio *v, uint8_t bar, uint32_t off, uint32_t len)
{
	*w = (struct window){
		.base = off,
		.fn = v->fn,
		.len = len,
		.kind = WINDOW_PCI_CFG,
		.bar = bar,
		.pci_cfg = v->pci_cfg,
	};
}

static int queue_start(struct virtio *v, uint16_t queue, const struct virtq *vq, struct failure *f)
{
	struct windowed *w = (struct windowed *)(void *)v;
	int err = w->direct->queue_start(v, queue, vq, f);
	struct registers r = { .common = v->common };
	uint64_t off;

	if (err)
		return err;
	/* The second reading: it need not be what the transport has found good. */
	if (!registers_doorbell_at(&r, v, DOORBELL_LEN, &off))
		return fail(f, RUNG_QUEUES, ERR_DEVICE,
			    "the doorbell of queue %u was within its structure, and now is at "
			    "0x%llx",
			    queue, (unsigned long long)off);
	aim(&v->doorbell[queue], v, v->notify_bar, v->notify_off + (uint32_t)off, DOORBELL_LEN);
	return 0;
}

/* False if a capability is missing, which is DEV-15's. */
static bool go_through_window(struct windowed *w, const struct virtio *v)
{
	struct cap common, device;

	if (!v->pci_cfg ||
	    !registers_find_cap(v->fn, VIRTIO_PCI_CAP_COMMON_CFG, VIRTIO_PCI_COMMON_LEN, &common))
		return false;
	w->v = *v;
	w->direct = v->transport;
	w->transport = *v->transport;
	w->transport.queue_start = queue_start;
	w->v.transport = &w->transport;
	aim(&w->v.common, v, common.bar, common.off, VIRTIO_PCI_COMMON_LEN);
	if (v->config_len &&
	    registers_find_cap(v->fn, VIRTIO_PCI_CAP_DEVICE_CFG, v->config_len, &device))
		aim(&w->v.device, v, device.bar, device.off, v->config_len);
	return true;
}

/* --- register by register ------------------------------------------------------------------- */

static void compare(struct conform *c, const struct registers *window, uint32_t off, unsigned width,
		    const char *what)
{
	uint32_t direct = registers_get(&c->registers, off, width),
		 through = registers_get(window, off, width);

	ledger_seen(&c->ledger, DEV_69);
	if (direct != through)
		ledger_broken(
			&c->ledger, DEV_69,
			"%s at 0x%02x, of %u bytes, is 0x%x in the BAR and 0x%x in the window",
			what, (unsigned)off, width, (unsigned)direct, (unsigned)through);
}

/* Each width, read where nothing happens by reading, and each of its places in a word. */
static void read_widths(struct conform *c, const struct registers *window)
{
	compare(c, window, VIRTIO_PCI_COMMON_STATUS, 1, "device_status");
	compare(c, window, VIRTIO_PCI_COMMON_CFGGENERATION, 1, "config_generation");
	compare(c, window, COMMON_NUM_QUEUES, 2, "num_queues");
	compare(c, window, VIRTIO_PCI_COMMON_Q_SIZE, 2, "queue_size");
	compare(c, window, VIRTIO_PCI_COMMON_Q_NOFF, 2, "queue_notify_off");
	for (uint32_t word = 0; word < 2; word++) {
		registers_put(&c->registers, VIRTIO_PCI_COMMON_DFSELECT, 4, word);
		compare(c, window, VIRTIO_PCI_COMMON_DF, 4, "device_feature");
	}
}

static void write_width(struct conform *c, const struct registers *window, uint32_t off,
			unsigned width, uint32_t value, const char *what)
{
	uint32_t arrived;

	registers_put(window, off, width, value);
	arrived = registers_get(&c->registers, off, width);
	ledger_seen(&c->ledger, DEV_69);
	if (arrived != value)
		ledger_broken(&c->ledger, DEV_69,
			      "0x%x was written to %s through the window, by %u bytes; it is 0x%x",
			      (unsigned)value, what, width, (unsigned)arrived);
}

/* A neighbour of what is written, in the same word, stays as it was. */
static void write_widths(struct conform *c, const struct registers *window)
{
	uint8_t status = VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER;

	write_width(c, window, VIRTIO_PCI_COMMON_DFSELECT, 4, 1, "device_feature_select");
	write_width(c, window, VIRTIO_PCI_COMMON_GFSELECT, 4, 1, "driver_feature_select");
	write_width(c, window, VIRTIO_PCI_COMMON_Q_SELECT, 2, 1, "queue_select");
	write_width(c, window, VIRTIO_PCI_COMMON_STATUS, 1, status, "device_status");
	compare(c, window, VIRTIO_PCI_COMMON_Q_SELECT, 2, "queue_select");
	compare(c, window, COMMON_NUM_QUEUES, 2, "num_queues");
}

/* --- a life ---------------------------------------------------------------------------------- */

/* The station looks at registers as well: these through the window, too. */
static int live(struct conform *c, struct windowed *w)
{
	static const struct shape shape = { .name = "pci-cfg", .one_descriptor = true };
	struct window common = c->registers.common;
	bool somebody, answered = false;
	int err = probe_somebody(c, &somebody);

	if (err || !somebody)
		return err;
	c->registers.common = w->v.common;
	err = probe_life(c, &w->v, &shape, &answered);
	c->registers.common = common;
	if (!err)
		ledger_seen(&c->ledger, DEV_69);
	if (!err && !answered)
		ledger_broken(
			&c->ledger, DEV_69,
			"driven through the window, doorbells too, it brings no answer; driven "
			"through its BARs it does. %s",
			c->failure.text);
	c->ledger.v = c->station.v = &c->modern; /* which outlives w */
	return err;
}

static int run(struct conform *c)
{
	struct windowed w;
	struct registers window;
	int err;

	if (!go_through_window(&w, &c->modern))
		return 0;
	window = (struct registers){ .v = &w.v, .common = w.v.common };
	err = registers_reset(&c->registers, &c->modern, &c->ledger, &c->failure);
	if (err)
		return err;
	read_widths(c, &window);
	write_widths(c, &window);
	return live(c, &w);
}

const struct probe probe_pci_cfg = {
	.name = "pci-cfg",
	.time = PROBE_TRAFFIC,
	.rows_len = 1,
	.rows = { DEV_69 },
	.run = run,
};
