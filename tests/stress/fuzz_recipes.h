/* SPDX-License-Identifier: MIT
 *
 * tests/stress/fuzz_recipes.h - arguments that make sense, so that the fuzzer gets behind the first checks.
 *
 * One text an argument; make_from_recipe() in fuzz_syscalls.c reads it:
 *
 *     =N constant   ^A,B,.. one of   |A,B,.. some of, ored      A page of the arena   L pages of length
 *     F descriptor  n own name       x any name                 E file to execute     d directory
 *     W word         v strings       Y file system type
 *     P pointer     0 NULL or pointer    o file offset          S own pid or 0        s signal
 *     T short time  I interval timer G signal set  H sigaction  K alternate stack     J file lock
 *     V iovecs      O pollfds        C clone3 arguments */
#pragma once

static const struct recipe {
	const char *name;
	const char *arg[6];
} recipes[] = {
	/* memory */
	{ "mmap", { "A", "L", "|1,2,4", "^0x32,0x31,0x22,0x21,0x122,0x8022,0x8032,0x100022,0x4032,0x2022", "=-1", "=0" } },
	{ "mmap", { "A", "L", "|1,2,4", "^0x12,0x11,0x1,0x2,0x8002,0x8001", "F", "o" } },
	{ "munmap", { "A", "L" } },
	{ "mprotect", { "A", "L", "|1,2,4" } },
	{ "mremap", { "A", "L", "L", "^0,1,3,5,7", "A" } },
	{ "madvise", { "A", "L", "^0,1,2,3,4,8,9,10,11,14,16,18,20,21,22,23" } },
	{ "msync", { "A", "L", "^1,2,4,5" } },
	{ "mincore", { "A", "L", "P" } },
	{ "mlock", { "A", "L" } },
	{ "mlock2", { "A", "L", "^0,1" } },
	{ "munlock", { "A", "L" } },
	{ "mlockall", { "|1,2,4" } },
	/* files and names */
	{ "open", { "n", "^0,1,2,0x42,0x442,0x241,0xc2,0x10000,0x200000,0x800,0x802,0x410002,0x20000", "^0600,0777,0" } },
	{ "open", { "x", "^0,1,2,0x800,0x802,0x10000,0x200000,0x100", "=0" } },
	{ "openat", { "^-100,3,4", "n", "^0,1,2,0x42,0x241,0x10000,0x200000,0x410002", "^0600,0777" } },
	{ "close", { "F" } },
	{ "read", { "F", "P", "L" } },
	{ "write", { "F", "P", "L" } },
	{ "readv", { "F", "V", "^0,1,3,8" } },
	{ "writev", { "F", "V", "^0,1,3,8" } },
	{ "preadv", { "F", "V", "^0,1,3,8", "o", "=0" } },
	{ "pwritev", { "F", "V", "^0,1,3,8", "o", "=0" } },
	{ "preadv2", { "F", "V", "^0,1,3,8", "^-1,0,100", "=0", "|1,2,4,8" } },
	{ "pwritev2", { "F", "V", "^0,1,3,8", "^-1,0,100", "=0", "|1,2,4,8,16" } },
	{ "pread64", { "F", "P", "L", "o" } },
	{ "pwrite64", { "F", "P", "L", "o" } },
	{ "sendfile", { "F", "F", "0", "L" } },
	{ "copy_file_range", { "F", "=0", "F", "=0", "L", "=0" } },
	{ "fallocate", { "F", "^0,1,2,3,0x10", "o", "L" } },
	{ "truncate", { "n", "o" } },
	{ "ftruncate", { "F", "o" } },
	{ "lseek", { "F", "o", "^0,1,2,3,4" } },
	{ "getdents64", { "F", "P", "L" } },
	{ "fcntl", { "F", "^0,1,2,3,4,8,9,10,11,15,16,1024,1030,1031,1032,1033", "^0,1,2,0x800,0xc00,10,60,4096,65536,1048576" } },
	{ "fcntl", { "F", "^5,6,7,36,37,38", "J" } },
	{ "flock", { "F", "^1,2,5,6,8" } },
	{ "dup2", { "F", "F" } },
	{ "dup3", { "F", "F", "^0,0x80000" } },
	{ "pipe2", { "P", "^0,0x800,0x80000,0x4000" } },
	{ "ioctl", { "F", "^0x5401,0x5402,0x5403,0x5404,0x5408,0x5409,0x540a,0x540b,0x540f,0x5410,0x5411,0x5413,0x5414,0x5415,0x541b,"
			  "0x5420,0x5421,0x5422,0x5424,0x5429,0x5450,0x5451,0x5452,0x80045430,0x40045431,0x80045432", "P" } },
	{ "poll", { "O", "^0,1,8,12", "^0,1,2" } },
	{ "ppoll", { "O", "^0,1,8,12", "T", "G", "=8" } },
	{ "select", { "^0,1,8,30,64,100", "P", "P", "P", "T" } },
	{ "pselect6", { "^0,1,8,30,64,100", "P", "P", "P", "T", "=0" } },
	{ "link", { "n", "n" } },
	{ "linkat", { "=-100", "n", "=-100", "n", "^0,0x400,0x1000" } },
	{ "symlink", { "n", "n" } },
	{ "unlink", { "n" } },
	{ "unlinkat", { "=-100", "n", "^0,0x200" } },
	{ "rename", { "n", "n" } },
	{ "renameat2", { "=-100", "n", "=-100", "n", "^0,1,2,4" } },
	{ "mkdir", { "d", "=0777" } },
	{ "mkdir", { "n", "^0777,0700,0" } },
	{ "rmdir", { "n" } },
	{ "mknod", { "n", "^0100644,010644,0140644,020644,060644", "^0,0x103,0x105,0x500,0x8800" } },
	{ "chdir", { "d" } },
	{ "chroot", { "d" } },
	{ "chmod", { "n", "^0,0777,04755,02777,01777" } },
	{ "fchownat", { "=-100", "n", "^-1,0,65534", "^-1,0,65534", "^0,0x100,0x1000" } },
	{ "utimensat", { "=-100", "n", "T", "^0,0x100" } },
	{ "faccessat2", { "=-100", "n", "|1,2,4", "^0,0x100,0x200" } },
	{ "statx", { "=-100", "x", "^0,0x100,0x1000", "=0x7ff", "P" } },
	{ "newfstatat", { "=-100", "x", "P", "^0,0x100" } },
	{ "readlink", { "x", "P", "L" } },
	{ "mount", { "W", "d", "Y", "^0,1,2,4,8,32,33,0x1000,0x5000,0x2000,0x40000", "W" } },
	{ "mount", { "d", "d", "Y", "^0x1000,0x5000,0x2000", "W" } },
	{ "umount2", { "d", "^0,1,2,4,8" } },
	/* processes, signals, time */
	{ "clone", { "^17,0x4111,0x4011,0x50f00,0x3d0f00,0x1200011,0x100011,0x8011,0x611,0x100,0x0", "=0", "P", "P", "=0" } },
	{ "clone3", { "C", "^64,80,88" } },
	{ "execve", { "E", "v", "v" } },
	{ "execveat", { "=-100", "E", "v", "v", "^0,0x100" } },
	{ "wait4", { "^-1,0", "0", "^0,1,2,3,9,0x40000000,0x20000001", "0" } },
	{ "waitid", { "^0,1,2", "S", "0", "^4,5,6,12,13,0x1000005", "0" } },
	{ "setpgid", { "S", "S" } },
	{ "rt_sigaction", { "s", "H", "0", "=8" } },
	{ "rt_sigprocmask", { "^0,1,2", "G", "0", "=8" } },
	{ "rt_sigpending", { "P", "=8" } },
	{ "rt_sigsuspend", { "G", "=8" } },
	{ "rt_sigtimedwait", { "G", "0", "T", "=8" } },
	{ "rt_sigqueueinfo", { "S", "s", "P" } },
	{ "sigaltstack", { "K", "0" } },
	{ "setitimer", { "^0,1,2", "I", "0" } },
	{ "nanosleep", { "T", "0" } },
	{ "clock_nanosleep", { "^0,1,7", "=0", "T", "0" } },
	{ "prctl", { "^1,2,3,4,7,8,15,16,23,28,29,30,36,37,38,39", "^0,1,2,9", "=0", "=0", "=0" } },
	{ "prctl", { "^15,16,24,25,40,37", "P", "=0", "=0", "=0" } },
	{ "arch_prctl", { "^0x1003,0x1004", "P" } },
	{ "set_robust_list", { "P", "=24" } },
	{ "prlimit64", { "=0", "^0,1,2,3,4,6,7,8,9,11", "=0", "P" } },
	{ "setgroups", { "^0,1,3,100", "P" } },
	{ "sched_setaffinity", { "=0", "^8,128", "P" } },
};
enum { NR_RECIPES = sizeof recipes / sizeof recipes[0] };
