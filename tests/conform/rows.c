/* SPDX-License-Identifier: BSD-2-Clause */
/* The rows' texts: our words, the specification's meaning. All sections are of VIRTIO 1.4. */
#include "tests/conform/rows.h"

#include "core/text.h"

#define NO_FRAME "no frame came"
#define NO_GSO "no frame with a gso_type came"
#define NO_PARTIAL "no frame with NEEDS_CSUM came"
#define NO_L4 "no TCP or UDP packet with a checksum came"
#define NO_VOUCHED "no TCP or UDP packet with DATA_VALID came"
#define NO_BUFFER "no buffer came back"

const struct row_text row_texts[ROWS] = {
	[DEV_01] = {
		.id = "DEV-01", .level = LEVEL_MUST, .section = "6.2",
		.title = "VERSION_1 is offered",
		.rule = "A device MUST offer VERSION_1.",
		.unseen = "", .needs = "the registers of virtio 1",
	},
	[DEV_02] = {
		.id = "DEV-02", .level = LEVEL_MUST, .section = "2.2.2, 5.1.3.1",
		.title = "features come with prerequisites",
		.rule = "The device MUST NOT offer a feature that requires another one which is "
			"not offered.",
		.unseen = "", .needs = "a device that answers",
	},
	[DEV_03] = {
		.id = "DEV-03", .level = LEVEL_REPORT, .section = "2.2.2, 6",
		.title = "no reserved bit is offered",
		.rule = "Bits 44 to 49 and those from 71 to 127 have no meaning; a later "
			"specification "
			"may define them.",
		.unseen = "", .needs = "the registers of virtio 1",
	},
	[DEV_04] = {
		.id = "DEV-04", .level = LEVEL_SHOULD, .section = "2.2.2, 6.2",
		.title = "valid subsets are accepted",
		.rule = "The device SHOULD accept any valid subset of the features that it offers.",
		.unseen = "", .needs = "the registers of virtio 1",
	},
	[DEV_05] = {
		.id = "DEV-05", .level = LEVEL_SHOULD, .section = "2.2.2",
		.title = "accepted again after reset",
		.rule = "A device that accepted a set of features once SHOULD NOT refuse it after "
			"a reset.",
		.unseen = "no set of features was accepted", .needs = "the registers of virtio 1",
	},
	[DEV_06] = {
		.id = "DEV-06", .level = LEVEL_MUST, .section = "4.1.4.3.1",
		.title = "driver_feature shows what was accepted",
		.rule = "The device MUST present in driver_feature the bits that the driver has "
			"written.",
		.unseen = "the device was not brought so far",
		.needs = "the registers of virtio 1",
	},
	[DEV_07] = {
		.id = "DEV-07", .level = LEVEL_MUST, .section = "2.5.2",
		.title = "configuration is readable early",
		.rule = "The device MUST allow reading of its configuration before FEATURES_OK is "
			"set.",
		.unseen = "neither MAC nor MTU is offered", .needs = "MAC or MTU",
	},
	[DEV_08] = {
		.id = "DEV-08", .level = LEVEL_MUST, .section = "4.1.4.3.1",
		.title = "changes have a new config_generation",
		.rule = "The device MUST present a changed config_generation after a value that "
			"the driver has read changes.",
		.unseen = "", .needs = "a configuration that changes meanwhile",
	},
	[DEV_09] = {
		.id = "DEV-09", .level = LEVEL_MUST, .section = "5.1.4.1",
		.title = "mtu is 68 to 65535 and stays",
		.rule = "The device MUST set mtu to between 68 and 65535, and MUST NOT modify it "
			"once it has been set.",
		.unseen = "", .needs = "MTU",
	},
	[DEV_10] = {
		.id = "DEV-10", .level = LEVEL_MUST, .section = "2.4.1, 4.1.4.3.1",
		.title = "a reset leaves status, queue_enable at 0",
		.rule = "Upon reset the device MUST present 0 in device_status, queue_enable and "
			"queue_reset.",
		.unseen = "the device was not brought so far",
		.needs = "the registers of virtio 1",
	},
	[DEV_11] = {
		.id = "DEV-11", .level = LEVEL_MUST, .section = "2.4.1",
		.title = "after a reset memory is left alone",
		.rule = "The device MUST NOT interact with the queues after it indicates "
			"completion of a reset.",
		.unseen = "nothing had been handed to the device before a reset",
		.needs = "queues that work",
	},
	[DEV_12] = {
		.id = "DEV-12", .level = LEVEL_MUST, .section = "2.1.2",
		.title = "no buffer is used before DRIVER_OK",
		.rule = "The device MUST NOT consume buffers before DRIVER_OK.",
		.unseen = "the queues were not set up", .needs = "the registers of virtio 1",
	},
	[DEV_13] = {
		.id = "DEV-13", .level = LEVEL_SHOULD, .section = "2.1.2",
		.title = "no stall, no NEEDS_RESET",
		.rule = "The device SHOULD set NEEDS_RESET when it enters an error state that a "
			"reset is needed to recover from.",
		.unseen = "it was over before the status was asked for",
		.needs = "queues that work",
	},
	[DEV_14] = {
		.id = "DEV-14", .level = LEVEL_MUST, .section = "4.1.4.3.1",
		.title = "queue_size is 0 or a power of 2",
		.rule = "The device MUST present 0 or a power of 2 in queue_size, and 0 for a "
			"queue that it does not have.",
		.unseen = "RING_PACKED is offered, whose queues may have any size",
		.needs = "the registers of virtio 1",
	},
	[DEV_15] = {
		.id = "DEV-15", .level = LEVEL_MUST,
		.section = "4.1.4.3.1, 4.1.4.4.1, 4.1.4.6, 4.1.4.9.1",
		.title = "capabilities are complete and aligned",
		.rule = "The device MUST present common, notification, ISR, device and PCI_CFG "
			"capabilities with the alignment, multiplier and length that the "
			"specification gives each.",
		.unseen = "", .needs = "the registers of virtio 1",
	},
	[DEV_16] = {
		.id = "DEV-16", .level = LEVEL_MUST, .section = "2.6.1.1.1, 4.1.4.3.1",
		.title = "queue_reset ends, queue_enable is 0",
		.rule = "While a queue is reset the device MUST present 1 in queue_reset, then 0 "
			"there and in queue_enable.",
		.unseen = "", .needs = "RING_RESET",
	},
	[DEV_17] = {
		.id = "DEV-17", .level = LEVEL_MUST, .section = "4.1.2.3, 4.1.4.10",
		.title = "a transitional device looks like one",
		.rule = "A transitional device MUST have revision 0, subsystem device id 1, and "
			"its legacy registers in BAR0's I/O space.",
		.unseen = "", .needs = "device id 1000",
	},
	[DEV_20] = {
		.id = "DEV-20", .level = LEVEL_MUST, .section = "2.7.8",
		.title = "only what was given comes back, once",
		.rule = "A used element names the head of a buffer that the driver made available, "
			"once.",
		.unseen = NO_BUFFER, .needs = "queues that work",
	},
	[DEV_21] = {
		.id = "DEV-21", .level = LEVEL_MUST, .section = "2.7.8",
		.title = "used.idx moves by used buffers only",
		.rule = "The used index advances by the number of buffers that the device has "
			"used, modulo 65536.",
		.unseen = NO_BUFFER, .needs = "queues that work",
	},
	[DEV_22] = {
		.id = "DEV-22", .level = LEVEL_MUST, .section = "2.7.8.2",
		.title = "len bytes are written beforehand",
		.rule = "The device MUST write at least len bytes before it updates the used "
			"index.",
		.unseen = NO_FRAME, .needs = "queues that work",
	},
	[DEV_23] = {
		.id = "DEV-23", .level = LEVEL_MUST, .section = "2.7.8",
		.title = "nothing is written behind a buffer",
		.rule = "A device writes to the device-writable part of a buffer only, and len is "
			"within it.",
		.unseen = NO_FRAME, .needs = "queues that work",
	},
	[DEV_24] = {
		.id = "DEV-24", .level = LEVEL_MUST, .section = "2.7.8, 5.1.9.1",
		.title = "a transmitted buffer has len 0",
		.rule = "len is the number of bytes written into the device-writable part, of "
			"which a transmitted buffer has none.",
		.unseen = "no transmitted buffer came back", .needs = "queues that work",
	},
	[DEV_25] = {
		.id = "DEV-25", .level = LEVEL_MUST, .section = "2.7.5.1",
		.title = "readable memory stays as it was",
		.rule = "The device MUST NOT write to a device-readable buffer, nor to a "
			"descriptor table.",
		.unseen = NO_BUFFER, .needs = "queues that work",
	},
	[DEV_26] = {
		.id = "DEV-26", .level = LEVEL_MUST, .section = "2.7.10.2",
		.title = "used.flags is 0 or 1, 0 with EVENT_IDX",
		.rule = "The device MUST set used.flags to 0 or 1, and to 0 if EVENT_IDX was "
			"negotiated.",
		.unseen = "the queues were not set up", .needs = "queues that work",
	},
	[DEV_27] = {
		.id = "DEV-27", .level = LEVEL_MUST, .section = "6.2, 2.7.9",
		.title = "buffers are used in order",
		.rule = "With IN_ORDER the device MUST use buffers in the order in which they were "
			"made available.",
		.unseen = NO_BUFFER, .needs = "IN_ORDER",
	},
	[DEV_28] = {
		.id = "DEV-28", .level = LEVEL_MUST, .section = "2.8.15",
		.title = "a used slot of a packed ring stays",
		.rule = "The device MUST NOT change a descriptor after it has changed the USED "
			"bit.",
		.unseen = NO_BUFFER, .needs = "RING_PACKED",
	},
	[DEV_29] = {
		.id = "DEV-29", .level = LEVEL_MUST, .section = "2.6.1.1.1",
		.title = "a queue that was reset stands still",
		.rule = "The device MUST NOT execute requests of a queue, or notify for it, once "
			"it has been reset.",
		.unseen = "no receive buffer was with the device", .needs = "RING_RESET",
	},
	[DEV_30] = {
		.id = "DEV-30", .level = LEVEL_MUST, .section = "5.1.9.4",
		.title = "the first buffer has the whole header",
		.rule = "A received frame is preceded by a full struct virtio_net_hdr in its first "
			"buffer.",
		.unseen = NO_FRAME, .needs = "queues that work",
	},
	[DEV_31] = {
		.id = "DEV-31", .level = LEVEL_MUST, .section = "5.1.9.3.2, 5.1.9.4.1",
		.title = "num_buffers is 1 without MRG_RXBUF",
		.rule = "If MRG_RXBUF was not negotiated, the device MUST use one buffer and set "
			"num_buffers to 1.",
		.unseen = NO_FRAME, .needs = "VERSION_1 without MRG_RXBUF",
	},
	[DEV_32] = {
		.id = "DEV-32", .level = LEVEL_MUST, .section = "5.1.9.4.1",
		.title = "num_buffers is the number of buffers",
		.rule = "With MRG_RXBUF the device MUST set num_buffers to the number of buffers "
			"that hold the frame.",
		.unseen = NO_FRAME, .needs = "MRG_RXBUF",
	},
	[DEV_33] = {
		.id = "DEV-33", .level = LEVEL_MUST, .section = "5.1.9.4.1",
		.title = "all buffers but the last are full",
		.rule = "With MRG_RXBUF the device MUST fill each buffer before it begins the "
			"next.",
		.unseen = "no frame needed two buffers", .needs = "MRG_RXBUF",
	},
	[DEV_34] = {
		.id = "DEV-34", .level = LEVEL_MUST, .section = "5.1.9.4.1, 2.8.9",
		.title = "buffers of a frame are used together",
		.rule = "The device MUST make all buffers of one frame used at the same time.",
		.unseen = "no frame needed two buffers", .needs = "MRG_RXBUF",
	},
	[DEV_35] = {
		.id = "DEV-35", .level = LEVEL_MUST, .section = "5.1.4.1",
		.title = "no frame is longer than the MTU",
		.rule = "With MTU the device MUST NOT pass frames of more than mtu bytes plus the "
			"Ethernet header, unless by GSO.",
		.unseen = NO_FRAME, .needs = "MTU",
	},
	[DEV_36] = {
		.id = "DEV-36", .level = LEVEL_REPORT, .section = "5.1.9.3",
		.title = "frames fit minimal buffers",
		.rule = "Receive buffers of 1526 bytes, or 65601 with guest GSO, are what the "
			"specification asks of drivers.",
		.unseen = NO_FRAME, .needs = "queues that work, without MTU",
	},
	[DEV_40] = {
		.id = "DEV-40", .level = LEVEL_MUST, .section = "5.1.9.4.1",
		.title = "flags are 0 on every frame",
		.rule = "If GUEST_CSUM was not negotiated, the device MUST set flags to zero.",
		.unseen = NO_FRAME, .needs = "GUEST_CSUM off",
	},
	[DEV_41] = {
		.id = "DEV-41", .level = LEVEL_MUST, .section = "5.1.9.4.1",
		.title = "NEEDS_CSUM is clear on every frame",
		.rule = "If GUEST_CSUM was not negotiated, the device MUST set flags to zero: "
			"NEEDS_CSUM too.",
		.unseen = NO_FRAME, .needs = "GUEST_CSUM off",
	},
	[DEV_42] = {
		.id = "DEV-42", .level = LEVEL_SHOULD, .section = "5.1.9.4.1",
		.title = "no checksum is left partial",
		.rule = "If GUEST_CSUM was not negotiated, the device SHOULD supply a fully "
			"checksummed packet.",
		.unseen = NO_L4, .needs = "GUEST_CSUM off",
	},
	[DEV_42B] = {
		.id = "DEV-42b", .level = LEVEL_SHOULD, .section = "5.1.9.4.1",
		.title = "no checksum is left 0",
		.rule = "If GUEST_CSUM was not negotiated, the device SHOULD supply a fully "
			"checksummed packet.",
		.unseen = NO_L4, .needs = "GUEST_CSUM off",
	},
	[DEV_43] = {
		.id = "DEV-43", .level = LEVEL_MUST, .section = "5.1.9.4.1",
		.title = "DATA_VALID stands on valid sums only",
		.rule = "The device MUST validate the outermost checksum before it sets "
			"DATA_VALID.",
		.unseen = NO_VOUCHED, .needs = "GUEST_CSUM",
	},
	[DEV_43B] = {
		.id = "DEV-43b", .level = LEVEL_HABIT, .section = "5.1.9.4.1",
		.title = "DATA_VALID: no checksum is 0",
		.rule = "A checksum of 0 under DATA_VALID was never filled in; drivers that verify "
			"anyway drop the packet.",
		.unseen = NO_VOUCHED, .needs = "GUEST_CSUM",
	},
	[DEV_44] = {
		.id = "DEV-44", .level = LEVEL_MUST, .section = "5.1.9.4.1",
		.title = "NEEDS_CSUM: the field is the pseudo sum",
		.rule = "With NEEDS_CSUM the checksum field holds the sum of the pseudo-header, "
			"from which the driver can complete it.",
		.unseen = NO_PARTIAL, .needs = "GUEST_CSUM",
	},
	[DEV_45] = {
		.id = "DEV-45", .level = LEVEL_MUST, .section = "5.1.9.4.1",
		.title = "NEEDS_CSUM: start, offset name the field",
		.rule = "With NEEDS_CSUM csum_start and csum_offset MUST be such that the driver "
			"can complete the checksum.",
		.unseen = NO_PARTIAL, .needs = "GUEST_CSUM",
	},
	[DEV_46] = {
		.id = "DEV-46", .level = LEVEL_MUST, .section = "5.1.9.4.1",
		.title = "NEEDS_CSUM: sums before it are valid",
		.rule = "With NEEDS_CSUM the device MUST have validated the checksums that precede "
			"csum_start.",
		.unseen = "", .needs = "an encapsulated packet with NEEDS_CSUM",
	},
	[DEV_47] = {
		.id = "DEV-47", .level = LEVEL_MUST, .section = "5.1.9.4.1",
		.title = "a GSO frame has NEEDS_CSUM, gso_size",
		.rule = "If gso_type is not NONE, the device MUST also set NEEDS_CSUM, and "
			"gso_size.",
		.unseen = NO_GSO, .needs = "GUEST_TSO4, GUEST_TSO6, GUEST_UFO or GUEST_USO",
	},
	[DEV_48] = {
		.id = "DEV-48", .level = LEVEL_MUST, .section = "5.1.9.4.1",
		.title = "RSC_INFO is clear",
		.rule = "If RSC_EXT was not negotiated, the device MUST NOT set RSC_INFO.",
		.unseen = NO_FRAME, .needs = "RSC_EXT off",
	},
	[DEV_49] = {
		.id = "DEV-49", .level = LEVEL_MUST, .section = "5.1.9.4.1",
		.title = "flags of tunnels and IPsec are clear",
		.rule = "Without their features the device MUST NOT set UDP_TUNNEL_CSUM or the "
			"IPsec flags.",
		.unseen = NO_FRAME, .needs = "those features off",
	},
	[DEV_50] = {
		.id = "DEV-50", .level = LEVEL_MUST, .section = "5.1.9.4.1",
		.title = "gso_type is one that was negotiated",
		.rule = "The device MUST NOT use a gso_type whose feature was not negotiated.",
		.unseen = NO_FRAME, .needs = "a GSO feature off",
	},
	[DEV_51] = {
		.id = "DEV-51", .level = LEVEL_MUST, .section = "5.1.9.4.1",
		.title = "gso_type is 0",
		.rule = "If no guest GSO feature was negotiated, the device MUST set gso_type to "
			"NONE.",
		.unseen = NO_FRAME, .needs = "guest GSO off",
	},
	[DEV_52] = {
		.id = "DEV-52", .level = LEVEL_MUST, .section = "5.1.9.4.1",
		.title = "GSO frames with CWR have the ECN bit",
		.rule = "With GUEST_ECN the device MUST set the ECN bit in gso_type of a TCP GSO "
			"frame that has CWR set.",
		.unseen = "", .needs = "a GSO frame with CWR",
	},
	[DEV_53] = {
		.id = "DEV-53", .level = LEVEL_SHOULD, .section = "5.1.9.4.1",
		.title = "hdr_len covers the headers",
		.rule = "The device SHOULD set hdr_len to at least the length of the headers.",
		.unseen = NO_GSO, .needs = "GUEST_TSO4, GUEST_TSO6, GUEST_UFO or GUEST_USO",
	},
	[DEV_54] = {
		.id = "DEV-54", .level = LEVEL_MUST, .section = "5.1.9.4.1, 5.1.9.4.2",
		.title = "flags and gso_type go together",
		.rule = "Bits of tunnels exclude each other and DATA_VALID, and want NEEDS_CSUM "
			"and a gso_type.",
		.unseen = NO_FRAME, .needs = "queues that work",
	},
	[DEV_55] = {
		.id = "DEV-55", .level = LEVEL_MUST, .section = "5.1.9.3.1, 5.1.9.4",
		.title = "a frame has all of its packet",
		.rule = "The device places the packet in the buffers, so a frame is no shorter "
			"than its own Ethernet and IP headers say.",
		.unseen = NO_FRAME, .needs = "queues that work",
	},
	[DEV_56] = {
		.id = "DEV-56", .level = LEVEL_SHOULD, .section = "5.1.9.4, 5.1.9.4.1",
		.title = "what is partial has NEEDS_CSUM",
		.rule = "A checksum field that holds the pseudo-header's sum alone is for the "
			"driver to complete, which only NEEDS_CSUM tells it.",
		.unseen = "no TCP or UDP packet without flags came", .needs = "GUEST_CSUM",
	},
	[DEV_57] = {
		.id = "DEV-57", .level = LEVEL_MUST, .section = "2.2.2, 2.7.4.1",
		.title = "the device works, and goes on working",
		.rule = "A device that has accepted features, and descriptors in whatever "
			"arrangement, passes frames by them; it does not end of them.",
		.unseen = NO_FRAME, .needs = "queues that work",
	},
	[DEV_58] = {
		.id = "DEV-58", .level = LEVEL_REPORT, .section = "5.1.4",
		.title = "the link stays up",
		.rule = "LINK_UP in status falls where the network is gone, or whoever provides "
			"the device.",
		.unseen = "", .needs = "STATUS, and a link that comes up",
	},
#include "tests/conform/rows_probes.h"
};

const char *level_name(enum level level)
{
	static const char *const names[] = {
		[LEVEL_MUST] = "MUST",
		[LEVEL_SHOULD] = "SHOULD",
		[LEVEL_HABIT] = "habit",
		[LEVEL_REPORT] = "report only",
	};

	return names[level];
}

enum row row_find(const char *s, size_t len)
{
	unsigned row;

	for (row = 0; row < ROWS; row++)
		if (text_eq_nocase(s, len, row_texts[row].id))
			break;
	return (enum row)row;
}
