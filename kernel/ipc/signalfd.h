/* SPDX-License-Identifier: MIT
 * ipc/signalfd.h - signalfd(2): the caller's signals read from a file. */
#pragma once
#include <fs/file.h>
#include <abi/signal.h>

/* A description that reads signals of `set`; flags: O_NONBLOCK.  NULL = out of memory. */
struct file *signalfd_create(sigset_k set, unsigned flags, const struct cred *c);
/* Changes the set of one: 0 or -EINVAL (f is something else). */
MUST_CHECK int signalfd_change(struct file *f, sigset_k set);
