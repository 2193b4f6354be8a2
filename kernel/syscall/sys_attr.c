/* SPDX-License-Identifier: MIT
 *
 * syscall/sys_attr.c - chmod(2), chown(2)
 *
 * Owns:      nothing; setattr_at and setattr_fd, through which all changes of attributes go.
 * Layer:     syscall.  Uses fs.
 * Locks:     none.
 * Contexts:  process context of a user task; may sleep.
 * Manual:    chmod(2), chown(2).
 * Tests:     tests/abi/attr.c
 */
#include <syscall/syscall.h>
#include <sys_protos.h>

long setattr_at(int dirfd, const char __user *path, unsigned lookup, struct iattr *a)
{
	struct user_path p;
	int err = user_path_get(&p, dirfd, path, lookup);

	if (err)
		return err;
	err = vfs_setattr(&p.walk, p.name, lookup, a);
	user_path_put(&p);
	return err;
}

long setattr_fd(unsigned fd, struct iattr *a)
{
	struct fd_ref r = fd_arg(fd);
	int err;

	if (!r.file)
		return -EBADF;
	err = vfs_setattr_path(&r.file->path, a, current_task()->cred);
	fd_ref_put(r);
	return err;
}

static struct iattr attr_mode(umode_t mode)
{
	return (struct iattr){ .valid = ATTR_MODE, .mode = mode & S_IALLUGO };
}

/* -1 leaves an id as it is. */
static struct iattr attr_owner(uid_t uid, gid_t gid)
{
	return (struct iattr){
		.valid = ATTR_CHOWN | (uid != (uid_t)-1 ? ATTR_UID : 0) | (gid != (gid_t)-1 ? ATTR_GID : 0),
		.uid = uid,
		.gid = gid,
	};
}

long sys_chmod(const char __user *path, umode_t mode)
{
	struct iattr a = attr_mode(mode);

	return setattr_at(AT_FDCWD, path, LOOKUP_FOLLOW, &a);
}

long sys_fchmod(unsigned fd, umode_t mode)
{
	struct iattr a = attr_mode(mode);

	return setattr_fd(fd, &a);
}

long sys_fchmodat(int dirfd, const char __user *path, umode_t mode)
{
	struct iattr a = attr_mode(mode);

	return setattr_at(dirfd, path, LOOKUP_FOLLOW, &a);
}

long sys_chown(const char __user *path, uid_t uid, gid_t gid)
{
	struct iattr a = attr_owner(uid, gid);

	return setattr_at(AT_FDCWD, path, LOOKUP_FOLLOW, &a);
}

long sys_lchown(const char __user *path, uid_t uid, gid_t gid)
{
	struct iattr a = attr_owner(uid, gid);

	return setattr_at(AT_FDCWD, path, 0, &a);
}

long sys_fchown(unsigned fd, uid_t uid, gid_t gid)
{
	struct iattr a = attr_owner(uid, gid);

	return setattr_fd(fd, &a);
}

long sys_fchownat(int dirfd, const char __user *path, uid_t uid, gid_t gid, int flags)
{
	struct iattr a = attr_owner(uid, gid);

	if (flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	return setattr_at(dirfd, path, at_lookup(flags), &a);
}
