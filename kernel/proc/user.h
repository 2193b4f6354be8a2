/* SPDX-License-Identifier: MIT
 * proc/user.h - what a user owns in all: processes (RLIMIT_NPROC) and queued signals (RLIMIT_SIGPENDING). */
#pragma once
#include <base/refcount.h>
#include <lib/list.h>

struct user_count {
	struct refcount ref;
	uid_t uid;
	s32 processes;  /* threads, in fact; atomically */
	s32 sigpending; /* atomically */
	struct hlist_node hnode;
};
/* The counts of a user, with a reference; NULL = out of memory.  Does not sleep. */
struct user_count *user_get(uid_t uid);
static inline struct user_count *user_ref(struct user_count *u)
{
	ref_get(&u->ref);
	return u;
}
void user_put(struct user_count *u); /* any context */
void user_init(void);
