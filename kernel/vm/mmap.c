/* SPDX-License-Identifier: MIT
 * vm/mmap.c - making mappings
 *
 * Owns:      the meaning of mmap(2)'s arguments.
 * Layer:     vm.  The caller has looked up the file and its permissions.
 * Locks:     space->lock for writing.
 * Contexts:  process context; may sleep.
 * Manual:    mmap(2).
 * Tests:     kernel/vm/vm_ktest.c, tests/abi/mem.c.
 *
 * Theory
 * ------
 * decode flags -> allocate the vma (and shared memory) -> lock -> choose the address -> check limits, charge
 * -> unmap what MAP_FIXED replaces -> insert.  All that can fail but the unmapping comes before something
 * changes.
 */
#include "internal.h"

#define KNOWN_FLAGS                                                                                          \
	(MAP_TYPE | MAP_FIXED | MAP_ANONYMOUS | MAP_32BIT | MAP_GROWSDOWN | MAP_DENYWRITE | MAP_EXECUTABLE | \
	 MAP_LOCKED | MAP_NORESERVE | MAP_POPULATE | MAP_NONBLOCK | MAP_STACK | MAP_HUGETLB |                \
	 MAP_FIXED_NOREPLACE)
#define VM_MAY_ALL ((u32)(VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC))

/* The VM_ flags of a mapping, or why there is none. */
static int decode_flags(const struct vm_space *s, const struct vm_mmap_args *a, u32 *out)
{
	u32 may = a->may ? a->may : VM_MAY_ALL;
	u32 flags = ((u32)a->prot & VM_PROT_BITS) | may | (a->extra & ~(u32)VM_LOWADDR) | s->lock_future;
	int type = a->flags & MAP_TYPE;

	if (a->flags & MAP_GROWSDOWN)
		flags |= VM_GROWSDOWN;
	if (a->flags & MAP_LOCKED)
		flags |= VM_LOCKED;
	if ((a->flags & MAP_NORESERVE) && atomic_load(&vm_overcommit_memory) != 2)
		flags |= VM_NORESERVE;

	if (type == MAP_SHARED_VALIDATE && a->mapping) {
		if (a->flags & ~KNOWN_FLAGS)
			return -EOPNOTSUPP;
		type = MAP_SHARED;
	}
	if (type == MAP_SHARED)
		flags |= VM_SHARED;
	else if (type != MAP_PRIVATE)
		return -EINVAL;
	if ((flags & VM_GROWSDOWN) && (a->mapping || (flags & VM_SHARED)))
		return -EINVAL;
	if (a->flags & MAP_HUGETLB)
		return a->mapping ? -EINVAL : -ENOMEM; /* there is no pool of huge pages */
	if (flags & ~(flags >> 4) & VM_PROT_BITS)
		return -EACCES;
	if (vm_flags_accountable(flags))
		flags |= VM_ACCOUNT;
	*out = flags;
	return 0;
}

static struct vma *make_vma(const struct vm_mmap_args *a, size_t len, u32 flags)
{
	struct vma *v = vma_alloc();

	if (!v)
		return ERR_PTR(-ENOMEM);
	*v = (struct vma){
		.flags = flags, .pgoff = a->pgoff, .mapping = a->mapping, .file = a->file, .ops = a->ops
	};
	if (!a->mapping && (flags & VM_SHARED)) {
		v->pgoff = 0;
		if (vm_shmem_create(v, len, !(flags & VM_NORESERVE))) {
			v->ops = NULL;
			vma_free(v);
			return ERR_PTR(-ENOMEM);
		}
	} else if (v->ops && v->ops->get) {
		v->ops->get(v);
	}
	return v;
}

static long choose_address(struct vm_space *s, const struct vm_mmap_args *a, size_t len) MUST_HOLD(&s->lock)
{
	if (len > s->top)
		return -ENOMEM;
	if (!(a->flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)))
		return vm_find_gap(s, a->addr, len, a->flags & MAP_32BIT);
	if (a->addr > s->top - len)
		return -ENOMEM;
	if (!IS_ALIGNED(a->addr, PAGE_SIZE))
		return -EINVAL;
	if (a->addr < USER_MIN && !(a->extra & VM_LOWADDR))
		return -EPERM;
	if ((a->flags & MAP_FIXED_NOREPLACE) && vma_intersect(s, a->addr, a->addr + len))
		return -EEXIST;
	return (long)a->addr;
}

/* Pages of [start, end) that are mapped now. */
static u64 mapped_pages(struct vm_space *s, uaddr_t start, uaddr_t end)
{
	u64 n = 0;

	for (struct vma *v = vma_find(s, start); v && v->start < end; v = vma_next(v))
		n += (MIN(v->end, end) - MAX(v->start, start)) >> PAGE_SHIFT;
	return n;
}

static int check_limits(struct vm_space *s, u32 flags, uaddr_t addr, size_t len)
{
	u64 pages = len >> PAGE_SHIFT;

	if (s->nr_vmas >= VM_MAX_MAPS)
		return -ENOMEM;
	if (vm_may_expand(s, flags, pages))
		return 0;
	/* What MAP_FIXED replaces does not count twice. */
	return vm_may_expand(s, flags, pages - mapped_pages(s, addr, addr + len)) ? 0 : -ENOMEM;
}

/* Puts v at addr; takes it over on success. */
static int map_locked(struct vm_space *s, struct vma *v, uaddr_t addr, size_t len, struct list_head *dead)
        MUST_HOLD(&s->lock)
{
	u64 charge = v->flags & VM_ACCOUNT ? len >> PAGE_SHIFT : 0;
	int err = check_limits(s, v->flags, addr, len);

	if (err)
		return err;
	err = vm_commit_charge(s, charge);
	if (err)
		return err;
	err = vm_unmap_locked(s, addr, addr + len, dead);
	if (err) {
		vm_commit_uncharge(s, charge);
		return err;
	}
	v->start = addr;
	v->end = addr + len;
	vma_insert(s, v);
	return 0;
}

static int map_somewhere(struct vm_space *s, const struct vm_mmap_args *a, size_t len, struct vma *v,
                         uaddr_t *addr)
{
	LIST_HEAD(dead);
	long at;
	int err = 0;

	rwlock_write_lock(&s->lock);
	at = choose_address(s, a, len);
	if (at < 0)
		err = (int)at;
	if (!err && (v->flags & VM_LOCKED))
		err = vm_may_lock(s, len >> PAGE_SHIFT);
	if (!err)
		err = map_locked(s, v, (uaddr_t)at, len, &dead);
	rwlock_write_unlock(&s->lock);
	vm_free_dead(&dead);
	*addr = (uaddr_t)at;
	return err;
}

long vm_mmap(struct vm_space *s, const struct vm_mmap_args *a)
{
	size_t len = ALIGN_UP(a->len, PAGE_SIZE);
	struct vma *v;
	uaddr_t addr = 0;
	u32 flags;
	int err;

	if (!a->len)
		return -EINVAL;
	if (!len)
		return -ENOMEM;
	/* The last byte of a file has an offset that is a positive number. */
	if (a->pgoff + (len >> PAGE_SHIFT) >
	    (a->mapping ? (u64)INT64_MAX >> PAGE_SHIFT : UINT64_MAX >> PAGE_SHIFT))
		return -EOVERFLOW;
	err = decode_flags(s, a, &flags);
	if (err)
		return err;

	v = make_vma(a, len, flags);
	if (IS_ERR(v))
		return PTR_ERR(v);
	err = map_somewhere(s, a, len, v, &addr);
	if (err) {
		vma_free(v);
		return err;
	}
	if ((flags & (VM_LOCKED | VM_LOCKONFAULT)) == VM_LOCKED ||
	    (a->flags & (MAP_POPULATE | MAP_NONBLOCK)) == MAP_POPULATE) {
		bool write = (flags & (VM_WRITE | VM_SHARED)) == VM_WRITE;

		/* The mapping stands, whether or not its pages could be had: mmap(2). */
		(void)vm_populate(s, addr, addr + len, write ? VM_ACCESS_WRITE : VM_ACCESS_READ);
	}
	return (long)addr;
}

long vm_map_physical(struct vm_space *s, uaddr_t addr, paddr_t pa, size_t len, unsigned vm_flags,
                     const char *name)
{
	struct vm_mmap_args a = { .addr = addr, .flags = addr ? MAP_FIXED : 0, .len = len };
	struct vma *v;
	int err;

	if (!len || !IS_ALIGNED(len, PAGE_SIZE) || !IS_ALIGNED(pa, PAGE_SIZE))
		return -EINVAL;
	v = vma_alloc();
	if (!v)
		return -ENOMEM;
	*v = (struct vma){ .flags = vm_flags | VM_SPECIAL, .pgoff = pa >> PAGE_SHIFT, .name = name };
	err = map_somewhere(s, &a, len, v, &addr);
	if (err) {
		vma_free(v);
		return err;
	}
	return (long)addr;
}
