/* SPDX-License-Identifier: MIT
 *
 * tests/stress/fuzz_syscalls.c - calls every system call of the table with arguments nobody would use.
 *
 * usage: fuzz_syscalls SEED SECONDS [JOBS]
 *
 * An ordinary Linux program: what it survives on Linux it must survive on Zerno.  A child makes a few hundred
 * calls from kernel/syscall/syscalls.tbl (and some numbers that do not exist) with random and boundary values,
 * with pointers that are unmapped, misaligned, read-only, in kernel space or at the very end of a page, and
 * with good ones; half of the calls with arguments that make sense (fuzz_recipes.h), in one to three threads.
 * In a quarter of the children allocations fail at random.  Children may die of it; the parent starts the next one, and kills one that makes no progress.  JOBS of them run
 * side by side in the same directory.
 *
 * What would stop the test rather than test the kernel is kept from them: they own a session and a directory,
 * see no terminal but a pty of their own, signal nobody but themselves, and cannot reboot, become real-time, or raise their limits.
 * Prints `FUZZ calls=N children=N` at the end. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/utsname.h>
#include <dirent.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>
#include "fuzz_recipes.h"
#include "fuzz_table.h"

enum { CALLS_PER_CHILD = 400, SCRATCH = 64 * 1024, PAGE = 4096, STUCK_MS = 600, UID_NOBODY = 65534, ARENA_PAGES = 64, JOBS_MAX = 8 };
enum { NR_CALLS = sizeof fuzz_calls / sizeof fuzz_calls[0] };

static struct shared {
	unsigned long calls;
	unsigned long children;
} *shared; /* by all jobs; changed atomically */
static volatile unsigned long *my_calls; /* of this job: does its child make progress? */
static char dir[] = "/tmp/fuzz.XXXXXX";
static __thread uint64_t rng_state;
static char *scratch;   /* SCRATCH bytes, then an unmapped page */
static char *read_only; /* a page that cannot be written */
static char *const arena = (char *)0x20000000; /* ARENA_PAGES for mmap and its kin */
static char long_name[5000];
static pid_t self, victim;
static int knob = -1; /* /proc/self/fail-nth, in some children: allocations of the main thread fail */

static uint64_t rnd(void)
{
	rng_state ^= rng_state >> 12;
	rng_state ^= rng_state << 25;
	rng_state ^= rng_state >> 27;
	return rng_state * 0x2545f4914f6cdd1dULL;
}

static unsigned below(unsigned n)
{
	return (unsigned)(rnd() >> 33) % n;
}

static long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* ---- values ---- */

static uint64_t any_number(void)
{
	static const uint64_t edge[] = { 0, 1, 2, 3, 7, 8, 16, 63, 64, 65, 255, 256, 4095, 4096, 4097, 65535, 65536,
					 0x7fffffff, 0x80000000, 0xffffffff, 0x100000000, 0x7fffffffffffffff,
					 0x8000000000000000, -1ULL, -2ULL, -4096ULL, -100ULL };

	switch (below(4)) {
	case 0:
		return edge[below(sizeof edge / sizeof edge[0])];
	case 1:
		return below(64);
	case 2:
		return 1ULL << below(64) | (below(2) ? 1ULL << below(64) : 0);
	default:
		return rnd() >> below(64);
	}
}

static uint64_t bad_pointer(void)
{
	switch (below(9)) {
	case 0:
		return 0;
	case 1:
		return 1 + below(4095);
	case 2:
		return 0xffffffff80000000ULL + (rnd() & 0xffffff);
	case 3:
		return 0xffff888000000000ULL + (rnd() & 0xfffffff);
	case 4:
		return 0x00007ffffffff000ULL - below(64);
	case 5:
		return 0x0000800000000000ULL + below(4096);
	case 6:
		return (uint64_t)read_only + below(PAGE);
	case 7:
		return -1ULL - below(4096);
	default:
		return rnd();
	}
}

static uint64_t good_pointer(void)
{
	switch (below(4)) {
	case 0:
		return (uint64_t)scratch + SCRATCH - below(300); /* a struct may end beyond the last page */
	case 1:
		return (uint64_t)scratch + below(SCRATCH);
	default:
		return (uint64_t)scratch + (below(SCRATCH) & ~15u);
	}
}

static uint64_t any_pointer(void)
{
	return below(4) ? good_pointer() : bad_pointer();
}

/* Structs of all calls are made of small numbers, zeros and noise. */
static void fill_scratch(void)
{
	uint64_t *w = (uint64_t *)scratch;
	unsigned kind = below(4);

	for (unsigned i = 0; i < SCRATCH / sizeof *w; i += 1 + below(16)) {
		switch (kind) {
		case 0:
			w[i] = 0;
			break;
		case 1:
			w[i] = below(8);
			break;
		case 2:
			w[i] = below(2) ? good_pointer() : below(256);
			break;
		default:
			w[i] = any_number();
		}
	}
}

/* Names inside the own directory: for calls that change the tree. */
static const char *const own_names[] = { "a", "b", "c", "dir", "dir/x", "dir/y", "link", "fifo", "sock", ".", "dir/.", "",
					 "a/b", "missing/z", "loop" };
static const char *const any_names[] = { "/dev/null", "/dev/zero", "/dev/full", "/dev/urandom", "/dev/ptmx", "/proc/self/maps",
					 "/proc/self/status", "/proc/self/fd", "/proc/self/exe", "/proc/self/stat",
					 "/proc/meminfo", "/proc/mounts", "/proc/self/mem", "/proc/self/fdinfo",
					 "/proc/self/comm", "/proc/self/oom_score_adj", "/proc/self/task", "/proc/self/smaps",
					 "/proc/self/environ", "/proc/self/auxv", "/proc/self/cwd", "/proc/self/root",
					 "/proc/self/fd/3", "/proc/self/fdinfo/5", "/proc/thread-self/stat", "/proc/slabinfo",
					 "/proc/interrupts", "/proc/zerno/memory", "/proc/1/maps", "/proc/1/fd", "/proc",
					 "/dev/pts", "/dev/pts/0", "/dev/pts/1", "/dev/pts/ptmx", "/dev/tty", "/dev/fd" };
static const char *const words[] = { "tmpfs", "proc", "devpts", "none", "", "size=1k", "mode=700", "ext4", "x" };

static uint64_t string_pointer(const char *s)
{
	size_t n = strlen(s) + 1;
	char *at = scratch + below(SCRATCH - (unsigned)n);

	if (!below(3))
		at = scratch + SCRATCH - n; /* NUL is the last byte that is mapped */
	if (!below(20) && n > 1)
		n--; /* or there is no NUL */
	memcpy(at, s, n);
	return (uint64_t)at;
}

static uint64_t any_path(int own)
{
	unsigned k = below(20);

	if (k == 0)
		return bad_pointer();
	if (k == 1)
		return (uint64_t)(long_name + below(5000));
	if (k == 2)
		return (uint64_t)(long_name + sizeof long_name - 1 - (below(2) ? 255 : 256));
	if (own || k < 14)
		return string_pointer(own_names[below(sizeof own_names / sizeof own_names[0])]);
	return string_pointer(any_names[below(sizeof any_names / sizeof any_names[0])]);
}

static uint64_t any_vector(void)
{
	uint64_t *v = (uint64_t *)(scratch + (below(SCRATCH - 128) & ~7u));
	unsigned n = below(6);

	if (!below(4))
		return bad_pointer();
	for (unsigned i = 0; i < n; i++)
		v[i] = below(8) ? string_pointer(words[below(sizeof words / sizeof words[0])]) : bad_pointer();
	v[n] = 0;
	return (uint64_t)v;
}

static uint64_t any_address(void)
{
	switch (below(4)) {
	case 0:
		return 0;
	case 1:
		return (uint64_t)scratch + below(SCRATCH / PAGE) * PAGE;
	case 2:
		return 0x10000000ULL + (rnd() & 0xfffff000);
	default:
		return bad_pointer();
	}
}

static uint64_t any_size(void)
{
	return below(3) ? below(20000) : any_number();
}

static int any_fd(void)
{
	return below(8) ? (int)below(12) : (int)any_number();
}

static int is(const char *kind, const char *prefix)
{
	return !strncmp(kind, prefix, strlen(prefix));
}

static uint64_t make_argument(const char *kind, int own)
{
	if (!below(40))
		return rnd();
	if (is(kind, "dirfd"))
		return below(3) ? (uint64_t)AT_FDCWD : (uint64_t)any_fd();
	if (is(kind, "fd"))
		return (uint64_t)any_fd();
	if (is(kind, "path"))
		return any_path(own);
	if (!strcmp(kind, "str"))
		return below(4) ? string_pointer(words[below(sizeof words / sizeof words[0])]) : any_pointer();
	if (is(kind, "strv"))
		return any_vector();
	if (is(kind, "addr"))
		return any_address();
	if (is(kind, "size"))
		return any_size();
	if (is(kind, "pid"))
		return below(2) ? 0 : below(2) ? (uint64_t)self : 0x3fffffff;
	if (is(kind, "sig"))
		return below(8) ? below(66) : any_number();
	if (is(kind, "enum"))
		return below(4) ? below(48) : any_number();
	if (is(kind, "ioctl"))
		return below(4) ? 0x5401 + below(0x60) : any_number();
	if (is(kind, "mode"))
		return below(4) ? rnd() & 0177777 : any_number();
	if (is(kind, "ptr") || is(kind, "in:") || is(kind, "in[") || is(kind, "out") || is(kind, "inout"))
		return any_pointer();
	return any_number();
}

/* ---- arguments that make sense ---- */

static int main_pid; /* of the first process: what is older is not ours */

static void on_alarm(int sig)
{
	(void)sig;
}

/* What a handler returns to, when the action was set by the bare system call. */
void restorer(void);
__asm__("restorer: mov $15, %eax; syscall");

/* One number of the comma-separated list, or several ored. */
static uint64_t from_list(const char *list, int ored)
{
	uint64_t chosen = 0;
	unsigned n = 0;

	for (const char *p = list; *p; p += *p == ',') {
		char *end;
		uint64_t v = strtoull(p, &end, 0);
		if (ored)
			chosen |= below(2) ? v : 0;
		else if (below(++n) == 0)
			chosen = v;
		p = end;
	}
	return chosen;
}

/* n bytes in the scratch memory, for a struct. */
static void *place(const void *what, size_t n)
{
	char *at = scratch + (below(SCRATCH - 4096) & ~15u);

	memcpy(at, what, n);
	return at;
}

/* Without SIGALRM, which ends calls that sleep. */
static uint64_t signal_set(void)
{
	return (below(2) ? rnd() : 1ULL << below(64)) & ~(1ULL << (SIGALRM - 1));
}

static uint64_t any_action(void)
{
	static const uint64_t flags[] = { 1, 2, 4, 0x08000000, 0x10000000, 0x40000000, 0x80000000 };
	struct {
		uint64_t handler, flags, restorer, mask;
	} sa = { below(3) ? below(2) : (uint64_t)on_alarm, 0x04000000, (uint64_t)restorer, signal_set() };

	for (unsigned i = 0; i < sizeof flags / sizeof flags[0]; i++)
		sa.flags |= below(3) ? 0 : flags[i];
	return (uint64_t)place(&sa, sizeof sa);
}

static uint64_t any_iovecs(void)
{
	struct iovec v[8];

	for (unsigned i = 0; i < 8; i++)
		v[i] = (struct iovec){ (void *)any_pointer(), below(10) ? below(5000) : (size_t)any_number() };
	return (uint64_t)place(v, sizeof v);
}

/* A path of our own, or one of a few abstract names. */
static uint64_t any_socket_name(void)
{
	struct sockaddr_un a = { .sun_family = below(20) ? AF_UNIX : AF_UNSPEC };

	if (below(2))
		strcpy(a.sun_path, below(2) ? "sock" : "sock2");
	else
		a.sun_path[1] = (char)('a' + below(4));
	return (uint64_t)place(&a, sizeof a);
}

/* A message, perhaps with descriptors or credentials; the same for sendmmsg, which reads several. */
static uint64_t any_msghdr(void)
{
	struct {
		struct cmsghdr h;
		int data[8];
	} c = { { CMSG_LEN(4 * below(9)), SOL_SOCKET, 0 }, { 0 } };
	struct mmsghdr m[4];

	memset(m, 0, sizeof m);
	c.h.cmsg_type = below(4) ? SCM_RIGHTS : SCM_CREDENTIALS;
	if (!below(20))
		c.h.cmsg_len = any_number();
	for (unsigned i = 0; i < 8; i++)
		c.data[i] = any_fd();
	if (c.h.cmsg_type == SCM_CREDENTIALS) {
		c.h.cmsg_len = CMSG_LEN(12);
		c.data[0] = self;
		c.data[1] = c.data[2] = below(2) ? 0 : UID_NOBODY;
	}
	for (unsigned i = 0; i < 4; i++) {
		m[i].msg_hdr.msg_iov = (void *)any_iovecs();
		m[i].msg_hdr.msg_iovlen = below(6);
		m[i].msg_hdr.msg_name = below(3) ? NULL : (void *)any_socket_name();
		m[i].msg_hdr.msg_namelen = below(4) ? 4 : sizeof(struct sockaddr_un);
		m[i].msg_hdr.msg_control = below(3) ? place(&c, sizeof c) : NULL;
		m[i].msg_hdr.msg_controllen = below(10) ? sizeof c : any_number();
	}
	return (uint64_t)place(m, sizeof m);
}

static uint64_t any_pollfds(void)
{
	struct pollfd p[12];

	for (unsigned i = 0; i < 12; i++)
		p[i] = (struct pollfd){ any_fd(), (short)rnd(), 0 };
	return (uint64_t)place(p, sizeof p);
}

static uint64_t any_clone_args(void)
{
	uint64_t a[11] = { from_list("0,0x4100,0x4000,0x100000,0x1200000,0x600,0x100000000", 0), 0, good_pointer(), good_pointer(),
			   below(4) ? 17 : below(70) };

	return (uint64_t)place(a, sizeof a);
}

/* A time, an interval, a lock or a stack: words of the struct. */
static uint64_t any_words(char kind)
{
	uint64_t w[4] = { 0 };

	switch (kind) {
	case 'T':
		w[1] = below(2000000);
		w[3] = below(4) ? below(1000) : 0x3fffffff - below(2);
		break;
	case 'I':
		w[1] = below(5000);
		w[3] = below(5000);
		break;
	case 'J': /* type and whence, start, length, pid */
		w[0] = below(4) | below(3) << 16;
		w[1] = below(200);
		w[2] = below(200);
		break;
	default: /* stack: address, flags, size */
		w[0] = good_pointer();
		w[1] = below(4);
		w[2] = below(20000);
	}
	return (uint64_t)place(w, sizeof w);
}

static uint64_t any_epoll_event(void)
{
	struct {
		uint32_t events;
		uint64_t data;
	} __attribute__((packed)) e = { (uint32_t)(rnd() & 0xffff) | (below(2) ? 0 : 1u << (28 + below(4))), rnd() };

	return (uint64_t)place(&e, sizeof e);
}

/* value, signal and notify, then the thread */
static uint64_t any_sigevent(void)
{
	uint32_t w[16] = { 7, 7, from_list("17,18,23,28,34,40,65,0", 0), from_list("0,1,4,5", 0), (uint32_t)self };

	return below(4) ? (uint64_t)place(w, sizeof w) : 0;
}

/* A filter of a few instructions that refuses one call, or any number of bytes. */
static uint64_t any_bpf(void)
{
	struct insn {
		uint16_t code;
		uint8_t jt, jf;
		uint32_t k;
	} prog[] = { { 0x20, 0, 0, 0 }, { 0x15, 0, 1, below(460) }, { 6, 0, 0, 0x50000 + below(200) }, { 6, 0, 0, 0x7fff0000 } };
	struct {
		uint16_t len;
		uint64_t prog;
	} p = { 4, 0 };

	if (!below(4))
		for (int i = 0; i < 4; i++)
			prog[i].code = (uint16_t)below(256), prog[i].k = below(2) ? below(20) : (uint32_t)rnd();
	if (!below(8))
		prog[2].k = (uint32_t[]){ 0, 0x80000000, 0x30000, 0x7ff00000, 0x7ffc0000, 0x7fc00000 }[below(6)];
	p.prog = (uint64_t)place(prog, sizeof prog);
	return (uint64_t)place(&p, sizeof p);
}

static uint64_t make_from_recipe(const char *r)
{
	static const char *const attrs[] = { "user.a", "trusted.b", "trusted.x", "security.y", "system.posix_acl_access", "user.", "x" };
	static const char *const programs[] = { "/proc/self/exe", "/bin/busybox", "a", "dir", "fifo", "/dev/null", "/bin/true" };
	/* devtmpfs is one for all: what is made in it stays */
	static const char *const types[] = { "tmpfs", "proc", "devpts", "sysfs" };
	static const char *const dirs[] = { ".", "dir", "dir/y", "dir/." };
	uint64_t set = signal_set();

	switch (*r) {
	case '=':
		return strtoull(r + 1, NULL, 0);
	case '^':
		return from_list(r + 1, 0);
	case '|':
		return from_list(r + 1, 1);
	case 'A':
		return (uint64_t)arena + below(ARENA_PAGES) * PAGE;
	case 'L':
		return (1 + below(20)) * PAGE - (below(4) ? 0 : below(PAGE));
	case 'F':
		return below(20);
	case 'M':
		return any_msghdr();
	case 'U':
		return any_socket_name();
	case 'n':
		return any_path(1);
	case 'x':
		return any_path(0);
	case 'E':
		return string_pointer(programs[below(sizeof programs / sizeof programs[0])]);
	case 'Y':
		return string_pointer(types[below(sizeof types / sizeof types[0])]);
	case 'd':
		return string_pointer(dirs[below(sizeof dirs / sizeof dirs[0])]);
	case 'W':
		return string_pointer(words[below(sizeof words / sizeof words[0])]);
	case 'v':
		return any_vector();
	case 'P':
		return good_pointer();
	case '0':
		return below(2) ? 0 : good_pointer();
	case 'o':
		return below(3) ? below(20) * PAGE : below(100000);
	case 'S':
		return below(2) ? 0 : (uint64_t)self;
	case 's':
		return 1 + below(64);
	case 'G':
		return (uint64_t)place(&set, sizeof set);
	case 'H':
		return any_action();
	case 'V':
		return any_iovecs();
	case 'O':
		return any_pollfds();
	case 'e':
		return any_epoll_event();
	case 'g':
		return any_sigevent();
	case 'Q':
		return below(20) ? (uint64_t)scratch + below(4) * 8 : (uint64_t)arena + below(ARENA_PAGES) * PAGE;
	case 'N':
		return below(6);
	case 'q':
		return string_pointer(attrs[below(sizeof attrs / sizeof attrs[0])]);
	case 'C':
		return any_clone_args();
	case 'k':
		return below(8) ? (uint64_t)victim : (uint64_t)self;
	case 'X':
		return any_bpf();
	default:
		return any_words(*r);
	}
}

/* ---- what a child may do ---- */

static int named(const char *name, const char *const *list)
{
	for (; *list; list++)
		if (!strcmp(name, *list))
			return 1;
	return 0;
}

/* These change the tree of names: only inside the own directory. */
static const char *const tree_calls[] = { "mount", "umount2", "unlink", "unlinkat", "rmdir", "rename", "renameat", "renameat2",
					  "mkdir", "mkdirat", "mknod", "mknodat", "symlink", "symlinkat", "link", "linkat",
					  "chdir", "chroot", "chmod", "fchmodat", "chown", "lchown", "fchownat", "truncate",
					  "creat", NULL };
static const char *const kill_calls[] = { "kill", "tkill", "tgkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo", NULL };
/* reboot: the capability is gone, but why try our luck.  pivot_root moves everybody's root; syslog(2) could silence the
 * console on which a panic would be seen. */
static const char *const never_calls[] = { "reboot", "pivot_root", "syslog", NULL };
static const char *const rare_calls[] = { "exit", "exit_group", "rt_sigreturn", "vhangup", "munmap", "close_range",
					  "setuid", "setresuid", "setreuid", NULL };

static int safe(const struct fuzz_call *c, uint64_t a[6])
{
	if (named(c->name, kill_calls)) {
		a[0] = below(4) ? (uint64_t)self : 0x3fffffff;
		if (c->nargs > 2 && is(c->kind[1], "pid"))
			a[1] = below(4) ? (uint64_t)self : 0x3fffffff;
		if (below(8)) /* most do not end us */
			a[is(c->kind[1], "pid") ? 2 : 1] = from_list("0,17,18,23,28", 0);
	}
	/* the priority of "all processes of user 0" is not ours to change */
	if (!strcmp(c->name, "setpriority"))
		a[1] = (uint64_t)self;
	if (!strcmp(c->name, "setpriority") && (int)a[0] == 2)
		a[0] = 0;
	if (!strcmp(c->name, "ioctl") && (uint32_t)a[1] == 0x540e)
		a[1] = 0x5401; /* no controlling terminal */
	if (!strcmp(c->name, "prlimit64"))
		a[0] = 0;
	if (!strcmp(c->name, "ptrace")) /* its memory, too, is the others' otherwise */
		a[1] = (uint64_t)(below(8) ? victim : self);
	if (!strncmp(c->name, "process_vm_", 11))
		a[0] = (uint64_t)(below(2) ? victim : self);
	if (!strcmp(c->name, "mount") && a[3] & MS_REMOUNT)
		a[3] &= ~(uint64_t)MS_RDONLY; /* of /proc there is one for all */
	return 1;
}

/* The call itself.  What fork and clone make ends at once, without touching a stack that may not be one. */
static long raw_call(long nr, const uint64_t a[6], int forks)
{
	register uint64_t r10 __asm__("r10") = a[3];
	register uint64_t r8 __asm__("r8") = a[4];
	register uint64_t r9 __asm__("r9") = a[5];
	long ret;

	if (forks)
		__asm__ volatile("syscall; test %%rax, %%rax; jnz 1f; mov $60, %%eax; xor %%edi, %%edi; syscall; 1:"
				 : "=a"(ret)
				 : "a"(nr), "D"(a[0]), "S"(a[1]), "d"(a[2]), "r"(r10), "r"(r8), "r"(r9)
				 : "rcx", "r11", "memory");
	else
		__asm__ volatile("syscall"
				 : "=a"(ret)
				 : "a"(nr), "D"(a[0]), "S"(a[1]), "d"(a[2]), "r"(r10), "r"(r8), "r"(r9)
				 : "rcx", "r11", "memory");
	return ret;
}

/* A call may sleep: a signal ends it after 5 ms, whatever the last calls did to masks and handlers. */
static void arm_alarm(void)
{
	struct sigaction sa = { .sa_handler = on_alarm };
	struct itimerval it = { .it_value = { 0, 5000 }, .it_interval = { 0, 5000 } };
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	sigaction(SIGALRM, &sa, NULL);
	setitimer(ITIMER_REAL, &it, NULL);
}

static void count_call(void)
{
	__atomic_fetch_add(&shared->calls, 1, __ATOMIC_RELAXED);
	++*my_calls;
}

static void fail_soon(void)
{
	char text[16];
	int len = snprintf(text, sizeof text, "%u", below(3) ? 1 + below(12) : 0);

	pwrite(knob, text, (size_t)len, 0);
}

static const struct recipe *find_recipe(const char *name)
{
	unsigned first = below(NR_RECIPES); /* one name may have several */

	for (unsigned i = 0; i < NR_RECIPES; i++)
		if (!strcmp(recipes[(first + i) % NR_RECIPES].name, name))
			return &recipes[(first + i) % NR_RECIPES];
	return NULL;
}

static void one_call(void)
{
	unsigned i = below(NR_CALLS + 8);
	uint64_t a[6];

	if (i >= NR_CALLS) { /* no such call */
		for (int k = 0; k < 6; k++)
			a[k] = below(2) ? any_number() : any_pointer();
		count_call();
		raw_call(below(2) ? 500 + below(10000) : (long)(rnd() | 1UL << 62), a, 0);
		return;
	}
	const struct fuzz_call *c = &fuzz_calls[i];
	const struct recipe *r = below(2) ? find_recipe(c->name) : NULL;
	if (named(c->name, never_calls) || (named(c->name, rare_calls) && below(30) && !(r && is(c->name, "munmap"))))
		return;
	if (!below(4))
		fill_scratch();
	for (int k = 0; k < 6; k++)
		if (r && r->arg[k] && below(30))
			a[k] = make_from_recipe(r->arg[k]);
		else
			a[k] = k < c->nargs ? make_argument(c->kind[k], named(c->name, tree_calls)) : rnd();
	if (!safe(c, a))
		return;
	count_call();
	if (knob >= 0)
		fail_soon();
	raw_call(c->nr, a, is(c->name, "fork") || is(c->name, "vfork") || is(c->name, "clone") || is(c->name, "clone3"));
}

/* A real child that goes on for a while, with copies of all that we have. */
static void fork_and_call(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		for (int i = 0; i < 10; i++) {
			for (int p = 0; p < ARENA_PAGES; p += 1 + (int)below(16))
				syscall(SYS_getrandom, arena + p * PAGE, 8, 0); /* writes, where it can */
			arm_alarm();
			one_call();
		}
		_exit(0);
	}
	if (pid > 0 && below(2))
		waitpid(pid, NULL, below(2) ? WNOHANG : 0);
}

static void limit(int what, rlim_t n)
{
	struct rlimit r = { n, n };

	setrlimit(what, &r);
}

static void drop_capability(int cap)
{
	struct {
		uint32_t version;
		int pid;
	} h = { 0x20080522, 0 };
	struct {
		uint32_t effective, permitted, inheritable;
	} d[2] = { 0 };

	if (syscall(SYS_capget, &h, d))
		return;
	d[cap / 32].effective &= ~(1u << cap % 32);
	d[cap / 32].permitted &= ~(1u << cap % 32);
	syscall(SYS_capset, &h, d);
	prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);
}

/* A child that does nothing, to be traced and written to. */
static void make_victim(void)
{
	victim = fork();
	if (victim == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
		for (;;)
			pause();
	}
	if (below(2))
		ptrace(PTRACE_SEIZE, victim, NULL, NULL);
	if (below(2))
		ptrace(PTRACE_INTERRUPT, victim, NULL, NULL);
}

/* A pty; half of the children have its slave as controlling terminal. */
static void open_terminal(void)
{
	int nr = 0, locked = 0, master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK);
	char name[32];

	ioctl(master, TIOCSPTLCK, &locked);
	if (ioctl(master, TIOCGPTN, &nr))
		return;
	snprintf(name, sizeof name, "/dev/pts/%d", nr);
	open(name, O_RDWR | O_NONBLOCK | (below(2) ? O_NOCTTY : 0));
}

static void child_setup(int privileged)
{
	enum { SYS_BOOT = 22, SYS_NICE = 23, SYS_RESOURCE = 24, SYSLOG = 34 };
	int null;

	setsid();
	self = getpid();
	if (chdir(dir))
		_exit(1);
	null = open("/dev/null", O_RDWR);
	for (int fd = 0; fd < 3; fd++)
		dup2(null, fd);
	limit(RLIMIT_AS, 96 << 20);
	limit(RLIMIT_FSIZE, 1 << 20);
	limit(RLIMIT_NOFILE, 64);
	limit(RLIMIT_CORE, 0);
	limit(RLIMIT_SIGPENDING, 100);
	if (!below(4)) {
		int fd = open("/proc/self/fail-nth", O_RDWR | O_CLOEXEC); /* needs CAP_SYS_RESOURCE */
		knob = fcntl(fd, F_DUPFD_CLOEXEC, 40 + (int)below(20));
		close(fd);
	}
	prctl(PR_CAPBSET_DROP, SYS_NICE, 0, 0, 0);
	drop_capability(SYS_BOOT);
	drop_capability(SYS_NICE);
	drop_capability(SYSLOG);
	drop_capability(SYS_RESOURCE);
	if (!privileged && (setgid(UID_NOBODY) || setuid(UID_NOBODY)))
		_exit(1);
	int file = open("a", O_RDWR | O_CREAT, 0777);
	write(file, "#!/bin/true word\n", 17);
	mkdir("dir", 0777);
	open("dir", O_RDONLY | O_DIRECTORY);
	symlink("a", "link");
	symlink("loop", "loop");
	mkfifo("fifo", 0666);
	int p[2];
	if (pipe2(p, O_NONBLOCK))
		_exit(1);
	open_terminal();
	make_victim();
	for (int type = SOCK_STREAM; type <= SOCK_DGRAM; type++)
		if (socketpair(AF_UNIX, type | SOCK_NONBLOCK, 0, p))
			_exit(1);
	open("/proc/self/stat", O_RDONLY);
	epoll_create1(0);
	epoll_create1(0);
	eventfd(0, EFD_NONBLOCK);
	timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
}

static void *calls(void *seed)
{
	if (seed)
		rng_state = (uint64_t)seed;
	for (int i = 0; i < CALLS_PER_CHILD; i++) {
		arm_alarm();
		if (below(100))
			one_call();
		else
			fork_and_call();
	}
	return NULL;
}

static void child(uint64_t seed, int privileged)
{
	rng_state = seed * 0x9e3779b97f4a7c15ULL | 1;
	child_setup(privileged);
	scratch = mmap(NULL, SCRATCH + PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	read_only = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (scratch == MAP_FAILED || read_only == MAP_FAILED || munmap(scratch + SCRATCH, PAGE))
		_exit(1);
	mmap(arena, ARENA_PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	for (unsigned threads = below(4) ? 0 : 1 + below(2); threads; threads--) {
		pthread_t t;
		pthread_create(&t, NULL, calls, (void *)(rnd() | 1));
	}
	calls(NULL);
	_exit(0);
}

/* ---- the parent ---- */

/* Reaps one child, or a thread of it that we trace since it asked for that: its process would stay without us.
 * Traced ones that stop go on.  Whether `pid` has ended. */
static int reap(pid_t pid, int *found)
{
	int status;
	pid_t got = waitpid(-1, &status, WNOHANG | __WALL);

	*found = got > 0;
	if (got > 0 && WIFSTOPPED(status))
		ptrace(PTRACE_CONT, got, NULL, NULL);
	return got < 0 || (got == pid && !WIFSTOPPED(status));
}

/* Those that left their session and lost their parent: else they go on, and make others.  How many there were. */
static int kill_strays(void)
{
	int found = 0, pid, parent;
	char path[64], state;
	struct dirent *e;
	DIR *d = opendir("/proc");

	while (d && (e = readdir(d))) {
		pid = atoi(e->d_name);
		if (pid <= main_pid)
			continue;
		snprintf(path, sizeof path, "/proc/%d/stat", pid);
		FILE *f = fopen(path, "r");
		if (!f)
			continue;
		/* its name may hold anything but the last ')' */
		if (fscanf(f, "%*d (%*[^)]) %c %d", &state, &parent) == 2 && parent == 1 && state != 'Z')
			found += kill(pid, SIGKILL) == 0;
		fclose(f);
	}
	if (d)
		closedir(d);
	return found;
}

/* Until the child has ended; one that hangs (asleep, stopped) is killed. */
static void wait_child(pid_t pid)
{
	unsigned long seen = *my_calls;
	long since = now_ms();
	int found;

	while (!reap(pid, &found)) {
		if (*my_calls != seen) {
			seen = *my_calls;
			since = now_ms();
		} else if (now_ms() - since > STUCK_MS) {
			kill(pid, SIGKILL);
		}
		if (!found)
			usleep(1000);
	}
	kill(-pid, SIGKILL); /* what is left of its session */
	kill_strays();
	do
		reap(pid, &found);
	while (found);
}

/* How many younger processes there are: killed ones take their time to go. */
static int descendants(void)
{
	int found = 0;
	struct dirent *e;
	DIR *d = opendir("/proc");

	while (d && (e = readdir(d)))
		found += atoi(e->d_name) > main_pid;
	if (d)
		closedir(d);
	return found;
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path), 0; /* what is still busy stays */
}

/* System V's segments outlive who made them. */
/* What a child has written on a device or a program stays when its own folder goes. */
static int remove_attributes(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	static char names[65536];
	ssize_t n = llistxattr(path, names, sizeof names);

	(void)st, (void)flag, (void)ftw;
	for (ssize_t at = 0; at < n; at += (ssize_t)strlen(names + at) + 1)
		lremovexattr(path, names + at);
	return 0;
}

static void remove_segments(void)
{
	struct shmid_ds st;

	for (int slot = 0; slot < 32768; slot++) {
		int id = shmctl(slot, SHM_STAT, &st);
		if (id >= 0)
			shmctl(id, IPC_RMID, NULL);
	}
}

static void clean_up(void)
{
	char line[1024], mnt[600];

	for (int again = 0; again < 50; again++) {
		FILE *f = fopen("/proc/self/mounts", "r");
		int found = 0;
		if (!f)
			break;
		while (fgets(line, sizeof line, f))
			if (sscanf(line, "%*s %599s", mnt) == 1 && is(mnt, dir))
				found += umount2(mnt, MNT_DETACH) == 0;
		fclose(f);
		if (!found)
			break;
	}
	nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void job(uint64_t seed, long end, unsigned number)
{
	for (unsigned n = 0; now_ms() < end; n++) {
		if (n % 64 == 63 && number == 0)
			clean_up();
		mkdir(dir, 0777);
		chmod(dir, 0777); /* the last child may have changed it */
		pid_t pid = fork();
		if (pid == 0)
			child(seed + n, n % 2 == 0);
		if (pid < 0) {
			perror("fork");
			usleep(100000);
			continue;
		}
		wait_child(pid);
		__atomic_fetch_add(&shared->children, 1, __ATOMIC_RELAXED);
	}
}

/* A child may execute this program, with our own arguments too: there is one fuzzer at a time.  An abstract name is
 * nothing that a child could take away. */
static int is_second(void)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX, .sun_path = "\0fuzz_syscalls" };
	int s = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	return s < 0 || bind(s, (struct sockaddr *)&name, sizeof name);
}

int main(int argc, char **argv)
{
	unsigned jobs = argc > 3 ? (unsigned)atoi(argv[3]) : 1;
	uint64_t seed;
	long end;

	if (argc < 3 || !strtoul(argv[1], NULL, 0) || jobs < 1 || jobs > JOBS_MAX || is_second())
		return 2;
	struct utsname system;
	if (geteuid() == 0 && (uname(&system) || !strstr(system.release, "-zerno")))
		return fputs("fuzz_syscalls: not as root on a machine that is used: it sets the clock, owners of devices, names\n", stderr), 1;
	main_pid = getpid();
	seed = strtoull(argv[1], NULL, 0);
	end = now_ms() + 1000 * strtol(argv[2], NULL, 0);
	/* far from everything: a call may write from the scratch memory into what another has mapped behind it */
	shared = mmap((void *)0x600000000000, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED || !mkdtemp(dir) || chmod(dir, 0777))
		return perror("fuzz_syscalls"), 1;
	memset(long_name, 'n', sizeof long_name - 1);
	mkdir("/dev/pts", 0755);
	mount("devpts", "/dev/pts", "devpts", 0, NULL);
	for (unsigned i = 0; i < jobs; i++) {
		my_calls = (unsigned long *)(shared + 1) + i;
		if (i + 1 < jobs && fork())
			continue;
		job(seed + 1000000 * i, end, i);
		if (i + 1 < jobs)
			_exit(0);
	}
	while (waitpid(-1, NULL, __WALL) > 0)
		;
	for (int i = 0; i < 100 && kill_strays(); i++)
		usleep(100000);
	for (int i = 0; i < 100 && descendants(); i++)
		usleep(100000);
	clean_up();
	remove_segments();
	if (access(dir, F_OK) == 0)
		printf("# fuzz_syscalls: cannot remove %s: %s\n", dir, rmdir(dir) ? strerror(errno) : "late");
	/* A child may have taken devpts away, and others then have made files of these names. */
	while (umount2("/dev/pts", MNT_DETACH) == 0)
		;
	nftw("/dev/pts", remove_one, 16, FTW_DEPTH | FTW_PHYS);
	nftw("/", remove_attributes, 16, FTW_MOUNT | FTW_PHYS);
	nftw("/dev", remove_attributes, 16, FTW_MOUNT | FTW_PHYS);
	mkdir("/dev/pts", 0755);
	printf("FUZZ calls=%lu children=%lu\n", shared->calls, shared->children);
	return 0;
}
