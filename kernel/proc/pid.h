/* SPDX-License-Identifier: MIT
 * proc/pid.h - a number and what bears it: a task, a process group, a session. */
#pragma once
#include <base/refcount.h>
#include <lib/list.h>
#include <sched/rcu.h>
#include <sched/waitq.h>
struct task;
struct pid {
	struct refcount ref;
	pid_t nr;
	struct task *task;        /* the thread with this number, or NULL */
	struct list_head pgrp;    /* thread groups in this process group */
	struct list_head session; /* thread groups in this session */
	struct waitq exited;      /* woken when the process with this number is dead (pidfd) */
	struct pid *next;         /* in the hash chain; pid_lock, RCU readers */
	struct rcu_head rcu;
};
struct pid *pid_alloc(void); /* ERR_PTR: -EAGAIN none left, -ENOMEM */
/* This number; also -EINVAL (no such number can be), -EPERM (only for checkpointing), -EEXIST. */
struct pid *pid_alloc_at(pid_t nr);
static inline struct pid *pid_get(struct pid *p)
{
	ref_get(&p->ref);
	return p;
}
void pid_put(struct pid *p);        /* last: the number is free again */
struct pid *pid_find_get(pid_t nr); /* referenced, NULL */
extern int pid_max;                 /* kernel.pid_max */
