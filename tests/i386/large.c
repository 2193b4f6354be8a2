/* SPDX-License-Identifier: MIT
 * tests/i386/large.c - files beyond 2 GiB: with and without O_LARGEFILE, and what their size does to old calls. */
#include "start.h"

enum { O_RDWR = 2, O_CREAT = 0100, O_TRUNC = 01000, O_APPEND = 02000, O_LARGE = 0100000, NR_stat = 106, NR_fstat = 108, NR_mknod = 14 };

static char buf[64];

static int open_(const char *name, int flags)
{
	return SYS(NR_open, name, flags, 0644);
}

static void at(const char *what, int fd, u32 hi, u32 lo)
{
	u64 result = 0;

	say_number(what, SYS(NR__llseek, fd, hi, lo, &result, 0), 10);
}

int program(int argc, char **argv, char **envp)
{
	struct {
		u32 words[32];
	} st;
	int fd, large;

	(void)argc;
	(void)argv;
	(void)envp;
	large = open_("big", O_RDWR | O_CREAT | O_LARGE);
	say_number("ftruncate64 4 GiB ", SYS(NR_ftruncate64, large, 0, 1), 10);
	say_number("open ", open_("big", O_RDWR), 10);
	say_number("open for truncation ", open_("big", O_RDWR | O_TRUNC), 10);
	fd = open_("big", O_LARGE);
	say_number("open with O_LARGEFILE ", fd >= 0, 10);
	SYS(NR_close, fd);
	say_number("stat ", SYS(NR_stat, "big", &st), 10);
	say_number("fstat ", SYS(NR_fstat, large, &st), 10);
	say_number("stat64 ", SYS(NR_stat64, "big", &st), 10);
	say_number("lseek to the end ", SYS(NR_lseek, large, 0, 2), 10);
	say_number("F_GETFL ", SYS(NR_fcntl, large, 3, 0), 8);
	say_number("ftruncate64 2 GiB - 1 ", SYS(NR_ftruncate64, large, 0x7fffffff, 0), 10);
	fd = open_("big", O_RDWR);
	say_number("open ", fd >= 0, 10);
	say_number("F_GETFL ", SYS(NR_fcntl, fd, 3, 0), 8);
	say_number("stat ", SYS(NR_stat, "big", &st), 10);
	at("seek ", fd, 0, 0x7ffffff8);
	say_number("write up to the limit ", SYS(NR_write, fd, buf, 20), 10);
	say_number("write at the limit ", SYS(NR_write, fd, buf, 20), 10);
	at("seek beyond it ", fd, 0, 0xc0000000);
	say_number("write ", SYS(NR_write, fd, buf, 20), 10);
	say_number("read ", SYS(NR_read, fd, buf, 20), 10);
	at("seek with O_LARGEFILE ", large, 0, 0xc0000000);
	say_number("write ", SYS(NR_write, large, buf, 20), 10);
	at("seek back ", fd, 0, 0xc0000000);
	say_number("read ", SYS(NR_read, fd, buf, 20), 10);
	say_number("append ", SYS(NR_write, open_("big", O_RDWR | O_APPEND | O_LARGE), buf, 10), 10);
	say_number("ftruncate ", SYS(NR_ftruncate, fd, 100), 10);
	say_number("ftruncate64 ", SYS(NR_ftruncate64, fd, 0, 1), 10);
	say_number("unlink ", SYS(NR_unlink, "big"), 10);
	return 0;
}
