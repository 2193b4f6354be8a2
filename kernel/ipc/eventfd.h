/* SPDX-License-Identifier: MIT
 * ipc/eventfd.h - eventfd(2): a counter as a file. */
#pragma once
#include <fs/file.h>
/* A description of a new counter; flags: EFD_*.  ERR_PTR(-EINVAL, -ENOMEM). */
struct file *eventfd_create(unsigned count, unsigned flags, const struct cred *c);
