/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The boot story, rung by rung: link, address, downloads, device stopped, digests, hand-over. Reads
 * the user's configuration and what servers sent; every byte was checked on its way here. Called by
 * a port's main.
 */
#include "arch/boot.h"
#include "core/bzimage.h"
#include "core/clock.h"
#include "core/kind.h"
#include "core/mem.h"
#include "net/boot/address.h"
#include "net/boot/choose.h"
#include "net/boot/digest.h"
#include "net/boot/netboot.h"

/* --- downloads -------------------------------------------------------------------------------- */

/* Replaces the variables of a value, in nb->text. */
static int expand(struct netboot *nb, const char *key, const char *value)
{
	struct text t;

	text_init(&t, nb->text, sizeof(nb->text));
	return vars_expand(&t, value, text_len(value), &nb->vars, key, nb->failure);
}

/* Memory for img, whose head is complete. */
static int grant(struct image *img, enum cargo cargo)
{
	struct span head = { img->head, img->head_len };

	return boot_cargo_grant(cargo, head, img->file_len, &img->extent, img->failure);
}

static int cargo_done(struct netboot *nb, enum cargo cargo)
{
	return boot_cargo_done(cargo, nb->image.stored, nb->failure);
}

static int place_fetch(void *ctx, struct image *img)
{
	(void)ctx;
	return grant(img, CARGO_FETCH);
}

static int place_kernel(void *ctx, struct image *img)
{
	int err = choose_refuse_self(ctx, (struct span){ img->head, img->head_len });

	return err ? err : grant(img, CARGO_KERNEL);
}

static int place_initrd(void *ctx, struct image *img)
{
	(void)ctx;
	return grant(img, CARGO_INITRD);
}

/* A boot program of the BIOS's is what is nothing else, where one may be named [PXE-01]. */
static bool may_be_nbp(const struct netboot *nb)
{
	return boot_dhcp_arch() == 0 && (nb->named_by_dhcp || nb->config->nbp);
}

static int place_nbp(struct netboot *nb, struct image *img)
{
	struct span head = { img->head, img->head_len };
	int err = kind_refuse_nbp(head, nb->failure);

	nb->cargo = CARGO_NBP;
	return err ? err : grant(img, CARGO_NBP);
}

/*
 * What `url` names is a kernel, or an entry that says where the kernel is, or a boot program. What
 * is none of them is refused as a kernel.
 */
static int place_kernel_or_entry(void *ctx, struct image *img)
{
	struct netboot *nb = ctx;
	struct span head = { img->head, img->head_len };
	int err;

	if (!bzimage_is(head) && !bls_may_be(head) && may_be_nbp(nb))
		return place_nbp(nb, img);
	if (bzimage_is(head) || !bls_may_be(head))
		return place_kernel(ctx, img);
	err = kind_refuse(head, boot_dhcp_arch() != 0, nb->failure); /* a web page is text, too */
	if (err)
		return err;
	if (img->file_len != IMAGE_LEN_UNKNOWN && img->file_len > sizeof(nb->entry))
		return fail(nb->failure, RUNG_IMAGE, ERR_NO_SPACE,
			    "the boot entry is longer than %u bytes", (unsigned)sizeof(nb->entry));
	img->extent = (struct extent){ nb->entry, sizeof(nb->entry) };
	return 0;
}

/* Brings nb->uri into nb->image, as the next of nb->file. */
static int download_file(struct netboot *nb)
{
	struct netboot_file *file = &nb->file[nb->files];
	int err;

	sha256_init(&file->sha);
	if (!nb->net.nic->lands) /* else the device may still change it */
		nb->net.spare = digest_piece;
	nb->net.spare_ctx = nb;
	err = fetch_get(&nb->fetch, &nb->uri, &nb->image);
	nb->net.spare = NULL; /* the image is the next file's from now on */
	file->at = nb->image.extent.at;
	file->len = nb->image.stored;
	nb->files += !err;
	return err;
}

/* Downloads nb->uri and prints what it cost. */
static int download(struct netboot *nb, uint32_t head_want, image_place_fn place)
{
	char rate[CONSOLE_MB_LEN];
	struct text t;
	uint32_t ms;
	int err;

	if (nb->files == NETBOOT_FILES_MAX)
		return fail(nb->failure, RUNG_CONFIG, ERR_NO_SPACE, "more than %u files to load",
			    NETBOOT_FILES_MAX);
	image_open(&nb->image, head_want, place, nb, nb->failure);
	err = download_file(nb);
	if (err)
		return err;
	ms = clock_now_ms() - nb->fetch.started_ms;
	text_init(&t, nb->text, URL_SHOWN_MAX);
	uri_text(&t, &nb->fetch.uri);
	console_line(nb->console, "%s: %s%s %llu bytes in %u ms, %s MB/s",
		     fetch_protocol(&nb->fetch), nb->text, t.cut ? "..." : "",
		     (unsigned long long)nb->image.stored, (unsigned)ms,
		     console_mb_per_s(rate, nb->image.stored, ms));
	return 0;
}

/* Downloads what the key names. */
static int download_key(struct netboot *nb, const char *key, const char *value, uint32_t head_want,
			image_place_fn place)
{
	int err = expand(nb, key, value);

	if (!err)
		err = uri_parse(&nb->uri, nb->text, text_len(nb->text), nb->failure, RUNG_CONFIG);
	return err ? err : download(nb, head_want, place);
}

/* Downloads what an entry's line names, relative to the entry's own URL. */
static int download_ref(struct netboot *nb, struct span ref, uint32_t head_want,
			image_place_fn place)
{
	int err = uri_resolve(&nb->uri, &nb->base, (const char *)ref.at, ref.len, nb->failure,
			      RUNG_IMAGE);

	return err ? err : download(nb, head_want, place);
}

static int load_entry(struct netboot *nb)
{
	struct span file = { nb->entry, (uint32_t)nb->image.stored };
	int err;

	if (!bls_is(file))
		return fail(nb->failure, RUNG_IMAGE, ERR_FORMAT,
			    "text without a line `linux`: neither a kernel nor a boot entry");
	err = bls_parse(&nb->bls, file, boot_dhcp_arch(), nb->failure);
	if (err)
		return err;
	nb->has_bls = true;
	return download_ref(nb, nb->bls.program_ref, IMAGE_HEAD_LEN, place_kernel);
}

static int load_kernel(struct netboot *nb)
{
	int err = nb->uri_chosen ? download(nb, IMAGE_HEAD_LEN, place_kernel_or_entry) :
				   download_key(nb, "url", nb->config->url, IMAGE_HEAD_LEN,
						place_kernel_or_entry);

	if (err)
		return err;
	nb->base = nb->fetch.uri; /* after redirects: RFC 3986 5.1.3 */
	if (nb->image.extent.at == nb->entry)
		err = load_entry(nb);
	return err ? err : cargo_done(nb, nb->cargo);
}

static int initrd_done(struct netboot *nb, int err)
{
	return err ? err : cargo_done(nb, CARGO_INITRD);
}

/* URLs separated by spaces. */
static int load_listed_initrds(struct netboot *nb)
{
	const char *s = nb->initrd_list;
	size_t len;
	struct text t;
	int err;

	text_init(&t, nb->initrd_list, sizeof(nb->initrd_list));
	err = vars_expand(&t, nb->config->initrd, text_len(nb->config->initrd), &nb->vars, "initrd",
			  nb->failure);
	while (!err) {
		while (*s == ' ')
			s++;
		for (len = 0; s[len] && s[len] != ' '; len++)
			;
		if (!len)
			return 0;
		err = uri_parse(&nb->uri, s, len, nb->failure, RUNG_CONFIG);
		if (!err)
			err = initrd_done(nb, download(nb, 0, place_initrd));
		s += len;
	}
	return err;
}

static int load_initrds(struct netboot *nb)
{
	int err = 0;

	if (nb->cargo == CARGO_NBP && (nb->config->initrd[0] || nb->config->cmdline[0]))
		return fail(nb->failure, RUNG_CONFIG, ERR_CONFIG,
			    "what is to be booted is a boot program (NBP), which takes neither "
			    "initrd nor cmdline");
	if (config_has(nb->config, CONFIG_INITRD))
		return load_listed_initrds(nb);
	for (uint32_t i = 0; nb->has_bls && i < nb->bls.initrds && !err; i++)
		err = initrd_done(nb, download_ref(nb, nb->bls.initrd_ref[i], 0, place_initrd));
	return err;
}

/* --- the end ---------------------------------------------------------------------------------- */

/*
 * The network is left in order, and the device is reset and has said so: from here on nobody but us
 * writes to memory.
 */
static int stop(struct netboot *nb)
{
	int err = fetch_close(&nb->fetch);

	return err ? err : nb->net.nic->ops->close(nb->net.nic);
}

static void print_counts(struct console *console, struct net *net)
{
	char buf[300];
	struct text t;

	text_init(&t, buf, sizeof(buf));
	net_count_text(net, &t);
	console_line(console, "count: %s", buf);
}

static int fetch(struct netboot *nb)
{
	char hex[SHA256_HEX_LEN];
	int err = download_key(nb, "fetch", nb->config->fetch, 0, place_fetch);

	if (!err)
		err = stop(nb);
	if (!err)
		err = digest_count(nb);
	if (!err)
		err = digest_check(nb, 0, hex);
	if (err)
		return err;
	print_counts(nb->console, &nb->net);
	console_line(nb->console, "fetch: %llu bytes sha256 %s",
		     (unsigned long long)nb->file[0].len, hex);
	return 0;
}

static void print_boot_line(struct netboot *nb)
{
	uint32_t ms, s;
	char buf[200];
	struct text t;

	s = (uint32_t)div_u64(clock_now_ms() - nb->started_ms, 1000, &ms);
	text_init(&t, buf, sizeof(buf));
	boot_text(&t);
	console_line(nb->console, "boot: %s, %u.%03u s", buf, (unsigned)s, (unsigned)ms);
}

static int boot(struct netboot *nb, const char *builtin_url)
{
	int err = choose_url(nb, builtin_url);

	if (!err)
		err = load_kernel(nb);
	if (!err)
		err = load_initrds(nb);
	if (!err)
		err = choose_cmdline(nb);
	if (!err)
		err = stop(nb);
	if (!err)
		err = digest_check_listed(nb);
	if (err)
		return err;
	print_counts(nb->console, &nb->net);
	print_boot_line(nb);
	return boot_start(nb->cmdline, nb->failure);
}

/*
 * After a failure: the peer is told, the device stopped. What goes wrong here changes nothing in
 * what the user is told.
 */
static void give_up(struct netboot *nb)
{
	fetch_abort(&nb->fetch);
	nb->net.nic->ops->tx_flush(nb->net.nic);
	err_ignore(nb->net.nic->ops->close(nb->net.nic));
}

int netboot_run(struct netboot *nb, struct nic *nic, struct config *config, const char *builtin_url,
		struct console *console, struct failure *failure, uint32_t started_ms)
{
	int err;

	memset(nb, 0, sizeof(*nb));
	nb->config = config;
	nb->console = console;
	nb->failure = failure;
	nb->started_ms = started_ms;
	nb->cargo = CARGO_KERNEL;
	if (config->digests) /* they take longer than what landing saves */
		nic->lands = false;
	net_init(&nb->net, nic, failure, config->deadline_ms);
	fetch_init(&nb->fetch, &nb->net, console);
	memcpy(nb->vars.mac, nic->mac, sizeof(nb->vars.mac));
	nb->vars.has_uuid = boot_uuid(nb->vars.uuid);
	err = address_wait_for_link(&nb->net, console);
	if (!err)
		err = address_take(&nb->net, console, config, builtin_url != NULL);
	nb->vars.ip = nb->net.ip;
	if (!err)
		err = config->fetch[0] ? fetch(nb) : boot(nb, builtin_url);
	if (err)
		give_up(nb);
	return err;
}

/* The rungs between link and image by the protocol that was tried there: scripts read these. */
static const char *shown(const struct failure *failure)
{
	switch (failure->rung) {
	case RUNG_ADDRESS:
		return "dhcp";
	case RUNG_NAME:
		return "dns";
	case RUNG_TRANSFER:
		return failure->protocol ? failure->protocol : rung_name(failure->rung);
	default:
		return rung_name(failure->rung);
	}
}

void netboot_report_failure(struct console *console, const struct failure *failure, struct net *net)
{
	console_line(console, "skiff: failed at %s: %s", shown(failure), failure->text);
	if (net)
		print_counts(console, net);
}
