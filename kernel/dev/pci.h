/* SPDX-License-Identifier: MIT
 * dev/pci.h - PCI by configuration mechanism 1: scan, BARs (assigned when firmware did not), INTx lines. */
#pragma once
#include <abi/types.h>
struct pci_device {
	u8 bus, dev, fn;
	u16 vendor, device;
	u8 irq_line; /* GSI of INTx, 0xff unknown */
};
u32 pci_read32(const struct pci_device *d, unsigned off);
u16 pci_read16(const struct pci_device *d, unsigned off);
u8 pci_read8(const struct pci_device *d, unsigned off);
void pci_write32(const struct pci_device *d, unsigned off, u32 v);
void pci_write16(const struct pci_device *d, unsigned off, u16 v);
void pci_write8(const struct pci_device *d, unsigned off, u8 v);
/* Maps a memory BAR; NULL when it is not one. */
void *pci_map_bar(const struct pci_device *d, unsigned bar, size_t *size);
void pci_enable(const struct pci_device *d); /* memory decoding, bus mastering */
unsigned pci_find_capability(const struct pci_device *d, unsigned id, unsigned after); /* offset, 0 = none */
/* Is there a PCI host bridge with configuration mechanism 1? */
bool pci_present(void);
/* Calls fn for each function found, bus 0 and behind bridges. First call: BARs and INTx lines are set up. */
void pci_scan(void (*fn)(const struct pci_device *d, void *ctx), void *ctx);
