/* SPDX-License-Identifier: MIT
 *
 * fs/vfs.c - the chapter's start at boot
 *
 * Owns:      the order in which the parts of fs begin.
 * Layer:     fs.
 * Locks:     none.
 * Contexts:  boot, before any file system is registered.
 * Manual:    none.
 * Tests:     every boot.
 */
#include <fs/namei.h>
#include <fs/anon.h>
#include <fs/fdtable.h>
#include <fs/mount_tree.h>
#include <fs/writeback.h>

void vfs_init(void)
{
	dcache_init();
	inode_cache_init();
	file_init();
	fdtable_init();
	mounts_init();
	anon_init();
	writeback_init();
}
