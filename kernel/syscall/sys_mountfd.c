/* SPDX-License-Identifier: MIT
 *
 * syscall/sys_mountfd.c - mounts by descriptors: fsopen(2), fsconfig(2), fsmount(2), fspick(2), open_tree(2),
 *                         move_mount(2), mount_setattr(2)
 *
 * Owns:      nothing.
 * Layer:     syscall.  Uses fs/fscontext.h.
 * Locks:     none.
 * Contexts:  process context of a user task; may sleep.
 * Manual:    the calls' pages.
 * Tests:     tests/abi/fsopen.c, tests/abi/mountfd.c
 */
#include <syscall/syscall.h>
#include <sys_protos.h>
#include <fs/fscontext.h>
#include <mem/slab.h>

enum { NAME_SIZE = 256 /* of an option's name, and of a value that is a string */, BINARY_MAX = 1 << 20 };

/* A string of less than `size` bytes: ERR_PTR(-EINVAL) when it is longer. */
static char *string_arg(const void __user *s, size_t size)
{
	char *text = user_string(s, size);

	return PTR_ERR(text) == -ENAMETOOLONG ? ERR_PTR(-EINVAL) : text;
}

static int lookup_arg(int dirfd, const char __user *name, unsigned lookup, struct path *out)
{
	struct user_path p;
	int err = user_path_get(&p, dirfd, name, lookup & LOOKUP_EMPTY);

	if (err)
		return err;
	err = path_lookup(&p.walk, p.name, lookup, out);
	user_path_put(&p);
	return err;
}

/* ---- contexts ---- */

long sys_fsopen(const char __user *type, unsigned flags)
{
	struct file *f;
	char *name;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (flags & ~FSOPEN_CLOEXEC)
		return -EINVAL;
	name = string_arg(type, PAGE_SIZE);
	if (IS_ERR(name))
		return PTR_ERR(name);
	f = fscontext_open(name, current_task()->cred);
	kfree(name);
	return IS_ERR(f) ? PTR_ERR(f) : fd_give(f, flags & FSOPEN_CLOEXEC);
}

long sys_fspick(int dirfd, const char __user *path, unsigned flags)
{
	unsigned lookup = (flags & FSPICK_SYMLINK_NOFOLLOW ? 0 : LOOKUP_FOLLOW) |
	                  (flags & FSPICK_EMPTY_PATH ? LOOKUP_EMPTY : 0);
	struct path p;
	struct file *f;
	int err;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (flags & ~(FSPICK_CLOEXEC | FSPICK_SYMLINK_NOFOLLOW | FSPICK_NO_AUTOMOUNT | FSPICK_EMPTY_PATH))
		return -EINVAL;
	err = lookup_arg(dirfd, path, lookup, &p);
	if (err)
		return err;
	f = fscontext_pick(&p, current_task()->cred);
	path_put(&p);
	return IS_ERR(f) ? PTR_ERR(f) : fd_give(f, flags & FSPICK_CLOEXEC);
}

/* Which arguments a command has. */
static int check_args(unsigned cmd, bool key, bool value, int aux)
{
	bool good = false;

	switch (cmd) {
	case FSCONFIG_SET_FLAG:
		good = key && !value && !aux;
		break;
	case FSCONFIG_SET_STRING:
		good = key && value && !aux;
		break;
	case FSCONFIG_SET_BINARY:
		good = key && value && aux > 0 && aux <= BINARY_MAX;
		break;
	case FSCONFIG_SET_PATH:
	case FSCONFIG_SET_PATH_EMPTY:
		good = key && value && (aux == AT_FDCWD || aux >= 0);
		break;
	case FSCONFIG_SET_FD:
		good = key && !value && aux >= 0;
		break;
	case FSCONFIG_CMD_CREATE:
	case FSCONFIG_CMD_RECONFIGURE:
		good = !key && !value && !aux;
		break;
	default:
		return -EOPNOTSUPP;
	}
	return good ? 0 : -EINVAL;
}

/* The value of a SET command, which must be readable: a string in *out, else NULL; *odd: of a kind no option takes. */
static int value_arg(unsigned cmd, const void __user *value, int aux, char **out, bool *odd)
{
	struct fd_ref r;

	*out = NULL;
	*odd = cmd > FSCONFIG_SET_STRING;
	if (cmd == FSCONFIG_SET_FD) {
		r = fd_arg_path((unsigned)aux);
		if (!r.file)
			return -EBADF;
		fd_ref_put(r);
	} else if (cmd == FSCONFIG_SET_STRING) {
		*out = string_arg(value, NAME_SIZE);
	} else if (*odd && cmd != FSCONFIG_SET_BINARY) {
		*out = user_string(value, PATH_MAX);
	}
	return IS_ERR(*out) ? (int)PTR_ERR(*out) : 0;
}

static int set_option(struct file *f, unsigned cmd, const char __user *key, const void __user *value, int aux)
{
	char *name = string_arg(key, NAME_SIZE), *text;
	bool odd;
	int err;

	if (IS_ERR(name))
		return (int)PTR_ERR(name);
	err = value_arg(cmd, value, aux, &text, &odd);
	if (!err) {
		err = fscontext_set(f, name, text, odd);
		kfree(text);
	}
	kfree(name);
	return err;
}

long sys_fsconfig(int fd, unsigned cmd, const char __user *key, const void __user *value, int aux)
{
	struct fs_walk w = task_walk(current_task());
	struct fd_ref r;
	int err;

	if (fd < 0)
		return -EINVAL;
	err = check_args(cmd, key, value, aux);
	if (err)
		return err;
	r = fd_arg((unsigned)fd);
	if (!r.file)
		return -EBADF;
	if (!file_is_fscontext(r.file))
		err = -EINVAL;
	else if (cmd == FSCONFIG_CMD_CREATE)
		err = fscontext_create(r.file, &w);
	else if (cmd == FSCONFIG_CMD_RECONFIGURE)
		err = capable(CAP_SYS_ADMIN) ? fscontext_reconfigure(r.file) : -EPERM;
	else
		err = set_option(r.file, cmd, key, value, aux);
	fd_ref_put(r);
	return err;
}

/* ---- mounts ---- */

static const struct {
	u32 attr, flag;
} attr_flags[] = {
	{ MOUNT_ATTR_RDONLY, MS_RDONLY },         { MOUNT_ATTR_NOSUID, MS_NOSUID },
	{ MOUNT_ATTR_NODEV, MS_NODEV },           { MOUNT_ATTR_NOEXEC, MS_NOEXEC },
	{ MOUNT_ATTR_NODIRATIME, MS_NODIRATIME }, { MOUNT_ATTR_NOSYMFOLLOW, MS_NOSYMFOLLOW },
};
enum {
	ATTR_KNOWN = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC |
	             MOUNT_ATTR__ATIME | MOUNT_ATTR_NODIRATIME | MOUNT_ATTR_NOSYMFOLLOW
};

/* Those that are bits of their own, as mount(2) calls them. */
static u32 flags_of_attr(u64 attr)
{
	u32 flags = 0;

	for (unsigned k = 0; k < ARRAY_SIZE(attr_flags); k++)
		if (attr & attr_flags[k].attr)
			flags |= attr_flags[k].flag;
	return flags;
}

/* The one of three that stands in a field: its flag, or -EINVAL. */
static int atime_of_attr(u64 attr)
{
	switch (attr & MOUNT_ATTR__ATIME) {
	case 0:
		return MS_RELATIME;
	case MOUNT_ATTR_NOATIME:
		return MS_NOATIME;
	case MOUNT_ATTR_STRICTATIME:
		return 0;
	default:
		return -EINVAL;
	}
}

long sys_fsmount(int fd, unsigned flags, unsigned attr)
{
	int atime = atime_of_attr(attr), err = -EINVAL;
	struct file *f = NULL;
	struct fd_ref r;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (flags & ~FSMOUNT_CLOEXEC || attr & ~(unsigned)ATTR_KNOWN || atime < 0)
		return -EINVAL;
	r = fd_arg((unsigned)fd);
	if (!r.file)
		return -EBADF;
	if (file_is_fscontext(r.file))
		err = fscontext_mount(r.file, flags_of_attr(attr) | (u32)atime, current_task()->cred, &f);
	fd_ref_put(r);
	return err ? err : fd_give(f, flags & FSMOUNT_CLOEXEC);
}

long sys_open_tree(int dirfd, const char __user *path, unsigned flags)
{
	const struct cred *c = current_task()->cred;
	struct file *f;
	struct path p;
	int err;

	if (flags & ~(AT_EMPTY_PATH | AT_NO_AUTOMOUNT | AT_RECURSIVE | AT_SYMLINK_NOFOLLOW | OPEN_TREE_CLONE |
	              O_CLOEXEC))
		return -EINVAL;
	if ((flags & (AT_RECURSIVE | OPEN_TREE_CLONE)) == AT_RECURSIVE)
		return -EINVAL;
	if (flags & OPEN_TREE_CLONE && !capable(CAP_SYS_ADMIN))
		return -EPERM;
	err = lookup_arg(dirfd, path, at_lookup((int)flags), &p);
	if (err)
		return err;
	if (flags & OPEN_TREE_CLONE)
		err = mount_clone_floating(&p, flags & AT_RECURSIVE, c, &f);
	else
		err = vfs_open_path(&p, O_PATH, c, &f);
	path_put(&p);
	return err ? err : fd_give(f, flags & O_CLOEXEC);
}

long sys_move_mount(int from_dirfd, const char __user *from, int to_dirfd, const char __user *to,
                    unsigned flags)
{
	struct path f, t;
	int err;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (flags & ~(MOVE_MOUNT_F_SYMLINKS | MOVE_MOUNT_F_AUTOMOUNTS | MOVE_MOUNT_F_EMPTY_PATH |
	              MOVE_MOUNT_T_SYMLINKS | MOVE_MOUNT_T_AUTOMOUNTS | MOVE_MOUNT_T_EMPTY_PATH |
	              MOVE_MOUNT_SET_GROUP))
		return -EINVAL;
	err = lookup_arg(from_dirfd, from,
	                 (flags & MOVE_MOUNT_F_SYMLINKS ? LOOKUP_FOLLOW : 0) |
	                         (flags & MOVE_MOUNT_F_EMPTY_PATH ? LOOKUP_EMPTY : 0),
	                 &f);
	if (err)
		return err;
	err = lookup_arg(to_dirfd, to,
	                 (flags & MOVE_MOUNT_T_SYMLINKS ? LOOKUP_FOLLOW : 0) |
	                         (flags & MOVE_MOUNT_T_EMPTY_PATH ? LOOKUP_EMPTY : 0),
	                 &t);
	if (!err) {
		err = flags & MOVE_MOUNT_SET_GROUP ? mount_set_group(&f, &t) : mount_move(&f, &t);
		path_put(&t);
	}
	path_put(&f);
	return err;
}

/* What is to be changed: 0 or -EINVAL. */
static int change_of_attr(const struct mount_attr_k *a, struct mount_change *c)
{
	u64 p = a->propagation;
	int atime = 0;

	if (p & ~(u64)(MS_SHARED | MS_PRIVATE | MS_SLAVE | MS_UNBINDABLE) || p & (p - 1))
		return -EINVAL;
	if ((a->attr_set | a->attr_clr) & ~(u64)ATTR_KNOWN)
		return -EINVAL;
	/* The field is cleared as a whole, or not touched. */
	if (a->attr_clr & MOUNT_ATTR__ATIME) {
		if ((a->attr_clr & MOUNT_ATTR__ATIME) != MOUNT_ATTR__ATIME)
			return -EINVAL;
		atime = atime_of_attr(a->attr_set);
		c->clear = MS_NOATIME | MS_RELATIME;
	} else if (a->attr_set & MOUNT_ATTR__ATIME) {
		return -EINVAL;
	}
	if (atime < 0)
		return atime;
	c->clear |= flags_of_attr(a->attr_clr);
	c->set = flags_of_attr(a->attr_set) | (u32)atime;
	c->propagation = p;
	return 0;
}

long sys_mount_setattr(int dirfd, const char __user *path, unsigned flags,
                       const struct mount_attr_k __user *attr, size_t size)
{
	struct mount_change c = { 0 };
	struct mount_attr_k a;
	struct path p;
	int err;

	if (flags & ~(AT_EMPTY_PATH | AT_RECURSIVE | AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT))
		return -EINVAL;
	if (size > PAGE_SIZE)
		return -E2BIG;
	if (size < sizeof(a))
		return -EINVAL;
	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	err = user_struct_get(&a, sizeof(a), sizeof(a), attr, size);
	if (err || (!a.attr_set && !a.attr_clr && !a.propagation))
		return err;
	err = change_of_attr(&a, &c);
	if (!err)
		err = lookup_arg(dirfd, path, at_lookup((int)flags), &p);
	if (err)
		return err;
	err = mount_change(&p, &c, flags & AT_RECURSIVE);
	path_put(&p);
	return err;
}
