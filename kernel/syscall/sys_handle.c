/* SPDX-License-Identifier: MIT
 *
 * syscall/sys_handle.c - name_to_handle_at(2), open_by_handle_at(2)
 *
 * Owns:      nothing.
 * Layer:     syscall.  Uses fs/handle.h.
 * Locks:     none.
 * Contexts:  process context of a user task; may sleep.
 * Manual:    open_by_handle_at(2).
 * Tests:     tests/abi/handle.c
 */
#include <syscall/syscall.h>
#include <sys_protos.h>
#include <fs/handle.h>
#include <fs/mount.h>

enum { HANDLE_BYTES_MAX = 128, TYPE_INVALID = 255 };

/* The handle of p to the user, who says how many bytes there is room for. */
static int give_handle(const struct path *p, struct file_handle_k __user *handle, int __user *mount_id)
{
	struct file_handle_k h;
	u32 fh[HANDLE_WORDS], room;
	int n = handle_make(p, fh), id = (int)p->mnt->id;

	if (n == -EOPNOTSUPP)
		return n;
	if (copy_from_user(&h, handle, sizeof(h)))
		return -EFAULT;
	if (h.handle_bytes > HANDLE_BYTES_MAX)
		return -EINVAL;
	if (n < 0)
		return n;
	room = h.handle_bytes;
	h.handle_bytes = (u32)n * sizeof(u32);
	h.handle_type = room < h.handle_bytes ? TYPE_INVALID : HANDLE_TYPE;
	if (copy_to_user(mount_id, &id, sizeof(id)) || copy_to_user(handle, &h, sizeof(h)))
		return -EFAULT;
	if (room < h.handle_bytes)
		return -EOVERFLOW;
	return copy_to_user(handle + 1, fh, h.handle_bytes) ? -EFAULT : 0;
}

long sys_name_to_handle_at(int dirfd, const char __user *path, struct file_handle_k __user *handle,
                           int __user *mount_id, int flags)
{
	unsigned lookup =
	        (flags & AT_SYMLINK_FOLLOW ? LOOKUP_FOLLOW : 0) | (flags & AT_EMPTY_PATH ? LOOKUP_EMPTY : 0);
	struct user_path up;
	struct path p;
	int err;

	if (flags & ~(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	err = user_path_get(&up, dirfd, path, lookup & LOOKUP_EMPTY);
	if (err)
		return err;
	err = path_lookup(&up.walk, up.name, lookup, &p);
	user_path_put(&up);
	if (err)
		return err;
	err = give_handle(&p, handle, mount_id);
	path_put(&p);
	return err;
}

/* A place in the file system that the handle is of. */
static int mount_arg(int fd, struct path *out)
{
	struct fd_ref r;

	if (fd == AT_FDCWD) {
		fs_ctx_cwd(current_task()->fs, out);
		return 0;
	}
	r = fd_arg((unsigned)fd);
	if (!r.file)
		return -EBADF;
	*out = r.file->path;
	path_get(out);
	fd_ref_put(r);
	return 0;
}

static int open_found(const struct path *at, const struct file_handle_k *h, const u32 *fh, int flags,
                      struct file **f)
{
	struct path p;
	int err = handle_find(at, fh, h->handle_bytes / sizeof(u32), &p);

	if (err)
		return err;
	err = vfs_open_path(&p, (unsigned)flags, current_task()->cred, f);
	path_put(&p);
	return err;
}

long sys_open_by_handle_at(int mount_fd, const struct file_handle_k __user *handle, int flags)
{
	u32 fh[HANDLE_BYTES_MAX / sizeof(u32)] = { 0 };
	struct file_handle_k h;
	struct path at;
	struct file *f;
	int err;

	if (!capable(CAP_DAC_READ_SEARCH))
		return -EPERM;
	if (copy_from_user(&h, handle, sizeof(h)))
		return -EFAULT;
	if (!h.handle_bytes || h.handle_bytes > HANDLE_BYTES_MAX)
		return -EINVAL;
	if (copy_from_user(fh, handle + 1, h.handle_bytes))
		return -EFAULT;
	err = mount_arg(mount_fd, &at);
	if (err)
		return err;
	err = open_found(&at, &h, fh, flags, &f);
	path_put(&at);
	return err ? err : fd_give(f, flags & O_CLOEXEC);
}
