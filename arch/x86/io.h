/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Instructions that C has no words for: port I/O, the time-stamp counter, CPUID. For x86, 32 and 64
 * bit.
 */
#ifndef ARCH_X86_IO_H
#define ARCH_X86_IO_H

#include "core/types.h"

static inline uint8_t inb(uint16_t port)
{
	uint8_t v;
	__asm__ volatile("inb %1, %0" : "=a"(v) : "Nd"(port) : "memory");
	return v;
}

static inline uint16_t inw(uint16_t port)
{
	uint16_t v;
	__asm__ volatile("inw %1, %0" : "=a"(v) : "Nd"(port) : "memory");
	return v;
}

static inline uint32_t inl(uint16_t port)
{
	uint32_t v;
	__asm__ volatile("inl %1, %0" : "=a"(v) : "Nd"(port) : "memory");
	return v;
}

static inline void outb(uint16_t port, uint8_t v)
{
	__asm__ volatile("outb %0, %1" : : "a"(v), "Nd"(port) : "memory");
}

static inline void outw(uint16_t port, uint16_t v)
{
	__asm__ volatile("outw %0, %1" : : "a"(v), "Nd"(port) : "memory");
}

static inline void outl(uint16_t port, uint32_t v)
{
	__asm__ volatile("outl %0, %1" : : "a"(v), "Nd"(port) : "memory");
}

/* One access of 1, 2 or 4 bytes. */
uint32_t io_read(uint16_t port, unsigned width);
void io_write(uint16_t port, unsigned width, uint32_t value);

static inline uint64_t rdtsc(void)
{
	uint32_t low, high;
	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high) : : "memory");
	return (uint64_t)high << 32 | low;
}

/* Until something happens that the machine is not deaf to. */
static inline void cpu_halt(void)
{
	__asm__ volatile("hlt" : : : "memory");
}

struct cpuid {
	uint32_t eax, ebx, ecx, edx;
};

static inline struct cpuid cpuid(uint32_t leaf)
{
	struct cpuid r;
	__asm__ volatile("cpuid"
			 : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx)
			 : "a"(leaf), "c"(0));
	return r;
}

#define CPUID_EXTENDED 0x80000000u
#define CPUID_EXTENDED_1_EDX_LM (1u << 29)

/* Whether the processor has 64-bit mode. */
static inline bool cpu_has_long_mode(void)
{
	return cpuid(CPUID_EXTENDED).eax > CPUID_EXTENDED &&
	       cpuid(CPUID_EXTENDED + 1).edx & CPUID_EXTENDED_1_EDX_LM;
}

#endif
