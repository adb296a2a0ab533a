/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sets memory attributes where the firmware lets a program do that; firmware that gives nobody
 * executable memory does. Called by main.c.
 */
#include "arch/uefi/unpack/protect.h"

/* UEFI 2.10, EFI_MEMORY_ATTRIBUTE_PROTOCOL; not in every release of gnu-efi. */
#define MEMORY_ATTRIBUTE_GUID \
	{ \
		0xf4560cf6, 0x40ec, 0x4b4a, \
		{ \
			0xa1, 0x92, 0xbf, 0x1d, 0x57, 0xd0, 0xb1, 0x89 \
		} \
	}
#define MEMORY_RP 0x2000  /* not readable */
#define MEMORY_XP 0x4000  /* not executable */
#define MEMORY_RO 0x20000 /* not writable */
#define MEMORY_ALL (MEMORY_RP | MEMORY_XP | MEMORY_RO)

struct EFI_MEMORY_ATTRIBUTE_PROTOCOL {
	EFI_STATUS(EFIAPI *GetMemoryAttributes)
	(struct EFI_MEMORY_ATTRIBUTE_PROTOCOL *self, EFI_PHYSICAL_ADDRESS base, UINT64 len,
	 UINT64 *attributes);
	EFI_STATUS(EFIAPI *SetMemoryAttributes)
	(struct EFI_MEMORY_ATTRIBUTE_PROTOCOL *self, EFI_PHYSICAL_ADDRESS base, UINT64 len,
	 UINT64 attributes);
	EFI_STATUS(EFIAPI *ClearMemoryAttributes)
	(struct EFI_MEMORY_ATTRIBUTE_PROTOCOL *self, EFI_PHYSICAL_ADDRESS base, UINT64 len,
	 UINT64 attributes);
};

/* Makes the pages have exactly these attributes; never laxer than before or after on the way. */
static EFI_STATUS change(const struct protection *t, const uint8_t *at, uint32_t len,
			 UINT64 attributes)
{
	EFI_PHYSICAL_ADDRESS base = (uintptr_t)at;
	EFI_STATUS status = EFI_SUCCESS;

	if (attributes)
		status = t->protocol->SetMemoryAttributes(t->protocol, base, len, attributes);
	if (status == EFI_SUCCESS && attributes != MEMORY_ALL)
		status = t->protocol->ClearMemoryAttributes(t->protocol, base, len,
							    MEMORY_ALL & ~attributes);
	return status;
}

/* What is in no section, the headers, is nobody's to execute either. */
EFI_STATUS protect(struct protection *t, EFI_BOOT_SERVICES *boot, const struct plain *p)
{
	static EFI_GUID guid = MEMORY_ATTRIBUTE_GUID;
	struct plain_section s;
	EFI_STATUS status;

	t->protocol = NULL;
	if (boot->LocateProtocol(&guid, NULL, (void **)&t->protocol) != EFI_SUCCESS) {
		t->protocol = NULL;
		return EFI_SUCCESS;
	}
	if (t->protocol->GetMemoryAttributes(t->protocol, (uintptr_t)p->at, p->len, &t->before) !=
	    EFI_SUCCESS)
		t->before = 0; /* the pages have come from different places */
	status = change(t, p->at, p->len, MEMORY_XP);
	for (uint32_t i = 0; i < p->sections && status == EFI_SUCCESS; i++) {
		if (!plain_section(p, i, &s))
			return EFI_LOAD_ERROR;
		status = change(t, p->at + s.off, s.len,
				(s.executable ? 0 : MEMORY_XP) | (s.writable ? 0 : MEMORY_RO));
	}
	return status;
}

void unprotect(const struct protection *t, const struct plain *p)
{
	if (t->protocol)
		(void)change(t, p->at, p->len, t->before & MEMORY_ALL);
}
