/* SPDX-License-Identifier: MIT
 * proc/uts.h - the system's names, uname(2). */
#pragma once
#include <abi/utsname.h>
#include <sched/mutex.h>

extern struct mutex uts_lock;
extern struct utsname_k uts_name GUARDED_BY(&uts_lock); /* sethostname(2), setdomainname(2) change it */
void uts_init(void);
