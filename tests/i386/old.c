/* SPDX-License-Identifier: MIT
 * tests/i386/old.c - the first forms of stat, uname and readdir; timers; calls that the two ABIs pass differently */
#include "start.h"

enum { NR_oldstat = 18, NR_oldfstat = 28, NR_oldolduname = 59, NR_oldlstat = 84, NR_readdir = 89, NR_socketcall = 102, NR_stat = 106,
       NR_lstat, NR_fstat, NR_olduname, NR_ipc = 117, NR_personality = 136, NR_timer_create = 259, NR_timer_settime, NR_timer_gettime,
       NR_timer_getoverrun, NR_timer_delete, NR_set_robust_list = 311, NR_get_robust_list, NR_process_vm_readv = 347 };

struct stat32 {
	u16 dev, pad1;
	u32 ino;
	u16 mode, nlink, uid, gid, rdev, pad2;
	u32 size, blksize, blocks, times[6], unused[2];
};
struct oldest {
	u16 dev, ino, mode, nlink, uid, gid, rdev, pad;
	u32 size, times[3];
};

static void show_stat(const struct stat32 *s)
{
	SHOW_HEX(s->mode);
	SHOW(s->nlink);
	SHOW(s->uid);
	SHOW(s->gid);
	SHOW(s->size);
	SHOW_HEX(s->rdev);
	SHOW(s->ino != 0);
	SHOW(s->times[0] > 1000000000);
}

static void stats(void)
{
	struct stat32 s, t;
	struct oldest o;

	int fd = SYS(NR_open, "f", 0100102, 0640);
	SHOW(SYS(NR_write, fd, "abc", 3));
	SHOW(SYS(NR_fchown16, fd, 7, 8));
	SHOW(SYS(NR_stat, "f", &s));
	show_stat(&s);
	SHOW(SYS(NR_fstat, fd, &t));
	show_stat(&t);
	SHOW(s.ino == t.ino && s.dev == t.dev);
	SHOW(SYS(83, "f", "l")); /* symlink */
	SHOW(SYS(NR_lstat, "l", &s));
	SHOW_HEX(s.mode);
	SHOW(SYS(NR_stat, "/dev/null", &s) ? 0 : s.rdev);
	SHOW(SYS(NR_stat, "nothing", &s));
	SHOW(SYS(NR_stat, "f", 1));
	SHOW(SYS(NR_ftruncate64, fd, 0, 1));
	SHOW(SYS(NR_stat, "f", &s)); /* 4 GiB do not fit */
	SHOW(SYS(NR_ftruncate64, fd, 0x7fffffff, 0));
	SHOW(SYS(NR_stat, "f", &s));
	SHOW(s.size);
	SHOW(SYS(NR_ftruncate, fd, 3));
	int r = SYS(NR_oldstat, "f", &o);
	SHOW(r == 0 || r == -75); /* by the inode's number */
	if (!r) {
		SHOW_HEX(o.mode);
		SHOW(o.size);
		SHOW(o.uid);
	}
	SHOW(SYS(NR_oldlstat, "nothing", &o));
	SHOW(SYS(NR_oldfstat, 99, &o));
	SYS(NR_unlink, "f");
	SYS(NR_unlink, "l");
}

static int starts(const char *a, const char *b)
{
	while (*b)
		if (*a++ != *b++)
			return 0;
	return 1;
}

static void names(void)
{
	char old[325], oldest[45], now[390];

	SHOW(SYS(NR_olduname, old));
	say(old);
	say("\n");
	SHOW(SYS(NR_uname, now));
	SHOW(starts(now + 65, old + 65) && starts(now + 130, old + 130));
	say(old + 260);
	say("\n");
	SHOW(SYS(NR_oldolduname, oldest));
	say(oldest);
	say("\n");
	say(oldest + 36);
	say("\n");
	SHOW(SYS(NR_olduname, 1));
	SHOW(SYS(NR_oldolduname, 1));
	SHOW(SYS(NR_personality, 8));
	SHOW(SYS(NR_uname, now));
	say(now + 260);
	say("\n");
	SHOW(SYS(NR_olduname, old));
	say(old + 260);
	say("\n");
	SHOW(SYS(NR_personality, 0));
}

static void directory(void)
{
	struct {
		u32 ino, offset;
		u16 len;
		char name[256];
	} d;
	int n = 0, len = 0, fd, r;

	SYS(NR_mkdir, "d", 0700);
	SYS(NR_close, SYS(NR_open, "d/file", 0102, 0600));
	SYS(NR_close, SYS(NR_open, "d/other", 0102, 0600));
	fd = SYS(NR_open, "d", 0, 0);
	while ((r = SYS(NR_readdir, fd, &d, 1)) > 0) {
		n++;
		len += d.len;
		if (length(d.name) != d.len)
			say("length\n");
	}
	SHOW(r);
	SHOW(n);
	SHOW(len);
	SHOW(SYS(NR_readdir, 1, &d, 1));
	SHOW(SYS(NR_readdir, 99, &d, 1));
	SHOW(SYS(NR_lseek, fd, 0, 0));
	SHOW(SYS(NR_readdir, fd, 1, 1));
	SYS(NR_unlink, "d/file");
	SYS(NR_unlink, "d/other");
	SYS(40, "d");
}

static volatile int expired, value, code;
static void on_timer(int sig, u32 *info, u32 *uc)
{
	(void)sig, (void)uc;
	expired++;
	code = (int)info[2];
	value = (int)info[5];
}

static void timers(void)
{
	struct {
		u32 handler, flags, restorer, mask[2];
	} act = { (u32)on_timer, 4, 0, { 0, 0 } };
	u32 ev[16] = { 0x1234, 34, 0, 0 }, time[4] = { 0, 0, 0, 10000000 }, left[4], pause[2] = { 0, 50000000 };
	int id = -1;

	SHOW(SYS(NR_rt_sigaction, 34, &act, 0, 8));
	SHOW(SYS(NR_timer_create, 1, ev, &id));
	SHOW(id);
	SHOW(SYS(NR_timer_settime, id, 0, time, left));
	SHOW(left[0] | left[1] | left[2] | left[3]);
	while (!expired)
		SYS(NR_nanosleep, pause, 0);
	SHOW(expired);
	SHOW(code);
	SHOW_HEX(value);
	SHOW(SYS(NR_timer_gettime, id, left));
	SHOW(left[2] | left[3]);
	SHOW(SYS(NR_timer_getoverrun, id));
	SHOW(SYS(NR_timer_delete, id));
	SHOW(SYS(NR_timer_create, 1, 1, &id));
	ev[1] = 99;
	SHOW(SYS(NR_timer_create, 1, ev, &id));
}

int program(int argc, char **argv, char **envp)
{
	u32 head[3] = { (u32)head, 0, 0 }, got = 0, size = 0;
	char from[8] = "remote", to[8] = { 0 };
	u32 local[4] = { (u32)to, 3, (u32)to + 3, 4 }, remote[2] = { (u32)from, 7 };

	(void)argc, (void)argv, (void)envp;
	stats();
	names();
	directory();
	timers();
	SHOW(SYS(NR_set_robust_list, head, 24));
	SHOW(SYS(NR_set_robust_list, head, 12));
	SHOW(SYS(NR_get_robust_list, 0, &got, &size));
	SHOW(got == (u32)head);
	SHOW(size);
	SHOW(SYS(NR_process_vm_readv, SYS(NR_getpid), local, 2, remote, 1, 0));
	say(to);
	say("\n");
	return 0;
}
