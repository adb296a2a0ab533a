/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lwIP over skiff's nic, which gets a lease and answers ping and, on port 80, HTTP. Esc on the
 * serial port ends it.
 */
#define ERR_TIMEOUT SKIFF_ERR_TIMEOUT /* lwIP has one, too */
#include "drivers/virtio_net.h"
#undef ERR_TIMEOUT

#include <lwip/dhcp.h>
#include <lwip/etharp.h>
#include <lwip/inet_chksum.h>
#include <lwip/init.h>
#include <lwip/tcp.h>
#include <lwip/timeouts.h>
#include <netif/ethernet.h>
#include <string.h>

#include "arch/cpu.h"
#include "arch/pcbios/pit.h"
#include "tests/example/example.h"

#define ESC 0x1b
#define VERIFIED (NETIF_CHECKSUM_CHECK_UDP | NETIF_CHECKSUM_CHECK_TCP)

static struct virtio_net vn;
static struct netif netif;
static struct failure failure;
static struct nic *const nic = &vn.nic;
static unsigned verdicts[CSUM_BAD + 1];

/* tx_buffer() lends, tx_send() transfers; the doorbell is tx_flush()'s, in the loop. */
static err_t transmit(struct netif *unused, struct pbuf *p)
{
	uint8_t *buffer = nic->ops->tx_buffer(nic);

	(void)unused;
	if (!buffer || p->tot_len > nic->tx_max)
		return ERR_MEM;
	pbuf_copy_partial(p, buffer, p->tot_len, 0);
	nic->ops->tx_send(nic, p->tot_len);
	return ERR_OK;
}

/*
 * The sum that the device left undone, where lwIP finds it: whose field it is, lwIP would have to
 * see first. Of UDP, 0 means none.
 */
static void finish(uint8_t *data, const struct frame *frame)
{
	uint8_t *begin = data + frame->csum_start;
	uint16_t sum = inet_chksum(begin, (uint16_t)(frame->data.len - frame->csum_start));

	sum = sum ? sum : UINT16_MAX;
	memcpy(begin + frame->csum_offset, &sum, sizeof(sum));
}

/* rx borrows: the bytes are copied before it returns. What is vouched for is not summed again. */
static void receive(void *unused, const struct frame *frame)
{
	struct pbuf *p;

	(void)unused;
	verdicts[frame->csum]++;
	if (frame->csum == CSUM_BAD || frame->data.len > UINT16_MAX)
		return;
	p = pbuf_alloc(PBUF_RAW, (uint16_t)frame->data.len, PBUF_RAM);
	if (!p)
		return;
	pbuf_take(p, frame->data.at, p->len);
	if (frame->csum == CSUM_PARTIAL)
		finish(p->payload, frame);
	NETIF_SET_CHECKSUM_CTRL(&netif, frame->csum == CSUM_VOUCHED ?
						NETIF_CHECKSUM_ENABLE_ALL & ~VERIFIED :
						NETIF_CHECKSUM_ENABLE_ALL);
	if (netif.input(p, &netif) != ERR_OK)
		pbuf_free(p);
}

/* Whenever something changes about it, a lease among others. */
static void changed(struct netif *unused)
{
	(void)unused;
	if (ip4_addr_isany(netif_ip4_addr(&netif)))
		return;
	say("address ");
	say(ip4addr_ntoa(netif_ip4_addr(&netif)));
	say("\r\n");
}

static err_t attach(struct netif *unused)
{
	(void)unused;
	memcpy(netif.name, "vn", sizeof(netif.name));
	netif.output = etharp_output;
	netif.linkoutput = transmit;
	netif.mtu = (uint16_t)(nic->tx_max - SIZEOF_ETH_HDR);
	netif.hwaddr_len = sizeof(nic->mac);
	memcpy(netif.hwaddr, nic->mac, sizeof(nic->mac));
	netif.flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_LINK_UP;
	return ERR_OK;
}

static void add(struct tcp_pcb *pcb, const char *text, unsigned count)
{
	char number[12];

	lwip_itoa(number, sizeof(number), (int)count);
	(void)tcp_write(pcb, text, (uint16_t)strlen(text), TCP_WRITE_FLAG_COPY);
	(void)tcp_write(pcb, number, (uint16_t)strlen(number), TCP_WRITE_FLAG_COPY);
}

/* Whatever is asked for: one page, and the end of the connection. */
static err_t answer(void *unused, struct tcp_pcb *pcb, struct pbuf *p, err_t err)
{
	(void)unused, (void)err;
	if (p) {
		tcp_recved(pcb, p->tot_len);
		pbuf_free(p);
		add(pcb, "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nhello\nrx ",
		    vn.counts.rx);
		add(pcb, " tx ", vn.counts.tx);
		add(pcb, " checked ", verdicts[CSUM_CHECK]);
		add(pcb, " vouched ", verdicts[CSUM_VOUCHED]);
		add(pcb, " partial ", verdicts[CSUM_PARTIAL]);
		add(pcb, " bad ", verdicts[CSUM_BAD]);
	}
	return tcp_close(pcb);
}

static err_t accept(void *unused, struct tcp_pcb *pcb, err_t err)
{
	(void)unused;
	if (err == ERR_OK)
		tcp_recv(pcb, answer);
	return err;
}

static void serve(void)
{
	struct tcp_pcb *pcb;

	lwip_init();
	netif_add_noaddr(&netif, NULL, attach, ethernet_input);
	netif_set_status_callback(&netif, changed);
	netif_set_default(&netif);
	netif_set_up(&netif);
	dhcp_start(&netif);
	pcb = tcp_new();
	tcp_bind(pcb, IP4_ADDR_ANY, 80);
	tcp_accept(tcp_listen(pcb), accept);
	while (port_key() != ESC && nic->ops->poll(nic) >= 0) {
		sys_check_timeouts();
		nic->ops->tx_flush(nic);
	}
}

void example(void);
void example(void)
{
	struct virtio_net_options options = { .csum = CSUM_POLICY_AUTO, .features = UINT64_MAX };
	const char *end = "closed";
	uintptr_t fn = 0;

	cpu_time_init(pit_ticks_per_ms());
	cpu_random_init(NULL, 0);
	if (!virtio_net_pci_find(&fn)) {
		end = "there is no virtio network device";
	} else if (virtio_net_open(&vn, fn, &options, &failure) == 0) {
		nic->rx = receive;
		serve();
		/* On every way out, also where the device is broken: it must not access memory. */
		err_ignore(nic->ops->close(nic));
	}
	say(failure.err ? failure.text : end);
	say("\r\n");
}
