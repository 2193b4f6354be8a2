/* SPDX-License-Identifier: MIT
 * init/init.h - the larger steps of boot.c. */
#pragma once
#include <abi/types.h>
#define ZERNO_RELEASE "0.1"
/* Starts CPUs 1 .. cpu_count-1; one that does not answer is left out with a warning. Sleeps. */
void boot_start_cpus(void);
/* Mounts rootfs and unpacks the initrd into it; makes /dev/console when the archive has none. Sleeps. */
void boot_mount_root(void);
/* Creates PID 1; panics when there is no program to run.  Sleeps. */
void boot_start_init(void);
