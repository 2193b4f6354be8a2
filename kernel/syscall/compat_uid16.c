/* SPDX-License-Identifier: MIT
 *
 * syscall/compat_uid16.c - the i386 ABI: ids of 16 bits
 *
 * Owns:      nothing.
 * Layer:     syscall.  Calls the handlers of the 64-bit ABI.
 * Locks:     none.
 * Contexts:  process context of a user task; may sleep.
 * Manual:    getuid(2), chown(2), credentials(7).
 * Tests:     tests/i386.
 *
 * An id that does not fit is shown as 65534; 0xffff as an argument is -1, "leave it".
 */
#include <syscall/syscall.h>
#include <sys_protos.h>

enum { OVERFLOW_ID = 65534 };

static u16 narrow(u32 id)
{
	return id > 0xffff ? OVERFLOW_ID : (u16)id;
}

static u32 widen(u16 id)
{
	return id == 0xffff ? ~0u : id;
}

long sys_i386_getuid(void)
{
	return narrow((u32)sys_getuid());
}

long sys_i386_geteuid(void)
{
	return narrow((u32)sys_geteuid());
}

long sys_i386_getgid(void)
{
	return narrow((u32)sys_getgid());
}

long sys_i386_getegid(void)
{
	return narrow((u32)sys_getegid());
}

long sys_i386_setuid(u16 uid)
{
	return sys_setuid(widen(uid));
}

long sys_i386_setgid(u16 gid)
{
	return sys_setgid(widen(gid));
}

long sys_i386_setreuid(u16 ruid, u16 euid)
{
	return sys_setreuid(widen(ruid), widen(euid));
}

long sys_i386_setregid(u16 rgid, u16 egid)
{
	return sys_setregid(widen(rgid), widen(egid));
}

long sys_i386_setresuid(u16 ruid, u16 euid, u16 suid)
{
	return sys_setresuid(widen(ruid), widen(euid), widen(suid));
}

long sys_i386_setresgid(u16 rgid, u16 egid, u16 sgid)
{
	return sys_setresgid(widen(rgid), widen(egid), widen(sgid));
}

long sys_i386_setfsuid(u16 id)
{
	return narrow((u32)sys_setfsuid(widen(id)));
}

long sys_i386_setfsgid(u16 id)
{
	return narrow((u32)sys_setfsgid(widen(id)));
}

static long put3(u32 a, u32 b, u32 c, u16 __user *ua, u16 __user *ub, u16 __user *uc)
{
	return put_user(narrow(a), ua) || put_user(narrow(b), ub) || put_user(narrow(c), uc) ? -EFAULT : 0;
}

long sys_i386_getresuid(u16 __user *ruid, u16 __user *euid, u16 __user *suid)
{
	const struct cred *c = current_task()->cred;

	return put3(c->uid, c->euid, c->suid, ruid, euid, suid);
}

long sys_i386_getresgid(u16 __user *rgid, u16 __user *egid, u16 __user *sgid)
{
	const struct cred *c = current_task()->cred;

	return put3(c->gid, c->egid, c->sgid, rgid, egid, sgid);
}

long sys_i386_getgroups(int size, u16 __user *list)
{
	const struct cred *c = current_task()->cred;

	if (size < 0)
		return -EINVAL;
	if (!size)
		return c->ngroups;
	if ((unsigned)size < c->ngroups)
		return -EINVAL;
	for (unsigned i = 0; i < c->ngroups; i++)
		if (put_user(narrow(c->groups[i]), list + i))
			return -EFAULT;
	return c->ngroups;
}

static int read_groups(gid_t *to, const void __user *from, size_t n)
{
	const u16 __user *list = from;

	for (size_t i = 0; i < n; i++) {
		u16 id;

		if (get_user(id, list + i))
			return -EFAULT;
		to[i] = widen(id);
	}
	return 0;
}

long sys_i386_setgroups(size_t size, const u16 __user *list)
{
	return ids_set_user_groups(list, size, read_groups);
}

long sys_i386_chown(const char __user *path, u16 uid, u16 gid)
{
	return sys_chown(path, widen(uid), widen(gid));
}

long sys_i386_lchown(const char __user *path, u16 uid, u16 gid)
{
	return sys_lchown(path, widen(uid), widen(gid));
}

long sys_i386_fchown(unsigned fd, u16 uid, u16 gid)
{
	return sys_fchown(fd, widen(uid), widen(gid));
}
