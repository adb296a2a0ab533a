/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Interrupts that are wanted, and ones that are not (VIRTIO 1.4, 2.7.7.2, 4.1.4.5.1, 4.1.5.1.2.1):
 * by the ISR status while MSI-X is off, and by pending bits while every vector is masked. Nobody
 * handles any. Called by probes.c.
 */
#include "core/clock.h"
#include "drivers/virtio_net.h"
#include "drivers/virtio_pci.h"
#include "tests/conform/features.h"
#include "tests/conform/msix.h"
#include "tests/conform/probes.h"
#include "tests/conform/registers_impl.h"

#define ISR_QUEUE 1
#define SIGNAL_MS 100 /* for an interrupt behind the buffer that it tells of */
#define QUESTIONS 4   /* each of whose answers a device tells of that does so unasked */
#define VECTOR_CONFIG 0
#define VECTOR_RX 1

struct interrupts {
	struct conform *c;
	struct msix msix;
	struct window isr;
	uint16_t rx_vector; /* MSI-X: what the receive queue is mapped to */
	bool waits;         /* one of the vectors has been pending since an earlier life */
};

/* Reading clears it. */
static bool isr(const struct interrupts *in)
{
	return port_window_read(&in->isr, 0, 1) & ISR_QUEUE;
}

static bool quiet(const struct interrupts *in)
{
	return !isr(in);
}

static bool open_isr(struct interrupts *in)
{
	struct cap c;

	return registers_find_cap(in->c->fn, VIRTIO_PCI_CAP_ISR_CFG, 1, &c) &&
	       port_window_open(&in->isr, in->c->fn, c.bar, c.off, 1) == 0;
}

/* 2.7.7.1: what a driver without EVENT_IDX says. */
static void want(struct conform *c, bool interrupts)
{
	uint16_t flags = interrupts ? 0 : VRING_AVAIL_F_NO_INTERRUPT;

	c->station.rx.avail->flags = flags;
	c->station.tx.avail->flags = flags;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

/* Waits, bounded, for a signal. */
static bool comes(const struct interrupts *in, bool (*signal)(const struct interrupts *in))
{
	uint32_t begun_ms = clock_now_ms();

	do {
		if (signal(in))
			return true;
		port_idle(0);
	} while (!clock_reached(clock_now_ms(), begun_ms + SIGNAL_MS));
	return false;
}

static int open_station(struct interrupts *in, const struct shape *shape)
{
	struct conform *c = in->c;

	c->station.meddle_ctx = in;
	return probe_open(c, &c->modern, shape);
}

/* --- ISR status ------------------------------------------------------------------------------ */

/* Asks something; whether that was answered, and whether the device notified us meanwhile. */
static int ask(struct interrupts *in, bool *answered, bool *notified)
{
	struct conform *c = in->c;
	int err;

	(void)isr(in);
	err = traffic_ask(&c->traffic, PROBE_ANSWER_MS, answered);
	if (!err)
		err = traffic_wait(&c->traffic, station_drained, &c->station, SIGNAL_MS);
	*notified = isr(in);
	return err;
}

/*
 * [DEV-79] A device that has not notified yet cannot tell what it has passed, and may do so once;
 * between a back end and the ISR status lies a queue, so that it may be seen much later. Who
 * notifies all the same does it for each answer, the first apart. So two are asked at least, and
 * one that is quiet behind the first is enough.
 */
static int suppressed(struct interrupts *in, const struct shape *shape)
{
	struct conform *c = in->c;
	bool answered = true, notified = true;
	int err = open_station(in, shape), closed;

	for (unsigned n = 0; n < QUESTIONS && !err && answered && (n < 2 || notified); n++)
		err = ask(in, &answered, &notified);
	if (!err && answered) {
		ledger_seen(&c->ledger, DEV_79);
		if (notified)
			ledger_broken(&c->ledger, DEV_79,
				      "the queue bit of the ISR status is set, though %s, for both "
				      "queues, since before DRIVER_OK",
				      c->modern.accepted >> VIRTIO_F_EVENT_IDX & 1 ?
					      "used_event is far away" :
					      "avail.flags is 1");
	}
	closed = station_close(&c->station);
	return closed ? closed : err;
}

/*
 * QEMU takes a disabled pin for a driver that polls, and has vhost back ends notify nobody. No
 * handler of the firmware's is in the way: the interrupt controller masks what it does not use, and
 * the ISR status is 0 again before the pin is disabled.
 */
static void pin(const struct conform *c, bool enabled)
{
	uint32_t command = port_pci_read(c->fn, PCI_COMMAND, 2);

	command &= ~(uint32_t)PCI_COMMAND_INTX_DISABLE;
	if (!enabled)
		command |= PCI_COMMAND_INTX_DISABLE;
	port_pci_write(c->fn, PCI_COMMAND, 2, command);
}

/* [DEV-80] */
static int wanted(struct interrupts *in)
{
	static const struct shape shape = { .name = "interrupts", .one_descriptor = true };
	struct conform *c = in->c;
	bool answered = false;
	int err, closed;

	pin(c, true);
	err = open_station(in, &shape);
	if (!err) {
		want(c, true);
		(void)isr(in);
		err = traffic_ask(&c->traffic, PROBE_ANSWER_MS, &answered);
	}
	if (!err && answered) {
		ledger_seen(&c->ledger, DEV_80);
		if (!comes(in, isr))
			ledger_broken(&c->ledger, DEV_80,
				      "a frame came with avail.flags 0, and %u ms later the queue "
				      "bit of the ISR status is not set",
				      SIGNAL_MS);
		want(c, false);
		err = traffic_wait(&c->traffic, station_drained, &c->station, SIGNAL_MS);
		if (!err && !comes(in, quiet))
			ledger_broken(&c->ledger, DEV_80,
				      "the queue bit of the ISR status was read, and is set again "
				      "and again with avail.flags 1, for %u ms",
				      SIGNAL_MS);
	}
	closed = station_close(&c->station);
	(void)isr(in);
	pin(c, false);
	return closed ? closed : err;
}

/* --- MSI-X ----------------------------------------------------------------------------------- */

/* 4.1.5.1.2.1: what was mapped is returned. [DEV-81] */
static void map(struct interrupts *in, uint32_t off, uint16_t vector, const char *what)
{
	struct registers *r = &in->c->registers;
	uint32_t shown;

	registers_put(r, off, 2, vector);
	shown = registers_get(r, off, 2);
	ledger_seen(&in->c->ledger, DEV_81);
	if (shown != vector)
		ledger_broken(&in->c->ledger, DEV_81,
			      "0x%04x was written to %s, which is 0x%04x; the table has %u vectors",
			      vector, what, (unsigned)shown, in->msix.vectors);
}

/* Behind FEATURES_OK. */
static void map_all(struct station *st)
{
	struct interrupts *in = st->meddle_ctx;
	struct registers *r = &in->c->registers;

	msix_enable(&in->msix);
	in->waits = msix_pending(&in->msix, VECTOR_CONFIG) || msix_pending(&in->msix, VECTOR_RX);
	map(in, COMMON_CONFIG_MSIX_VECTOR, VECTOR_CONFIG, "config_msix_vector");
	registers_put(r, VIRTIO_PCI_COMMON_Q_SELECT, 2, VIRTIO_NET_RECEIVEQ);
	map(in, COMMON_QUEUE_MSIX_VECTOR, in->rx_vector, "queue_msix_vector");
	registers_put(r, VIRTIO_PCI_COMMON_Q_SELECT, 2, VIRTIO_NET_TRANSMITQ);
	map(in, COMMON_QUEUE_MSIX_VECTOR, VIRTIO_MSI_NO_VECTOR, "queue_msix_vector");
}

static bool rx_pending(const struct interrupts *in)
{
	return msix_pending(&in->msix, VECTOR_RX);
}

/*
 * A frame came; the transmit queue has no vector, and has used buffers as well. A change of the
 * configuration may have come meanwhile, for which vector 0 stands.
 */
static void look_at_pending(struct interrupts *in, bool mapped, bool config_changed)
{
	struct ledger *l = &in->c->ledger;
	bool came = mapped ? comes(in, rx_pending) : rx_pending(in);

	ledger_seen(l, DEV_81);
	if (came != mapped)
		ledger_broken(
			l, DEV_81,
			"a frame came with avail.flags 0 and queue_msix_vector 0x%04x; vector "
			"%u is %spending",
			in->rx_vector, VECTOR_RX, came ? "" : "not ");
	if (msix_pending(&in->msix, VECTOR_CONFIG) && !config_changed)
		ledger_broken(
			l, DEV_81,
			"vector %u, that of the configuration, is pending; no queue is mapped "
			"to it, and the configuration is as it was",
			VECTOR_CONFIG);
}

static int vectors(struct interrupts *in, bool mapped)
{
	static const struct shape shape = { .name = "interrupts",
					    .meddle = map_all,
					    .one_descriptor = true };
	struct conform *c = in->c;
	bool answered = false;
	uint32_t generation = 0;
	int err, closed;

	in->rx_vector = mapped ? VECTOR_RX : VIRTIO_MSI_NO_VECTOR;
	err = open_station(in, &shape);
	if (!err) {
		want(c, true);
		generation = c->modern.transport->generation(&c->modern);
		err = traffic_ask(&c->traffic, PROBE_ANSWER_MS, &answered);
	}
	if (!err && answered && !in->waits)
		look_at_pending(in, mapped,
				generation != c->modern.transport->generation(&c->modern));
	closed = station_close(&c->station);
	msix_disable(&in->msix);
	return closed ? closed : err;
}

/* --- the whole ------------------------------------------------------------------------------- */

static int run(struct conform *c)
{
	static const struct shape plain = { .name = "interrupts", .one_descriptor = true },
				  event_idx = { .name = "interrupts",
						.features = UINT64_C(1) << VIRTIO_F_EVENT_IDX,
						.one_descriptor = true };
	struct interrupts in = { .c = c };
	bool somebody;
	int err = probe_somebody(c, &somebody);

	if (err || !somebody)
		return err;
	if (open_isr(&in)) {
		err = suppressed(&in, &plain);
		if (!err && c->modern.offered >> VIRTIO_F_EVENT_IDX & 1)
			err = suppressed(&in, &event_idx);
		if (!err)
			err = wanted(&in);
	}
	if (err || !msix_find(&in.msix, c->fn) || in.msix.vectors <= VECTOR_RX ||
	    in.msix.pending.kind == WINDOW_NONE)
		return err;
	err = vectors(&in, false);
	return err ? err : vectors(&in, true);
}

const struct probe probe_interrupts = {
	.name = "interrupts",
	.time = PROBE_TRAFFIC,
	.rows_len = 3,
	.rows = { DEV_79, DEV_80, DEV_81 },
	.run = run,
};
