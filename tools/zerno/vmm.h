/* SPDX-License-Identifier: MIT
 * tools/zerno/vmm.h - QEMU: its command line and its process. */
#pragma once
#include <stdbool.h>
#include <sys/types.h>
#include "options.h"

struct vmm {
	char **argv;
	pid_t pid;    /* -1: not running */
	int channel;  /* our end of the virtio-serial port */
	int console;  /* our end of the serial console */
	int messages; /* what QEMU itself wrote (memory file) */
};
/* /dev/kvm opens and the processor has hardware virtualisation. */
bool kvm_usable(void);
const char *qemu_path(void); /* or NULL */
/* Decides the command line; root_fd is the boot archive.  Dies on what cannot work. */
void vmm_prepare(struct vmm *v, const struct options *o, int root_fd);
void vmm_print(const struct vmm *v); /* as a shell command, on stdout */
void vmm_start(struct vmm *v);
void vmm_kill(struct vmm *v); /* and waits for its end */
