/* SPDX-License-Identifier: MIT
 * ipc/pipe.h - pipe(7): pipes and FIFOs.  See pipe.c for the theory. */
#pragma once
#include <fs/file.h>
/* Two new descriptions, read end and write end; flags: O_NONBLOCK, O_CLOEXEC ignored here, O_DIRECT: -EINVAL.
 */
MUST_CHECK int pipe_create_files(struct file *ends[2], unsigned flags, const struct cred *c);
bool file_is_pipe(const struct file *f); /* an end of a pipe or FIFO */
/* splice.c.  The other end: moves up to n bytes to (fill) or from (drain) buf; bytes, 0 = end, -errno. */
struct pipe_mover {
	ssize_t (*move)(void *ctx, char *buf, size_t n);
	void *ctx;
	bool one_piece; /* fill: a second call might wait for bytes that do not come */
};
/* Bytes moved, 0 at the end of the file, -EPIPE, -EAGAIN, -ERESTARTSYS... */
ssize_t pipe_fill(struct file *end, size_t len, bool nonblock, const struct pipe_mover *m);
ssize_t pipe_drain(struct file *end, size_t len, bool nonblock, const struct pipe_mover *m);
/* From one pipe to another one; without `consume` (tee) the bytes stay. */
ssize_t pipe_copy(struct file *from, struct file *to, size_t len, bool nonblock, bool consume);
void pipe_init(void);          /* registers the FIFO operations */
extern unsigned pipe_max_size; /* /proc/sys/fs/pipe-max-size */
