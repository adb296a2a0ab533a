/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The UEFI port's main program: an x64 application that a boot entry, a shell or another loader
 * starts. Brings services up, takes a NIC, runs the program over it, and leaves the machine as it
 * was, with a status by which the firmware tries its next boot option.
 */
#include "arch/boot.h"
#include "arch/cpu.h"
#include "arch/port.h"
#include "arch/program.h"
#include "arch/smbios.h"
#include "arch/uefi/cargo.h"
#include "arch/uefi/console.h"
#include "arch/uefi/controller.h"
#include "arch/uefi/options.h"
#include "arch/uefi/pci.h"
#include "arch/uefi/uefi.h"
#include "core/mem.h"
#include "core/text.h"
#include "drivers/fw_cfg.h"
#include "drivers/pci.h"

#define SMBIOS_ENTRY_LEN 0x20 /* no less than either entry point, aligned to 16 */
#define TICK_MS 10            /* of EDK2's clock */
#define MEASURE_US 1000
#define MEASURES 16
#define UNITS_PER_MS 10000ull /* SetTimer()'s: 100 ns */

EFI_STATUS EFIAPI efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE *system);

struct uefi uefi;

/* The rest of this port's state; all of it zeros at the start. */
static struct machine {
	struct controller controller;
	EFI_EVENT exit_boot_services, timer;
	uint8_t uuid[16];
	bool has_uuid, dying;
	struct fw_cfg fw;
	struct options_word word;
	struct failure failure;
	void *way_out[5]; /* __builtin_setjmp()'s: to the end of efi_main() */
} machine;

static EFI_GUID loaded_image_guid = EFI_LOADED_IMAGE_PROTOCOL_GUID;
static EFI_GUID rng_guid = EFI_RNG_PROTOCOL_GUID;
static EFI_GUID smbios_guid = SMBIOS_TABLE_GUID;
static EFI_GUID smbios3_guid = SMBIOS3_TABLE_GUID;

void *uefi_protocol(EFI_HANDLE handle, EFI_GUID *protocol)
{
	void *interface = NULL;

	if (uefi.boot->HandleProtocol(handle, protocol, &interface) != EFI_SUCCESS)
		return NULL;
	return interface;
}

struct controller *uefi_controller(void)
{
	return &machine.controller;
}

/* --- who we are, what the user wants ---------------------------------------------------------- */

static bool find_table(const EFI_GUID *guid, struct span *entry)
{
	for (UINTN i = 0; i < uefi.system->NumberOfTableEntries; i++) {
		const EFI_CONFIGURATION_TABLE *t = &uefi.system->ConfigurationTable[i];

		if (memcmp(&t->VendorGuid, guid, sizeof(*guid)) != 0)
			continue;
		*entry = (struct span){ t->VendorTable, SMBIOS_ENTRY_LEN };
		return true;
	}
	return false;
}

static void find_uuid(struct machine *m)
{
	struct span entry, structures;
	struct smbios_table table;

	if (!find_table(&smbios3_guid, &entry) && !find_table(&smbios_guid, &entry))
		return;
	if (!smbios_find(entry, &table))
		return;
	structures = (struct span){ (const uint8_t *)(uintptr_t)table.address, table.len };
	m->has_uuid = smbios_uuid(structures, m->uuid);
}

bool boot_uuid(uint8_t uuid[16])
{
	memcpy(uuid, machine.uuid, sizeof(machine.uuid));
	return machine.has_uuid;
}

uint16_t boot_dhcp_arch(void)
{
	return cpu_uefi.dhcp_arch;
}

int boot_config_each(boot_config_fn each, void *ctx, struct failure *f)
{
	struct span options = { uefi.loaded->LoadOptions, uefi.loaded->LoadOptionsSize };
	int err = fw_cfg_each(&machine.fw, FW_CFG_OURS, each, ctx, f);

	return err || !options.at ? err : options_each(options, &machine.word, each, ctx, f);
}

/* --- services --------------------------------------------------------------------------------- */

/*
 * Stall() never returns early, so no measurement is too small, whatever the host does meanwhile:
 * the least counts. They are short, so that a busy host leaves some of them alone.
 */
static uint32_t ticks_per_ms(void)
{
	uint64_t start, ticks, least = UINT32_MAX;

	for (int i = 0; i < MEASURES; i++) {
		start = cpu_ticks();
		(void)uefi.boot->Stall(MEASURE_US);
		ticks = cpu_ticks() - start;
		if (ticks < least)
			least = ticks;
	}
	return (uint32_t)(least / (MEASURE_US / 1000));
}

/*
 * The firmware halts the processor in a wait. Its timers go off at its clock's ticks, in the next
 * one at the earliest. Nobody may wait above TPL_APPLICATION (UEFI 2.10, 7.1); then, as without a
 * timer, there is a pause.
 */
void port_idle(uint32_t ms)
{
	UINTN which;

	if (ms < TICK_MS || !machine.timer ||
	    uefi.boot->SetTimer(machine.timer, TimerRelative, (ms - TICK_MS) * UNITS_PER_MS) ||
	    uefi.boot->WaitForEvent(1, &machine.timer, &which))
		cpu_pause();
}

/*
 * What the firmware knows that differs between machines and between boots; random.c adds the
 * processor's.
 */
static void seed_random(const struct machine *m)
{
	struct {
		uint8_t uuid[16], rng[32];
		uint32_t rdrand[8];
		EFI_TIME time;
		UINT64 count;
		const struct machine *at;
	} seed;
	EFI_RNG_PROTOCOL *rng = NULL;

	memset(&seed, 0, sizeof(seed));
	memcpy(seed.uuid, m->uuid, sizeof(seed.uuid));
	if (uefi.boot->LocateProtocol(&rng_guid, NULL, (void **)&rng) == EFI_SUCCESS)
		(void)rng->GetRNG(rng, NULL, sizeof(seed.rng), seed.rng);
	cpu_random(seed.rdrand, ARRAY_LEN(seed.rdrand));
	(void)uefi.system->RuntimeServices->GetTime(&seed.time, NULL);
	(void)uefi.boot->GetNextMonotonicCount(&seed.count);
	seed.at = m;
	cpu_random_init(&seed, sizeof(seed));
}

/* [UEFI-06] */
static void EFIAPI stop(EFI_EVENT event, void *context)
{
	(void)event;
	(void)context;
	program_stop();
}

/*
 * If whoever runs over us ends boot services while the device is on, it is stopped before memory
 * changes hands. At TPL_NOTIFY, so before the drivers of buses and IOMMUs, which our device needs
 * for its reset, shut down at TPL_CALLBACK.
 */
static int watch_exit(struct machine *m)
{
	if (uefi.boot->CreateEvent(EVT_SIGNAL_EXIT_BOOT_SERVICES, TPL_NOTIFY, stop, NULL,
				   &m->exit_boot_services) == EFI_SUCCESS)
		return 0;
	return fail(&m->failure, RUNG_DEVICE, ERR_NO_SPACE,
		    "the firmware has no memory for an event");
}

/* --- the end ---------------------------------------------------------------------------------- */

static void print(const char *s)
{
	while (*s)
		port_putc(*s++);
}

static void leave(struct machine *m)
{
	console_flush();
	cargo_free_all();
	pci_free_all();
	if (m->exit_boot_services)
		(void)uefi.boot->CloseEvent(m->exit_boot_services);
	if (m->timer)
		(void)uefi.boot->CloseEvent(m->timer);
	controller_give_back(&m->controller);
}

/*
 * The device loses the bus before the firmware gets the memory back. efi_main() returns, so that
 * its caller (unpack/main.c) gives back the memory that we run in, as Exit() would not. There is no
 * way back if this happens on the way, or in the service of an image that we have started.
 */
_Noreturn void port_fatal(const char *file, int line)
{
	bool stuck = machine.dying || uefi.started;
	char text[160];

	if (machine.controller.handle)
		pci_disable_dma(pci_fn(machine.controller.pci_io));
	if (!machine.dying) {
		machine.dying = true;
		text_print(text, sizeof(text),
			   "\nskiff: a bug of skiff's own, at %s:%d. Please report it.\n", file,
			   line);
		print(text);
	}
	if (stuck)
		for (;;)
			port_idle(1000);
	__builtin_longjmp(machine.way_out, 1);
}

/*
 * The program has said it in words; this is for the firmware, which goes on to its next boot
 * option.
 */
static EFI_STATUS status_of(int err)
{
	if (uefi.result)
		return uefi.result;
	switch (err) {
	case 0:
		return EFI_SUCCESS;
	case ERR_ABORTED:
		return EFI_ABORTED;
	case ERR_TIMEOUT:
		return EFI_TIMEOUT;
	case ERR_DEVICE:
		return EFI_DEVICE_ERROR;
	case ERR_NO_SPACE:
		return EFI_OUT_OF_RESOURCES;
	case ERR_CONFIG:
		return EFI_INVALID_PARAMETER;
	default:
		return EFI_LOAD_ERROR;
	}
}

static void report(const struct failure *f)
{
	char text[sizeof(f->text) + 40];

	text_print(text, sizeof(text), "skiff: failed at %s: %s\n", rung_name(f->rung), f->text);
	print(text);
}

static int run(struct machine *m)
{
	struct window fw_cfg;
	int err;

	cpu_time_init(ticks_per_ms());
	(void)uefi.boot->CreateEvent(EVT_TIMER, 0, NULL, NULL, &m->timer);
	cpu_fw_cfg_window(&fw_cfg);
	(void)fw_cfg_open(&m->fw, &fw_cfg);
	find_uuid(m);
	seed_random(m);
	err = controller_take(&m->controller, &m->failure);
	if (!err)
		err = watch_exit(m);
	if (err)
		report(&m->failure);
	else
		err = program_run(pci_fn(m->controller.pci_io), m->controller.place);
	return err;
}

/*
 * [UEFI-07] A download may last longer than the five minutes that a boot manager gives us. The
 * watchdog stays off at the end: a boot manager disarms its own, and a shell has none.
 */
EFI_STATUS EFIAPI efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE *system)
{
	struct machine *m = &machine;
	int err;

	uefi = (struct uefi){ .image = image, .system = system, .boot = system->BootServices };
	uefi.loaded = uefi_protocol(image, &loaded_image_guid);
	(void)uefi.boot->SetWatchdogTimer(0, 0, 0, NULL);
	if (__builtin_setjmp(m->way_out))
		err = ERR_ABORTED;
	else
		err = run(m);
	leave(m);
	return status_of(err);
}
