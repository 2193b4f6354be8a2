/* SPDX-License-Identifier: MIT
 * arch/x86_64/acpi.h - what the firmware's tables say, copied out at boot. */
#pragma once
#include <abi/types.h>

enum { ACPI_IOAPICS_MAX = 8, ACPI_OVERRIDES_MAX = 16 };
enum acpi_space { ACPI_MEMORY = 0, ACPI_PORT = 1 };
struct acpi_reg { /* a register in memory or in port space; addr 0: none */
	u8 space, bits;
	u64 addr;
};
struct acpi_info {
	bool madt, fadt;
	unsigned nr_cpus; /* enabled ones; [0] is the boot CPU */
	u32 apic_id[NR_CPUS];
	unsigned nr_ioapics;
	struct {
		u32 addr, gsi_base;
	} ioapic[ACPI_IOAPICS_MAX];
	unsigned nr_overrides;
	struct {
		u8 isa;
		u16 flags; /* MPS INTI flags: bits 0-1 polarity (3 = low), 2-3 trigger (3 = level) */
		u32 gsi;
	} override[ACPI_OVERRIDES_MAX];
	u64 hpet_addr;
	u16 pm_timer_port;
	bool pm_timer_32;
	bool reset_supported;
	u8 reset_value, sleep_type, century;
	struct acpi_reg reset, sleep_control, pm1a, pm1b;
};
extern struct acpi_info acpi_info;
/* Finds and reads the tables; low 4 GiB must be reachable at phys_to_virt (boot page tables). */
void acpi_read(void);
