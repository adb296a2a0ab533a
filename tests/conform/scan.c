/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The device's face in PCI configuration space: which capabilities it presents and how they are
 * aligned (VIRTIO 1.4, 4.1.4). drivers/virtio_pci.c takes the first of each kind that it can use;
 * here all of them are looked at.
 */
#include "core/mem.h"
#include "drivers/pci.h"
#include "drivers/virtio_pci.h"
#include "tests/conform/features.h"
#include "tests/conform/registers_impl.h"

#define KINDS 6
#define BARS 6
#define BAR0 0x10
#define BAR_IO 1
#define BAR_64 4
#define REVISION 0x08
#define SUBSYSTEM_ID 0x2e
#define DEVICE_TRANSITIONAL 0x1000

/* The next capability of kinds 1 to 5 that a driver may look at (4.1.4.1). */
static bool next_cap(struct pci_caps *caps, struct cap *c)
{
	unsigned at;

	while ((at = pci_cap_next(caps, PCI_CAP_ID_VNDR)) != 0) {
		c->at = (uint8_t)at;
		c->cap_len = (uint8_t)port_pci_read(caps->fn, at + VIRTIO_PCI_CAP_LEN, 1);
		c->kind = (uint8_t)port_pci_read(caps->fn, at + VIRTIO_PCI_CAP_CFG_TYPE, 1);
		c->bar = (uint8_t)port_pci_read(caps->fn, at + VIRTIO_PCI_CAP_BAR, 1);
		if (c->kind < VIRTIO_PCI_CAP_COMMON_CFG || c->kind > VIRTIO_PCI_CAP_PCI_CFG ||
		    (c->bar >= BARS && c->kind != VIRTIO_PCI_CAP_PCI_CFG) ||
		    at + VIRTIO_PCI_CAP_MEMBERS_LEN + 4 > PCI_CONFIG_LEN)
			continue;
		c->off = port_pci_read(caps->fn, at + VIRTIO_PCI_CAP_OFFSET, 4);
		c->len = port_pci_read(caps->fn, at + VIRTIO_PCI_CAP_LENGTH, 4);
		/*
		 * Behind another kind stands something else: pci_cfg_data, which would read what
		 * the window is aimed at.
		 */
		c->multiplier = c->kind == VIRTIO_PCI_CAP_NOTIFY_CFG ?
					port_pci_read(caps->fn, at + VIRTIO_PCI_NOTIFY_CAP_MULT,
						      4) :
					0;
		return true;
	}
	return false;
}

bool registers_find_cap(uintptr_t fn, uint8_t kind, uint32_t len, struct cap *c)
{
	struct pci_caps caps;

	pci_caps_begin(&caps, fn);
	while (next_cap(&caps, c))
		if (c->kind == kind && c->len >= len &&
		    (kind == VIRTIO_PCI_CAP_ISR_CFG || c->off % 4 == 0))
			return true;
	return false;
}

/* 4.1.4.1: all that belongs to the structure, from its first byte. [DEV-67] */
static void look_at_cap_len(const struct cap *c, struct ledger *l)
{
	bool longer = c->kind == VIRTIO_PCI_CAP_NOTIFY_CFG || c->kind == VIRTIO_PCI_CAP_PCI_CFG;
	unsigned least = VIRTIO_PCI_CAP_MEMBERS_LEN + (longer ? 4 : 0);

	ledger_seen(l, DEV_67);
	if (c->cap_len < least || c->at + c->cap_len > PCI_CONFIG_LEN)
		ledger_broken(l, DEV_67,
			      "cap_len is %u at 0x%02x, where a capability of type %u has %u bytes",
			      c->cap_len, c->at, c->kind, least);
}

/* Whether firmware has given the BAR an address; it is no fault of the device's if not. */
static bool has_address(uintptr_t fn, uint8_t bar)
{
	uint32_t low = port_pci_read(fn, BAR0 + 4u * bar, 4);

	return low & (low & BAR_IO ? ~3u : ~15u) ||
	       (bar + 1 < BARS && low & BAR_64 && !(low & BAR_IO) &&
		port_pci_read(fn, BAR0 + 4u * bar + 4, 4));
}

/* 4.1.4: the structure is at offset, and length bytes long. [DEV-68] */
static void look_at_bar(uintptr_t fn, const struct cap *c, struct ledger *l)
{
	struct window w;

	if (c->kind == VIRTIO_PCI_CAP_PCI_CFG || c->len == 0 || !has_address(fn, c->bar))
		return;
	ledger_seen(l, DEV_68);
	if (port_window_open(&w, fn, c->bar, c->off, c->len) == ERR_DEVICE)
		ledger_broken(l, DEV_68,
			      "the capability of type %u at 0x%02x ends at 0x%llx, behind BAR %u",
			      c->kind, c->at, (unsigned long long)c->off + c->len, c->bar);
}

/* 4.1.4.3.1, 4.1.4.4.1, 4.1.4.6; NULL, or what is wrong with it. */
static const char *flaw(const struct cap *c, bool notification_data)
{
	uint32_t grain = notification_data ? 4 : 2;

	switch (c->kind) {
	case VIRTIO_PCI_CAP_COMMON_CFG:
		return c->off % 4 || c->len < VIRTIO_PCI_COMMON_LEN ? "common configuration is "
								      "misaligned or too short" :
								      NULL;
	case VIRTIO_PCI_CAP_NOTIFY_CFG:
		if (c->off % grain || c->len < grain)
			return "notification structure is misaligned or too short";
		return c->multiplier & (c->multiplier - 1) || c->multiplier % grain ?
			       "notify_off_multiplier is no even power of two" :
			       NULL;
	case VIRTIO_PCI_CAP_DEVICE_CFG:
		return c->off % 4 ? "device configuration is misaligned" : NULL;
	default:
		return NULL;
	}
}

static void scan_caps(uintptr_t fn, bool notification_data, struct ledger *l)
{
	static const char *const names[KINDS] = { "",    "common", "notification",
						  "ISR", "device", "PCI_CFG" };
	bool there[KINDS] = { false };
	struct pci_caps caps;
	const char *wrong;
	struct cap c;

	ledger_seen(l, DEV_15);
	pci_caps_begin(&caps, fn);
	while (next_cap(&caps, &c)) {
		there[c.kind] = true;
		look_at_cap_len(&c, l);
		look_at_bar(fn, &c, l);
		wrong = flaw(&c, notification_data);
		if (wrong) /* [DEV-15] */
			ledger_broken(l, DEV_15,
				      "%s: capability at 0x%02x, BAR %u, offset 0x%x, length 0x%x, "
				      "multiplier %u",
				      wrong, c.at, c.bar, (unsigned)c.off, (unsigned)c.len,
				      (unsigned)c.multiplier);
	}
	for (unsigned kind = 1; kind < KINDS; kind++)
		if (!there[kind])
			ledger_broken(l, DEV_15, "there is no %s capability", names[kind]);
}

/* 4.1.2.3, 4.1.4.10 */
static void scan_identity(uintptr_t fn, struct ledger *l)
{
	uint32_t revision = port_pci_read(fn, REVISION, 1),
		 subsystem = port_pci_read(fn, SUBSYSTEM_ID, 2);
	uint32_t bar0 = port_pci_read(fn, BAR0, 4);

	if (port_pci_read(fn, PCI_DEVICE_ID, 2) != DEVICE_TRANSITIONAL)
		return;
	ledger_seen(l, DEV_17);
	if (revision != 0 || subsystem != 1 || !(bar0 & BAR_IO)) /* [DEV-17] */
		ledger_broken(l, DEV_17, "revision %u, subsystem device id %u, BAR0 0x%08x",
			      (unsigned)revision, (unsigned)subsystem, (unsigned)bar0);
}

/* The first common configuration, as the driver takes it, but as much of it as there is. */
static void open_common(struct registers *r, uintptr_t fn)
{
	struct pci_caps caps;
	struct cap c;

	pci_caps_begin(&caps, fn);
	while (r->common.kind == WINDOW_NONE && next_cap(&caps, &c)) {
		uint32_t len = c.len < COMMON_LEN_MAX ? c.len : COMMON_LEN_MAX;

		if (c.kind != VIRTIO_PCI_CAP_COMMON_CFG || len < VIRTIO_PCI_COMMON_LEN)
			continue;
		if (port_window_open(&r->common, fn, c.bar, c.off, len) == 0)
			return;
		r->common = r->v->common; /* through configuration space, or as long as it could be
					     opened */
	}
}

void registers_scan(struct registers *r, const struct virtio *v, uintptr_t fn, struct ledger *l)
{
	memset(r, 0, sizeof(*r));
	r->v = v;
	scan_identity(fn, l);
	if (!v)
		return;
	scan_caps(fn, v->offered >> VIRTIO_F_NOTIFICATION_DATA & 1, l);
	open_common(r, fn);
}

/* queue_notify_off and the multiplier are the device's: 16 bits times 32 are no overflow of 64. */
bool registers_doorbell_at(const struct registers *r, const struct virtio *v, uint32_t len,
			   uint64_t *off)
{
	*off = (uint64_t)registers_get(r, VIRTIO_PCI_COMMON_Q_NOFF, 2) * v->notify_off_multiplier;
	return *off + len <= v->notify_len && !(*off & (len - 1)) &&
	       v->notify_off + *off + len <= UINT32_MAX;
}

/* 4.1.4.4.1: length spans the doorbells of all queues. */
void registers_doorbell(struct registers *r, uint32_t queue, struct ledger *l)
{
	bool notification_data = r->v->offered >> VIRTIO_F_NOTIFICATION_DATA & 1;
	uint32_t len = notification_data ? 4 : DOORBELL_LEN;
	uint64_t off;

	if (!registers_doorbell_at(r, r->v, len, &off)) /* [DEV-15] */
		ledger_broken(
			l, DEV_15,
			"the doorbell of queue %u is at 0x%llx, of %u bytes; the notification "
			"structure has 0x%x, from 0x%x of its BAR on",
			(unsigned)queue, (unsigned long long)off, (unsigned)len,
			(unsigned)r->v->notify_len, (unsigned)r->v->notify_off);
}
