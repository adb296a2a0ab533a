/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The platform's side of the boot story, as net/ sees it: who this machine is, where downloads go,
 * and the start of what was loaded. arch/port.h has the contracts.
 */
#ifndef CORE_BOOT_H
#define CORE_BOOT_H

#include "arch/port.h"
#include "core/image.h"
#include "core/types.h"

static inline bool boot_uuid(uint8_t uuid[16])
{
	return port_uuid(uuid);
}

static inline uint16_t boot_dhcp_arch(void)
{
	return port_dhcp_arch();
}

static inline bool boot_abort_pressed(void)
{
	return port_abort_pressed();
}

/* A turn of a loop that found nothing to do. */
static inline void boot_idle(void)
{
	port_idle();
}

/* Grants memory for img, whose head is complete. */
MUST_CHECK static inline int boot_grant(struct image *img, enum cargo cargo)
{
	struct span head = { img->head, img->head_len };

	return port_cargo_grant(cargo, head, img->file_len, &img->extent, img->failure);
}

MUST_CHECK static inline int boot_cargo_done(const struct image *img, enum cargo cargo)
{
	return port_cargo_done(cargo, img->stored, img->failure);
}

static inline void boot_text(struct text *t)
{
	port_boot_text(t);
}

MUST_CHECK static inline int boot_start(const char *cmdline, struct failure *f)
{
	return port_boot(cmdline, f);
}

#endif
