/* SPDX-License-Identifier: MIT
 *
 * init/rootfs.c - the first root directory: rootfs filled from the initrd
 *
 * Owns:      the initrd's memory until it is freed; the fs context PID 1 will start with.
 * Layer:     init.
 * Locks:     none; the boot thread alone.
 * Contexts:  the boot thread; sleeps.
 * Manual:    Linux Documentation/filesystems/ramfs-rootfs-initramfs.rst, driver-api/early-userspace.
 * Tests:     tests/boot.
 *
 * What Linux's built-in default archive holds - /dev, /dev/console, /root - is made first, so that an archive
 * without a /dev still gives its init a console.  devtmpfs is not mounted: with an initramfs that is init's
 * work.
 */
#include <arch/pgtable.h>
#include <base/bootinfo.h>
#include <base/log.h>
#include <base/panic.h>
#include <fs/initramfs.h>
#include <fs/mount.h>
#include <fs/namei.h>
#include <mem/page.h>
#include <abi/errno.h>
#include "init.h"
#include "rootfs.h"

static struct fs_ctx *init_fs;

struct fs_ctx *boot_fs(void)
{
	return init_fs;
}

static void make_default_nodes(const struct fs_walk *w)
{
	static const char *const failed = "rootfs: cannot make %s (error %d)";
	int err;

	if ((err = vfs_mkdir(w, "/dev", 0755)) && err != -EEXIST)
		log_err(failed, "/dev", err);
	if ((err = vfs_mknod(w, "/dev/console", S_IFCHR | 0600, dev_make(5, 1))) && err != -EEXIST)
		log_err(failed, "/dev/console", err);
	if ((err = vfs_mkdir(w, "/root", 0700)) && err != -EEXIST)
		log_err(failed, "/root", err);
}

static void unpack_initrd(const struct fs_walk *w)
{
	paddr_t start = boot_info.initrd_start, end = boot_info.initrd_end;
	bool keeps_memory = false;
	int err;

	if (start == end)
		return;
	err = initramfs_unpack(w, phys_to_virt(start), end - start, &keeps_memory);
	if (err)
		log_err("initramfs: unpacking failed (error %d); going on with what came before", err);
	if (keeps_memory)
		return;
	boot_info.initrd_start = boot_info.initrd_end = 0;
	mem_add_range(ALIGN_DOWN(start, PAGE_SIZE), ALIGN_UP(end, PAGE_SIZE));
}

void boot_mount_root(void)
{
	struct path root;
	int err = mount_root("rootfs", &root);

	if (err)
		panic("cannot mount rootfs (error %d)", err);
	init_fs = fs_ctx_copy(NULL);
	if (!init_fs)
		panic("no memory for the root directory");
	fs_ctx_set_root(init_fs, &root);
	fs_ctx_set_cwd(init_fs, &root);
	path_put(&root);

	struct fs_walk w = { init_fs, &cred_init, NULL };

	make_default_nodes(&w);
	unpack_initrd(&w);
}
