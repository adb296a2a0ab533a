/* SPDX-License-Identifier: BSD-2-Clause */
/* The fixture of test_netboot*.c; see boot_lab.h. */
#include "tests/model/boot_lab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "arch/hosted/hosted.h"
#include "core/clock.h"

#include <cmocka.h> /* behind our own: it has a macro fail() */

static void serve(struct web_conn *c)
{
	struct boot_lab *lab = c->web->ctx;
	const struct boot_page *p = lab->pages;
	const char *path = web_path(c);

	strncat(lab->asked, path, sizeof(lab->asked) - strlen(lab->asked) - 1);
	strncat(lab->asked, " ", sizeof(lab->asked) - strlen(lab->asked) - 1);
	while (p && p->path && strcmp(p->path, path) != 0)
		p++;
	if (!p || !p->path)
		web_answer(c, "404 Not Found", 9);
	else if (p->location)
		web_say(c, "HTTP/1.1 302 Found\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n",
			p->location);
	else if (!p->text) {
		web_say(c, "HTTP/1.1 200 OK\r\nContent-Length: %llu\r\n\r\n",
			(unsigned long long)p->len);
		web_file(c, p->off, p->len);
	} else {
		web_say(c, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", strlen(p->text));
		web_repeat(c, p->text, 1);
	}
}

int boot_lab_setup(void **state)
{
	struct boot_lab *lab = calloc(1, sizeof(*lab));

	assert_non_null(lab);
	lab->nb = malloc(sizeof(*lab->nb));
	assert_non_null(lab->nb);
	memset(lab->nb, 0xa5, sizeof(*lab->nb));
	hosted_reset();
	fake_nic_init(&lab->fake);
	web_init(&lab->web, &lab->fake);
	lab->web.serve = serve;
	lab->web.ctx = lab;
	dhcp_server_open(&lab->dhcp, &lab->fake);
	dhcp_server_say(&lab->dhcp, 1, "\377\377\377\0", 4);
	dhcp_server_say(&lab->dhcp, 3, "\12\0\2\2", 4);
	dhcp_server_say(&lab->dhcp, 6, "\12\0\2\3", 4);
	config_init(&lab->config);
	*state = lab;
	return 0;
}

int boot_lab_teardown(void **state)
{
	struct boot_lab *lab = *state;

	assert_string_equal(lab->web.complaint, "");
	assert_true(lab->fake.closed > 0);
	web_free(&lab->web);
	fake_nic_free(&lab->fake);
	free(lab->nb);
	free(lab);
	return 0;
}

void boot_lab_key(struct boot_lab *lab, const char *key, const char *value)
{
	struct failure *f = &lab->fake.failure;

	if (config_set(&lab->config, "test", key, strlen(key), value, strlen(value), f))
		fail_msg("%s", f->text);
}

void boot_lab_lease(struct boot_lab *lab, uint8_t code, const char *text)
{
	dhcp_server_say(&lab->dhcp, code, text, (uint32_t)strlen(text));
}

static void run(struct boot_lab *lab)
{
	lab->err = netboot_run(lab->nb, &lab->fake.nic, &lab->config, lab->builtin_url,
			       &lab->console, &lab->fake.failure, clock_now_ms());
	assert_true(lab->fake.closed > 0);
	assert_int_equal(lab->err, lab->fake.failure.err);
}

void boot_lab_run(struct boot_lab *lab)
{
	run(lab);
	if (lab->err)
		fail_msg("%s: %s", rung_name(lab->fake.failure.rung), lab->fake.failure.text);
	assert_int_equal(lab->fake.closed, 1);
}

void boot_lab_boots(struct boot_lab *lab, const char *cmdline)
{
	boot_lab_run(lab);
	assert_non_null(hosted_booted());
	assert_string_equal(hosted_booted(), cmdline);
}

void boot_lab_fails(struct boot_lab *lab, enum rung rung, enum err err, const char *words)
{
	const struct failure *f = &lab->fake.failure;

	run(lab);
	if (f->err != err || f->rung != rung || !strstr(f->text, words))
		fail_msg("%d at %s, not %d at %s \"%s\": %s", f->err, rung_name(f->rung), err,
			 rung_name(rung), words, f->text);
	assert_null(hosted_booted());
	assert_null(strstr(hosted_output(), "boot: "));
}

bool boot_lab_got(unsigned i, enum cargo cargo, uint64_t off, uint64_t len)
{
	const struct hosted_cargo *c;

	if (i >= hosted_cargo_count())
		return false;
	c = hosted_cargo(i);
	return c->cargo == cargo && c->file_len == len && pattern_is(c->extent.at, off, len);
}

const char *boot_lab_sha256(const char *text, uint64_t off, uint64_t len)
{
	static char hex[4][SHA256_HEX_LEN];
	static unsigned next;
	uint8_t digest[SHA256_LEN];
	struct sha256 s;

	sha256_init(&s);
	if (text)
		sha256_update(&s, text, strlen(text));
	for (; !text && len > 0; off++, len--)
		sha256_update(&s, pattern_at(off, 1), 1);
	sha256_final(&s, digest);
	return sha256_text(hex[next++ % 4], digest);
}
