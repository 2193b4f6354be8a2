/* SPDX-License-Identifier: MIT
 *
 * tools/zerno/options.c - the command line of `zerno run`
 *
 * The first word that is no option begins the command; everything after it belongs to the command, as typed.
 */
#define _GNU_SOURCE
#include "options.h"
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void complain(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("zerno: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
}

void die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("zerno: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
	exit(EXIT_LAUNCHER);
}

void *must_alloc(void *p)
{
	if (!p)
		die("out of memory");
	return p;
}

char *text(const char *fmt, ...)
{
	va_list ap;
	char *s;

	va_start(ap, fmt);
	if (vasprintf(&s, fmt, ap) < 0)
		die("out of memory");
	va_end(ap);
	return s;
}

bool ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), m = strlen(end);

	return n > m && !strcmp(s + n - m, end);
}

void list_add(char ***list, char *word)
{
	size_t n = 0;

	while (*list && (*list)[n])
		n++;
	*list = must_alloc(realloc(*list, (n + 2) * sizeof(char *)));
	(*list)[n] = word;
	(*list)[n + 1] = NULL;
}

void env_set(char ***list, char *word)
{
	size_t key = strcspn(word, "=") + 1;

	for (char **e = *list; e && *e; e++) {
		if (strncmp(*e, word, key) != 0)
			continue;
		*e = word;
		return;
	}
	list_add(list, word);
}

void usage_run(void)
{
	puts("usage: zerno run [options] [--] [command [argument...]]\n"
	     "Runs one program on Zerno in QEMU and exits with its status; without a command, a shell.\n"
	     "\n"
	     "  -m, --memory SIZE      memory of the machine (512M; a root on a disk or of this machine 1G)\n"
	     "  -c, --cpus N           processors (1)\n"
	     "  -e, --env NAME[=VALUE] environment of the command; without a value, the one it has here\n"
	     "  -w, --workdir DIR      directory the command starts in (/root)\n"
	     "  -v, --volume SRC:DST[:ro]  a directory of this machine, at DST (may be repeated)\n"
	     "  -u, --user USER[:GROUP]    who runs the command (root)\n"
	     "  -t, --tty              give the command a terminal (default: when stdin and stdout are one)\n"
	     "  -T, --no-tty           give it pipes\n"
	     "      --timeout SECONDS  end the machine after this time, with status 124\n"
	     "      --rootfs SPEC      host (default, or ZERNO_ROOTFS): this machine's files; busybox; a\n"
	     "                         directory; FILE.cpio[.gz]; an image of ext2, 3 or 4.  Made into\n"
	     "                         an image once, and kept: debian[:PACKAGE,...]; "
	     "FILE.tar[.gz|.xz|.zst];\n"
	     "                         oci:DIR[:TAG]; docker-archive:FILE.tar\n"
	     "      --rw               keep the changes to the image (else they are thrown away)\n"
	     "      --disk FILE[:ro|:snapshot]  a raw image as virtio disk: /dev/vda, the next one vdb (may\n"
	     "                         be repeated); snapshot: what is written is thrown away\n"
	     "      --swap SIZE        an empty swap area behind the other disks, labelled zerno-swap; it "
	     "is\n"
	     "                         thrown away (the kernel does not swap yet)\n"
	     "      --append WORDS     more words for the kernel's command line\n"
	     "      --machine M        microvm (default), q35 or pc\n"
	     "      --accel A          auto (default), kvm or tcg\n"
	     "      --kernel FILE      another kernel\n"
	     "      --qemu-arg WORDS   more arguments for QEMU (split at spaces; may be repeated)\n"
	     "      --console WHERE    also write the console's text to stderr, or to a file\n"
	     "      --dry-run          print the QEMU command and do not run it\n"
	     "  -q, --quiet            no messages of the launcher but errors\n"
	     "\n"
	     "Status: the command's own, 128+n when signal n killed it, 127 not found, 126 not executable,\n"
	     "125 failure of the launcher, QEMU or the kernel, 124 timeout.  With a terminal, Ctrl-A x ends "
	     "the machine.");
}

enum {
	O_TIMEOUT = 256,
	O_ROOTFS,
	O_APPEND,
	O_MACHINE,
	O_ACCEL,
	O_KERNEL,
	O_QEMU_ARG,
	O_CONSOLE,
	O_DRY_RUN,
	O_DISK,
	O_RW,
	O_SWAP,
	O_HELP
};
static const struct option long_options[] = {
	{ "memory", 1, NULL, 'm' },
	{ "cpus", 1, NULL, 'c' },
	{ "env", 1, NULL, 'e' },
	{ "workdir", 1, NULL, 'w' },
	{ "volume", 1, NULL, 'v' },
	{ "user", 1, NULL, 'u' },
	{ "tty", 0, NULL, 't' },
	{ "no-tty", 0, NULL, 'T' },
	{ "timeout", 1, NULL, O_TIMEOUT },
	{ "rootfs", 1, NULL, O_ROOTFS },
	{ "append", 1, NULL, O_APPEND },
	{ "disk", 1, NULL, O_DISK },
	{ "rw", 0, NULL, O_RW },
	{ "swap", 1, NULL, O_SWAP },
	{ "machine", 1, NULL, O_MACHINE },
	{ "accel", 1, NULL, O_ACCEL },
	{ "kernel", 1, NULL, O_KERNEL },
	{ "qemu-arg", 1, NULL, O_QEMU_ARG },
	{ "console", 1, NULL, O_CONSOLE },
	{ "dry-run", 0, NULL, O_DRY_RUN },
	{ "quiet", 0, NULL, 'q' },
	{ "help", 0, NULL, O_HELP },
	{ NULL, 0, NULL, 0 },
};

static bool one_of(const char *option, const char *value, const char *const *choices)
{
	for (const char *const *c = choices; *c; c++)
		if (!strcmp(*c, value))
			return true;
	complain("--%s %s: not known", option, value);
	return false;
}

static void add_env(struct options *o, const char *word)
{
	if (strchr(word, '='))
		list_add(&o->given, text("%s", word));
	else if (getenv(word))
		list_add(&o->given, text("%s=%s", word, getenv(word)));
}

static void add_qemu_args(struct options *o, const char *words)
{
	char *copy = text("%s", words);

	for (char *w = strtok(copy, " "); w; w = strtok(NULL, " "))
		list_add(&o->qemu_args, w);
}

static bool parse_cpus(struct options *o, const char *s)
{
	char *end;
	long n = strtol(s, &end, 10);

	if (*end || n < 1 || n > 64) {
		complain("--cpus %s: a number from 1 to 64 is wanted", s);
		return false;
	}
	o->cpus = (int)n;
	return true;
}

static bool parse_timeout(struct options *o, const char *s)
{
	char *end;

	o->timeout_s = strtod(s, &end);
	if (*end || !(o->timeout_s > 0) || o->timeout_s > 1e7) {
		complain("--timeout %s: seconds are wanted", s);
		return false;
	}
	return true;
}

/* Bytes; as for QEMU, a number alone is of MiB. */
static bool parse_size(const char *option, const char *s, unsigned long long *bytes)
{
	static const char suffixes[] = "KMGkmg";
	char *end;
	unsigned long long n = strtoull(s, &end, 10);
	const char *suffix = *end ? strchr(suffixes, *end) : suffixes + 1;

	if (end == s || !n || n >> 33 || *s == '-' || !suffix || (*end && end[1])) {
		complain("--%s %s: a size like 512M is wanted", option, s);
		return false;
	}
	*bytes = n << (10 * (1 + (suffix - suffixes) % 3));
	return true;
}

static bool parse_memory(struct options *o, const char *s)
{
	unsigned long long bytes;

	o->memory = s;
	return parse_size("memory", s, &bytes);
}

/* One option; false: it is wrong. */
static bool apply(struct options *o, int c, char *arg)
{
	static const char *const machines[] = { "microvm", "q35", "pc", NULL };
	static const char *const accels[] = { "auto", "kvm", "tcg", NULL };

	switch (c) {
	case 'm':
		return parse_memory(o, arg);
	case 'c':
		return parse_cpus(o, arg);
	case 'e':
		add_env(o, arg);
		return true;
	case 'w':
		o->workdir = arg;
		return true;
	case 'u':
		o->user = arg;
		return true;
	case 'v':
		list_add(&o->volumes, arg);
		return true;
	case 't':
		o->tty = TTY_YES;
		return true;
	case 'T':
		o->tty = TTY_NO;
		return true;
	case 'q':
		o->quiet = true;
		return true;
	case O_TIMEOUT:
		return parse_timeout(o, arg);
	case O_ROOTFS:
		o->rootfs = arg;
		return true;
	case O_APPEND:
		o->append = *o->append ? text("%s %s", o->append, arg) : arg;
		return true;
	case O_RW:
		o->keep = true;
		return true;
	case O_DISK:
		list_add(&o->disks, arg);
		return true;
	case O_SWAP:
		return parse_size("swap", arg, &o->swap);
	case O_MACHINE:
		o->machine = arg;
		return one_of("machine", arg, machines);
	case O_ACCEL:
		o->accel = arg;
		return one_of("accel", arg, accels);
	case O_KERNEL:
		o->kernel = arg;
		return true;
	case O_QEMU_ARG:
		add_qemu_args(o, arg);
		return true;
	case O_CONSOLE:
		o->console = arg;
		return true;
	case O_DRY_RUN:
		o->dry_run = true;
		return true;
	}
	return false;
}

int options_parse(struct options *o, int argc, char **argv)
{
	int c;

	*o = (struct options){ .memory = NULL,
		               .cpus = 1,
		               .machine = "microvm",
		               .accel = "auto",
		               .rootfs = getenv("ZERNO_ROOTFS") ? getenv("ZERNO_ROOTFS") : "host",
		               .append = "",
		               .workdir = "" };
	list_add(&o->env, text("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"));
	list_add(&o->env, text("HOME=/root"));
	list_add(&o->env, text("TERM=%s", getenv("TERM") ? getenv("TERM") : "linux"));
	optind = 1;
	while ((c = getopt_long(argc, argv, "+m:c:e:w:v:u:tTq", long_options, NULL)) != -1) {
		if (c == O_HELP) {
			usage_run();
			exit(0);
		}
		if (!apply(o, c, optarg)) {
			fputs("Try `zerno run --help`.\n", stderr);
			return EXIT_LAUNCHER;
		}
	}
	o->cmd = argv + optind;
	return 0;
}
