/* SPDX-License-Identifier: MIT
 * proc/core_pipe.c - core_pattern "|program ...": the core file goes to a program that the kernel starts
 *
 * Owns:      struct helper while the program starts.
 * Layer:     proc.  The pipe comes from ipc through a hook.
 * Locks:     proc_lock to link the new process.
 * Contexts:  process context of the dying thread; sleeps until the program runs or cannot.
 * Manual:    core(5): "Piping core dumps to a program".
 * Tests:     tests/abi/core.c.
 *
 * The program is no child of the dying process: it runs as root, in the root directory of PID 1, with nothing but the
 * pipe as descriptor 0, and is gone when it ends; nobody waits for it.  Its RLIMIT_CORE of 1 byte says that a crash of
 * its own starts no other one.
 */
#include <proc/coredump.h>
#include <proc/internal.h>
#include <proc/process.h>
#include <proc/signal.h>
#include <base/log.h>
#include <lib/string.h>
#include <mem/slab.h>

enum { WORDS_MAX = 64, TEXT_SIZE = 2 * PATH_MAX };

int (*core_pipe_create)(struct file *ends[2], unsigned flags, const struct cred *c);

struct helper {
	struct refcount ref; /* who starts it, and the new task */
	const char *words[WORDS_MAX + 1];
	struct file *input; /* the new task's, once it runs */
	struct waitq started;
	int error;
	bool done; /* it runs, or never will */
	char text[TEXT_SIZE];
};

static void helper_put(struct helper *h)
{
	if (!ref_put(&h->ref))
		return;
	if (h->input)
		file_put(h->input);
	kfree(h);
}

static void helper_main(void *arg)
{
	static const char *const no_env[] = { NULL };
	struct helper *h = arg;
	struct fs_walk w = task_walk(current_task());
	struct exec_strings argv = { .array = h->words }, envp = { .array = no_env };
	int err = fd_install(current_task()->files, h->input, false, 1);

	if (err >= 0) {
		h->input = NULL;
		err = process_exec(&w, -1, h->words[0], LOOKUP_FOLLOW, argv, envp);
	}
	h->error = err;
	atomic_store_release(&h->done, true);
	waitq_wake_all(&h->started);
	helper_put(h);
	if (!err)
		arch_enter_user();
	process_exit(0xff00);
}

/* A copy of PID 1's, at its root. */
static struct fs_ctx *helper_fs(void)
{
	struct task *init = task_find_get(1);
	struct fs_ctx *fs = NULL, *copy = NULL;
	struct path root;
	irqflags_t f;

	if (!init)
		return NULL;
	f = spin_lock_irqsave(&init->lock);
	fs = init->fs;
	if (fs)
		ref_get(&fs->ref);
	spin_unlock_irqrestore(&init->lock, f);
	task_put(init);
	if (!fs)
		return NULL;
	copy = fs_ctx_copy(fs);
	fs_ctx_put(fs);
	if (copy) {
		fs_ctx_root(copy, &root);
		fs_ctx_set_cwd(copy, &root);
		path_put(&root);
	}
	return copy;
}

static struct task *helper_task(struct helper *h)
{
	struct task *t = task_alloc(helper_main, h);

	if (!t)
		return NULL;
	t->cred = cred_get(&cred_init);
	t->user = user_get(0);
	if (t->user)
		atomic_add(&t->user->processes, 1);
	t->files = fd_table_create();
	t->sighand = sighand_copy(NULL);
	t->group = group_alloc();
	t->fs = helper_fs();
	t->pid_node = pid_alloc();
	if (IS_ERR(t->pid_node))
		t->pid_node = NULL;
	if (!t->user || !t->files || !t->sighand || !t->group || !t->fs || !t->pid_node) {
		clone_undo(t);
		return NULL;
	}
	t->pid = t->thread.tid = t->pid_node->nr;
	strlcpy(t->comm, "core-helper", COMM_LEN);
	t->timer_slack_ns = t->timer_slack_usual_ns = TIMER_SLACK_NS;
	t->group->rlim = init_group->rlim;
	t->group->rlim.lim[RLIMIT_CORE] = (struct rlimit64_k){ 1, 1 };
	t->group->helper = true;
	return t;
}

/* Runs h's words: 0, -ENOMEM, or why it cannot be executed. */
static int helper_start(struct helper *h)
{
	struct task *t = helper_task(h);

	if (!t)
		return -ENOMEM;
	ref_get(&h->ref);
	irqflags_t f = spin_lock_irqsave(&proc_lock);
	task_link_leader(t, init_group, 1, &pid_zero, &pid_zero);
	spin_unlock_irqrestore(&proc_lock, f);
	sched_start(&t->thread, NULL);
	wait_event(&h->started, atomic_load_acquire(&h->done));
	return h->error;
}

struct file *core_pipe_open(const struct core_dump *c)
{
	struct helper *h = kzalloc(sizeof(*h));
	struct file *ends[2] = { NULL, NULL };
	int err;

	if (!h)
		return NULL;
	ref_init(&h->ref, 1);
	waitq_init(&h->started);
	err = core_pipe_words(c, h->text, sizeof(h->text), h->words, WORDS_MAX);
	if (err > 0)
		err = core_pipe_create ? core_pipe_create(ends, 0, &cred_init) : -ENOSYS;
	if (!err) {
		h->input = ends[0];
		err = helper_start(h);
		if (err)
			file_put(ends[1]);
	}
	if (err)
		log_warn("no core file: %s cannot be run (error %d)",
		         h->words[0] ? h->words[0] : "core_pattern", -err);
	helper_put(h);
	return err ? NULL : ends[1];
}
