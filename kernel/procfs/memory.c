/* SPDX-License-Identifier: MIT
 *
 * procfs/memory.c - memory of the system: meminfo, vmstat, slabinfo, zerno/memory, drop_caches
 *
 * Owns:      nothing; reads what others own.
 * Layer:     procfs.
 * Locks:     none of its own.
 * Contexts:  process context; may sleep.
 * Manual:    proc(5).
 * Tests:     tests/abi/procself.c
 */
#include <procfs/internal.h>
#include <fs/dentry.h>
#include <mem/slab.h>
#include <sched/rcu.h>
#include <sched/work.h>

struct named_kb {
	const char *name;
	u64 kb;
};

static void show_kb(struct seq *s, const struct named_kb *list, unsigned n)
{
	char name[24];

	for (unsigned i = 0; i < n; i++) {
		scnprintf(name, sizeof(name), "%s:", list[i].name);
		seq_printf(s, "%-15s %8llu kB\n", name, (unsigned long long)list[i].kb);
	}
}

int proc_show_meminfo(struct seq *s, struct proc_node *n)
{
	struct mem_stats m;

	mem_stats(&m);
	u64 file = pages_to_kb(m.cache_pages), shm = pages_to_kb(m.shmem_pages),
	    anon = pages_to_kb(m.anon_pages);
	u64 slab = pages_to_kb(m.slab_pages), cached = file + shm, free = pages_to_kb(m.free_pages);
	const struct named_kb list[] = {
		{ "MemTotal", pages_to_kb(m.total_pages) },
		{ "MemFree", free },
		{ "MemAvailable", free + file },
		{ "Buffers", 0 },
		{ "Cached", cached },
		{ "SwapCached", 0 },
		{ "Active", anon + file },
		{ "Inactive", shm },
		{ "Active(anon)", anon },
		{ "Inactive(anon)", shm },
		{ "Active(file)", file },
		{ "Inactive(file)", 0 },
		{ "Unevictable", 0 },
		{ "Mlocked", 0 },
		{ "SwapTotal", 0 },
		{ "SwapFree", 0 },
		{ "Dirty", pages_to_kb(m.dirty_pages) },
		{ "Writeback", pages_to_kb(m.writeback_pages) },
		{ "AnonPages", anon },
		{ "Mapped", file },
		{ "Shmem", shm },
		{ "KReclaimable", 0 },
		{ "Slab", slab },
		{ "SReclaimable", 0 },
		{ "SUnreclaim", slab },
		{ "KernelStack", pages_to_kb(m.kstack_pages) },
		{ "PageTables", pages_to_kb(m.table_pages) },
		{ "SecPageTables", 0 },
		{ "NFS_Unstable", 0 },
		{ "Bounce", 0 },
		{ "WritebackTmp", 0 },
		{ "CommitLimit", pages_to_kb(vm_commit_limit()) },
		{ "Committed_AS", pages_to_kb(vm_committed()) },
		{ "VmallocTotal", (KMAP_END - KMAP_START) >> 10 },
		{ "VmallocUsed", pages_to_kb(m.kstack_pages) },
		{ "VmallocChunk", 0 },
	};
	show_kb(s, list, ARRAY_SIZE(list));
	seq_puts(s, "HugePages_Total:       0\nHugePages_Free:        0\nHugePages_Rsvd:        0\n"
	            "HugePages_Surp:        0\nHugepagesize:       2048 kB\nHugetlb:               0 kB\n");
	return 0;
}

/* Faults of all living and waited-for processes. */
static void count_faults(u64 *minor, u64 *major)
{
	pid_t tgid = 1;
	struct task *t;

	*minor = *major = 0;
	while ((t = process_next_get(&tgid)) != NULL) {
		struct proc_ids ids;
		struct proc_node n = { 0 };

		proc_ids(t, &n, &ids);
		*minor += ids.min_flt + t->group->cmin_flt;
		*major += ids.maj_flt + t->group->cmaj_flt;
		task_put(t);
		tgid++;
	}
}

int proc_show_vmstat(struct seq *s, struct proc_node *n)
{
	struct mem_stats m;
	u64 minor, major;

	mem_stats(&m);
	count_faults(&minor, &major);
	const struct {
		const char *name;
		u64 value;
	} list[] = {
		{ "nr_free_pages", m.free_pages },
		{ "nr_inactive_anon", 0 },
		{ "nr_active_anon", m.anon_pages },
		{ "nr_inactive_file", 0 },
		{ "nr_active_file", m.cache_pages },
		{ "nr_unevictable", 0 },
		{ "nr_mlock", 0 },
		{ "nr_slab_reclaimable", 0 },
		{ "nr_slab_unreclaimable", m.slab_pages },
		{ "nr_anon_pages", m.anon_pages },
		{ "nr_mapped", m.cache_pages },
		{ "nr_file_pages", m.cache_pages + m.shmem_pages },
		{ "nr_dirty", m.dirty_pages },
		{ "nr_writeback", m.writeback_pages },
		{ "nr_shmem", m.shmem_pages },
		{ "nr_kernel_stack", pages_to_kb(m.kstack_pages) },
		{ "nr_page_table_pages", m.table_pages },
		{ "pgpgin", 0 },
		{ "pgpgout", 0 },
		{ "pswpin", 0 },
		{ "pswpout", 0 },
		{ "pgalloc_normal", m.allocs },
		{ "pgfree", m.frees },
		{ "pgfault", minor + major },
		{ "pgmajfault", major },
		{ "oom_kill", 0 },
	};
	for (unsigned i = 0; i < ARRAY_SIZE(list); i++)
		seq_printf(s, "%s %llu\n", list[i].name, (unsigned long long)list[i].value);
	return 0;
}

int proc_show_slabinfo(struct seq *s, struct proc_node *n)
{
	struct slab_stats c;

	seq_puts(
	        s,
	        "slabinfo - version: 2.1\n"
	        "# name            <active_objs> <num_objs> <objsize> <objperslab> <pagesperslab> : tunables "
	        "<limit> <batchcount> <sharedfactor> : slabdata <active_slabs> <num_slabs> <sharedavail>\n");
	for (unsigned i = 0; slab_stats(i, &c); i++) {
		u64 per_slab = c.slabs ? c.total / c.slabs : 0;

		seq_printf(s,
		           "%-17s %6llu %6llu %6zu %4llu %4zu : tunables    0    0    0 : slabdata %6llu "
		           "%6llu      0\n",
		           c.name, (unsigned long long)c.active, (unsigned long long)c.total, c.size,
		           (unsigned long long)per_slab, c.slab_pages, (unsigned long long)c.slabs,
		           (unsigned long long)c.slabs);
	}
	return 0;
}

/* Our own file for leak tests: pages and slab objects in use, exact after drop_caches. */
int proc_show_memory(struct seq *s, struct proc_node *n)
{
	struct mem_stats m;

	mem_stats(&m);
	const struct {
		const char *name;
		u64 value;
	} list[] = {
		{ "total_pages", m.total_pages },        { "used_pages", m.total_pages - m.free_pages },
		{ "slab_objects", slab_active_total() }, { "slab_pages", m.slab_pages },
		{ "table_pages", m.table_pages },        { "kstack_pages", m.kstack_pages },
		{ "kept_pages", m.kept_pages },          { "anon_pages", m.anon_pages },
		{ "cache_pages", m.cache_pages },        { "shmem_pages", m.shmem_pages },
		{ "open_files", files_open() },          { "tasks", tasks_count() },
	};
	for (unsigned i = 0; i < ARRAY_SIZE(list); i++)
		seq_printf(s, "%s %llu\n", list[i].name, (unsigned long long)list[i].value);
	return 0;
}

/* ---- sys/vm/drop_caches ---- */

/* What a callback frees may queue work, and work may free names or queue callbacks: a few rounds reach the end. */
static void drop_caches(void)
{
	enum { ROUNDS = 3 };

	for (unsigned i = 0; i < ROUNDS; i++) {
		dcache_shrink();
		work_flush();
		rcu_barrier();
	}
	slab_shrink();
}

static int dropped; /* the number written last, which reading shows */

int proc_show_drop_caches(struct seq *s, struct proc_node *n)
{
	seq_printf(s, "%d\n", atomic_load(&dropped));
	return 0;
}

/* 1: clean pages of files with a store, 2: names and inodes, 3: both. */
ssize_t proc_write_drop_caches(struct proc_node *n, char *text, size_t len)
{
	s64 v;
	int err = proc_parse_int(text, &v);

	if (err || v < 1 || v > 4)
		return -EINVAL;
	atomic_store(&dropped, (int)v);
	if (v & 1)
		reclaim_drop_all();
	if (v & 2)
		drop_caches();
	return (ssize_t)len;
}
