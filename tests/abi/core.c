// SPDX-License-Identifier: MIT
// tests/abi/core.c - core files: when there is one, its name, its notes and its memory.
// The machine's core_pattern is left alone where it is "core", as Debian has it; else it is "core" while this runs.
#include "abi.h"
#include <dirent.h>
#include <elf.h>
#include <pthread.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/procfs.h>
#include <sys/resource.h>
#include <sys/syscall.h>

static char pattern_before[128];

static void write_file(const char *name, const char *text)
{
	int fd = open(name, O_WRONLY);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		printf("%s: %s\n", name, strerror(errno));
	close(fd);
}

static void read_file(const char *name, char *buf, size_t size)
{
	int fd = open(name, O_RDONLY);
	ssize_t n = read(fd, buf, size - 1);

	buf[n < 0 ? 0 : n] = 0;
	close(fd);
}

static void limit(rlim_t bytes)
{
	struct rlimit r = { bytes, RLIM_INFINITY };

	setrlimit(RLIMIT_CORE, &r);
}

/* Runs fn in a child, says how it ended, and which files lie here then. */
static pid_t crash(const char *what, void (*fn)(void))
{
	int status;
	pid_t p = fork();

	if (!p) {
		fn();
		_exit(0);
	}
	waitpid(p, &status, 0);
	printf("%s: signal %d core %d\n", what, WIFSIGNALED(status) ? WTERMSIG(status) : -1, WIFSIGNALED(status) && WCOREDUMP(status));
	return p;
}

/* Files whose names begin with "core" or "dump"; the child's number is written as PID.  They are removed. */
static void list_files(pid_t child)
{
	char number[16], *at;
	struct dirent *e;
	DIR *d = opendir(".");

	snprintf(number, sizeof(number), "%d", child);
	while ((e = readdir(d))) {
		struct stat st;

		if (strncmp(e->d_name, "core", 4) && strncmp(e->d_name, "dump", 4))
			continue;
		stat(e->d_name, &st);
		at = strstr(e->d_name, number);
		if (at)
			printf("  %.*sPID%s", (int)(at - e->d_name), e->d_name, at + strlen(number));
		else
			printf("  %s", e->d_name);
		printf(" mode %o links %d %s\n", st.st_mode, (int)st.st_nlink, st.st_size > 4096 ? "big" : "small");
		unlink(e->d_name);
	}
	closedir(d);
}

static void do_segv(void)
{
	*(volatile int *)8 = 1;
}

static void do_abort(void)
{
	abort();
}

static void do_quit(void)
{
	kill(getpid(), SIGQUIT);
}

static void do_term(void)
{
	kill(getpid(), SIGTERM);
}

static void do_undumpable(void)
{
	prctl(PR_SET_DUMPABLE, 0);
	abort();
}

static void do_no_limit(void)
{
	limit(0);
	abort();
}

static void do_small_limit(void)
{
	limit(20000);
	abort();
}

static void do_other_user(void)
{
	if (setgid(1000) || setuid(1000))
		_exit(1);
	abort();
}

static void test_when(void)
{
	list_files(crash("segv", do_segv));
	list_files(crash("abort", do_abort));
	list_files(crash("quit", do_quit));
	list_files(crash("term", do_term));
	list_files(crash("not dumpable", do_undumpable));
	list_files(crash("limit 0", do_no_limit));
	list_files(crash("small limit", do_small_limit));
	list_files(crash("changed user", do_other_user));
	symlink("elsewhere", "core");
	list_files(crash("link", do_abort));
	mkdir("core", 0755);
	list_files(crash("directory", do_abort));
	rmdir("core");
}

/* The name by core(5): unknown specifiers and a last % vanish, a slash in a word becomes !. */
static void expand(char *to, const char *pattern)
{
	for (; *pattern; pattern++) {
		if (*pattern != '%') {
			*to++ = *pattern;
			continue;
		}
		switch (*++pattern) {
		case 0:
			*to = 0;
			return;
		case '%':
			*to++ = '%';
			break;
		case 'p':
		case 'i':
			to += sprintf(to, "PID");
			break;
		case 's':
			to += sprintf(to, "%d", SIGABRT);
			break;
		case 'u':
		case 'g':
			*to++ = '0';
			break;
		case 'd':
			*to++ = '1';
			break;
		case 'e':
		case 'f':
			to += sprintf(to, "core");
			break;
		case 'E':
			to += sprintf(to, "!tests!core");
			break;
		}
	}
	*to = 0;
}

/* kernel.core_pattern is the whole machine's.  Linux's stays as it is: there core(5) says what would be printed. */
static void crash_by(const char *pattern, const char *what, const char *uses_pid)
{
	char name[256];

	if (!access("/proc/zerno", F_OK)) {
		write_file("/proc/sys/kernel/core_pattern", pattern);
		write_file("/proc/sys/kernel/core_uses_pid", uses_pid);
		list_files(crash(what, do_abort));
		write_file("/proc/sys/kernel/core_uses_pid", "0");
		return;
	}
	expand(name, pattern);
	if (*uses_pid == '1')
		strcat(name, ".PID");
	printf("%s: signal %d core %d\n", what, SIGABRT, !strchr(name, '/'));
	if (!strchr(name, '/'))
		printf("  %s mode 100600 links 1 big\n", name);
}

static void test_names(void)
{
	static const char *const patterns[] = { "dump.%p", "dump%%%s-%u-%g", "dump.%e", "dump.%f%", "dump.%E", "dump/%p", "dump.%q%i",
		                                "core.%d" };

	for (unsigned i = 0; i < sizeof(patterns) / sizeof(*patterns); i++)
		crash_by(patterns[i], patterns[i], "0");
	crash_by("core", "uses pid", "1");
}

/* Reading one. */

static char *file;
static Elf64_Phdr *headers;
static unsigned nr_headers;

static void load_core(const char *name)
{
	struct stat st;
	int fd = open(name, O_RDONLY);

	fstat(fd, &st);
	file = mmap(NULL, st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	Elf64_Ehdr *e = (Elf64_Ehdr *)file;
	headers = (Elf64_Phdr *)(file + e->e_phoff);
	nr_headers = e->e_phnum;
	printf("type %d machine %d version %d class %d ehsize %d phentsize %d entry %lx\n", e->e_type, e->e_machine, e->e_version,
	       e->e_ident[EI_CLASS], e->e_ehsize, e->e_phentsize, e->e_entry);
}

/* The dumped bytes at addr, or NULL. */
static char *core_at(unsigned long addr)
{
	for (unsigned i = 0; i < nr_headers; i++)
		if (headers[i].p_type == PT_LOAD && addr >= headers[i].p_vaddr && addr < headers[i].p_vaddr + headers[i].p_filesz)
			return file + headers[i].p_offset + (addr - headers[i].p_vaddr);
	return NULL;
}

static void show_note(unsigned type, const char *name, char *desc, size_t size, pid_t child)
{
	if (type > 0x202 && type < 0x300) /* newer register sets */
		return;
	printf("note %s %x", name, type);
	if (type == NT_PRSTATUS) {
		struct elf_prstatus *p = (struct elf_prstatus *)desc;
		printf(" size %zu signal %d cursig %d pending %lx held %lx leader %d group %d fp %d cs %llx", size, p->pr_info.si_signo,
		       p->pr_cursig, p->pr_sigpend, p->pr_sighold, p->pr_pid == child, p->pr_pgrp == getpgrp(), p->pr_fpvalid,
		       (unsigned long long)p->pr_reg[17]);
	} else if (type == NT_PRPSINFO) {
		struct elf_prpsinfo *p = (struct elf_prpsinfo *)desc;
		printf(" size %zu %c zombie %d nice %d uid %u pid %d parent %d name %s args '%s'", size, p->pr_sname, p->pr_zomb,
		       p->pr_nice, p->pr_uid, p->pr_pid == child, p->pr_ppid == getpid(), p->pr_fname, p->pr_psargs);
	} else if (type == NT_SIGINFO) {
		siginfo_t *s = (siginfo_t *)desc;
		printf(" size %zu signal %d code %d addr %p", size, s->si_signo, s->si_code, s->si_addr);
	} else if (type == NT_AUXV) {
		Elf64_auxv_t *a = (Elf64_auxv_t *)desc;
		for (; a->a_type; a++)
			if (a->a_type == AT_PAGESZ)
				printf(" pagesize %ld", (long)a->a_un.a_val);
	} else if (type == NT_FILE) {
		unsigned long *v = (unsigned long *)desc;
		char *names = (char *)(v + 2 + 3 * v[0]);
		printf(" page %lu first %s", v[1], strrchr(names, '/'));
	} else if (type == NT_FPREGSET) {
		printf(" size %zu", size);
	}
	printf("\n");
}

static void show_notes(pid_t child)
{
	char *at = file + headers[0].p_offset, *end = at + headers[0].p_filesz;

	printf("first header is notes: %d\n", headers[0].p_type == PT_NOTE);
	while (at < end) {
		Elf64_Nhdr *n = (Elf64_Nhdr *)at;
		char *name = at + sizeof(*n), *desc = name + ((n->n_namesz + 3) & ~3u);
		show_note(n->n_type, name, desc, n->n_descsz, child);
		at = desc + ((n->n_descsz + 3) & ~3u);
	}
}

static char *anon, *shared, *dontdump, *mapped, *untouched;
static volatile int ready;

static void *sleeper(void *arg)
{
	__atomic_add_fetch(&ready, 1, __ATOMIC_SEQ_CST);
	for (;;)
		pause();
	return arg;
}

static void do_threads(void)
{
	sigset_t usr2;
	pthread_t t;

	for (int i = 0; i < 2; i++)
		pthread_create(&t, NULL, sleeper, NULL);
	while (ready < 2)
		usleep(1000);
	strcpy(anon, "anonymous");
	strcpy(shared, "shared");
	strcpy(dontdump, "not dumped");
	mapped[1] ^= 0;
	sigemptyset(&usr2);
	sigaddset(&usr2, SIGUSR2);
	sigprocmask(SIG_BLOCK, &usr2, NULL);
	raise(SIGUSR2);
	*(volatile int *)8 = 1;
}

static void show_memory(const char *name, const char *addr)
{
	const char *p = core_at((unsigned long)addr);

	printf("  %s: %s%.9s\n", name, p ? "there " : "left out", p ? p : "");
}

static void test_contents(const char *filter)
{
	int fd = open("data", O_CREAT | O_RDWR, 0644);

	write_file("/proc/self/coredump_filter", filter);
	ftruncate(fd, 8192);
	pwrite(fd, "mapped", 6, 0);
	anon = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	shared = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	dontdump = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	madvise(dontdump, 8192, MADV_DONTDUMP);
	mapped = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	untouched = mmap(NULL, 8192, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	pid_t child = crash("contents", do_threads);
	load_core("core");
	show_notes(child);
	show_memory("anonymous", anon);
	show_memory("shared", shared);
	show_memory("dontdump", dontdump);
	show_memory("mapped shared", mapped);
	show_memory("mapped private", untouched);
	show_memory("never touched", anon + 65536);
	struct stat st;
	stat("core", &st);
	if (strcmp(filter, "0"))
		printf("sparse: %d\n", st.st_blocks * 512 < st.st_size);
	unlink("core");
	unlink("data");
	munmap(file, st.st_size);
}

/* SIGKILL of another thread's process while it dumps, and threads that come and go. */
static void *comes_and_goes(void *arg)
{
	for (;;) {
		pthread_t t;
		if (!pthread_create(&t, NULL, (void *(*)(void *))getpid, NULL))
			pthread_join(t, NULL);
	}
	return arg;
}

static void do_busy(void)
{
	pthread_t t;

	for (int i = 0; i < 4; i++)
		pthread_create(&t, NULL, comes_and_goes, NULL);
	usleep(2000);
	abort();
}

int main(void)
{
	setvbuf(stdout, NULL, _IONBF, 0);
	read_file("/proc/sys/kernel/core_pattern", pattern_before, sizeof(pattern_before));
	pattern_before[strcspn(pattern_before, "\n")] = 0;
	if (strcmp(pattern_before, "core"))
		write_file("/proc/sys/kernel/core_pattern", "core");
	limit(RLIM_INFINITY);
	test_when();
	test_names();
	if (!access("/proc/zerno", F_OK))
		write_file("/proc/sys/kernel/core_pattern", "core");
	test_contents("0x33");
	test_contents("0x1f");
	test_contents("0");
	for (int i = 0; i < 10; i++)
		unlink((crash("busy", do_busy), "core"));
	if (strcmp(pattern_before, "core"))
		write_file("/proc/sys/kernel/core_pattern", pattern_before);
	return 0;
}
