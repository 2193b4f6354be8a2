/* SPDX-License-Identifier: MIT
 * vm/vm_ktest.c - address spaces under test, without a task: bytes go in and out through vm_copy
 *
 * Owns:      the tests vm_*.
 * Layer:     vm.
 * Locks:     none.
 * Contexts:  the thread of the tests; sleeps.
 * Tests:     `ktest=vm_map,vm_fork,...` with seed=N, repeat=N.
 *
 * Each test ends with the counts it began with: anonymous pages, shared pages, tables, commit charge, slab
 * objects.
 */
#include "internal.h"
#include <base/ktest.h>
#include <lib/string.h>
#include <sched/rcu.h>

struct counts {
	u64 anon, cache, shmem, tables, committed, objects;
};

static struct counts counts_now(void)
{
	struct mem_stats st;

	rcu_barrier(); /* what a test before us left to be freed */
	mem_stats(&st);
	return (struct counts){ st.anon_pages,  st.cache_pages, st.shmem_pages,
		                st.table_pages, vm_committed(), slab_active_total() };
}

static bool counts_same(const struct counts *a)
{
	struct counts b = counts_now();

	if (!memcmp(a, &b, sizeof(b)))
		return true;
	log_err("vm: anon %lu -> %lu, shmem %lu -> %lu, tables %lu -> %lu, committed %lu -> %lu, objects %lu "
	        "-> %lu",
	        (unsigned long)a->anon, (unsigned long)b.anon, (unsigned long)a->shmem,
	        (unsigned long)b.shmem, (unsigned long)a->tables, (unsigned long)b.tables,
	        (unsigned long)a->committed, (unsigned long)b.committed, (unsigned long)a->objects,
	        (unsigned long)b.objects);
	return false;
}

static long map_anon(struct vm_space *s, uaddr_t addr, size_t len, int flags)
{
	struct vm_mmap_args a = {
		.addr = addr, .len = len, .prot = PROT_READ | PROT_WRITE, .flags = flags | MAP_ANONYMOUS
	};

	return vm_mmap(s, &a);
}

static bool put_u64(struct vm_space *s, uaddr_t addr, u64 value)
{
	return vm_copy(s, addr, &value, sizeof(value), true, false) == sizeof(value);
}

/* The value, or all ones when it cannot be read. */
static u64 get_u64(struct vm_space *s, uaddr_t addr)
{
	u64 value = ~0UL;

	return vm_copy(s, addr, &value, sizeof(value), false, false) == sizeof(value) ? value : ~0UL;
}

KTEST(vm_map)
{
	struct counts before = counts_now();
	struct vm_space *s = vm_space_create();
	long a, b;

	KT_CHECK(s);
	a = map_anon(s, 0, 16 * PAGE_SIZE, MAP_PRIVATE);
	KT_CHECK(a > 0);
	KT_CHECK(get_u64(s, (uaddr_t)a) == 0);
	KT_CHECK(s->rss_anon == 0); /* the page of zeros does not count */
	KT_CHECK(put_u64(s, (uaddr_t)a, 42) && get_u64(s, (uaddr_t)a) == 42);
	KT_CHECK(s->rss_anon == 1);

	b = map_anon(s, 0, 16 * PAGE_SIZE, MAP_PRIVATE);
	KT_CHECK(b == a - 16 * (long)PAGE_SIZE && s->nr_vmas == 1); /* below the first, and one with it */
	KT_CHECK(vm_munmap(s, (uaddr_t)a - PAGE_SIZE, 2 * PAGE_SIZE) == 0);
	KT_CHECK(s->nr_vmas == 2 && s->rss_anon == 0 && s->total_pages == 30);
	KT_CHECK(!put_u64(s, (uaddr_t)a, 1));
	KT_CHECK(map_anon(s, (uaddr_t)a, PAGE_SIZE, MAP_PRIVATE | MAP_FIXED_NOREPLACE) == a);
	KT_CHECK(map_anon(s, (uaddr_t)a, PAGE_SIZE, MAP_PRIVATE | MAP_FIXED_NOREPLACE) == -EEXIST);
	KT_CHECK(map_anon(s, (uaddr_t)a + 1, PAGE_SIZE, MAP_PRIVATE | MAP_FIXED) == -EINVAL);
	KT_CHECK(map_anon(s, 0x1000, PAGE_SIZE, MAP_PRIVATE | MAP_FIXED) == -EPERM);
	KT_CHECK(map_anon(s, 0, 0, MAP_PRIVATE) == -EINVAL);
	KT_CHECK(map_anon(s, 0, USER_TOP, MAP_PRIVATE) == -ENOMEM);
	vm_space_put(s);
	KT_CHECK(counts_same(&before));
	return 0;
}

KTEST(vm_fork_cow)
{
	struct counts before = counts_now();
	struct vm_space *s = vm_space_create(), *c;
	long priv, shared;

	KT_CHECK(s);
	priv = map_anon(s, 0, 8 * PAGE_SIZE, MAP_PRIVATE);
	shared = map_anon(s, 0, 8 * PAGE_SIZE, MAP_SHARED);
	KT_CHECK(priv > 0 && shared > 0);
	for (unsigned i = 0; i < 8; i++)
		KT_CHECK(put_u64(s, (uaddr_t)priv + i * PAGE_SIZE, i + 1));
	KT_CHECK(put_u64(s, (uaddr_t)shared, 7));

	c = vm_space_fork(s);
	KT_CHECK(c && c->rss_anon == 8);
	for (unsigned i = 0; i < 8; i++)
		KT_CHECK(get_u64(c, (uaddr_t)priv + i * PAGE_SIZE) == i + 1);
	KT_CHECK(put_u64(c, (uaddr_t)priv, 100) && get_u64(s, (uaddr_t)priv) == 1);
	KT_CHECK(put_u64(s, (uaddr_t)priv + PAGE_SIZE, 200) && get_u64(c, (uaddr_t)priv + PAGE_SIZE) == 2);
	KT_CHECK(get_u64(c, (uaddr_t)shared) == 7);
	KT_CHECK(put_u64(c, (uaddr_t)shared, 8) && get_u64(s, (uaddr_t)shared) == 8);

	vm_space_put(s);
	KT_CHECK(get_u64(c, (uaddr_t)priv + PAGE_SIZE) == 2 && get_u64(c, (uaddr_t)shared) == 8);
	vm_space_put(c);
	KT_CHECK(counts_same(&before));
	return 0;
}

KTEST(vm_protect)
{
	struct counts before = counts_now();
	struct vm_space *s = vm_space_create();
	uaddr_t a;
	long r;

	KT_CHECK(s);
	r = map_anon(s, 0, 4 * PAGE_SIZE, MAP_PRIVATE);
	KT_CHECK(r > 0);
	a = (uaddr_t)r;
	KT_CHECK(put_u64(s, a, 5) && put_u64(s, a + PAGE_SIZE, 6));
	KT_CHECK(vm_mprotect(s, a, PAGE_SIZE, PROT_NONE) == 0 && s->nr_vmas == 2);
	KT_CHECK(get_u64(s, a) == ~0UL && get_u64(s, a + PAGE_SIZE) == 6);
	KT_CHECK(vm_fault(s, a, VM_ACCESS_READ | VM_ACCESS_USER) == VM_FAULT_ACCERR);
	KT_CHECK(vm_mprotect(s, a, PAGE_SIZE, PROT_READ) == 0);
	KT_CHECK(get_u64(s, a) == 5 && !put_u64(s, a, 9));
	KT_CHECK(vm_mprotect(s, a, PAGE_SIZE, PROT_READ | PROT_WRITE) == 0 && s->nr_vmas == 1);
	KT_CHECK(put_u64(s, a, 9) && get_u64(s, a) == 9);
	KT_CHECK(vm_mprotect(s, a + 3 * PAGE_SIZE, 2 * PAGE_SIZE, PROT_READ) == -ENOMEM);
	KT_CHECK(vm_madvise(s, a, PAGE_SIZE, MADV_DONTNEED) == 0 && get_u64(s, a) == 0);
	vm_space_put(s);
	KT_CHECK(counts_same(&before));
	return 0;
}

KTEST(vm_remap_brk)
{
	struct counts before = counts_now();
	struct vm_space *s = vm_space_create();
	uaddr_t a, base = 0x10000000;
	long r;

	KT_CHECK(s);
	r = map_anon(s, 0, 4 * PAGE_SIZE, MAP_PRIVATE);
	KT_CHECK(r > 0);
	a = (uaddr_t)r;
	KT_CHECK(put_u64(s, a, 1) && put_u64(s, a + 3 * PAGE_SIZE, 4));
	KT_CHECK(map_anon(s, a + 4 * PAGE_SIZE, PAGE_SIZE, MAP_SHARED | MAP_FIXED) > 0); /* in the way */
	KT_CHECK(vm_mremap(s, a, 4 * PAGE_SIZE, 8 * PAGE_SIZE, 0, 0) == -ENOMEM);
	r = vm_mremap(s, a, 4 * PAGE_SIZE, 600 * PAGE_SIZE, MREMAP_MAYMOVE, 0);
	KT_CHECK(r > 0 && (uaddr_t)r != a);
	KT_CHECK(get_u64(s, (uaddr_t)r) == 1 && get_u64(s, (uaddr_t)r + 3 * PAGE_SIZE) == 4);
	KT_CHECK(get_u64(s, a) == ~0UL && s->rss_anon == 2);
	KT_CHECK(vm_mremap(s, (uaddr_t)r, 600 * PAGE_SIZE, PAGE_SIZE, 0, 0) == r && s->rss_anon == 1);

	s->brk_start = s->brk = base;
	KT_CHECK(vm_brk(s, base + 10000) == base + 10000);
	KT_CHECK(put_u64(s, base + 8192, 3) && get_u64(s, base + 8192) == 3);
	KT_CHECK(vm_brk(s, base + 100) == base + 100 && get_u64(s, base + 8192) == ~0UL);
	KT_CHECK(vm_brk(s, base - 1) == base + 100);
	vm_space_put(s);
	KT_CHECK(counts_same(&before));
	return 0;
}

KTEST(vm_file)
{
	struct counts before = counts_now();
	struct vm_space *s = vm_space_create();
	struct mapping m;
	struct vm_mmap_args args = { .len = 4 * PAGE_SIZE, .prot = PROT_READ | PROT_WRITE, .mapping = &m };
	struct page *p;
	long shared, priv;

	KT_CHECK(s);
	mapping_init(&m, NULL, NULL, MEMC_SHMEM);
	m.size = 2 * PAGE_SIZE + 10;
	args.flags = MAP_SHARED;
	shared = vm_mmap(s, &args);
	args.flags = MAP_PRIVATE;
	priv = vm_mmap(s, &args);
	KT_CHECK(shared > 0 && priv > 0);

	KT_CHECK(put_u64(s, (uaddr_t)shared + PAGE_SIZE, 11) && get_u64(s, (uaddr_t)priv + PAGE_SIZE) == 11);
	KT_CHECK(put_u64(s, (uaddr_t)priv + PAGE_SIZE, 12) && get_u64(s, (uaddr_t)shared + PAGE_SIZE) == 11);
	KT_CHECK(put_u64(s, (uaddr_t)shared + 2 * PAGE_SIZE, 13));
	KT_CHECK(vm_fault(s, (uaddr_t)shared + 3 * PAGE_SIZE, VM_ACCESS_READ) == VM_FAULT_BUS);
	p = mapping_find(&m, 1);
	KT_CHECK(p && *(u64 *)page_virt(p) == 11);
	page_put(p);
	KT_CHECK(mapping_seek(&m, 0, (loff_t)m.size, true) == (loff_t)PAGE_SIZE);
	KT_CHECK(mapping_seek(&m, (loff_t)PAGE_SIZE, (loff_t)m.size, false) == (loff_t)m.size);

	m.size = PAGE_SIZE;
	mapping_truncate(&m, PAGE_SIZE);
	KT_CHECK(s->rss_anon == 0 && s->rss_shmem == 0);
	KT_CHECK(vm_fault(s, (uaddr_t)priv + PAGE_SIZE, VM_ACCESS_READ) == VM_FAULT_BUS);
	vm_space_put(s);
	mapping_destroy(&m);
	KT_CHECK(counts_same(&before));
	return 0;
}

/* Random maps, unmaps, protections, writes and forks in one small range; every page's content is known. */
KTEST(vm_stress)
{
	enum { PAGES = 64, ROUNDS = 3000 };
	static u64 model[PAGES]; /* ~0: unmapped */
	struct counts before = counts_now();
	struct vm_space *s = vm_space_create(), *c;
	const uaddr_t base = 0x200000000 - 32 * PAGE_SIZE; /* across a boundary of two leaf tables */

	KT_CHECK(s);
	memset(model, 0xff, sizeof(model));
	for (unsigned round = 0; round < ROUNDS; round++) {
		unsigned first, n;
		uaddr_t at;
		int err;

		seed = seed * 6364136223846793005UL + 1442695040888963407UL;
		first = (unsigned)(seed >> 33) % PAGES;
		n = 1 + (unsigned)(seed >> 45) % (PAGES - first);
		at = base + first * PAGE_SIZE;
		switch ((seed >> 57) % 5) {
		case 0:
			KT_CHECK(map_anon(s, at, n * PAGE_SIZE, MAP_PRIVATE | MAP_FIXED) == (long)at);
			memset(model + first, 0, n * sizeof(u64));
			break;
		case 1:
			KT_CHECK(vm_munmap(s, at, n * PAGE_SIZE) == 0);
			memset(model + first, 0xff, n * sizeof(u64));
			break;
		case 2:
			KT_CHECK(put_u64(s, at, round) == (model[first] != ~0UL));
			if (model[first] != ~0UL)
				model[first] = round;
			break;
		case 3:
			err = vm_mprotect(s, at, n * PAGE_SIZE, PROT_NONE);
			/* Both stop at the first hole. */
			KT_CHECK(vm_mprotect(s, at, n * PAGE_SIZE, PROT_READ | PROT_WRITE) == err);
			break;
		default:
			c = vm_space_fork(s);
			KT_CHECK(c);
			if (model[first] != ~0UL) {
				KT_CHECK(get_u64(c, at) == model[first]);
				KT_CHECK(put_u64(c, at, 1) && get_u64(s, at) == model[first]);
			}
			/* Go on with the child as often as with the parent. */
			if (model[first] == ~0UL && seed >> 63) {
				vm_space_put(s);
				s = c;
			} else {
				vm_space_put(c);
			}
		}
		first = (first + n) % PAGES;
		KT_CHECK(get_u64(s, base + first * PAGE_SIZE) == model[first]);
	}
	vm_space_put(s);
	KT_CHECK(counts_same(&before));
	return 0;
}

/* Every allocation fails once: errors are clean, nothing is lost. */
KTEST(vm_no_memory)
{
	struct thread *self = thread_current();
	struct counts before = counts_now();
	bool whole = false;

	for (u32 nth = 1; nth < 200 && !whole; nth++) {
		struct vm_space *s, *c = NULL;

		self->fail_nth = nth;
		s = vm_space_create();
		if (s) {
			long a = map_anon(s, 0, 4 * PAGE_SIZE, MAP_PRIVATE);
			long b = map_anon(s, 0, PAGE_SIZE, MAP_SHARED);

			whole = a > 0 && b > 0 && put_u64(s, (uaddr_t)a, 1) && put_u64(s, (uaddr_t)b, 2) &&
			        vm_mprotect(s, (uaddr_t)a + PAGE_SIZE, PAGE_SIZE, PROT_READ) == 0 &&
			        vm_mremap(s, (uaddr_t)a, PAGE_SIZE, 4 * PAGE_SIZE, MREMAP_MAYMOVE, 0) > 0 &&
			        (c = vm_space_fork(s)) != NULL;
			if (c)
				vm_space_put(c);
			vm_space_put(s);
		}
		self->fail_nth = 0;
		KT_CHECK(counts_same(&before));
	}
	KT_CHECK(whole);
	return 0;
}
