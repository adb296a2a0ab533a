/* SPDX-License-Identifier: BSD-2-Clause */
/* The rows of probes: a part of the table in rows.c, which alone includes it. */

[DEV_60] = {
		.id = "DEV-60", .level = LEVEL_MUST, .section = "4.1.5.1.2.1",
		.title = "a reset unmaps all MSI-X vectors",
		.rule = "The device MUST have all queue and configuration change events unmapped "
			"upon reset: the vectors read NO_VECTOR.",
		.unseen = "it has no MSI-X, or took no features",
		.needs = "the registers of virtio 1",
	},
	[DEV_61] = {
		.id = "DEV-61", .level = LEVEL_MUST, .section = "4.1.4.3",
		.title = "a reset restores queue_size",
		.rule = "On reset queue_size specifies the maximum that the device supports, not "
			"what a driver has left there.",
		.unseen = "the device took no features", .needs = "the registers of virtio 1",
	},
	[DEV_62] = {
		.id = "DEV-62", .level = LEVEL_REPORT, .section = "2.4, 4.1.4.3",
		.title = "a reset clears what is left",
		.rule = "Selectors, driver_feature and queue addresses go back to 0 in a reset; no "
			"sentence asks for it, and no driver reads them before it has written "
			"them.",
		.unseen = "the device took no features", .needs = "the registers of virtio 1",
	},
	[DEV_63] = {
		.id = "DEV-63", .level = LEVEL_MUST, .section = "4.1.4.3.1",
		.title = "device_feature ends behind bit 127",
		.rule = "The device MUST present in device_feature what it offers from bit "
			"device_feature_select * 32 on, for any device_feature_select: nothing "
			"behind the last bit that is defined.",
		.unseen = "", .needs = "the registers of virtio 1",
	},
	[DEV_64] = {
		.id = "DEV-64", .level = LEVEL_MUST, .section = "4.1.4.3.1",
		.title = "words 2 and 3 are words of their own",
		.rule = "Features that the driver writes with driver_feature_select 2 and 3 are "
			"bits 64 to 127, and change no others.",
		.unseen = "the device took no features", .needs = "the registers of virtio 1",
	},
	[DEV_65] = {
		.id = "DEV-65", .level = LEVEL_REPORT, .section = "2.2, 3.1.1",
		.title = "features stay behind FEATURES_OK",
		.rule = "The only way to renegotiate is to reset the device: what is written to "
			"driver_feature behind FEATURES_OK has no effect.",
		.unseen = "nobody answered before it either", .needs = "queues that work",
	},
	[DEV_66] = {
		.id = "DEV-66", .level = LEVEL_REPORT, .section = "2.1, 3.1.1",
		.title = "features are not taken before DRIVER",
		.rule = "A driver that does not know yet how to drive the device has no features "
			"to accept.",
		.unseen = "", .needs = "the registers of virtio 1",
	},
	[DEV_67] = {
		.id = "DEV-67", .level = LEVEL_MUST, .section = "4.1.4.1",
		.title = "cap_len spans the capability",
		.rule = "The device MUST include any extra data, from cap_vndr on, in cap_len: 16 "
			"bytes, 20 where a multiplier or pci_cfg_data follows.",
		.unseen = "", .needs = "the registers of virtio 1",
	},
	[DEV_68] = {
		.id = "DEV-68", .level = LEVEL_MUST, .section = "4.1.4",
		.title = "structures lie within their BARs",
		.rule = "A capability names length bytes at offset in its BAR, which is that long.",
		.unseen = "", .needs = "the registers of virtio 1",
	},
	[DEV_69] = {
		.id = "DEV-69", .level = LEVEL_MUST, .section = "4.1.4.9.1",
		.title = "the PCI_CFG window is a way in",
		.rule = "Upon an access to pci_cfg_data the device MUST execute an access of "
			"cap.length bytes at cap.offset of BAR cap.bar.",
		.unseen = "there is no PCI_CFG capability", .needs = "the registers of virtio 1",
	},
	[DEV_70] = {
		.id = "DEV-70", .level = LEVEL_MUST, .section = "5.1.4",
		.title = "configuration is read-only",
		.rule = "All of the device configuration fields are read-only for the driver.",
		.unseen = "neither MAC, STATUS, MQ nor MTU is offered",
		.needs = "the registers of virtio 1",
	},
	[DEV_71] = {
		.id = "DEV-71", .level = LEVEL_MUST, .section = "2.7.8, 5.1.9.5",
		.title = "a control command's len is 1",
		.rule = "len is the number of bytes written into the device-writable part of a "
			"buffer, which is ack's one byte.",
		.unseen = "no command came back", .needs = "CTRL_VQ",
	},
	[DEV_72] = {
		.id = "DEV-72", .level = LEVEL_REPORT, .section = "5.1.9.5",
		.title = "unknown commands are answered ERR",
		.rule = "The device sets ack: to VIRTIO_NET_ERR for what it does not know, or the "
			"driver believes that it was done.",
		.unseen = "there is no control queue", .needs = "CTRL_VQ",
	},
	[DEV_73] = {
		.id = "DEV-73", .level = LEVEL_REPORT, .section = "5.1.9.5.6.1",
		.title = "impossible queue pairs are refused",
		.rule = "virtqueue_pairs is not 0, nor more than max_virtqueue_pairs; a device "
			"that says OK to others is believed.",
		.unseen = "MQ is not offered", .needs = "MQ",
	},
	[DEV_74] = {
		.id = "DEV-74", .level = LEVEL_SHOULD, .section = "5.1.9.5.1, 5.1.9.5.2.1",
		.title = "the MAC filter filters",
		.rule = "The device SHOULD drop packets for a MAC that is neither mac nor in the "
			"filtering table, and SHOULD receive all in promiscuous mode.",
		.unseen = "nobody answers to an echo request, or CTRL_RX is not offered",
		.needs = "CTRL_RX",
	},
	[DEV_75] = {
		.id = "DEV-75", .level = LEVEL_MUST, .section = "5.1.9.5.2.1",
		.title = "mac shows what was set",
		.rule = "The device MUST update mac in the configuration before it uses the "
			"MAC_ADDR_SET command.",
		.unseen = "nobody answers to an echo request, or CTRL_MAC_ADDR is not offered",
		.needs = "CTRL_MAC_ADDR",
	},
	[DEV_76] = {
		.id = "DEV-76", .level = LEVEL_MUST, .section = "5.1.9.2",
		.title = "partial checksums are completed",
		.rule = "With CSUM a packet with NEEDS_CSUM goes out with the checksum at "
			"csum_start "
			"+ csum_offset completed.",
		.unseen = "no segment with a whole checksum was answered with a RST",
		.needs = "CSUM",
	},
	[DEV_77] = {
		.id = "DEV-77", .level = LEVEL_MUST, .section = "5.1.9.2",
		.title = "long segments arrive whole",
		.rule = "With HOST_TSO4 a packet with gso_type TCPV4 is cut into packets of "
			"gso_size "
			"bytes of data, or delivered as it is.",
		.unseen = "HOST_TSO4 is not offered, or no segment was answered with a RST",
		.needs = "HOST_TSO4",
	},
	[DEV_78] = {
		.id = "DEV-78", .level = LEVEL_MUST, .section = "2.7.4.1",
		.title = "framing does not matter",
		.rule = "The device MUST NOT make assumptions about the particular arrangement of "
			"descriptors.",
		.unseen = "nobody answers", .needs = "queues that work",
	},
	[DEV_79] = {
		.id = "DEV-79", .level = LEVEL_SHOULD, .section = "2.7.7.2",
		.title = "no interrupt that is not wanted",
		.rule = "If avail.flags is 1, or used_event is another index, the device SHOULD "
			"NOT "
			"send a notification.",
		.unseen = "nobody answers", .needs = "queues that work",
	},
	[DEV_80] = {
		.id = "DEV-80", .level = LEVEL_MUST, .section = "2.7.7.2, 4.1.4.5.1",
		.title = "interrupts show in the ISR status",
		.rule = "If avail.flags is 0 the device MUST send a notification, and while MSI-X "
			"is disabled MUST set the queue bit of the ISR status before; it MUST "
			"reset "
			"that to 0 when it is read.",
		.unseen = "nobody answers", .needs = "queues that work",
	},
	[DEV_81] = {
		.id = "DEV-81", .level = LEVEL_MUST, .section = "4.1.5.1.2.1, 4.1.5.3.1",
		.title = "vectors are those that were mapped",
		.rule = "The device MUST return the vector that is mapped to an event, use it, and "
			"MUST NOT deliver an interrupt for a queue that has none.",
		.unseen = "nobody answers, or it has fewer than two vectors",
		.needs = "MSI-X",
	},
	[DEV_82] = {
		.id = "DEV-82", .level = LEVEL_MUST, .section = "2.8.1, 2.8.6",
		.title = "used descriptors follow their laps",
		.rule = "The device uses a buffer at the place behind the last buffer's, with "
			"AVAIL "
			"and USED equal to its wrap counter.",
		.unseen = NO_BUFFER, .needs = "RING_PACKED",
	},
	[DEV_83] = {
		.id = "DEV-83", .level = LEVEL_HABIT, .section = "2.8.4",
		.title = "used descriptors say WRITE",
		.rule = "In a used descriptor WRITE says whether the device has written "
			"anything, and "
			"len counts only then; Linux believes len in any case.",
		.unseen = NO_FRAME, .needs = "RING_PACKED",
	},
	[DEV_84] = {
		.id = "DEV-84", .level = LEVEL_MUST, .section = "2.8.10, 2.8.14",
		.title = "the device's event flags are valid",
		.rule = "Event suppression flags are ENABLE, DISABLE or, with EVENT_IDX, DESC; "
			"their "
			"reserved bits are 0.",
		.unseen = "nothing was handed to the device", .needs = "RING_PACKED",
	},
	[DEV_85] = {
		.id = "DEV-85", .level = LEVEL_MUST, .section = "4.1.4.3.1",
		.title = "queues that do not exist have no size",
		.rule = "The device MUST present a 0 in queue_size if the queue that queue_select "
			"names is unavailable.",
		.unseen = "", .needs = "hostile=1, which may end the virtual machine",
	},
	[DEV_86] = {
		.id = "DEV-86", .level = LEVEL_MUST, .section = "2.1.2, 2.4.1",
		.title = "a reset ends what a driver has done",
		.rule = "A device that a driver has confused asks for a reset or ignores it; "
			"reset, "
			"it is as at first.",
		.unseen = "nobody answers", .needs = "hostile=1, which may end the virtual machine",
	},
	[DEV_87] = {
		.id = "DEV-87", .level = LEVEL_MUST, .section = "5.1.9.2",
		.title = "long IPv6 segments arrive whole",
		.rule = "With HOST_TSO6 a packet with gso_type TCPV6 is cut into packets of "
			"gso_size bytes of data, or delivered as it is.",
		.unseen = "HOST_TSO6 is not offered, or nobody answers over IPv6",
		.needs = "HOST_TSO6",
	},
