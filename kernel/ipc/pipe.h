/* SPDX-License-Identifier: MIT
 * ipc/pipe.h - pipe(7): pipes and FIFOs.  See pipe.c for the theory. */
#pragma once
#include <fs/file.h>
/* Two new descriptions, read end and write end; flags: O_NONBLOCK, O_CLOEXEC ignored here, O_DIRECT: -EINVAL.
 */
MUST_CHECK int pipe_create_files(struct file *ends[2], unsigned flags, const struct cred *c);
void pipe_init(void);          /* registers the FIFO operations */
extern unsigned pipe_max_size; /* /proc/sys/fs/pipe-max-size */
