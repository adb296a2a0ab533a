/* SPDX-License-Identifier: BSD-2-Clause */
/* Device paths: which NIC a path leads over, and the path of a downloaded file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "arch/uefi/path.h"
#include "core/wire.h"

#define ROOT 2, 1, 12, 0, 0xd0, 0x41, 3, 0x0a, 0, 0, 0, 0 /* PciRoot(0) */
#define PCI(device) 1, 1, 6, 0, 0, device
#define ZEROS 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
#define MAC 3, 11, 37, 0, 0x52, 0x54, 0, 0x12, 0x34, 0x56, ZEROS, ZEROS, 1
#define END 0x7f, 0xff, 4, 0

static const uint8_t nic[] = { ROOT, PCI(2), END };
static const uint8_t nothing[] = { END };

static void length_is_that_of_the_nodes_without_the_end(void **state)
{
	(void)state;
	assert_int_equal(path_len(nothing), 0);
	assert_int_equal(path_len(nic), 18);
}

static void a_path_through_the_device_is_below_it(void **state)
{
	static const uint8_t over_nic[] = { ROOT, PCI(2), MAC, END };

	(void)state;
	assert_true(path_is_below(over_nic, nic));
	assert_true(path_is_below(nic, nic));
}

static void other_devices_are_not(void **state)
{
	static const uint8_t other[] = { ROOT, PCI(3), MAC, END }, bus[] = { ROOT, END },
			     bridged[] = { ROOT, PCI(1), PCI(2), END };

	(void)state;
	assert_false(path_is_below(other, nic));
	assert_false(path_is_below(bus, nic));
	assert_false(path_is_below(bridged, nic));
}

static void nothing_is_below_an_empty_path(void **state)
{
	(void)state;
	assert_false(path_is_below(nic, nothing));
	assert_false(path_is_below(nothing, nothing));
}

static void the_first_of_several_instances_counts(void **state)
{
	static const uint8_t two[] = { ROOT, PCI(2), 0x7f, 1, 4, 0, ROOT, PCI(3), END };

	(void)state;
	assert_int_equal(path_len(two), 18);
}

static void a_node_shorter_than_its_header_is_broken(void **state)
{
	static const uint8_t loop[] = { ROOT, 1, 1, 0, 0, END },
			     three[] = { 1, 1, 3, 0, 1, 4, 0, END };

	(void)state;
	assert_int_equal(path_len(loop), 0);
	assert_int_equal(path_len(three), 0);
	assert_false(path_is_below(loop, nic));
}

static void a_path_without_an_end_is_broken(void **state)
{
	static uint8_t endless[PATH_LEN_MAX + 4];

	(void)state;
	for (uint32_t i = 0; i < sizeof(endless); i += 4)
		memcpy(endless + i, "\1\1\4\0", 4);
	assert_int_equal(path_len(endless), 0);
	memcpy(endless + PATH_LEN_MAX, "\x7f\xff\4\0", 4);
	assert_int_equal(path_len(endless), PATH_LEN_MAX);
}

static void a_file_s_path_names_the_device_and_the_memory(void **state)
{
	uint8_t buf[PATH_FILE_MAX], *node = buf + 18;
	const uint64_t at = 0x123456789000;

	(void)state;
	path_of_file(buf, nic, at, 0x1000);
	assert_true(path_is_below(buf, nic));
	assert_int_equal(path_len(buf), 18 + 24);
	assert_int_equal(node[0], 1);
	assert_int_equal(node[1], 3);
	assert_int_equal(get_le32(node + 4), 2);
	assert_int_equal(get_le64(node + 8), at);
	assert_int_equal(get_le64(node + 16), at + 0xfff);
}

static void a_broken_device_is_left_out_of_it(void **state)
{
	static const uint8_t broken[] = { 1, 1, 0, 0, END };
	uint8_t buf[PATH_FILE_MAX];

	(void)state;
	path_of_file(buf, broken, 0x1000, 1);
	assert_int_equal(path_len(buf), 24);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(length_is_that_of_the_nodes_without_the_end),
		cmocka_unit_test(a_path_through_the_device_is_below_it),
		cmocka_unit_test(other_devices_are_not),
		cmocka_unit_test(nothing_is_below_an_empty_path),
		cmocka_unit_test(the_first_of_several_instances_counts),
		cmocka_unit_test(a_node_shorter_than_its_header_is_broken),
		cmocka_unit_test(a_path_without_an_end_is_broken),
		cmocka_unit_test(a_file_s_path_names_the_device_and_the_memory),
		cmocka_unit_test(a_broken_device_is_left_out_of_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
