/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Attributes of pages, by the firmware's own page tables (Intel SDM 3A, 4.5): large pages are
 * split where one of their small ones is to differ. Called by nx.c.
 */
#include "tests/uefi/nx.h"

#define PAGE 4096
#define ENTRIES 512
#define TABLES 64 /* large pages that can be split */
#define CR0_WP 0x10000
#define CR4_LA57 0x1000
#define MSR_EFER 0xc0000080
#define EFER_NXE 0x800

#define PRESENT 0x1
#define WRITABLE 0x2
#define LARGE 0x80
#define NOT_EXECUTABLE ((UINT64)1 << 63)
#define ADDRESS 0xffffffffff000

/* Never freed: the page tables refer to them, also when this program is gone. */
static UINT64 (*tables)[ENTRIES];
static unsigned tables_used;

static void refuse(const char *what)
{
	lab_print("nx: %s", what);
	lab_power_off();
}

static UINT64 read_cr0(void)
{
	UINT64 cr0;

	__asm__ volatile("mov %%cr0, %0" : "=r"(cr0));
	return cr0;
}

static void write_cr0(UINT64 cr0)
{
	__asm__ volatile("mov %0, %%cr0" : : "r"(cr0) : "memory");
}

void nx_begin(void)
{
	EFI_PHYSICAL_ADDRESS at;
	UINT32 low, high;
	UINT64 cr4;

	if (lab_system->BootServices->AllocatePages(AllocateAnyPages, EfiBootServicesData, TABLES,
						    &at))
		refuse("no memory for page tables");
	tables = (UINT64(*)[ENTRIES])at;
	__asm__ volatile("mov %%cr4, %0" : "=r"(cr4));
	if (cr4 & CR4_LA57)
		refuse("page tables of five levels are not known here");
	__asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(MSR_EFER));
	__asm__ volatile("wrmsr" : : "a"(low | EFER_NXE), "d"(high), "c"(MSR_EFER));
	write_cr0(read_cr0() | CR0_WP);
}

/* 512 entries that say together what this one says, one level down. */
static void split(UINT64 *entry, unsigned level)
{
	UINT64 each = (UINT64)PAGE << 9 * (level - 2), flags = *entry;
	UINT64 *table = tables[tables_used];

	if (tables_used++ == TABLES)
		refuse("no room to split a page in");
	if (level == 2)
		flags &= ~(UINT64)LARGE;
	for (UINT64 i = 0; i < ENTRIES; i++)
		table[i] = flags + i * each;
	*entry = (UINT64)table | (flags & ~(ADDRESS | LARGE | NOT_EXECUTABLE));
}

/* The entry of one small page. The page tables can be written to. */
static UINT64 *entry_of(UINT64 address)
{
	UINT64 cr3, *entry, *table;

	__asm__ volatile("mov %%cr3, %0" : "=r"(cr3));
	table = (UINT64 *)(cr3 & ADDRESS);
	for (unsigned level = 4;; level--) {
		entry = &table[address >> (12 + 9 * (level - 1)) & (ENTRIES - 1)];
		if (!(*entry & PRESENT))
			refuse("an address that is not mapped");
		if (level == 1)
			return entry;
		if (*entry & LARGE)
			split(entry, level);
		table = (UINT64 *)(*entry & ADDRESS);
	}
}

UINT64 nx_attributes(UINT64 address)
{
	UINT64 cr0 = read_cr0(), entry;

	write_cr0(cr0 & ~(UINT64)CR0_WP);
	entry = *entry_of(address);
	write_cr0(cr0);
	return (entry & NOT_EXECUTABLE ? NX_XP : 0) | (entry & WRITABLE ? 0 : NX_RO);
}

void nx_change(UINT64 base, UINT64 len, UINT64 set, UINT64 clear)
{
	UINT64 cr0 = read_cr0(), *entry;

	write_cr0(cr0 & ~(UINT64)CR0_WP);
	for (UINT64 address = base; address < base + len; address += PAGE) {
		entry = entry_of(address);
		if (set & NX_XP)
			*entry |= NOT_EXECUTABLE;
		if (clear & NX_XP)
			*entry &= ~NOT_EXECUTABLE;
		if (set & NX_RO)
			*entry &= ~(UINT64)WRITABLE;
		if (clear & NX_RO)
			*entry |= WRITABLE;
		__asm__ volatile("invlpg (%0)" : : "r"(address) : "memory");
	}
	write_cr0(cr0);
}
