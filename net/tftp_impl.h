/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of TFTP share, and nobody else needs:
 *
 *   tftp.c         requests, timers, the end
 *   tftp_rx.c      answers
 *   tftp_packet.c  packets (tftp_packet.h: on its own)
 */
#ifndef NET_TFTP_IMPL_H
#define NET_TFTP_IMPL_H

#include "net/tftp.h"

/* Before the first answer; then as RFC 6298 has it, in whole milliseconds [TFTP-12]. */
#define TFTP_RTO_FIRST_MS 1000
#define TFTP_RTO_MOST_MS 4000

/* The socket's callback. */
void tftp_rx(void *ctx, uint32_t src, uint16_t src_port, struct span packet);

/* The newest block in order is acknowledged, which asks for what is behind it. */
void tftp_send_ack(struct tftp *t);

/*
 * RFC 1350 4: to whom a packet came from, be it the peer or not. From a socket of its own, so that
 * an ICMP error about a stranger is none about the peer.
 */
void tftp_send_error(struct tftp *t, uint16_t port, enum tftp_code code, const char *text);

/*
 * The server does not like our options, or we do not like its own: asks once more, without any
 * [TFTP-07]. False: it was asked so, or is past that.
 */
bool tftp_ask_bare(struct tftp *t);

void tftp_fail(struct tftp *t, enum tftp_cause cause, int err);

#endif
