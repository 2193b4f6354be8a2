/* SPDX-License-Identifier: MIT
 * procfs/internal.h - the tables that /proc is made of; for files of this folder only. */
#pragma once
#include <fs/inode.h>
#include <fs/seq.h>
#include <proc/task.h>
#include <abi/errno.h>
#include <lib/format.h>
#include <lib/string.h>

struct proc_dir;
struct proc_node;
/* One name of a directory.  Exactly one of show, task_show, dir, link, follow, fops says what it is. */
struct proc_entry {
	const char *name;
	umode_t mode; /* type and permission bits */
	bool guarded; /* only for who could trace the task: proc_may_see */
	int (*show)(struct seq *s, struct proc_node *n);
	ssize_t (*write)(struct proc_node *n, char *text, size_t len); /* bytes taken, or -errno */
	int (*task_show)(struct seq *s, struct task *t, struct proc_node *n);
	ssize_t (*task_write)(struct task *t, char *text, size_t len);
	const struct proc_dir *dir;
	int (*link)(struct proc_node *n, char *buf, size_t size); /* text of a symbolic link: 0 or -errno */
	int (*follow)(struct proc_node *n, struct path *out); /* a link to an object, see struct inode_ops */
	const struct file_ops *fops;
	void *data;   /* of show and write: the variable, or constant text */
	s64 min, max; /* bounds of an integer variable */
};
/* A directory: names that are always there, and names that come and go. */
struct proc_dir {
	const struct proc_entry *entries;
	unsigned count;
	/* The inode for a name that is not in the table, NULL, or ERR_PTR. */
	struct inode *(*lookup)(struct inode *dir, const char *name, unsigned len);
	/* The first moving name with a key >= *key, which is updated; false = no more. */
	bool (*next)(struct proc_node *n, u32 *key, char *name, unsigned *d_type);
};
#define PROC_DIR(table) .entries = table, .count = ARRAY_SIZE(table)
enum { PROC_NAME = 24 /* room for a moving name */ };

/* inode->private. */
struct proc_node {
	const struct proc_entry *entry;
	struct pid *pid; /* whom it tells about: owned; NULL outside of [pid] */
	bool thread;     /* below task/: one thread, not the process */
	unsigned fd;     /* in fd/ and fdinfo/ */
};

/* procfs.c */
/* A node for `entry` in `dir` called name; takes over the reference to pid, also on failure.
 * ERR_PTR(-ENOMEM). */
struct inode *proc_inode(struct inode *dir, const struct proc_entry *entry, struct pid *pid, bool thread,
                         unsigned fd, const char *name, unsigned len);
/* The task of a node, referenced; NULL: it is gone. */
struct task *proc_task(const struct proc_node *n);
/* May the running task look into t, as ptrace(2) PTRACE_MODE_READ_FSCREDS? */
bool proc_may_see(struct task *t);
/* A decimal number without leading zeros; false: it is none. */
bool proc_parse_number(const char *name, unsigned len, u32 *out);
static inline struct proc_node *proc_node(const struct inode *i)
{
	return i->private;
}
/* An integer from written text, which may end in white space: 0 or -EINVAL. */
MUST_CHECK int proc_parse_int(const char *text, s64 *out);
/* As proc_may_see for n's task, or -ESRCH, -EACCES. */
int proc_check_guard(struct proc_node *n);

/* Show and write functions for entries with `data`. */
int proc_show_int(struct seq *s, struct proc_node *n); /* int */
ssize_t proc_write_int(struct proc_node *n, char *text, size_t len);
int proc_show_u64(struct seq *s, struct proc_node *n); /* u64 */
ssize_t proc_write_u64(struct proc_node *n, char *text, size_t len);
int proc_show_text(struct seq *s, struct proc_node *n); /* const char[] */

/* Text with \ooo for the characters of `set` and the backslash, as /proc/mounts and /proc/[pid]/maps. */
void seq_escaped(struct seq *s, const char *text, const char *set);
static inline u64 ns_to_ticks(u64 ns)
{
	return ns / (NSEC_PER_SEC / 100);
}
static inline u64 pages_to_kb(u64 pages)
{
	return pages << (PAGE_SHIFT - 10);
}

/* The tables of the other files. */
extern const struct file_ops proc_mem_fops; /* pid_mem.c */
extern const struct proc_dir proc_root_dir, proc_pid_dir, proc_fd_dir, proc_fdinfo_dir, proc_task_dir,
        proc_sys_dir, proc_sysvipc_dir, proc_zerno_dir, proc_net_dir;

/* pid_stat.c */
int proc_show_stat(struct seq *s, struct task *t, struct proc_node *n);
int proc_show_statm(struct seq *s, struct task *t, struct proc_node *n);
/* What several files say of a task; zeros when it has been reaped. */
struct proc_ids {
	pid_t tgid, ppid, pgrp, session;
	unsigned threads;
	u64 utime, stime, min_flt, maj_flt, nvcsw, nivcsw; /* of the process, or of the thread below task/ */
};
void proc_ids(struct task *t, const struct proc_node *n, struct proc_ids *out);
/* "function" where it sleeps, or "0". */
void proc_wchan(struct task *t, char *buf, size_t size);
struct proc_signals {
	sigset_k pending, shared, ignored, caught;
};
void proc_signals(struct task *t, struct proc_signals *out);
/* pid_status.c, pid_maps.c, pid_memory.c, pid_misc.c, pid_links.c, mounts.c */
int proc_show_status(struct seq *s, struct task *t, struct proc_node *n);
int proc_show_maps(struct seq *s, struct task *t, struct proc_node *n);
int proc_show_smaps(struct seq *s, struct task *t, struct proc_node *n);
int proc_show_smaps_rollup(struct seq *s, struct task *t, struct proc_node *n);
int proc_show_cmdline(struct seq *s, struct task *t, struct proc_node *n);
int proc_show_environ(struct seq *s, struct task *t, struct proc_node *n);
int proc_show_auxv(struct seq *s, struct task *t, struct proc_node *n);
int proc_show_mounts(struct seq *s, struct task *t, struct proc_node *n);
int proc_show_mountinfo(struct seq *s, struct task *t, struct proc_node *n);
int proc_follow_cwd(struct proc_node *n, struct path *out);
int proc_follow_root(struct proc_node *n, struct path *out);
int proc_follow_exe(struct proc_node *n, struct path *out);
/* cpu.c, memory.c, system.c */
int proc_show_cpuinfo(struct seq *s, struct proc_node *n);
int proc_show_cpu_stat(struct seq *s, struct proc_node *n);
int proc_show_loadavg(struct seq *s, struct proc_node *n);
int proc_show_uptime(struct seq *s, struct proc_node *n);
int proc_show_interrupts(struct seq *s, struct proc_node *n);
int proc_show_meminfo(struct seq *s, struct proc_node *n);
int proc_show_vmstat(struct seq *s, struct proc_node *n);
/* disks.c */
int proc_show_partitions(struct seq *s, struct proc_node *n);
int proc_show_diskstats(struct seq *s, struct proc_node *n);
int proc_show_slabinfo(struct seq *s, struct proc_node *n);
int proc_show_memory(struct seq *s, struct proc_node *n);
int proc_show_drop_caches(struct seq *s, struct proc_node *n);
ssize_t proc_write_drop_caches(struct proc_node *n, char *text, size_t len);
