/* SPDX-License-Identifier: MIT
 *
 * procfs/sysvipc.c - /proc/sysvipc
 *
 * Owns:      nothing.
 * Layer:     procfs.  Reads ipc/sysv_shm.
 * Locks:     none of its own.
 * Contexts:  process context; may sleep.
 * Manual:    proc(5).
 * Tests:     tests/abi/shm.c
 */
#include <procfs/internal.h>
#include <ipc/sysv_shm.h>

static int show_shm(struct seq *s, struct proc_node *n)
{
	struct shmid64_ds_k d;
	u64 slot, resident;
	int id;

	seq_printf(s, "%10s %10s %4s %21s %5s %5s %5s %5s %5s %5s %5s %10s %10s %10s %21s %21s\n", "key",
	           "shmid", "perms", "size", "cpid", "lpid", "nattch", "uid", "gid", "cuid", "cgid", "atime",
	           "dtime", "ctime", "rss", "swap");
	for (slot = 0; shm_next(&slot, &d, &id, &resident); slot++)
		seq_printf(s,
		           "%10d %10d  %4o %21llu %5d %5d  %5llu %5u %5u %5u %5u %10lld %10lld %10lld %21llu "
		           "%21u\n",
		           d.perm.key, id, d.perm.mode, (unsigned long long)d.segsz, d.cpid, d.lpid,
		           (unsigned long long)d.nattch, d.perm.uid, d.perm.gid, d.perm.cuid, d.perm.cgid,
		           (long long)d.atime, (long long)d.dtime, (long long)d.ctime,
		           (unsigned long long)resident, 0);
	return 0;
}

static const struct proc_entry sysvipc_entries[] = {
	{ .name = "shm", .mode = S_IFREG | 0444, .show = show_shm },
};
const struct proc_dir proc_sysvipc_dir = { PROC_DIR(sysvipc_entries) };
