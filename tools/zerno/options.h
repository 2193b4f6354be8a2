/* SPDX-License-Identifier: MIT
 * tools/zerno/options.h - what the user asked for. */
#pragma once
#include <stdbool.h>

enum { EXIT_TIMEOUT = 124, EXIT_LAUNCHER = 125 };
struct options {
	const char *memory, *machine, *accel, *rootfs, *append, *kernel, *workdir, *console,
	        *user; /* user: NULL or U[:G] */
	int cpus;
	unsigned long long swap; /* bytes; 0: none */
	double timeout_s;        /* 0 = none */
	enum { TTY_AUTO, TTY_YES, TTY_NO } tty;
	bool dry_run, quiet, keep; /* keep: --rw */
	char **disks;              /* "FILE[:ro|:snapshot]", NULL-terminated */
	char **volumes;            /* "SRC:DST[:ro]", NULL-terminated */
	char **env;                /* "K=V", NULL-terminated: what every command gets, and the root's own */
	char **given;              /* the same from -e, which goes above it */
	char **qemu_args;          /* NULL-terminated */
	char **cmd;                /* the rest of argv; cmd[0] NULL: a shell */
};
/* Parses the words after `run`.  0, or an exit status after it has explained on stderr (or printed help). */
int options_parse(struct options *o, int argc, char **argv);
void usage_run(void);
/* A message of the launcher itself on stderr, after "zerno: ". */
__attribute__((format(printf, 1, 2))) void complain(const char *fmt, ...);
/* Prints the message and exits with EXIT_LAUNCHER. */
__attribute__((format(printf, 1, 2), noreturn)) void die(const char *fmt, ...);
void *must_alloc(void *p); /* dies when p is NULL */
/* asprintf that dies when there is no memory. */
__attribute__((format(printf, 1, 2))) char *text(const char *fmt, ...);
/* Puts "K=V" into a list, in place of another value of K. */
void env_set(char ***list, char *word);
bool ends_with(const char *s, const char *end);
/* Appends to a NULL-terminated list. */
void list_add(char ***list, char *word);
