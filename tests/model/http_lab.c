/* SPDX-License-Identifier: BSD-2-Clause */
/* The fixture of test_http_*.c; see http_lab.h. */
#include "tests/model/http_lab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "arch/hosted/hosted.h"
#include "core/clock.h"

#include <cmocka.h>

static int place(void *ctx, struct image *img)
{
	struct http_lab *lab = ctx;

	if (img->file_len != IMAGE_LEN_UNKNOWN && img->file_len > lab->granted)
		return (fail)(img->failure, RUNG_IMAGE, ERR_NO_SPACE, "the file does not fit");
	img->extent = (struct extent){ lab->memory, lab->granted };
	return 0;
}

int http_lab_setup(void **state)
{
	struct http_lab *lab = calloc(1, sizeof(*lab));

	assert_non_null(lab);
	lab->memory = malloc(LAB_MEMORY);
	assert_non_null(lab->memory);
	lab->granted = LAB_MEMORY;
	stage_open(&lab->stage);
	web_init(&lab->web, &lab->stage.fake);
	lease_configure(&lab->stage.net, OUR_IP, OUR_MASK, PEER_IP, 0);
	lab->stage.net.dns_servers[0] = LAB_DNS_IP;
	fetch_init(&lab->fetch, &lab->stage.net, &lab->console);
	*state = lab;
	return 0;
}

int http_lab_teardown(void **state)
{
	struct http_lab *lab = *state;

	assert_string_equal(lab->web.complaint, "");
	assert_int_equal(bad_frames(&lab->stage.net), 0);
	web_free(&lab->web);
	stage_close(&lab->stage);
	free(lab->memory);
	free(lab);
	return 0;
}

void http_lab_deadline(struct http_lab *lab, uint32_t seconds)
{
	lab->stage.net.deadline_ms = seconds * 1000;
}

int http_lab_get(struct http_lab *lab, const char *url)
{
	struct failure *f = &lab->stage.fake.failure;
	uint32_t started_ms = clock_now_ms();
	static struct uri uri;
	int err;

	memset(lab->memory, 0xee, lab->granted);
	f->err = 0;
	assert_int_equal(uri_parse(&uri, url, strlen(url), f, RUNG_CONFIG), 0);
	image_open(&lab->image, 0, place, lab, f);
	err = fetch_get(&lab->fetch, &uri, &lab->image);
	lab->took_ms = clock_now_ms() - started_ms;
	assert_int_equal(err, f->err);
	return err;
}

void http_lab_expect(struct http_lab *lab, const char *url, uint64_t len)
{
	int err = http_lab_get(lab, url);

	if (err)
		fail_msg("%s: %s", rung_name(lab->stage.fake.failure.rung),
			 lab->stage.fake.failure.text);
	assert_int_equal(lab->image.stored, len);
	assert_true(pattern_is(lab->memory, 0, len));
	if (len < lab->granted)
		assert_int_equal(lab->memory[len], 0xee);
}

void http_lab_expect_failure(struct http_lab *lab, const char *url, enum err err, const char *words)
{
	int got = http_lab_get(lab, url);

	if (got != (int)err || !strstr(lab->stage.fake.failure.text, words))
		fail_msg("%d, not %d \"%s\": %s", got, (int)err, words,
			 lab->stage.fake.failure.text);
}

void http_lab_pass(struct http_lab *lab, uint32_t ms)
{
	while (ms--) {
		hosted_time_advance(1);
		web_poll(&lab->web);
		assert_true(net_poll(&lab->stage.net) >= 0);
	}
}
