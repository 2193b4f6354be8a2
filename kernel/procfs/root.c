/* SPDX-License-Identifier: MIT
 *
 * procfs/root.c - the root directory: files about the system, processes by number, self
 *
 * Owns:      nothing; reads what others own.
 * Layer:     procfs.
 * Locks:     none of its own.
 * Contexts:  process context; may sleep.
 * Manual:    proc(5).
 * Tests:     tests/abi/procself.c
 */
#include <procfs/internal.h>
#include <fs/locks.h>
#include <base/cmdline.h>
#include <base/log.h>
#include <fs/chrdev.h>
#include <mem/slab.h>
#include <proc/uts.h>
#include <lib/bitmap.h>

/* ---- small texts ---- */

static int show_version(struct seq *s, struct proc_node *n)
{
	scoped_mutex(&uts_lock);
	seq_printf(s, "%s version %s (zerno@zerno) (gcc " __VERSION__ ") %s\n", uts_name.sysname,
	           uts_name.release, uts_name.version);
	return 0;
}

static int show_cmdline(struct seq *s, struct proc_node *n)
{
	seq_printf(s, "%s\n", cmdline_text());
	return 0;
}

static void show_lock(const struct lock_info *l, void *ctx)
{
	struct seq *s = ctx;

	seq_printf(s, "%u: %s%-6s ADVISORY  %s %d %02x:%02x:%llu %lld ", l->nr, l->waits ? "-> " : "",
	           l->kind, l->write ? "WRITE" : "READ ", l->pid, dev_major(l->dev), dev_minor(l->dev),
	           (unsigned long long)l->ino, (long long)l->start);
	if (l->end == INT64_MAX)
		seq_puts(s, "EOF\n");
	else
		seq_printf(s, "%lld\n", (long long)l->end);
}

static int show_locks(struct seq *s, struct proc_node *n)
{
	locks_for_each(show_lock, s);
	return 0;
}

static int show_filesystems(struct seq *s, struct proc_node *n)
{
	for (struct fs_type *t = fs_type_first(); t; t = atomic_load_acquire(&t->next))
		seq_printf(s, "%s\t%s\n", t->nodev ? "nodev" : "", t->name);
	return 0;
}

/* Names of majors as Linux shows them; others by their first node. */
static const struct {
	unsigned major;
	const char *name;
} major_names[] = {
	{ 1, "mem" },   { 4, "ttyS" },  { 5, "/dev/tty" }, { 10, "misc" },
	{ 128, "ptm" }, { 136, "pts" }, { 229, "hvc" },
};

static const char *major_name(unsigned major, const char *otherwise)
{
	for (unsigned i = 0; i < ARRAY_SIZE(major_names); i++)
		if (major_names[i].major == major)
			return major_names[i].name;
	return otherwise ? otherwise : "?";
}

static int show_devices(struct seq *s, struct proc_node *n)
{
	unsigned long seen[BITMAP_LONGS(4096)] = { 0 };
	struct chrdev_node c;

	seq_puts(s, "Character devices:\n");
	for (unsigned i = 0; chrdev_node(i, &c); i++)
		bitmap_set(seen, dev_major(c.dev) % 4096);
	for (unsigned m = bitmap_find_set(seen, 4096, 0); m < 4096; m = bitmap_find_set(seen, 4096, m + 1)) {
		const char *name = NULL;

		for (unsigned i = 0; !name && chrdev_node(i, &c); i++)
			if (dev_major(c.dev) == m)
				name = c.name;
		seq_printf(s, "%3u %s\n", m, major_name(m, name));
	}
	seq_puts(s, "\nBlock devices:\n  7 loop\n254 virtblk\n259 blkext\n");
	return 0;
}

/* ---- the kernel log, read from where the last read ended ---- */

static ssize_t kmsg_read(struct file *f, struct iov_iter *to, loff_t *pos)
{
	size_t want = MIN(to->count, PAGE_SIZE), got;
	u64 at = (u64)*pos;
	char *buf = kmalloc(PAGE_SIZE, 0);
	ssize_t result;

	if (!buf)
		return -ENOMEM;
	got = log_read(&at, buf, want);
	result = (ssize_t)copy_to_iter(buf, got, to);
	if (result == 0 && got)
		result = -EFAULT;
	else
		*pos = (loff_t)at;
	kfree(buf);
	return result;
}

static const struct file_ops kmsg_fops = { .read = kmsg_read };

/* ---- self ---- */

static int link_self(struct proc_node *n, char *buf, size_t size)
{
	scnprintf(buf, size, "%d", current_task()->group->tgid);
	return 0;
}

static int link_thread_self(struct proc_node *n, char *buf, size_t size)
{
	scnprintf(buf, size, "%d/task/%d", current_task()->group->tgid, current_task()->pid);
	return 0;
}

static int link_net(struct proc_node *n, char *buf, size_t size)
{
	strlcpy(buf, "self/net", size);
	return 0;
}

static int link_mounts(struct proc_node *n, char *buf, size_t size)
{
	strlcpy(buf, "self/mounts", size);
	return 0;
}

/* ---- processes ---- */

static const struct proc_entry pid_entry = { .name = "[pid]", .mode = S_IFDIR | 0555, .dir = &proc_pid_dir };

/* Threads that are no leaders can be named, too, as on Linux; the listing shows processes only. */
static struct inode *root_lookup(struct inode *dir, const char *name, unsigned len)
{
	struct pid *pid;
	u32 nr;

	if (!proc_parse_number(name, len, &nr))
		return NULL;
	pid = pid_find_get((pid_t)nr);
	if (!pid)
		return NULL;
	if (!atomic_load(&pid->task)) { /* a group or session whose leader is gone */
		pid_put(pid);
		return NULL;
	}
	return proc_inode(dir, &pid_entry, pid, false, 0, name, len);
}

static bool root_next(struct proc_node *n, u32 *key, char *name, unsigned *d_type)
{
	pid_t tgid = (pid_t)*key;
	struct task *t = process_next_get(&tgid);

	if (!t)
		return false;
	task_put(t);
	*key = (u32)tgid;
	scnprintf(name, PROC_NAME, "%d", tgid);
	*d_type = DT_DIR;
	return true;
}

#define FILE_SHOW(name_, fn)                                                                                 \
	{                                                                                                    \
		.name = name_, .mode = S_IFREG | 0444, .show = fn                                            \
	}
#define FILE_TEXT(name_, text)                                                                               \
	{                                                                                                    \
		.name = name_, .mode = S_IFREG | 0444, .show = proc_show_text, .data = (void *)(text)        \
	}

static const struct proc_entry root_entries[] = {
	FILE_SHOW("cmdline", show_cmdline),
	FILE_SHOW("cpuinfo", proc_show_cpuinfo),
	FILE_SHOW("devices", show_devices),
	FILE_SHOW("diskstats", proc_show_diskstats),
	FILE_SHOW("filesystems", show_filesystems),
	FILE_SHOW("interrupts", proc_show_interrupts),
	{ .name = "kmsg", .mode = S_IFREG | 0400, .fops = &kmsg_fops },
	FILE_SHOW("loadavg", proc_show_loadavg),
	FILE_SHOW("locks", show_locks),
	FILE_SHOW("meminfo", proc_show_meminfo),
	FILE_TEXT("modules", ""),
	{ .name = "mounts", .mode = S_IFLNK | 0777, .link = link_mounts },
	{ .name = "net", .mode = S_IFLNK | 0777, .link = link_net },
	FILE_SHOW("partitions", proc_show_partitions),
	{ .name = "self", .mode = S_IFLNK | 0777, .link = link_self },
	{ .name = "slabinfo", .mode = S_IFREG | 0400, .show = proc_show_slabinfo },
	FILE_SHOW("stat", proc_show_cpu_stat),
	FILE_TEXT("swaps", "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"),
	{ .name = "sys", .mode = S_IFDIR | 0555, .dir = &proc_sys_dir },
	{ .name = "sysvipc", .mode = S_IFDIR | 0555, .dir = &proc_sysvipc_dir },
	{ .name = "thread-self", .mode = S_IFLNK | 0777, .link = link_thread_self },
	FILE_SHOW("uptime", proc_show_uptime),
	FILE_SHOW("version", show_version),
	FILE_SHOW("vmstat", proc_show_vmstat),
	{ .name = "zerno", .mode = S_IFDIR | 0555, .dir = &proc_zerno_dir },
};
const struct proc_dir proc_root_dir = { PROC_DIR(root_entries), .lookup = root_lookup, .next = root_next };
