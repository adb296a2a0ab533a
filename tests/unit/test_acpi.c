/* SPDX-License-Identifier: BSD-2-Clause */
/* arch/pcbios/acpi.c: the way to the power management timer, and tables that lead elsewhere. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "arch/pcbios/acpi.h"
#include "core/wire.h"

#include <cmocka.h>

#define AREA_LEN 0x400
#define RSDP 0x30
#define RSDT 0x1000
#define OTHER 0x2100
#define FADT 0x2200
#define MEMORY_LEN 0x3000

/* All that there is; the rest of the address space reads as ones. */
static uint8_t memory[MEMORY_LEN], ones[0x1000];

static const uint8_t *phys(uint32_t address)
{
	return address < MEMORY_LEN ? memory + address : ones;
}

static void balance(uint8_t *p, unsigned len, unsigned at)
{
	uint8_t sum = 0;

	p[at] = 0;
	for (unsigned i = 0; i < len; i++)
		sum = (uint8_t)(sum + p[i]);
	p[at] = (uint8_t)(0u - sum);
}

static void rsdp(unsigned at)
{
	memcpy(memory + at, "RSD PTR ", 8);
	put_le32(memory + at + 16, RSDT);
	balance(memory + at, 20, 8);
}

static void table(unsigned at, const char *signature, uint32_t len)
{
	memcpy(memory + at, signature, 4);
	put_le32(memory + at + 4, len);
}

static int setup(void **state)
{
	(void)state;
	memset(memory, 0, sizeof(memory));
	memset(ones, 0xff, sizeof(ones));
	rsdp(RSDP);
	table(RSDT, "RSDT", 36 + 3 * 4);
	put_le32(memory + RSDT + 36, OTHER);
	put_le32(memory + RSDT + 40, 0xfffffff0);
	put_le32(memory + RSDT + 44, FADT);
	table(OTHER, "APIC", 0x78);
	table(FADT, "FACP", 116);
	put_le32(memory + FADT + 76, 0x608);
	memory[FADT + 91] = 4;
	return 0;
}

static uint16_t found(void)
{
	return acpi_pm_timer((struct span){ memory, AREA_LEN }, phys);
}

static void the_timer_is_found_among_other_tables(void **state)
{
	(void)state;
	assert_int_equal(found(), 0x608);
}

static void the_rsdp_may_be_the_last_of_its_area(void **state)
{
	(void)state;
	memset(memory, 0, AREA_LEN);
	rsdp(AREA_LEN - 32);
	assert_int_equal(found(), 0x608);
	memset(memory, 0, AREA_LEN);
	rsdp(AREA_LEN - 16); /* half of it lies behind */
	assert_int_equal(found(), 0);
}

static void an_rsdp_with_a_wrong_sum_is_passed_over(void **state)
{
	(void)state;
	memory[RSDP + 9]++;
	assert_int_equal(found(), 0);
	rsdp(RSDP + 0x100);
	assert_int_equal(found(), 0x608);
}

static void without_a_timer_there_is_none(void **state)
{
	(void)state;
	memory[FADT + 91] = 0; /* hardware-reduced */
	assert_int_equal(found(), 0);
	memory[FADT + 91] = 4;
	put_le32(memory + FADT + 76, 0);
	assert_int_equal(found(), 0);
	put_le32(memory + FADT + 76, 0x10000);
	assert_int_equal(found(), 0);
	put_le32(memory + FADT + 76, 0x608);
	put_le32(memory + FADT + 4, 91);
	assert_int_equal(found(), 0);
	put_le32(memory + FADT + 4, 92);
	assert_int_equal(found(), 0x608);
}

static void an_rsdt_that_is_none_or_endless_ends_it(void **state)
{
	(void)state;
	put_le32(memory + RSDT + 4, 36);
	assert_int_equal(found(), 0);
	put_le32(memory + RSDT + 4, 47); /* the third entry is cut */
	assert_int_equal(found(), 0);
	put_le32(memory + RSDT + 4, UINT32_MAX);
	assert_int_equal(found(), 0);
	put_le32(memory + RSDT + 4, 0);
	assert_int_equal(found(), 0);
	put_le32(memory + RSDT + 4, 48);
	memory[RSDT]++;
	assert_int_equal(found(), 0);
	put_le32(memory + RSDP + 16, 0xfffff000); /* nothing is there */
	balance(memory + RSDP, 20, 8);
	assert_int_equal(found(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_timer_is_found_among_other_tables, setup),
		cmocka_unit_test_setup(the_rsdp_may_be_the_last_of_its_area, setup),
		cmocka_unit_test_setup(an_rsdp_with_a_wrong_sum_is_passed_over, setup),
		cmocka_unit_test_setup(without_a_timer_there_is_none, setup),
		cmocka_unit_test_setup(an_rsdt_that_is_none_or_endless_ends_it, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
