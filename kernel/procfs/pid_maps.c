/* SPDX-License-Identifier: MIT
 *
 * procfs/pid_maps.c - [pid]/maps, smaps, smaps_rollup: the address space
 *
 * Owns:      nothing; reads what others own.
 * Layer:     procfs.
 * Locks:     vm_space.lock for reading while the text is made.
 * Contexts:  process context; may sleep.
 * Manual:    proc(5): /proc/[pid]/maps, smaps; pmap(1).
 * Tests:     tests/abi/procself.c
 */
#include <procfs/internal.h>
#include <mem/slab.h>

enum { MAPS_NAME_COLUMN = 73 };

static void pad_to_name(struct seq *s, size_t line_start)
{
	while (s->len - line_start < MAPS_NAME_COLUMN && !s->overflow)
		seq_puts(s, " ");
}

static void show_vma(struct seq *s, const struct vma *v, char *name)
{
	size_t start = s->len;
	dev_t dev = 0;
	u64 ino = 0;

	name[0] = 0;
	if (v->name)
		strlcpy(name, v->name, PATH_MAX);
	else if (v->ops && v->ops->describe)
		v->ops->describe(v, name, PATH_MAX, &dev, &ino);
	else if (v->start <= v->space->brk && v->end >= v->space->brk_start)
		strlcpy(name, "[heap]", PATH_MAX);
	else if (v->flags & VM_STACK)
		strlcpy(name, "[stack]", PATH_MAX);

	seq_printf(s, "%08lx-%08lx %c%c%c%c %08llx %02x:%02x %llu ", v->start, v->end,
	           v->flags & VM_READ ? 'r' : '-', v->flags & VM_WRITE ? 'w' : '-',
	           v->flags & VM_EXEC ? 'x' : '-', v->flags & VM_SHARED ? 's' : 'p',
	           v->mapping ? (unsigned long long)v->pgoff << PAGE_SHIFT : 0, dev_major(dev),
	           dev_minor(dev), (unsigned long long)ino);
	if (*name) {
		pad_to_name(s, start);
		seq_escaped(s, name, "\n");
	}
	seq_puts(s, "\n");
}

/* Runs fn for each vma; 0, or -ENOMEM. */
static int for_each_vma(struct seq *s, struct task *t,
                        void (*fn)(struct seq *s, struct vma *v, char *name, void *ctx), void *ctx)
{
	struct vm_space *mm = task_mm_get(t);
	char *name;

	if (!mm)
		return 0;
	name = kmalloc(PATH_MAX, 0);
	if (name) {
		rwlock_read_lock(&mm->lock);
		for (struct vma *v = vma_find(mm, 0); v && !s->overflow; v = vma_next(v))
			fn(s, v, name, ctx);
		rwlock_read_unlock(&mm->lock);
		kfree(name);
	}
	vm_space_put(mm);
	return name ? 0 : -ENOMEM;
}

static void maps_one(struct seq *s, struct vma *v, char *name, void *ctx)
{
	show_vma(s, v, name);
}

int proc_show_maps(struct seq *s, struct task *t, struct proc_node *n)
{
	return for_each_vma(s, t, maps_one, NULL);
}

/* ---- smaps ---- */

static void show_kb(struct seq *s, const char *name, u64 kb)
{
	char label[24];

	scnprintf(label, sizeof(label), "%s:", name);
	seq_printf(s, "%-16s%8llu kB\n", label, (unsigned long long)kb);
}

static void show_counts(struct seq *s, const struct vma_pages *c, u64 locked)
{
	show_kb(s, "Rss", pages_to_kb(c->rss));
	show_kb(s, "Pss", c->pss_bytes >> 10);
	show_kb(s, "Pss_Dirty", 0);
	show_kb(s, "Shared_Clean", pages_to_kb(c->shared_clean));
	show_kb(s, "Shared_Dirty", pages_to_kb(c->shared_dirty));
	show_kb(s, "Private_Clean", pages_to_kb(c->private_clean));
	show_kb(s, "Private_Dirty", pages_to_kb(c->private_dirty));
	show_kb(s, "Referenced", pages_to_kb(c->referenced));
	show_kb(s, "Anonymous", pages_to_kb(c->anonymous));
	show_kb(s, "LazyFree", 0);
	show_kb(s, "AnonHugePages", 0);
	show_kb(s, "ShmemPmdMapped", 0);
	show_kb(s, "FilePmdMapped", 0);
	show_kb(s, "Shared_Hugetlb", 0);
	show_kb(s, "Private_Hugetlb", 0);
	show_kb(s, "Swap", 0);
	show_kb(s, "SwapPss", 0);
	show_kb(s, "Locked", locked);
}

static const struct {
	u32 flag;
	char text[4];
} vma_flag_names[] = {
	{ VM_READ, "rd " },        { VM_WRITE, "wr " },      { VM_EXEC, "ex " },     { VM_SHARED, "sh " },
	{ VM_MAYREAD, "mr " },     { VM_MAYWRITE, "mw " },   { VM_MAYEXEC, "me " },  { VM_GROWSDOWN, "gd " },
	{ VM_LOCKED, "lo " },      { VM_SPECIAL, "pf " },    { VM_DONTFORK, "dc " }, { VM_DONTDUMP, "dd " },
	{ VM_LOCKONFAULT, "lf " }, { VM_WIPEONFORK, "wf " }, { VM_ACCOUNT, "ac " },  { VM_NORESERVE, "nr " },
};

static void smaps_one(struct seq *s, struct vma *v, char *name, void *ctx)
{
	u64 kb = (v->end - v->start) >> 10;
	struct vma_pages c = { 0 };

	show_vma(s, v, name);
	vma_count_pages(v, &c);
	show_kb(s, "Size", kb);
	show_kb(s, "KernelPageSize", PAGE_SIZE >> 10);
	show_kb(s, "MMUPageSize", PAGE_SIZE >> 10);
	show_counts(s, &c, v->flags & VM_LOCKED ? c.pss_bytes >> 10 : 0);
	seq_puts(s, "THPeligible:    0\nVmFlags: ");
	for (unsigned i = 0; i < ARRAY_SIZE(vma_flag_names); i++)
		if (v->flags & vma_flag_names[i].flag)
			seq_puts(s, vma_flag_names[i].text);
	seq_puts(s, "\n");
}

int proc_show_smaps(struct seq *s, struct task *t, struct proc_node *n)
{
	return for_each_vma(s, t, smaps_one, NULL);
}

struct rollup {
	struct vma_pages sum;
	uaddr_t start, end;
	u64 locked_kb;
};

static void rollup_one(struct seq *s, struct vma *v, char *name, void *ctx)
{
	struct rollup *r = ctx;
	struct vma_pages c = { 0 };

	vma_count_pages(v, &c);
	r->sum.rss += c.rss;
	r->sum.shared_clean += c.shared_clean;
	r->sum.shared_dirty += c.shared_dirty;
	r->sum.private_clean += c.private_clean;
	r->sum.private_dirty += c.private_dirty;
	r->sum.referenced += c.referenced;
	r->sum.anonymous += c.anonymous;
	r->sum.pss_bytes += c.pss_bytes;
	if (v->flags & VM_LOCKED)
		r->locked_kb += c.pss_bytes >> 10;
	if (!r->end)
		r->start = v->start;
	r->end = v->end;
}

int proc_show_smaps_rollup(struct seq *s, struct task *t, struct proc_node *n)
{
	struct rollup r = { .end = 0 };
	int err = for_each_vma(s, t, rollup_one, &r);

	if (err)
		return err;
	if (!r.end)
		return -ESRCH;
	seq_printf(s, "%08lx-%08lx ---p 00000000 00:00 0 ", r.start, r.end);
	pad_to_name(s, 0);
	seq_puts(s, "[rollup]\n");
	show_counts(s, &r.sum, r.locked_kb);
	return 0;
}
