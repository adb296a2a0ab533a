/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Device configuration is read-only for the driver (VIRTIO 1.4, 5.1.4): each field is written, and
 * is to be what it was [DEV-70]. Called by probes.c.
 */
#include "core/mem.h"
#include "drivers/virtio_net.h"
#include "tests/conform/features.h"
#include "tests/conform/judge.h"
#include "tests/conform/probes.h"
#include "tests/conform/registers_impl.h"

#define FLIP 0x15 /* no bit that makes a group address of a MAC */

/* Fields within what the driver has opened. */
static const struct field {
	const char *name;
	uint8_t off, len, width, feature;
} fields[] = {
	{ "mac", VIRTIO_NET_CONFIG_MAC, 6, 1, VIRTIO_NET_F_MAC },
	{ "status", VIRTIO_NET_CONFIG_STATUS, 2, 2, VIRTIO_NET_F_STATUS },
	{ "max_virtqueue_pairs", 8, 2, 2, VIRTIO_NET_F_MQ },
	{ "mtu", VIRTIO_NET_CONFIG_MTU, 2, 2, VIRTIO_NET_F_MTU },
};

/* Writes one part of a field and puts it back, if that has had an effect. */
static void write_part(struct conform *c, const struct registers *config, const struct field *f,
		       uint32_t off)
{
	uint32_t before = registers_get(config, off, f->width), after;

	registers_put(config, off, f->width, (before ^ FLIP) & (f->width == 1 ? 0xff : 0xffff));
	after = registers_get(config, off, f->width);
	ledger_seen(&c->ledger, DEV_70);
	if (after == before)
		return;
	ledger_broken(&c->ledger, DEV_70,
		      "0x%x was written to byte %u of the configuration, of %s; it was 0x%x and is "
		      "0x%x",
		      (unsigned)(before ^ FLIP), (unsigned)off, f->name, (unsigned)before,
		      (unsigned)after);
	registers_put(config, off, f->width, before);
}

static int write_all(struct conform *c, uint64_t set)
{
	struct virtio *v = &c->modern;
	struct registers config = { .common = v->device };
	int err = registers_reset(&c->registers, v, &c->ledger, &c->failure);

	if (!err)
		err = virtio_begin(v, &c->failure);
	if (!err)
		err = virtio_accept(v, set, &c->failure);
	for (unsigned i = 0; i < ARRAY_LEN(fields) && !err; i++) {
		const struct field *f = &fields[i];

		if (!(v->offered >> f->feature & 1) || f->off + f->len > v->config_len)
			continue;
		for (uint32_t off = f->off; off < f->off + (uint32_t)f->len; off += f->width)
			write_part(c, &config, f, off);
	}
	return err;
}

/* Once with all features, CTRL_MAC_ADDR too, and once with as few as there can be. */
static int run(struct conform *c)
{
	int err = write_all(c, conform_features(c));

	return err ? err : write_all(c, c->modern.offered & features_base);
}

const struct probe probe_config_writes = {
	.name = "config-writes",
	.time = PROBE_REGISTERS,
	.rows_len = 1,
	.rows = { DEV_70 },
	.run = run,
};
