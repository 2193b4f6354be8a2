/* SPDX-License-Identifier: MIT
 * vm/space.h - address spaces: vmas, faults, and the calls behind mmap(2) and friends. */
#pragma once
#include <vm/mapping.h>
#include <sched/rcu.h>
#include <abi/mman.h>

enum vma_flag {
	VM_READ = 1,
	VM_WRITE = 2,
	VM_EXEC = 4, /* = PROT_R, PROT_W, PROT_X */
	VM_SHARED = 8,
	VM_MAYREAD = 0x10,
	VM_MAYWRITE = 0x20,
	VM_MAYEXEC = 0x40,
	VM_GROWSDOWN = 0x100,
	VM_STACK = 0x200,
	VM_HEAP = 0x400, /* names in /proc/pid/maps */
	VM_LOCKED = 0x800,
	VM_LOCKONFAULT = 0x80000, /* with VM_LOCKED: pages stay once they are there, but are not read in */
	VM_DONTFORK = 0x1000,
	VM_DONTDUMP = 0x2000,
	VM_WIPEONFORK = 0x4000,
	VM_NORESERVE = 0x8000,
	VM_ACCOUNT = 0x10000,   /* counted against the commit limit */
	VM_LOWADDR = 0x40000,   /* argument of vm_mmap only: may lie below USER_MIN (CAP_SYS_RAWIO) */
	VM_SEQ_READ = 0x100000, /* madvise: how it will be read */
	VM_RAND_READ = 0x200000,
	VM_SPECIAL = 0x20000, /* device or vdso pages without page accounting */
};
struct vma;
/* How a vma keeps its file alive and what it is called; fs provides one for files. */
struct vma_ops {
	void (*get)(struct vma *v); /* the vma was copied or split: take another reference to v->file */
	void (*put)(struct vma *v);
	/* Text for /proc/pid/maps into buf, and the numbers; NULL: anonymous. */
	int (*describe)(const struct vma *v, char *buf, size_t size, dev_t *dev, u64 *ino);
	int (*sync)(struct vma *v, u64 start, u64 end); /* msync(MS_SYNC), file bytes; may be NULL */
	/* A page of an object with a store became dirty by a store into it; does not sleep; may be NULL. */
	void (*written)(struct vma *v);
};
struct vma {
	uaddr_t start, end; /* page-aligned, end exclusive */
	u32 flags;
	u64 pgoff;               /* page number in the mapping of `start` */
	struct mapping *mapping; /* NULL = anonymous */
	void *file;              /* owner object (struct file) */
	const struct vma_ops *ops;
	struct vm_space *space;
	struct rb_node rb;
	struct list_head mapping_link;
	const char *name; /* "[vdso]" or NULL */
	bool has_anon;    /* of a file: may hold private copies, which fork must duplicate; under pt_lock */
};
enum dumpable {
	DUMP_NO,
	DUMP_YES,
	DUMP_ROOT /* a core file that only root reads; closed for others as DUMP_NO */
};
struct vm_space {
	struct refcount users; /* tasks */
	struct rwlock lock;    /* vmas: write to change, read to fault */
	struct spinlock
	        pt_lock; /* page-table contents: faults of threads, zap, truncate from other spaces; irqs on */
	struct rb_root vmas;
	struct vma *last; /* the vma found last, checked under lock */
	struct pgtable pt;
	cpumask_t cpus; /* CPUs on which it is active */
	unsigned nr_vmas;
	uaddr_t top;    /* first address that is not the program's: USER_TOP, or 4 GiB less two pages */
	uaddr_t vdso32; /* where a 32-bit program's vDSO is; 0 = none */
	uaddr_t brk_start, brk, mmap_base, stack_top;
	/* What /proc shows of the program; prctl(PR_SET_MM) may set all of them, and brk_start and brk. */
	uaddr_t code_start, code_end, data_start, data_end, stack_start, arg_start, arg_end, env_start,
	        env_end;
	u64 total_pages, locked_pages, data_pages, exec_pages, stack_pages, shared_pages; /* of vmas */
	s64 rss_anon, rss_file, rss_shmem; /* mapped pages; atomically */
	u64 hiwater_rss, hiwater_vm;
	u64 commit_pages;
	u64 min_flt, maj_flt; /* of all users; proc keeps per-task counts too */
	u32 lock_future;      /* flags a new mapping gets: VM_LOCKED, VM_LOCKONFAULT; mlockall(MCL_FUTURE) */
	u64 limit_as, limit_data, limit_stack, limit_memlock; /* bytes; copied from rlimits by proc */
	unsigned long saved_auxv[48];
	void *exe; /* struct file of the program, owned; exe_put releases it */
	void (*exe_put)(void *);
	void *(*exe_get)(void *); /* takes a reference for a copy */
	u8 dumpable;              /* enum dumpable: may it leave a core file, and be looked into? */
	u32 dump_filter;          /* enum core_filter: what a core file holds; execve and fork keep it */
	bool no_huge_pages;       /* prctl(PR_SET_THP_DISABLE); there are none */
	u32 membarrier;           /* commands registered with membarrier(2); a fork inherits them */
	uaddr_t gap_top;          /* no gap of gap_len bytes or more lies above gap_top: see vm/gap.c */
	size_t gap_len;
};
struct vm_space *vm_space_create(void);               /* users = 1; NULL = out of memory */
struct vm_space *vm_space_fork(struct vm_space *old); /* copy-on-write copy; NULL; may sleep */
static inline void vm_space_get(struct vm_space *s)
{
	ref_get(&s->users);
}
void vm_space_put(struct vm_space *s); /* the last one frees everything; may sleep */
void vm_space_activate(struct vm_space *prev, struct vm_space *next); /* either may be NULL (kernel) */
/* This CPU runs no thread of the space that it has loaded, if any: lets go of it.  Interrupts off. */
void vm_space_leave(void);

enum vm_access { VM_ACCESS_READ = 1, VM_ACCESS_WRITE = 2, VM_ACCESS_EXEC = 4, VM_ACCESS_USER = 8 };
enum vm_fault_result {
	VM_FAULT_MINOR = 0,
	VM_FAULT_MAJOR = 1,
	VM_FAULT_MAPERR = -1, /* SIGSEGV SEGV_MAPERR */
	VM_FAULT_ACCERR = -2, /* SIGSEGV SEGV_ACCERR */
	VM_FAULT_BUS = -3,    /* SIGBUS BUS_ADRERR: beyond the end of the file */
	VM_FAULT_OOM = -4,
};
/* Makes addr accessible. May sleep. */
enum vm_fault_result vm_fault(struct vm_space *s, uaddr_t addr, unsigned access);
/* What mmap needs beyond mmap(2)'s arguments; for a file the caller fills mapping, file, ops, and the VM_MAY* it
 * allows; a reference through ops->get is taken by vm. */
struct vm_mmap_args {
	uaddr_t addr;
	size_t len;
	int prot, flags; /* PROT_*, MAP_* */
	u64 pgoff;
	struct mapping *mapping;
	void *file;
	const struct vma_ops *ops;
	unsigned may;   /* VM_MAY*; 0 for anonymous = all */
	unsigned extra; /* more VM_ flags: VM_STACK, VM_GROWSDOWN, ... */
};
/* The address, or -EINVAL, -ENOMEM, -EPERM (below mmap_min_addr), -EEXIST, -EACCES, -EAGAIN (memlock). */
MUST_CHECK long vm_mmap(struct vm_space *s, const struct vm_mmap_args *a);
MUST_CHECK int vm_munmap(struct vm_space *s, uaddr_t addr, size_t len);
MUST_CHECK int vm_mprotect(struct vm_space *s, uaddr_t addr, size_t len, int prot);
MUST_CHECK long vm_mremap(struct vm_space *s, uaddr_t old, size_t old_len, size_t new_len, int flags,
                          uaddr_t new_addr);
MUST_CHECK int vm_madvise(struct vm_space *s, uaddr_t addr, size_t len, int advice);
MUST_CHECK int vm_msync(struct vm_space *s, uaddr_t addr, size_t len, int flags);
MUST_CHECK int vm_mincore(struct vm_space *s, uaddr_t addr, size_t len, u8 *vec);
/* lock: VM_LOCKED, VM_LOCKED | VM_LOCKONFAULT, or 0 to unlock.  0, -ENOMEM (hole, limit_memlock), -EAGAIN. */
MUST_CHECK int vm_mlock(struct vm_space *s, uaddr_t addr, size_t len, u32 lock);
/* brk(2) of Linux: the new break, or the old one when it cannot. */
uaddr_t vm_brk(struct vm_space *s, uaddr_t new_brk);
/* mlockall(2) with MCL_CURRENT, or munlockall(2); the caller has checked limits. May sleep. */
void vm_mlock_all(struct vm_space *s, u32 lock);
/* mlockall(2) with MCL_FUTURE: what mappings made from now on get. */
void vm_mlock_future(struct vm_space *s, u32 lock);
/* Maps physical memory that is not counted page by page: vdso, device registers.  addr 0: anywhere; vm_flags:
 * VM_READ.. and VM_MAY*; name stays valid for ever.  The address or -EINVAL, -ENOMEM. */
MUST_CHECK long vm_map_physical(struct vm_space *s, uaddr_t addr, paddr_t pa, size_t len, unsigned vm_flags,
                                const char *name);
/* Chooses stack_top and mmap_base anew, by limit_stack and vm_aslr (vm_space_create did with 8 MiB). */
void vm_space_layout(struct vm_space *s);
/* Resident pages now. */
static inline u64 vm_space_rss(const struct vm_space *s)
{
	s64 n = atomic_load(&s->rss_anon) + atomic_load(&s->rss_file) + atomic_load(&s->rss_shmem);
	return n > 0 ? (u64)n : 0;
}
/* Copies between kernel memory and any address space (exec's new one, ptrace); `force` ignores protection.
 * Bytes copied. May sleep. */
size_t vm_copy(struct vm_space *s, uaddr_t addr, void *buf, size_t len, bool write, bool force);
struct vma *vma_find(struct vm_space *s, uaddr_t addr); /* first with end > addr; lock held */
struct vma *vma_next(const struct vma *v);
/* Counts for smaps over one vma, in pages. */
struct vma_pages {
	u64 rss, shared_clean, shared_dirty, private_clean, private_dirty, referenced, anonymous;
	u64 pss_bytes;
};
void vma_count_pages(struct vma *v, struct vma_pages *out);
/* Unmaps [first, last] pages of a mapping everywhere (truncate). */
void vm_unmap_mapping(struct mapping *m, u64 first, u64 last);
/* Overcommit: pages committed, and the limit; mode of /proc/sys/vm/overcommit_memory. */
extern int vm_overcommit_memory, vm_overcommit_ratio;
u64 vm_committed(void);
u64 vm_commit_limit(void);
/* Charges the commit limit.  0 or -ENOMEM.  s may be NULL (shared memory). */
MUST_CHECK int vm_commit_charge(struct vm_space *s, u64 pages);
void vm_commit_uncharge(struct vm_space *s, u64 pages);
void vm_init(void);
extern bool vm_aslr; /* randomise stack, mmap base and brk */
