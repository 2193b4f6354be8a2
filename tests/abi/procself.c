/* SPDX-License-Identifier: MIT
 * tests/abi/procself.c - what /proc says of a process: fields, states, signal masks, limits, descriptors, mappings, rights */
#include "abi.h"

#include <sys/mount.h>
#include <sys/prctl.h>
static char buf[65536];
static ssize_t slurp(const char *name)
{
	int fd = open(name, O_RDONLY);
	ssize_t n = 0, r = 0;
	if (fd < 0)
		return -1;
	while (n < (ssize_t)sizeof buf - 1 && (r = read(fd, buf + n, sizeof buf - 1 - n)) > 0)
		n += r;
	buf[r < 0 ? 0 : n] = 0;
	close(fd);
	return r < 0 ? -1 : n;
}
/* The line of `name` that begins with `key`. */
static void show_line(const char *name, const char *key)
{
	slurp(name);
	for (char *l = strtok(buf, "\n"); l; l = strtok(NULL, "\n"))
		if (!strncmp(l, key, strlen(key))) {
			printf("%s\n", l);
			fflush(stdout);
			return;
		}
	printf("%s has no %s\n", name, key);
}
static int words(char *s)
{
	int n = 0;
	for (char *w = strtok(s, " \n"); w; w = strtok(NULL, " \n"))
		n++;
	return n;
}
static char *stat_field(int pid, int n)
{
	static char name[40];
	sprintf(name, "/proc/%d/stat", pid);
	slurp(name);
	char *p = strrchr(buf, ')') + 2;
	for (int i = 3; i < n; i++)
		p = strchr(p, ' ') + 1;
	*strpbrk(p, " \n") = 0;
	return p;
}
static void identity(void)
{
	char b[64];
	SECTION("names");
	prctl(PR_SET_NAME, "a name) with");
	slurp("/proc/self/comm");
	printf("%s", buf);
	slurp("/proc/self/stat");
	printf("%.*s\n", (int)(strrchr(buf, ')') - strchr(buf, '(') + 1), strchr(buf, '('));
	show_line("/proc/self/status", "Name:");
	int fd = open("/proc/self/comm", O_WRONLY);
	CALL(write, fd, "written-by-write-and-long", 25);
	close(fd);
	show_line("/proc/self/comm", "");
	prctl(PR_SET_NAME, "procself");
	ssize_t n = slurp("/proc/self/cmdline");
	SHOW_INT(n);
	for (ssize_t i = 0; i < n; i++)
		putchar(buf[i] ? buf[i] : '|');
	printf("\n");
	IN_CHILD("environ", char *a[] = { "cat", "/proc/self/environ", NULL }; char *e[] = { "A=1", "B=two words", NULL };
		 execve("/bin/cat", a, e));
	printf("\n");
	IN_CHILD("no arguments", char *e[] = { "X=Y", NULL }; char *a[] = { "cat", "", "/proc/self/cmdline", NULL }; execve("/bin/cat", a, e));
	slurp("/proc/self/stat");
	SHOW_INT(words(strrchr(buf, ')') + 1) + 2);
	slurp("/proc/self/statm");
	SHOW_INT(words(buf));
	SHOW_INT(atoi(stat_field(getpid(), 4)) == getppid());
	SHOW_INT(atoi(stat_field(getpid(), 5)) == getpgrp());
	SHOW_INT(atoi(stat_field(getpid(), 6)) == getsid(0));
	SHOW_INT(atoi(stat_field(getpid(), 18)));
	SHOW_INT(atoi(stat_field(getpid(), 19)));
	SHOW_INT(atoi(stat_field(getpid(), 20)));
	SHOW_INT(atoi(stat_field(getpid(), 38)));
	SHOW_INT(atoi(stat_field(getpid(), 40)));
	SHOW_INT(atoi(stat_field(getpid(), 41)));
	setpriority(PRIO_PROCESS, 0, 5);
	SHOW_INT(atoi(stat_field(getpid(), 18)));
	SHOW_INT(atoi(stat_field(getpid(), 19)));
	setpriority(PRIO_PROCESS, 0, 0);
	memset(b, 0, sizeof b);
	CALL(readlink, "/proc/self/cwd", b, sizeof b);
	CALL(readlink, "/proc/self/exe", b, 3);
	SHOW_INT(readlink("/proc/self", b, sizeof b) > 0 && atoi(b) == getpid());
	memset(b, 0, sizeof b);
	SHOW_INT(readlink("/proc/thread-self", b, sizeof b) > 0);
	SHOW_INT(strstr(b, "/task/") != NULL);
	SHOW_INT(strtoul(stat_field(getpid(), 28), NULL, 10) > 0);
	SECTION("status");
	static const char *const keys[] = { "Umask:", "State:", "Ngid:", "TracerPid:", "Uid:", "Gid:", "Threads:", "SigPnd:", "ShdPnd:", "SigBlk:",
					    "SigIgn:", "SigCgt:", "CapInh:", "CapAmb:", "NoNewPrivs:", "Seccomp:", "VmLck:", "VmPin:", "VmSwap:", "FDSize:" };
	syscall(SYS_setgroups, 0L, NULL);
	for (unsigned i = 0; i < sizeof keys / sizeof *keys; i++)
		show_line("/proc/self/status", keys[i]);
	gid_t g[3] = { 7, 5, 6 };
	syscall(SYS_setgroups, 3L, g);
	show_line("/proc/self/status", "Groups:");
	syscall(SYS_setgroups, 0L, NULL);
	static const char *const there[] = { "VmPeak:", "VmSize:", "VmHWM:", "VmRSS:", "RssAnon:", "RssFile:", "RssShmem:", "VmData:", "VmStk:", "VmExe:",
					     "VmLib:", "VmPTE:", "Tgid:", "Pid:", "PPid:", "SigQ:", "CapPrm:", "CapEff:", "CapBnd:", "Cpus_allowed:",
					     "Cpus_allowed_list:", "Mems_allowed_list:", "voluntary_ctxt_switches:", "nonvoluntary_ctxt_switches:", "NSpid:", "Kthread:" };
	slurp("/proc/self/status");
	for (unsigned i = 0; i < sizeof there / sizeof *there - 1; i++)
		printf("%s %s\n", there[i], strstr(buf, there[i]) ? "there" : "missing");
	umask(0123);
	show_line("/proc/self/status", "Umask:");
	umask(022);
	IN_CHILD("ids", syscall(SYS_setresgid, 11, 12, 13); syscall(SYS_setresuid, 1, 2, 3); show_line("/proc/self/status", "Uid:");
		 show_line("/proc/self/status", "Gid:"));
	IN_CHILD("no new privileges", prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); show_line("/proc/self/status", "NoNewPrivs:"));
	sigset_t m;
	sigemptyset(&m);
	sigaddset(&m, SIGHUP);
	sigaddset(&m, SIGUSR1);
	sigaddset(&m, SIGUSR2);
	sigaddset(&m, 64);
	sigprocmask(SIG_BLOCK, &m, NULL);
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, (void (*)(int))identity);
	raise(SIGUSR1);
	kill(getpid(), SIGUSR2);
	for (unsigned i = 7; i < 12; i++)
		show_line("/proc/self/status", keys[i]);
	printf("%s", stat_field(getpid(), 31));
	printf(" %s", stat_field(getpid(), 32));
	printf(" %s", stat_field(getpid(), 33));
	printf(" %s\n", stat_field(getpid(), 34));
	signal(SIGUSR1, SIG_IGN);
	signal(SIGUSR2, SIG_IGN);
	sigprocmask(SIG_UNBLOCK, &m, NULL);
	signal(SIGUSR1, SIG_DFL);
	signal(SIGUSR2, SIG_DFL);
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
}
static void states(void)
{
	int p[2], st;
	char c;
	SECTION("states");
	pipe(p);
	fflush(stdout);
	pid_t k = fork();
	if (!k) {
		write(p[1], "r", 1);
		read(p[0], &c, 0);
		pause();
		_exit(0);
	}
	read(p[0], &c, 1);
	while (*stat_field(k, 3) != 'S')
		sched_yield();
	printf("paused %s\n", stat_field(k, 3));
	kill(k, SIGSTOP);
	waitpid(k, &st, WUNTRACED);
	printf("stopped %s\n", stat_field(k, 3));
	char name[40];
	sprintf(name, "/proc/%d/status", k);
	show_line(name, "State:");
	kill(k, SIGCONT);
	kill(k, SIGKILL);
	siginfo_t si;
	waitid(P_PID, k, &si, WEXITED | WNOWAIT);
	printf("zombie %s\n", stat_field(k, 3));
	show_line(name, "State:");
	show_line(name, "Threads:");
	sprintf(name, "/proc/%d/cmdline", k);
	SHOW_INT(slurp(name));
	sprintf(name, "/proc/%d/maps", k);
	SHOW_INT(slurp(name));
	sprintf(name, "/proc/%d/cwd", k);
	SHOW_INT(readlink(name, buf, 100));
	sprintf(name, "/proc/%d/exe", k);
	SHOW_INT(readlink(name, buf, 100));
	sprintf(name, "/proc/%d/fd", k);
	SHOW_INT(access(name, F_OK));
	sprintf(name, "/proc/%d/statm", k);
	slurp(name);
	printf("%s", buf);
	waitpid(k, &st, 0);
	sprintf(name, "/proc/%d/stat", k);
	SHOW_INT(slurp(name));
	printf("running %s\n", stat_field(getpid(), 3));
	show_line("/proc/self/status", "State:");
	k = fork();
	if (!k)
		for (;;)
			;
	while (*stat_field(k, 3) != 'R') /* D while it waits for its first pages */
		sched_yield();
	SHOW_INT(*stat_field(k, 3) == 'R');
	/* a file of a process that is gone */
	sprintf(name, "/proc/%d/status", k);
	int fd = open(name, O_RDONLY);
	sprintf(name, "/proc/%d", k);
	int d = open(name, O_RDONLY);
	kill(k, SIGKILL);
	waitpid(k, &st, 0);
	CALL(read, fd, buf, 100);
	CALL(openat, d, "stat", O_RDONLY);
	CALL(getdents64, d, buf, 4096);
	CALL(faccessat, d, ".", F_OK);
}
static void descriptors(void)
{
	int p[2];
	char b[100], name[64];
	SECTION("descriptors");
	make_file("file", "0123456789", 0644);
	int f = open("file", O_RDWR | O_APPEND | O_CLOEXEC);
	lseek(f, 4, SEEK_SET);
	sprintf(name, "/proc/self/fdinfo/%d", f);
	show_line(name, "pos:");
	show_line(name, "flags:");
	slurp(name);
	SHOW_INT(strstr(buf, "mnt_id:") != NULL);
	fcntl(f, F_SETFL, O_NONBLOCK);
	show_line(name, "flags:");
	fcntl(f, F_SETFD, 0);
	show_line(name, "flags:");
	memset(b, 0, sizeof b);
	sprintf(name, "/proc/self/fd/%d", f);
	SHOW(readlink(name, b, sizeof b));
	puts(b);
	rename("file", "renamed");
	memset(b, 0, sizeof b);
	readlink(name, b, sizeof b);
	puts(b);
	unlink("renamed");
	memset(b, 0, sizeof b);
	readlink(name, b, sizeof b);
	puts(b);
	struct stat st;
	lstat(name, &st);
	SHOW_HEX(st.st_mode);
	stat(name, &st);
	SHOW_INT(st.st_size);
	SHOW(truncate(name, 3));
	SHOW_OK(open(name, O_RDONLY));
	int ro = open("/dev/null", O_RDONLY), wo = open("/dev/null", O_WRONLY), path = open("/", O_PATH), dir = open("/", O_RDONLY);
	static const char *const what[] = { "read", "write", "path", "directory" };
	int fds[] = { ro, wo, path, dir };
	for (int i = 0; i < 4; i++) {
		sprintf(name, "/proc/self/fd/%d", fds[i]);
		lstat(name, &st);
		memset(b, 0, sizeof b);
		readlink(name, b, sizeof b);
		printf("%s %o %s\n", what[i], st.st_mode, b);
		sprintf(name, "/proc/self/fdinfo/%d", fds[i]);
		show_line(name, "flags:");
	}
	pipe(p);
	sprintf(name, "/proc/self/fd/%d", p[0]);
	memset(b, 0, sizeof b);
	readlink(name, b, sizeof b);
	fstat(p[0], &st);
	char want[40];
	sprintf(want, "pipe:[%lu]", st.st_ino);
	SHOW_INT(!strcmp(b, want));
	SHOW(access("/proc/self/fd/999", F_OK));
	SHOW(access("/proc/self/fd/-1", F_OK));
	SHOW(access("/proc/self/fd/00", F_OK));
	SHOW(access("/proc/self/fdinfo/999", F_OK));
	SHOW(open("/proc/self/fd/x", O_CREAT | O_RDWR, 0600));
	SHOW(mkdir("/proc/self/x", 0700));
	SHOW(unlink("/proc/self/stat"));
	SHOW(rename("/proc/self/stat", "/proc/self/x"));
	SHOW(chmod("/proc/self/stat", 0600));
	SHOW(open("/proc/self/stat", O_WRONLY));
	SHOW(open("/proc/self/none", O_RDONLY));
	SHOW(open("/proc/999999/stat", O_RDONLY));
	SHOW(open("/proc/0/stat", O_RDONLY));
	SHOW(open("/proc/01/stat", O_RDONLY));
	SHOW(read(open("/proc/self", O_RDONLY), b, 1));
	SHOW(symlink("x", "/proc/x"));
	int seq = open("/proc/self/status", O_RDONLY);
	SHOW(read(seq, b, 3));
	SHOW(lseek(seq, 0, SEEK_CUR));
	SHOW(lseek(seq, 1, SEEK_SET));
	SHOW(read(seq, b + 50, 3));
	SHOW_INT(b[1] == b[50] && b[2] == b[51]);
	SHOW(pread(seq, b + 60, 2, 1));
	SHOW_INT(b[1] == b[60]);
	SHOW(lseek(seq, 0, SEEK_END));
	SHOW(write(seq, "x", 1));
	SHOW(ftruncate(seq, 0));
	fstat(seq, &st);
	SHOW_INT(st.st_size);
	int again = 0;
	for (int i = 0; i < 3; i++) {
		lseek(seq, 0, SEEK_SET);
		again += read(seq, b, 10);
	}
	SHOW_INT(again);
}
static void show_maps(const char *what, void *at)
{
	FILE *f = fopen("/proc/self/maps", "r");
	char line[400];
	while (fgets(line, sizeof line, f)) {
		unsigned long s, e, off;
		char perm[8], rest[200] = "";
		unsigned maj, min;
		long ino;
		sscanf(line, "%lx-%lx %7s %lx %x:%x %ld %199[^\n]", &s, &e, perm, &off, &maj, &min, &ino, rest);
		if ((unsigned long)at >= s && (unsigned long)at < e)
			printf("%s: %lu pages %s offset %lx inode %d %s\n", what, (e - s) / 4096, perm, off, ino != 0, rest);
	}
	fclose(f);
	fflush(stdout);
}
static void memory(void)
{
	SECTION("mappings");
	int fd = open("mapped", O_RDWR | O_CREAT, 0600);
	ftruncate(fd, 65536);
	char *room = mmap(NULL, 64 * 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *p = mmap(room + 4096, 4 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	show_maps("anonymous", p);
	show_maps("guard", room);
	mprotect(p + 4096, 4096, PROT_READ);
	show_maps("split", p);
	show_maps("read only", p + 4096);
	show_maps("behind", p + 2 * 4096);
	mprotect(p + 4096, 4096, PROT_READ | PROT_WRITE);
	show_maps("joined", p);
	mprotect(p, 4096, PROT_READ | PROT_EXEC);
	show_maps("executable", p);
	char *s = mmap(room + 10 * 4096, 2 * 4096, PROT_READ, MAP_SHARED | MAP_FIXED, fd, 8192);
	show_maps("shared file", s);
	char *r = mmap(room + 20 * 4096, 2 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED, fd, 4096);
	show_maps("private file", r);
	munmap(r + 4096, 4096);
	show_maps("part of it", r);
	char *z = mmap(room + 30 * 4096, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	show_maps("shared anonymous", z);
	unlink("mapped");
	show_maps("unlinked", s);
	syscall(SYS_brk, (char *)sbrk(0) + 8192);
	FILE *f = fopen("/proc/self/maps", "r");
	char line[400];
	int heap = 0, stack = 0, prog = 0;
	while (fgets(line, sizeof line, f)) {
		heap += strstr(line, "[heap]") != NULL;
		stack += strstr(line, "[stack]") != NULL;
		prog += strstr(line, "/procself") != NULL;
	}
	fclose(f);
	SHOW_INT(heap * 10 + stack);
	SHOW_INT(prog > 2);
	show_line("/proc/self/status", "VmLck:");
	mlock(p, 8192);
	show_line("/proc/self/status", "VmLck:");
	munlock(p, 8192);
	char *q = mmap(NULL, 16 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	q[0] = q[4096] = 1;
	f = fopen("/proc/self/smaps", "r");
	bool in = false;
	while (fgets(line, sizeof line, f)) {
		unsigned long a, e;
		if (sscanf(line, "%lx-%lx ", &a, &e) == 2)
			in = (unsigned long)q >= a && (unsigned long)q < e;
		else if (in && (!strncmp(line, "Size:", 5) || !strncmp(line, "Rss:", 4) || !strncmp(line, "Pss:", 4) || !strncmp(line, "Anonymous:", 10) ||
				!strncmp(line, "Private_Dirty:", 14) || !strncmp(line, "Swap:", 5) || !strncmp(line, "KernelPageSize:", 15)))
			printf("%.*s %ld\n", (int)(strchr(line, ':') - line), line, (strstr(line, "Size:") == line) ? 0L : atol(strchr(line, ':') + 1));
	}
	fclose(f);
}
static void others(void)
{
	SECTION("limits");
	struct rlimit r = { 11, 22 };
	setrlimit(RLIMIT_SIGPENDING, &r);
	slurp("/proc/self/limits");
	for (char *l = strtok(buf, "\n"); l; l = strtok(NULL, "\n"))
		if (strstr(l, "Limit") == l || strstr(l, "pending") || strstr(l, "cpu time") || strstr(l, "address") || strstr(l, "realtime timeout"))
			printf("%s|\n", l);
		else
			printf("%.26s\n", l);
	SECTION("small files");
	slurp("/proc/self/io");
	for (char *l = strtok(buf, "\n"); l; l = strtok(NULL, "\n"))
		printf("%.*s\n", (int)strcspn(l, ":"), l);
	show_line("/proc/self/oom_score_adj", "");
	int fd = open("/proc/self/oom_score_adj", O_RDWR);
	CALL(write, fd, "500", 3);
	show_line("/proc/self/oom_score_adj", "");
	CALL(write, fd, "1001", 4);
	CALL(write, fd, "junk", 4);
	IN_CHILD("inherited", show_line("/proc/self/oom_score_adj", ""));
	show_line("/proc/self/personality", "");
	static const char *const names[] = { "attr", "auxv", "cgroup", "clear_refs", "cmdline", "comm", "cwd", "environ", "exe", "fd", "fdinfo", "io", "limits",
					     "maps", "mem", "mountinfo", "mounts", "mountstats", "ns", "oom_adj", "oom_score", "oom_score_adj", "pagemap", "root",
					     "sched", "smaps", "smaps_rollup", "stat", "statm", "status", "syscall", "task", "wchan" };
	for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
		static const char *const skip = " attr cgroup clear_refs mem mountstats ns oom_adj oom_score pagemap sched smaps_rollup syscall ";
		char word[40], path[64];
		struct stat st;
		sprintf(word, " %s ", names[i]);
		if (strstr(skip, word))
			continue;
		sprintf(path, "/proc/self/%s", names[i]);
		if (lstat(path, &st))
			printf("%s: %s\n", names[i], strerror(errno));
		else
			printf("%s: %o uid %d size %ld\n", names[i], st.st_mode, st.st_uid, S_ISREG(st.st_mode) ? (long)st.st_size : 0);
	}
	IN_CHILD("owned by a user", become(1000); prctl(PR_SET_DUMPABLE, 1); show_stat("/proc/self/stat"); show_stat("/proc/self/fd");
		 prctl(PR_SET_DUMPABLE, 0); struct stat st; stat("/proc/self/", &st); SHOW_INT(st.st_uid); lstat("/proc/self/environ", &st);
		 SHOW_INT(st.st_uid));
	SECTION("looking at others");
	char path[64];
	static const char *const secret[] = { "environ", "cwd", "exe", "root", "fd", "fdinfo", "maps", "smaps", "io", "auxv", "stat", "status", "statm",
					      "cmdline", "comm", "limits", "wchan", "mounts", "oom_score_adj", "task" };
	fflush(stdout);
	pid_t me = getpid(), k = fork();
	if (!k) {
		become(1000);
		for (unsigned i = 0; i < sizeof secret / sizeof *secret; i++) {
			char b[64];
			sprintf(path, "/proc/%d/%s", me, secret[i]);
			errno = 0;
			int l = readlink(path, b, sizeof b), le = errno;
			errno = 0;
			int o = open(path, O_RDONLY), oe = errno;
			errno = 0;
			int r2 = o >= 0 ? read(o, b, 1) : -2;
			printf("%s: link %s, open %s, read %s\n", secret[i], l < 0 ? strerror(le) : "ok", o < 0 ? strerror(oe) : "ok",
			       r2 >= 0 ? "ok" : o < 0 ? "-" : strerror(errno));
		}
		sprintf(path, "/proc/%d/comm", me);
		SHOW(open(path, O_WRONLY));
		sprintf(path, "/proc/%d/oom_score_adj", me);
		SHOW(open(path, O_WRONLY));
		fflush(stdout);
		_exit(0);
	}
	waitpid(k, NULL, 0);
}
static void the_system(void)
{
	SECTION("the system");
	slurp("/proc/uptime");
	SHOW_INT(words(buf));
	slurp("/proc/loadavg");
	SHOW_INT(words(buf));
	slurp("/proc/version");
	printf("%.14s\n", buf);
	slurp("/proc/stat");
	char *first = strchr(buf, '\n');
	static const char *const in_stat[] = { "\ncpu0 ", "\nintr ", "\nctxt ", "\nbtime ", "\nprocesses ", "\nprocs_running ", "\nprocs_blocked ", "\nsoftirq " };
	for (unsigned i = 0; i < 8; i++)
		printf("%s %d\n", in_stat[i] + 1, strstr(buf, in_stat[i]) != NULL);
	*first = 0;
	SHOW_INT(words(buf));
	static const char *const mem[] = { "MemTotal:", "MemFree:", "MemAvailable:", "Buffers:", "Cached:", "SwapCached:", "Active:", "Inactive:", "SwapTotal:",
					   "SwapFree:", "Dirty:", "Writeback:", "AnonPages:", "Mapped:", "Shmem:", "Slab:", "SReclaimable:", "SUnreclaim:",
					   "KernelStack:", "PageTables:", "CommitLimit:", "Committed_AS:", "VmallocTotal:" };
	slurp("/proc/meminfo");
	for (unsigned i = 0; i < sizeof mem / sizeof *mem; i++)
		printf("%s %d\n", mem[i], strstr(buf, mem[i]) != NULL);
	show_line("/proc/sys/kernel/ostype", "");
	show_line("/proc/sys/kernel/randomize_va_space", "");
	show_line("/proc/sys/vm/overcommit_memory", "");
	show_line("/proc/sys/fs/pipe-max-size", "");
	show_line("/proc/sys/kernel/cap_last_cap", "");
	show_line("/proc/sys/kernel/ngroups_max", "");
	show_line("/proc/sys/fs/nr_open", "");
	show_line("/proc/sys/kernel/overflowuid", "");
	slurp("/proc/sys/kernel/random/uuid");
	SHOW_INT(strlen(buf));
	slurp("/proc/sys/kernel/hostname");
	char host[100] = "";
	gethostname(host, sizeof host);
	strtok(buf, "\n");
	SHOW_INT(!strcmp(buf, host));
	slurp("/proc/filesystems");
	SHOW_INT(strstr(buf, "nodev\ttmpfs\n") && strstr(buf, "nodev\tproc\n") && strstr(buf, "nodev\tdevpts\n"));
	SHOW(access("/proc/cpuinfo", R_OK));
	SHOW(access("/proc/interrupts", R_OK));
	SHOW(access("/proc/vmstat", R_OK));
	SHOW(access("/proc/devices", R_OK));
	SHOW(access("/proc/cmdline", R_OK));
	SHOW(access("/proc/swaps", R_OK));
	SHOW(open("/proc/none", O_RDONLY));
	SHOW(open("/proc/new", O_CREAT | O_RDWR, 0600));
	SHOW(mkdir("/proc/d", 0700));
	SECTION("mounts");
	mkdir("a b", 0755);
	mount("so urce", "a b", "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOATIME, "size=64k,mode=700");
	slurp("/proc/self/mounts");
	char *l = strstr(buf, "so\\040urce");
	if (l) {
		*strchr(l, '\n') = 0;
		char *o = strstr(l, ",size=");
		if (o)
			*o = 0; /* what follows differs between versions */
		printf("%s\n", l);
	}
	slurp("/proc/self/mountinfo");
	l = strstr(buf, "/a\\040b ");
	if (l) {
		*strchr(l, '\n') = 0;
		char *o = strstr(l, ",size=");
		if (o)
			*o = 0;
		printf("%s\n", l);
	}
	umount("a b");
	struct stat st;
	stat("/proc", &st);
	SHOW_HEX(st.st_mode);
	lstat("/proc/mounts", &st);
	SHOW_HEX(st.st_mode);
	memset(buf, 0, 100);
	SHOW(readlink("/proc/mounts", buf, 100));
	puts(buf);
}
int main(void)
{
	identity();
	states();
	descriptors();
	memory();
	others();
	the_system();
	return 0;
}
