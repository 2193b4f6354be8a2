/* SPDX-License-Identifier: MIT
 * proc/pidfd.h - pidfd_open(2): a process as a file. */
#pragma once
#include <fs/file.h>
#include <proc/pid.h>

/* A description of the process with this number, which is referenced; flags: O_NONBLOCK.  NULL = out of memory. */
struct file *pidfd_create(struct pid *pid, unsigned flags, const struct cred *c);
/* The number that f names, borrowed; NULL: f is no pidfd. */
struct pid *pidfd_pid(const struct file *f);
