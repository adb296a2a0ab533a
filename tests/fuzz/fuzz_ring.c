/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A download over the driver and the model device, whose shared memory changes under the driver's
 * hands: the compiler calls us before each load of the sources (trace-loads), and what is about to
 * be read from a used ring, a header or a frame becomes something else if the input says so.
 * Between loads the device lies in its used rings, too. Oracles: a download that is reported done
 * is one that was served; one that fails says why; and of the rings the driver reads nothing but
 * what the device is to write. fuzz: -max_len=1500
 */
#include "arch/hosted/hosted.h"
#include "drivers/virtio_net.h"
#include "net/boot/netboot.h"
#include "tests/fuzz/kinds.h"
#include "tests/fuzz/world.h"

#define NEVER UINT32_MAX

static struct device device;
static struct virtio_net vn;
static struct world world;
static struct netboot nb;
static struct config config;
static struct input in;
static unsigned sent_seen;

/*
 * What becomes of loads: so many more until one of a ring, or of a frame, finds other bytes there.
 */
static struct {
	uint32_t ring, frame; /* frame: one bit of each at most, since a checksum sees that */
} until;

/* The bit of a frame that the last load found changed: the next one finds it as it was. */
static struct {
	uint8_t *at, mask;
} changed;

void __sanitizer_cov_load1(uint8_t *at);
void __sanitizer_cov_load2(uint16_t *at);
void __sanitizer_cov_load4(uint32_t *at);
void __sanitizer_cov_load8(uint64_t *at);
void __sanitizer_cov_load16(uint8_t *at);

/* --- memory that changes ---------------------------------------------------------------------- */

static uint32_t next_change(void)
{
	return in.left ? 1 + take(&in, 1) : NEVER;
}

static void change_ring(uint8_t *at, unsigned width)
{
	uint32_t value;

	if (--until.ring)
		return;
	value = take(&in, width < 4 ? width : 4);
	if (take(&in, 1) & 1)
		memcpy(at, &value, width < 4 ? width : 4);
	else
		at[0] ^= (uint8_t)value;
	until.ring = next_change();
}

/* Most changes come soon, where headers are read. */
static void begin_frame(void)
{
	uint32_t choice = take(&in, 1);

	until.frame = choice < 0x80 ? NEVER : 1 + take(&in, choice & 1 ? 2 : 1);
}

static void change_frame(uint8_t *at, unsigned width)
{
	uint32_t choice;

	if (until.frame == NEVER || --until.frame)
		return;
	choice = take(&in, 1);
	changed.at = at + choice % width;
	changed.mask = (uint8_t)(1u << (choice >> 5));
	*changed.at ^= changed.mask;
	until.frame = NEVER;
}

/*
 * Otherwise a frame that comes twice could change twice, and two bits can hide each other from the
 * checksum.
 */
static void change_back(void)
{
	if (changed.at && vn.open)
		*changed.at ^= changed.mask;
	changed.at = NULL;
}

static bool is_used_ring(const struct virtq *vq, const uint8_t *at)
{
	const uint8_t *used = (const uint8_t *)(uintptr_t)vq->used;

	return at >= used && at < used + 6 + 8u * vq->size;
}

static void load(uint8_t *at, unsigned width)
{
	struct virtio_net_memory *m = vn.memory;
	size_t off = (size_t)((uintptr_t)at - (uintptr_t)m);

	change_back();
	if (!m || off >= sizeof(*m) || !vn.open)
		return;
	if (off < offsetof(struct virtio_net_memory, tx)) {
		must(is_used_ring(&vn.rx, at) || is_used_ring(&vn.tx, at),
		     "the driver reads what only the device should");
		change_ring(at, width);
	} else if (off >= offsetof(struct virtio_net_memory, rx)) {
		if ((off - offsetof(struct virtio_net_memory, rx)) % sizeof(m->rx[0]) == 0)
			begin_frame(); /* its first load */
		change_frame(at, width);
	}
}

void __sanitizer_cov_load1(uint8_t *at)
{
	load(at, 1);
}

void __sanitizer_cov_load2(uint16_t *at)
{
	load((uint8_t *)at, 2);
}

void __sanitizer_cov_load4(uint32_t *at)
{
	load((uint8_t *)at, 4);
}

void __sanitizer_cov_load8(uint64_t *at)
{
	load((uint8_t *)at, 8);
}

void __sanitizer_cov_load16(uint8_t *at)
{
	load(at, 16);
}

/* --- the device ------------------------------------------------------------------------------- */

static void deliver(void *ctx, const uint8_t *frame, uint32_t len)
{
	(void)ctx;
	(void)device_receive(&device, NULL, frame, len); /* or it is lost */
}

/*
 * A used element that was not earned, an index, flags; a link that goes; frames that stay on the
 * way.
 */
static void lie(void)
{
	uint32_t op = take(&in, 1), queue = op >> 3 & 1;

	switch (op & 7) {
	case 0:
		device_use(&device, queue, take(&in, op & 0x10 ? 4 : 1),
			   take(&in, op & 0x20 ? 4 : 1));
		device_show(&device, queue);
		break;
	case 1:
		device_show_idx(&device, queue, (uint16_t)take(&in, 2));
		break;
	case 2:
		device_used_flags(&device, queue, (uint16_t)(op >> 4));
		break;
	case 3:
		device_link(&device, op & 16);
		break;
	case 4:
		device.queue[1].hold = op & 16;
		break;
	case 5:
		device.status |= op & 16 ? 64 : 0; /* NEEDS_RESET */
		break;
	}
}

static void turn(void *ctx)
{
	(void)ctx;
	for (; sent_seen < device.sent_count; sent_seen++) {
		const struct device_sent *sent = &device.sent[sent_seen % DEVICE_SENT_MAX];

		world_rx(&world, sent->frame, sent->len);
	}
	if (in.left && vn.open && (device.status & 4) && device.queue[0].enabled &&
	    device.queue[1].enabled)
		lie();
}

/* --- one run ---------------------------------------------------------------------------------- */

static void make_device(uint32_t choices)
{
	device_of_kind(&device, choices);
	if (choices & 4)
		device_offer(&device, VIRTIO_NET_F_GUEST_CSUM);
	if (choices & 8)
		device.queue[0].max = device.queue[0].size = 8;
	device_attach(&device);
}

static void configure(void)
{
	static const char *const values[][2] = {
		{ "ip", "10.0.2.15/24 10.0.2.2 10.0.2.3" },
		{ "fetch", "http://10.0.2.2/f0" },
		{ "deadline", "5" },
	};
	struct failure f = { .err = 0 };

	config_init(&config);
	for (size_t i = 0; i < ARRAY_LEN(values); i++)
		must(!config_set(&config, "test", values[i][0], strlen(values[i][0]), values[i][1],
				 strlen(values[i][1]), &f),
		     "a key that is right is refused");
}

static void run(struct nic *nic, struct failure *f)
{
	struct console console = { 0 };
	unsigned file;
	int err = netboot_run(&nb, nic, &config, NULL, &console, f, port_now_ms());

	/* A transmit queue that broke behind the last byte is told to nobody. */
	if (err)
		must_be_said(f);
	if (err)
		netboot_report_failure(&console, f, &nb.net);
	else
		must(world_served(&world, hosted_cargo(0)->extent.at, nb.file[0].len, &file),
		     "a file that nobody served, or not so");
	must(!nic->ops->close(nic), "a device that does not stop although it can");
}

/* A used element that lies may name any buffer: none holds a frame of an earlier run. */
static void forget_frames(void)
{
	for (unsigned slot = 0; slot < ARRAY_LEN(vn.memory->rx); slot++)
		memset(vn.memory->rx[slot], 0, 64);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct virtio_net_options options = { .features = UINT64_MAX };
	struct failure f = { .err = 0 };
	uint32_t choices;

	in = (struct input){ data, len };
	choices = take(&in, 1);
	hosted_reset();
	hosted_random_seed(choices);
	make_device(choices);
	until.ring = until.frame = NEVER;
	changed.at = NULL;
	sent_seen = 0;
	must(!virtio_net_open(&vn, DEVICE_FN, &options, &f), "an honest device is refused");
	forget_frames();
	configure();
	world.deliver = deliver;
	world.on_idle = turn;
	world.intact = true; /* the same for the wire */
	world_open(&world, &in, choices);
	until.ring = next_change();
	run(virtio_net_nic(&vn), &f);
	must(!hosted_dma_live(), "memory that the device still has");
	return 0;
}
