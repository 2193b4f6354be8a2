/* SPDX-License-Identifier: MIT
 * proc/coredump.h - the memory and registers of a killed process as an ELF file, core(5). */
#pragma once
#include <proc/task.h>
#include <sched/mutex.h>

enum { CORE_PATTERN_SIZE = 128 };
extern struct mutex core_pattern_lock;
extern char core_pattern[CORE_PATTERN_SIZE] GUARDED_BY(&core_pattern_lock); /* kernel.core_pattern */
extern int suid_dumpable; /* fs.suid_dumpable: enum dumpable of a process that gained rights */
extern int core_uses_pid; /* kernel.core_uses_pid */
/* Bits of /proc/[pid]/coredump_filter: what memory goes into the file. */
enum core_filter {
	CORE_ANON_PRIVATE = 1,
	CORE_ANON_SHARED = 2,
	CORE_MAPPED_PRIVATE = 4,
	CORE_MAPPED_SHARED = 8,
	CORE_ELF_HEADERS = 16,
	CORE_FILTER_DEFAULT = 0x33, /* the first two, headers, and huge pages, which we have not */
	CORE_FILTER_ALL = 0x1ff,
};

/* One dump, on the stack of the thread that writes it; thread_group.core points to it meanwhile. */
struct core_waiter { /* another thread, on its own stack */
	struct list_head link;
	struct task *task;
};
struct core_dump {
	struct task *dumper;
	int sig;
	const struct siginfo *info;
	struct list_head waiters; /* of core_waiter.link; sighand->lock until all have come */
	unsigned missing;         /* threads that are still to come; sighand->lock */
	u64 limit;                /* RLIMIT_CORE, bytes */
	bool small;               /* a 32-bit program: the file is an ELF32 */
	bool pipe;                /* the bytes go to a program: no holes */
	sigset_k blocked;         /* signals, before the dumper held back all */
};

/* ---- coredump.c ---- */
/* The running task dies of sig: writes the file if it should.  True: all other threads wait to die, the group's exit
 * code stands, with bit 0x80 if there is a file.  Sleeps. */
bool coredump(int sig, const struct siginfo *info);
/* A thread that exits: waits while another one dumps core.  Called and left with the lock. */
void coredump_wait(struct task *t, struct sighand **s, irqflags_t *f) NO_LOCK_CHECK;

/* ---- core_name.c ---- */
/* The name of the file by core_pattern: its length, or -errno. */
int core_name(const struct core_dump *c, char *name, size_t size);
bool core_pattern_is_pipe(void);
/* Of "|program word...": the words, each with its NUL, in `text`, and where they begin: their number, or -errno. */
int core_pipe_words(const struct core_dump *c, char *text, size_t size, const char **words, unsigned max);

/* ---- core_pipe.c ---- */
/* Starts the program of core_pattern as root, in the root directory of PID 1: the pipe to its standard input, or NULL. */
struct file *core_pipe_open(const struct core_dump *c);
/* Registered by ipc/pipe. */
extern int (*core_pipe_create)(struct file *ends[2], unsigned flags, const struct cred *c);

/* ---- core_file.c ---- */
/* Writes the file; false when there is none worth its name. */
bool core_write(struct core_dump *c, struct file *f);

/* ---- core_notes.c ---- */
struct core_sink { /* where the bytes go: into the file, or nowhere, to know how many they are */
	struct core_dump *core;
	struct file *file; /* NULL: count only */
	loff_t pos;
	u64 written;
	bool failed;
};
struct core_vma {
	uaddr_t start, end;
	u32 flags;  /* VM_* */
	u64 dumped; /* bytes from the start that are in the file */
	u64 pgoff;
	char *name; /* of its file, owned; NULL */
	bool ask;   /* dumped only if it begins with an ELF header */
};
void core_put(struct core_sink *k, const void *p, size_t n);
void core_skip(struct core_sink *k, size_t n); /* zeros; in a file a hole */
void core_align(struct core_sink *k, size_t to);
void core_put_notes(struct core_sink *k, const struct core_vma *vmas, unsigned nr);
