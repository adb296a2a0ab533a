/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Files by TFTP for a boot program (PXE 2.1, 3.3.6): a block at a time, as it asks for them, or all
 * of one. The boot program wrote the parameters; what a server says is checked by net/tftp.c. pxe.c
 * calls.
 */
#include "arch/pcbios/pxe/pxe_impl.h"
#include "core/clock.h"
#include "core/mem.h"

#define NAME_LEN 128 /* PXE's file names, perhaps without a NUL */
#define PACKET_LEAST 512
#define WAIT_MS 12000 /* for an answer: then the boot program may have another idea */
#define LEAVING "the boot program wants no more of it"

/* What becomes of bytes: of a block, of a whole file. */
static int block_data(void *ctx, uint64_t off, struct span bytes)
{
	struct pxe_tftp *t = ctx;

	(void)off;
	memcpy(t->block, bytes.at, bytes.len);
	t->len = bytes.len;
	t->full = true;
	return 0;
}

static int file_data(void *ctx, uint64_t off, struct span bytes)
{
	struct pxe_tftp *t = ctx;

	if (off > t->room || bytes.len > t->room - off)
		return ERR_NO_SPACE;
	memcpy((uint8_t *)bios_phys(t->to) + off, bytes.at, bytes.len);
	return 0;
}

static int any_size(void *ctx, uint64_t size)
{
	(void)ctx;
	(void)size;
	return 0;
}

/* A transfer of the name at `name`, for whoever called. False: there may be none. */
static enum pxe_status begin(struct pxe *p, const uint8_t *name, struct tftp_request request,
			     const struct tftp_sink *sink)
{
	struct pxe_tftp *t = &p->tftp;

	if (p->udp_open)
		return PXE_UDP_OPEN;
	if (p->undi_open || p->base_unloaded)
		return PXE_UNDI_INVALID_STATE;
	if (t->open)
		return PXE_TFTP_OPEN;
	if (!pxe_serve(p))
		return PXE_FAILURE;
	memcpy(t->name, name, NAME_LEN);
	t->full = t->ended = false;
	t->number = 0;
	request.name = t->name;
	if (!request.port)
		request.port = TFTP_PORT;
	tftp_start(&t->core, p->net, &request, sink);
	return PXE_SUCCESS;
}

static bool answered(void *ctx)
{
	struct pxe_tftp *t = ctx;

	tftp_poll(&t->core, clock_now_ms());
	return t->core.state != TFTP_ASKING;
}

static bool has_block(void *ctx)
{
	struct pxe_tftp *t = ctx;

	tftp_poll(&t->core, clock_now_ms());
	return t->full || tftp_done(&t->core);
}

static bool has_grown(void *ctx)
{
	struct pxe_tftp *t = ctx;

	tftp_poll(&t->core, clock_now_ms());
	return t->core.off != t->seen || tftp_done(&t->core);
}

/* The network has failed, if it is not net_wait()'s time that is over. */
static enum pxe_status wait(struct pxe *p, bool (*done)(void *ctx), enum pxe_status late)
{
	int err;

	net_progress(p->net);
	err = net_wait(p->net, done, &p->tftp, WAIT_MS);
	if (err && err != ERR_TIMEOUT)
		(void)pxe_stop(p);
	return err ? late : PXE_SUCCESS;
}

/* PXE 2.1, appendix A */
static enum pxe_status status_of(const struct tftp *t)
{
	if (t->state != TFTP_FAILED)
		return PXE_SUCCESS;
	switch (t->cause) {
	case TFTP_SAID_NO:
		return t->code == TFTP_NOT_FOUND ? PXE_TFTP_FILE_NOT_FOUND :
		       t->code == TFTP_NO_ACCESS ? PXE_TFTP_ACCESS_VIOLATION :
						   PXE_TFTP_ERROR_OPCODE;
	case TFTP_NO_ROUTE:
	case TFTP_NOBODY:
		return PXE_TFTP_ARP_TIMEOUT;
	case TFTP_CLOSED:
		return PXE_TFTP_OPEN_TIMEOUT;
	case TFTP_SINK:
		return PXE_OUT_OF_RESOURCES;
	default:
		return PXE_TFTP_CANNOT_READ;
	}
}

/* It is over, and its server knows. */
static void end(struct pxe *p)
{
	struct pxe_tftp *t = &p->tftp;

	if (p->serving) {
		if (!tftp_done(&t->core))
			tftp_abort(&t->core, TFTP_NOT_DEFINED, LEAVING);
		p->net->nic->ops->tx_flush(p->net->nic);
		tftp_close(&t->core);
	}
	t->open = false;
}

/* {status, server, gateway, name[128], port, packet size} [PXE-10] */
enum pxe_status tftp_open_call(struct pxe *p, uint8_t *q)
{
	struct pxe_tftp *t = &p->tftp;
	struct tftp_sink sink = { .begin = any_size, .data = block_data, .ctx = t };
	struct tftp_request request = {
		.server = get_be32(q + 2),
		.port = get_be16(q + 138),
		.blksize = get_le16(q + 140),
		.pull = true,
	};
	enum pxe_status status;

	if (request.blksize < PACKET_LEAST)
		return PXE_TFTP_INVALID_PACKET_SIZE;
	if (request.blksize > sizeof(t->block))
		request.blksize = sizeof(t->block);
	status = begin(p, q + 10, request, &sink);
	if (status)
		return status;
	t->open = true;
	status = wait(p, answered, PXE_TFTP_OPEN_TIMEOUT);
	if (!status)
		status = status_of(&t->core);
	if (status)
		end(p);
	else
		put_le16(q + 140, t->core.blksize);
	return status;
}

/* {status, number, length, data}: a block shorter than the packet size is the last. */
enum pxe_status tftp_read_call(struct pxe *p, uint8_t *q)
{
	struct pxe_tftp *t = &p->tftp;
	enum pxe_status status;

	if (!t->open)
		return PXE_TFTP_CLOSED;
	if (t->ended)
		return PXE_TFTP_CANNOT_READ;
	if (!t->full && !tftp_done(&t->core)) {
		tftp_more(&t->core);
		status = wait(p, has_block, PXE_TFTP_READ_TIMEOUT);
		if (status)
			return status;
	}
	if (!t->full && t->core.state == TFTP_FAILED)
		return status_of(&t->core);
	if (!t->full)
		t->len = 0; /* a file of whole blocks: the last is empty */
	t->ended = t->len < t->core.blksize;
	t->full = false;
	put_le16(q + 2, ++t->number);
	put_le16(q + 4, (uint16_t)t->len);
	memcpy(pxe_pointer(q + 6), t->block, t->len);
	return PXE_SUCCESS;
}

enum pxe_status tftp_close_call(struct pxe *p, uint8_t *q)
{
	(void)q;
	if (!p->tftp.open)
		return PXE_TFTP_CLOSED;
	end(p);
	return PXE_SUCCESS;
}

/* All of a file, or its size: until it is done, as long as it grows. */
static enum pxe_status run(struct pxe *p)
{
	struct pxe_tftp *t = &p->tftp;
	enum pxe_status status;

	do {
		t->seen = t->core.off;
		status = wait(p, has_grown,
			      t->seen ? PXE_TFTP_READ_TIMEOUT : PXE_TFTP_OPEN_TIMEOUT);
	} while (!status && !tftp_done(&t->core));
	return status ? status : status_of(&t->core);
}

/* {status, name[128], room, address, server, gateway, multicast, ports, timeouts} */
enum pxe_status tftp_read_file_call(struct pxe *p, uint8_t *q)
{
	struct pxe_tftp *t = &p->tftp;
	struct tftp_sink sink = { .begin = any_size, .data = file_data, .ctx = t };
	struct tftp_request request = {
		.server = get_be32(q + 138),
		.port = get_be16(q + 152),
		.windowsize = TFTP_WINDOWSIZE,
	};
	enum pxe_status status = begin(p, q + 2, request, &sink);

	if (status)
		return status;
	t->room = get_le32(q + 130);
	t->to = get_le32(q + 134);
	status = run(p);
	if (!status)
		put_le32(q + 130, (uint32_t)t->core.off);
	end(p);
	return status;
}

/* {status, server, gateway, name[128], size} */
enum pxe_status tftp_get_fsize_call(struct pxe *p, uint8_t *q)
{
	struct pxe_tftp *t = &p->tftp;
	struct tftp_sink sink = { .begin = any_size, .data = block_data, .ctx = t };
	struct tftp_request request = { .server = get_be32(q + 2), .size_only = true };
	enum pxe_status status = begin(p, q + 10, request, &sink);

	if (status)
		return status;
	status = run(p);
	if (!status && (t->core.size == TFTP_SIZE_UNKNOWN || t->core.size > UINT32_MAX))
		status = PXE_TFTP_NO_FILESIZE;
	if (!status)
		put_le32(q + 138, (uint32_t)t->core.size);
	end(p);
	return status;
}
