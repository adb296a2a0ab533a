/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Unpredictable bytes: a pool that is the SHA-256 of every source that is safe to ask [SEC-12], and
 * an output that hashes the pool with a counter and the time. Called through the seam.
 */
#include "arch/cpu.h"
#include "arch/x86/io.h"
#include "core/mem.h"
#include "core/sha256.h"

#define CPUID_1_ECX_RDRAND (1u << 30)
#define RDRAND_TRIES 10 /* Intel SDM 1, 7.3.17.1 */

/*
 * Readings of the counter around port reads, which leave the processor and take a time of their
 * own.
 */
#define JITTER_ROUNDS 64
#define JITTER_PORT 0x61

#define CMOS_INDEX 0x70
#define CMOS_DATA 0x71
#define RTC_SECONDS 0
#define RTC_MINUTES 2
#define RTC_HOURS 4
#define RTC_DAY 7
#define RTC_MONTH 8
#define RTC_YEAR 9

static struct {
	uint8_t state[SHA256_LEN];
	uint32_t counter;
} pool;

void cpu_random(uint32_t *words, unsigned count)
{
	if (!(cpuid(1).ecx & CPUID_1_ECX_RDRAND))
		return;
	for (unsigned i = 0; i < count; i++) {
		uint8_t ok = 0;
		for (int tries = 0; tries < RDRAND_TRIES && !ok; tries++)
			__asm__ volatile("rdrand %0; setc %1" : "=r"(words[i]), "=qm"(ok) : : "cc");
	}
}

static void mix_jitter(struct sha256 *s)
{
	for (int i = 0; i < JITTER_ROUNDS; i++) {
		uint8_t port = inb(JITTER_PORT); /* bit 4 toggles with memory refresh */
		uint64_t tsc = rdtsc();
		sha256_update(s, &port, sizeof(port));
		sha256_update(s, &tsc, sizeof(tsc));
	}
}

/* The time of day, for emulators whose counters all begin at 0. */
static void mix_rtc(struct sha256 *s)
{
	static const uint8_t registers[] = {
		RTC_SECONDS, RTC_MINUTES, RTC_HOURS, RTC_DAY, RTC_MONTH, RTC_YEAR,
	};

	for (size_t i = 0; i < ARRAY_LEN(registers); i++) {
		outb(CMOS_INDEX, registers[i]);
		uint8_t value = inb(CMOS_DATA);
		sha256_update(s, &value, sizeof(value));
	}
}

void cpu_random_init(const void *seed, size_t len)
{
	struct sha256 s;

	sha256_init(&s);
	sha256_update(&s, seed, len);
	mix_rtc(&s);
	mix_jitter(&s);
	sha256_final(&s, pool.state);
}

void port_random(void *buf, size_t len)
{
	uint8_t *p = buf;

	while (len > 0) {
		uint8_t block[SHA256_LEN];
		size_t piece = len < sizeof(block) ? len : sizeof(block);
		uint64_t tsc = rdtsc();
		struct sha256 s;

		pool.counter++;
		sha256_init(&s);
		sha256_update(&s, &pool, sizeof(pool));
		sha256_update(&s, &tsc, sizeof(tsc));
		sha256_final(&s, block);
		memcpy(p, block, piece);
		p += piece;
		len -= piece;
	}
}
