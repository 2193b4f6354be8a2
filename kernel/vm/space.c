/* SPDX-License-Identifier: MIT
 * vm/space.c - address spaces: birth, activation, death
 *
 * Owns:      struct vm_space; which space is loaded on which CPU.
 * Layer:     vm.  Uses arch (pgtable), mem, sched (locks), base (cpu_call, random).
 * Locks:     none while a space is made or dies: nobody else knows it (but truncate, which finds its vmas in
 *            mapping->vmas until they are unlinked; so dying takes pt_lock and vmas_lock).
 * Contexts:  process context; vm_space_activate also from the scheduler, interrupts off.
 * Manual:    fork(2), execve(2).
 * Tests:     kernel/vm/vm_ktest.c.
 *
 * Theory
 * ------
 * Lazy TLB: kernel threads need no user memory, so a switch to one leaves the last space loaded, and
 * switching back costs nothing.  vm_space_activate(.., NULL) therefore does nothing.  What is really loaded
 * is kept in vm_loaded of each CPU, and the CPU's bit in space->cpus says the same to those who must flush
 * it.
 *
 *   bit set -> tables loaded -> ... -> other tables loaded -> bit cleared
 *
 * A dying space may be loaded lazily anywhere; vm_space_put makes those CPUs load the kernel's tables first.
 * And a CPU that idles lets go of a space the first time it is asked to drop translations of it: a process
 * that lives on elsewhere wakes it once, not with every munmap.
 */
#include "internal.h"
#include <base/cmdline.h>
#include <base/irq.h>
#include <base/random.h>
#include <lib/string.h>

static struct kmem_cache *space_cache;
static DEFINE_PERCPU(struct vm_space *, vm_loaded);
bool vm_aslr = true;

/* One page of zeros that all reads of untouched memory share. */
static u8 zero_page[PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));
paddr_t vm_zero_page;

#define STACK_LIMIT_DEFAULT  (8UL << 20)
#define MMAP_RANDOM_PAGES    (1UL << 28) /* as Linux: 28 bits of pages for mmap, 22 for the stack */
#define STACK_RANDOM_PAGES   (1UL << 22)
#define STACK_ROOM_MIN       (128UL << 20)
#define MMAP_RANDOM_PAGES32  (1UL << 8) /* 8 and 11 bits in 4 GiB */
#define STACK_RANDOM_PAGES32 (1UL << 11)

void vm_init(void)
{
	vma_init_cache();
	mapping_init_waitqs();
	flusher_init();
	reclaim_init();
	space_cache = kmem_cache_create("vm_space", sizeof(struct vm_space), 0);
	vm_zero_page = virt_to_phys(zero_page);
	vm_aslr = !cmdline_flag("norandmaps");
}

void vm_space_layout(struct vm_space *s)
{
	u64 rnd = vm_aslr ? random_u64() : 0;
	bool small = s->top != USER_TOP;
	u64 stack_pages = small ? STACK_RANDOM_PAGES32 : STACK_RANDOM_PAGES;
	u64 stack_rnd = rnd & (stack_pages - 1);
	u64 mmap_rnd = (rnd >> 32) & ((small ? MMAP_RANDOM_PAGES32 : MMAP_RANDOM_PAGES) - 1);
	u64 room_max = s->top / 6 * 5, room = MIN(s->limit_stack, room_max);

	s->stack_top = s->top - stack_rnd * PAGE_SIZE;
	/* Room for the stack to grow, wherever in its range it starts. */
	room += VM_STACK_GAP + (vm_aslr ? stack_pages * PAGE_SIZE : 0);
	room = MIN(MAX(room, STACK_ROOM_MIN), room_max);
	s->mmap_base = ALIGN_DOWN(s->top - room - mmap_rnd * PAGE_SIZE, PAGE_SIZE);
	s->gap_top = s->mmap_base;
	s->gap_len = 0;
}

struct vm_space *vm_space_create(void)
{
	struct vm_space *s = kmem_cache_alloc(space_cache, ALLOC_ZERO);

	if (!s)
		return NULL;
	if (arch_pgtable_init(&s->pt)) {
		kmem_cache_free(space_cache, s);
		return NULL;
	}
	ref_init(&s->users, 1);
	rwlock_init(&s->lock);
	spin_init(&s->pt_lock, "pt_lock");
	s->vmas = RB_ROOT;
	s->limit_as = s->limit_data = s->limit_memlock = ~0UL;
	s->limit_stack = STACK_LIMIT_DEFAULT;
	s->dumpable = DUMP_YES;
	s->top = USER_TOP;
	vm_space_layout(s);
	return s;
}

struct vm_space *vm_space_copy_fields(struct vm_space *old)
{
	struct vm_space *s = kmem_cache_alloc(space_cache, 0);

	if (!s)
		return NULL;
	memcpy(s, old, sizeof(*s));
	ref_init(&s->users, 1);
	rwlock_init(&s->lock);
	spin_init(&s->pt_lock, "pt_lock");
	s->vmas = RB_ROOT;
	s->last = NULL;
	s->cpus = 0;
	s->nr_vmas = 0;
	s->total_pages = s->locked_pages = s->data_pages = s->exec_pages = s->stack_pages = s->shared_pages =
	        0;
	s->rss_anon = s->rss_file = s->rss_shmem = 0;
	s->hiwater_rss = s->hiwater_vm = 0;
	s->commit_pages = 0;
	s->lock_future = 0;
	s->min_flt = s->maj_flt = 0;
	s->exe = NULL;
	if (arch_pgtable_init(&s->pt)) {
		kmem_cache_free(space_cache, s);
		return NULL;
	}
	if (arch_pgtable_copy_segments(&s->pt, &old->pt)) {
		arch_pgtable_destroy(&s->pt);
		kmem_cache_free(space_cache, s);
		return NULL;
	}
	return s;
}

/* ---- loading ---- */
void vm_space_activate(struct vm_space *prev, struct vm_space *next)
{
	irqflags_t flags;
	struct vm_space *old;

	if (!next)
		return;
	flags = arch_irq_save();
	old = this_cpu(vm_loaded);
	if (old != next) {
		cpumask_t self = BIT(cpu_id());

		atomic_or(&next->cpus, self);
		arch_pgtable_activate(&next->pt);
		this_cpu(vm_loaded) = next;
		if (old)
			atomic_and(&old->cpus, ~self);
	}
	arch_irq_restore(flags);
}

/* Runs with interrupts off on a CPU where the space may be loaded. */
static void unload_here(void *ctx)
{
	struct vm_space *s = ctx;

	if (this_cpu(vm_loaded) != s)
		return;
	arch_pgtable_activate(&arch_kernel_pgtable);
	this_cpu(vm_loaded) = NULL;
	atomic_and(&s->cpus, ~BIT(cpu_id()));
}

void vm_space_leave(void)
{
	struct vm_space *s = this_cpu(vm_loaded);

	debug_assert(!arch_irqs_enabled());
	if (s)
		unload_here(s);
}

static void unload_everywhere(struct vm_space *s)
{
	irqflags_t flags = arch_irq_save();
	cpumask_t others;

	unload_here(s);
	arch_irq_restore(flags);
	others = atomic_load(&s->cpus);
	if (others)
		cpu_call(others, unload_here, s);
	assert(atomic_load(&s->cpus) == 0);
}

/* ---- death ---- */
static void unmap_all(struct vm_space *s)
{
	struct vm_batch b;
	uaddr_t start = ~0UL;

	spin_lock(&s->pt_lock);
	vm_batch_init(&b, s);
	for (struct vma *v = vma_first(s), *next; v; v = next) {
		next = vma_next(v);
		vm_zap(&b, v, v->start, v->end, true);
		if (start > v->start)
			start = v->start;
		/* Tables of neighbours are mostly the same: free them together.  Floor 0: all below is gone. */
		if (next && next->start - v->end <= VM_LEAF_SPAN)
			continue;
		arch_pgtable_free_range(&s->pt, start, v->end, 0, next ? next->start : USER_TOP + PAGE_SIZE);
		start = ~0UL;
	}
	vm_batch_finish(&b);
	spin_unlock(&s->pt_lock);
	assert(s->rss_anon == 0 && s->rss_file == 0 && s->rss_shmem == 0);
}

/* Frees the vmas from the leaves up, without keeping the tree in balance on the way. */
static void free_vmas(struct vm_space *s)
{
	struct rb_node *n = s->vmas.node;

	while (n) {
		struct rb_node *parent = (struct rb_node *)(n->parent_color & ~3UL);

		if (n->left) {
			n = n->left;
		} else if (n->right) {
			n = n->right;
		} else {
			struct vma *v = rb_entry(n, struct vma, rb);

			if (parent && parent->left == n)
				parent->left = NULL;
			else if (parent)
				parent->right = NULL;
			vma_unlink_mapping(v);
			vma_free(v);
			n = parent;
		}
	}
	s->vmas = RB_ROOT;
}

void vm_space_put(struct vm_space *s)
{
	if (!ref_put(&s->users))
		return;
	unload_everywhere(s);
	unmap_all(s);
	free_vmas(s);
	arch_pgtable_free_segments(&s->pt);
	arch_pgtable_destroy(&s->pt);
	vm_commit_uncharge(s, s->commit_pages);
	if (s->exe && s->exe_put)
		s->exe_put(s->exe);
	kmem_cache_free(space_cache, s);
}
