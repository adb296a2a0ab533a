/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the PXE API share, and nobody else needs. */
#ifndef ARCH_PCBIOS_PXE_PXE_IMPL_H
#define ARCH_PCBIOS_PXE_PXE_IMPL_H

#include "arch/pcbios/bios.h"
#include "arch/pcbios/pxe/layout.h"
#include "arch/pcbios/pxe/pxe.h"
#include "arch/x86/e820.h"
#include "core/types.h"
#include "core/wire.h"
#include "net/net.h"
#include "net/tftp.h"

/* PXE 2.1, appendix A */
enum pxe_status {
	PXE_SUCCESS = 0x00,
	PXE_FAILURE = 0x01,
	PXE_UNSUPPORTED = 0x03,
	PXE_KEEP_ALL = 0x05,
	PXE_OUT_OF_RESOURCES = 0x06,
	PXE_UDP_CLOSED = 0x18,
	PXE_UDP_OPEN = 0x19,
	PXE_TFTP_CLOSED = 0x1a,
	PXE_TFTP_OPEN = 0x1b,
	PXE_TFTP_ARP_TIMEOUT = 0x21,
	PXE_TFTP_OPEN_TIMEOUT = 0x32,
	PXE_TFTP_READ_TIMEOUT = 0x35,
	PXE_TFTP_ERROR_OPCODE = 0x36,
	PXE_TFTP_CANNOT_READ = 0x39,
	PXE_TFTP_FILE_NOT_FOUND = 0x3b,
	PXE_TFTP_ACCESS_VIOLATION = 0x3c,
	PXE_TFTP_NO_FILESIZE = 0x3e,
	PXE_TFTP_INVALID_PACKET_SIZE = 0x3f,
	PXE_UNDI_MEDIATEST_FAILED = 0x61,
	PXE_UNDI_CANNOT_INITIALIZE_NIC = 0x62,
	PXE_UNDI_INVALID_PARAMETER = 0x68,
	PXE_UNDI_INVALID_STATE = 0x6a,
	PXE_UNDI_TRANSMIT_ERROR = 0x6b,
};

/*
 * Receive buffers while a boot program runs: it polls, and its memory is scarce. As many packets
 * are kept for it, so that all of one poll have room.
 */
#define PXE_SLOTS 16

/* A frame for UNDI, or a datagram for UDP. */
struct pxe_packet {
	uint32_t src_ip; /* host order */
	uint16_t src_port, dst_port;
	uint16_t len;
	uint8_t data[PXE_FRAME_LEN];
};

/* A file on its way to the boot program. */
struct pxe_tftp {
	struct tftp core;
	bool open;       /* by TFTP_OPEN */
	bool full;       /* block has one that was not read yet */
	bool ended;      /* the last one was read */
	uint16_t number; /* of the last one read */
	uint32_t len;
	uint32_t to, room; /* TFTP_READ_FILE's memory */
	uint64_t seen;     /* so far it has come */
	char name[129];    /* a name of 128 bytes, and a NUL */
	uint8_t block[PXE_FRAME_LEN];
};

struct pxe {
	struct net *net;
	uintptr_t fn;   /* the NIC */
	bool serving;   /* the device is open */
	bool undi_open; /* frames go to the boot program, and not to net */
	bool udp_open;
	bool base_unloaded; /* UNLOAD_STACK: what remains is UNDI */
	bool released;      /* memory was given back */
	uint8_t filter;     /* of UNDI_OPEN */
	uint16_t sent;      /* frames whose completion UNDI_ISR has not reported */
	uint32_t sent_total, received_total, lost_total;
	struct udp_socket socket;
	struct pxe_tftp tftp;
	struct pxe_packet packet[PXE_SLOTS];
	uint16_t first, packets; /* in `packet`, a ring */
};

/* The one object of the API, in memory that has been moved. */
extern struct pxe pxe;

/* The PXE segment as we see it; NULL before there is one. stub.S reads it. */
extern uint8_t *pxe_segment;

/* A far pointer at p (offset, segment) as we see what it points to. */
static inline uint8_t *pxe_pointer(const uint8_t *p)
{
	return bios_phys((uint32_t)get_le16(p + 2) * 16 + get_le16(p));
}

/* segment.c */
struct pxe_homes {
	uint32_t segment;    /* physical address of the PXE segment */
	uint32_t skiff, len; /* where skiff goes to */
};
/*
 * Makes the PXE segment, with the memory map less what is ours, and hooks the interrupts. False if
 * the map is too long. Nothing is changed before that is known.
 */
bool pxe_segment_make(const struct pxe_homes *homes, const struct e820 *map) MUST_CHECK;
/*
 * The memory map is the BIOS's own again, and the interrupts lead to whom they led before. False,
 * and our handlers go on to them, if somebody has hooked one behind us. Base memory is not given
 * back: pxelinux wants to do that itself, and complains if it was done [PXE-16].
 */
bool pxe_segment_unhook(void);
/* When the boot program is over: all of it, and base memory, too. */
void pxe_segment_release(void);
/* INT 1Ah no longer tells where we are. */
bool pxe_segment_hide(void);
/* Back to how the BIOS is called from (layout.h), after a boot program has used that memory. */
void pxe_low_save(void);
void pxe_low_restore(void);

/* pxe.c: the device is open, for net. False: it cannot be. */
bool pxe_serve(struct pxe *p);
/* The device is stopped, and everything that needs it is over. */
bool pxe_stop(struct pxe *p);
/* One turn of the network: packets arrive. */
void pxe_poll(struct pxe *p);
/* Room for a packet that has arrived; NULL, and counted: none. */
struct pxe_packet *pxe_packet_new(struct pxe *p);

/*
 * The calls. Each reads and writes the parameters at q, but for the status in front of them, which
 * it returns.
 */
enum pxe_status undi_startup(struct pxe *p, uint8_t *q);
enum pxe_status undi_initialize(struct pxe *p, uint8_t *q);
enum pxe_status undi_reset_adapter(struct pxe *p, uint8_t *q);
enum pxe_status undi_shutdown(struct pxe *p, uint8_t *q);
enum pxe_status undi_open(struct pxe *p, uint8_t *q);
enum pxe_status undi_close(struct pxe *p, uint8_t *q);
enum pxe_status undi_transmit(struct pxe *p, uint8_t *q);
enum pxe_status undi_set_station_address(struct pxe *p, uint8_t *q);
enum pxe_status undi_set_packet_filter(struct pxe *p, uint8_t *q);
enum pxe_status undi_get_information(struct pxe *p, uint8_t *q);
enum pxe_status undi_get_statistics(struct pxe *p, uint8_t *q);
enum pxe_status undi_clear_statistics(struct pxe *p, uint8_t *q);
enum pxe_status undi_get_mcast_address(struct pxe *p, uint8_t *q);
enum pxe_status undi_get_nic_type(struct pxe *p, uint8_t *q);
enum pxe_status undi_get_iface_info(struct pxe *p, uint8_t *q);
enum pxe_status undi_isr(struct pxe *p, uint8_t *q);
enum pxe_status preboot_start_undi(struct pxe *p, uint8_t *q);
enum pxe_status preboot_stop_undi(struct pxe *p, uint8_t *q);
enum pxe_status preboot_unload_stack(struct pxe *p, uint8_t *q);
enum pxe_status preboot_get_cached_info(struct pxe *p, uint8_t *q);
enum pxe_status tftp_open_call(struct pxe *p, uint8_t *q);
enum pxe_status tftp_close_call(struct pxe *p, uint8_t *q);
enum pxe_status tftp_read_call(struct pxe *p, uint8_t *q);
enum pxe_status tftp_read_file_call(struct pxe *p, uint8_t *q);
enum pxe_status tftp_get_fsize_call(struct pxe *p, uint8_t *q);
enum pxe_status udp_open_call(struct pxe *p, uint8_t *q);
enum pxe_status udp_close_call(struct pxe *p, uint8_t *q);
enum pxe_status udp_read_call(struct pxe *p, uint8_t *q);
enum pxe_status udp_write_call(struct pxe *p, uint8_t *q);
void undi_rx(void *ctx, const struct frame *frame);

#endif
