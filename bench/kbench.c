/* SPDX-License-Identifier: MIT
 * kbench - microbenchmarks of the Linux system call interface (x86-64).
 *
 * One static program without dependencies.  It prints one line per row:
 *
 *     name<TAB>value<TAB>unit          a result; a lower value is better
 *     name<TAB>n/a<TAB>reason          the row could not be measured
 *
 * Lines that start with '#' are comments.  With --verbose a result line has
 * four more columns: the lowest and the highest batch, the number of batches
 * and the operations per batch.
 *
 * Build:  musl-gcc -static -O2 -std=gnu11 -Wall -Wextra -o kbench kbench.c
 *         gcc -static -O2 -std=gnu11 -Wall -Wextra -pthread -o kbench kbench.c
 *
 * Use:    kbench --list
 *         kbench [options] [row ...]      (no row: all of them)
 *
 * How a row is measured.  A row sets up what it needs and hands a batch
 * function to measure().  The batch function performs an operation n times and
 * returns the time that took in TSC ticks.  measure() raises n until a batch
 * lasts long enough, which also warms everything up, runs a fixed number of
 * batches and prints the median cost of one operation.  A batch is longer than
 * the tick of most kernels: with shorter ones, rows that have two modes, such as
 * a wakeup that preempts or does not, show either of them by chance.
 *
 * Time comes from rdtsc, so that the kernel's own clock code is not involved.
 * Under "qemu -accel tcg -icount shift=0,sleep=off" the TSC advances by exactly
 * one per executed guest instruction: use --icount, and read "ns" as guest
 * instructions.  Without --icount and --tsc-hz the TSC frequency is measured
 * once at the start against CLOCK_MONOTONIC.
 *
 * Each row runs in a process of its own, in its own process group, under a
 * watchdog (alarm).  A row that hangs, faults or fails prints n/a and the next
 * row is run.  --no-fork does without that, for kernels that cannot fork.
 *
 * Started as process 1, kbench prepares the system (mounts, loopback), takes
 * its arguments from /kbench.args, prints the results between the lines
 * KBENCH-BEGIN and KBENCH-END, and switches the machine off.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/times.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PAGE     4096ul
#define KIB      1024ul
#define MIB      (1024ul * KIB)
#define REGION   (16 * MIB)     /* memory region of the page fault rows */
#define CHUNK    (64 * KIB)     /* transfer size of the bandwidth rows */
#define NFDS     100            /* descriptors of the poll, epoll, select rows */
#define NENTRIES 1000           /* files in the directory of readdir_1000 */
#define MAX_BATCHES 1000

/* From <linux/futex.h>, which musl-gcc does not find. */
#define FUTEX_WAIT_PRIVATE 128
#define FUTEX_WAKE_PRIVATE 129

typedef uint64_t ticks;
typedef ticks batch_fn(long n);

struct row {
	const char *name;
	const char *unit;
	void (*run)(void);
	const char *what;
};

/* Options. */
static double tsc_hz;                   /* 0: to be measured */
static long batch_ns = 5000 * 1000;     /* shortest batch */
static int batches = 15;
static unsigned timeout_s = 20;         /* watchdog, for each row */
static const char *dir = "/tmp";
static unsigned settle_s;               /* sleep before the first row */
static bool icount, verbose, progress, no_fork;

/* State of the row that runs. */
static const struct row *current;
static jmp_buf row_end;
static pid_t partner;                   /* helper process, 0 if none */
static const char *self_path;           /* this program, for the exec rows */
static char buffer[CHUNK] __attribute__((aligned(4096)));

/* ------------------------------------------------------------------ output */

/* Writes one line with one system call, past stdio, which children inherit. */
static void emit(const char *format, ...)
{
	char line[512];
	va_list args;
	va_start(args, format);
	int length = vsnprintf(line, sizeof line - 1, format, args);
	va_end(args);
	if (length < 0)
		return;
	if ((size_t)length > sizeof line - 2)
		length = sizeof line - 2;
	line[length++] = '\n';
	for (char *p = line; length > 0;) {
		ssize_t written = write(STDOUT_FILENO, p, length);
		if (written <= 0)
			return;
		p += written;
		length -= written;
	}
}

/* Ends the current row without a result. */
static _Noreturn void not_available(const char *format, ...)
{
	char reason[256];
	va_list args;
	va_start(args, format);
	vsnprintf(reason, sizeof reason, format, args);
	va_end(args);
	emit("%s\tn/a\t%s", current->name, reason);
	longjmp(row_end, 1);
}

static _Noreturn void failed(const char *what)
{
	not_available("%s: %s", what, strerror(errno));
}

/* For calls that set errno: ends the row unless ok. */
static inline void need(bool ok, const char *what)
{
	if (__builtin_expect(!ok, 0))
		failed(what);
}

/* ------------------------------------------------------------- measurement */

static inline ticks now(void)
{
	uint32_t low, high;
	__asm__ volatile("lfence\n\trdtsc" : "=a"(low), "=d"(high) : : "memory");
	return (ticks)high << 32 | low;
}

static double to_ns(double t)
{
	return t * 1e9 / tsc_hz;
}

/* Defines a batch function that times n repetitions of some statements. */
#define DEFINE_BATCH(name, ...)                         \
	static ticks name(long n)                       \
	{                                               \
		ticks start = now();                    \
		for (long i = 0; i < n; i++) {          \
			__VA_ARGS__                     \
		}                                       \
		return now() - start;                   \
	}

static int compare_double(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

/*
 * Measures and prints the current row.  An operation of the batch function
 * counts as `units` units (pages, KiB), and the printed value is per unit.
 */
static void measure(batch_fn *batch, double units)
{
	static double cost[MAX_BATCHES];
	const double target = batch_ns * tsc_hz / 1e9;
	const double budget = timeout_s * tsc_hz / 3;
	const ticks start = now();
	long n = 1;

	for (;;) {
		double t = batch(n);
		if (t >= target) {      /* again: the first time may be slow */
			double again = batch(n);
			t = again < t ? again : t;
		}
		if (t >= 0.8 * target || n >= 1l << 30 || now() - start > budget)
			break;
		double factor = t > 0 ? 1.1 * target / t : 10;
		long next = n * (factor < 10 ? factor : 10);
		n = next > n ? next : n + 1;
	}

	int count = 0;
	while (count < batches && (count < 3 || now() - start < budget))
		cost[count++] = to_ns((double)batch(n)) / n / units;

	qsort(cost, count, sizeof cost[0], compare_double);
	double median = count % 2 ? cost[count / 2]
		: (cost[count / 2 - 1] + cost[count / 2]) / 2;
	if (verbose)
		emit("%s\t%.2f\t%s\t%.2f\t%.2f\t%d\t%ld", current->name, median,
		     current->unit, cost[0], cost[count - 1], count, n);
	else
		emit("%s\t%.2f\t%s", current->name, median, current->unit);
}

static void measure_tsc(void)
{
	const double seconds = 0.03;
	struct timespec a, b;
	if (clock_gettime(CLOCK_MONOTONIC, &a) != 0) {
		emit("# no CLOCK_MONOTONIC: the TSC is taken to run at 1 GHz");
		tsc_hz = 1e9;
		return;
	}
	ticks start = now(), t;
	double elapsed;
	do {
		clock_gettime(CLOCK_MONOTONIC, &b);
		t = now() - start;
		elapsed = (double)(b.tv_sec - a.tv_sec)
			+ (double)(b.tv_nsec - a.tv_nsec) / 1e9;
	} while (elapsed < seconds && t < 1000000000000u);
	if (elapsed < seconds) {
		emit("# CLOCK_MONOTONIC does not run: the TSC is taken to run at 1 GHz");
		tsc_hz = 1e9;
		return;
	}
	tsc_hz = t / elapsed;
}

/* ----------------------------------------------------------------- helpers */

static inline long raw_syscall0(long number)
{
	long result;
	__asm__ volatile("syscall" : "=a"(result) : "a"(number)
			 : "rcx", "r11", "memory");
	return result;
}

/* A path below the scratch directory.  The result is valid until the next. */
static const char *scratch(const char *name)
{
	static char path[256];
	snprintf(path, sizeof path, "%s/%s", dir, name);
	return path;
}

static int open_or_fail(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC, 0600);
	need(fd >= 0, path);
	return fd;
}

/* A scratch file of the given size, its contents in the page cache. */
static int make_file(size_t size)
{
	int fd = open_or_fail(scratch("kb_file"), O_RDWR | O_CREAT | O_TRUNC);
	memset(buffer, 1, sizeof buffer);
	while (size > 0) {
		size_t part = size < sizeof buffer ? size : sizeof buffer;
		need(write(fd, buffer, part) == (ssize_t)part, "write");
		size -= part;
	}
	return fd;
}

static void remove_file(int fd)
{
	close(fd);
	unlink(scratch("kb_file"));
}

static void *map(size_t size, int prot, int flags, int fd)
{
	void *p = mmap(NULL, size, prot, flags, fd, 0);
	need(p != MAP_FAILED, "mmap");
	return p;
}

static char *map_anonymous(size_t size)
{
	return map(size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
}

/* Private memory without huge pages, for kernels that would use some. */
static char *map_small_pages(size_t size)
{
	char *p = map_anonymous(size);
	madvise(p, size, MADV_NOHUGEPAGE);
	return p;
}

static void unmap(void *p, size_t size)
{
	need(munmap(p, size) == 0, "munmap");
}

static void write_pages(char *p, size_t size)
{
	for (size_t i = 0; i < size; i += PAGE)
		((volatile char *)p)[i] = 1;
}

static void read_pages(const char *p, size_t size)
{
	for (size_t i = 0; i < size; i += PAGE)
		(void)((const volatile char *)p)[i];
}

static uint64_t sum_words(const void *data, size_t size)
{
	const uint64_t *word = data;
	uint64_t sum = 0;
	for (size_t i = 0; i < size / sizeof *word; i++)
		sum += word[i];
	return sum;
}

static volatile uint64_t sink;          /* keeps results alive */

static void start_partner(void (*body)(void))
{
	pid_t pid = fork();
	need(pid >= 0, "fork");
	if (pid == 0) {
		body();
		_exit(0);
	}
	partner = pid;
}

static void stop_partner(void)
{
	if (partner > 0 && kill(partner, SIGKILL) == 0)
		waitpid(partner, NULL, 0);
	partner = 0;
}

static void wait_for(pid_t pid)
{
	int status = 0;
	need(waitpid(pid, &status, 0) == pid, "waitpid");
	if (status != 0)
		not_available("child ended with wait status 0x%x", status);
}

static void pin_to_cpu(int cpu)
{
	cpu_set_t set;
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	need(sched_setaffinity(0, sizeof set, &set) == 0, "sched_setaffinity");
}

/* ---------------------------------------------------------- reference rows */

/* 500 iterations of 2 instructions, in user mode only. */
DEFINE_BATCH(batch_cpu_loop,
	long count = 500;
	__asm__ volatile("1: dec %0\n\tjnz 1b" : "+r"(count));
)
static void row_cpu_loop(void)
{
	measure(batch_cpu_loop, 1);
}

static char *sum_region;
DEFINE_BATCH(batch_sum, sink = sum_words(sum_region, REGION);)
static void row_sum_memory(void)
{
	sum_region = map_anonymous(REGION);
	write_pages(sum_region, REGION);
	measure(batch_sum, REGION / KIB);
	unmap(sum_region, REGION);
}

/* --------------------------------------------------------- simple syscalls */

static int fd;                          /* descriptor of the current row */

DEFINE_BATCH(batch_getpid, raw_syscall0(SYS_getpid);)
static void row_getpid(void)
{
	long pid = raw_syscall0(SYS_getpid);
	if (pid <= 0)
		not_available("getpid returned %ld", pid);
	measure(batch_getpid, 1);
}

DEFINE_BATCH(batch_gettid, raw_syscall0(SYS_gettid);)
static void row_gettid(void)
{
	long tid = raw_syscall0(SYS_gettid);
	if (tid <= 0)
		not_available("gettid returned %ld", tid);
	measure(batch_gettid, 1);
}

DEFINE_BATCH(batch_getppid, raw_syscall0(SYS_getppid);)
static void row_getppid(void)
{
	long pid = raw_syscall0(SYS_getppid);
	if (pid < 0)
		not_available("getppid returned %ld", pid);
	measure(batch_getppid, 1);
}

static struct utsname names;
DEFINE_BATCH(batch_uname, need(uname(&names) == 0, "uname");)
static void row_uname(void)
{
	measure(batch_uname, 1);
}

static struct tms times_buffer;
DEFINE_BATCH(batch_times, times(&times_buffer);)
static void row_times(void)
{
	need(syscall(SYS_times, &times_buffer) != -1, "times");
	measure(batch_times, 1);
}

static struct rusage usage;
DEFINE_BATCH(batch_getrusage,
	need(getrusage(RUSAGE_SELF, &usage) == 0, "getrusage");
)
static void row_getrusage(void)
{
	measure(batch_getrusage, 1);
}

DEFINE_BATCH(batch_getrandom,
	need(syscall(SYS_getrandom, buffer, 16, 0) == 16, "getrandom");
)
static void row_getrandom(void)
{
	measure(batch_getrandom, 1);
}

static const struct itimerval far_timer = { .it_value = { .tv_sec = 1000 } };
DEFINE_BATCH(batch_setitimer,
	need(setitimer(ITIMER_REAL, &far_timer, NULL) == 0, "setitimer");
)
static void row_setitimer(void)
{
	measure(batch_setitimer, 1);
	setitimer(ITIMER_REAL, &(struct itimerval){ 0 }, NULL);
}

static struct timespec time_buffer;
DEFINE_BATCH(batch_clock_gettime,
	need(clock_gettime(CLOCK_MONOTONIC, &time_buffer) == 0, "clock_gettime");
)
static void row_clock_gettime(void)
{
	measure(batch_clock_gettime, 1);
}

DEFINE_BATCH(batch_clock_gettime_syscall,
	need(syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &time_buffer) == 0,
	     "clock_gettime");
)
static void row_clock_gettime_syscall(void)
{
	measure(batch_clock_gettime_syscall, 1);
}

DEFINE_BATCH(batch_read_1, need(read(fd, buffer, 1) == 1, "read");)
static void row_read_devzero(void)
{
	fd = open_or_fail("/dev/zero", O_RDONLY);
	measure(batch_read_1, 1);
}

DEFINE_BATCH(batch_write_1, need(write(fd, buffer, 1) == 1, "write");)
static void row_write_devnull(void)
{
	fd = open_or_fail("/dev/null", O_WRONLY);
	measure(batch_write_1, 1);
}

static const struct timespec shortest_sleep = { .tv_nsec = 1 };
DEFINE_BATCH(batch_nanosleep,
	need(nanosleep(&shortest_sleep, NULL) == 0, "nanosleep");
)
static void row_nanosleep(void)
{
	if (icount)
		not_available("idle time is not counted in instructions");
	measure(batch_nanosleep, 1);
}

/* ------------------------------------------------------------------- files */

static struct stat stat_buffer;
static char path[256];                  /* path of the current row */

DEFINE_BATCH(batch_fstat, need(fstat(fd, &stat_buffer) == 0, "fstat");)
static void row_fstat(void)
{
	fd = make_file(PAGE);
	measure(batch_fstat, 1);
	remove_file(fd);
}

DEFINE_BATCH(batch_stat, need(stat(path, &stat_buffer) == 0, "stat");)
static void row_stat_deep(void)
{
	static const char *const parts[] = { "a", "a/b", "a/b/c", "a/b/c/d" };
	for (int i = 0; i < 4; i++)
		need(mkdir(scratch(parts[i]), 0700) == 0 || errno == EEXIST, "mkdir");
	snprintf(path, sizeof path, "%s/a/b/c/d/f", dir);
	close(open_or_fail(path, O_WRONLY | O_CREAT));
	measure(batch_stat, 1);
	unlink(path);
	for (int i = 3; i >= 0; i--)
		rmdir(scratch(parts[i]));
}

DEFINE_BATCH(batch_open_close,
	int file = open(path, O_RDONLY);
	need(file >= 0, "open");
	close(file);
)
static void row_open_close(void)
{
	fd = make_file(PAGE);
	snprintf(path, sizeof path, "%s", scratch("kb_file"));
	measure(batch_open_close, 1);
	remove_file(fd);
}

DEFINE_BATCH(batch_lseek, need(lseek(fd, 0, SEEK_SET) == 0, "lseek");)
static void row_lseek(void)
{
	fd = make_file(PAGE);
	measure(batch_lseek, 1);
	remove_file(fd);
}

DEFINE_BATCH(batch_dup_close,
	int copy = dup(fd);
	need(copy >= 0, "dup");
	close(copy);
)
static void row_dup_close(void)
{
	fd = make_file(PAGE);
	measure(batch_dup_close, 1);
	remove_file(fd);
}

DEFINE_BATCH(batch_read_4k,
	need(pread(fd, buffer, PAGE, 0) == (ssize_t)PAGE, "pread");
)
static void row_read_4k(void)
{
	fd = make_file(CHUNK);
	measure(batch_read_4k, 1);
	remove_file(fd);
}

DEFINE_BATCH(batch_write_4k,
	need(pwrite(fd, buffer, PAGE, 0) == (ssize_t)PAGE, "pwrite");
)
static void row_write_4k(void)
{
	fd = make_file(CHUNK);
	measure(batch_write_4k, 1);
	remove_file(fd);
}

DEFINE_BATCH(batch_create_unlink,
	int file = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
	need(file >= 0, "open with O_CREAT");
	close(file);
	need(unlink(path) == 0, "unlink");
)
static void row_create_unlink(void)
{
	snprintf(path, sizeof path, "%s", scratch("kb_new"));
	unlink(path);
	measure(batch_create_unlink, 1);
}

struct directory_entry {                /* of getdents64 */
	uint64_t inode;
	int64_t offset;
	uint16_t length;
	uint8_t type;
	char name[];
};

static long list_directory(const char *name)
{
	long entries = 0, size;
	int file = open_or_fail(name, O_RDONLY | O_DIRECTORY);
	while ((size = syscall(SYS_getdents64, file, buffer, 32 * KIB)) > 0) {
		for (long at = 0; at < size; entries++)
			at += ((struct directory_entry *)(buffer + at))->length;
	}
	need(size == 0, "getdents64");
	close(file);
	return entries;
}

DEFINE_BATCH(batch_readdir, sink = list_directory(path);)
static void row_readdir(void)
{
	char name[32];
	need(mkdir(scratch("kb_dir"), 0700) == 0 || errno == EEXIST, "mkdir");
	for (int i = 0; i < NENTRIES; i++) {
		snprintf(name, sizeof name, "kb_dir/file%04d", i);
		close(open_or_fail(scratch(name), O_WRONLY | O_CREAT));
	}
	snprintf(path, sizeof path, "%s", scratch("kb_dir"));
	long entries = list_directory(path);
	if (entries != NENTRIES && entries != NENTRIES + 2)
		not_available("%ld entries listed", entries);
	measure(batch_readdir, 1);
	for (int i = 0; i < NENTRIES; i++) {
		snprintf(name, sizeof name, "kb_dir/file%04d", i);
		unlink(scratch(name));
	}
	rmdir(path);
}

DEFINE_BATCH(batch_read_sum,
	need(lseek(fd, 0, SEEK_SET) == 0, "lseek");
	for (size_t done = 0; done < REGION; done += CHUNK) {
		need(read(fd, buffer, CHUNK) == (ssize_t)CHUNK, "read");
		sink = sum_words(buffer, CHUNK);
	}
)
static void row_read_file(void)
{
	fd = make_file(REGION);
	measure(batch_read_sum, REGION / KIB);
	remove_file(fd);
}

DEFINE_BATCH(batch_mmap_sum,
	void *p = map(REGION, PROT_READ, MAP_SHARED, fd);
	sink = sum_words(p, REGION);
	unmap(p, REGION);
)
static void row_mmap_read_file(void)
{
	fd = make_file(REGION);
	measure(batch_mmap_sum, REGION / KIB);
	remove_file(fd);
}

/* ----------------------------------------------------------- communication */

struct channel {
	int in, out;
};
static struct channel near_end, far_end; /* of this process, of the partner */
static size_t message;                  /* bytes of a ping-pong message */

static void echo_partner(void)
{
	uint64_t data;
	while (read(far_end.in, &data, message) == (ssize_t)message
	       && write(far_end.out, &data, message) == (ssize_t)message)
		;
}

static ticks batch_pingpong(long n)
{
	uint64_t data = 1;
	ticks start = now();
	for (long i = 0; i < n; i++) {
		need(write(near_end.out, &data, message) == (ssize_t)message, "write");
		need(read(near_end.in, &data, message) == (ssize_t)message, "read");
	}
	return now() - start;
}

static void run_pingpong(void)
{
	start_partner(echo_partner);
	measure(batch_pingpong, 1);
}

/* The partner keeps the channel full, so that each batch starts and ends so. */
static void source_partner(void)
{
	while (write(far_end.out, buffer, CHUNK) > 0)
		;
}

static ticks batch_bandwidth(long n)
{
	size_t left = n * CHUNK;
	ticks start = now();
	while (left > 0) {
		ssize_t got = read(near_end.in, buffer, left < CHUNK ? left : CHUNK);
		need(got > 0, "read");
		left -= got;
	}
	return now() - start;
}

static void run_bandwidth(void)
{
	memset(buffer, 1, sizeof buffer);
	start_partner(source_partner);
	measure(batch_bandwidth, CHUNK / KIB);
}

static void make_pipes(void)
{
	int there[2], back[2];
	need(pipe(there) == 0 && pipe(back) == 0, "pipe");
	near_end = (struct channel){ .in = back[0], .out = there[1] };
	far_end = (struct channel){ .in = there[0], .out = back[1] };
}

static void make_sockets(int near_socket, int far_socket)
{
	near_end = (struct channel){ near_socket, near_socket };
	far_end = (struct channel){ far_socket, far_socket };
}

static void make_socketpair(int type)
{
	int pair[2];
	need(socketpair(AF_UNIX, type, 0, pair) == 0, "socketpair");
	make_sockets(pair[0], pair[1]);
}

static int inet_socket(int type)
{
	int s = socket(AF_INET, type, 0);
	need(s >= 0, "socket");
	return s;
}

/* A socket bound to a free port of 127.0.0.1; the address is returned. */
static int bound_socket(int type, struct sockaddr_in *address)
{
	int s = inet_socket(type);
	socklen_t length = sizeof *address;
	*address = (struct sockaddr_in){
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	need(bind(s, (struct sockaddr *)address, length) == 0, "bind");
	need(getsockname(s, (struct sockaddr *)address, &length) == 0,
	     "getsockname");
	return s;
}

static int listening_socket(struct sockaddr_in *address)
{
	int s = bound_socket(SOCK_STREAM, address);
	need(listen(s, 16) == 0, "listen");
	return s;
}

static void connect_socket(int s, const struct sockaddr_in *address)
{
	need(connect(s, (const struct sockaddr *)address, sizeof *address) == 0,
	     "connect");
}

static void make_tcp(void)
{
	struct sockaddr_in address;
	int one = 1;
	int listener = listening_socket(&address);
	int client = inet_socket(SOCK_STREAM);
	connect_socket(client, &address);
	int server = accept(listener, NULL, NULL);
	need(server >= 0, "accept");
	setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	setsockopt(server, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	close(listener);
	make_sockets(client, server);
}

static void row_pipe_pingpong(void)
{
	make_pipes();
	run_pingpong();
}

static void row_pipe_bandwidth(void)
{
	make_pipes();
	run_bandwidth();
}

static void row_unix_stream_pingpong(void)
{
	make_socketpair(SOCK_STREAM);
	run_pingpong();
}

static void row_unix_stream_bandwidth(void)
{
	make_socketpair(SOCK_STREAM);
	run_bandwidth();
}

static void row_unix_dgram_pingpong(void)
{
	make_socketpair(SOCK_DGRAM);
	run_pingpong();
}

static void row_eventfd_pingpong(void)
{
	int there = eventfd(0, 0), back = eventfd(0, 0);
	need(there >= 0 && back >= 0, "eventfd");
	near_end = (struct channel){ .in = back, .out = there };
	far_end = (struct channel){ .in = there, .out = back };
	message = sizeof(uint64_t);
	run_pingpong();
}

static void row_tcp_pingpong(void)
{
	make_tcp();
	run_pingpong();
}

static void row_tcp_bandwidth(void)
{
	make_tcp();
	run_bandwidth();
}

static void row_udp_pingpong(void)
{
	struct sockaddr_in near_address, far_address;
	int near_socket = bound_socket(SOCK_DGRAM, &near_address);
	int far_socket = bound_socket(SOCK_DGRAM, &far_address);
	connect_socket(near_socket, &far_address);
	connect_socket(far_socket, &near_address);
	make_sockets(near_socket, far_socket);
	run_pingpong();
}

static struct sockaddr_in server_address;
static int server_socket;
DEFINE_BATCH(batch_tcp_connect,
	int client = inet_socket(SOCK_STREAM);
	connect_socket(client, &server_address);
	int server = accept(server_socket, NULL, NULL);
	need(server >= 0, "accept");
	close(client);
	close(server);
)
static void row_tcp_connect(void)
{
	server_socket = listening_socket(&server_address);
	measure(batch_tcp_connect, 1);
}

static struct pollfd poll_set[NFDS];

/* NFDS pipes, the last of which has something to read. */
static void make_poll_set(void)
{
	for (int i = 0; i < NFDS; i++) {
		int ends[2];
		need(pipe(ends) == 0, "pipe");
		poll_set[i] = (struct pollfd){ .fd = ends[0], .events = POLLIN };
		if (i == NFDS - 1)
			need(write(ends[1], "", 1) == 1, "write");
	}
}

DEFINE_BATCH(batch_poll, need(poll(poll_set, NFDS, 0) == 1, "poll");)
static void row_poll(void)
{
	make_poll_set();
	measure(batch_poll, 1);
}

DEFINE_BATCH(batch_select,
	fd_set set;
	struct timeval zero = { 0 };
	FD_ZERO(&set);
	for (int k = 0; k < NFDS; k++)
		FD_SET(poll_set[k].fd, &set);
	need(select(poll_set[NFDS - 1].fd + 1, &set, NULL, NULL, &zero) == 1,
	     "select");
)
static void row_select(void)
{
	make_poll_set();
	measure(batch_select, 1);
}

DEFINE_BATCH(batch_epoll,
	struct epoll_event event[8];
	need(epoll_wait(fd, event, 8, 0) == 1, "epoll_wait");
)
static void row_epoll(void)
{
	make_poll_set();
	fd = epoll_create1(0);
	need(fd >= 0, "epoll_create1");
	for (int i = 0; i < NFDS; i++) {
		struct epoll_event event = { .events = EPOLLIN, .data.fd = i };
		need(epoll_ctl(fd, EPOLL_CTL_ADD, poll_set[i].fd, &event) == 0,
		     "epoll_ctl");
	}
	measure(batch_epoll, 1);
}

/* --------------------------------------------------- threads and processes */

/*
 * Two threads hand a turn to each other.  Thread 0 is the measuring one.
 */
static int turn;

static void futex_wait_turn(int mine)
{
	while (__atomic_load_n(&turn, __ATOMIC_ACQUIRE) != mine)
		syscall(SYS_futex, &turn, FUTEX_WAIT_PRIVATE, 1 - mine, NULL, NULL, 0);
}

static void futex_pass_turn(int other)
{
	__atomic_store_n(&turn, other, __ATOMIC_RELEASE);
	syscall(SYS_futex, &turn, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

static void *futex_thread(void *unused)
{
	(void)unused;
	for (;;) {
		futex_wait_turn(1);
		futex_pass_turn(0);
	}
	return NULL;
}

DEFINE_BATCH(batch_futex,
	futex_pass_turn(1);
	futex_wait_turn(0);
)
static void row_futex(void)
{
	pthread_t thread;
	need(syscall(SYS_futex, &turn, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0) == 0,
	     "futex");
	errno = pthread_create(&thread, NULL, futex_thread, NULL);
	need(errno == 0, "pthread_create");
	measure(batch_futex, 1);
}

/*
 * Two processes on one CPU call sched_yield in turn.  Both are counted, so the
 * value is the cost of one yield with the switch to the other process.  They
 * are SCHED_FIFO processes if that is allowed: Linux' fair scheduler does not
 * switch at each yield.
 */
static volatile uint64_t *partner_yields;

static void yield_partner(void)
{
	for (;;) {
		sched_yield();
		++*partner_yields;
	}
}

static ticks batch_yield(long n)
{
	uint64_t before = *partner_yields;
	ticks start = now();
	for (long i = 0; i < n; i++)
		sched_yield();
	ticks elapsed = now() - start;
	uint64_t others = *partner_yields - before;
	if (n >= 100 && (others < (uint64_t)n / 2 || others > (uint64_t)n * 2))
		not_available("no alternation: %ld and %llu yields", n,
			      (unsigned long long)others);
	return elapsed * n / (n + others);
}

static void row_yield(void)
{
	partner_yields = map(PAGE, PROT_READ | PROT_WRITE,
			     MAP_SHARED | MAP_ANONYMOUS, -1);
	if (sysconf(_SC_NPROCESSORS_ONLN) != 1)
		pin_to_cpu(0);
	struct sched_param fifo = { .sched_priority = 1 }, other = { 0 };
	syscall(SYS_sched_setscheduler, 0, SCHED_FIFO, &fifo);
	start_partner(yield_partner);
	measure(batch_yield, 1);
	stop_partner();         /* first, as it would take the whole CPU */
	syscall(SYS_sched_setscheduler, 0, SCHED_OTHER, &other);
}

static void *empty_thread(void *argument)
{
	return argument;
}

DEFINE_BATCH(batch_thread,
	pthread_t thread;
	errno = pthread_create(&thread, NULL, empty_thread, NULL);
	need(errno == 0, "pthread_create");
	pthread_join(thread, NULL);
)
static void row_thread(void)
{
	measure(batch_thread, 1);
}

DEFINE_BATCH(batch_fork,
	pid_t pid = fork();
	need(pid >= 0, "fork");
	if (pid == 0)
		_exit(0);
	wait_for(pid);
)
static void row_fork(void)
{
	measure(batch_fork, 1);
}

static void row_fork_64mb(void)
{
	char *region = map_small_pages(64 * MIB);
	write_pages(region, 64 * MIB);
	measure(batch_fork, 1);
	unmap(region, 64 * MIB);
}

static char *no_environment[] = { NULL };

static void vfork_exec(void)
{
	char *arguments[] = { "kbench", "--exit", NULL };
	pid_t pid = vfork();
	if (pid == 0) {
		execve(self_path, arguments, no_environment);
		_exit(127);
	}
	need(pid > 0, "vfork");
	wait_for(pid);
}

DEFINE_BATCH(batch_vfork_exec, vfork_exec();)
static void row_vfork_exec(void)
{
	need(access(self_path, X_OK) == 0, self_path);
	measure(batch_vfork_exec, 1);
}

static void fork_exec_sh(void)
{
	char *arguments[] = { "sh", "-c", "true", NULL };
	pid_t pid = fork();
	if (pid == 0) {
		execve("/bin/sh", arguments, no_environment);
		_exit(127);
	}
	need(pid > 0, "fork");
	wait_for(pid);
}

DEFINE_BATCH(batch_fork_exec_sh, fork_exec_sh();)
static void row_fork_exec_sh(void)
{
	need(access("/bin/sh", X_OK) == 0, "/bin/sh");
	measure(batch_fork_exec_sh, 1);
}

/* ------------------------------------------------------------------ memory */

DEFINE_BATCH(batch_mmap_munmap, unmap(map_anonymous(64 * KIB), 64 * KIB);)
static void row_mmap_munmap(void)
{
	measure(batch_mmap_munmap, 1);
}

static ticks batch_fault_anonymous(long n)
{
	ticks sum = 0;
	for (long i = 0; i < n; i++) {
		char *region = map_small_pages(REGION);
		ticks start = now();
		write_pages(region, REGION);
		sum += now() - start;
		unmap(region, REGION);
	}
	return sum;
}

static void row_fault_anonymous(void)
{
	measure(batch_fault_anonymous, REGION / PAGE);
}

/* The whole life of a region as most programs see it, huge pages allowed. */
DEFINE_BATCH(batch_touch_default,
	char *region = map_anonymous(REGION);
	write_pages(region, REGION);
	unmap(region, REGION);
)
static void row_touch_default(void)
{
	measure(batch_touch_default, REGION / PAGE);
}

static ticks batch_fault_file_read(long n)
{
	ticks sum = 0;
	for (long i = 0; i < n; i++) {
		char *region = map(REGION, PROT_READ | PROT_WRITE, MAP_SHARED, fd);
		ticks start = now();
		read_pages(region, REGION);
		sum += now() - start;
		unmap(region, REGION);
	}
	return sum;
}

static void row_fault_file_read(void)
{
	fd = make_file(REGION);
	measure(batch_fault_file_read, REGION / PAGE);
	remove_file(fd);
}

static ticks batch_fault_file_write(long n)
{
	ticks sum = 0;
	for (long i = 0; i < n; i++) {
		char *region = map(REGION, PROT_READ | PROT_WRITE, MAP_SHARED, fd);
		ticks start = now();
		write_pages(region, REGION);
		sum += now() - start;
		unmap(region, REGION);
	}
	return sum;
}

static void row_fault_file_write(void)
{
	fd = make_file(REGION);
	measure(batch_fault_file_write, REGION / PAGE);
	remove_file(fd);
}

/* The child measures, and passes its result on through a pipe. */
static char *cow_region;
static int cow_pipe[2];

static ticks batch_cow_fault(long n)
{
	ticks sum = 0, t;
	for (long i = 0; i < n; i++) {
		pid_t pid = fork();
		need(pid >= 0, "fork");
		if (pid == 0) {
			ticks start = now();
			write_pages(cow_region, REGION);
			t = now() - start;
			_exit(write(cow_pipe[1], &t, sizeof t) != sizeof t);
		}
		wait_for(pid);
		need(read(cow_pipe[0], &t, sizeof t) == sizeof t, "read");
		sum += t;
	}
	return sum;
}

static void row_cow_fault(void)
{
	need(pipe(cow_pipe) == 0, "pipe");
	cow_region = map_small_pages(REGION);
	write_pages(cow_region, REGION);
	measure(batch_cow_fault, REGION / PAGE);
	unmap(cow_region, REGION);
}

static char *protected_page;
DEFINE_BATCH(batch_mprotect,
	need(mprotect(protected_page, PAGE, PROT_READ) == 0, "mprotect");
	need(mprotect(protected_page, PAGE, PROT_READ | PROT_WRITE) == 0,
	     "mprotect");
)
static void row_mprotect(void)
{
	char *region = map_anonymous(16 * PAGE);
	write_pages(region, 16 * PAGE);
	protected_page = region + 8 * PAGE;
	measure(batch_mprotect, 1);
}

static long heap_end;
DEFINE_BATCH(batch_brk,
	need(syscall(SYS_brk, heap_end + 64 * KIB) == (long)(heap_end + 64 * KIB),
	     "brk");
	need(syscall(SYS_brk, heap_end) == heap_end, "brk");
)
static void row_brk(void)
{
	heap_end = syscall(SYS_brk, 0);
	need(heap_end > 0, "brk");
	measure(batch_brk, 1);
}

DEFINE_BATCH(batch_malloc,
	char *volatile block = malloc(256 * KIB);
	need(block != NULL, "malloc");
	block[0] = 1;
	free(block);
)
static void row_malloc(void)
{
	measure(batch_malloc, 1);
}

/* ----------------------------------------------------------------- signals */

static volatile long caught;

static void count_signal(int number)
{
	(void)number;
	caught++;
}

static void install(int number, void (*handler)(int))
{
	struct sigaction action = { .sa_handler = handler };
	need(sigaction(number, &action, NULL) == 0, "sigaction");
}

DEFINE_BATCH(batch_signal_install, install(SIGUSR1, count_signal);)
static void row_signal_install(void)
{
	measure(batch_signal_install, 1);
}

static pid_t own_pid;
static ticks batch_signal_catch(long n)
{
	caught = 0;
	ticks start = now();
	for (long i = 0; i < n; i++)
		kill(own_pid, SIGUSR1);
	ticks elapsed = now() - start;
	if (caught != n)
		not_available("%ld signals of %ld caught", caught, n);
	return elapsed;
}

static void row_signal_catch(void)
{
	own_pid = getpid();
	install(SIGUSR1, count_signal);
	measure(batch_signal_catch, 1);
}

/*
 * The handler returns without a change, so that the same store faults again,
 * until it has done so often enough.  Then the handler lets it through.
 */
static volatile long faults_left;

static void fault_handler(int number)
{
	(void)number;
	if (--faults_left == 0)
		mprotect(protected_page, PAGE, PROT_READ | PROT_WRITE);
}

static ticks batch_fault_signal(long n)
{
	need(mprotect(protected_page, PAGE, PROT_READ) == 0, "mprotect");
	faults_left = n;
	ticks start = now();
	*(volatile char *)protected_page = 1;
	ticks elapsed = now() - start;
	if (faults_left != 0)
		not_available("%ld of %ld faults not caught", faults_left, n);
	return elapsed;
}

static void row_fault_signal(void)
{
	protected_page = map_anonymous(PAGE);
	write_pages(protected_page, PAGE);
	install(SIGSEGV, fault_handler);
	measure(batch_fault_signal, 1);
}

/* -------------------------------------------------------------------- rows */

static const struct row rows[] = {
	{ "ref_cpu_loop", "ns/op", row_cpu_loop,
	  "500 x (dec, jnz) in user mode: 1004 instructions on any kernel" },
	{ "ref_sum_16MB_memory", "ns/KiB", row_sum_memory,
	  "sum of 16 MiB of touched memory, the baseline of *_16MB_file" },

	{ "syscall_getpid", "ns/op", row_getpid, "getpid, raw system call" },
	{ "gettid", "ns/op", row_gettid, "gettid, raw system call" },
	{ "getppid", "ns/op", row_getppid, "getppid, raw system call" },
	{ "uname", "ns/op", row_uname, "uname" },
	{ "times", "ns/op", row_times, "times" },
	{ "getrusage", "ns/op", row_getrusage, "getrusage of this process" },
	{ "getrandom_16", "ns/op", row_getrandom, "getrandom of 16 bytes" },
	{ "setitimer", "ns/op", row_setitimer, "rearm ITIMER_REAL, far away" },
	{ "clock_gettime", "ns/op", row_clock_gettime,
	  "CLOCK_MONOTONIC through libc (vDSO, if the kernel has one)" },
	{ "clock_gettime_syscall", "ns/op", row_clock_gettime_syscall,
	  "CLOCK_MONOTONIC through the system call" },
	{ "nanosleep_min", "ns/op", row_nanosleep, "nanosleep of 1 ns" },

	{ "syscall_read_devzero_1", "ns/op", row_read_devzero,
	  "read of 1 byte from /dev/zero" },
	{ "syscall_write_devnull_1", "ns/op", row_write_devnull,
	  "write of 1 byte to /dev/null" },
	{ "fstat", "ns/op", row_fstat, "fstat of a tmpfs file" },
	{ "stat_deep", "ns/op", row_stat_deep, "stat of /tmp/a/b/c/d/f" },
	{ "open_close", "ns/op", row_open_close, "open and close of /tmp/kb_file" },
	{ "lseek", "ns/op", row_lseek, "lseek to the start" },
	{ "dup_close", "ns/op", row_dup_close, "dup and close" },
	{ "read_file_4k", "ns/op", row_read_4k, "pread of a cached 4 KiB page" },
	{ "write_file_4k", "ns/op", row_write_4k, "pwrite over a cached 4 KiB page" },
	{ "file_create_unlink", "ns/op", row_create_unlink,
	  "create, close and unlink an empty file" },
	{ "readdir_1000", "ns/op", row_readdir,
	  "open, list with getdents64 and close a directory of 1000 files" },
	{ "read_16MB_file", "ns/KiB", row_read_file,
	  "read a cached 16 MiB file by 64 KiB, sum its words" },
	{ "mmap_read_16MB_file", "ns/KiB", row_mmap_read_file,
	  "map a cached 16 MiB file, sum its words, unmap" },

	{ "pipe_pingpong", "ns/round", row_pipe_pingpong,
	  "1 byte to another process and back, pipes" },
	{ "pipe_bandwidth", "ns/KiB", row_pipe_bandwidth,
	  "another process writes 64 KiB blocks into a pipe" },
	{ "unix_stream_pingpong", "ns/round", row_unix_stream_pingpong,
	  "1 byte to another process and back, Unix stream socketpair" },
	{ "unix_stream_bandwidth", "ns/KiB", row_unix_stream_bandwidth,
	  "another process writes 64 KiB blocks, Unix stream socketpair" },
	{ "socketpair_dgram_pingpong", "ns/round", row_unix_dgram_pingpong,
	  "1 byte to another process and back, Unix datagram socketpair" },
	{ "eventfd_pingpong", "ns/round", row_eventfd_pingpong,
	  "to another process and back, two eventfds" },
	{ "tcp_loopback_pingpong", "ns/round", row_tcp_pingpong,
	  "1 byte to another process and back, TCP over 127.0.0.1" },
	{ "tcp_loopback_bandwidth", "ns/KiB", row_tcp_bandwidth,
	  "another process writes 64 KiB blocks, TCP over 127.0.0.1" },
	{ "udp_loopback_pingpong", "ns/round", row_udp_pingpong,
	  "1 byte to another process and back, UDP over 127.0.0.1" },
	{ "tcp_connect_close", "ns/op", row_tcp_connect,
	  "socket, connect, accept, close both ends, in one process" },
	{ "poll_100", "ns/op", row_poll, "poll of 100 pipes, the last one ready" },
	{ "select_100", "ns/op", row_select,
	  "select of 100 pipes, the last one ready" },
	{ "epoll_wait_100", "ns/op", row_epoll,
	  "epoll_wait on 100 pipes, one ready" },

	{ "futex_pingpong", "ns/round", row_futex,
	  "a turn handed to another thread and back, futex wait and wake" },
	{ "sched_yield_switch", "ns/switch", row_yield,
	  "sched_yield between two SCHED_FIFO processes on one CPU" },
	{ "thread_create_join", "ns/op", row_thread, "pthread_create and join" },
	{ "fork_exit_wait", "ns/op", row_fork, "fork, _exit, waitpid" },
	{ "fork_exit_wait_64MB", "ns/op", row_fork_64mb,
	  "the same with 64 MiB of touched private memory (4 KiB pages)" },
	{ "vfork_exec_wait", "ns/op", row_vfork_exec,
	  "vfork, exec of kbench itself which exits at once, waitpid" },
	{ "fork_exec_sh", "ns/op", row_fork_exec_sh, "fork, exec sh -c true, waitpid" },

	{ "mmap_munmap_64k", "ns/op", row_mmap_munmap,
	  "map and unmap 64 KiB, not touched" },
	{ "page_fault_anon", "ns/page", row_fault_anonymous,
	  "first write to each page of 16 MiB (4 KiB pages)" },
	{ "page_touch_anon_default", "ns/page", row_touch_default,
	  "mmap, first write to each page and munmap of 16 MiB, huge pages allowed" },
	{ "page_fault_file", "ns/page", row_fault_file_read,
	  "first read of each page of a cached, mapped 16 MiB file" },
	{ "page_fault_file_write", "ns/page", row_fault_file_write,
	  "first write to each page of a cached, shared mapped 16 MiB file" },
	{ "cow_fault", "ns/page", row_cow_fault,
	  "a forked child writes to each page of 16 MiB" },
	{ "mprotect_flip", "ns/op", row_mprotect,
	  "one page of a mapping read-only and back, two calls" },
	{ "brk_grow_shrink", "ns/op", row_brk,
	  "brk up by 64 KiB and back, not touched, two calls" },
	{ "malloc_free_256k", "ns/op", row_malloc,
	  "malloc of 256 KiB, one byte touched, free" },

	{ "signal_install", "ns/op", row_signal_install, "sigaction" },
	{ "signal_catch", "ns/op", row_signal_catch,
	  "kill of itself, handler, sigreturn" },
	{ "sigsegv_fault_catch", "ns/op", row_fault_signal,
	  "write to a read-only page, SIGSEGV handler, sigreturn" },

	{ "ref_cpu_loop_end", "ns/op", row_cpu_loop,
	  "ref_cpu_loop again, to see a drift of the machine" },
};
#define NROWS (sizeof rows / sizeof rows[0])

static const struct row *find_row(const char *name)
{
	for (size_t i = 0; i < NROWS; i++)
		if (strcmp(rows[i].name, name) == 0)
			return &rows[i];
	return NULL;
}

/* ---------------------------------------------------------------- watchdog */

static volatile sig_atomic_t expired;

static void watchdog(int number)
{
	(void)number;
	expired = 1;
	alarm(1);       /* once more, in case this came just before waitpid */
}

static void run_here(void)
{
	message = 1;
	if (setjmp(row_end) == 0)
		current->run();
	stop_partner();
}

static void run_row(const struct row *row)
{
	int status = 0;
	current = row;
	if (progress)
		emit("# start %s", row->name);
	if (no_fork) {
		run_here();
		return;
	}

	pid_t pid = fork();
	if (pid < 0) {
		emit("%s\tn/a\tfork: %s", row->name, strerror(errno));
		return;
	}
	if (pid == 0) {
		setpgid(0, 0);
		run_here();
		_exit(0);
	}
	setpgid(pid, pid);

	expired = 0;
	alarm(timeout_s);
	pid_t ended;
	do {
		ended = waitpid(pid, &status, 0);
	} while (ended < 0 && errno == EINTR && !expired);
	alarm(0);

	kill(-pid, SIGKILL);    /* whatever the row left behind */
	if (ended != pid) {
		kill(pid, SIGKILL);
		emit("%s\tn/a\t%s", row->name,
		     expired ? "timeout" : "waitpid failed");
		waitpid(pid, NULL, 0);
	} else if (WIFSIGNALED(status)) {
		emit("%s\tn/a\tkilled by signal %d", row->name, WTERMSIG(status));
	} else if (status != 0) {
		emit("%s\tn/a\twait status 0x%x", row->name, status);
	}
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;       /* orphans, if this is process 1 */
}

/* ------------------------------------------------------------ as process 1 */

static void make_device(const char *name, int major, int minor)
{
	if (access(name, F_OK) != 0)
		mknod(name, S_IFCHR | 0666, makedev(major, minor));
}

/* Failures are not reported here: the rows concerned will tell. */
static void prepare_system(void)
{
	int console = open("/dev/console", O_RDWR);
	if (console < 0) {
		mkdir("/dev", 0755);
		mount("devtmpfs", "/dev", "devtmpfs", 0, NULL);
		make_device("/dev/console", 5, 1);
		console = open("/dev/console", O_RDWR);
	}
	if (console >= 0 && fcntl(STDOUT_FILENO, F_GETFL) < 0) {
		dup2(console, STDIN_FILENO);
		dup2(console, STDOUT_FILENO);
		dup2(console, STDERR_FILENO);
	}
	if (console > STDERR_FILENO)
		close(console);
	make_device("/dev/null", 1, 3);
	make_device("/dev/zero", 1, 5);

	mkdir("/proc", 0755);
	mount("proc", "/proc", "proc", 0, NULL);
	mkdir("/tmp", 01777);
	mount("tmpfs", "/tmp", "tmpfs", 0, NULL);

	struct ifreq request = { .ifr_name = "lo" };
	int s = socket(AF_INET, SOCK_DGRAM, 0);
	if (s >= 0) {
		if (ioctl(s, SIOCGIFFLAGS, &request) == 0) {
			request.ifr_flags |= IFF_UP;
			ioctl(s, SIOCSIFFLAGS, &request);
		}
		close(s);
	}
}

/* The words of /kbench.args, after the program's name. */
static int read_arguments(const char *name, char **words, int max)
{
	static char text[8192];
	int count = 0;
	words[count++] = (char *)name;
	int file = open("/kbench.args", O_RDONLY);
	ssize_t length = file < 0 ? 0 : read(file, text, sizeof text - 1);
	if (file >= 0)
		close(file);
	text[length > 0 ? length : 0] = '\0';
	for (char *word = strtok(text, " \t\n"); word != NULL && count < max - 1;
	     word = strtok(NULL, " \t\n"))
		words[count++] = word;
	words[count] = NULL;
	return count;
}

/* -------------------------------------------------------------------- main */

static void list_rows(void)
{
	for (size_t i = 0; i < NROWS; i++)
		emit("%s\t%s\t%s", rows[i].name, rows[i].unit, rows[i].what);
}

static void usage_text(void)
{
	static const char *const lines[] = {
		"usage: kbench [options] [row ...]",
		"  --list          list the rows with their units and meanings",
		"  --icount        under qemu -icount shift=0: 1 tick is 1 instruction",
		"  --tsc-hz=N      frequency of the TSC (else it is measured)",
		"  --batches=N     batches of a row (15)",
		"  --batch-ns=N    shortest batch in ns (5000000)",
		"  --timeout=S     watchdog of a row in seconds (20)",
		"  --dir=PATH      scratch directory (/tmp)",
		"  --cpu=N         run on one CPU only",
		"  --settle=S      sleep S seconds before the first row",
		"  --no-fork       run the rows in this process, without a watchdog",
		"  --progress      print '# start ROW' before each row",
		"  --verbose       also print lowest, highest, batches, operations",
	};
	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
		emit("%s", lines[i]);
}

/* Returns an exit status. */
static int run(int argc, char **argv)
{
	enum { LIST = 1, ICOUNT, TSC_HZ, BATCHES, BATCH_NS, TIMEOUT, DIR, CPU,
	       SETTLE, NO_FORK, PROGRESS, VERBOSE, HELP };
	static const struct option options[] = {
		{ "list", no_argument, NULL, LIST },
		{ "icount", no_argument, NULL, ICOUNT },
		{ "tsc-hz", required_argument, NULL, TSC_HZ },
		{ "batches", required_argument, NULL, BATCHES },
		{ "batch-ns", required_argument, NULL, BATCH_NS },
		{ "timeout", required_argument, NULL, TIMEOUT },
		{ "dir", required_argument, NULL, DIR },
		{ "cpu", required_argument, NULL, CPU },
		{ "settle", required_argument, NULL, SETTLE },
		{ "no-fork", no_argument, NULL, NO_FORK },
		{ "progress", no_argument, NULL, PROGRESS },
		{ "verbose", no_argument, NULL, VERBOSE },
		{ "help", no_argument, NULL, HELP },
		{ 0 },
	};
	int option, cpu = -1;
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case LIST:
			list_rows();
			return 0;
		case ICOUNT:
			icount = true;
			break;
		case TSC_HZ:
			tsc_hz = atof(optarg);
			break;
		case BATCHES:
			batches = atoi(optarg);
			break;
		case BATCH_NS:
			batch_ns = atol(optarg);
			break;
		case TIMEOUT:
			timeout_s = atoi(optarg);
			break;
		case DIR:
			dir = optarg;
			break;
		case CPU:
			cpu = atoi(optarg);
			break;
		case SETTLE:
			settle_s = atoi(optarg);
			break;
		case NO_FORK:
			no_fork = true;
			break;
		case PROGRESS:
			progress = true;
			break;
		case VERBOSE:
			verbose = true;
			break;
		case HELP:
			usage_text();
			return 0;
		default:
			usage_text();
			return 2;
		}
	}
	for (int i = optind; i < argc; i++) {
		if (find_row(argv[i]) == NULL) {
			emit("# unknown row: %s", argv[i]);
			return 2;
		}
	}
	if (batches < 1 || batches > MAX_BATCHES || batch_ns < 1
	    || timeout_s < 1 || tsc_hz < 0) {
		usage_text();
		return 2;
	}

	if (cpu >= 0) {
		cpu_set_t set;
		CPU_ZERO(&set);
		CPU_SET(cpu, &set);
		if (sched_setaffinity(0, sizeof set, &set) != 0)
			emit("# sched_setaffinity: %s", strerror(errno));
	}
	if (settle_s > 0) {
		emit("# settle");
		nanosleep(&(struct timespec){ .tv_sec = settle_s }, NULL);
	}
	if (icount && tsc_hz == 0)
		tsc_hz = 1e9;
	if (tsc_hz == 0)
		measure_tsc();
	emit("# tsc_hz=%.0f", tsc_hz);

	struct sigaction action = { .sa_handler = watchdog };   /* no SA_RESTART */
	sigaction(SIGALRM, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
	if (optind == argc) {
		for (size_t i = 0; i < NROWS; i++)
			run_row(&rows[i]);
	} else {
		for (int i = optind; i < argc; i++)
			run_row(find_row(argv[i]));
	}
	return 0;
}

int main(int argc, char **argv)
{
	static char link[256];
	static char *words[256];

	if (argc == 2 && strcmp(argv[1], "--exit") == 0)
		_exit(0);       /* the far side of vfork_exec_wait */

	self_path = argc > 0 ? argv[0] : "kbench";
	ssize_t length = readlink("/proc/self/exe", link, sizeof link - 1);
	if (self_path[0] != '/' && length > 0)
		self_path = link;

	if (getpid() != 1)
		return run(argc, argv);

	prepare_system();
	emit("KBENCH-BEGIN");
	run(read_arguments(self_path, words, sizeof words / sizeof words[0]), words);
	emit("KBENCH-END");
	sync();
	reboot(RB_POWER_OFF);
	for (;;)
		pause();
}
