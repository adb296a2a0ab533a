/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A boot program's start, its calls, and its end. Who calls is the boot program, from real mode, by
 * stub.S; it is trusted as far as a program that owns the machine has to be. memory.c starts it.
 */
#include "arch/pcbios/pxe/pxe.h"

#include "arch/pcbios/console.h"
#include "arch/pcbios/layout.h"
#include "arch/pcbios/pci.h"
#include "arch/pcbios/pxe/pxe_impl.h"
#include "arch/program.h"
#include "core/mem.h"
#include "drivers/virtio_net.h"

#define NBP_AT 0x7c00
#define BDA_BASE_MEMORY 0x13
#define KIB 1024u
#define BASE_MEMORY_MOST 640 /* KiB, by any BIOS */

_Static_assert(PXE_CACHED + DHCP_CACHED_COUNT * PXE_CACHED_LEN <= PXE_FRAME, "packets end");
_Static_assert(PXE_FRAME + PXE_FRAME_LEN <= PXE_E820, "the frame ends");
_Static_assert(PXE_E820 + E820_MAX * PXE_E820_ENTRY <= PXE_COUNTS, "the map ends");
_Static_assert(PXE_SEGMENT_LEN - PXE_STACK_END >= 1536, "PXE 2.1, 4.4.5 [PXE-02]");
_Static_assert(PXE_CACHED_LEN == DHCP_PACKET_MAX, "a packet fits");

extern const uint8_t bss_end[]; /* skiff.ld */

struct pxe pxe;

uint32_t pxe_service(void);

/* stub.S */
void pxe_flat_start(void);
void pxe_flat_quit(void);

/* --- the device ------------------------------------------------------------------------------ */

bool pxe_serve(struct pxe *p)
{
	if (!p->serving && !p->released)
		p->serving = !program_serve(PXE_SLOTS);
	return p->serving;
}

bool pxe_stop(struct pxe *p)
{
	p->serving = p->undi_open = p->udp_open = p->tftp.open = false;
	p->packets = p->sent = 0;
	return !program_stop();
}

/* For UNDI the nic alone: our stack has nothing to say while there is another one. */
void pxe_poll(struct pxe *p)
{
	struct nic *nic = p->net->nic;
	int n = p->undi_open ? nic->ops->poll(nic) : net_poll(p->net);

	if (n < 0)
		(void)pxe_stop(p);
}

/* The oldest makes room: who does not ask does not want it. */
struct pxe_packet *pxe_packet_new(struct pxe *p)
{
	if (p->packets == PXE_SLOTS) {
		p->first = (uint16_t)((p->first + 1) % PXE_SLOTS);
		p->packets--;
		p->lost_total++;
	}
	return &p->packet[(p->first + p->packets++) % PXE_SLOTS];
}

/* --- calls ----------------------------------------------------------------------------------- */

/*
 * Those that are not here are answered by PXE_UNSUPPORTED [PXE-15]: among them 24h, which is for
 * callers in protected mode, and the file API from E0h on.
 */
static const struct call {
	uint16_t opcode;
	enum pxe_status (*run)(struct pxe *p, uint8_t *q);
} calls[] = {
	{ 0x00, preboot_start_undi },
	{ 0x01, undi_startup },
	{ 0x02, preboot_stop_undi }, /* UNDI_CLEANUP: the older word for it */
	{ 0x03, undi_initialize },
	{ 0x04, undi_reset_adapter },
	{ 0x05, undi_shutdown },
	{ 0x06, undi_open },
	{ 0x07, undi_close },
	{ 0x08, undi_transmit },
	{ 0x0a, undi_set_station_address },
	{ 0x0b, undi_set_packet_filter },
	{ 0x0c, undi_get_information },
	{ 0x0d, undi_get_statistics },
	{ 0x0e, undi_clear_statistics },
	{ 0x11, undi_get_mcast_address },
	{ 0x12, undi_get_nic_type },
	{ 0x13, undi_get_iface_info },
	{ 0x14, undi_isr },
	{ 0x15, preboot_stop_undi },
	{ 0x20, tftp_open_call },
	{ 0x21, tftp_close_call },
	{ 0x22, tftp_read_call },
	{ 0x23, tftp_read_file_call },
	{ 0x25, tftp_get_fsize_call },
	{ 0x30, udp_open_call },
	{ 0x31, udp_close_call },
	{ 0x32, udp_read_call },
	{ 0x33, udp_write_call },
	{ 0x70, preboot_unload_stack },
	{ 0x71, preboot_get_cached_info },
};

static const struct call *find_call(uint16_t opcode)
{
	for (const struct call *c = calls; c < calls + ARRAY_LEN(calls); c++)
		if (c->opcode == opcode)
			return c;
	return NULL;
}

static void count(uint16_t opcode)
{
	uint8_t *n = pxe_segment + PXE_COUNTS + opcode;

	if (opcode < PXE_COUNTS_LEN && *n < UINT8_MAX)
		++*n;
}

/*
 * A boot program is over, or we are. The device is stopped, memory is given back, and the BIOS can
 * be called again.
 */
static void over(void)
{
	(void)pxe_stop(&pxe);
	pxe_segment_release();
	pxe_low_restore();
}

/* Called by stub.S. What the caller finds in AX: 0, or 1 with a status that is not 0. */
uint32_t pxe_service(void)
{
	uint16_t opcode = get_le16(pxe_segment + PXE_OPCODE);
	uint8_t *q = pxe_pointer(pxe_segment + PXE_PARAMETERS);
	const struct call *c = find_call(opcode);
	enum pxe_status status = PXE_UNSUPPORTED;

	if (opcode == PXE_OPCODE_OVER) {
		over();
		console_print("skiff: the boot program has come back\n");
		console_flush();
		return 0;
	}
	count(opcode);
	if (c)
		status = c->run(&pxe, q);
	put_le16(q, (uint16_t)status);
	return status != PXE_SUCCESS;
}

/* --- start and end --------------------------------------------------------------------------- */

/* Where our segment ends, below what the BIOS keeps; at least where it can begin. */
static uint32_t base_memory_end(void)
{
	uint32_t kib = bda_word(BDA_BASE_MEMORY);

	if (kib > BASE_MEMORY_MOST)
		kib = BASE_MEMORY_MOST;
	return kib * KIB > NBP_AT + PXE_SEGMENT_LEN ? kib * KIB : NBP_AT + PXE_SEGMENT_LEN;
}

uint32_t pxe_nbp_room(void)
{
	return base_memory_end() - PXE_SEGMENT_LEN - NBP_AT;
}

int pxe_start(uint32_t at, uint32_t len, struct place *place, struct failure *f)
{
	uint32_t end = pci_dma_cut(VIRTIO_NET_MEMORY_LEN(PXE_SLOTS));
	struct pxe_homes homes = { .segment = base_memory_end() - PXE_SEGMENT_LEN,
				   .len = end - BODY_BASE };

	homes.skiff = place_resident(place, homes.len);
	if (!homes.skiff || !pxe_segment_make(&homes, place->map))
		return fail(f, RUNG_HAND_OVER, ERR_NO_SPACE,
			    "no %u KiB of memory are left for skiff beside a boot program",
			    (unsigned)(homes.len / KIB));
	pxe.net = program_net(&pxe.fn);
	pxe_low_save();
	console_flush();
	flat_move(homes.skiff - BODY_BASE, pxe_segment + PXE_GDTR,
		  (uint32_t)(bss_end - (const uint8_t *)BODY_BASE));
	pxe_segment = bios_phys(homes.segment);
	memcpy(bios_phys(NBP_AT), bios_phys(at), len);
	bios_over = over;
	flat_way_out = pxe_flat_quit;
	pxe_flat_start();
	return 0;
}
