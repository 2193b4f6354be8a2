/* SPDX-License-Identifier: MIT
 * proc/exec.h - a program image while execve puts it together: between exec.c, the loaders and the stack. */
#pragma once
#include <proc/process.h>

enum {
	EXEC_HEAD = 256, /* bytes of the file the loaders look at; a `#!` line must end in them */
	EXEC_MAX_STRLEN = 128 * 1024, /* one argument, NUL included */
	EXEC_MAX_DEPTH = 5,           /* scripts that name scripts */
	EXEC_AUXV_MAX = 24,           /* entries, two words each; saved_auxv holds as many */
};

struct exec_chunk {
	struct exec_chunk *next;
	char data[PAGE_SIZE - sizeof(void *)];
};
/* Bytes that are only appended, in chunks of a page. */
struct exec_bytes {
	struct exec_chunk *first, *last;
	size_t len;
};
struct exec_args {
	struct exec_bytes strings; /* argv, then envp, each with its NUL */
	struct exec_bytes offsets; /* u64 for each string: where it begins in `strings` */
	unsigned argc, envc;
	size_t first_len;  /* of argv[0], NUL included */
	size_t env_offset; /* where envp begins in `strings` */
	size_t limit;      /* bytes of strings and pointers */
	/* What a script puts in the place of argv[0]. */
	char *prefix;
	size_t prefix_len;
	unsigned prefix_count;
};
struct exec_image {
	const struct fs_walk *walk;
	char *name; /* as given, or /dev/fd/NUMBER[/...]: AT_EXECFN, and a script's name for its interpreter */
	bool name_closes; /* the descriptor in it is closed by this execve */
	char comm[COMM_LEN];
	struct file *file;  /* what is loaded now: the program, or at first a script */
	char *interp;       /* the script's interpreter, once a script was seen */
	u8 head[EXEC_HEAD]; /* the file's first bytes, then zeros */
	struct exec_args args;
	struct vm_space *mm;     /* the new address space */
	const struct cred *cred; /* the new credentials */
	bool secure;             /* AT_SECURE */
	bool ordinary;           /* no rights are gained or were in use: it may dump core, and be traced */
	bool end_pdeath;         /* PR_SET_PDEATHSIG does not hold for it */
	bool exec_stack;
	bool small;      /* a 32-bit program: its space ends below 4 GiB, its words have 4 bytes */
	bool random;     /* addresses are: see exec_layout() */
	u32 persona_off; /* flags of personality(2) that a set-id program does not take over */
	bool late;       /* headers were good, and mapping has begun */
	/* what the ELF loader found out */
	uaddr_t start, sp;         /* where it begins to run */
	uaddr_t entry, phdr, base; /* AT_ENTRY, AT_PHDR, AT_BASE */
	unsigned phnum;
	uaddr_t vdso; /* AT_SYSINFO_EHDR */
};

/* exec_args.c.  0, -E2BIG, -EFAULT, -ENOMEM, -EINTR. */
MUST_CHECK int exec_args_collect(struct exec_args *a, struct exec_strings argv, struct exec_strings envp);
/* argv[0] becomes interp, arg (may be NULL) and script.  0, -ENOMEM, -E2BIG. */
MUST_CHECK int exec_args_prefix(struct exec_args *a, const char *interp, const char *arg, const char *script);
void exec_args_free(struct exec_args *a);

/* Loaders: 0, -ENOEXEC = not this format or damaged, other errors.  A script sets x->interp and returns 0. */
MUST_CHECK int script_load(struct exec_image *x);
MUST_CHECK int elf_load(struct exec_image *x);

/* exec.c, once x->file is the program itself and its class is known: who it will be (x->cred), and where stack and
 * mappings go.  0, -ENOMEM, -EPERM (its capabilities cannot be had), or an error of its attributes. */
MUST_CHECK int exec_found(struct exec_image *x);

/* exec_vdso.c: maps [vvar] and [vdso], sets x->vdso.  0 or -ENOMEM. */
MUST_CHECK int exec_map_vdso(struct exec_image *x);
/* exec_stack.c: maps the stack, writes strings, vectors and auxv, sets x->sp.  0 or -ENOMEM, -EFAULT. */
MUST_CHECK int exec_build_stack(struct exec_image *x);
