/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a firmware's port asks of the processor, and of the machine around it that no bus describes.
 * A processor's folder, such as arch/x86, defines all of it, and on top of it port_now_ms() and
 * port_random() of arch/port.h; arch/uefi knows no other word for it.
 */
#ifndef ARCH_CPU_H
#define ARCH_CPU_H

#include "arch/port.h"
#include "core/types.h"

/* Within a loop that waits: to whoever shares the processor. At most some microseconds. */
void cpu_pause(void);

/* A counter of constant rate; 64 bits, so it does not wrap. */
uint64_t cpu_ticks(void);

/*
 * The counter's rate, by a clock that the port trusts; 0: there is none. To be called once, before
 * port_now_ms().
 */
void cpu_time_init(uint32_t ticks_per_ms);

/*
 * Fills the pool behind port_random() from what the processor and the machine have, and from seed:
 * whatever the port knows that differs between machines and between boots. Once, before
 * port_random().
 */
void cpu_random_init(const void *seed, size_t len);

/*
 * Fills words by the processor's own generator, and leaves them alone where it has none. For seeds
 * of ports that run in 64-bit mode: some hypervisors interpret the other modes, announce RDRAND,
 * and stop the machine for good where they meet it.
 */
void cpu_random(uint32_t *words, unsigned count);

/*
 * Registers that lie at a fixed place and belong to no PCI function: QEMU's fw_cfg, its selector at
 * 0, its data at 1. WINDOW_NONE where there is none.
 */
void cpu_fw_cfg_window(struct window *w);

/* As port_window_read() and port_window_write(), for such a window. */
uint32_t cpu_window_read(const struct window *w, uint32_t off, unsigned width);
void cpu_window_write(const struct window *w, uint32_t off, unsigned width, uint32_t value);

/* What UEFI calls this processor: RFC 4578 2.1, and the Machine of a PE header. */
struct cpu_uefi {
	uint16_t dhcp_arch, pe_machine;
};
extern const struct cpu_uefi cpu_uefi;

#endif
