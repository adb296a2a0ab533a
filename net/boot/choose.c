/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who says what to boot, and with which words: a key, DHCP, a PXE server, a boot entry, or nobody
 * but the build. What servers name is taken apart by net/uri.c. Called by netboot.c.
 */
#include "arch/boot.h"
#include "net/boot/choose.h"
#include "net/boot/pxe.h"

static int take_url(struct netboot *nb, const char *source, const char *url)
{
	return config_set(nb->config, source, "url", 3, url, text_len(url), nb->failure);
}

/* A URL, or a name that a server has by TFTP. Says which, and who named it [DHCP-16]. */
static int take_boot_file(struct netboot *nb, const struct dhcp_boot *boot)
{
	struct text t, by;
	char buf[100];
	int err;

	nb->named_by_dhcp = true;
	nb->uri_chosen = !uri_is(boot->file);
	err = nb->uri_chosen ?
		      uri_tftp(&nb->uri, boot->server, boot->file, nb->failure, RUNG_CONFIG) :
		      take_url(nb, "DHCP", boot->file);
	if (err)
		return err;
	text_init(&t, nb->text, URL_SHOWN_MAX);
	if (nb->uri_chosen)
		uri_text(&t, &nb->uri);
	else
		text_fmt(&t, "%s", boot->file);
	text_init(&by, buf, sizeof(buf));
	dhcp_boot_text(boot, &by);
	console_line(nb->console, "boot file: %s%s (%s)", nb->text, t.cut ? "..." : "", buf);
	return 0;
}

/* What names a URL, of what came with the lease: nobody is asked any more. NULL: nothing. */
static const struct dhcp_boot *offered_url(const struct dhcp *d)
{
	if (uri_is(d->lease.boot.file))
		return &d->lease.boot;
	return uri_is(d->proxy.file) ? &d->proxy : NULL;
}

/*
 * First match wins: what config holds; DHCP's boot file, if it is a URL [DHCP-30]; what was built
 * in; what DHCP or a PXE server has by TFTP, with a menu or without. A file that is no URL may be
 * meant for the firmware, by whose PXE we came ourselves: what was built in is meant for us.
 */
int choose_url(struct netboot *nb, const char *builtin_url)
{
	const struct dhcp_boot *boot;
	int err;

	if (config_has(nb->config, CONFIG_URL))
		return 0;
	boot = builtin_url ? offered_url(&nb->net.dhcp) : NULL;
	if (builtin_url && !boot)
		return take_url(nb, "built in", builtin_url);
	err = boot ? 0 : pxe_choose(&nb->net, nb->console, &boot);
	if (err)
		return err;
	if (boot->file[0])
		return take_boot_file(nb, boot);
	return fail(nb->failure, RUNG_CONFIG, ERR_CONFIG,
		    "nobody says what to boot; set the key url (-fw_cfg "
		    "name=opt/org.skiff/url,string=http://...) or DHCP option 67");
}

/* Without its variables replaced. */
static const char *cmdline(const struct netboot *nb)
{
	bool is_entrys = nb->has_bls && !config_has(nb->config, CONFIG_CMDLINE);

	return is_entrys ? nb->bls.options : nb->config->cmdline;
}

int choose_cmdline(struct netboot *nb)
{
	struct text t;

	text_init(&t, nb->cmdline, sizeof(nb->cmdline));
	if (cmdline(nb) == nb->config->cmdline)
		return vars_expand(&t, cmdline(nb), text_len(cmdline(nb)), &nb->vars, "cmdline",
				   nb->failure);
	text_fmt(&t, "%s", cmdline(nb));
	return 0;
}

int choose_refuse_self(const struct netboot *nb, struct span head)
{
	return cmdline(nb)[0] ? 0 : boot_refuse_self(head, nb->failure);
}
