/* SPDX-License-Identifier: BSD-2-Clause */
/* drivers/fw_cfg.c against a model of the two registers: names, lengths, counts that lie. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "arch/hosted/hosted.h"
#include "core/wire.h"
#include "drivers/fw_cfg.h"

#include <cmocka.h>
#undef fail

#define FILES_MAX 64
#define PREFIX "opt/org.skiff/"

static struct {
	struct hosted_pci registers;
	char signature[5];
	uint8_t nographic[2];
	uint32_t count; /* what the directory says */
	struct {
		char name[56];
		const char *data;
		uint32_t len;
	} file[FILES_MAX];
	unsigned files;
	uint16_t selector;
	uint32_t off, reads;
} model;

static uint8_t dir_byte(uint32_t off)
{
	uint8_t entry[64] = { 0 };
	uint32_t i = (off - 4) / 64;

	if (off < 4)
		return (uint8_t)(model.count >> (24 - 8 * off));
	if (i >= model.files)
		return 0;
	put_be32(entry, model.file[i].len);
	put_be16(entry + 4, (uint16_t)(0x20 + i));
	memcpy(entry + 8, model.file[i].name, 56);
	return entry[(off - 4) % 64];
}

static uint8_t item_byte(uint32_t off)
{
	unsigned i = model.selector - 0x20u;

	if (model.selector == FW_CFG_SIGNATURE)
		return off < 4 ? (uint8_t)model.signature[off] : 0;
	if (model.selector == FW_CFG_NOGRAPHIC)
		return off < 2 ? model.nographic[off] : 0;
	if (model.selector == FW_CFG_FILE_DIR)
		return dir_byte(off);
	/* nobody reads behind a file's end */
	assert_true(i < model.files && off < model.file[i].len);
	return (uint8_t)model.file[i].data[off];
}

static uint32_t data_read(void *ctx, unsigned bar, uint32_t off, unsigned width)
{
	(void)ctx;
	assert_int_equal(bar, 0);
	assert_int_equal(off, 1);
	assert_int_equal(width, 1);
	model.reads++;
	return item_byte(model.off++);
}

static void selector_write(void *ctx, unsigned bar, uint32_t off, unsigned width, uint32_t value)
{
	(void)ctx;
	assert_int_equal(bar, 0);
	assert_int_equal(off, 0);
	assert_int_equal(width, 2);
	model.selector = (uint16_t)value;
	model.off = 0;
}

static void add(const char *name, const char *data, uint32_t len)
{
	size_t n = strlen(name);

	assert_true(n <= 56);
	memcpy(model.file[model.files].name, name, n);
	model.file[model.files].data = data;
	model.file[model.files].len = len;
	model.count = ++model.files;
}

/* What the callback saw, as "key=value;" strings. */
static struct {
	char text[FW_CFG_VALUE_MAX + 4096];
	int answer;
} seen;

static int see(void *ctx, const char *source, const char *key, const char *value, uint32_t len)
{
	size_t n = strlen(seen.text);

	assert_ptr_equal(ctx, &seen);
	assert_string_equal(source, "fw_cfg");
	assert_int_equal(value[len], 0);
	snprintf(seen.text + n, sizeof(seen.text) - n, "%s=%.*s;", key, (int)len, value);
	return seen.answer;
}

static struct fw_cfg fw;

static bool open_fw_cfg(void)
{
	struct window registers;

	hosted_fw_cfg_window(&registers);
	return fw_cfg_open(&fw, &registers);
}
static struct failure failure;

static int setup(void **state)
{
	(void)state;
	hosted_reset();
	memset(&model, 0, sizeof(model));
	memset(&seen, 0, sizeof(seen));
	memset(&failure, 0, sizeof(failure));
	memset(&fw, 0x5a, sizeof(fw));
	strcpy(model.signature, "QEMU");
	model.registers = (struct hosted_pci){ .bar_read = data_read, .bar_write = selector_write };
	hosted_attach_fw_cfg(&model.registers);
	return 0;
}

static int each(void)
{
	return fw_cfg_each(&fw, PREFIX, see, &seen, &failure);
}

static void keys_and_values_arrive_in_order(void **state)
{
	(void)state;
	add("bootorder", "nothing", 7);
	add(PREFIX "url", "http://10.0.2.2/x", 17);
	add("etc/e820", "1234", 4);
	add(PREFIX "csum", "off\n", 4);
	add(PREFIX "fetch", "", 0);
	assert_true(open_fw_cfg());
	assert_int_equal(each(), 0);
	assert_string_equal(seen.text, "url=http://10.0.2.2/x;csum=off\n;fetch=;");
	assert_int_equal(failure.err, 0);
}

static void a_prefix_is_the_beginning_and_nothing_else(void **state)
{
	(void)state;
	add("opt/org.skif/url", "1", 1);
	add("opt/org.skiff", "2", 1);
	add("opt/org.skiffer/url", "3", 1);
	add("xopt/org.skiff/url", "4", 1);
	add(PREFIX, "5", 1);
	assert_true(open_fw_cfg());
	assert_int_equal(each(), 0);
	assert_string_equal(seen.text, "=5;");
}

static void an_error_of_the_callback_ends_the_walk(void **state)
{
	(void)state;
	add(PREFIX "a", "1", 1);
	add(PREFIX "b", "2", 1);
	seen.answer = ERR_CONFIG;
	assert_true(open_fw_cfg());
	assert_int_equal(each(), ERR_CONFIG);
	assert_string_equal(seen.text, "a=1;");
}

static void values_of_16384_bytes_are_the_longest(void **state)
{
	static char big[FW_CFG_VALUE_MAX + 1];

	(void)state;
	memset(big, 'x', sizeof(big));
	add(PREFIX "cmdline", big, FW_CFG_VALUE_MAX);
	assert_true(open_fw_cfg());
	assert_int_equal(each(), 0);
	assert_int_equal(strlen(seen.text), 8 + FW_CFG_VALUE_MAX + 1);
	model.file[0].len = FW_CFG_VALUE_MAX + 1;
	assert_int_equal(each(), ERR_CONFIG);
	assert_int_equal(failure.rung, RUNG_CONFIG);
	assert_string_equal(
		failure.text,
		"the fw_cfg file opt/org.skiff/cmdline has 16385 bytes; a value may have "
		"at most 16384");
	memset(&failure, 0, sizeof(failure));
	model.file[0].len = 0xffffffff;
	assert_int_equal(each(), ERR_CONFIG);
}

static void fill_the_stack(void)
{
	volatile char junk[8192];

	for (size_t i = 0; i < sizeof(junk); i++)
		junk[i] = 'j';
}

/* A name without a NUL in its 56 bytes. */
static void a_name_of_full_length_is_bounded(void **state)
{
	(void)state;
	add(PREFIX "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "1", 1);
	assert_true(open_fw_cfg());
	fill_the_stack();
	assert_int_equal(each(), 0);
	assert_string_equal(seen.text, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa=1;");
}

static void too_many_files_are_a_sentence(void **state)
{
	static char names[FW_CFG_MATCHES_MAX + 1][56];

	(void)state;
	for (unsigned i = 0; i <= FW_CFG_MATCHES_MAX; i++) {
		snprintf(names[i], sizeof(names[i]), PREFIX "%u", i);
		add(names[i], "", 0);
	}
	assert_true(open_fw_cfg());
	assert_int_equal(each(), ERR_CONFIG);
	assert_int_equal(failure.rung, RUNG_CONFIG);
	model.count = --model.files;
	memset(&failure, 0, sizeof(failure));
	assert_int_equal(each(), 0);
}

static void a_directory_without_end_ends(void **state)
{
	(void)state;
	add(PREFIX "url", "x", 1);
	model.count = 0xffffffff;
	assert_true(open_fw_cfg());
	assert_int_equal(each(), 0);
	assert_string_equal(seen.text, "url=x;");
	assert_true(model.reads < 300000);
}

/* Port reads are slow: the directory is gone through once, however many files match. */
static void the_directory_is_read_once(void **state)
{
	static char names[20][56];

	(void)state;
	for (unsigned i = 0; i < 20; i++) {
		snprintf(names[i], sizeof(names[i]), PREFIX "%u", i);
		add(names[i], "12", 2);
	}
	assert_true(open_fw_cfg());
	model.reads = 0;
	assert_int_equal(each(), 0);
	assert_int_equal(model.reads, 4 + 20 * 64 + 20 * 2);
}

static void without_fw_cfg_nothing_is_found(void **state)
{
	uint8_t buf[4];

	(void)state;
	hosted_attach_fw_cfg(NULL);
	assert_false(open_fw_cfg());
	assert_int_equal(each(), 0);
	assert_int_equal(fw_cfg_u16(&fw, FW_CFG_NOGRAPHIC), 0);
	assert_int_equal(fw_cfg_read(&fw, "etc/sercon-port", buf, sizeof(buf)), -1);
}

static void another_signature_is_no_fw_cfg(void **state)
{
	(void)state;
	add(PREFIX "url", "x", 1);
	strcpy(model.signature, "QEMV");
	assert_false(open_fw_cfg());
	assert_int_equal(each(), 0);
	assert_string_equal(seen.text, "");
}

static void a_number_is_little_endian(void **state)
{
	(void)state;
	model.nographic[0] = 1;
	model.nographic[1] = 2;
	assert_true(open_fw_cfg());
	assert_int_equal(fw_cfg_u16(&fw, FW_CFG_NOGRAPHIC), 0x0201);
}

static void a_file_is_read_by_name_up_to_the_buffer(void **state)
{
	char buf[4] = "zzz";

	(void)state;
	add("etc/sercon-port-not", "no", 2);
	add("etc/sercon-port", "abcdef", 6);
	assert_true(open_fw_cfg());
	assert_int_equal(fw_cfg_read(&fw, "etc/sercon-port", buf, 2), 6);
	assert_memory_equal(buf, "abz", 3);
	assert_int_equal(fw_cfg_read(&fw, "etc/sercon-por", buf, 2), -1);
	/* the model sees reads behind the end */
	assert_int_equal(fw_cfg_read(&fw, "etc/sercon-port-not", buf, 4), 2);
	assert_memory_equal(buf, "noz", 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(keys_and_values_arrive_in_order, setup),
		cmocka_unit_test_setup(a_prefix_is_the_beginning_and_nothing_else, setup),
		cmocka_unit_test_setup(an_error_of_the_callback_ends_the_walk, setup),
		cmocka_unit_test_setup(values_of_16384_bytes_are_the_longest, setup),
		cmocka_unit_test_setup(a_name_of_full_length_is_bounded, setup),
		cmocka_unit_test_setup(too_many_files_are_a_sentence, setup),
		cmocka_unit_test_setup(a_directory_without_end_ends, setup),
		cmocka_unit_test_setup(the_directory_is_read_once, setup),
		cmocka_unit_test_setup(without_fw_cfg_nothing_is_found, setup),
		cmocka_unit_test_setup(another_signature_is_no_fw_cfg, setup),
		cmocka_unit_test_setup(a_number_is_little_endian, setup),
		cmocka_unit_test_setup(a_file_is_read_by_name_up_to_the_buffer, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
