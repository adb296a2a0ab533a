/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Makes the option ROM of what the linker wrote: the boot image, the unpacker and the body
 * (skiff.ld). A tool of the build, run on the host.
 *
 *   mkrom body SKIFF.BIN BODY          the body alone, prepared for packing
 *   mkrom rom SKIFF.BIN PACKED ROM     the ROM, of it and what `xz --format=raw` made of BODY
 *
 * The ROM holds the boot image twice, once for each PCI device id, because SeaBIOS walks the images
 * for an exact id and copies only the image that matches; unpacker and packed body follow, behind
 * what any BIOS copies.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arch/pcbios/layout.h"

#define ROM_GRAIN 512
#define FILE_MAX 0x100000

/* Offsets in the boot image: rom.S. */
#define BOOT_CHECKSUM 0x06
#define BOOT_PCIR 0x18
#define BOOT_PNP 0x1a
#define BOOT_PAYLOAD_LEN 0x1c /* as linked: the unpacker's */
#define BOOT_PAYLOAD_SUM 0x20
#define PCIR_DEVICE 6
#define PCIR_INDICATOR 21
#define PNP_CHECKSUM 9

struct file {
	uint8_t data[FILE_MAX];
	uint32_t len;
};

static void die(const char *what, const char *name)
{
	fprintf(stderr, "mkrom: %s: %s\n", name, what);
	exit(1);
}

static void read_file(struct file *f, const char *name)
{
	FILE *in = fopen(name, "rb");

	if (!in)
		die("cannot be read", name);
	f->len = (uint32_t)fread(f->data, 1, sizeof(f->data), in);
	fclose(in);
	if (f->len == sizeof(f->data))
		die("is too long", name);
}

static void write_file(const char *name, const uint8_t *data, uint32_t len)
{
	FILE *out = fopen(name, "wb");

	if (!out || fwrite(data, 1, len, out) != len || fclose(out))
		die("cannot be written", name);
}

static void put_le(uint8_t *p, uint32_t v, unsigned len)
{
	for (unsigned i = 0; i < len; i++)
		p[i] = (uint8_t)(v >> (8 * i));
}

static unsigned get_le16(const uint8_t *p)
{
	return p[0] | (unsigned)p[1] << 8;
}

static uint32_t get_le32(const uint8_t *p)
{
	return get_le16(p) | (uint32_t)get_le16(p + 2) << 16;
}

/* What to add so that the bytes' sum is 0. */
static uint8_t balance(const uint8_t *p, uint32_t len)
{
	unsigned sum = 0;

	for (uint32_t i = 0; i < len; i++)
		sum += p[i];
	return (uint8_t)(0u - sum);
}

/* The sum that fetch_payload in rom.S forms. */
static uint32_t payload_sum(const uint8_t *p, uint32_t len)
{
	uint32_t sum = 0;

	for (uint32_t i = 0; i < len; i += 4)
		sum = (sum << 1 | sum >> 31) + get_le32(p + i);
	return sum;
}

/*
 * Targets of calls and jumps, relative, become absolute: the inverse of make_calls_relative in
 * lzma.S.
 */
static void make_calls_absolute(uint8_t *body, int32_t len)
{
	for (int32_t at = 0; at + 5 <= len; at++) {
		if ((body[at] & 0xfe) != 0xe8)
			continue;
		int32_t target = (int32_t)get_le32(body + at + 1);
		if (target >= -at && target < len - at)
			target += at;
		else if (target >= len - at && target < len)
			target -= len;
		put_le(body + at + 1, (uint32_t)target, 4);
		at += 4;
	}
}

static void seal(uint8_t *boot, unsigned device, int last)
{
	uint8_t *pcir = boot + get_le16(boot + BOOT_PCIR);
	uint8_t *pnp = boot + get_le16(boot + BOOT_PNP);

	put_le(pcir + PCIR_DEVICE, device, 2);
	pcir[PCIR_INDICATOR] = last ? 0x80 : 0;
	pnp[PNP_CHECKSUM] = balance(pnp, 32);
	boot[BOOT_CHECKSUM] = balance(boot, BOOT_LEN);
}

/* Where the body begins in SKIFF.BIN. */
static uint32_t body_off(const struct file *bin, const char *name)
{
	uint32_t off = bin->len > BOOT_LEN ? BOOT_LEN + get_le32(bin->data + BOOT_PAYLOAD_LEN) : 0;

	if (off <= BOOT_LEN || off >= bin->len)
		die("is not a boot image, an unpacker and a body", name);
	return off;
}

static void make_body(char **names)
{
	static struct file bin;

	read_file(&bin, names[0]);
	uint32_t off = body_off(&bin, names[0]);
	make_calls_absolute(bin.data + off, (int32_t)(bin.len - off));
	write_file(names[1], bin.data + off, bin.len - off);
}

static void make_rom(char **names)
{
	static struct file bin, packed;
	static uint8_t rom[PAYLOAD_OFF + PAYLOAD_MAX + ROM_GRAIN];
	uint8_t *first = rom, *second = rom + BOOT_LEN, *payload = rom + PAYLOAD_OFF;

	read_file(&bin, names[0]);
	read_file(&packed, names[1]);
	uint32_t unpack_len = body_off(&bin, names[0]) - BOOT_LEN;
	uint32_t payload_len = (unpack_len + packed.len + 3) & ~3u;
	if (payload_len > PAYLOAD_MAX)
		die("is too long", names[1]);
	memcpy(payload, bin.data + BOOT_LEN, unpack_len);
	memcpy(payload + unpack_len, packed.data, packed.len);

	put_le(bin.data + BOOT_PAYLOAD_LEN, payload_len, 4);
	put_le(bin.data + BOOT_PAYLOAD_SUM, payload_sum(payload, payload_len), 4);
	memcpy(first, bin.data, BOOT_LEN);
	memcpy(second, bin.data, BOOT_LEN);
	seal(first, 0x1000, 0);
	seal(second, 0x1041, 1);
	uint32_t rom_len = PAYLOAD_OFF + payload_len;
	write_file(names[2], rom, (rom_len + ROM_GRAIN - 1) / ROM_GRAIN * ROM_GRAIN);
}

int main(int argc, char **argv)
{
	if (argc == 4 && !strcmp(argv[1], "body"))
		make_body(argv + 2);
	else if (argc == 5 && !strcmp(argv[1], "rom"))
		make_rom(argv + 2);
	else
		die("mkrom body BIN BODY, or mkrom rom BIN PACKED ROM", "usage");
	return 0;
}
