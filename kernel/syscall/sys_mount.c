/* SPDX-License-Identifier: MIT
 *
 * syscall/sys_mount.c - mount(2), umount2(2), pivot_root(2)
 *
 * Owns:      nothing.  That the caller is privileged is checked below, after the names.
 * Layer:     syscall.  Uses fs/mount.
 * Locks:     none.
 * Contexts:  process context of a user task; may sleep.
 * Manual:    mount(2), umount2(2), pivot_root(2).
 * Tests:     tests/abi/mount.c
 */
#include <syscall/syscall.h>
#include <sys_protos.h>
#include <fs/mount.h>
#include <mem/slab.h>

/* NULL stays NULL. */
static int optional_string(char **out, const void __user *s)
{
	char *text = NULL;

	if (s) {
		text = user_string(s, PATH_MAX);
		if (IS_ERR(text))
			return (int)PTR_ERR(text) == -ENAMETOOLONG ? -EINVAL : (int)PTR_ERR(text);
	}
	*out = text;
	return 0;
}

static int do_mount(const char *source, const char __user *target, const char *type, unsigned long flags,
                    const char *options)
{
	struct user_path p;
	int err = user_path_get(&p, AT_FDCWD, target, 0);

	if (err)
		return err;
	err = vfs_mount(&p.walk, source, p.name, type, flags, options);
	user_path_put(&p);
	return err;
}

long sys_mount(const char __user *source, const char __user *target, const char __user *type,
               unsigned long flags, const void __user *data)
{
	char *ktype = NULL, *ksource = NULL, *koptions = NULL;
	int err;

	/* Programs of the last century put a magic number there. */
	if ((flags & MS_MGC_MSK) == MS_MGC_VAL)
		flags &= ~(unsigned long)MS_MGC_MSK;
	err = optional_string(&ktype, type);
	if (!err)
		err = optional_string(&ksource, source);
	if (!err)
		err = optional_string(&koptions, data);
	if (!err)
		err = do_mount(ksource, target, ktype, flags, koptions);
	kfree(koptions);
	kfree(ksource);
	kfree(ktype);
	return err;
}

long sys_umount2(const char __user *target, int flags)
{
	struct user_path p;
	int err;

	if (flags & ~(MNT_FORCE | MNT_DETACH | MNT_EXPIRE | UMOUNT_NOFOLLOW))
		return -EINVAL;
	err = user_path_get(&p, AT_FDCWD, target, 0);
	if (err)
		return err;
	err = vfs_umount(&p.walk, p.name, flags);
	user_path_put(&p);
	return err;
}

long sys_pivot_root(const char __user *new_root, const char __user *put_old)
{
	struct user_path n, o;
	int err;

	err = user_path_get(&n, AT_FDCWD, new_root, 0);
	if (err)
		return err;
	err = user_path_get(&o, AT_FDCWD, put_old, 0);
	if (!err) {
		err = vfs_pivot_root(&n.walk, n.name, o.name);
		user_path_put(&o);
	}
	user_path_put(&n);
	return err;
}
