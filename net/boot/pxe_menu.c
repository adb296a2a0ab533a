/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A menu to choose a boot server from. Its texts are a server's, any bytes: the console makes them
 * printable, and here they are kept within a line. pxe.c calls.
 */
#include "core/clock.h"
#include "net/boot/pxe_menu.h"

#define TEXT_MAX 70 /* characters of a text of the server's */
#define TICK_MS 250 /* between two looks at the clock, which the user sees */
#define KEY_ENTER '\r'

static const char keys[PXE_MENU_ITEMS_MAX + 1] = "123456789abcdefghijk";

struct menu {
	struct net *net;
	struct console *console;
	struct dhcp_menu_item item[PXE_MENU_ITEMS_MAX];
	uint32_t items;
};

/* For %.*s. */
static int shown_len(struct span text)
{
	return text.len < TEXT_MAX ? (int)text.len : TEXT_MAX;
}

static void read_items(struct menu *m, struct span menu)
{
	while (m->items < PXE_MENU_ITEMS_MAX && dhcp_vendor_item(&menu, &m->item[m->items]))
		m->items++;
}

static void show(const struct menu *m, const struct dhcp_vendor *v)
{
	if (v->prompt.len)
		console_line(m->console, "pxe: %.*s", shown_len(v->prompt), v->prompt.at);
	for (uint32_t i = 0; i < m->items; i++)
		console_line(m->console, "pxe: %c: %.*s", keys[i], shown_len(m->item[i].text),
			     m->item[i].text.at);
}

/* Whether a key chooses an item, which is *chosen then: its own key, or Enter for the first. */
static bool is_choice(const struct menu *m, char key, uint32_t *chosen)
{
	char lower = key >= 'A' && key <= 'Z' ? (char)(key - 'A' + 'a') : key;

	*chosen = 0;
	if (key == KEY_ENTER)
		return true;
	while (*chosen < m->items && keys[*chosen] != lower)
		++*chosen;
	return *chosen < m->items;
}

/* The seconds that are left; *shown_s: as they stand there already. */
static void show_time(const struct menu *m, uint32_t left_s, uint32_t *shown_s)
{
	if (left_s == *shown_s)
		return;
	*shown_s = left_s;
	console_progress(m->console, "pxe: %s, or 1 in %u s",
			 m->items > 1 ? "a key, Enter" : "Enter", (unsigned)left_s);
}

static bool key_came(void *net)
{
	return ((struct net *)net)->key != 0;
}

/*
 * Waits for a key that chooses, wait_ms at most (0: for ever, as PXE 2.1 wants for 255 s); else it
 * is the first item. No server is waited for: that a user thinks costs no deadline.
 */
static int wait_for_choice(const struct menu *m, uint32_t wait_ms, uint32_t *chosen)
{
	uint32_t start_ms = clock_now_ms(), past_ms, shown_s = 0;
	int err;

	*chosen = 0;
	while ((past_ms = clock_now_ms() - start_ms) < wait_ms || !wait_ms) {
		if (wait_ms)
			show_time(m, (wait_ms - past_ms + 999) / 1000, &shown_s);
		net_begin(m->net, RUNG_ADDRESS);
		err = net_wait(m->net, key_came, m->net, TICK_MS);
		if (err && err != ERR_TIMEOUT)
			return err;
		if (!err && is_choice(m, m->net->key, chosen))
			return 0;
		m->net->key = 0;
	}
	*chosen = 0;
	return 0;
}

/*
 * PXE 2.1 leaves open what a menu without a prompt means. One with a choice waits, as dnsmasq's
 * authors read it [DHCP-23].
 */
static uint32_t prompt_s(const struct menu *m, const struct dhcp_vendor *v)
{
	if (v->has_prompt)
		return v->prompt_s;
	return m->items > 1 ? DHCP_PROMPT_WAIT : 0;
}

int pxe_menu_choose(struct net *net, struct console *console, const struct dhcp_vendor *vendor,
		    struct dhcp_menu_item *item)
{
	struct menu m = { .net = net, .console = console };
	uint32_t seconds, chosen = 0;
	int err = 0;

	/* What was typed before there was a menu is no answer to it. */
	if (console_aborts(NULL))
		return fail(net->failure, net->rung, ERR_ABORTED, "given up by Esc or Ctrl-C");
	net->key = 0;
	read_items(&m, vendor->menu);
	seconds = prompt_s(&m, vendor);
	if (seconds) {
		show(&m, vendor);
		err = wait_for_choice(&m, seconds == DHCP_PROMPT_WAIT ? 0 : 1000 * seconds,
				      &chosen);
	}
	if (err)
		return err;
	*item = m.item[chosen];
	console_line(console, "pxe: chosen: %.*s", shown_len(item->text), item->text.at);
	return 0;
}
