/* SPDX-License-Identifier: MIT
 *
 * arch/x86_64/arch_ktest.c - tests of this chapter inside the kernel
 *
 * Owns:      nothing.
 * Layer:     arch/x86_64.
 * Locks:     none.
 * Contexts:  a kernel thread.
 * Tests:     `ktest=usercopy_fault,usercopy_string,cpu_call_all,kernel_map_flush,flush_at_once,kernel_wx,backtrace_self`
 */
#include <arch/cpu.h>
#include <arch/pgtable.h>
#include <arch/switch.h>
#include <arch/user_access.h>
#include <base/clock.h>
#include <base/irq.h>
#include <base/ktest.h>
#include <base/percpu.h>
#include <lib/bitmap.h>
#include <lib/string.h>
#include <mem/kmap.h>
#include <mem/slab.h>
#include <sched/thread.h>
#include <vm/space.h>
#include <abi/errno.h>

enum { EDGE_MAX = 130 };

/* One user page with nothing behind it, in a space of its own that this thread has made active. */
struct arena {
	struct vm_space *space;
	unsigned long page, end;
	u8 *kernel; /* scratch */
};

static bool arena_open(struct arena *a)
{
	struct vm_mmap_args m = { .len = 2 * PAGE_SIZE,
		                  .prot = PROT_READ | PROT_WRITE,
		                  .flags = MAP_PRIVATE | MAP_ANONYMOUS };
	long addr;

	a->kernel = kzalloc(PAGE_SIZE);
	a->space = vm_space_create();
	if (!a->kernel || !a->space)
		return false;
	a->space->limit_as = a->space->limit_data = a->space->limit_stack = ~0UL;
	addr = vm_mmap(a->space, &m);
	if (addr < 0 || vm_fault(a->space, (uaddr_t)addr, VM_ACCESS_WRITE | VM_ACCESS_USER) < 0)
		return false;
	a->page = (unsigned long)addr;
	a->end = a->page + PAGE_SIZE;
	/* A kernel thread's faults are not resolved, so the second page stays a hole as far as this test
	 * goes. */
	return vm_munmap(a->space, a->end, PAGE_SIZE) == 0;
}

static void arena_enter(struct arena *a)
{
	vm_space_activate(NULL, a->space);
}
static void arena_close(struct arena *a) /* the last put unloads the space from this CPU */
{
	vm_space_put(a->space);
	kfree(a->kernel);
}

/* n bytes of which `room` lie before the hole; the counts and the bytes must be exact. */
static int copy_case(struct arena *a, size_t n, size_t room)
{
	size_t good = MIN(n, room);
	unsigned long at = a->end - room;
	u8 *out = a->kernel, *back = a->kernel + 1024;

	for (size_t i = 0; i < n; i++)
		out[i] = (u8)(i * 7 + n);
	KT_CHECK(arch_copy_to_user(at, out, n) == n - good);
	memset(back, 0xee, n + 1);
	KT_CHECK(arch_copy_from_user(back, at, n) == n - good);
	KT_CHECK(memcmp(out, back, good) == 0 && back[n] == 0xee);
	KT_CHECK(arch_clear_user(at, n) == n - good);
	return 0;
}

static int copy_cases(struct arena *a)
{
	for (size_t n = 0; n <= EDGE_MAX; n++)
		for (size_t room = 0; room <= n + 1; room++)
			if (copy_case(a, n, room))
				return 1;
	return 0;
}

KTEST(usercopy_fault)
{
	struct arena a;

	KT_CHECK(arena_open(&a));
	arena_enter(&a);
	int failed = copy_cases(&a);

	arena_close(&a);
	return failed;
}

static int string_cases(struct arena *a)
{
	char *s = (char *)a->kernel, *out = s + 1024;

	for (size_t len = 0; len < 40; len++) {
		unsigned long at = a->end - len - 1;
		u32 word = 5;

		memset(s, 'x', len);
		s[len] = '\0';
		KT_CHECK(arch_copy_to_user(at, s, len + 1) == 0);
		KT_CHECK(arch_strncpy_from_user(out, at, 1024) == (ssize_t)len && strcmp(out, s) == 0);
		KT_CHECK(arch_strncpy_from_user(out, at, len) == (ssize_t)len); /* no room for the NUL */
		KT_CHECK(arch_copy_to_user(at + len, "y", 1) == 0);
		KT_CHECK(arch_strncpy_from_user(out, at, 1024) == -EFAULT);
		KT_CHECK(arch_cmpxchg_user_u32(a->end, &word, 6) == -EFAULT);
	}
	return 0;
}

KTEST(usercopy_string)
{
	struct arena a;

	KT_CHECK(arena_open(&a));
	arena_enter(&a);
	int failed = string_cases(&a);

	arena_close(&a);
	return failed;
}

static void set_own_bit(void *mask)
{
	atomic_or((cpumask_t *)mask, BIT(cpu_id()));
}

KTEST(cpu_call_all)
{
	for (unsigned i = 0; i < 100; i++) {
		cpumask_t seen = 0, online = atomic_load(&cpu_online_mask);

		cpu_call(online, set_own_bit, &seen);
		KT_CHECK(seen == online);
	}
	return 0;
}

static unsigned long probe_va;
static void probe(void *sum)
{
	atomic_add((u64 *)sum, *(volatile u64 *)probe_va);
}

/* A kernel address is mapped to one page and then to another: no CPU may see the old one. */
KTEST(kernel_map_flush)
{
	cpumask_t online = atomic_load(&cpu_online_mask);
	u64 cpus = 0, *page[2] = { page_alloc_virt(0, ALLOC_ZERO), page_alloc_virt(0, ALLOC_ZERO) };

	KT_CHECK(page[0] && page[1]);
	for (cpumask_t m = online; m; m &= m - 1)
		cpus++;
	probe_va = KMAP_END - PAGE_SIZE;
	for (unsigned i = 0; i < 50; i++) {
		u64 sum = 0;

		*page[i & 1] = i;
		KT_CHECK(arch_kernel_map(probe_va, virt_to_phys(page[i & 1]), PAGE_SIZE, KMAP_W) == 0);
		cpu_call(online, probe, &sum);
		KT_CHECK(sum == i * cpus);
		arch_kernel_unmap(probe_va, PAGE_SIZE);
	}
	page_free_virt(page[0], 0);
	page_free_virt(page[1], 0);
	return 0;
}

/* All CPUs want translations dropped at once: one changes a mapping again and again, the others ask for flushes, too,
 * with and without interrupts, and so answer requests while they wait for their own.  They may never see a mapping
 * older than the last that was announced. */
struct flush_race {
	unsigned long va, other_va;
	u64 announced; /* the value that va's page holds at least */
	u64 stale;     /* how often an older one was seen */
	bool stop;
	u32 running;
};

static void flush_racer(void *arg)
{
	struct flush_race *r = arg;
	cpumask_t all = atomic_load(&cpu_online_mask);

	for (unsigned i = 0; !atomic_load(&r->stop); i++) {
		u64 least = atomic_load_acquire(&r->announced);
		irqflags_t f;

		if (*(volatile u64 *)r->va < least)
			atomic_add(&r->stale, 1);
		f = i % 2 ? arch_irq_save() : 0;
		arch_tlb_flush(all, r->other_va, r->other_va + PAGE_SIZE);
		if (i % 2)
			arch_irq_restore(f);
		cond_resched();
	}
	atomic_sub(&r->running, 1);
}

static int flush_changes(struct flush_race *r, u64 *page[2])
{
	cpumask_t all = atomic_load(&cpu_online_mask);
	ktime_t end = clock_monotonic() + NSEC_PER_SEC / 4;

	for (u64 i = 1; clock_monotonic() < end; i++) {
		*page[i & 1] = i;
		KT_CHECK(arch_kernel_map(r->va, virt_to_phys(page[i & 1]), PAGE_SIZE, KMAP_W) == 0);
		arch_tlb_flush(all, r->other_va, r->other_va + PAGE_SIZE); /* two requests in a row */
		arch_tlb_flush(all, r->va, r->va + PAGE_SIZE);
		atomic_store_release(&r->announced, i);
		cond_resched();
	}
	return 0;
}

KTEST(flush_at_once)
{
	struct flush_race r = { .va = KMAP_END - PAGE_SIZE, .other_va = KMAP_END - 2 * PAGE_SIZE };
	u64 *page[2] = { page_alloc_virt(0, ALLOC_ZERO), page_alloc_virt(0, ALLOC_ZERO) };
	cpumask_t others = atomic_load(&cpu_online_mask) & ~BIT(cpu_id());
	unsigned cpu;
	int failed;

	if (!others)
		return 0;
	KT_CHECK(page[0] && page[1]);
	KT_CHECK(arch_kernel_map(r.va, virt_to_phys(page[0]), PAGE_SIZE, KMAP_W) == 0);
	cpumask_for_each (cpu, others) {
		atomic_add(&r.running, 1);
		KT_CHECK(kthread_start(flush_racer, &r, "flush racer", cpu));
	}
	failed = flush_changes(&r, page);
	atomic_store(&r.stop, true);
	while (atomic_load_acquire(&r.running))
		sched_yield();
	arch_kernel_unmap(r.va, PAGE_SIZE);
	page_free_virt(page[0], 0);
	page_free_virt(page[1], 0);
	KT_CHECK(r.stale == 0);
	return failed;
}

/* A CPU that idles with a space loaded is asked to flush it once, and has it no more. */
static void load_and_leave(void *arg)
{
	vm_space_activate(NULL, arg);
}

KTEST(flush_idle)
{
	cpumask_t others = atomic_load(&cpu_online_mask) & ~BIT(cpu_id());
	ktime_t end = clock_monotonic() + 5 * NSEC_PER_SEC;
	struct vm_space *s = vm_space_create();
	unsigned cpu = others ? (unsigned)__builtin_ctzll(others) : 0;

	KT_CHECK(s);
	if (others) {
		KT_CHECK(kthread_start(load_and_leave, s, "loader", cpu));
		while (!(atomic_load(&s->cpus) & BIT(cpu)) && clock_monotonic() < end)
			sched_yield();
		KT_CHECK(atomic_load(&s->cpus) & BIT(cpu));
		/* The thread has to end first. */
		while ((atomic_load(&s->cpus) & BIT(cpu)) && clock_monotonic() < end) {
			arch_tlb_flush(atomic_load(&s->cpus), PAGE_SIZE, 2 * PAGE_SIZE);
			sched_yield();
		}
		KT_CHECK(!(atomic_load(&s->cpus) & BIT(cpu)));
	}
	vm_space_put(s);
	return 0;
}

/* No address is both writable and executable. */
static unsigned count_wx(const u64 *table, unsigned level)
{
	unsigned n = 0;

	for (unsigned i = level == PT_LEVELS - 1 ? PT_ENTRIES / 2 : 0; i < PT_ENTRIES; i++) {
		if (!(table[i] & PTE_P))
			continue;
		if (level && !(table[i] & PTE_PS))
			n += count_wx(phys_to_virt(table[i] & PTE_ADDR), level - 1);
		else
			n += (table[i] & PTE_W) && !(table[i] & arch_pte_nx);
	}
	return n;
}

KTEST(kernel_wx)
{
	KT_CHECK(!arch_pte_nx || count_wx(phys_to_virt(arch_kernel_pgtable.root), PT_LEVELS - 1) == 0);
	return 0;
}

KTEST(backtrace_self)
{
	unsigned long pcs[8];

	KT_CHECK(arch_backtrace(NULL, pcs, 8) >= 3);
	return 0;
}
