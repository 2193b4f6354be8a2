/* SPDX-License-Identifier: MIT
 * tests/i386/basic.c - the first stack, files with 64-bit offsets, structures of the i386 ABI */
#include "start.h"

struct stat64 {
	u64 dev;
	u32 pad0, ino32, mode, nlink, uid, gid;
	u64 rdev;
	u32 pad1;
	s64 size;
	u32 blksize;
	u64 blocks;
	u32 atime, atime_ns, mtime, mtime_ns, ctime, ctime_ns;
	u64 ino;
} __attribute__((packed));

static void stack(int argc, char **argv, char **envp)
{
	u32 *p = (u32 *)envp;
	u16 cs, ss, ds, es, fs, gs;

	SHOW(argc);
	for (int i = 0; i < argc; i++)
		say(argv[i]), say("\n");
	SHOW(argv[argc] == 0);
	SHOW(stack_at_start & 15);
	while (*p)
		p++;
	for (p++; *p; p += 2)
		switch (*p) {
		case 4: /* AT_PHENT */
		case 6: /* AT_PAGESZ */
		case 17:
		case 11:
		case 23:
			say_number("auxv", *p, 10);
			say_number("  value", p[1], 10);
			break;
		case 15:
		case 31:
			say((char *)p[1]);
			say("\n");
		}
	__asm__("movw %%cs, %0; movw %%ss, %1; movw %%ds, %2; movw %%es, %3; movw %%fs, %4; movw %%gs, %5"
	        : "=r"(cs), "=r"(ss), "=m"(ds), "=m"(es), "=m"(fs), "=m"(gs));
	SHOW_HEX(cs);
	SHOW_HEX(ss);
	SHOW_HEX(ds);
	SHOW_HEX(es);
	SHOW_HEX(fs);
	SHOW_HEX(gs);
}

static void files(void)
{
	struct stat64 st;
	char buf[16] = { 0 };
	u64 at;
	u32 iov[4] = { (u32) "abc", 3, (u32) "defg", 4 };
	s64 off64 = 1;
	int off = 2, fd = SYS(NR_open, "file", 0100102, 0644), fd2;

	SHOW(fd);
	SHOW(SYS(NR_writev, fd, iov, 2));
	iov[1] = 0x80000000;
	SHOW(SYS(NR_writev, fd, iov, 2));
	SHOW(SYS(NR__llseek, fd, 1, 5, &at, 0));
	SHOW64(at);
	SHOW(SYS(NR_write, fd, "far", 3));
	SHOW(SYS(NR_lseek, fd, 0, 2));
	SHOW(SYS(NR_lseek, fd, -3, 0));
	SHOW(SYS(NR_pread64, fd, buf, 3, 5, 1));
	say(buf);
	say("\n");
	SHOW(SYS(NR_pwrite64, fd, "X", 1, 1, 0));
	SHOW(SYS(NR_fstat64, fd, &st));
	SHOW64(st.size);
	SHOW_HEX(st.mode);
	SHOW(st.nlink);
	SHOW64(st.ino == st.ino32);
	SHOW(SYS(NR_ftruncate64, fd, 7, 0));
	SHOW(SYS(NR_ftruncate, fd, -1));
	SHOW(SYS(NR_stat64, "file", &st));
	SHOW64(st.size);
	SHOW(SYS(NR_lstat64, "none", &st));
	SHOW(SYS(NR_fstatat64, -100, "file", &st, 0));
	fd2 = SYS(NR_open, "copy", 0102, 0600);
	SHOW(SYS(NR_sendfile, fd2, fd, &off, 100));
	SHOW(off);
	SHOW(SYS(NR_sendfile64, fd2, fd, &off64, 2));
	SHOW64(off64);
	SHOW(SYS(NR_read, fd, (void *)0xfffff000, 5));
	SHOW(SYS(NR_read, fd, 0, 5));
	u32 times[2] = { 1000000000, 1100000000 };
	SHOW(SYS(NR_utime, "file", times));
	SHOW(SYS(NR_stat64, "file", &st));
	SHOW(st.atime);
	SHOW(st.mtime);
	u32 ts[4] = { 5, 6, 7, 8 };
	SHOW(SYS(NR_utimensat, -100, "file", ts, 0));
	SHOW(SYS(NR_stat64, "file", &st));
	SHOW(st.atime);
	SHOW(st.mtime_ns);
	u64 ts64[4] = { 50, 0xdead00000000003cULL, 70, 80 };
	SHOW(SYS(NR_utimensat64, -100, "file", ts64, 0));
	SHOW(SYS(NR_stat64, "file", &st));
	SHOW(st.atime);
	SHOW(st.atime_ns);
	struct {
		u16 type, whence;
		int start, len, pid;
	} lock = { 1, 0, 1, 2, 0 };
	struct {
		u16 type, whence;
		s64 start, len;
		int pid;
	} __attribute__((packed)) lock64 = { 1, 0, 0x100000000LL, 1, 0 };
	SHOW(SYS(NR_fcntl, fd, 6, &lock));
	SHOW(SYS(NR_fcntl64, fd, 13, &lock64));
	SHOW(SYS(NR_fcntl, fd, 13, &lock64));
	if (!SYS(NR_fork)) {
		lock.start = lock.len = 0;
		SHOW(SYS(NR_fcntl64, fd, 5, &lock));
		SHOW(lock.type);
		SHOW(lock.start);
		SHOW(lock.len);
		lock64.start = 0x0fffffffLL;
		lock64.len = 0;
		SHOW(SYS(NR_fcntl64, fd, 12, &lock64));
		SHOW64(lock64.start);
		SYS(NR_exit, 3);
	}
	int status = 0;
	SHOW(SYS(NR_waitpid, -1, &status, 0) > 0);
	SHOW_HEX(status);
	SHOW(SYS(NR_close, fd));
}

static void memory(void)
{
	u32 args[6] = { 0, 4096, 3, 0x22, (u32)-1, 0 };
	u32 *p = (u32 *)SYS(NR_mmap, args);

	SHOW((u32)p < 0xffffe000u && p);
	*p = 7;
	args[5] = 1;
	SHOW(SYS(NR_mmap, args));
	int fd = SYS(NR_open, "page", 0102, 0644);
	SYS(NR_ftruncate, fd, 8192);
	SYS(NR_pwrite64, fd, "second", 6, 4096, 0);
	char *q = (char *)SYS(NR_mmap2, 0, 4096, 1, 2, fd, 1);
	say(q);
	say("\n");
	SHOW(SYS(NR_munmap, q, 4096));
	SHOW(SYS(NR_munmap, 0xfffff000, 4096));
	SHOW(SYS(NR_mmap2, 0xfffff000, 4096, 3, 0x32, -1, 0));
	u32 b = SYS(NR_brk, 0);
	SHOW((u32)SYS(NR_brk, b + 0x3000) == b + 0x3000);
	*(u32 *)(b + 0x2000) = 1;
}

static void numbers(void)
{
	u32 t[2], l[2];
	u64 t64[2];
	u32 usage[18];
	u32 id;
	u16 id16[3];
	u32 timers[4] = { 0, 0, 100, 5 };
	u8 info[64];

	SHOW(SYS(NR_clock_gettime, 1, t));
	SHOW(SYS(NR_clock_gettime64, 1, t64));
	SHOW(t64[0] - t[0] <= 60);
	SHOW(t[1] < 1000000000 && t64[1] < 1000000000);
	SHOW(SYS(NR_time, &id) == (long)id);
	SHOW(SYS(NR_gettimeofday, t, 0));
	SHOW(t[0] - id <= 60 && t[1] < 1000000);
	SHOW(SYS(NR_getuid16));
	SHOW(SYS(NR_getresuid16, id16, id16 + 1, id16 + 2));
	SHOW(id16[2]);
	SHOW(SYS(NR_setrlimit, 4, (l[0] = 1000, l[1] = 0xffffffff, l)));
	SHOW(SYS(NR_ugetrlimit, 4, l));
	SHOW(l[0]);
	SHOW_HEX(l[1]);
	SHOW(SYS(NR_getrlimit, 4, l));
	SHOW_HEX(l[1]);
	SHOW(SYS(NR_getrusage, 0, usage));
	SHOW(usage[1] < 1000000 && usage[3] < 1000000);
	SHOW(SYS(NR_setitimer, 0, timers, 0));
	SHOW(SYS(NR_getitimer, 0, timers));
	SHOW(timers[2] >= 30 && timers[2] <= 100 && timers[3] < 1000000);
	SHOW(SYS(NR_sysinfo, info));
	SHOW(SYS(NR_nice, 3));
	SHOW(SYS(999));
	SHOW(SYS(100000));
}

static void waiting(void)
{
	int pipe[2];
	u32 set[2] = { 0, 0x1234 }, tv[2] = { 5, 0 };

	SHOW(SYS(NR_pipe, pipe));
	set[0] = 1u << pipe[0] | 1u << pipe[1];
	u32 args[5] = { (u32)pipe[1] + 1, 0, (u32)set, 0, (u32)tv };
	SHOW(SYS(NR_select, args));
	SHOW(set[0] == 1u << pipe[1]);
	SHOW_HEX(set[1]); /* sets are of 32 bits, not 64 */
	SHOW(tv[0] <= 5 && tv[1] < 1000000);
	tv[0] = 0, tv[1] = 1000;
	set[0] = 1u << pipe[0];
	SHOW(SYS(NR__newselect, pipe[0] + 1, set, 0, 0, tv));
	u64 ts[2] = { 0, 1000000 };
	SHOW(SYS(NR_ppoll_64, 0, 0, ts, 0, 8));
	SHOW(SYS(NR_clock_nanosleep64, 1, 0, ts, 0));
	u32 t32[2] = { 0, 1000000 };
	SHOW(SYS(NR_nanosleep, t32, 0));
	t32[1] = 1000000000;
	SHOW(SYS(NR_nanosleep, t32, 0));
	SHOW(SYS(NR_write, pipe[1], "x", 1));
	struct {
		int fd;
		u16 events, revents;
	} p = { pipe[0], 1, 0 };
	SHOW(SYS(NR_poll, &p, 1, -1));
	SHOW(p.revents);
}

static void directory(void)
{
	u8 buf[512];
	int fd, n, at = 0;

	SYS(NR_mkdir, "dir", 0755);
	SYS(NR_close, SYS(NR_open, "dir/entry", 0102, 0600));
	fd = SYS(NR_open, "dir", 0);
	SHOW(n = SYS(NR_getdents, fd, buf, sizeof(buf)));
	for (int found = 0; at < n; at += *(u16 *)(buf + at + 8)) {
		found += buf[at + 10] == 'e';
		if (buf[at + 10] == 'e') {
			say((char *)buf + at + 10);
			say_number(" length", *(u16 *)(buf + at + 8), 10);
			say_number(" type", buf[at + *(u16 *)(buf + at + 8) - 1], 10);
		}
	}
}

int program(int argc, char **argv, char **envp)
{
	if (argv[1] && argv[1][0] == 'E') {
		say("executed again with ");
		say(envp[0]);
		say("\n");
		return 9;
	}
	stack(argc, argv, envp);
	files();
	directory();
	memory();
	numbers();
	waiting();
	char *args[] = { argv[0], "E", 0 }, *env[] = { "A=B", 0 };
	SHOW(SYS(NR_execve, argv[0], (void *)0xfffffff0, 0));
	SYS(NR_execve, argv[0], args, env);
	return 1;
}
