/* SPDX-License-Identifier: MIT
 *
 * tests/stress/fuzz_elf.c - executes damaged ELF files.
 *
 * usage: fuzz_elf FILE COUNT [SEED]
 *
 * Makes COUNT mutations of the ELF file, mostly in its header and program headers, and executes each as an
 * unprivileged user with limits and at most a second of time.  What the program then does is its own affair; the
 * kernel must refuse or run it.  Prints `FUZZ elf=N` and how they ended. */
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MUTATIONS_MAX = 8, LIMIT_MS = 1000, UID_NOBODY = 65534, EXEC_FAILED = 99 };

static const char path[] = "/tmp/fuzz_elf.bin";
static uint8_t *original;
static size_t size, head; /* bytes of the file, of its headers */
static uint64_t rng_state;
static unsigned refused, exited, signalled, stuck;

static uint64_t rnd(void)
{
	rng_state ^= rng_state >> 12;
	rng_state ^= rng_state << 25;
	rng_state ^= rng_state >> 27;
	return rng_state * 0x2545f4914f6cdd1dULL;
}

static size_t below(size_t n)
{
	return (size_t)(rnd() >> 20) % n;
}

static uint64_t edge(void)
{
	static const uint64_t v[] = { 0, 1, 2, 3, 4, 7, 55, 56, 57, 63, 64, 4095, 4096, 4097, 65535, 0x7fffffff, 0xffffffff,
				      0x100000000, 0x400000, 0x7ffffffff000, 0x800000000000, 0x7fffffffffffffff,
				      0x8000000000000000, 0xffffffff80000000, 0xfffffffffffff000, ~0ULL };

	return below(3) ? v[below(sizeof v / sizeof v[0])] : rnd() >> below(64);
}

static void write_all(int fd, const void *p, size_t n, off_t at)
{
	while (n) {
		ssize_t r = pwrite(fd, p, n, at);
		if (r <= 0) {
			perror("fuzz_elf: write");
			exit(1);
		}
		p = (const char *)p + r;
		n -= (size_t)r;
		at += r;
	}
}

struct mutation {
	size_t at, len;
};

/* Changes up to 8 places of the file, or cuts it; says what to put back. */
static unsigned mutate(int fd, struct mutation *m, size_t *cut)
{
	unsigned n = 1 + (unsigned)below(MUTATIONS_MAX);

	*cut = size;
	for (unsigned i = 0; i < n; i++) {
		uint64_t v = edge();
		size_t len = (size_t)1 << below(4);

		m[i].at = below(10) ? below(head) & ~(len - 1) : below(size);
		m[i].len = m[i].at + len > size ? size - m[i].at : len;
		write_all(fd, &v, m[i].len, (off_t)m[i].at);
	}
	if (!below(8)) {
		*cut = below(2) ? below(head * 2) : below(size);
		if (ftruncate(fd, (off_t)*cut))
			perror("fuzz_elf: ftruncate");
	}
	return n;
}

static void restore(int fd, const struct mutation *m, unsigned n, size_t cut)
{
	if (cut < size)
		write_all(fd, original + cut, size - cut, (off_t)cut);
	for (unsigned i = 0; i < n; i++)
		write_all(fd, original + m[i].at, m[i].len, (off_t)m[i].at);
}

static void limit(int what, rlim_t n)
{
	struct rlimit r = { n, n };

	setrlimit(what, &r);
}

static void run_child(void)
{
	char *argv[] = { "true", NULL }, *envp[] = { "FUZZ=1", NULL };
	int null = open("/dev/null", O_RDWR);

	for (int fd = 0; fd < 3; fd++)
		dup2(null, fd);
	close(null);
	setsid();
	limit(RLIMIT_AS, 256 << 20);
	limit(RLIMIT_CPU, 1);
	limit(RLIMIT_FSIZE, 65536);
	limit(RLIMIT_CORE, 0);
	limit(RLIMIT_NPROC, 64);
	if (setgid(UID_NOBODY) || setuid(UID_NOBODY))
		_exit(EXEC_FAILED);
	execve(path, argv, envp);
	_exit(EXEC_FAILED);
}

static long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void run(void)
{
	long start = now_ms();
	int status = 0;
	pid_t pid = fork();

	if (pid == 0)
		run_child();
	if (pid < 0) {
		perror("fuzz_elf: fork");
		return;
	}
	while (waitpid(pid, &status, WNOHANG) == 0) {
		if (now_ms() - start > LIMIT_MS) {
			kill(pid, SIGKILL);
			waitpid(pid, &status, 0);
			stuck++;
			return;
		}
		usleep(500);
	}
	kill(-pid, SIGKILL);
	if (WIFSIGNALED(status))
		signalled++;
	else if (WEXITSTATUS(status) == EXEC_FAILED)
		refused++;
	else
		exited++;
}

static void load(const char *file)
{
	struct stat st;
	int fd = open(file, O_RDONLY);
	const Elf64_Ehdr *e;

	if (fd < 0 || fstat(fd, &st) || st.st_size < (off_t)sizeof *e) {
		perror(file);
		exit(1);
	}
	size = (size_t)st.st_size;
	original = malloc(size);
	if (!original)
		exit(1);
	for (size_t at = 0; at < size;) {
		ssize_t n = read(fd, original + at, size - at);
		if (n <= 0)
			exit(1);
		at += (size_t)n;
	}
	close(fd);
	e = (const Elf64_Ehdr *)original;
	head = e->e_phoff + (size_t)e->e_phnum * sizeof(Elf64_Phdr);
	if (head < sizeof *e || head > size)
		head = sizeof *e;
}

/* Open for writing only while it is written: an open writer would make every exec fail with ETXTBSY. */
static int open_copy(void)
{
	int fd;

	for (int tries = 0; (fd = open(path, O_WRONLY | O_CREAT, 0755)) < 0; tries++) {
		if (errno != ETXTBSY || tries > 1000) {
			perror(path);
			exit(1);
		}
		usleep(1000); /* the last child's memory is just being torn down */
	}
	return fd;
}

int main(int argc, char **argv)
{
	struct mutation m[MUTATIONS_MAX];
	unsigned count, done, n;
	size_t cut;
	int fd;

	if (argc < 3)
		return fprintf(stderr, "usage: fuzz_elf FILE COUNT [SEED]\n"), 2;
	load(argv[1]);
	count = (unsigned)strtoul(argv[2], NULL, 0);
	rng_state = (argc > 3 ? strtoull(argv[3], NULL, 0) : 1) * 0x9e3779b97f4a7c15ULL | 1;
	unlink(path);
	fd = open_copy();
	write_all(fd, original, size, 0);
	fchmod(fd, 0755);
	close(fd);
	for (done = 0; done < count; done++) {
		fd = open_copy();
		n = mutate(fd, m, &cut);
		close(fd);
		run();
		fd = open_copy();
		restore(fd, m, n, cut);
		close(fd);
	}
	unlink(path);
	printf("FUZZ elf=%u refused=%u exited=%u signalled=%u stuck=%u\n", done, refused, exited, signalled, stuck);
	return 0;
}
