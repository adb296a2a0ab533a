/* SPDX-License-Identifier: BSD-2-Clause */
/* net/boot/bls.c: boot entries as people and programs write them, and what only looks like one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "net/boot/bls.h"

#include <cmocka.h> /* behind our own: it has a macro fail() */

#define BIOS 0 /* RFC 4578 2.1 */
#define UEFI_X64 7

static struct span span(const char *s)
{
	return (struct span){ (const uint8_t *)s, (uint32_t)strlen(s) };
}

static void assert_span(struct span s, const char *expected)
{
	assert_int_equal(s.len, strlen(expected));
	assert_memory_equal(s.at, expected, s.len);
}

static int parse(struct bls_entry *e, const char *s, struct failure *f)
{
	memset(f, 0, sizeof(*f));
	return bls_parse(e, span(s), BIOS, f);
}

static void assert_refused_by(uint16_t machine, const char *s, int err, const char *sentence)
{
	struct bls_entry e;
	struct failure f = { 0 };

	assert_int_equal(bls_parse(&e, span(s), machine, &f), err);
	assert_int_equal(f.rung, RUNG_IMAGE);
	assert_string_equal(f.text, sentence);
}

static void assert_refused(const char *s, int err, const char *sentence)
{
	assert_refused_by(BIOS, s, err, sentence);
}

/* UEFI starts `program` for the entry. */
static void assert_starts(const char *s, const char *program)
{
	struct bls_entry e;
	struct failure f = { 0 };

	assert_true(bls_is(span(s)));
	assert_int_equal(bls_parse(&e, span(s), UEFI_X64, &f), 0);
	assert_span(e.program_ref, program);
}

static void reads_a_whole_entry(void **state)
{
	static const char text[] = "# an entry as kernel-install writes them\n"
				   "title      Debian GNU/Linux 12 \xe2\x80\x93 na\xc3\xafve\n"
				   "version    6.1.0-56-amd64\n"
				   "machine-id 4098b3f648d74c13b1f04ccfba7798e8\n"
				   "sort-key   debian\n"
				   "options    root=UUID=6d3376e4 ro\n"
				   "\n"
				   "linux      /debian/6.1/linux\n"
				   "initrd     /debian/6.1/initrd.img\n"
				   "options    quiet console=ttyS0\n"
				   "initrd     ../microcode.img\n"
				   "architecture x64\n";
	struct bls_entry e;
	struct failure f;

	(void)state;
	assert_true(bls_is(span(text)));
	assert_int_equal(parse(&e, text, &f), 0);
	assert_span(e.program_ref, "/debian/6.1/linux");
	assert_int_equal(e.initrds, 2);
	assert_span(e.initrd_ref[0], "/debian/6.1/initrd.img");
	assert_span(e.initrd_ref[1], "../microcode.img");
	assert_string_equal(e.options, "root=UUID=6d3376e4 ro quiet console=ttyS0");
}

static void white_space_around_words_does_not_count(void **state)
{
	static const char text[] = " \tlinux\t \tvmlinuz \t\r\noptions\r\noptions  a  b\t\r\n\r\n  "
				   " # options c\r\ninitrd i";
	struct bls_entry e;
	struct failure f;

	(void)state;
	assert_true(bls_is(span(text)));
	assert_int_equal(parse(&e, text, &f), 0);
	assert_span(e.program_ref, "vmlinuz");
	assert_string_equal(e.options, "a  b");
	assert_int_equal(e.initrds, 1);
	assert_span(e.initrd_ref[0], "i");
}

static void a_linux_line_is_enough(void **state)
{
	struct bls_entry e;
	struct failure f;

	(void)state;
	assert_int_equal(parse(&e, "linux k", &f), 0);
	assert_span(e.program_ref, "k");
	assert_int_equal(e.initrds, 0);
	assert_string_equal(e.options, "");
}

static void keys_are_whole_words(void **state)
{
	(void)state;
	assert_false(bls_is(span("linuxx k\n")));
	assert_false(bls_is(span("linu k\n")));
	assert_false(bls_is(span("Linux k\n")));
	assert_false(bls_is(span("#linux k\n")));
	assert_false(bls_is(span("title linux\n")));
	assert_refused("linux-k /k\n", ERR_FORMAT, "the boot entry has no linux line");
}

static void other_files_are_no_entries(void **state)
{
	static const uint8_t binary[] = { 'l', 'i', 'n', 'u', 'x', ' ', 'k', '\n', 0, 1 };

	(void)state;
	assert_false(bls_is(span("")));
	assert_false(bls_is(span("<html>\nlinux\x1b[0m k\n</html>")));
	assert_false(bls_is(span("#!ipxe\nkernel vmlinuz\n")));
	assert_false(bls_is((struct span){ binary, sizeof(binary) }));
	assert_true(bls_is((struct span){ binary, 8 }));
}

static void an_entry_for_efi_alone_is_refused_by_a_bios(void **state)
{
	(void)state;
	assert_refused("title x\nefi /shell.efi\n", ERR_UNSUPPORTED,
		       "the boot entry's line `efi` names an EFI program, which a BIOS "
		       "cannot start; it needs a line `linux`");
	assert_refused("uki /linux.efi", ERR_UNSUPPORTED,
		       "the boot entry's line `uki` names an EFI program, which a BIOS "
		       "cannot start; it needs a line `linux`");
	assert_refused("uki-url http://h/linux.efi", ERR_UNSUPPORTED,
		       "the boot entry's line `uki-url` names an EFI program, which a BIOS "
		       "cannot start; it needs a line `linux`");
}

static void uefi_starts_efi_programs_of_entries(void **state)
{
	struct bls_entry e;
	struct failure f = { 0 };

	(void)state;
	assert_starts("title x\nefi /shell.efi\n", "/shell.efi");
	assert_starts("uki linux.efi", "linux.efi");
	assert_starts("uki-url http://h/linux.efi", "http://h/linux.efi");
	assert_int_equal(bls_parse(&e, span("uki u\noptions a\ninitrd i\noptions b"), UEFI_X64, &f),
			 0);
	assert_string_equal(e.options, "a b");
	assert_int_equal(e.initrds, 1);
}

static void of_linux_and_an_efi_program_linux_is_started(void **state)
{
	struct bls_entry e;
	struct failure f;

	(void)state;
	assert_starts("efi e\nlinux l\n", "l");
	assert_int_equal(parse(&e, "linux l\nuki u\n", &f), 0);
	assert_span(e.program_ref, "l");
}

/* U+FEFF in UTF-8, as some editors put it in front of a text. */
static void a_byte_order_mark_hides_no_line(void **state)
{
	struct bls_entry e;
	struct failure f;

	(void)state;
	assert_true(bls_may_be(span("\xef\xbb\xbflinux k\n")));
	assert_true(bls_is(span("\xef\xbb\xbflinux k\n")));
	assert_int_equal(parse(&e, "\xef\xbb\xbflinux k\n", &f), 0);
	assert_span(e.program_ref, "k");
	assert_false(bls_is(span("\xef\xbb\xbf")));
	assert_false(bls_is(span("\n\xef\xbb\xbflinux k\n")));
}

static void an_entry_for_another_architecture_is_refused(void **state)
{
	static const char aa64[] = "the boot entry is for the architecture aa64, but this machine "
				   "is x64";
	struct bls_entry e;
	struct failure f;

	(void)state;
	assert_refused("architecture aa64\nlinux k\n", ERR_UNSUPPORTED, aa64);
	assert_refused_by(UEFI_X64, "linux k\narchitecture aa64\n", ERR_UNSUPPORTED, aa64);
	assert_refused_by(UEFI_X64, "linux k\narchitecture IA32\n", ERR_UNSUPPORTED,
			  "the boot entry is for the architecture IA32, but this machine is x64");
	assert_refused("linux k\narchitecture x64x64x64x64x64x64x64x64\n", ERR_UNSUPPORTED,
		       "the boot entry is for the architecture x64x64x64x64x64x64x6, but this "
		       "machine is x64");
	assert_starts("architecture X64\nlinux k\n", "k");
	assert_int_equal(parse(&e, "linux k\narchitecture x64\n", &f), 0);
	assert_int_equal(parse(&e, "linux k\narchitecture Ia32\n", &f), 0);
}

static void malformed_entries_get_a_sentence(void **state)
{
	(void)state;
	assert_refused("", ERR_FORMAT, "the boot entry has no linux line");
	assert_refused("linux\n", ERR_FORMAT,
		       "the boot entry has a line `linux` that names no file");
	assert_refused("linux  \t\r\n", ERR_FORMAT,
		       "the boot entry has a line `linux` that names no file");
	assert_refused("linux a\nlinux b\n", ERR_FORMAT,
		       "the boot entry names two programs to start; its line `linux` is one too "
		       "many");
	assert_refused_by(UEFI_X64, "efi a\nuki b\n", ERR_FORMAT,
			  "the boot entry names two programs to start; its line `uki` is one too "
			  "many");
	assert_refused("linux a\ninitrd\n", ERR_FORMAT,
		       "the boot entry has a line `initrd` that names no file");
	assert_false(bls_is(span("linux a\x7f\n")));
	assert_refused("linux a\x1b\n", ERR_FORMAT,
		       "the boot entry is not text: it contains control characters");
}

static void initrds_have_a_limit(void **state)
{
	char text[200] = "linux k\n";
	struct bls_entry e;
	struct failure f;

	(void)state;
	for (int i = 0; i < BLS_INITRDS_MAX; i++)
		strcat(text, "initrd i\n");
	assert_int_equal(parse(&e, text, &f), 0);
	assert_int_equal(e.initrds, BLS_INITRDS_MAX);
	strcat(text, "initrd i\n");
	assert_refused(text, ERR_NO_SPACE, "the boot entry names more than 8 initrds");
}

static void options_have_a_limit(void **state)
{
	char text[8 + 8 + BLS_OPTIONS_MAX + 1] = "linux k\noptions ";
	struct bls_entry e;
	struct failure f;

	(void)state;
	memset(text + 16, 'o', BLS_OPTIONS_MAX - 1);
	assert_int_equal(parse(&e, text, &f), 0);
	assert_int_equal(strlen(e.options), BLS_OPTIONS_MAX - 1);
	text[16 + BLS_OPTIONS_MAX - 1] = 'o';
	assert_refused(text, ERR_NO_SPACE,
		       "the boot entry has more than 4095 characters of options");
}

/* Cut at each byte: never read behind the end, always a verdict. */
static void an_entry_may_end_anywhere(void **state)
{
	static const char text[] = "# c\nlinux /k\r\ninitrd /i\noptions a b\nefi /e\n";
	struct bls_entry e;
	struct failure f;

	(void)state;
	for (uint32_t len = 0; len < sizeof(text); len++) {
		uint8_t *copy = malloc(len + !len);

		assert_non_null(copy);
		memcpy(copy, text, len);
		memset(&f, 0, sizeof(f));
		bls_is((struct span){ copy, len });
		if (bls_parse(&e, (struct span){ copy, len }, BIOS, &f) < 0)
			assert_int_not_equal(f.text[0], 0);
		else
			assert_true(e.program_ref.len == 1 || e.program_ref.len == 2);
		free(copy);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_a_whole_entry),
		cmocka_unit_test(white_space_around_words_does_not_count),
		cmocka_unit_test(a_linux_line_is_enough),
		cmocka_unit_test(keys_are_whole_words),
		cmocka_unit_test(other_files_are_no_entries),
		cmocka_unit_test(an_entry_for_efi_alone_is_refused_by_a_bios),
		cmocka_unit_test(uefi_starts_efi_programs_of_entries),
		cmocka_unit_test(of_linux_and_an_efi_program_linux_is_started),
		cmocka_unit_test(a_byte_order_mark_hides_no_line),
		cmocka_unit_test(an_entry_for_another_architecture_is_refused),
		cmocka_unit_test(malformed_entries_get_a_sentence),
		cmocka_unit_test(initrds_have_a_limit),
		cmocka_unit_test(options_have_a_limit),
		cmocka_unit_test(an_entry_may_end_anywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
