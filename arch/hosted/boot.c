/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * arch/boot.h in a POSIX process: who we are, and test doubles of what is loaded
 * and started. They place by length only and never look into a kernel.
 */
#include <stdlib.h>
#include <string.h>

#include "arch/boot.h"
#include "arch/hosted/hosted.h"
#include "core/assert.h"

struct refusal {
	enum err err;
	const char *sentence;
};

/* This file's part of the port's one object. */
static struct {
	bool has_uuid;
	uint8_t uuid[16];
	uint16_t dhcp_arch;
	const char *self;

	struct hosted_cargo cargo[HOSTED_CARGO_MAX];
	unsigned count;
	uint8_t *area;
	size_t area_len, area_used;
	struct refusal grant_refusal, boot_refusal;
	char *booted;
} boot;

static uint8_t cargo_area[1024 * 1024] __attribute__((aligned(4096)));

void hosted_boot_reset(void)
{
	free(boot.booted);
	memset(&boot, 0, sizeof(boot));
	hosted_cargo_area(cargo_area, sizeof(cargo_area));
}

bool boot_uuid(uint8_t uuid[16])
{
	memcpy(uuid, boot.uuid, sizeof(boot.uuid));
	return boot.has_uuid;
}

void hosted_uuid_set(const uint8_t uuid[16])
{
	boot.has_uuid = uuid != NULL;
	memset(boot.uuid, 0, sizeof(boot.uuid));
	if (uuid)
		memcpy(boot.uuid, uuid, sizeof(boot.uuid));
}

uint16_t boot_dhcp_arch(void)
{
	return boot.dhcp_arch;
}

void hosted_dhcp_arch_set(uint16_t arch)
{
	boot.dhcp_arch = arch;
}

int boot_refuse_self(struct span head, struct failure *f)
{
	size_t len = boot.self ? strlen(boot.self) : 0;

	assert(head.len <= IMAGE_HEAD_LEN);
	if (!len || len > head.len || memcmp(head.at, boot.self, len) != 0)
		return 0;
	return fail(f, RUNG_IMAGE, ERR_CONFIG, "the file is this program");
}

void hosted_self_set(const char *magic)
{
	boot.self = magic;
}

void hosted_cargo_area(uint8_t *at, size_t len)
{
	boot.area = at;
	boot.area_len = len;
	boot.area_used = 0;
}

void hosted_cargo_refuse(enum err err, const char *sentence)
{
	boot.grant_refusal = (struct refusal){ err, sentence };
}

void hosted_boot_refuse(enum err err, const char *sentence)
{
	boot.boot_refusal = (struct refusal){ err, sentence };
}

/* Refuses once, if a test wants it. */
static int refused(struct refusal *r, enum rung rung, struct failure *f)
{
	enum err err = r->err;

	r->err = 0;
	return err ? fail(f, rung, err, "%s", r->sentence) : 0;
}

/*
 * Kernel and initrds lie behind each other, each at a multiple of 4; what is only fetched takes the
 * rest and gives it back.
 */
int boot_cargo_grant(enum cargo kind, struct span head, uint64_t file_len, struct extent *e,
		     struct failure *f)
{
	size_t at = (boot.area_used + 3) & ~(size_t)3,
	       room = boot.area_len > at ? boot.area_len - at : 0;
	int err = refused(&boot.grant_refusal, RUNG_IMAGE, f);

	assert(head.len <= IMAGE_HEAD_LEN);
	if (err)
		return err;
	/* As on a machine: even an empty file lies somewhere. */
	if (boot.count == HOSTED_CARGO_MAX || room == 0 ||
	    (file_len != IMAGE_LEN_UNKNOWN && file_len > room))
		return fail(f, RUNG_IMAGE, ERR_NO_SPACE, "the file does not fit into memory");
	*e = (struct extent){ boot.area + at, file_len == IMAGE_LEN_UNKNOWN ? room : file_len };
	boot.cargo[boot.count++] = (struct hosted_cargo){ kind, *e, file_len, IMAGE_LEN_UNKNOWN };
	return 0;
}

int boot_cargo_done(enum cargo kind, uint64_t file_len, struct failure *f)
{
	struct hosted_cargo *c;

	(void)f;
	assert(boot.count > 0);
	c = &boot.cargo[boot.count - 1];
	assert(c->cargo == kind && file_len <= c->extent.len);
	c->file_len = file_len;
	if (kind != CARGO_FETCH)
		boot.area_used = (size_t)(c->extent.at - boot.area) + (size_t)file_len;
	return 0;
}

unsigned hosted_cargo_count(void)
{
	return boot.count;
}

const struct hosted_cargo *hosted_cargo(unsigned i)
{
	assert(i < boot.count);
	return &boot.cargo[i];
}

void boot_text(struct text *t)
{
	text_fmt(t, "hosted");
	for (unsigned i = 0; i < boot.count; i++)
		if (boot.cargo[i].cargo != CARGO_FETCH)
			text_fmt(t, ", %s %llu bytes",
				 boot.cargo[i].cargo == CARGO_KERNEL ? "kernel" :
				 boot.cargo[i].cargo == CARGO_NBP    ? "boot program" :
								       "initrd",
				 (unsigned long long)boot.cargo[i].file_len);
}

int boot_start(const char *cmdline, struct failure *f)
{
	int err = refused(&boot.boot_refusal, RUNG_HAND_OVER, f);

	if (err)
		return err;
	free(boot.booted);
	boot.booted = strdup(cmdline);
	return 0;
}

const char *hosted_booted(void)
{
	return boot.booted;
}
