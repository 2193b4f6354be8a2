/* SPDX-License-Identifier: MIT
 *
 * cred/cred.c - credentials: life, groups, and the rules of the set*id calls
 *
 * Owns:      struct cred.
 * Layer:     cred.  Uses mem (slab), lib (sort).  Used by fs (permission), proc, syscall.
 * Locks:     none: a cred in use is immutable; changes happen on a private copy.
 * Contexts:  cred_get, cred_put: any.  The rest: process context (allocates).
 * Manual:    credentials(7), setuid(2), setreuid(2), setresuid(2), setfsuid(2), setgroups(2).
 * Tests:     tests/abi/cred.c
 *
 * Theory
 * ------
 * A user has a real id (who started it), an effective id (whose rights it has), a saved id (to which it may
 * return) and a file system id, which follows the effective one unless set apart.  The calls differ in which
 * ids they move and to which values an unprivileged caller may go; each moves all or nothing.  What the
 * capabilities do when the ids pass between root and others stands in caps.c.
 */
#include <cred/caps.h>
#include <mem/slab.h>
#include <lib/sort.h>
#include <lib/string.h>
#include <abi/errno.h>

enum { KEEP = (uid_t)-1 };

struct cred cred_init = {
	.ref = REFCOUNT_INIT(1),
	.cap_permitted = CAP_FULL_SET,
	.cap_effective = CAP_FULL_SET,
	.cap_bounding = CAP_FULL_SET,
};

const struct cred *(*cred_current)(void);

/* ---- life ---- */

struct cred *cred_copy(const struct cred *c)
{
	struct cred *n = kmalloc(sizeof(*n), 0);

	if (!n)
		return NULL;
	*n = *c;
	ref_init(&n->ref, 1);
	if (c->ngroups) {
		n->groups = kmalloc(c->ngroups * sizeof(gid_t), 0);
		if (!n->groups) {
			kfree(n);
			return NULL;
		}
		memcpy(n->groups, c->groups, c->ngroups * sizeof(gid_t));
	}
	return n;
}

void cred_put(const struct cred *c)
{
	struct cred *m = (struct cred *)c;

	if (!ref_put(&m->ref))
		return;
	assert(m != &cred_init); /* holds a reference to itself */
	kfree(m->groups);
	kfree(m);
}

/* ---- groups ---- */

bool cred_in_group(const struct cred *c, gid_t gid)
{
	unsigned lo = 0, hi = c->ngroups;

	if (gid == c->fsgid)
		return true;
	while (lo < hi) {
		unsigned mid = lo + (hi - lo) / 2;

		if (c->groups[mid] == gid)
			return true;
		if (c->groups[mid] < gid)
			lo = mid + 1;
		else
			hi = mid;
	}
	return false;
}

static int compare_gids(const void *a, const void *b)
{
	gid_t x = *(const gid_t *)a, y = *(const gid_t *)b;

	return x < y ? -1 : x > y;
}

int cred_set_groups(struct cred *c, const gid_t *groups, unsigned n)
{
	gid_t *copy = NULL;

	if (n > CRED_GROUPS_MAX)
		return -EINVAL;
	for (unsigned i = 0; i < n; i++)
		if (groups[i] == (gid_t)-1)
			return -EINVAL;
	if (n) {
		copy = kmalloc(n * sizeof(gid_t), 0);
		if (!copy)
			return -ENOMEM;
		memcpy(copy, groups, n * sizeof(gid_t));
		sort(copy, n, sizeof(gid_t), compare_gids);
	}
	kfree(c->groups);
	c->groups = copy;
	c->ngroups = n;
	return 0;
}

/* ---- user ids ---- */

int cred_setuid(struct cred *c, uid_t uid)
{
	const struct cred old = *c;

	if (uid == (uid_t)KEEP)
		return -EINVAL;
	if (cred_capable(c, CAP_SETUID))
		c->uid = c->suid = uid;
	else if (uid != old.uid && uid != old.suid)
		return -EPERM;
	c->euid = c->fsuid = uid;
	caps_fix_setuid(c, &old);
	return 0;
}

int cred_setreuid(struct cred *c, uid_t r, uid_t e)
{
	const struct cred old = *c;

	if (!cred_capable(c, CAP_SETUID)) {
		if (r != (uid_t)KEEP && r != old.uid && r != old.euid)
			return -EPERM;
		if (e != (uid_t)KEEP && e != old.uid && e != old.euid && e != old.suid)
			return -EPERM;
	}
	if (r != (uid_t)KEEP)
		c->uid = r;
	if (e != (uid_t)KEEP)
		c->euid = e;
	/* The saved id follows when the real one was set, or the effective one to something else than the
	 * real. */
	if (r != (uid_t)KEEP || (e != (uid_t)KEEP && e != old.uid))
		c->suid = c->euid;
	c->fsuid = c->euid;
	caps_fix_setuid(c, &old);
	return 0;
}

static bool is_one_of_uids(const struct cred *c, uid_t id)
{
	return id == (uid_t)KEEP || id == c->uid || id == c->euid || id == c->suid;
}

int cred_setresuid(struct cred *c, uid_t r, uid_t e, uid_t s)
{
	const struct cred old = *c;

	if (!cred_capable(c, CAP_SETUID) &&
	    !(is_one_of_uids(c, r) && is_one_of_uids(c, e) && is_one_of_uids(c, s)))
		return -EPERM;
	if (r != (uid_t)KEEP)
		c->uid = r;
	if (e != (uid_t)KEEP)
		c->euid = e;
	if (s != (uid_t)KEEP)
		c->suid = s;
	c->fsuid = c->euid;
	caps_fix_setuid(c, &old);
	return 0;
}

uid_t cred_setfsuid(struct cred *c, uid_t uid)
{
	uid_t old = c->fsuid;

	if (uid == (uid_t)KEEP)
		return old;
	if (cred_capable(c, CAP_SETUID) || is_one_of_uids(c, uid) || uid == c->fsuid) {
		c->fsuid = uid;
		caps_fix_setfsuid(c, old);
	}
	return old;
}

/* ---- group ids: the same without capabilities' effects ---- */

int cred_setgid(struct cred *c, gid_t gid)
{
	if (gid == (gid_t)KEEP)
		return -EINVAL;
	if (cred_capable(c, CAP_SETGID))
		c->gid = c->sgid = gid;
	else if (gid != c->gid && gid != c->sgid)
		return -EPERM;
	c->egid = c->fsgid = gid;
	return 0;
}

int cred_setregid(struct cred *c, gid_t r, gid_t e)
{
	gid_t old = c->gid;

	if (!cred_capable(c, CAP_SETGID)) {
		if (r != (gid_t)KEEP && r != c->gid && r != c->egid)
			return -EPERM;
		if (e != (gid_t)KEEP && e != c->gid && e != c->egid && e != c->sgid)
			return -EPERM;
	}
	if (r != (gid_t)KEEP)
		c->gid = r;
	if (e != (gid_t)KEEP)
		c->egid = e;
	if (r != (gid_t)KEEP || (e != (gid_t)KEEP && e != old))
		c->sgid = c->egid;
	c->fsgid = c->egid;
	return 0;
}

static bool is_one_of_gids(const struct cred *c, gid_t id)
{
	return id == (gid_t)KEEP || id == c->gid || id == c->egid || id == c->sgid;
}

int cred_setresgid(struct cred *c, gid_t r, gid_t e, gid_t s)
{
	if (!cred_capable(c, CAP_SETGID) &&
	    !(is_one_of_gids(c, r) && is_one_of_gids(c, e) && is_one_of_gids(c, s)))
		return -EPERM;
	if (r != (gid_t)KEEP)
		c->gid = r;
	if (e != (gid_t)KEEP)
		c->egid = e;
	if (s != (gid_t)KEEP)
		c->sgid = s;
	c->fsgid = c->egid;
	return 0;
}

gid_t cred_setfsgid(struct cred *c, gid_t gid)
{
	gid_t old = c->fsgid;

	if (gid != (gid_t)KEEP && (cred_capable(c, CAP_SETGID) || is_one_of_gids(c, gid) || gid == c->fsgid))
		c->fsgid = gid;
	return old;
}
