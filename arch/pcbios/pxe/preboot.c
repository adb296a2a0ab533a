/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Preboot: what DHCP said, and the order in which a boot program lets go of us (PXE 2.1, 3.3.1 to
 * 3.3.4). The boot program wrote the parameters. pxe.c calls.
 *
 * UNDI outlives the base code: after UNLOAD_STACK there are no UDP, no TFTP and no INT 1Ah, and the
 * device is silent until UNDI is asked to open it; STOP_UNDI or UNDI_CLEANUP behind it gives memory
 * back. Any subset of these calls in any order ends well [PXE-16].
 */
#include "arch/pcbios/pxe/pxe_impl.h"
#include "core/mem.h"

enum pxe_status preboot_start_undi(struct pxe *p, uint8_t *q)
{
	(void)p;
	(void)q;
	return PXE_SUCCESS;
}

enum pxe_status preboot_unload_stack(struct pxe *p, uint8_t *q)
{
	if (p->tftp.open)
		(void)tftp_close_call(p, q); /* so that its server knows */
	p->base_unloaded = true;
	(void)pxe_segment_hide();
	return pxe_stop(p) ? PXE_SUCCESS : PXE_FAILURE;
}

/* The device is stopped in any case; who still has base code keeps the memory. */
enum pxe_status preboot_stop_undi(struct pxe *p, uint8_t *q)
{
	(void)q;
	if (!pxe_stop(p))
		return PXE_FAILURE;
	if (p->base_unloaded && !p->released)
		p->released = pxe_segment_unhook();
	return !p->base_unloaded || p->released ? PXE_SUCCESS : PXE_KEEP_ALL;
}

/*
 * {status, type, length, buffer}. Length 0: where it is, in base memory. Nothing is written behind
 * that, since older programs have no member for its limit [PXE-08].
 */
enum pxe_status preboot_get_cached_info(struct pxe *p, uint8_t *q)
{
	uint16_t type = get_le16(q + 2), room = get_le16(q + 4);
	const struct dhcp_packet *k = p->net->dhcp.cached;
	uint32_t at;

	if (p->base_unloaded || type < 1 || type > DHCP_CACHED_COUNT)
		return PXE_FAILURE;
	k += type - 1;
	if (!k->len)
		return PXE_FAILURE;
	if (room) {
		if (room > k->len)
			room = k->len;
		memcpy(pxe_pointer(q + 6), k->data, room);
		put_le16(q + 4, room);
		return PXE_SUCCESS;
	}
	at = PXE_CACHED + (type - 1u) * PXE_CACHED_LEN;
	memset(pxe_segment + at, 0, PXE_CACHED_LEN);
	memcpy(pxe_segment + at, k->data, k->len);
	put_le16(q + 4, PXE_CACHED_LEN);
	put_le16(q + 6, (uint16_t)at);
	put_le16(q + 8, (uint16_t)(bios_linear(pxe_segment) >> 4));
	return PXE_SUCCESS;
}
