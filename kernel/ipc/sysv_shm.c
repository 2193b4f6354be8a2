/* SPDX-License-Identifier: MIT
 *
 * ipc/sysv_shm.c - System V shared memory
 *
 * Owns:      struct shm, the segments.
 * Layer:     ipc.  Uses vm (a segment is a mapping without a store), cred.
 * Locks:     shm_ids.lock: the table and every field of a segment but its pages.  A leaf: vm calls shm_vma_get with
 *            the address space locked.
 * Contexts:  process context; may sleep.
 * Manual:    shmget(2), shmop(2), shmctl(2), svipc(7).
 * Tests:     tests/abi/shm.c, tests/i386/shm.c
 *
 * Theory
 * ------
 *      key ──> id ──> struct shm { perm, mapping (the pages) }
 *                          ^
 *        vma->file ────────┘  one attachment each: attached counts them
 *
 * A segment lives until it was removed (IPC_RMID) and nobody has it attached; in between it has no key, but whoever
 * knows the id may still attach it, as on Linux.  The vmas do the counting: a fork copies them, munmap may split
 * them, exit drops them, and each is an attachment.
 */
#include <ipc/sysv_shm.h>
#include <ipc/sysv.h>
#include <abi/errno.h>
#include <abi/mman.h>
#include <base/clock.h>
#include <base/panic.h>
#include <lib/format.h>
#include <mem/slab.h>
#include <proc/task.h>

struct shm {
	struct sysv_perm perm;
	struct mapping mapping;
	u64 segsz;    /* bytes, as asked for */
	u64 charged;  /* pages of the commit charge */
	u64 attached; /* vmas, and calls of shmat on their way */
	s64 atime, dtime, ctime;
	pid_t cpid, lpid;
	s32 name; /* the key it was made with: what /proc/pid/maps shows */
};

static struct sysv_ids shm_ids = SYSV_IDS_INIT(shm_ids);
static u64 shm_pages GUARDED_BY(&shm_ids.lock); /* of all segments, as asked for */

u64 shm_max = UINT64_MAX - (1 << 24), shm_all = UINT64_MAX - (1 << 24);
s32 shm_mni = 4096;

static s64 now_seconds(void)
{
	return (s64)(clock_realtime_coarse() / NSEC_PER_SEC);
}

static pid_t own_pid(void)
{
	struct task *t = current_task();

	return t ? t->group->tgid : 0; /* the last user of an address space may be a kernel thread */
}

static u64 pages_of(const struct shm *shm)
{
	return DIV_ROUND_UP(shm->segsz, PAGE_SIZE);
}

static u64 resident_pages(struct shm *shm)
{
	spin_lock(&shm->mapping.lock);
	u64 n = shm->mapping.nr_pages;
	spin_unlock(&shm->mapping.lock);
	return n;
}

static void shm_destroy(struct shm *shm) MUST_HOLD(&shm_ids.lock)
{
	shm_pages -= pages_of(shm);
	sysv_remove(&shm_ids, &shm->perm);
	mapping_destroy(&shm->mapping);
	vm_commit_uncharge(NULL, shm->charged);
	kfree(shm);
}

static struct shm *shm_find(int id) MUST_HOLD(&shm_ids.lock)
{
	return (struct shm *)sysv_find(&shm_ids, id);
}

/* ---- what vm tells of attachments ---- */

static void attach_locked(struct shm *shm) MUST_HOLD(&shm_ids.lock)
{
	shm->attached++;
	shm->atime = now_seconds();
	shm->lpid = own_pid();
}

static void detach_locked(struct shm *shm) MUST_HOLD(&shm_ids.lock)
{
	assert(shm->attached);
	shm->attached--;
	shm->dtime = now_seconds();
	shm->lpid = own_pid();
	if (!shm->attached && shm->perm.mode & SHM_DEST)
		shm_destroy(shm);
}

static void shm_vma_get(struct vma *v)
{
	scoped_mutex(&shm_ids.lock);
	attach_locked(v->file);
}

static void shm_vma_put(struct vma *v)
{
	scoped_mutex(&shm_ids.lock);
	detach_locked(v->file);
}

static int shm_vma_describe(const struct vma *v, char *buf, size_t size, dev_t *dev, u64 *ino)
{
	const struct shm *shm = v->file;

	*dev = dev_make(0, 1);
	*ino = (u64)shm->perm.id;
	return snprintf(buf, size, "/SYSV%08x (deleted)", (u32)shm->name);
}

static const struct vma_ops shm_vma_ops = { .get = shm_vma_get,
	                                    .put = shm_vma_put,
	                                    .describe = shm_vma_describe };

/* ---- shmget ---- */

static int shm_create(s32 key, size_t size, unsigned flags, const struct cred *c) MUST_HOLD(&shm_ids.lock)
{
	u64 pages = DIV_ROUND_UP(size, PAGE_SIZE);
	struct shm *shm;
	int err;

	if (!size || size > shm_max || pages << PAGE_SHIFT < size)
		return -EINVAL;
	if (shm_pages + pages < pages || shm_pages + pages > shm_all)
		return -ENOSPC;
	if (flags & SHM_HUGETLB)
		return -ENOMEM; /* there is no pool of huge pages */
	shm = kmalloc(sizeof(*shm), 0);
	if (!shm)
		return -ENOMEM;
	*shm = (struct shm){ .segsz = size, .ctime = now_seconds(), .cpid = own_pid(), .name = key };
	shm->charged = flags & SHM_NORESERVE && atomic_load(&vm_overcommit_memory) != 2 ? 0 : pages;
	err = vm_commit_charge(NULL, shm->charged);
	if (err)
		goto fail;
	err = sysv_add(&shm_ids, &shm->perm, key, flags, (unsigned)shm_mni, c);
	if (err)
		goto fail_charge;
	mapping_init(&shm->mapping, NULL, shm, MEMC_SHMEM);
	shm->mapping.size = pages << PAGE_SHIFT;
	shm_pages += pages;
	return shm->perm.id;

fail_charge:
	vm_commit_uncharge(NULL, shm->charged);
fail:
	kfree(shm);
	return err;
}

int shm_get(s32 key, size_t size, unsigned flags, const struct cred *c)
{
	scoped_mutex(&shm_ids.lock);
	struct shm *shm = key == IPC_PRIVATE ? NULL : (struct shm *)sysv_find_key(&shm_ids, key);

	if (!shm)
		return key == IPC_PRIVATE || flags & IPC_CREAT ? shm_create(key, size, flags, c) : -ENOENT;
	if ((flags & (IPC_CREAT | IPC_EXCL)) == (IPC_CREAT | IPC_EXCL))
		return -EEXIST;
	if (size > shm->segsz)
		return -EINVAL;
	return sysv_allowed(&shm->perm, flags, c) ? shm->perm.id : -EACCES;
}

/* ---- shmat, shmdt ---- */

/* The segment with an attachment of its own while the mapping is made. */
static struct shm *shm_pin(int id, unsigned flags, const struct cred *c)
{
	u32 bits = flags & SHM_RDONLY ? 0444 : 0666;

	scoped_mutex(&shm_ids.lock);
	struct shm *shm = shm_find(id);
	if (!shm)
		return ERR_PTR(-EINVAL);
	if (!sysv_allowed(&shm->perm, flags & SHM_EXEC ? bits | 0111 : bits, c))
		return ERR_PTR(-EACCES);
	shm->attached++;
	return shm;
}

static void shm_unpin(struct shm *shm)
{
	scoped_mutex(&shm_ids.lock);
	shm->attached--;
	if (!shm->attached && shm->perm.mode & SHM_DEST)
		shm_destroy(shm);
}

long shm_attach(struct vm_space *s, int id, uaddr_t addr, unsigned flags, const struct cred *c)
{
	struct vm_mmap_args a = {
		.prot = PROT_READ | (flags & SHM_RDONLY ? 0 : PROT_WRITE) |
		        (flags & SHM_EXEC ? PROT_EXEC : 0),
		.flags = MAP_SHARED | MAP_NORESERVE,
		.ops = &shm_vma_ops,
		.extra = addr && addr < USER_MIN && cred_capable(c, CAP_SYS_RAWIO) ? VM_LOWADDR : 0,
		.may = VM_MAYREAD | VM_MAYEXEC | (flags & SHM_RDONLY ? 0U : VM_MAYWRITE),
	};

	if (addr & ~PAGE_MASK && !(flags & SHM_RND))
		return -EINVAL;
	a.addr = addr & PAGE_MASK; /* SHMLBA is a page */
	if (!a.addr && flags & SHM_REMAP)
		return -EINVAL;
	if (addr)
		a.flags |= flags & SHM_REMAP ? MAP_FIXED : MAP_FIXED_NOREPLACE;

	struct shm *shm = shm_pin(id, flags, c);
	if (IS_ERR(shm))
		return PTR_ERR(shm);
	a.mapping = &shm->mapping;
	a.file = shm;
	a.len = shm->mapping.size;
	long at = vm_mmap(s, &a);
	shm_unpin(shm);
	return at == -EEXIST ? -EINVAL : at;
}

/* The first vma from addr on that is a piece of an attachment which began at `begin`; its segment, or that of
 * `of` alone.  NULL: there is none. */
static struct shm *next_piece(struct vm_space *s, uaddr_t begin, const struct shm *of, uaddr_t *addr,
                              size_t *len)
{
	struct shm *found = NULL;

	rwlock_read_lock(&s->lock);
	for (struct vma *v = vma_find(s, *addr); v && !found; v = vma_next(v)) {
		struct shm *shm = v->file;

		if (v->ops != &shm_vma_ops || v->start - begin != v->pgoff << PAGE_SHIFT || (of && of != shm))
			continue;
		found = shm;
		*addr = v->start;
		*len = v->end - v->start;
	}
	rwlock_read_unlock(&s->lock);
	return found;
}

int shm_detach(struct vm_space *s, uaddr_t addr)
{
	struct shm *first = NULL, *shm;
	uaddr_t at = addr;
	size_t len;
	int err = -EINVAL;

	if (addr & ~PAGE_MASK)
		return -EINVAL;
	while ((shm = next_piece(s, addr, first, &at, &len)) != NULL) {
		first = shm; /* compared only: it may be gone after the last piece */
		err = vm_munmap(s, at, len);
		if (err)
			break;
	}
	return err;
}

/* ---- shmctl ---- */

static void fill_stat(const struct shm *shm, struct shmid64_ds_k *out)
{
	*out = (struct shmid64_ds_k){
		.segsz = shm->segsz,
		.atime = shm->atime,
		.dtime = shm->dtime,
		.ctime = shm->ctime,
		.cpid = shm->cpid,
		.lpid = shm->lpid,
		.nattch = shm->attached,
	};
	sysv_stat(&shm->perm, &out->perm);
}

int shm_stat(int id, int cmd, const struct cred *c, struct shmid64_ds_k *out)
{
	scoped_mutex(&shm_ids.lock);
	struct shm *shm = cmd == IPC_STAT ? shm_find(id) : (struct shm *)sysv_in_slot(&shm_ids, id);

	if (!shm)
		return -EINVAL;
	if (cmd != SHM_STAT_ANY && !sysv_allowed(&shm->perm, 0444, c))
		return -EACCES;
	fill_stat(shm, out);
	return cmd == IPC_STAT ? 0 : shm->perm.id;
}

int shm_set(int id, const struct ipc64_perm_k *to, const struct cred *c)
{
	scoped_mutex(&shm_ids.lock);
	struct shm *shm = shm_find(id);

	if (!shm)
		return -EINVAL;
	if (!sysv_owned(&shm->perm, c))
		return -EPERM;
	int err = sysv_set(&shm->perm, to->uid, to->gid, to->mode);
	if (!err)
		shm->ctime = now_seconds();
	return err;
}

int shm_remove(int id, const struct cred *c)
{
	scoped_mutex(&shm_ids.lock);
	struct shm *shm = shm_find(id);

	if (!shm)
		return -EINVAL;
	if (!sysv_owned(&shm->perm, c))
		return -EPERM;
	if (!shm->attached) {
		shm_destroy(shm);
		return 0;
	}
	shm->perm.mode |= SHM_DEST;
	shm->perm.key = IPC_PRIVATE;
	return 0;
}

/* Its pages never leave memory, locked or not: the mode tells what was asked for. */
int shm_lock(int id, bool lock, bool lock_allowed, const struct cred *c)
{
	scoped_mutex(&shm_ids.lock);
	struct shm *shm = shm_find(id);

	if (!shm)
		return -EINVAL;
	if (!cred_capable(c, CAP_IPC_LOCK)) {
		if (c->euid != shm->perm.uid && c->euid != shm->perm.cuid)
			return -EPERM;
		if (lock && !lock_allowed)
			return -EPERM;
	}
	shm->perm.mode = lock ? shm->perm.mode | SHM_LOCKED : shm->perm.mode & ~(u32)SHM_LOCKED;
	return 0;
}

int shm_limits(struct shminfo64_k *out)
{
	*out = (struct shminfo64_k){ .shmmax = shm_max,
		                     .shmmin = 1,
		                     .shmmni = (u64)shm_mni,
		                     .shmseg = (u64)shm_mni,
		                     .shmall = shm_all };
	scoped_mutex(&shm_ids.lock);
	return sysv_highest(&shm_ids);
}

int shm_totals(struct shm_info_k *out)
{
	struct sysv_perm *p;

	scoped_mutex(&shm_ids.lock);
	*out = (struct shm_info_k){ .used_ids = (s32)shm_ids.in_use, .shm_tot = shm_pages };
	for (u64 slot = 0; (p = sysv_next(&shm_ids, &slot)) != NULL; slot++)
		out->shm_rss += resident_pages((struct shm *)p);
	return sysv_highest(&shm_ids);
}

bool shm_next(u64 *slot, struct shmid64_ds_k *out, int *id, u64 *resident_bytes)
{
	scoped_mutex(&shm_ids.lock);
	struct shm *shm = (struct shm *)sysv_next(&shm_ids, slot);

	if (!shm)
		return false;
	fill_stat(shm, out);
	*id = shm->perm.id;
	*resident_bytes = resident_pages(shm) << PAGE_SHIFT;
	return true;
}
