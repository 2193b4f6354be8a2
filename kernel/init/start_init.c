/* SPDX-License-Identifier: MIT
 *
 * init/start_init.c - which program becomes PID 1, with which words
 *
 * Owns:      the argument and environment vectors of PID 1.
 * Layer:     init.
 * Locks:     none; the boot thread alone.
 * Contexts:  the boot thread; sleeps.
 * Manual:    bootparam(7): init=, rdinit=; kernel-command-line(7).
 * Tests:     tests/boot.
 *
 * rdinit= or /init is tried first (the initramfs case), then init=, then the traditional places.  Words of
 * the command line that nobody in the kernel knows become arguments, name=value words become environment.
 */
#include <base/cmdline.h>
#include <base/log.h>
#include <base/panic.h>
#include <proc/process.h>
#include "init.h"
#include "rootfs.h"

enum { WORDS_MAX = 32, PATHS_MAX = 8 };

/* Static: PID 1 reads them after the boot thread has gone on. */
static const char *paths[PATHS_MAX + 1];
static const char *argv[WORDS_MAX + 2];
static const char *envp[WORDS_MAX + 2];

static void choose_paths(void)
{
	static const char *const usual[] = { "/sbin/init", "/etc/init", "/bin/init", "/bin/sh" };
	const char *rdinit = cmdline_get("rdinit"), *init = cmdline_get("init");
	unsigned n = 0;

	paths[n++] = rdinit && *rdinit ? rdinit : "/init";
	if (init && *init) {
		paths[n++] = init; /* asked for: nothing else will do */
		return;
	}
	for (unsigned i = 0; i < ARRAY_SIZE(usual); i++)
		paths[n++] = usual[i];
}

void boot_start_init(void)
{
	unsigned argc = 1, envc = 2;
	int err;

	choose_paths();
	argv[0] = "init"; /* proc puts the path of the program here */
	envp[0] = "HOME=/";
	envp[1] = "TERM=linux";
	cmdline_for_init(argv, &argc, envp, &envc, WORDS_MAX);
	err = process_start_init(paths, argv, envp, boot_fs());
	if (err)
		panic("No working init found.  Try passing init= option to kernel (error %d).", err);
}
