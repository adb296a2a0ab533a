/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Features beyond the 64 that drivers/virtio.h knows, and features at the wrong time (VIRTIO 1.4,
 * 2.2, 4.1.4.3.1). No queue is set up, so no accepted feature has an effect. What is read was
 * written by the device. Called by probes.c.
 */
#include "core/mem.h"
#include "drivers/virtio_pci.h"
#include "tests/conform/features.h"
#include "tests/conform/probes.h"
#include "tests/conform/registers_impl.h"

#define WORDS 4 /* that are defined */
#define UPPER 2 /* the first of those that only this file looks at */
#define DEFINED 7

/* Bits 64 to 70, 5.1.3; one of `needs` among themselves, which is a bit of the same word. */
static const struct upper {
	const char *name;
	uint32_t needs;
} upper[DEFINED] = {
	{ "RSS_CONTEXT", 0 },
	{ "GUEST_UDP_TUNNEL_GSO", 0 },
	{ "GUEST_UDP_TUNNEL_GSO_CSUM", 1u << 1 },
	{ "HOST_UDP_TUNNEL_GSO", 0 },
	{ "HOST_UDP_TUNNEL_GSO_CSUM", 1u << 3 },
	{ "OUT_NET_HEADER", 0 },
	{ "IPSEC", 0 },
};

static uint32_t offer(struct registers *r, uint32_t word)
{
	registers_put(r, VIRTIO_PCI_COMMON_DFSELECT, 4, word);
	return registers_get(r, VIRTIO_PCI_COMMON_DF, 4);
}

static void accept(struct registers *r, uint32_t word, uint32_t bits)
{
	registers_put(r, VIRTIO_PCI_COMMON_GFSELECT, 4, word);
	registers_put(r, VIRTIO_PCI_COMMON_GF, 4, bits);
}

static int begin(struct conform *c)
{
	int err = registers_reset(&c->registers, &c->modern, &c->ledger, &c->failure);

	return err ? err : virtio_begin(&c->modern, &c->failure);
}

static bool features_ok(struct virtio *v)
{
	v->status |= VIRTIO_CONFIG_S_FEATURES_OK;
	v->transport->set_status(v, v->status);
	return v->transport->status(v) & VIRTIO_CONFIG_S_FEATURES_OK;
}

/* --- feature-words ------------------------------------------------------------------------- */

/* 4.1.4.3.1: a device that looks at some bits of the selector only shows a word twice. */
static void look_beyond(struct conform *c)
{
	static const uint32_t selectors[] = { 4, 5, 6, 7, 8, 0x100, 0x10000, 1u << 31, UINT32_MAX };

	ledger_seen(&c->ledger, DEV_63);
	for (unsigned i = 0; i < ARRAY_LEN(selectors); i++) {
		uint32_t word = offer(&c->registers, selectors[i]);

		if (word) /* [DEV-63] */
			ledger_broken(&c->ledger, DEV_63,
				      "device_feature is 0x%08x for device_feature_select 0x%x",
				      (unsigned)word, (unsigned)selectors[i]);
	}
}

/* Those of `bits` whose prerequisites are not among them, as far as they are bits above 63. */
static uint32_t lacking(uint32_t bits)
{
	uint32_t lacks = 0;

	for (unsigned i = 0; i < DEFINED; i++)
		if (bits >> i & 1 && upper[i].needs && !(bits & upper[i].needs))
			lacks |= 1u << i;
	return lacks;
}

static void show_offer(struct conform *c, uint32_t low, uint32_t high)
{
	char words[200];
	struct text t;

	text_init(&t, words, sizeof(words));
	for (unsigned i = 0; i < DEFINED; i++)
		if (low >> i & 1)
			text_fmt(&t, " %s", upper[i].name);
	report_note(&c->report, "[feature-words] bits 64 to 127 of the offer are 0x%08x%08x%s",
		    (unsigned)high, (unsigned)low, words);
	ledger_seen(&c->ledger, DEV_02);
	if (lacking(low)) /* [DEV-02] */
		ledger_broken(
			&c->ledger, DEV_02,
			"bits 64 to 95 of the offer are 0x%08x; what 0x%08x of them require is "
			"missing",
			(unsigned)low, (unsigned)lacking(low));
}

/*
 * Accepts 64 bits and `words` beyond, in the order in which Linux writes them since 6.17, and looks
 * at what came of it [DEV-64]. Where all bits beyond are 0 another configuration has judged the
 * set.
 */
static int negotiate(struct conform *c, uint64_t set, uint32_t low)
{
	struct virtio *v = &c->modern;
	struct registers *r = &c->registers;
	uint64_t before, shown;
	uint32_t shown_low;
	int err = begin(c);

	if (err)
		return err;
	v->accepted = set;
	v->transport->accept(v, set);
	before = registers_driver_features(r);
	accept(r, UPPER, low);
	accept(r, UPPER + 1, 0);
	shown = registers_driver_features(r);
	shown_low = registers_driver_feature(r, UPPER);
	ledger_seen(&c->ledger, DEV_64);
	if (shown != before || shown_low != low) /* [DEV-64] */
		ledger_broken(&c->ledger, DEV_64,
			      "driver_feature was 0x%llx; then 0x%08x was written for bits 64 to "
			      "95, 0 behind them, and it shows 0x%llx and 0x%08x",
			      (unsigned long long)before, (unsigned)low, (unsigned long long)shown,
			      (unsigned)shown_low);
	/* Of another set than was meant nobody knows whether it is good. */
	if (!low || shown != before || shown_low != low)
		return 0;
	ledger_seen(&c->ledger, DEV_04);
	if (!features_ok(v)) /* [DEV-04] */
		ledger_broken(&c->ledger, DEV_04,
			      "0x%llx with 0x%08x for bits 64 to 95 is refused: status is 0x%02x",
			      (unsigned long long)set, (unsigned)low, v->transport->status(v));
	return 0;
}

static int run_words(struct conform *c)
{
	uint64_t all;
	uint32_t low, high;
	int err = begin(c);

	if (err)
		return err;
	all = conform_features(c);
	low = offer(&c->registers, UPPER);
	high = offer(&c->registers, UPPER + 1);
	look_beyond(c);
	show_offer(c, low, high);
	low &= (1u << DEFINED) - 1;
	low &= ~lacking(low);
	err = negotiate(c, all, 0);
	if (!err && low)
		err = negotiate(c, all, low);
	for (unsigned i = 0; i < DEFINED && !err; i++) {
		uint32_t without = low & ~(1u << i);

		without &= ~lacking(without);
		if (low >> i & 1 && without)
			err = negotiate(c, all, without);
	}
	return err;
}

const struct probe probe_feature_words = {
	.name = "feature-words",
	.time = PROBE_REGISTERS,
	.rows_len = 4,
	.rows = { DEV_02, DEV_04, DEV_63, DEV_64 },
	.run = run_words,
};

/* --- feature-early ------------------------------------------------------------------------- */

/*
 * A set that is written while only ACKNOWLEDGE is there, and never again; another one than stands
 * there since before the reset (DEV-62).
 */
static int run_early(struct conform *c)
{
	struct virtio *v = &c->modern;
	uint64_t set = conform_features(c), before, shown, more;
	int err = registers_reset(&c->registers, v, &c->ledger, &c->failure);

	if (err)
		return err;
	v->transport->set_status(v, VIRTIO_CONFIG_S_ACKNOWLEDGE);
	before = registers_driver_features(&c->registers);
	more = set & ~features_base;
	if (before == set)
		set = features_closed(set & ~(more & (0 - more)));
	v->transport->accept(v, set);
	v->status = VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER;
	v->transport->set_status(v, v->status);
	ledger_seen(&c->ledger, DEV_66);
	if (!features_ok(v))
		return 0;
	shown = registers_driver_features(&c->registers);
	if (shown && shown != before) /* [DEV-66] */
		ledger_broken(&c->ledger, DEV_66,
			      "0x%llx was written before DRIVER; FEATURES_OK stands, and "
			      "driver_feature shows 0x%llx",
			      (unsigned long long)set, (unsigned long long)shown);
	return 0;
}

const struct probe probe_feature_early = {
	.name = "feature-early",
	.time = PROBE_REGISTERS,
	.rows_len = 1,
	.rows = { DEV_66 },
	.run = run_early,
};
