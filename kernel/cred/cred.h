/* SPDX-License-Identifier: MIT
 * cred/cred.h - who a task is: credentials(7) and capabilities(7).
 *
 * A struct cred is immutable once a task uses it: copy, change, install.  Reference counted. */
#pragma once
#include <base/refcount.h>
#include <cred/file_caps.h>
#include <abi/capability.h>

enum { CRED_GROUPS_MAX = 65536 };
struct cred {
	struct refcount ref;
	uid_t uid, euid, suid, fsuid;
	gid_t gid, egid, sgid, fsgid;
	u64 cap_inheritable, cap_permitted, cap_effective, cap_bounding, cap_ambient;
	u32 securebits;
	unsigned ngroups;
	gid_t *groups; /* sorted; NULL when none */
};
extern struct cred cred_init; /* root with all capabilities */
/* Registered by proc: of the running task, without a reference; NULL in a kernel thread.
 * For limits deep in a call only: who checks access gets the credentials as an argument. */
extern const struct cred *(*cred_current)(void);
struct cred *cred_copy(const struct cred *c); /* one reference; NULL = out of memory */
static inline const struct cred *cred_get(const struct cred *c)
{
	ref_get(&((struct cred *)c)->ref);
	return c;
}
void cred_put(const struct cred *c);
static inline bool cred_capable(const struct cred *c, unsigned cap)
{
	return c->cap_effective >> cap & 1;
}
bool cred_in_group(const struct cred *c, gid_t gid);                             /* fsgid or supplementary */
MUST_CHECK int cred_set_groups(struct cred *c, const gid_t *groups, unsigned n); /* 0, -EINVAL, -ENOMEM */
/* Rules of setuid(2), setreuid(2), setresuid(2) on a private copy, -1 = keep; with the capability effects of
 * capabilities(7).  0 or -EPERM. */
MUST_CHECK int cred_setuid(struct cred *c, uid_t uid);
MUST_CHECK int cred_setreuid(struct cred *c, uid_t r, uid_t e);
MUST_CHECK int cred_setresuid(struct cred *c, uid_t r, uid_t e, uid_t s);
MUST_CHECK int cred_setgid(struct cred *c, gid_t gid);
MUST_CHECK int cred_setregid(struct cred *c, gid_t r, gid_t e);
MUST_CHECK int cred_setresgid(struct cred *c, gid_t r, gid_t e, gid_t s);
uid_t cred_setfsuid(struct cred *c, uid_t uid); /* the old one, as setfsuid(2) */
gid_t cred_setfsgid(struct cred *c, gid_t gid);
/* execve: new ids for a set-id file and the capability transformation of capabilities(7). */
struct cred_exec {
	bool setuid, setgid; /* of the file: to these ids */
	uid_t uid;
	gid_t gid;
	bool has_caps; /* the file carries capabilities */
	struct file_caps caps;
	bool no_gain; /* nothing may be gained: traced, no_new_privs */
	/* The answer. */
	bool gained; /* capabilities by this file, before no_gain took them */
	bool secure; /* AT_SECURE */
};
MUST_CHECK int cred_exec(struct cred *c,
                         struct cred_exec *x); /* 0, or -EPERM: the file relies on more than it gets */
MUST_CHECK int cred_capset(struct cred *c, u64 effective, u64 permitted, u64 inheritable);
