/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One whole boot in the network of world.h. If it is reported done, each file in memory is one that
 * was served, whole; if not, a sentence says why; and either comes in bounded time. fuzz:
 * -max_len=2000
 */
#include "arch/hosted/hosted.h"
#include "core/wire.h"
#include "net/boot/netboot.h"
#include "tests/fuzz/world.h"
#include "tests/model/fake_nic.h"
#include "tests/model/packets.h"

static struct fake_nic nic;
static struct world world;
static struct netboot nb;
static struct config config;

struct setting {
	const char *key, *value;
};

static void deliver(void *ctx, const uint8_t *frame, uint32_t len)
{
	fake_nic_receive(ctx, frame, len);
}

static void sent(void *ctx, const uint8_t *frame, uint32_t len)
{
	world_rx(ctx, frame, len);
}

/* Somebody sits there, and sooner or later chooses from a menu that waits for ever. */
static void user(void *ctx)
{
	static const char *const keys[] = { "x", "2", "\r", "k" };

	(void)ctx;
	if (world.now_ms % 1000 == 0)
		hosted_type(keys[world.now_ms / 1000 % ARRAY_LEN(keys)]);
}

/* Half of them come from DHCP, too. */
static void configure(uint32_t choices)
{
	static const struct setting urls[] = {
		{ "url", "http://10.0.2.2/f0" },         { "url", "http://" WORLD_NAME "/f0" },
		{ "url", "http://10.0.2.2/e0" },         { "url", "http://192.0.2.7:8080/r0" },
		{ "fetch", "http://10.0.2.2/f6" },       { "fetch", "http://boot/r6" },
		{ "url", "http://" WORLD_NAME "/d/e0" }, { NULL, NULL },
	};
	struct setting more[] = {
		urls[choices & 7],
		{ choices & 8 ? "initrd" : NULL, "http://10.0.2.2/f1 http://" WORLD_NAME "/f2" },
		{ choices & 0x10 ? "ip" : NULL, "10.0.2.15/24 10.0.2.2 10.0.2.3" },
		{ choices & 0x20 ? "cmdline" : NULL, "x ${ip} ${mac}" },
		{ "deadline", choices & 0x40 ? "60" : "5" },
		{ (choices & 0x780) == 0x780 ? "sha256" : NULL,
		  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
	};
	struct failure f = { .err = 0 };

	config_init(&config);
	for (size_t i = 0; i < ARRAY_LEN(more); i++)
		if (more[i].key)
			must(!config_set(&config, "test", more[i].key, strlen(more[i].key),
					 more[i].value, strlen(more[i].value), &f),
			     "a key that is right is refused");
}

/* The files that count lie where they were granted, each as it was served. */
static void must_be_served(void)
{
	unsigned file;

	must(hosted_cargo_count() > 0, "done, and nothing is there");
	for (unsigned i = 0; i < hosted_cargo_count(); i++) {
		const struct hosted_cargo *c = hosted_cargo(i);

		/* A fetch is looked at and forgotten. */
		uint64_t len = c->cargo == CARGO_FETCH ? nb.file[0].len : c->file_len;

		must(len != IMAGE_LEN_UNKNOWN && len <= c->extent.len, "done, and a file is not");
		must(world_served(&world, c->extent.at, len, &file),
		     "a file that nobody served, or not so");
	}
	if (config.digests)
		must(hosted_cargo(0)->file_len == 0 || nb.file[0].len == 0,
		     "started although the digest is another one");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct console console = { 0 };
	struct input in = { data, len };
	uint32_t choices = take(&in, 2);
	int err;

	hosted_reset();
	hosted_random_seed(choices);
	hosted_time_set(choices & 0x800 ? 1000 : UINT32_MAX - 3000);
	fake_nic_init(&nic);
	nic.nic.rx_slots = choices & 0x1000 ? 3 : 64;
	nic.tx = sent;
	nic.tx_ctx = &world;
	world.deliver = deliver;
	world.ctx = &nic;
	world.on_idle = user;
	world_open(&world, &in, choices);
	configure(choices);
	err = netboot_run(&nb, &nic.nic, &config, choices & 0x2000 ? "http://10.0.2.2/f5" : NULL,
			  &console, &nic.failure, port_now_ms());
	must_agree(err, &nic.failure);
	if (err)
		must(!hosted_booted(), "failed, and started all the same");
	else
		must_be_served();
	if (err)
		netboot_report_failure(&console, &nic.failure, &nb.net);
	fake_nic_free(&nic);
	return 0;
}
