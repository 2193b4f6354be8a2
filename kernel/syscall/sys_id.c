/* SPDX-License-Identifier: MIT
 *
 * syscall/sys_id.c - getuid(2), setuid(2) and their many relatives; getgroups(2)
 *
 * Owns:      nothing.
 * Layer:     syscall.  Uses cred, proc (task_set_cred).
 * Locks:     none: credentials are replaced, never changed.
 * Contexts:  process context of a user task; may sleep.
 * Manual:    credentials(7), setuid(2), setreuid(2), setresuid(2), setfsuid(2), getgroups(2).
 * Tests:     tests/abi/cred.c
 *
 * Every change is: copy the credentials, apply the rule of cred/ to the copy, install it or drop it.
 */
#include <syscall/syscall.h>
#include <sys_protos.h>
#include <mem/slab.h>

static const struct cred *my_cred(void)
{
	return current_task()->cred;
}

/* Installs c if the rule that changed it agreed (err 0). */
static long cred_finish(struct cred *c, int err)
{
	if (err)
		cred_put(c);
	else
		task_set_cred(c);
	return err;
}

long sys_getuid(void)
{
	return my_cred()->uid;
}

long sys_geteuid(void)
{
	return my_cred()->euid;
}

long sys_getgid(void)
{
	return my_cred()->gid;
}

long sys_getegid(void)
{
	return my_cred()->egid;
}

long sys_getresuid(uid_t __user *ruid, uid_t __user *euid, uid_t __user *suid)
{
	const struct cred *c = my_cred();

	return put_user(c->uid, ruid) || put_user(c->euid, euid) || put_user(c->suid, suid) ? -EFAULT : 0;
}

long sys_getresgid(gid_t __user *rgid, gid_t __user *egid, gid_t __user *sgid)
{
	const struct cred *c = my_cred();

	return put_user(c->gid, rgid) || put_user(c->egid, egid) || put_user(c->sgid, sgid) ? -EFAULT : 0;
}

long sys_setuid(uid_t uid)
{
	struct cred *c;

	if (uid == (uid_t)-1)
		return -EINVAL;
	c = cred_copy(my_cred());
	return c ? cred_finish(c, cred_setuid(c, uid)) : -ENOMEM;
}

long sys_setgid(gid_t gid)
{
	struct cred *c;

	if (gid == (gid_t)-1)
		return -EINVAL;
	c = cred_copy(my_cred());
	return c ? cred_finish(c, cred_setgid(c, gid)) : -ENOMEM;
}

long sys_setreuid(uid_t ruid, uid_t euid)
{
	struct cred *c = cred_copy(my_cred());

	return c ? cred_finish(c, cred_setreuid(c, ruid, euid)) : -ENOMEM;
}

long sys_setregid(gid_t rgid, gid_t egid)
{
	struct cred *c = cred_copy(my_cred());

	return c ? cred_finish(c, cred_setregid(c, rgid, egid)) : -ENOMEM;
}

long sys_setresuid(uid_t ruid, uid_t euid, uid_t suid)
{
	struct cred *c = cred_copy(my_cred());

	return c ? cred_finish(c, cred_setresuid(c, ruid, euid, suid)) : -ENOMEM;
}

long sys_setresgid(gid_t rgid, gid_t egid, gid_t sgid)
{
	struct cred *c = cred_copy(my_cred());

	return c ? cred_finish(c, cred_setresgid(c, rgid, egid, sgid)) : -ENOMEM;
}

/* setfsuid and setfsgid have no errors: they answer the old id, whatever happened. */
long sys_setfsuid(uid_t uid)
{
	uid_t old = my_cred()->fsuid;
	struct cred *c;

	if (uid == (uid_t)-1 || uid == old)
		return old;
	c = cred_copy(my_cred());
	if (!c)
		return old;
	(void)cred_setfsuid(c, uid);
	task_set_cred(c);
	return old;
}

long sys_setfsgid(gid_t gid)
{
	gid_t old = my_cred()->fsgid;
	struct cred *c;

	if (gid == (gid_t)-1 || gid == old)
		return old;
	c = cred_copy(my_cred());
	if (!c)
		return old;
	(void)cred_setfsgid(c, gid);
	task_set_cred(c);
	return old;
}

long sys_getgroups(int size, gid_t __user *list)
{
	const struct cred *c = my_cred();

	if (size < 0)
		return -EINVAL;
	if (!size)
		return c->ngroups;
	if ((unsigned)size < c->ngroups)
		return -EINVAL;
	if (c->ngroups && copy_to_user(list, c->groups, c->ngroups * sizeof(gid_t)))
		return -EFAULT;
	return c->ngroups;
}

static long set_groups(const gid_t *groups, unsigned n)
{
	struct cred *c = cred_copy(my_cred());

	return c ? cred_finish(c, cred_set_groups(c, groups, n)) : -ENOMEM;
}

long ids_set_user_groups(const void __user *list, size_t size,
                         int (*read)(gid_t *to, const void __user *list, size_t n))
{
	gid_t *groups;
	long ret;

	if (!capable(CAP_SETGID))
		return -EPERM;
	if (size > CRED_GROUPS_MAX)
		return -EINVAL;
	if (!size)
		return set_groups(NULL, 0);
	groups = kmalloc(size * sizeof(gid_t), 0);
	if (!groups)
		return -ENOMEM;
	ret = read(groups, list, size);
	if (!ret)
		ret = set_groups(groups, (unsigned)size);
	kfree(groups);
	return ret;
}

static int read_groups(gid_t *to, const void __user *list, size_t n)
{
	return copy_from_user(to, list, n * sizeof(*to));
}

long sys_setgroups(size_t size, const gid_t __user *list)
{
	return ids_set_user_groups(list, size, read_groups);
}
