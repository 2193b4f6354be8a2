/* SPDX-License-Identifier: MIT
 * sched/work.h - functions to be run soon in a kernel thread, where they may sleep. */
#pragma once
#include <lib/list.h>
struct work {
	struct list_head link;
	void (*fn)(struct work *w);
	bool queued;
};
static inline void work_init(struct work *w, void (*fn)(struct work *))
{
	list_init(&w->link);
	w->fn = fn;
	w->queued = false;
}
/* Queues w unless it is queued already.  Any context. */
void work_queue(struct work *w);
/* Waits until all work queued before has run. */
void work_flush(void);
void work_init_threads(void); /* boot */
