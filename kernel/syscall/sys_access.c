/* SPDX-License-Identifier: MIT
 *
 * syscall/sys_access.c - access(2): may the real user do it?
 *
 * Owns:      nothing.
 * Layer:     syscall.  Uses fs, cred.
 * Locks:     none.
 * Contexts:  process context of a user task; may sleep.
 * Manual:    access(2).
 * Tests:     tests/abi/at.c
 *
 * A set-user-id program asks what its caller might do: the check runs with the real ids, and with
 * capabilities only if the real user is root.  When both sets of ids agree, the credentials serve as they
 * are.
 */
#include <syscall/syscall.h>
#include <sys_protos.h>

/* The credentials to check with, referenced; NULL = out of memory. */
static const struct cred *access_cred(const struct cred *c)
{
	struct cred *real;

	if (c->uid == c->fsuid && c->gid == c->fsgid &&
	    (c->uid ? !c->cap_effective : c->cap_effective == c->cap_permitted))
		return cred_get(c);
	real = cred_copy(c);
	if (!real)
		return NULL;
	real->fsuid = real->uid;
	real->fsgid = real->gid;
	if (!(real->securebits & SECBIT_NO_SETUID_FIXUP))
		real->cap_effective = real->uid ? 0 : real->cap_permitted;
	return real;
}

static long do_access(int dirfd, const char __user *path, int mode, int flags)
{
	unsigned lookup = at_lookup(flags);
	const struct cred *real = NULL;
	struct user_path p;
	int err;

	if (mode & ~(R_OK | W_OK | X_OK) || flags & ~(AT_EACCESS | AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	if (!(flags & AT_EACCESS)) {
		real = access_cred(current_task()->cred);
		if (!real)
			return -ENOMEM;
	}
	err = user_path_get(&p, dirfd, path, lookup);
	if (!err) {
		if (real)
			p.walk.cred = real;
		/* R_OK, W_OK, X_OK have the values of MAY_READ, MAY_WRITE, MAY_EXEC */
		err = vfs_access(&p.walk, p.name, (unsigned)mode, lookup);
		user_path_put(&p);
	}
	if (real)
		cred_put(real);
	return err;
}

long sys_access(const char __user *path, int mode)
{
	return do_access(AT_FDCWD, path, mode, 0);
}

long sys_faccessat(int dirfd, const char __user *path, int mode)
{
	return do_access(dirfd, path, mode, 0);
}

long sys_faccessat2(int dirfd, const char __user *path, int mode, int flags)
{
	return do_access(dirfd, path, mode, flags);
}
