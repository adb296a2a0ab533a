/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * UEFI device paths and text in 16 bits. A path is firmware's: it ends only by its own words, so
 * the input is given the end node that firmware gives. fuzz: -max_len=2000
 */
#include "arch/uefi/path.h"
#include "arch/uefi/ucs2.h"
#include "tests/fuzz/fuzz.h"

#define FILE_NODE_LEN 24

/* The bytes and, behind them, ends of a path for as far as any node may reach. */
static uint8_t *path_with_end(struct span bytes)
{
	static uint8_t ends[PATH_LEN_MAX + 8];
	uint8_t *path = malloc(bytes.len + sizeof(ends));

	for (size_t i = 0; i < sizeof(ends) && ends[sizeof(ends) - 2] == 0; i += 4)
		memcpy(ends + i, "\x7f\xff\x04", 4);
	memcpy(path, bytes.at, bytes.len);
	memcpy(path + bytes.len, ends, sizeof(ends));
	return path;
}

static void read_text(struct span bytes)
{
	char *s = malloc(bytes.len + 1);
	uint16_t *wide = malloc(2 * ((size_t)bytes.len + 1));
	int64_t n;

	memcpy(s, bytes.at, bytes.len);
	s[bytes.len] = 0;
	n = ucs2_from_utf8(wide, s);
	must(n >= -1 && n <= (int64_t)strlen(s), "more characters than bytes");
	if (n >= 0)
		must(wide[n] == 0, "text without its end");
	free(wide);
	free(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static uint8_t file[PATH_FILE_MAX];
	struct input in = { data, len };
	struct span first = take_span(&in, take(&in, 2) % 1024), second = take_rest(&in);
	uint8_t *a = path_with_end(first), *b = path_with_end(second);
	uint32_t a_len = path_len(a), b_len = path_len(b);

	must(a_len <= PATH_LEN_MAX && b_len <= PATH_LEN_MAX, "longer than a path may be");
	if (a_len && b_len) {
		must(path_is_below(a, a), "a path that is not below itself");
		if (path_is_below(a, b))
			must(a_len >= b_len && !memcmp(a, b, b_len),
			     "below what it does not begin with");
	}
	path_of_file(file, a, 0x100000, 1 + second.len);
	if (a_len + FILE_NODE_LEN <= PATH_LEN_MAX)
		must(path_len(file) == a_len + FILE_NODE_LEN,
		     "a file's path that is not one node longer than its device's");
	read_text(second);
	free(b);
	free(a);
	return 0;
}
