/* SPDX-License-Identifier: MIT
 * proc/init.c - the first process
 *
 * Owns:      PID 1's birth.
 * Layer:     proc.  Called once by init/boot.c.
 * Locks:     proc_lock to link it.
 * Contexts:  boot; init_main runs as the new task.
 * Manual:    bootparam(7): init=, rdinit=; boot(7).
 * Tests:     tests/boot.
 */
#include <proc/process.h>
#include <proc/internal.h>
#include <proc/signal.h>
#include <base/log.h>
#include <base/panic.h>
#include <lib/string.h>

enum { INIT_WORDS_MAX = 64, INIT_PATHS_MAX = 8 };

/* The vectors may stand on the caller's stack; the strings live for ever. */
static struct {
	const char *paths[INIT_PATHS_MAX + 1];
	const char *argv[INIT_WORDS_MAX + 1];
	const char *envp[INIT_WORDS_MAX + 1];
} init_words;

static void copy_words(const char **dst, const char *const *src, unsigned max)
{
	unsigned n = 0;

	for (; src && src[n] && n < max; n++)
		dst[n] = src[n];
	dst[n] = NULL;
}

/* Descriptors 0, 1 and 2 are the console. */
static void open_console(struct task *t)
{
	struct fs_walk w = task_walk(t);
	struct file *f;
	int err = vfs_open(&w, "/dev/console", O_RDWR | O_LARGEFILE, 0, &f);

	if (err) {
		log_warn("no /dev/console for init (error %d)", -err);
		return;
	}
	for (int i = 0; i < 3; i++)
		if (fd_install(t->files, file_get(f), false, 3) < 0)
			file_put(f);
	file_put(f);
}

static void init_main(void *arg)
{
	struct task *t = current_task();
	struct fs_walk w = task_walk(t);

	open_console(t);
	for (const char **path = init_words.paths; *path; path++) {
		init_words.argv[0] = *path;
		struct exec_strings argv = { .array = init_words.argv }, envp = { .array = init_words.envp };
		int err = process_exec(&w, -1, *path, LOOKUP_FOLLOW, argv, envp);
		if (!err)
			arch_enter_user();
		if (err != -ENOENT)
			log_err("cannot run %s as init (error %d)", *path, -err);
	}
	panic("No working init found.  Try passing init= to the kernel.");
}

static int init_fill(struct task *t, struct fs_ctx *fs)
{
	t->cred = cred_get(&cred_init);
	t->user = user_get(0);
	t->files = fd_table_create();
	t->sighand = sighand_copy(NULL);
	t->group = group_alloc();
	if (!t->user || !t->files || !t->sighand || !t->group)
		return -ENOMEM;
	t->pid_node = pid_alloc();
	if (IS_ERR(t->pid_node))
		return (int)PTR_ERR(t->pid_node);
	t->pid = t->thread.tid = t->pid_node->nr;
	t->fs = fs;
	ref_get(&fs->ref);
	atomic_add(&t->user->processes, 1);
	strlcpy(t->comm, "init", COMM_LEN);
	t->timer_slack_ns = t->timer_slack_usual_ns = TIMER_SLACK_NS;
	t->group->rlim = rlimits_init;
	t->group->rlim.lim[RLIMIT_NPROC] = t->group->rlim.lim[RLIMIT_SIGPENDING] =
	        (struct rlimit64_k){ tasks_max / 2, tasks_max / 2 };
	t->group->exit_signal = SIGCHLD;
	t->group->unkillable = true;
	return 0;
}

int process_start_init(const char *const *paths, const char *const *argv, const char *const *envp,
                       struct fs_ctx *fs)
{
	struct task *t = task_alloc(init_main, NULL);

	copy_words(init_words.paths, paths, INIT_PATHS_MAX);
	copy_words(init_words.argv, argv, INIT_WORDS_MAX);
	copy_words(init_words.envp, envp, INIT_WORDS_MAX);
	if (!t)
		return -ENOMEM;
	int err = init_fill(t, fs); /* the kernel does not go on without PID 1, so nothing is undone */
	if (err)
		return err;
	irqflags_t f = spin_lock_irqsave(&proc_lock);
	init_group = t->group;
	task_link_leader(t, NULL, 0, &pid_zero, &pid_zero);
	spin_unlock_irqrestore(&proc_lock, f);
	sched_start(&t->thread, NULL);
	return 0;
}
