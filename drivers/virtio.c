/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The life of a virtio device from reset to reset. What the registers say was written by the device
 * and decides nothing but success or failure here. Called by device drivers (virtio_net.c).
 */
#include "drivers/virtio.h"

#include "core/assert.h"
#include "core/clock.h"
#include "core/mem.h"
#include "drivers/virtio_legacy.h"
#include "drivers/virtio_pci.h"

#define RESET_MS 100   /* bounds the wait for a reset */
#define CONFIG_TRIES 8 /* bounds the wait for a configuration that holds still */
#define CONFIG_BYTES_MAX 8
#define WHY_MAX 300 /* what each transport has against a device, in half a sentence */

/*
 * The best first: modern where the capabilities are there, also on a transitional device; legacy
 * otherwise (4.1.5.1.1.1 [PCI-06] [INIT-26]).
 */
static const struct virtio_transport *const transports[] = { &virtio_pci, &virtio_legacy };

int virtio_open(struct virtio *v, uintptr_t fn, struct failure *f)
{
	const char *why;
	char reasons[WHY_MAX];
	struct text t;

	memset(v, 0, sizeof(*v));
	v->fn = fn;
	text_init(&t, reasons, sizeof(reasons));
	for (unsigned i = 0; i < ARRAY_LEN(transports); i++) {
		why = transports[i]->open(v);
		if (!why) {
			v->transport = transports[i];
			return 0;
		}
		text_fmt(&t, "%s%s", i ? ", and " : "", why);
	}
	return fail(f, RUNG_DEVICE, ERR_DEVICE, "the virtio device cannot be driven: %s", reasons);
}

/* Progress only adds bits (2.1.1 [INIT-02]), never SUSPEND (3.4.1 [INIT-19]). */
static void add_status(struct virtio *v, enum virtio_status bit)
{
	v->status |= (uint8_t)bit;
	v->transport->set_status(v, v->status);
}

/* 2.4.2, 4.1.4.3.2 [INIT-10] [PCI-11]: a reset is over when it reads 0. */
static int reset(struct virtio *v, struct failure *f)
{
	uint32_t begun_ms = clock_now_ms();

	v->status = 0;
	v->transport->set_status(v, 0);
	while (v->transport->status(v) != 0) {
		if (clock_now_ms() - begun_ms >= RESET_MS)
			return fail(
				f, RUNG_DEVICE, ERR_DEVICE,
				"the virtio device did not finish its reset within %d ms (status "
				"0x%02x); restart the machine or its back end",
				RESET_MS, v->transport->status(v));
		port_idle(0);
	}
	return 0;
}

/*
 * 3.1.1 [INIT-01]. Whatever ran before is stopped before the device may access memory again.
 */
int virtio_begin(struct virtio *v, struct failure *f)
{
	int err = reset(v, f);

	if (err)
		return err;
	v->transport->allow_dma(v);
	add_status(v, VIRTIO_CONFIG_S_ACKNOWLEDGE);
	add_status(v, VIRTIO_CONFIG_S_DRIVER);
	v->offered = v->transport->features(v);
	v->accepted = 0;
	return 0;
}

/*
 * 2.2.1 [INIT-11] [INIT-12]: never a bit that was not offered, or that we do not know, or of the
 * other transport; 6.1 [INIT-14]: VERSION_1 always. A legacy device has neither it nor FEATURES_OK
 * (3.1.2 [INIT-26]).
 */
int virtio_accept(struct virtio *v, uint64_t wanted, struct failure *f)
{
	const struct virtio_transport *transport = v->transport;

	if (!transport->legacy && !(v->offered >> VIRTIO_F_VERSION_1 & 1)) /* [DEV-01] */
		return fail(
			f, RUNG_DEVICE, ERR_DEVICE,
			"the virtio device has the registers of virtio 1 but does not offer "
			"VERSION_1, which it must (VIRTIO 1.4, 6.2); disable-modern=on may help");
	if (!transport->legacy)
		wanted &= ~VIRTIO_BIT(VIRTIO_F_ANY_LAYOUT);
	v->accepted = v->offered & (wanted | VIRTIO_BIT(VIRTIO_F_VERSION_1));
	transport->accept(v, v->accepted);
	if (transport->legacy)
		return 0;
	add_status(v, VIRTIO_CONFIG_S_FEATURES_OK);             /* 3.1.1 [INIT-04] */
	if (transport->status(v) & VIRTIO_CONFIG_S_FEATURES_OK) /* 3.1.1 [INIT-05] */
		return 0;
	return fail(f, RUNG_DEVICE, ERR_DEVICE,
		    "the virtio device refused the features 0x%llx of the 0x%llx it offers; "
		    "it insists on one that skiff does not accept, or features= masks",
		    (unsigned long long)v->accepted, (unsigned long long)v->offered);
}

void virtio_driver_ok(struct virtio *v)
{
	add_status(v, VIRTIO_CONFIG_S_DRIVER_OK);
}

/* 2.1.1 [INIT-09]; a device that lost its status, or that is gone (all ones), is no better. */
bool virtio_healthy(const struct virtio *v, uint8_t *status)
{
	*status = v->transport->status(v);
	return (*status & (VIRTIO_CONFIG_S_NEEDS_RESET | VIRTIO_CONFIG_S_FAILED)) == 0 &&
	       (*status & VIRTIO_CONFIG_S_DRIVER_OK) != 0;
}

/* 3.1.1 [INIT-06] */
void virtio_give_up(struct virtio *v)
{
	add_status(v, VIRTIO_CONFIG_S_FAILED);
}

/* 3.3.1 [INIT-28]; 2.1.1 [INIT-07]: this is also the reset that FAILED asks for. */
int virtio_close(struct virtio *v, struct failure *f)
{
	int err;

	if (!v->transport)
		return 0;
	err = reset(v, f);
	v->transport->release(v);
	v->transport = NULL;
	return err;
}

static void read_bytes(const struct virtio *v, uint32_t off, uint8_t *buf, uint32_t len)
{
	for (uint32_t i = 0; i < len; i++)
		buf[i] = (uint8_t)v->transport->config(v, off + i, 1);
}

/*
 * 2.5.1 [INIT-20]: the generation must be the same before and after. A legacy device has none:
 * there, two readings must agree (2.5.4 [PCI-L6]).
 */
int virtio_config_bytes(const struct virtio *v, uint32_t off, uint8_t *buf, uint32_t len,
			struct failure *f)
{
	const struct virtio_transport *transport = v->transport;
	uint8_t again[CONFIG_BYTES_MAX];

	assert(len <= sizeof(again) && off + len <= v->config_len);
	for (unsigned i = 0; i < CONFIG_TRIES; i++) {
		uint32_t before = transport->generation ? transport->generation(v) : 0;

		read_bytes(v, off, buf, len);
		if (transport->generation) {
			if (transport->generation(v) == before)
				return 0;
			continue;
		}
		read_bytes(v, off, again, len);
		if (memcmp(buf, again, len) == 0)
			return 0;
	}
	return fail(f, RUNG_DEVICE, ERR_DEVICE,
		    "the virtio device's configuration changed during each of %d readings",
		    CONFIG_TRIES);
}

/* One access, so of one moment; guest-native on legacy devices (2.5.4 [PCI-L7]). */
uint16_t virtio_config_u16(const struct virtio *v, uint32_t off)
{
	uint16_t value;

	assert(off + 2 <= v->config_len);
	value = (uint16_t)v->transport->config(v, off, 2);
	return VIRTIO_BIG_ENDIAN && v->transport->legacy ? __builtin_bswap16(value) : value;
}
