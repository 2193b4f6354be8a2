/* SPDX-License-Identifier: MIT
 * fs/poll.h - waiting for several files at once: poll(2), select(2); epoll builds on it later. */
#pragma once
#include <fs/file.h>
struct poll_table {
	/* Called by a file's poll with each wait queue that can change its answer; NULL when only asking. */
	void (*queue)(struct poll_table *pt, struct file *f, struct waitq *q);
};
static inline void poll_wait(struct file *f, struct waitq *q, struct poll_table *pt)
{
	if (pt && pt->queue)
		pt->queue(pt, f, q);
}
/* One set to poll.  files[i] may be NULL (skipped). */
struct poll_item {
	struct file *file;
	unsigned events; /* asked for */
	unsigned revents;
};
/* Waits until an item has one of its events (EPOLLERR, EPOLLHUP always count) or the deadline; the number of items
 * with revents, 0 = deadline, -EINTR (a signal; caller maps to restart), -ENOMEM. */
int poll_items(struct poll_item *items, unsigned n, ktime_t deadline);
