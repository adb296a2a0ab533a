/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The BIOS port's main program: brings the machine's services up, joins drivers and net, and gives
 * the machine back. Entered by flat.S; what returns here returns to the BIOS, which tries the next
 * boot device.
 */
#include "arch/pcbios/bios.h"
#include "arch/pcbios/console.h"
#include "arch/pcbios/memory.h"
#include "arch/pcbios/pit.h"
#include "arch/pcbios/pm_timer.h"
#include "arch/boot.h"
#include "arch/cpu.h"
#include "arch/port.h"
#include "arch/x86/io.h"
#include "arch/program.h"
#include "arch/smbios.h"
#include "core/builtin.h"
#include "drivers/fw_cfg.h"
#include "drivers/pci.h"

#define BIOS_AREA 0xf0000
#define BIOS_AREA_LEN 0x10000
#define BDA_TICKS 0x6c
/*
 * The shortest sleep that may end with the BIOS's clock, which ticks each 55 ms, since the RTC's
 * 1024 interrupts a second are dear: of 10 s of waiting a host's processor works 0.33 s, and 0.65 s
 * where this is 55.
 */
#define BY_CLOCK_MS 16

void pcbios_main(uint32_t bdf);
_Noreturn void pcbios_exception(uint32_t vector, uint32_t eip);

/* The one object of this port; all of it zeros at the start. */
static struct machine {
	uintptr_t nic; /* our PCI function */
	uint8_t uuid[16];
	bool has_uuid;
	uint16_t ticks; /* of the BIOS's clock, at first */
	uint8_t dying;  /* how often give_up() was entered */
	struct fw_cfg fw;
} machine;

static void find_uuid(struct machine *m)
{
	struct span area = { bios_phys(BIOS_AREA), BIOS_AREA_LEN };
	struct smbios_table table;

	if (!smbios_find(area, &table) || table.address > UINT32_MAX - table.len)
		return;
	struct span structures = { bios_phys((uint32_t)table.address), table.len };
	m->has_uuid = smbios_uuid(structures, m->uuid);
}

bool boot_uuid(uint8_t uuid[16])
{
	for (unsigned i = 0; i < 16; i++)
		uuid[i] = machine.uuid[i];
	return machine.has_uuid;
}

uint16_t boot_dhcp_arch(void)
{
	return 0;
}

int boot_config_each(boot_config_fn each, void *ctx, struct failure *f)
{
	return fw_cfg_each(&machine.fw, FW_CFG_OURS, each, ctx, f);
}

/*
 * The processor sleeps within the BIOS: until the next interrupt (APM 1.2, CPU Idle), which comes
 * with its clock's next tick at the latest, or, where that may be far too late, as long as we say
 * (INT 15h AH=86h), by the RTC. A BIOS that cannot returns at once. While its clock has not ticked
 * yet there may be no interrupt that would end it, and a boot program's BIOS is not ours to call.
 */
void port_idle(uint32_t ms)
{
	struct bios_regs r = { .eax = ms < BY_CLOCK_MS ? 0x8600 : 0x5305, .edx = 1000 * ms };

	if (!ms || bios_over || bda_word(BDA_TICKS) == machine.ticks)
		cpu_pause();
	else
		bios_int(&r, 0x15);
}

/*
 * The device loses the bus before the BIOS gets the memory back. Entered again, by what goes wrong
 * in here, it says no more and leaves; when that goes wrong, too, it halts.
 */
static _Noreturn void PRINTF_LIKE(1, 2) give_up(const char *fmt, ...)
{
	char buf[200];
	struct text t;
	va_list ap;

	if (machine.dying++ == 0) {
		pci_disable_dma(machine.nic);
		if (bios_over)
			bios_over();
		text_init(&t, buf, sizeof(buf));
		text_fmt(&t, "\nskiff %s: ", skiff_version);
		va_start(ap, fmt);
		text_vfmt(&t, fmt, ap);
		va_end(ap);
		text_fmt(&t, ". Please report it.\n");
		console_print(buf);
		console_flush();
	}
	while (machine.dying > 2)
		cpu_halt();
	flat_leave();
}

_Noreturn void port_fatal(const char *file, int line)
{
	give_up("a bug of skiff's own, at %s:%d", file, line);
}

/* Called by flat.S, on a stack that is empty again. */
_Noreturn void pcbios_exception(uint32_t vector, uint32_t eip)
{
	give_up("processor exception %u at 0x%x: a bug of skiff's own, or an instruction that this "
		"processor lacks",
		(unsigned)vector, (unsigned)eip);
}

/*
 * The NIC whose ROM was started, by the BIOS's word; the first one, if there is none at that
 * address.
 */
static uintptr_t find_nic(uintptr_t bdf)
{
	uintptr_t first = 0;

	return virtio_net_pci_is(bdf) || !virtio_net_pci_find(&first) ? bdf : first;
}

/* From here on the story is not the platform's. */
static void boot(struct machine *m)
{
	unsigned fn = (unsigned)m->nic;
	char place[8];

	text_print(place, sizeof(place), "%02x:%02x.%u", fn >> 8, fn >> 3 & 31, fn & 7);
	(void)program_run(m->nic, place);
}

static uint32_t ticks_per_ms(void)
{
	uint32_t ticks = pm_timer_ticks_per_ms();

	return ticks ? ticks : pit_ticks_per_ms();
}

void pcbios_main(uint32_t bdf)
{
	struct machine *m = &machine;
	struct window fw_cfg;
	struct {
		uint8_t uuid[16];
		uint32_t bdf;
		uint16_t ticks[2];
	} seed = { .bdf = bdf };

	m->nic = find_nic(bdf);
	cpu_time_init(ticks_per_ms());
	cpu_fw_cfg_window(&fw_cfg);
	(void)fw_cfg_open(&m->fw, &fw_cfg);
	console_init(&m->fw);
	find_uuid(m);
	(void)boot_uuid(seed.uuid);
	m->ticks = seed.ticks[0] = bda_word(BDA_TICKS);
	cpu_random_init(&seed, sizeof(seed));
	if (!memory_init())
		console_print(
			"skiff: failed at config: the BIOS reports no memory map (INT 15h E820)\n");
	else
		boot(m);
	console_flush();
}
