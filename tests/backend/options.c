/* SPDX-License-Identifier: BSD-2-Clause */
/* Command line, feature names, profiles. The user wrote all that is read here. Called by main.c. */
#include "tests/backend/options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MTU_LEAST 68
#define MTU_MOST 65535

/* clang-format off */
#define F(name) { #name, VIRTIO_NET_F_##name }
static const struct {
	const char *name;
	unsigned bit;
} names[] = {
	F(CSUM), F(GUEST_CSUM), F(MTU), F(GUEST_TSO4), F(GUEST_TSO6), F(GUEST_ECN), F(HOST_TSO4),
	F(HOST_TSO6), F(HOST_ECN), F(MRG_RXBUF),
	{ "NOTIFY_ON_EMPTY", VIRTIO_F_NOTIFY_ON_EMPTY }, { "ANY_LAYOUT", VIRTIO_F_ANY_LAYOUT },
	{ "INDIRECT_DESC", VIRTIO_RING_F_INDIRECT_DESC }, { "EVENT_IDX", VIRTIO_RING_F_EVENT_IDX },
	{ "VERSION_1", VIRTIO_F_VERSION_1 }, { "RING_RESET", VIRTIO_F_RING_RESET },
};
/* clang-format on */

#define NET(name) BIT(VIRTIO_NET_F_##name)
#define HONEST \
	(BIT(VIRTIO_F_VERSION_1) | BIT(VIRTIO_F_ANY_LAYOUT) | BIT(VIRTIO_RING_F_INDIRECT_DESC) | \
	 BIT(VIRTIO_RING_F_EVENT_IDX) | NET(CSUM) | NET(GUEST_CSUM) | NET(GUEST_TSO4) | \
	 NET(GUEST_TSO6) | NET(GUEST_ECN) | NET(HOST_TSO4) | NET(HOST_TSO6) | NET(MRG_RXBUF))
#define EARLY (BIT(VIRTIO_F_VERSION_1) | NET(MRG_RXBUF))

/* clang-format off */
/* passt makes its frames itself, so they never have NEEDS_CSUM: `csum` clears it. */
static const struct {
	const char *name, *help;
	uint64_t features;
	const char *rules[2];
	unsigned rx_descriptors;
} profiles[] = {
	{ "honest", "breaks no rule", HONEST, { NULL }, 0 },
	{ "passt-early",
	  "passt before spring 2026: DATA_VALID and checksums 0, GUEST_CSUM not offered",
		EARLY, { "data-valid,csum=zero", NULL }, 0 },
	{ "passt-early-capture", "the same while it records: checksums are computed",
		EARLY, { "data-valid,csum=good", NULL }, 0 },
	{ "passt-2025-05", "Debian 13's: passt-early, which follows no chain in the receive queue",
		EARLY, { "data-valid,csum=zero", NULL }, 1 },
	{ "passt-repaired", "passt since: GUEST_CSUM offered, checksums 0 where it was accepted",
		EARLY | NET(GUEST_CSUM), { "data-valid,csum=zero,guest-csum",
		"data-valid,csum=good,no-guest-csum" }, 0 },
	{ "passt-repaired-capture", "the same while it records: checksums are computed",
		EARLY | NET(GUEST_CSUM), { "data-valid,csum=good", NULL }, 0 },
};

/* clang-format on */
#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static _Noreturn void help(void)
{
	printf("usage: backend --socket PATH --tap NAME [OPTION]…\n"
	       "A vhost-user back end for virtio-net between QEMU and a tap; it breaks rules on "
	       "request.\n\n"
	       "  --socket PATH       where to listen for QEMU; nothing may be there\n"
	       "  --tap NAME          the tap, made if it is not there\n"
	       "  --profile NAME      features and rules to begin with; honest\n"
	       "  --features LIST     +NAME and -NAME change the profile's features; NAMEs replace "
	       "them\n"
	       "  --fault RULE        one rule; may be repeated\n"
	       "  --rules FILE        one rule a line, # begins a comment; may be repeated\n"
	       "  --seed N            of all chance; 1\n"
	       "  --pcap FILE         record what the guest sees and sends: pcapng, the virtio "
	       "header as comment\n"
	       "  --mtu N             offer MTU, and take none above N from QEMU (host_mtu=)\n"
	       "  --rx-descriptors N  end at a receive buffer of more descriptors, as some back "
	       "ends do\n"
	       "  --late N            look at a queue N ms after it was begun, as some poll late\n"
	       "  --ready-fd N        write a line to file descriptor N when QEMU can connect\n"
	       "\nProfiles:\n");
	for (size_t i = 0; i < LENGTH(profiles); i++)
		printf("  %-24s %s\n", profiles[i].name, profiles[i].help);
	printf("\nFeatures:");
	for (size_t i = 0; i < LENGTH(names); i++)
		printf("%s%s", i % 8 ? " " : "\n  ", names[i].name);
	printf("\n");
	actions_help();
	exit(0);
}

static uint64_t number(const char *option, const char *text, uint64_t least, uint64_t most)
{
	char *end;
	uint64_t n;

	errno = 0;
	n = strtoull(text, &end, 0);
	if (end == text || *end || errno || *text == '-' || n < least || n > most)
		fail("%s %s: wants a number from %llu to %llu", option, text,
		     (unsigned long long)least, (unsigned long long)most);
	return n;
}

static uint64_t feature(const char *name)
{
	for (size_t i = 0; i < LENGTH(names); i++)
		if (!strcmp(name, names[i].name))
			return BIT(names[i].bit);
	fail("--features: '%s' is no feature that passes from a back end; --help lists them", name);
}

static uint64_t features(const char *list, uint64_t before)
{
	char copy[512], *rest = copy, *word;
	bool replaced = false;

	if (strlen(list) >= sizeof(copy))
		fail("--features: the list is longer than %zu characters", sizeof(copy) - 1);
	strcpy(copy, list);
	while ((word = strsep(&rest, ","))) {
		if (*word != '+' && *word != '-' && !replaced) {
			before = 0;
			replaced = true;
		}
		if (*word == '-')
			before &= ~feature(word + 1);
		else
			before |= feature(word + (*word == '+'));
	}
	return before;
}

static void use_profile(struct options *options, const char *name)
{
	for (size_t i = 0; i < LENGTH(profiles); i++) {
		if (strcmp(name, profiles[i].name))
			continue;
		options->features = profiles[i].features;
		options->rx_descriptors = profiles[i].rx_descriptors;
		for (size_t k = 0; k < LENGTH(profiles[i].rules) && profiles[i].rules[k]; k++)
			rules_add(&options->rules, profiles[i].rules[k], "--profile", true);
		return;
	}
	fail("--profile: '%s' is none; --help lists them", name);
}

/* 5.1.3.1: an honest offer is a closed one. */
static void check(const struct options *options)
{
	uint64_t f = options->features;

	if (f & (NET(GUEST_TSO4) | NET(GUEST_TSO6)) && !(f & NET(GUEST_CSUM)))
		note("backend: offers GUEST_TSO without GUEST_CSUM (VIRTIO 1.4, 5.1.3.1)");
	if (!options->socket || !options->tap)
		fail("--socket and --tap are needed; --help says more");
}

static const char *const option_names[] = {
	"--socket", "--tap",  "--profile", "--features",       "--fault",    "--rules",
	"--seed",   "--pcap", "--mtu",     "--rx-descriptors", "--ready-fd", "--late",
};

/* The value of the option `name` at argv[i], or NULL if it is another one. */
static const char *value(char **argv, int i, const char *name)
{
	return strcmp(argv[i], name) ? NULL : argv[i + 1];
}

static void known(const char *option, const char *text)
{
	for (size_t i = 0; i < LENGTH(option_names); i++) {
		if (strcmp(option, option_names[i]))
			continue;
		if (!text)
			fail("%s wants a value; --help says which", option);
		return;
	}
	fail("'%s' is no option; --help lists them", option);
}

static void parse_one(struct options *o, char **argv, int i)
{
	const char *text;

	if ((text = value(argv, i, "--socket")))
		o->socket = text;
	else if ((text = value(argv, i, "--tap")))
		o->tap = text;
	else if ((text = value(argv, i, "--features")))
		o->features = features(text, o->features);
	else if ((text = value(argv, i, "--fault")))
		rules_add(&o->rules, text, "--fault", false);
	else if ((text = value(argv, i, "--rules")))
		rules_add_file(&o->rules, text);
	else if ((text = value(argv, i, "--seed")))
		o->rules.seed = number("--seed", text, 0, UINT64_MAX);
	else if ((text = value(argv, i, "--pcap")))
		o->pcap = text;
	else if ((text = value(argv, i, "--mtu")))
		o->mtu = (uint16_t)number("--mtu", text, MTU_LEAST, MTU_MOST);
	else if ((text = value(argv, i, "--rx-descriptors")))
		o->rx_descriptors = (unsigned)number("--rx-descriptors", text, 1, 1024);
	else if ((text = value(argv, i, "--late")))
		o->late_ms = (uint32_t)number("--late", text, 0, 60000);
	else if ((text = value(argv, i, "--ready-fd")))
		o->ready_fd = (int)number("--ready-fd", text, 0, 65535);
}

void options_parse(struct options *options, int argc, char **argv)
{
	const char *profile = "honest";

	memset(options, 0, sizeof(*options));
	options->ready_fd = -1;
	options->rules.seed = 1;
	for (int i = 1; i < argc; i += 2) {
		if (!strcmp(argv[i], "--help"))
			help();
		known(argv[i], argv[i + 1]);
		if (!strcmp(argv[i], "--profile"))
			profile = argv[i + 1];
	}
	use_profile(options, profile);
	for (int i = 1; i < argc; i += 2)
		parse_one(options, argv, i);
	if (options->mtu)
		options->features |= NET(MTU);
	check(options);
}
