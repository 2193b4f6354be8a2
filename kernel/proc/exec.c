/* SPDX-License-Identifier: MIT
 * proc/exec.c - execve: a new program in an old process
 *
 * Owns:      the order of the steps; what a process keeps and what it loses.
 * Layer:     proc.  Uses fs (opening), vm (a new address space), arch (registers).
 * Locks:     none held across a step; task->lock for the change of the address space.
 * Contexts:  process context; sleeps.
 * Manual:    execve(2), credentials(7), capabilities(7).
 * Tests:     tests/abi/exec.c, tests/abi/ids2.c; failing allocations: tests/stress/failalloc.c.
 *
 * Theory
 * ------
 * First a whole image is put together beside the running program: arguments, address space with segments and
 * stack, credentials.  All of that may fail, and then the old program goes on with an error.  Then comes the
 * commit, which begins with the other threads' death and cannot fail after it:
 *
 *     open   collect arguments   load (script: open the interpreter, load again)   stack   credentials
 *     ------------------------------------ may fail --------------------------------------------------
 *     kill threads | own tables | signals, memory, descriptors, names, ids, registers
 */
#include <proc/coredump.h>
#include <proc/exec.h>
#include <proc/internal.h>
#include <proc/ptrace.h>
#include <proc/rseq.h>
#include <proc/user_dispatch.h>
#include <proc/signal.h>
#include <arch/elf.h>
#include <fs/mount.h>
#include <fs/xattr.h>
#include <abi/sched.h>
#include <lib/format.h>
#include <lib/string.h>
#include <mem/slab.h>

/* The program's bytes. */

static int exec_open(struct exec_image *x, const struct fs_walk *w, const char *name, unsigned lookup)
{
	struct file *f;
	int err = vfs_open_exec(w, name, lookup, &f);

	if (err)
		return err;
	if (x->file)
		file_put(x->file);
	x->file = f;
	memset(x->head, 0, sizeof(x->head));
	ssize_t n = file_read_kernel(f, x->head, sizeof(x->head), 0);
	return n < 0 ? (int)n : 0;
}

static int exec_load(struct exec_image *x)
{
	struct fs_walk w = { x->walk->fs, x->walk->cred, NULL };

	for (unsigned depth = 0; depth <= EXEC_MAX_DEPTH; depth++) {
		int err = elf_load(x);
		if (err != -ENOEXEC || x->late)
			return err;
		err = script_load(x);
		if (err)
			return err;
		err = exec_open(x, &w, x->interp, LOOKUP_FOLLOW);
		if (err)
			return err;
	}
	return -ELOOP;
}

/* Who the program will be. */

/* Could someone else lead the program astray?  A tracer can, and who changes our root or working directory. */
static bool exec_unsafe(struct task *t)
{
	return t->no_new_privs || !ptrace_tracer_capable(t) ||
	       ref_read(&t->fs->ref) > (s32)t->group->nr_threads;
}

static bool creds_equal(const struct cred *a, const struct cred *b)
{
	return a->euid == b->euid && a->suid == b->suid && a->fsuid == b->fsuid && a->egid == b->egid &&
	       a->sgid == b->sgid && a->fsgid == b->fsgid && a->cap_permitted == b->cap_permitted &&
	       a->cap_effective == b->cap_effective && a->cap_inheritable == b->cap_inheritable &&
	       a->cap_ambient == b->cap_ambient && a->cap_bounding == b->cap_bounding &&
	       a->securebits == b->securebits;
}

/* Set-group-id without the group's right to execute means mandatory locking. */
static umode_t set_id_bits(umode_t mode)
{
	return mode & (S_ISUID | (mode & S_IXGRP ? S_ISGID : 0));
}

/* What the file gives: 0 or an error of its attributes (-EINVAL: they are damaged). */
static int exec_file_rights(struct inode *i, bool no_new_privs, struct cred_exec *r)
{
	umode_t bits = no_new_privs ? 0 : set_id_bits(atomic_load(&i->mode));
	int err = inode_get_file_caps(i, &r->caps);

	r->has_caps = !err;
	r->setuid = bits & S_ISUID;
	r->setgid = bits & S_ISGID;
	r->uid = i->uid;
	r->gid = i->gid;
	return err == -ENODATA ? 0 : err;
}

/* x->cred, and what follows from it. */
static int exec_creds(struct exec_image *x)
{
	struct task *t = current_task();
	const struct cred *old = t->cred;
	struct cred_exec r = { .no_gain = exec_unsafe(t) };
	struct cred *c;
	int err = 0;

	if (!(x->file->path.mnt->flags & MS_NOSUID))
		err = exec_file_rights(x->file->inode, t->no_new_privs, &r);
	if (err)
		return err;
	c = cred_copy(old);
	if (!c)
		return -ENOMEM;
	err = cred_exec(c, &r);
	if (err) {
		cred_put(c);
		return err;
	}
	x->secure = r.secure;
	bool changed = c->euid != old->euid || c->egid != old->egid || c->fsuid != old->fsuid ||
	               c->fsgid != old->fsgid || c->cap_permitted & ~old->cap_permitted;
	x->ordinary = !changed && old->euid == old->uid && old->egid == old->gid;
	x->end_pdeath = x->secure || changed;
	/* Nobody makes a privileged program's addresses foreseeable. */
	if (r.setuid || r.setgid || r.gained)
		x->persona_off = PER_CLEAR_ON_SETID;
	if (creds_equal(c, old)) { /* the common case: keep the one that is in use */
		cred_put(c);
		x->cred = cred_get(old);
	} else {
		x->cred = c;
	}
	return 0;
}

/* The image. */

static int exec_new_space(struct exec_image *x)
{
	struct task *t = current_task();
	struct vm_space *mm = vm_space_create();

	if (!mm)
		return -ENOMEM;
	x->mm = mm;
	limits_apply(t->group, mm);
	vm_space_layout(mm);
	return 0;
}

static void exec_layout(struct exec_image *x)
{
	struct vm_space *mm = x->mm;

	if (x->small) {
		mm->top = ARCH_USER_TOP32;
		vm_space_layout(mm);
	}
	u64 room_max = mm->top / 6 * 5, limit = MIN(mm->limit_stack, room_max);
	u64 room = MIN(MAX(limit + (1UL << 20), 128UL << 20), room_max); /* with a gap behind it */
	x->random = vm_aslr && !(current_task()->personality & ~x->persona_off & ADDR_NO_RANDOMIZE);
	if (x->random)
		return;
	mm->stack_top = mm->top;
	mm->mmap_base = mm->gap_top = ALIGN_DOWN(mm->top - room, PAGE_SIZE);
}

int exec_found(struct exec_image *x)
{
	int err = exec_creds(x);

	if (!err)
		exec_layout(x);
	return err;
}

static u64 args_limit(const struct task *t)
{
	u64 limit = task_rlimit(t, RLIMIT_STACK) / 4;

	return MAX(MIN(limit, 6UL << 20),
	           128UL << 10); /* three quarters of 8 MiB at most, 128 KiB at least */
}

/* The name as the program will see it.  From a descriptor it is one by which a script's interpreter can open it, too. */
static int exec_set_name(struct exec_image *x, int dirfd, const char *name)
{
	enum { DEV_FD_LEN = 24 };
	size_t size = DEV_FD_LEN + strlen(name);

	if (dirfd < 0 || *name == '/') {
		x->name = kstrdup(name);
		return x->name ? 0 : -ENOMEM;
	}
	x->name = kmalloc(size, 0);
	if (!x->name)
		return -ENOMEM;
	scnprintf(x->name, size, "/dev/fd/%d%s%s", dirfd, *name ? "/" : "", name);
	x->name_closes = fd_get_cloexec(current_task()->files, (unsigned)dirfd) > 0;
	return 0;
}

static void exec_set_comm(struct exec_image *x, const char *name)
{
	const char *slash = strrchr(name, '/');

	strlcpy(x->comm, slash ? slash + 1 : name, COMM_LEN);
}

/* A program that has no name but a descriptor's number is called as its file is. */
static int exec_comm_of_file(struct exec_image *x)
{
	struct path root;
	char *buf = kmalloc(PATH_MAX, 0);

	if (!buf)
		return -ENOMEM;
	fs_ctx_root(x->walk->fs, &root);
	char *text = path_string(&x->file->path, &root, buf, PATH_MAX);
	path_put(&root);
	exec_set_comm(x, IS_ERR(text) ? "" : text);
	kfree(buf);
	return 0;
}

static int exec_prepare(struct exec_image *x, int dirfd, const char *name, unsigned lookup,
                        struct exec_strings argv, struct exec_strings envp)
{
	int err = exec_set_name(x, dirfd, name);

	if (err)
		return err;
	exec_set_comm(x, x->name);
	err = exec_open(x, x->walk, name, lookup); /* first: a shell tries many names */
	x->args.limit = args_limit(current_task());
	if (!err)
		err = exec_args_collect(&x->args, argv, envp);
	if (!err)
		err = exec_new_space(x);
	if (!err)
		err = exec_load(x);
	if (!err && !*name)
		err = exec_comm_of_file(x);
	if (!err)
		err = exec_map_vdso(x);
	if (!err)
		err = exec_build_stack(x);
	return err;
}

static void exec_free(struct exec_image *x)
{
	exec_args_free(&x->args);
	if (x->mm)
		vm_space_put(x->mm);
	if (x->file)
		file_put(x->file);
	if (x->cred)
		cred_put(x->cred);
	kfree(x->name);
	kfree(x->interp);
	kfree(x);
}

/* The commit. */

/* The descriptor table and the handlers become this process's own. */
static int exec_unshare(struct task *t)
{
	struct sighand *fresh, *old = t->sighand;
	irqflags_t f;

	if (task_unshare_files(t))
		return -ENOMEM;
	if (atomic_load(&old->processes) <= 1)
		return 0;
	fresh = sighand_copy(old);
	if (!fresh)
		return -ENOMEM;
	f = spin_lock_irqsave(&proc_lock);
	spin_lock(&old->lock);
	old->processes--;
	rcu_assign(t->sighand, fresh);
	spin_unlock(&old->lock);
	spin_unlock_irqrestore(&proc_lock, f);
	sighand_put(old);
	return 0;
}

static void exe_put(void *file)
{
	file_put(file);
}

static void *exe_get(void *file)
{
	return file_get(file);
}

static void exec_commit_mm(struct exec_image *x, struct task *t)
{
	struct vm_space *mm = x->mm, *old;
	struct thread_group *g = t->group;

	mm->exe = x->file;
	mm->exe_put = exe_put;
	mm->exe_get = exe_get;
	mm->dump_filter = t->mm ? t->mm->dump_filter : CORE_FILTER_DEFAULT;
	bool open = x->ordinary && !inode_permission(x->file->inode, MAY_READ, x->cred);

	mm->dumpable = open ? DUMP_YES : (u8)suid_dumpable;
	x->file = NULL;
	x->mm = NULL;
	if (t->mm)
		task_clear_tid(t);
	t->clear_child_tid = NULL;
	t->robust_list = NULL;
	rseq_exec(t);
	user_dispatch_off(t);
	old = task_switch_mm(t, mm);
	vfork_complete(t);
	if (old) {
		g->maxrss_pages = MAX(g->maxrss_pages, atomic_load(&old->hiwater_rss));
		vm_space_put(old);
	}
}

static int exec_commit(struct exec_image *x)
{
	struct task *t = current_task();
	struct thread_group *g = t->group;
	int err = exec_kill_threads(t);

	if (!err)
		err = exec_unshare(t);
	if (err)
		return err;
	/* Nothing fails from here on. */
	uaddr_t start = x->start, sp = x->sp;
	exec_commit_mm(x, t);
	posix_timers_delete_all(t->group);
	signal_exec(t);
	fd_table_close_exec(t->files);
	memcpy(t->comm, x->comm, COMM_LEN);
	if (x->end_pdeath)
		t->pdeath_signal = 0;
	t->personality &= ~x->persona_off;
	task_set_cred(x->cred);
	x->cred = NULL;
	g->execed = true;
	g->exit_signal = SIGCHLD;
	t->restart.fn = NULL;

	struct trapframe *tf = arch_user_frame(&t->thread);
	arch_thread_exec(&t->thread);
	arch_frame_init(tf, start, sp);
	if (x->small)
		arch_frame_small(tf);
	tf_clear_syscall(tf);
	return 0;
}

int process_exec(const struct fs_walk *w, int dirfd, const char *name, unsigned lookup,
                 struct exec_strings argv, struct exec_strings envp)
{
	struct exec_image *x = kzalloc(sizeof(*x));

	if (!x)
		return -ENOMEM;
	x->walk = w;
	pid_t old_pid = current_task()->pid; /* a thread takes over the leader's */
	int err = exec_prepare(x, dirfd, name, lookup, argv, envp);
	/* Linux finds these faults when the old program is gone. */
	bool fatal = err && x->late && err != -ENOMEM && err != -EINTR;
	if (!err)
		err = exec_commit(x);
	exec_free(x);
	if (fatal)
		process_exit(SIGSEGV);
	if (!err)
		ptrace_event(PTRACE_EVENT_EXEC, (u64)old_pid);
	return err;
}
