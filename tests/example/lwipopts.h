/* SPDX-License-Identifier: BSD-2-Clause */
/* lwIP as the example wants it: one thread, IPv4, DHCP, TCP; its own pools and heap. */
#ifndef TESTS_EXAMPLE_LWIPOPTS_H
#define TESTS_EXAMPLE_LWIPOPTS_H

#define NO_SYS 1
#define SYS_LIGHTWEIGHT_PROT 0
#define LWIP_SOCKET 0
#define LWIP_NETCONN 0
#define LWIP_DHCP 1
#define LWIP_NETIF_STATUS_CALLBACK 1
#define LWIP_STATS 0
#define MEM_ALIGNMENT 8
#define MEM_SIZE (1 << 20)
#define MEMP_NUM_TCP_PCB 32
#define TCP_MSS 1460
#define TCP_SND_BUF (4 * TCP_MSS)
#define TCP_WND (8 * TCP_MSS)
/* What the driver vouches for is not summed again: NETIF_SET_CHECKSUM_CTRL(), frame by frame. */
#define LWIP_CHECKSUM_CTRL_PER_NETIF 1

#endif
