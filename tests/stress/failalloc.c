/* SPDX-License-Identifier: MIT
 *
 * tests/stress/failalloc.c - each allocation of a system call fails once; nothing may break or leak.
 *
 * usage: failalloc [NAME...]
 *
 * For each operation and n = 1, 2, 3, ... a child prepares, writes n to /proc/self/fail-nth (the n-th page or slab
 * allocation from now on fails) and does the operation, until it succeeds without the knob having fired.  Each
 * failure must be a clean errno (or, in exec beyond the point of no return and at a page fault, the end of the child
 * by a signal).  tests/stress/leakcheck runs all of it and compares the kernel's used pages and slab objects. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

enum { ROUNDS_MAX = 3000, PAGE = 4096, BIG = 50000, NAME_LONG = 200 };
enum try_result { DONE, FAILED, WRONG };
/* Exit statuses of a child. */
enum { ST_DONE, ST_FAILED, ST_KNOB = 90, ST_SETUP, ST_ERRNO = 100 };

static int knob = -1;
static char big[BIG];
static char dir[] = "/tmp/failalloc", long_name[NAME_LONG + 1], long_name2[NAME_LONG + 1];

static void fail_nth(int n)
{
	char text[16];
	int len = snprintf(text, sizeof text, "%d", n);

	if (pwrite(knob, text, (size_t)len, 0) != len)
		_exit(ST_KNOB);
}

/* What is left of the count: 0 = it has fired. */
static int left(void)
{
	char text[16] = "";

	if (pread(knob, text, sizeof text - 1, 0) <= 0)
		_exit(ST_KNOB);
	return atoi(text);
}

static void must(int ok)
{
	if (!ok)
		_exit(ST_SETUP);
}

/* Closes fd and keeps errno. */
static void close_quietly(int fd)
{
	int e = errno;

	close(fd);
	errno = e;
}

/* ---- the operations: each returns 0, or -1 with errno ---- */

static int wait_for(pid_t p)
{
	int st;

	if (p < 0)
		return -1;
	return waitpid(p, &st, 0) == p ? 0 : -1;
}

static int op_fork(void)
{
	pid_t p = fork();

	if (p == 0)
		_exit(0);
	return wait_for(p);
}

static int op_vfork(void)
{
	pid_t p = vfork();

	if (p == 0)
		_exit(0);
	return wait_for(p);
}

/* A few hundred areas: every second page has another protection; and mapped files. */
static void setup_many_vmas(void)
{
	char *p = mmap(NULL, 400 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd = open("/proc/self/exe", O_RDONLY);

	must(p != MAP_FAILED && fd >= 0);
	for (int i = 0; i < 400; i++) {
		p[i * PAGE] = 1;
		if (i % 2)
			must(!mprotect(p + i * PAGE, PAGE, PROT_READ));
	}
	for (int i = 0; i < 10; i++)
		must(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0) != MAP_FAILED);
	must(mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0) != MAP_FAILED);
}

static void setup_many_fds(void)
{
	for (int i = 0; i < 300; i++)
		must(dup(0) >= 0);
}

/* What was executed says whether the knob fired: main() with the argument "left". */
static int op_exec(void)
{
	char *argv[] = { "failalloc", "left", NULL }, *envp[] = { NULL };

	return execve("/proc/self/exe", argv, envp);
}

static int op_exec_long(void)
{
	static char *argv[200], *envp[200];

	argv[0] = "failalloc";
	argv[1] = "left";
	for (int i = 2; i < 199; i++)
		argv[i] = big + (BIG - 1 - 2000);
	for (int i = 0; i < 199; i++)
		envp[i] = big + (BIG - 1 - 100);
	return execve("/proc/self/exe", argv, envp);
}

static void setup_script(void)
{
	int fd = open("script", O_CREAT | O_WRONLY, 0755);
	static const char text[] = "#! /tests/failalloc left\n";

	must(fd >= 0 && write(fd, text, sizeof text - 1) > 0 && !close(fd));
}

static int op_exec_script(void)
{
	char *argv[] = { "script", NULL }, *envp[] = { NULL };

	return execve("./script", argv, envp);
}

static int op_mmap(void)
{
	char *p = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return -1;
	return munmap(p, 1 << 20);
}

static int op_mmap_populate(void)
{
	char *p = mmap(NULL, 1 << 16, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (p == MAP_FAILED)
		return -1;
	return munmap(p, 1 << 16);
}

static int op_mmap_shared(void)
{
	char *p = mmap(NULL, 1 << 16, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (p == MAP_FAILED)
		return -1;
	p[5 * PAGE] = 1;
	return munmap(p, 1 << 16);
}

static int op_mmap_file(void)
{
	int fd = open("data", O_RDWR | O_CREAT, 0600);
	char *p;

	if (fd < 0)
		return -1;
	if (ftruncate(fd, 8 * PAGE)) {
		close_quietly(fd);
		return -1;
	}
	p = mmap(NULL, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	close_quietly(fd);
	if (p == MAP_FAILED)
		return -1;
	if (read(-1, p, 1) < 0 && mprotect(p + PAGE, PAGE, PROT_READ) < 0)
		return -1;
	p[0] = 1; /* a private copy of a page of the file */
	return munmap(p + 3 * PAGE, PAGE); /* splits the area */
}

static char *area;
static void setup_area(void)
{
	area = mmap(NULL, 16 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	must(area != MAP_FAILED);
	memset(area, 1, 16 * PAGE);
}

static void setup_hole(void)
{
	setup_area();
	must(!munmap(area, PAGE));
}

static int op_mremap(void)
{
	char *to = mmap(NULL, 4 << 20, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (to == MAP_FAILED)
		return -1;
	to = (char *)(((unsigned long)to + (2 << 20) - 1) & ~((2UL << 20) - 1)); /* needs its own page table */
	if (mremap(area + 4 * PAGE, 4 * PAGE, 8 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, to) == MAP_FAILED)
		return -1;
	return mremap(to, 8 * PAGE, PAGE, 0) == MAP_FAILED ? -1 : 0;
}

/* Right in front of what stays: the two look like one mapping that was cut. */
static int op_mremap_beside(void)
{
	return mremap(area + PAGE, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, area) == MAP_FAILED ? -1 : 0;
}

static int op_mprotect(void)
{
	return mprotect(area + 5 * PAGE, PAGE, PROT_READ);
}

static int op_brk(void)
{
	void *now = (void *)syscall(SYS_brk, 0), *wanted = (char *)now + 64 * PAGE;

	if ((void *)syscall(SYS_brk, wanted) != wanted) {
		errno = ENOMEM;
		return -1;
	}
	return (void *)syscall(SYS_brk, now) == now ? 0 : -1;
}

static int op_mlock(void)
{
	return mlock(area + PAGE, 2 * PAGE);
}

static int op_open(void)
{
	int fd = open("file", O_CREAT | O_RDWR, 0600);

	if (fd < 0)
		return -1;
	close(fd);
	return unlink("file");
}

static int op_tmpfile(void)
{
	int fd = open(".", O_TMPFILE | O_RDWR, 0600), r;

	if (fd < 0)
		return -1;
	r = linkat(AT_FDCWD, "/proc/self/fd/0", AT_FDCWD, "none", 0) && errno == ENOMEM ? -1 : 0;
	close_quietly(fd);
	return r;
}

static int op_pipe(void)
{
	int p[2];
	ssize_t r;

	if (pipe(p) < 0)
		return -1;
	r = write(p[1], big, 3 * PAGE);
	close_quietly(p[0]);
	close_quietly(p[1]);
	if (r > 0 && r < 3 * PAGE)
		errno = ENOMEM; /* a short write is a clean answer too */
	return r == 3 * PAGE ? 0 : -1;
}

static int op_pipe_size(void)
{
	int p[2], r;

	if (pipe(p) < 0)
		return -1;
	r = fcntl(p[1], F_SETPIPE_SZ, 1 << 18) < 0 ? -1 : 0;
	close_quietly(p[0]);
	close_quietly(p[1]);
	return r;
}

static int op_write(void)
{
	int fd = open("data", O_CREAT | O_RDWR, 0600);
	ssize_t r;

	if (fd < 0)
		return -1;
	r = write(fd, big, BIG);
	close_quietly(fd);
	if (r > 0 && r < BIG)
		errno = ENOSPC;
	return r == BIG ? 0 : -1;
}

static int op_writev(void)
{
	struct iovec v[100];
	int fd = open("data", O_CREAT | O_RDWR, 0600);
	ssize_t r;

	if (fd < 0)
		return -1;
	for (int i = 0; i < 100; i++)
		v[i] = (struct iovec){ big, 100 };
	r = writev(fd, v, 100);
	close_quietly(fd);
	if (r > 0 && r < 10000)
		errno = ENOSPC;
	return r == 10000 ? 0 : -1;
}

static int op_truncate(void)
{
	int fd = open("data", O_CREAT | O_RDWR, 0600), r;

	if (fd < 0)
		return -1;
	errno = ENOSPC; /* of a short write */
	r = ftruncate(fd, 1 << 20) || pwrite(fd, big, 100, (1 << 20) - 50) != 100 || ftruncate(fd, 3 * PAGE + 7) ||
	    fallocate(fd, 0, 0, 8 * PAGE);
	close_quietly(fd);
	return r ? -1 : 0;
}

static int op_sendfile(void)
{
	int in = open("/proc/self/exe", O_RDONLY), out = open("data", O_CREAT | O_WRONLY, 0600);
	ssize_t r = in < 0 || out < 0 ? -1 : sendfile(out, in, NULL, 5 * PAGE);

	close_quietly(in);
	close_quietly(out);
	if (r > 0 && r < 5 * PAGE)
		errno = ENOSPC;
	return r == 5 * PAGE ? 0 : -1;
}

static int op_mkdir(void)
{
	if (mkdir("dir", 0700) < 0 || mkdir("dir/below", 0700) < 0)
		return -1;
	return rmdir("dir/below") || rmdir("dir") ? -1 : 0;
}

static int op_symlink(void)
{
	char text[PAGE];

	if (symlink(long_name, "link") < 0 || readlink("link", text, sizeof text) < 0)
		return -1;
	return open("link", O_RDONLY) < 0 && errno != ENOENT ? -1 : unlink("link");
}

static void setup_file(void)
{
	int fd = open("file", O_CREAT | O_RDWR, 0600);

	must(fd >= 0 && !close(fd));
}

static int op_rename(void)
{
	if (rename("file", long_name) < 0 || link(long_name, long_name2) < 0)
		return -1;
	if (syscall(SYS_renameat2, AT_FDCWD, long_name, AT_FDCWD, long_name2, 2 /* RENAME_EXCHANGE */) < 0)
		return -1;
	return unlink(long_name) || unlink(long_name2) ? -1 : 0;
}

static int op_mknod(void)
{
	if (mkfifo("fifo", 0600) < 0)
		return -1;
	int fd = open("fifo", O_RDWR | O_NONBLOCK);
	if (fd < 0)
		return -1;
	ssize_t r = write(fd, "x", 1);
	close_quietly(fd);
	return r == 1 ? unlink("fifo") : -1;
}

static int op_getdents(void)
{
	char buf[2048];
	int fd = open("/proc/self/fd", O_RDONLY | O_DIRECTORY);
	long n;

	if (fd < 0)
		return -1;
	while ((n = syscall(SYS_getdents64, fd, buf, sizeof buf)) > 0)
		;
	close_quietly(fd);
	return n < 0 ? -1 : 0;
}

static int op_getcwd(void)
{
	char buf[PAGE];

	return mkdir(long_name, 0700) || chdir(long_name) || !getcwd(buf, sizeof buf) ? -1 : 0;
}

static int op_dup(void)
{
	return fcntl(0, F_DUPFD, 900) < 0 || dup2(0, 1000) < 0 ? -1 : 0;
}

static int op_mount(void)
{
	if (mount("tmpfs", "mnt", "tmpfs", 0, "size=64k,mode=700") < 0)
		return -1;
	if (mount("mnt", "bound", NULL, MS_BIND | MS_REC, NULL) < 0)
		return -1;
	return umount2("bound", 0) || umount2("mnt", 0) ? -1 : 0;
}

static int op_mount_proc(void)
{
	return mount("proc", "mnt", "proc", 0, NULL) || umount2("mnt", 0) ? -1 : 0;
}

static int op_pty(void)
{
	char slave_name[32];
	int unlocked = 0, nr, r, slave, master = open("/dev/ptmx", O_RDWR | O_NOCTTY);

	if (master < 0)
		return -1;
	r = ioctl(master, TIOCSPTLCK, &unlocked) || ioctl(master, TIOCGPTN, &nr);
	if (!r) {
		snprintf(slave_name, sizeof slave_name, "/dev/pts/%d", nr);
		slave = open(slave_name, O_RDWR | O_NOCTTY);
		r = slave < 0 || write(master, "hello\n", 6) != 6 || read(slave, slave_name, 6) != 6;
		close_quietly(slave);
	}
	close_quietly(master);
	return r ? -1 : 0;
}

static void setup_signals(void)
{
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
}

static int op_sigqueue(void)
{
	for (int i = 0; i < 5; i++)
		if (sigqueue(getpid(), SIGRTMIN + 3, (union sigval){ .sival_int = i }) < 0)
			return -1;
	return 0;
}

static void on_alarm(int sig)
{
	(void)sig;
}

static int op_timers(void)
{
	struct sigaction sa = { .sa_handler = on_alarm };
	struct itimerval it = { .it_value = { 0, 1000 } };
	struct timespec ts = { 0, 3000000 };

	if (sigaction(SIGALRM, &sa, NULL) < 0 || setitimer(ITIMER_REAL, &it, NULL) < 0)
		return -1;
	return nanosleep(&ts, NULL) && errno != EINTR ? -1 : 0;
}

static int read_all(const char *path)
{
	ssize_t n;
	int fd = open(path, O_RDONLY);

	if (fd < 0)
		return -1;
	while ((n = read(fd, big, BIG)) > 0)
		;
	close_quietly(fd);
	return n < 0 ? -1 : 0;
}

static int op_proc(void)
{
	static const char *const names[] = { "/proc/self/maps", "/proc/self/smaps", "/proc/self/status", "/proc/self/stat",
		"/proc/self/cmdline", "/proc/self/environ", "/proc/self/mountinfo", "/proc/self/limits", "/proc/meminfo",
		"/proc/stat", "/proc/slabinfo", "/proc/interrupts", "/proc/cpuinfo", "/proc/self/fdinfo/0" };

	for (unsigned i = 0; i < sizeof names / sizeof *names; i++)
		if (read_all(names[i]) < 0)
			return -1;
	return readlink("/proc/self/exe", big, 1000) < 0 || access("/proc/self/cwd/file", F_OK) < 0 ? -1 : 0;
}

static int op_proc_listing(void)
{
	char buf[4096];
	int fd = open("/proc", O_RDONLY | O_DIRECTORY);
	long n;

	if (fd < 0)
		return -1;
	while ((n = syscall(SYS_getdents64, fd, buf, sizeof buf)) > 0)
		;
	close_quietly(fd);
	return n < 0 ? -1 : 0;
}

static int op_poll(void)
{
	struct pollfd p[250];
	fd_set set;
	struct timeval now = { 0, 1000 };

	for (int i = 0; i < 250; i++)
		p[i] = (struct pollfd){ .fd = i, .events = POLLPRI };
	if (poll(p, 250, 2) < 0)
		return -1;
	FD_ZERO(&set);
	FD_SET(290, &set);
	return select(291, NULL, NULL, &set, &now) < 0 ? -1 : 0;
}

static int op_locks(void)
{
	struct flock l = { .l_type = F_WRLCK, .l_start = 10, .l_len = 100 };
	int fd = open("file", O_RDWR), r;

	if (fd < 0)
		return -1;
	r = fcntl(fd, F_SETLK, &l);
	l.l_start = 30;
	l.l_len = 10;
	l.l_type = F_RDLCK;
	r = r || fcntl(fd, F_SETLK, &l);
	l.l_type = F_UNLCK;
	r = r || fcntl(fd, F_SETLK, &l) || flock(fd, LOCK_EX);
	close_quietly(fd);
	return r ? -1 : 0;
}

static int op_ids(void)
{
	gid_t groups[300];

	for (int i = 0; i < 300; i++)
		groups[i] = (gid_t)i;
	return setgroups(300, groups) || syscall(SYS_setresuid, 1000, 2000, 0) || setpgid(0, 0) ? -1 : 0;
}

static int op_session(void)
{
	return setsid() < 0 ? -1 : 0;
}

static int op_chroot(void)
{
	return chdir("mnt") || chroot(".") ? -1 : 0;
}

static int op_epoll(void)
{
	struct epoll_event e = { .events = EPOLLIN }, got[4];
	int ep = epoll_create1(0), ev = eventfd(1, EFD_NONBLOCK), outer = epoll_create1(0), p[2] = { -1, -1 }, r;

	r = ep < 0 || ev < 0 || outer < 0 || pipe(p) || epoll_ctl(ep, EPOLL_CTL_ADD, ev, &e) ||
	    epoll_ctl(ep, EPOLL_CTL_ADD, p[0], &e) || epoll_ctl(outer, EPOLL_CTL_ADD, ep, &e) ||
	    epoll_wait(outer, got, 4, 0) != 1 || epoll_ctl(ep, EPOLL_CTL_DEL, ev, NULL);
	close_quietly(p[1]);
	close_quietly(p[0]);
	close_quietly(outer);
	close_quietly(ev);
	close_quietly(ep);
	return r ? -1 : 0;
}

static int op_timerfd(void)
{
	struct itimerspec soon = { .it_value = { 0, 100000 } };
	sigset_t usr;
	uint64_t n;
	int fd = timerfd_create(CLOCK_MONOTONIC, 0), sig, r;

	if (fd < 0)
		return -1;
	sigemptyset(&usr);
	sigaddset(&usr, SIGUSR1);
	sig = signalfd(-1, &usr, 0);
	r = sig < 0 || timerfd_settime(fd, 0, &soon, NULL) || read(fd, &n, 8) != 8;
	close_quietly(sig);
	close_quietly(fd);
	return r ? -1 : 0;
}

static int op_posix_timer(void)
{
	struct itimerspec soon = { .it_value = { 0, 100000 } };
	struct sigevent e = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN + 1 };
	struct timespec ts = { 0, 2000000 };
	timer_t t;

	if (timer_create(CLOCK_MONOTONIC, &e, &t))
		return -1;
	if (timer_settime(t, 0, &soon, NULL) || nanosleep(&ts, NULL))
		return -1;
	return timer_delete(t);
}

static int op_memfd(void)
{
	int fd = memfd_create("name", 3), r;
	char *p;

	if (fd < 0)
		return -1;
	r = ftruncate(fd, 8 * PAGE);
	p = r ? MAP_FAILED : mmap(NULL, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (p != MAP_FAILED) {
		p[PAGE] = 1;
		r = munmap(p, 8 * PAGE) || fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_WRITE);
	}
	close_quietly(fd);
	return r || p == MAP_FAILED ? -1 : 0;
}

static int op_pidfd(void)
{
	int fd = (int)syscall(434 /* pidfd_open */, getpid(), 0), r;

	if (fd < 0)
		return -1;
	r = (int)syscall(424 /* pidfd_send_signal */, fd, 0, NULL, 0);
	close_quietly(fd);
	return r;
}

static void *thread_main(void *arg)
{
	pthread_mutex_t *m = arg;

	pthread_mutex_lock(m);
	pthread_mutex_unlock(m);
	return NULL;
}

static int op_thread(void)
{
	pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
	pthread_t t;
	int err;

	pthread_mutex_lock(&m);
	err = pthread_create(&t, NULL, thread_main, &m);
	pthread_mutex_unlock(&m);
	if (!err)
		err = pthread_join(t, NULL);
	errno = err;
	return err ? -1 : 0;
}

static int op_touch(void)
{
	static char pages[64 * PAGE];

	for (int i = 0; i < 64; i++)
		pages[i * PAGE] = 1;
	return 0;
}

static int op_read_untouched(void)
{
	static char fresh[16 * PAGE];
	int fd = open("/dev/zero", O_RDONLY);
	ssize_t r = fd < 0 ? -1 : read(fd, fresh, sizeof fresh);

	close_quietly(fd);
	if (r > 0 && r < (ssize_t)sizeof fresh)
		errno = EFAULT;
	if (fd >= 0 && r != sizeof fresh && errno == EFAULT)
		errno = ENOMEM; /* a page of the buffer could not be had */
	return r == sizeof fresh ? 0 : -1;
}

static void close_both(const int s[2])
{
	close_quietly(s[0]);
	close_quietly(s[1]);
}

/* `n` bytes through a pair: a short answer is a clean one too. */
static int through_pair(int type, size_t n)
{
	static char copy[BIG];
	ssize_t sent, got = -1;
	int s[2];

	if (socketpair(AF_UNIX, type | SOCK_NONBLOCK, 0, s) < 0)
		return -1;
	sent = write(s[0], big, n);
	if (sent > 0)
		got = recv(s[1], copy, (size_t)sent, MSG_PEEK);
	if (sent > 0)
		got = recv(s[1], copy, (size_t)sent, 0);
	if (sent > 0 && (sent < (ssize_t)n || got < sent))
		errno = ENOMEM;
	close_both(s);
	return sent == (ssize_t)n && got == sent ? 0 : -1;
}

static int op_socket_stream(void)
{
	return through_pair(SOCK_STREAM, BIG);
}

static int op_socket_dgram(void)
{
	return through_pair(SOCK_DGRAM, BIG) || through_pair(SOCK_SEQPACKET, 100);
}

static int op_socket_connect(void)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX, .sun_path = "sock" };
	int l = socket(AF_UNIX, SOCK_STREAM, 0), c = socket(AF_UNIX, SOCK_STREAM, 0), d = -1, r = -1, on = 1;

	if (l >= 0 && c >= 0 && bind(l, (void *)&a, sizeof a) == 0 && listen(l, 1) == 0 &&
	    setsockopt(c, SOL_SOCKET, SO_PASSCRED, &on, sizeof on) == 0 &&
	    connect(c, (void *)&a, sizeof a) == 0 && write(c, "x", 1) == 1)
		r = d = accept(l, (void *)&a, &(socklen_t){ sizeof a });
	int e = errno;

	close(d);
	close(l);
	close(c);
	unlink("sock");
	errno = e;
	return r < 0 ? -1 : 0;
}

static int send_rights(int to, const int *fds, unsigned n)
{
	char control[CMSG_SPACE(8 * sizeof(int))] = "";
	struct iovec v = { "x", 1 };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1, .msg_control = control };
	struct cmsghdr *c = (struct cmsghdr *)control;

	m.msg_controllen = CMSG_SPACE(n * sizeof(int));
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(n * sizeof(int));
	memcpy(CMSG_DATA(c), fds, n * sizeof(int));
	return sendmsg(to, &m, 0) == 1 ? 0 : -1;
}

static int op_socket_rights(void)
{
	char control[CMSG_SPACE(8 * sizeof(int))] = "", b[4];
	struct iovec v = { b, 4 };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control };
	int s[2], r;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, s) < 0)
		return -1;
	r = send_rights(s[0], (int[]){ s[0], 0, s[1] }, 3);
	if (r == 0)
		r = recvmsg(s[1], &m, MSG_PEEK) == 1 ? 0 : -1;
	if (r == 0)
		r = recvmsg(s[1], &m, 0) == 1 ? 0 : -1;
	close_both(s);
	return r;
}

static int op_socket_cycle(void)
{
	int s[2], r;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, s) < 0)
		return -1;
	r = send_rights(s[0], s, 2) || send_rights(s[1], s, 2) ? -1 : 0;
	close_both(s);
	return r;
}

static int op_xattr(void)
{
	char list[100];
	int fd = open("file", O_RDWR | O_CREAT, 0700), r = -1;

	if (fd >= 0 && fsetxattr(fd, "trusted.a", big, 5000, 0) == 0 && fsetxattr(fd, "trusted.a", "b", 1, 0) == 0 &&
	    fgetxattr(fd, "trusted.a", list, 10) == 1 && flistxattr(fd, list, sizeof list) > 0 &&
	    setxattr(".", "trusted.dir", "b", 1, 0) == 0 && removexattr(".", "trusted.dir") == 0)
		r = 0;
	close_quietly(fd);
	return r;
}

static const struct {
	const char *name;
	int (*run)(void);
	void (*setup)(void);
} ops[] = {
	{ "fork", op_fork, NULL },
	{ "fork-many-vmas", op_fork, setup_many_vmas },
	{ "fork-many-fds", op_fork, setup_many_fds },
	{ "vfork", op_vfork, NULL },
	{ "exec", op_exec, NULL },
	{ "exec-long", op_exec_long, NULL },
	{ "exec-many-vmas", op_exec, setup_many_vmas },
	{ "exec-script", op_exec_script, setup_script },
	{ "mmap", op_mmap, NULL },
	{ "mmap-populate", op_mmap_populate, NULL },
	{ "mmap-shared", op_mmap_shared, NULL },
	{ "mmap-file", op_mmap_file, NULL },
	{ "mremap", op_mremap, setup_area },
	{ "mremap-beside", op_mremap_beside, setup_hole },
	{ "mprotect", op_mprotect, setup_area },
	{ "mlock", op_mlock, setup_area },
	{ "brk", op_brk, NULL },
	{ "touch", op_touch, NULL },
	{ "read-untouched", op_read_untouched, NULL },
	{ "open", op_open, NULL },
	{ "tmpfile", op_tmpfile, NULL },
	{ "pipe", op_pipe, NULL },
	{ "pipe-size", op_pipe_size, NULL },
	{ "write", op_write, NULL },
	{ "writev", op_writev, NULL },
	{ "truncate", op_truncate, NULL },
	{ "sendfile", op_sendfile, NULL },
	{ "mkdir", op_mkdir, NULL },
	{ "symlink", op_symlink, NULL },
	{ "rename", op_rename, setup_file },
	{ "fifo", op_mknod, NULL },
	{ "getdents", op_getdents, NULL },
	{ "getcwd", op_getcwd, NULL },
	{ "dup", op_dup, NULL },
	{ "mount", op_mount, NULL },
	{ "mount-proc", op_mount_proc, NULL },
	{ "pty", op_pty, NULL },
	{ "sigqueue", op_sigqueue, setup_signals },
	{ "timers", op_timers, NULL },
	{ "proc", op_proc, setup_file },
	{ "proc-listing", op_proc_listing, NULL },
	{ "poll", op_poll, setup_many_fds },
	{ "locks", op_locks, setup_file },
	{ "ids", op_ids, NULL },
	{ "session", op_session, NULL },
	{ "chroot", op_chroot, NULL },
	{ "epoll", op_epoll, NULL },
	{ "timerfd", op_timerfd, NULL },
	{ "posix-timer", op_posix_timer, setup_signals },
	{ "memfd", op_memfd, NULL },
	{ "pidfd", op_pidfd, NULL },
	{ "thread", op_thread, NULL },
	{ "socket-stream", op_socket_stream, NULL },
	{ "socket-dgram", op_socket_dgram, NULL },
	{ "socket-connect", op_socket_connect, NULL },
	{ "socket-rights", op_socket_rights, NULL },
	{ "socket-cycle", op_socket_cycle, NULL },
	{ "xattr", op_xattr, NULL },
};

/* ---- one try ---- */

static int clean_errno(int e)
{
	return e == ENOMEM || e == ENFILE || e == ENOBUFS || e == EAGAIN || e == ENOSPC || e == ENOLCK;
}

static void child(unsigned i, int n)
{
	knob = open("/proc/self/fail-nth", O_RDWR); /* of this process */
	if (knob < 0 || chdir(dir))
		_exit(ST_KNOB);
	if (ops[i].setup)
		ops[i].setup();
	fail_nth(n);
	int r = ops[i].run(), e = errno, fired = left() == 0;
	fail_nth(0);
	if (r == 0)
		_exit(fired ? ST_FAILED : ST_DONE); /* fired and done: the kernel found another way */
	_exit(fired && clean_errno(e) ? ST_FAILED : ST_ERRNO + e % 100);
}

static void clean_up(void)
{
	static const char *const names[] = { "file", "data", "link", "fifo", "script", "sock" };

	umount2("mnt/..", MNT_DETACH);
	umount2("bound", MNT_DETACH);
	umount2("mnt", MNT_DETACH);
	for (unsigned i = 0; i < sizeof names / sizeof *names; i++)
		unlink(names[i]);
	unlink(long_name);
	unlink(long_name2);
	rmdir(long_name);
	rmdir("dir/below");
	rmdir("dir");
}

static enum try_result try(unsigned i, int n)
{
	int st;
	pid_t p = fork();

	if (p < 0)
		return WRONG;
	if (p == 0)
		child(i, n);
	if (waitpid(p, &st, 0) != p)
		return WRONG;
	clean_up();
	if (WIFSIGNALED(st)) /* a page fault or exec without memory */
		return WTERMSIG(st) == SIGKILL || WTERMSIG(st) == SIGSEGV || WTERMSIG(st) == SIGBUS ? FAILED : WRONG;
	if (WEXITSTATUS(st) > ST_FAILED) {
		printf("# %s n=%d: status %d%s%s\n", ops[i].name, n, WEXITSTATUS(st), WEXITSTATUS(st) > ST_ERRNO ? " " : "",
		       WEXITSTATUS(st) > ST_ERRNO ? strerror(WEXITSTATUS(st) - ST_ERRNO) : "");
		return WRONG;
	}
	return WEXITSTATUS(st) == ST_DONE ? DONE : FAILED;
}

/* Rounds until success; the number of wrong ones, and one more when there is no end. */
static int run_op(unsigned i, int *tries)
{
	enum try_result r = FAILED;
	int n = 1, wrong = 0;

	for (; n <= ROUNDS_MAX && (r = try(i, n)) != DONE && wrong < 20; n++)
		wrong += r == WRONG;
	printf("# %s: %s after %d failures\n", ops[i].name, r == DONE ? "succeeds" : "DOES NOT SUCCEED", n - 1);
	fflush(stdout);
	*tries += n;
	return wrong + (r != DONE && !wrong);
}

/* Executed by an operation: has the knob fired on the way here? */
static int say_left(void)
{
	knob = open("/proc/self/fail-nth", O_RDWR);
	if (knob < 0)
		return errno == ENOMEM ? ST_FAILED : ST_KNOB;
	int fired = left() == 0;
	fail_nth(0);
	return fired ? ST_FAILED : ST_DONE;
}

static int wanted(const char *name, int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (!strcmp(argv[i], name))
			return 1;
	return argc < 2;
}

int main(int argc, char **argv)
{
	int failed = 0, tries = 0;

	if (argc > 1 && !strcmp(argv[1], "left"))
		return say_left();
	memset(big, 'b', BIG - 1);
	memset(long_name, 'n', NAME_LONG);
	memset(long_name2, 'm', NAME_LONG);
	mkdir(dir, 0700);
	if (chdir(dir) || mkdir("mnt", 0700) || mkdir("bound", 0700))
		return perror(dir), 1;
	mkdir("/dev/pts", 0755);
	mount("devpts", "/dev/pts", "devpts", 0, NULL);
	for (unsigned i = 0; i < sizeof ops / sizeof *ops; i++)
		if (wanted(ops[i].name, argc, argv))
			failed += run_op(i, &tries);
	umount2("/dev/pts", MNT_DETACH);
	rmdir("mnt");
	rmdir("bound");
	chdir("/");
	rmdir(dir);
	printf("FAILALLOC tries=%d\nFAILALLOC failed=%d\n", tries, failed);
	return failed != 0;
}
