/* SPDX-License-Identifier: MIT
 * ipc/epoll.h - epoll(7): a set of files that remembers which of them became ready. */
#pragma once
#include <fs/file.h>
#include <abi/epoll.h>

void epoll_init(void); /* registers with fs */
/* A description of a new, empty set; NULL = out of memory. */
struct file *epoll_create(const struct cred *c);
bool file_is_epoll(const struct file *f);
/* epoll_ctl(2): adds, changes or removes the watch of `fd`, which names f.  0 or the errors of the manual. */
MUST_CHECK int epoll_control(struct file *ep, int op, int fd, struct file *f, struct epoll_event *event);
/* The file that the nth watch (from 0, in no order) of number fd is about, as an address to compare: 0 or -ENOENT. */
MUST_CHECK int epoll_watched(struct file *ep, int fd, unsigned nth, unsigned long *file);
/* Waits for events and stores at most max; their number, 0 at the deadline, -EINTR (a signal), -EFAULT. */
MUST_CHECK long epoll_collect(struct file *ep, struct epoll_event __user *out, int max, ktime_t deadline);
