/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * skiff, the program: joins the driver and the stack, who do not know each other. Configuration
 * from its sources, the driver opened, the boot story told with its nic. Called by a port's main().
 */
#include "arch/boot.h"
#include "arch/program.h"
#include "core/builtin.h"
#include "core/clock.h"
#include "core/console.h"
#include "drivers/virtio_net.h"
#include "net/boot/netboot.h"

#define DEVICE_NAME_LEN 32

/* The one object of this program; all of it zeros at the start. */
static struct skiff {
	struct console console;
	struct failure failure;
	struct config config;
	char features[VIRTIO_FEATURES_TEXT_LEN];
	struct virtio_net driver;
	struct netboot netboot;
} skiff;

static int set(void *ctx, const char *source, const char *key, const char *value, uint32_t len)
{
	struct skiff *s = ctx;

	return config_set(&s->config, source, key, text_len(key), value, len, &s->failure);
}

/* All built-in keys but url, which DHCP goes before: that one is returned in *url. */
static int set_builtin(struct skiff *s, const char **url)
{
	int err = 0;

	for (const struct builtin_key *k = builtin_keys; k->key && !err; k++) {
		if (text_eq(k->key, "url"))
			*url = k->value;
		else
			err = set(s, "built in", k->key, k->value, (uint32_t)text_len(k->value));
	}
	return err;
}

static int configure(struct skiff *s, const char **url)
{
	int err;

	config_init(&s->config);
	err = boot_config_each(set, s, &s->failure);
	return err ? err : set_builtin(s, url);
}

static void print_device(struct skiff *s, const char *place)
{
	const struct nic *nic = virtio_net_nic(&s->driver);
	char mac[MAC_TEXT_LEN], name[DEVICE_NAME_LEN];
	struct text t;

	text_init(&t, name, sizeof(name));
	virtio_name(&s->driver.virtio, &t);
	console_line(&s->console, "skiff %s virtio-net %s %s %s mtu %u", skiff_version, place, name,
		     mac_text(mac, nic->mac), nic->mtu);
	text_init(&t, s->features, sizeof(s->features));
	virtio_features_text(&s->driver.virtio, &t);
	console_line(&s->console, "virtio: %s", s->features);
}

int program_run(uintptr_t fn, const char *place)
{
	struct skiff *s = &skiff;
	struct virtio_net_options options;
	uint32_t started_ms = clock_now_ms();
	const char *builtin_url = NULL;
	struct net *net = NULL;
	int err;

	err = configure(s, &builtin_url);
	if (!err) {
		options = (struct virtio_net_options){ .csum = s->config.csum,
						       .features = s->config.features,
						       .tso = true };
		err = virtio_net_open(&s->driver, fn, &options, &s->failure);
	}
	if (!err) {
		print_device(s, place);
		net = &s->netboot.net;
		err = netboot_run(&s->netboot, virtio_net_nic(&s->driver), &s->config, builtin_url,
				  &s->console, &s->failure, started_ms);
	}
	if (err)
		netboot_report_failure(&s->console, &s->failure, net);
	return err;
}

struct net *program_net(uintptr_t *fn)
{
	*fn = skiff.driver.virtio.fn;
	return &skiff.netboot.net;
}

int program_serve(uint16_t rx_slots)
{
	struct skiff *s = &skiff;
	const struct virtio_net_options options = {
		.csum = CSUM_POLICY_OFF, /* nobody is asked to finish what a device left open */
		.features = s->config.features,
		.rx_slots = rx_slots,
	};
	int err = virtio_net_open(&s->driver, s->driver.virtio.fn, &options, &s->failure);

	if (!err)
		net_resume(&s->netboot.net);
	return err;
}

int program_stop(void)
{
	return virtio_close(&skiff.driver.virtio, &skiff.failure);
}
