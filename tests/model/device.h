/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A virtio network device behind the hosted port, modern, legacy or both. It is honest unless a
 * test changes it: every member of the first part may be set between device_init() and
 * device_attach() or later, and the ring functions below let a test put anything into a used ring.
 *
 * It is also the judge of its driver: what a driver must not do is kept as a complaint, and
 * device_content() says whether there was one. It logs every access to a register.
 */
#ifndef TESTS_MODEL_DEVICE_H
#define TESTS_MODEL_DEVICE_H

#include "arch/hosted/hosted.h"

#define DEVICE_FN 0x18 /* 00:03.0 */
#define DEVICE_QUEUES 3
#define DEVICE_LOG_MAX 8192
#define DEVICE_SENT_MAX 128
#define DEVICE_FRAME_MAX 4096
#define DEVICE_PIECES_MAX 8
#define DEVICE_RESET_NEVER UINT32_MAX

/* The registers' places in BAR4, and where device_init() puts the capabilities that name them. */
enum device_layout {
	DEVICE_COMMON_OFF = 0x0000,
	DEVICE_ISR_OFF = 0x1000,
	DEVICE_CONFIG_OFF = 0x2000,
	DEVICE_NOTIFY_OFF = 0x3000,
	DEVICE_BAR4_LEN = 0x4000,
	DEVICE_CAP_COMMON = 0x40,
	DEVICE_CAP_ISR = 0x50,
	DEVICE_CAP_CONFIG = 0x60,
	DEVICE_CAP_NOTIFY = 0x70,
	DEVICE_CAP_PCI_CFG = 0x84,
	DEVICE_CAP_MSIX = 0x98,
	DEVICE_CAP_FREE = 0xa4,
};

#define DEVICE_MSIX_BAR 1
#define DEVICE_MSIX_PENDING_OFF 0x800
#define DEVICE_MSIX_VECTORS 4

#define DEVICE_SPACE_CFG 16 /* configuration space; smaller: the BAR */

struct device_access {
	uint8_t space, width;
	bool write;
	uint32_t off, value;
};

struct device_queue {
	uint16_t max, notify_off; /* set by a test */
	uint16_t size, vector;
	bool enabled, hold; /* hold: transmitted frames are not taken */
	uint64_t desc, avail, used;
	uint16_t last_avail, used_idx;
	unsigned doorbells;
};

struct device_piece {
	uint64_t addr;
	uint32_t len;
	bool write;
};

struct device_chain {
	uint16_t head;
	unsigned count;
	struct device_piece piece[DEVICE_PIECES_MAX];
};

struct device_sent {
	uint8_t header[12];
	uint8_t frame[DEVICE_FRAME_MAX];
	uint32_t len;
	uint16_t head;
};

/* device_probed.c */
enum device_fault {
	FAULT_VECTORS_STAY,    /* over a reset */
	FAULT_SIZE_STAYS,      /* the same */
	FAULT_FEATURES_STAY,   /* the same; driver_feature */
	FAULT_SELECTORS_STAY,  /* the same */
	FAULT_ADDRESSES_STAY,  /* the same */
	FAULT_OFFER_REPEATS,   /* every fourth word of device_feature is the same */
	FAULT_WORDS_FOLDED,    /* words 2 and 3 of driver_feature are 0 and 1 */
	FAULT_UPPER_REFUSED,   /* FEATURES_OK does not stick with bits above 63 */
	FAULT_FEATURES_EARLY,  /* taken before DRIVER */
	FAULT_FEATURES_LATE,   /* taken behind FEATURES_OK */
	FAULT_WINDOW_WIDE,     /* pci_cfg_data reads the whole word around its place */
	FAULT_WINDOW_LOSES,    /* what is written there by one byte is lost */
	FAULT_WINDOW_SILENT,   /* doorbells through it are lost */
	FAULT_CONFIG_WRITABLE, /* device configuration, by the driver */
	FAULT_CONTROL_LEN,     /* the used length of a command is that of all its bytes */
	FAULT_CONTROL_OK,      /* to unknown commands */
	FAULT_CONTROL_SILENT,  /* commands are taken, and neither obeyed nor answered */
	FAULT_PAIRS_OK,        /* to any number of queue pairs */
	FAULT_FILTER_OPEN,     /* for everything */
	FAULT_FILTER_DEAF,     /* to promiscuous mode */
	FAULT_TABLE_KEPT,      /* the first MAC table stays */
	FAULT_MAC_HIDDEN,      /* a MAC that was set is not in the configuration */
	FAULT_CSUM_LEFT,       /* a transmitted frame with NEEDS_CSUM goes out as it is */
	FAULT_SEGMENTS_LOST,   /* of what is to be segmented only the first leaves */
	FAULT_SEGMENTS6_LOST,  /* the same of IPv6 alone: its last segment is missing */
	FAULT_SEGMENTS6_SUM,   /* their checksums are sums of IPv4's pseudo-header */
	FAULT_HEADER_WHOLE, /* a buffer whose first piece is shorter than the header is of no use */
	FAULT_ISR_ALWAYS,   /* interrupts although they are not wanted */
	FAULT_ISR_NEVER,    /* none, by the pin */
	FAULT_ISR_STAYS,    /* reading clears nothing */
	FAULT_VECTOR_FORGOTTEN, /* what was mapped reads 0 */
	FAULT_VECTOR_ZERO,      /* all queues have vector 0 */
	FAULT_VECTOR_ONE,       /* queues without a vector have 1 */
	FAULT_SELECT_WRAPS,     /* queue_select has 14 bits */
	FAULT_STUCK,            /* a malformed chain is the last that is ever taken */
};
#define DEVICE_FAULT(fault) (UINT64_C(1) << (fault))

/* What the control queue says of frames for the guest. */
struct device_filter {
	bool promiscuous, has_table, moved; /* moved: the MAC was set, and was `mac` before */
	uint8_t mac[6], table[6];
};

struct device {
	/* Set by device_init(), changed by tests. */
	uint32_t offers[4]; /* 128 feature bits */
	uint8_t config[64]; /* struct virtio_net_config; honest values */
	uint32_t config_len;
	uint32_t notify_off_multiplier;
	uint32_t reset_reads;   /* so many reads of status still give the old value */
	bool refuses_features;  /* FEATURES_OK does not stick */
	bool no_chains;         /* complains of two pieces where one would do */
	bool counts_generation; /* each change moves config_generation; true at first */
	/* Is given what a read of the common configuration returns, to lie with. */
	void (*on_common_read)(struct device *d, uint32_t off, uint32_t *value);
	/* Is called before each read of device configuration. */
	void (*on_config_read)(struct device *d, uint32_t off);
	uint8_t cfg[256]; /* PCI configuration space */
	/*
	 * skiff-conform asks more than a driver may: MSI-X is there, with every vector masked, and
	 * questions are no complaints.
	 */
	bool probed;
	bool hostile; /* its driver is: malformed buffers end in NEEDS_RESET, without a complaint */
	uint64_t faults; /* DEVICE_FAULT()s: what the device does wrong when it is probed */
	struct device_queue queue[DEVICE_QUEUES];

	/* State; tests read it. */
	struct hosted_pci pci;
	uint8_t status, generation;
	uint32_t device_feature_select, driver_feature_select;
	uint32_t accepted[4];
	struct device_filter filter;
	uint16_t queue_select, config_vector;
	bool stuck;       /* FAULT_STUCK has happened: even a reset does not help */
	uint32_t pending; /* MSI-X: the vectors that wait */
	uint8_t isr;
	uint32_t reset_reads_left;
	struct device_sent sent[DEVICE_SENT_MAX];
	unsigned sent_count;
	const char *complaint;
	unsigned log_count;
	struct device_access log[DEVICE_LOG_MAX];
};

/*
 * An honest modern device 1af4:1041 that offers VERSION_1, MAC and STATUS, its link up, three
 * queues of 256.
 */
void device_init(struct device *d);
/* The same as a transitional device, 1af4:1000, with both interfaces. */
void device_init_transitional(struct device *d);
/* The same without capabilities. It offers ANY_LAYOUT in VERSION_1's stead. */
void device_init_legacy(struct device *d);
void device_offer(struct device *d, unsigned bit);
void device_withdraw(struct device *d, unsigned bit);
bool device_accepted(const struct device *d, unsigned bit);

/*
 * Writes a virtio capability at configuration space offset `at`; extra follows its 16 bytes (only
 * types 2 and 5).
 */
void device_capability(struct device *d, unsigned at, uint8_t next, uint8_t cfg_type, uint8_t bar,
		       uint32_t off, uint32_t len, uint32_t extra);

/* Puts it on the hosted port's bus. hosted_reset() takes it off. */
void device_attach(struct device *d);

/* Whether the driver obeyed all rules; prints the complaint otherwise. */
bool device_content(const struct device *d);

/* --- what the log says ---------------------------------------------------------------------- */

/*
 * The values written to (or read from) a register, in order: at most max of them go to `values`.
 * Returns how many there are.
 */
unsigned device_log_find(const struct device *d, unsigned space, uint32_t off, bool write,
			 uint32_t *values, unsigned max);
/* The same for device status, wherever it lies. */
unsigned device_status_writes(const struct device *d, uint32_t *values, unsigned max);

/* --- configuration ---------------------------------------------------------------------------- */

/* Changes a byte of device configuration, and the generation with it. */
void device_config_change(struct device *d, uint32_t off, uint8_t value);
void device_link(struct device *d, bool up);

/* --- rings (device_ring.c) -------------------------------------------------------------------- */

/* Takes the next chain that the driver made available; false if there is none. */
bool device_pop(struct device *d, unsigned queue, struct device_chain *chain);
/* Writes len bytes at offset off of the chain's pieces. */
void device_fill(struct device *d, const struct device_chain *chain, uint32_t off, const void *data,
		 uint32_t len);
/* Puts an element into the used ring; device_show() lets the driver see it. */
void device_use(struct device *d, unsigned queue, uint32_t id, uint32_t len);
/* Stores the used index; also one that is a lie. */
void device_show(struct device *d, unsigned queue);
void device_show_idx(struct device *d, unsigned queue, uint16_t idx);
void device_used_flags(struct device *d, unsigned queue, uint16_t flags);

/*
 * Receives a frame honestly, with this header (NULL: flags 0, num_buffers 1). False if the driver
 * has no buffer.
 */
bool device_receive(struct device *d, const uint8_t header[12], const void *frame, uint32_t len);
/*
 * Takes and completes all that the driver wants to send, in order; what a doorbell does unless
 * `hold` is set.
 */
void device_transmit(struct device *d);

/* --- probed (device_probed.c) ----------------------------------------------------------------- */

/* MSI-X as above, and no complaint about what skiff-conform asks. Before device_attach(). */
void device_probe(struct device *d);
bool device_faulty(const struct device *d, enum device_fault fault);
/* Does to what was sent what its header asks for, as far as that was negotiated (device_offload.c).
 */
void device_offload(struct device *d);
/* Takes and completes commands (device_control.c). */
void device_control(struct device *d);
/* Whether the filter lets a frame through; true where CTRL_RX is not negotiated. */
bool device_passes(const struct device *d, const uint8_t *frame);
/* What a driver must not do: a complaint, unless the device is probed. */
void device_forbid(struct device *d, const char *what);

/* --- among the model's files ------------------------------------------------------------------ */

uint32_t device_header_len(const struct device *d);
void device_complain(struct device *d, const char *what);
void device_record(struct device *d, unsigned space, bool write, uint32_t off, unsigned width,
		   uint32_t value);
void device_reset_probed(struct device *d);
/* A buffer of the queue was shown as used; flags: those of its avail ring. */
void device_signal(struct device *d, const struct device_queue *q, uint16_t flags);
uint8_t device_isr_read(struct device *d);
void device_reset_control(struct device *d);
/* Copies a chain's readable bytes; how many there are. */
uint32_t device_gather(struct device *d, const struct device_chain *chain, uint8_t *buf,
		       uint32_t cap);
bool device_cfg_write_probed(struct device *d, unsigned off, unsigned width, uint32_t value);
uint32_t device_msix_read(const struct device *d, uint32_t off);
/* Registers that both interfaces have. */
uint32_t device_config_read(struct device *d, uint32_t off, unsigned width);
uint8_t device_status_read(struct device *d);
void device_status_write(struct device *d, uint8_t value, bool legacy);
void device_feature_write(struct device *d, unsigned word, uint32_t value);
void device_doorbell(struct device *d, uint32_t queue);
struct device_queue *device_selected(struct device *d); /* NULL: there is no such queue */
uint32_t device_legacy_read(struct device *d, uint32_t off, unsigned width);
void device_legacy_write(struct device *d, uint32_t off, unsigned width, uint32_t value);
uint32_t device_bar_read(void *ctx, unsigned bar, uint32_t off, unsigned width);
void device_bar_write(void *ctx, unsigned bar, uint32_t off, unsigned width, uint32_t value);

#endif
