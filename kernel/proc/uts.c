/* SPDX-License-Identifier: MIT
 * proc/uts.c - the system's names
 *
 * Owns:      uts_name.
 * Layer:     proc.
 * Locks:     uts_lock, a mutex: the names are copied to and from users under it.
 * Contexts:  process.
 * Manual:    uname(2), sethostname(2), setdomainname(2).
 * Tests:     tests/abi/system.c.
 */
#include <proc/uts.h>
#include <arch/elf.h>
#include <lib/string.h>

/* The Makefile may give the build's name; else the compiler's date does. */
#ifndef ZERNO_BUILD
#define ZERNO_BUILD __DATE__
#endif

struct mutex uts_lock;
struct utsname_k uts_name;

INIT_CODE void uts_init(void) NO_LOCK_CHECK
{
	mutex_init(&uts_lock);
	strlcpy(uts_name.sysname, "Linux", sizeof(uts_name.sysname));
	strlcpy(uts_name.nodename, "zerno", sizeof(uts_name.nodename));
	strlcpy(uts_name.release, "6.1.0-zerno", sizeof(uts_name.release));
	strlcpy(uts_name.version, "#1 SMP Zerno " ZERNO_BUILD, sizeof(uts_name.version));
	strlcpy(uts_name.machine, ARCH_PLATFORM, sizeof(uts_name.machine));
	strlcpy(uts_name.domainname, "(none)", sizeof(uts_name.domainname));
}
