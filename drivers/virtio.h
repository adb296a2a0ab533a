/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A virtio device, whatever its type and bus: status, features, configuration, reset. Transports
 * (virtio_pci.c: modern, virtio_legacy.c) stand behind one table of operations; another one is a
 * file and a line in virtio.c. All references are to VIRTIO 1.4.
 */
#ifndef DRIVERS_VIRTIO_H
#define DRIVERS_VIRTIO_H

#include "arch/port.h"
#include "core/err.h"
#include "core/text.h"
#include "core/types.h"
#include "drivers/pci.h"

/* Device status, 2.1. */
enum virtio_status {
	VIRTIO_CONFIG_S_ACKNOWLEDGE = 1,
	VIRTIO_CONFIG_S_DRIVER = 2,
	VIRTIO_CONFIG_S_DRIVER_OK = 4,
	VIRTIO_CONFIG_S_FEATURES_OK = 8,
	VIRTIO_CONFIG_S_NEEDS_RESET = 64,
	VIRTIO_CONFIG_S_FAILED = 128,
};

/* Feature bits that decide something here; virtio_features.c knows more by name. */
enum virtio_feature {
	VIRTIO_NET_F_GUEST_CSUM = 1,
	VIRTIO_NET_F_MTU = 3,
	VIRTIO_NET_F_MAC = 5,
	VIRTIO_NET_F_GUEST_TSO4 = 7,
	VIRTIO_NET_F_GUEST_TSO6 = 8,
	VIRTIO_NET_F_GUEST_ECN = 9,
	VIRTIO_NET_F_GUEST_UFO = 10,
	VIRTIO_NET_F_STATUS = 16,
	VIRTIO_F_ANY_LAYOUT = 27, /* legacy only */
	VIRTIO_F_INDIRECT_DESC = 28,
	VIRTIO_F_VERSION_1 = 32,
	VIRTIO_F_ACCESS_PLATFORM = 33,
	VIRTIO_NET_F_GUEST_USO4 = 54,
	VIRTIO_NET_F_GUEST_USO6 = 55,
};

#define VIRTIO_BIT(feature) (UINT64_C(1) << (feature))

#define VIRTIO_QUEUES 2 /* receive, transmit */
#define VIRTIO_BIG_ENDIAN (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)

struct virtio;
struct virtq;

struct virtio_transport {
	bool legacy;
	/*
	 * Finds the registers of v->fn and lets the device answer; writes to none yet. NULL; or why
	 * the device cannot be driven so, as half a sentence, and everything as it was.
	 */
	const char *(*open)(struct virtio *v);
	/*
	 * The device has been reset: takes from it the right to access memory, for good, and leaves
	 * the rest as open() found it. Any number of times.
	 */
	void (*release)(const struct virtio *v);
	/* The device may access memory from now on. */
	void (*allow_dma)(const struct virtio *v);
	/* Appends what the user knows the device by ("1af4:1041"). */
	void (*name)(const struct virtio *v, struct text *t);
	uint8_t (*status)(const struct virtio *v);
	void (*set_status)(const struct virtio *v, uint8_t status);
	uint64_t (*features)(const struct virtio *v);
	void (*accept)(const struct virtio *v, uint64_t features);
	/* The device's size of a queue; 0: no such queue. */
	uint16_t (*queue_max)(const struct virtio *v, uint16_t queue);
	/*
	 * Tells the device where the ring lies and finds the doorbell. 0, or an error with a
	 * sentence (rung `queues`).
	 */
	int (*queue_start)(struct virtio *v, uint16_t queue, const struct virtq *vq,
			   struct failure *f);
	/* Rings the doorbell. */
	void (*notify)(const struct virtio *v, uint16_t queue);
	/*
	 * One read of device configuration; off + width is inside it. Nothing writes there
	 * (3.1.1 [INIT-03], 5.1.4.2 [NET-02]).
	 */
	uint32_t (*config)(const struct virtio *v, uint32_t off, unsigned width);
	/* A number that changes with the configuration; NULL where there is none. */
	uint32_t (*generation)(const struct virtio *v);
};

/* The caller owns it; virtio_open() fills it in. */
struct virtio {
	uintptr_t fn;
	const struct virtio_transport *transport; /* NULL: not open */
	uint64_t offered, accepted;
	uint8_t status; /* what we have written */

	/* Set by each transport. */
	struct window common; /* the common configuration; legacy: all registers */
	uint32_t config_len;  /* bytes of device configuration that can be read */

	/* Set by transports over PCI. */
	struct pci_command_saved command;

	/* Set by virtio_legacy.c. */
	uint32_t config_off; /* where in `common` device configuration begins */

	/* Set by virtio_pci.c. */
	struct window device; /* device configuration */
	struct window doorbell[VIRTIO_QUEUES];
	uint32_t notify_off, notify_len, notify_off_multiplier;
	uint8_t notify_bar;
	uint8_t pci_cfg; /* where the PCI_CFG capability lies; 0: there is none */
};

/*
 * Finds the transport of the device that the port calls fn, and lets it answer; touches no virtio
 * register yet. 0; ERR_DEVICE with a sentence (rung `device`) and everything as it was.
 */
int virtio_open(struct virtio *v, uintptr_t fn, struct failure *f) MUST_CHECK;

/*
 * Reset, ACKNOWLEDGE, DRIVER, and the offer is in v->offered. config_len bytes of configuration may
 * be read from now on. 0, or ERR_DEVICE with a sentence.
 */
int virtio_begin(struct virtio *v, struct failure *f) MUST_CHECK;

/*
 * Accepts what is offered, wanted and meant for this transport, and always VERSION_1, and has the
 * device agree. 0, or ERR_DEVICE with a sentence (rung `device`).
 */
int virtio_accept(struct virtio *v, uint64_t wanted, struct failure *f) MUST_CHECK;

/* A bit of enum virtio_feature, or another one that a program has accepted. */
static inline bool virtio_has(const struct virtio *v, unsigned feature)
{
	return v->accepted >> feature & 1;
}

/* Appends what the user knows the open device by ("1af4:1041"). */
static inline void virtio_name(const struct virtio *v, struct text *t)
{
	v->transport->name(v, t);
}

/* The queues are set up: the device may begin. */
void virtio_driver_ok(struct virtio *v);

/* Whether the device says that it is alive and content; its status register is in *status. */
bool virtio_healthy(const struct virtio *v, uint8_t *status);

/* We give up: the device is told (FAILED). Only virtio_close() may follow. */
void virtio_give_up(struct virtio *v);

/*
 * Reset, read back as reset, the command register as it was found, but without the device's right
 * to access memory. Any number of times. 0; ERR_DEVICE with a sentence (rung `device`) for a reset
 * that never ends.
 */
int virtio_close(struct virtio *v, struct failure *f) MUST_CHECK;

/*
 * Copies len bytes of device configuration at off, each read by itself, all of one moment. 0, or
 * ERR_DEVICE with a sentence (rung `device`) if they never hold still. off + len ≤ config_len.
 */
int virtio_config_bytes(const struct virtio *v, uint32_t off, uint8_t *buf, uint32_t len,
			struct failure *f) MUST_CHECK;
/* A field of 16 bits. off + 2 ≤ config_len. */
uint16_t virtio_config_u16(const struct virtio *v, uint32_t off);

/* Appends "offered 0x…, accepted 0x… +VERSION_1 +MAC -MRG_RXBUF": users' scripts read it. */
#define VIRTIO_FEATURES_TEXT_LEN 1000 /* enough for a device that offers everything */
void virtio_features_text(const struct virtio *v, struct text *t);

#endif
