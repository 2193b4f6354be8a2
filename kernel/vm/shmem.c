/* SPDX-License-Identifier: MIT
 * vm/shmem.c - shared anonymous memory: MAP_SHARED | MAP_ANONYMOUS
 *
 * Owns:      struct shmem: a mapping without a name that lives as long as a vma maps it.
 * Layer:     vm.
 * Locks:     none; the reference count is atomic.
 * Contexts:  process context; may sleep.
 * Manual:    mmap(2).  /proc/pid/maps shows it as Linux does: /dev/zero (deleted).
 * Tests:     kernel/vm/vm_ktest.c, tests/abi/mem.c.
 */
#include "internal.h"
#include <lib/format.h>

struct shmem {
	struct mapping mapping;
	struct refcount ref; /* vmas */
	u64 ino;             /* to tell them apart in maps */
	u64 charged;         /* pages of the commit charge */
};

static void shmem_get(struct vma *v)
{
	ref_get(&((struct shmem *)v->file)->ref);
}

static void shmem_put(struct vma *v)
{
	struct shmem *o = v->file;

	if (!ref_put(&o->ref))
		return;
	mapping_destroy(&o->mapping);
	vm_commit_uncharge(NULL, o->charged);
	kfree(o);
}

static int shmem_describe(const struct vma *v, char *buf, size_t size, dev_t *dev, u64 *ino)
{
	const struct shmem *o = v->file;

	*dev = dev_make(0, 1);
	*ino = o->ino;
	return snprintf(buf, size, "/dev/zero (deleted)");
}

static const struct vma_ops shmem_vma_ops = { .get = shmem_get,
	                                      .put = shmem_put,
	                                      .describe = shmem_describe };

int vm_shmem_create(struct vma *v, size_t len, bool reserve)
{
	static u64 next_ino;
	struct shmem *o = kmalloc(sizeof(*o), 0);

	if (!o)
		return -ENOMEM;
	mapping_init(&o->mapping, NULL, o, MEMC_SHMEM);
	o->mapping.size = len;
	ref_init(&o->ref, 1);
	o->ino = atomic_add(&next_ino, 1);
	o->charged = reserve ? len >> PAGE_SHIFT : 0;
	if (vm_commit_charge(NULL, o->charged)) {
		kfree(o);
		return -ENOMEM;
	}
	v->mapping = &o->mapping;
	v->file = o;
	v->ops = &shmem_vma_ops;
	return 0;
}
