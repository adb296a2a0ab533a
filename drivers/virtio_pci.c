/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Registers of a modern device: found by capabilities that the device wrote and that may lie,
 * reached by the port's windows, or through configuration space where a BAR is out of reach. Called
 * through struct virtio_transport.
 */
#include "drivers/virtio_pci.h"

#include "core/assert.h"
#include "drivers/virtq.h"

#define CONFIG_LEN 12 /* of struct virtio_net_config we read no more */
#define BARS 6
#define DOORBELL_LEN 2

/*
 * A capability whose place in configuration space and BAR have been checked; off and len have not.
 */
struct capability {
	uint8_t at, cfg_type, bar;
	uint32_t off, len;
};

/*
 * 4.1.4.9.2 [PCI-16]: the window behind configuration space. w is a part of another virtio
 * capability at a multiple of 4, and off a multiple of width. No other capability is ever written
 * (4.1.4.1 [PCI-05]).
 */
static unsigned pci_cfg_aim(const struct window *w, uint32_t off, unsigned width)
{
	port_pci_write(w->fn, w->pci_cfg + VIRTIO_PCI_CAP_BAR, 1, w->bar);
	port_pci_write(w->fn, w->pci_cfg + VIRTIO_PCI_CAP_OFFSET, 4, (uint32_t)w->base + off);
	port_pci_write(w->fn, w->pci_cfg + VIRTIO_PCI_CAP_LENGTH, 4, width);
	return w->pci_cfg + VIRTIO_PCI_CFG_DATA;
}

/* Each member by one access of its own width; 64 bits as two halves (4.1.3.1 [PCI-02]). */
static __attribute__((noinline)) uint32_t get(const struct window *w, uint32_t off, unsigned width)
{
	if (w->kind == WINDOW_PCI_CFG)
		return port_pci_read(w->fn, pci_cfg_aim(w, off, width), width);
	return port_window_read(w, off, width);
}

static __attribute__((noinline)) void put(const struct window *w, uint32_t off, unsigned width,
					  uint32_t value)
{
	if (w->kind == WINDOW_PCI_CFG)
		port_pci_write(w->fn, pci_cfg_aim(w, off, width), width, value);
	else
		port_window_write(w, off, width, value);
}

static void put_64(const struct window *w, uint32_t off, uint64_t value)
{
	put(w, off, 4, (uint32_t)value);
	put(w, off + 4, 4, (uint32_t)(value >> 32));
}

static uint8_t modern_status(const struct virtio *v)
{
	return (uint8_t)get(&v->common, VIRTIO_PCI_COMMON_STATUS, 1);
}

static void modern_set_status(const struct virtio *v, uint8_t status)
{
	put(&v->common, VIRTIO_PCI_COMMON_STATUS, 1, status);
}

static uint64_t modern_features(const struct virtio *v)
{
	uint64_t low;

	put(&v->common, VIRTIO_PCI_COMMON_DFSELECT, 4, 0);
	low = get(&v->common, VIRTIO_PCI_COMMON_DF, 4);
	put(&v->common, VIRTIO_PCI_COMMON_DFSELECT, 4, 1);
	return (uint64_t)get(&v->common, VIRTIO_PCI_COMMON_DF, 4) << 32 | low;
}

/* Bits from 64 on are 0 since the reset, and stay so. */
static void modern_accept(const struct virtio *v, uint64_t features)
{
	put(&v->common, VIRTIO_PCI_COMMON_GFSELECT, 4, 0);
	put(&v->common, VIRTIO_PCI_COMMON_GF, 4, (uint32_t)features);
	put(&v->common, VIRTIO_PCI_COMMON_GFSELECT, 4, 1);
	put(&v->common, VIRTIO_PCI_COMMON_GF, 4, (uint32_t)(features >> 32));
}

/* 4.1.4.3 [PCI-09] */
static uint16_t modern_queue_max(const struct virtio *v, uint16_t queue)
{
	put(&v->common, VIRTIO_PCI_COMMON_Q_SELECT, 2, queue);
	return (uint16_t)get(&v->common, VIRTIO_PCI_COMMON_Q_SIZE, 2);
}

/*
 * Opens len bytes at off in the BAR, through configuration space if they are out of reach and the
 * device allows it ([PCI-20]). 0 or an error.
 */
static int open_window(const struct virtio *v, struct window *w, uint8_t bar, uint32_t off,
		       uint32_t len)
{
	int err = port_window_open(w, v->fn, bar, off, len);

	if (err != ERR_UNREACHABLE || !v->pci_cfg)
		return err;
	*w = (struct window){
		.base = off,
		.fn = v->fn,
		.len = len,
		.kind = WINDOW_PCI_CFG,
		.bar = bar,
		.pci_cfg = v->pci_cfg,
	};
	return 0;
}

/*
 * 4.1.4.4 [PCI-15]: the doorbell of the selected queue. queue_notify_off and the multiplier are the
 * device's; the result lies inside the capability, and two of them may be the same.
 */
static int open_doorbell(struct virtio *v, uint16_t queue, struct failure *f)
{
	uint16_t queue_notify_off = (uint16_t)get(&v->common, VIRTIO_PCI_COMMON_Q_NOFF, 2);
	uint64_t at = (uint64_t)queue_notify_off * v->notify_off_multiplier;
	bool inside = at + DOORBELL_LEN <= v->notify_len && at % DOORBELL_LEN == 0;

	at += v->notify_off;
	if (inside && at + DOORBELL_LEN <= UINT32_MAX &&
	    open_window(v, &v->doorbell[queue], v->notify_bar, (uint32_t)at, DOORBELL_LEN) == 0)
		return 0;
	return fail(
		f, RUNG_QUEUES, ERR_DEVICE,
		"the virtio device's doorbell for queue %d (queue_notify_off %d, multiplier %u) is "
		"outside its registers (VIRTIO 1.4, 4.1.4.4.1)",
		queue, queue_notify_off, v->notify_off_multiplier);
}

/* 4.1.4.3.2 [PCI-10] [PCI-07]: queue_enable last, and never 0; no read-only member is written. */
static int modern_queue_start(struct virtio *v, uint16_t queue, const struct virtq *vq,
			      struct failure *f)
{
	int err;

	put(&v->common, VIRTIO_PCI_COMMON_Q_SELECT, 2, queue);
	err = open_doorbell(v, queue, f);
	if (err)
		return err;
	put(&v->common, VIRTIO_PCI_COMMON_Q_SIZE, 2, vq->size);
	put_64(&v->common, VIRTIO_PCI_COMMON_Q_DESCLO, vq->desc_dev);
	put_64(&v->common, VIRTIO_PCI_COMMON_Q_AVAILLO, vq->avail_dev);
	put_64(&v->common, VIRTIO_PCI_COMMON_Q_USEDLO, vq->used_dev);
	put(&v->common, VIRTIO_PCI_COMMON_Q_ENABLE, 2, 1);
	return 0;
}

/* 4.1.5.2.1 [PCI-14]: exactly 16 bits, the queue's index. */
static void modern_notify(const struct virtio *v, uint16_t queue)
{
	put(&v->doorbell[queue], 0, DOORBELL_LEN, queue);
}

static uint32_t modern_config(const struct virtio *v, uint32_t off, unsigned width)
{
	return get(&v->device, off, width);
}

static uint32_t modern_generation(const struct virtio *v)
{
	return get(&v->common, VIRTIO_PCI_COMMON_CFGGENERATION, 1);
}

/*
 * The next virtio capability. One that is too short or goes beyond configuration space, or whose
 * BAR number is reserved, is skipped; one that is longer than we know is fine (4.1.4.1 [PCI-03]).
 */
static bool next_capability(struct pci_caps *caps, struct capability *c)
{
	uint32_t cap_len, need;
	unsigned at;

	while ((at = pci_cap_next(caps, PCI_CAP_ID_VNDR)) != 0) {
		cap_len = port_pci_read(caps->fn, at + VIRTIO_PCI_CAP_LEN, 1);
		c->at = (uint8_t)at;
		c->cfg_type = (uint8_t)port_pci_read(caps->fn, at + VIRTIO_PCI_CAP_CFG_TYPE, 1);
		need = VIRTIO_PCI_CAP_MEMBERS_LEN;
		if (c->cfg_type == VIRTIO_PCI_CAP_NOTIFY_CFG ||
		    c->cfg_type == VIRTIO_PCI_CAP_PCI_CFG)
			need += 4; /* notify_off_multiplier, pci_cfg_data */
		if (cap_len < need || at + need > PCI_CONFIG_LEN)
			continue;
		c->bar = (uint8_t)port_pci_read(caps->fn, at + VIRTIO_PCI_CAP_BAR, 1);
		c->off = port_pci_read(caps->fn, at + VIRTIO_PCI_CAP_OFFSET, 4);
		c->len = port_pci_read(caps->fn, at + VIRTIO_PCI_CAP_LENGTH, 4);
		if (c->bar < BARS || c->cfg_type == VIRTIO_PCI_CAP_PCI_CFG)
			return true;
	}
	return false;
}

/* Whether the first len bytes of what the capability names can be used; they are open in w then. */
static bool open_capability(const struct virtio *v, struct window *w, const struct capability *c,
			    uint32_t len)
{
	return c->len >= len && c->off % (len < 4 ? 2 : 4) == 0 &&
	       (uint64_t)c->off + len <= UINT32_MAX && open_window(v, w, c->bar, c->off, len) == 0;
}

/*
 * Takes c if it is the first usable one of its type (4.1.4.1 [PCI-04]). Other types are left alone
 * ([PCI-17]).
 */
static void consider(struct virtio *v, const struct capability *c)
{
	struct window probe;
	uint32_t config_len = c->len < CONFIG_LEN ? c->len : CONFIG_LEN;

	switch (c->cfg_type) {
	case VIRTIO_PCI_CAP_COMMON_CFG:
		if (v->common.kind == WINDOW_NONE &&
		    !open_capability(v, &v->common, c, VIRTIO_PCI_COMMON_LEN))
			v->common.kind = WINDOW_NONE;
		break;
	case VIRTIO_PCI_CAP_NOTIFY_CFG:
		if (v->notify_len > 0 || !open_capability(v, &probe, c, DOORBELL_LEN))
			break;
		v->notify_bar = c->bar;
		v->notify_off = c->off;
		v->notify_len = c->len;
		v->notify_off_multiplier = port_pci_read(v->fn, c->at + VIRTIO_PCI_NOTIFY_CAP_MULT,
							 4);
		break;
	case VIRTIO_PCI_CAP_DEVICE_CFG:
		/* 2.5.1 [INIT-22]: any length will do; a short one lacks features. */
		if (v->device.kind != WINDOW_NONE)
			break;
		if (open_capability(v, &v->device, c, config_len))
			v->config_len = config_len;
		else
			v->device.kind = WINDOW_NONE;
		break;
	default:
		break;
	}
}

static const char *modern_find(struct virtio *v)
{
	struct capability c;
	struct pci_caps caps;

	/* The way through configuration space first: it may be what reaches the others. */
	pci_caps_begin(&caps, v->fn);
	while (!v->pci_cfg && next_capability(&caps, &c))
		if (c.cfg_type == VIRTIO_PCI_CAP_PCI_CFG)
			v->pci_cfg = c.at;
	pci_caps_begin(&caps, v->fn);
	while (next_capability(&caps, &c))
		consider(v, &c);
	if (v->common.kind == WINDOW_NONE)
		return "no usable capability leads to its common configuration (BAR unassigned?)";
	if (v->notify_len == 0)
		return "no usable capability leads to its doorbells";
	return NULL;
}

/* --- PCI, for either transport --------------------------------------------------------------- */

void virtio_pci_release(const struct virtio *v)
{
	pci_restore(&v->command);
}

void virtio_pci_allow_dma(const struct virtio *v)
{
	pci_enable_dma(v->fn);
}

void virtio_pci_name(const struct virtio *v, struct text *t)
{
	text_fmt(t, "%04x:%04x", (unsigned)port_pci_read(v->fn, PCI_VENDOR_ID, 2),
		 (unsigned)port_pci_read(v->fn, PCI_DEVICE_ID, 2));
}

const char *virtio_pci_open(struct virtio *v, const char *(*find)(struct virtio *v))
{
	const char *why;

	if (!virtio_net_pci_is(v->fn))
		return "it is no virtio network device on PCI";
	pci_enable(&v->command, v->fn);
	why = find(v);
	if (why)
		virtio_pci_release(v);
	return why;
}

static const char *modern_open(struct virtio *v)
{
	return virtio_pci_open(v, modern_find);
}

const struct virtio_transport virtio_pci = {
	.open = modern_open,
	.release = virtio_pci_release,
	.allow_dma = virtio_pci_allow_dma,
	.name = virtio_pci_name,
	.status = modern_status,
	.set_status = modern_set_status,
	.features = modern_features,
	.accept = modern_accept,
	.queue_max = modern_queue_max,
	.queue_start = modern_queue_start,
	.notify = modern_notify,
	.config = modern_config,
	.generation = modern_generation,
};
