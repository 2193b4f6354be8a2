/* SPDX-License-Identifier: MIT
 *
 * procfs/pid.c - the directory of a process, its small files, and task/
 *
 * Owns:      nothing; reads what others own.
 * Layer:     procfs.
 * Locks:     none of its own.
 * Contexts:  process context; may sleep.
 * Manual:    proc(5): /proc/[pid].
 * Tests:     tests/abi/procself.c
 */
#include <procfs/internal.h>
#include <proc/coredump.h>

/* ---- limits ---- */

static const struct {
	const char *name, *unit;
} limit_names[RLIM_NLIMITS] = {
	[RLIMIT_CPU] = { "Max cpu time", "seconds" },
	[RLIMIT_FSIZE] = { "Max file size", "bytes" },
	[RLIMIT_DATA] = { "Max data size", "bytes" },
	[RLIMIT_STACK] = { "Max stack size", "bytes" },
	[RLIMIT_CORE] = { "Max core file size", "bytes" },
	[RLIMIT_RSS] = { "Max resident set", "bytes" },
	[RLIMIT_NPROC] = { "Max processes", "processes" },
	[RLIMIT_NOFILE] = { "Max open files", "files" },
	[RLIMIT_MEMLOCK] = { "Max locked memory", "bytes" },
	[RLIMIT_AS] = { "Max address space", "bytes" },
	[RLIMIT_LOCKS] = { "Max file locks", "locks" },
	[RLIMIT_SIGPENDING] = { "Max pending signals", "signals" },
	[RLIMIT_MSGQUEUE] = { "Max msgqueue size", "bytes" },
	[RLIMIT_NICE] = { "Max nice priority", "" },
	[RLIMIT_RTPRIO] = { "Max realtime priority", "" },
	[RLIMIT_RTTIME] = { "Max realtime timeout", "us" },
};

static void show_limit(struct seq *s, u64 v)
{
	if (v == RLIM_INFINITY)
		seq_printf(s, "%-20s ", "unlimited");
	else
		seq_printf(s, "%-20llu ", (unsigned long long)v);
}

static int show_limits(struct seq *s, struct task *t, struct proc_node *n)
{
	seq_printf(s, "%-25s %-20s %-20s %-10s\n", "Limit", "Soft Limit", "Hard Limit", "Units");
	for (unsigned i = 0; i < RLIM_NLIMITS; i++) {
		seq_printf(s, "%-25s ", limit_names[i].name);
		show_limit(s, atomic_load(&t->group->rlim.lim[i].cur));
		show_limit(s, atomic_load(&t->group->rlim.lim[i].max));
		seq_printf(s, "%-10s\n", limit_names[i].unit);
	}
	return 0;
}

/* ---- small files ---- */

static int show_comm(struct seq *s, struct task *t, struct proc_node *n)
{
	seq_printf(s, "%s\n", t->comm);
	return 0;
}

static ssize_t write_comm(struct task *t, char *text, size_t len)
{
	char *end = strchr(text, '\n');

	if (t->group != current_task()->group)
		return -EINVAL;
	if (end)
		*end = 0;
	strlcpy(t->comm, text, sizeof(t->comm));
	return (ssize_t)len;
}

static int show_io(struct seq *s, struct task *t, struct proc_node *n)
{
	const struct thread_group *g = t->group;

	seq_printf(s, "rchar: %llu\nwchar: %llu\nsyscr: %llu\nsyscw: %llu\n", (unsigned long long)g->rchar,
	           (unsigned long long)g->wchar, (unsigned long long)g->syscr, (unsigned long long)g->syscw);
	seq_puts(s, "read_bytes: 0\nwrite_bytes: 0\ncancelled_write_bytes: 0\n"); /* there are no disks */
	return 0;
}

static int show_wchan(struct seq *s, struct task *t, struct proc_node *n)
{
	char buf[64] = "0";

	if (proc_may_see(t))
		proc_wchan(t, buf, sizeof(buf));
	seq_puts(s, buf);
	return 0;
}

static int show_oom_score_adj(struct seq *s, struct task *t, struct proc_node *n)
{
	seq_printf(s, "%d\n", t->group->oom_score_adj);
	return 0;
}

static ssize_t write_oom_score_adj(struct task *t, char *text, size_t len)
{
	s64 v;
	int err = proc_parse_int(text, &v);

	if (err || v < -1000 || v > 1000)
		return -EINVAL;
	if (v < t->group->oom_score_adj && !cred_capable(current_task()->cred, CAP_SYS_RESOURCE))
		return -EACCES;
	atomic_store(&t->group->oom_score_adj, (s32)v);
	return (ssize_t)len;
}

static int show_personality(struct seq *s, struct task *t, struct proc_node *n)
{
	seq_printf(s, "%08x\n", t->personality);
	return 0;
}

/* time on the CPU, time waiting for it (not measured), times it got it */
static int show_schedstat(struct seq *s, struct task *t, struct proc_node *n)
{
	seq_printf(s, "%llu 0 %llu\n", (unsigned long long)sched_cpu_time(&t->thread),
	           (unsigned long long)(t->thread.nvcsw + t->thread.nivcsw));
	return 0;
}

/* Our extension: 1 = print the process's system calls to the kernel log. */
static int show_strace(struct seq *s, struct task *t, struct proc_node *n)
{
	seq_printf(s, "%d\n", t->strace);
	return 0;
}

static void set_strace(struct task *t, bool on)
{
	t->strace = on;
	if (on)
		thread_set_flag(&t->thread, TF_SYSCALL_STRACE);
	else
		thread_clear_flag(&t->thread, TF_SYSCALL_STRACE);
}

static ssize_t write_strace(struct task *t, char *text, size_t len)
{
	struct task *x;
	pid_t tid = 1;
	s64 v;

	if (proc_parse_int(text, &v) || v < 0 || v > 1)
		return -EINVAL;
	while ((x = process_next_thread(t->group, &tid)) != NULL) {
		set_strace(x, v != 0);
		task_put(x);
		tid++;
	}
	return (ssize_t)len;
}

/* Our extension, as Linux's fault injection: n = the n-th allocation of this thread from now on fails; reading
 * gives what is left, 0 = none or it has fired.  No memory is allocated here, since that would be counted. */
static ssize_t fail_nth_read(struct file *f, struct iov_iter *to, loff_t *pos)
{
	struct task *t = proc_task(proc_node(f->inode));
	char text[16];
	size_t len, done;

	if (!t)
		return -ESRCH;
	len = (size_t)scnprintf(text, sizeof(text), "%u\n", atomic_load(&t->thread.fail_nth));
	task_put(t);
	if ((u64)*pos >= len)
		return 0;
	done = copy_to_iter(text + *pos, MIN(len - (size_t)*pos, to->count), to);
	if (!done && to->count)
		return -EFAULT;
	*pos += (loff_t)done;
	return (ssize_t)done;
}

static ssize_t fail_nth_write(struct file *f, struct iov_iter *from, loff_t *pos)
{
	size_t len = from->count;
	struct task *t;
	char text[16];
	s64 v;

	if (len >= sizeof(text))
		return -EINVAL;
	if (copy_from_iter(text, len, from) != len)
		return -EFAULT;
	text[len] = 0;
	if (proc_parse_int(text, &v) || v < 0 || v > INT32_MAX)
		return -EINVAL;
	t = proc_task(proc_node(f->inode));
	if (!t)
		return -ESRCH;
	task_set_fail_nth(t, (u32)v);
	task_put(t);
	return (ssize_t)len;
}

static int fail_nth_open(struct inode *i, struct file *f)
{
	if (f->flags & O_ACCMODE && !cred_capable(current_task()->cred, CAP_SYS_RESOURCE))
		return -EPERM;
	return proc_check_guard(proc_node(i));
}

static const struct file_ops fail_nth_fops = {
	.open = fail_nth_open,
	.read = fail_nth_read,
	.write = fail_nth_write,
	.lseek = generic_lseek,
};

static int show_core_filter(struct seq *s, struct task *t, struct proc_node *n)
{
	struct vm_space *mm = task_mm_get(t);

	if (!mm)
		return 0;
	seq_printf(s, "%08x\n", mm->dump_filter);
	vm_space_put(mm);
	return 0;
}

static ssize_t write_core_filter(struct task *t, char *text, size_t len)
{
	struct vm_space *mm;
	s64 v;

	if (proc_parse_int(text, &v) || v < 0 || v > UINT32_MAX)
		return -EINVAL;
	mm = task_mm_get(t);
	if (!mm)
		return -ESRCH;
	atomic_store(&mm->dump_filter, (u32)v & CORE_FILTER_ALL);
	vm_space_put(mm);
	return (ssize_t)len;
}

/* ---- the table: the same below task/, but for task/ itself ---- */

#define FILE_SHOW(name_, mode_, fn)                                                                          \
	{                                                                                                    \
		.name = name_, .mode = S_IFREG | mode_, .task_show = fn                                      \
	}
#define GUARDED(name_, mode_, fn)                                                                            \
	{                                                                                                    \
		.name = name_, .mode = S_IFREG | mode_, .guarded = true, .task_show = fn                     \
	}
#define LINK(name_, fn)                                                                                      \
	{                                                                                                    \
		.name = name_, .mode = S_IFLNK | 0777, .guarded = true, .follow = fn                         \
	}
#define SUBDIR(name_, mode_, guarded_, dir_)                                                                 \
	{                                                                                                    \
		.name = name_, .mode = S_IFDIR | mode_, .guarded = guarded_, .dir = &(dir_)                  \
	}

/* clang-format off */
#define COMMON_ENTRIES                                                                                       \
	GUARDED("auxv", 0400, proc_show_auxv),                                                               \
	FILE_SHOW("cmdline", 0444, proc_show_cmdline),                                                       \
	{ .name = "comm", .mode = S_IFREG | 0644, .task_show = show_comm, .task_write = write_comm },        \
	{ .name = "coredump_filter", .mode = S_IFREG | 0644, .task_show = show_core_filter,                  \
	  .task_write = write_core_filter },                                                                 \
	LINK("cwd", proc_follow_cwd),                                                                        \
	GUARDED("environ", 0400, proc_show_environ),                                                         \
	LINK("exe", proc_follow_exe),                                                                        \
	{ .name = "fail-nth", .mode = S_IFREG | 0644, .guarded = true, .fops = &fail_nth_fops },             \
	SUBDIR("fd", 0500, true, proc_fd_dir),                                                               \
	SUBDIR("fdinfo", 0555, true, proc_fdinfo_dir),                                                       \
	GUARDED("io", 0400, show_io),                                                                        \
	FILE_SHOW("limits", 0444, show_limits),                                                              \
	GUARDED("maps", 0444, proc_show_maps),                                                               \
	{ .name = "mem", .mode = S_IFREG | 0600, .fops = &proc_mem_fops },                                   \
	FILE_SHOW("mountinfo", 0444, proc_show_mountinfo),                                                   \
	FILE_SHOW("mounts", 0444, proc_show_mounts),                                                         \
	SUBDIR("net", 0555, false, proc_net_dir),                                                            \
	{ .name = "oom_score_adj", .mode = S_IFREG | 0644, .task_show = show_oom_score_adj,                  \
	  .task_write = write_oom_score_adj },                                                               \
	GUARDED("personality", 0400, show_personality),                                                      \
	LINK("root", proc_follow_root),                                                                      \
	FILE_SHOW("schedstat", 0444, show_schedstat),                                                        \
	GUARDED("smaps", 0444, proc_show_smaps),                                                             \
	GUARDED("smaps_rollup", 0444, proc_show_smaps_rollup),                                               \
	FILE_SHOW("stat", 0444, proc_show_stat),                                                             \
	FILE_SHOW("statm", 0444, proc_show_statm),                                                           \
	FILE_SHOW("status", 0444, proc_show_status),                                                         \
	{ .name = "strace", .mode = S_IFREG | 0600, .guarded = true, .task_show = show_strace,               \
	  .task_write = write_strace },                                                                      \
	FILE_SHOW("wchan", 0444, show_wchan)
/* clang-format on */

static const struct proc_entry thread_entries[] = { COMMON_ENTRIES };
static const struct proc_dir thread_dir = { PROC_DIR(thread_entries) };

static const struct proc_entry process_entries[] = {
	COMMON_ENTRIES,
	SUBDIR("task", 0555, false, proc_task_dir),
};
const struct proc_dir proc_pid_dir = { PROC_DIR(process_entries) };

/* ---- task/ ---- */

static const struct proc_entry thread_entry = { .name = "[tid]", .mode = S_IFDIR | 0555, .dir = &thread_dir };

static struct inode *task_lookup(struct inode *dir, const char *name, unsigned len)
{
	struct proc_node *n = proc_node(dir);
	struct task *leader = proc_task(n), *t = NULL;
	struct inode *i = NULL;
	u32 tid;

	if (leader && proc_parse_number(name, len, &tid))
		t = task_find_get((pid_t)tid);
	if (t && t->group == leader->group) {
		struct pid *pid = pid_find_get(t->pid);

		/* The number may have been given to somebody else meanwhile: then the name is gone. */
		if (pid && atomic_load(&pid->task) == t)
			i = proc_inode(dir, &thread_entry, pid, true, 0, name, len);
		else if (pid)
			pid_put(pid);
	}
	if (t)
		task_put(t);
	if (leader)
		task_put(leader);
	return i;
}

static bool task_next(struct proc_node *n, u32 *key, char *name, unsigned *d_type)
{
	struct task *leader = proc_task(n), *t = NULL;
	pid_t tid = (pid_t)*key;

	if (leader) {
		t = process_next_thread(leader->group, &tid);
		task_put(leader);
	}
	if (!t)
		return false;
	task_put(t);
	*key = (u32)tid;
	scnprintf(name, PROC_NAME, "%d", tid);
	*d_type = DT_DIR;
	return true;
}

const struct proc_dir proc_task_dir = { .lookup = task_lookup, .next = task_next };
