/* SPDX-License-Identifier: MIT
 *
 * base/bootinfo.c - where the boot loader's words are kept
 *
 * Owns:      boot_info; the architecture's entry code fills it before anything else runs.
 * Layer:     base.
 * Locks:     none: written once on one CPU, read only afterwards.
 */
#include <base/bootinfo.h>

struct boot_info boot_info;
