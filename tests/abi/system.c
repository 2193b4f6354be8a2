/* SPDX-License-Identifier: MIT
 * tests/abi/system.c - uname, host name, sysinfo, getrandom, syslog, reboot, personality, prctl, arch_prctl, unknown calls */
#include "abi.h"

#include <sys/prctl.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
enum { SET_FS = 0x1002, GET_FS = 0x1003, SET_GS = 0x1001, GET_GS = 0x1004 };

static void names(void)
{
	struct utsname u, v;
	char b[100];
	SECTION("names");
	CALL(uname, &u);
	printf("%s %s\n", u.sysname, u.machine);
	CALL(uname, 8);
	CALL(uname, NULL);
	CALL(sethostname, "x", 65);
	CALL(sethostname, "x", -1);
	CALL(sethostname, 8, 3);
	CALL(setdomainname, "x", 65);
	CALL(setdomainname, "x", -1);
	CALL(setdomainname, 8, 3);
	uname(&v);
	SHOW_INT(!strcmp(u.nodename, v.nodename) && !strcmp(u.domainname, v.domainname));
	SHOW_INT(gethostname(b, sizeof b) == 0 && !strcmp(b, u.nodename));
	if (syscall(SYS_unshare, 0x04000000) == 0 || true) { /* the same name again changes nothing */
		SHOW(sethostname(u.nodename, strlen(u.nodename)));
		uname(&v);
		SHOW_INT(!strcmp(u.nodename, v.nodename));
	}
	IN_CHILD("user", become(1000); CALL(sethostname, "x", 1); CALL(setdomainname, "x", 1); CALL(sethostname, "x", -1));
}
static void information(void)
{
	struct sysinfo si;
	unsigned char b[300];
	SECTION("sysinfo");
	CALL(sysinfo, &si);
	SHOW_INT(si.uptime >= 0 && si.totalram > 0 && si.freeram > 0 && si.procs > 0);
	SHOW_INT(si.mem_unit);
	CALL(sysinfo, 8);
	CALL(sysinfo, NULL);
	SECTION("getrandom");
	for (unsigned f = 0; f < 9; f++) {
		errno = 0;
		long r = syscall(SYS_getrandom, b, 16L, f);
		printf("flags %u: %ld %s\n", f, r, r < 0 ? strerror(errno) : "");
	}
	CALL(getrandom, b, 0, 0);
	CALL(getrandom, 8, 16, 0);
	CALL(getrandom, b, 256, 0);
	int seen[256] = { 0 }, kinds = 0;
	for (int i = 0; i < 256; i++)
		kinds += !seen[b[i]]++;
	SHOW_INT(kinds > 100);
	int fd = open("/dev/urandom", O_RDWR), fr = open("/dev/random", O_RDONLY);
	CALL(read, fd, b, 300);
	CALL(read, fr, b, 20);
	CALL(read, fd, 8, 10);
	CALL(write, fd, "seed", 4);
	CALL(lseek, fd, 0, SEEK_SET);
	SECTION("memory devices");
	int null = open("/dev/null", O_RDWR), zero = open("/dev/zero", O_RDWR), full = open("/dev/full", O_RDWR);
	CALL(read, null, b, 10);
	CALL(write, null, b, 10);
	CALL(write, null, 8, 10);
	CALL(pread64, null, b, 10, 50);
	CALL(pwrite64, null, b, 10, 50);
	CALL(lseek, null, 100, SEEK_SET);
	CALL(lseek, null, 0, SEEK_END);
	memset(b, 1, sizeof b);
	CALL(read, zero, b, 300);
	SHOW_INT(b[0] + b[299]);
	CALL(write, zero, b, 10);
	CALL(read, zero, 8, 10);
	CALL(pread64, zero, b, 10, 50);
	CALL(lseek, zero, 100, SEEK_SET);
	CALL(read, full, b, 10);
	CALL(write, full, b, 10);
	CALL(write, full, b, 0);
	CALL(lseek, full, 100, SEEK_SET);
	CALL(ftruncate, null, 0);
	CALL(fallocate, zero, 0, 0, 10);
	struct stat st;
	fstat(full, &st);
	SHOW_HEX(st.st_rdev);
	SHOW_HEX(st.st_mode);
	show_stat("/dev/zero");
	SHOW(open("/dev/null", O_RDWR | O_CREAT | O_EXCL, 0600));
	SHOW_OK(open("/dev/null", O_RDWR | O_CREAT | O_TRUNC | O_APPEND, 0600));
	SHOW(open("/dev/null", O_RDONLY | O_DIRECTORY));
	SHOW(open("/dev/null/x", O_RDONLY));
}
static void logs(void)
{
	char b[16];
	SECTION("syslog");
	SHOW_INT(syscall(SYS_syslog, 10, NULL, 0) > 1000);
	CALL(syslog, 3, b, -1);
	CALL(syslog, 3, NULL, 10);
	CALL(syslog, 3, b, 0);
	CALL(syslog, 2, NULL, 10);
	CALL(syslog, 2, b, -1);
	CALL(syslog, 11, NULL, 0);
	CALL(syslog, -1, NULL, 0);
	CALL(syslog, 8, NULL, 0);
	CALL(syslog, 8, NULL, 9);
	CALL(syslog, 0, NULL, 0);
	CALL(syslog, 1, NULL, 0);
	IN_CHILD("user", become(1000); CALL(syslog, 2, b, 10); CALL(syslog, 4, b, 10); CALL(syslog, 5, NULL, 0); CALL(syslog, 6, NULL, 0);
		 CALL(syslog, 8, NULL, 4); CALL(syslog, 9, NULL, 0));
	SECTION("reboot");
	CALL(reboot, 0, 672274793, 0, 0);
	CALL(reboot, 0xfee1dead, 1, 0, 0);
	CALL(reboot, 0xfee1dead, 672274793, 0x12345, 0);
	IN_CHILD("user", become(1000); CALL(reboot, 0xfee1dead, 672274793, 0x4321fedc, 0); CALL(reboot, 0, 0, 0, 0));
}
static void persona(void)
{
	SECTION("personality");
	SHOW_HEX(syscall(SYS_personality, 0xffffffffL));
	SHOW_HEX(syscall(SYS_personality, 0x0040000L));
	SHOW_HEX(syscall(SYS_personality, 0xffffffffL));
	IN_CHILD("inherited", SHOW_HEX(syscall(SYS_personality, 0xffffffffL)));
	IN_CHILD("over exec", execl("/bin/cat", "cat", "/proc/self/personality", NULL));
	SHOW_HEX(syscall(SYS_personality, 0L));
	int same = 0;
	for (int i = 0; i < 2; i++) {
		int p[2];
		unsigned long first = 0;
		pipe(p);
		fflush(stdout);
		for (int j = 0; j < 3; j++) {
			if (!fork()) {
				syscall(SYS_personality, i ? 0x0040000L : 0L);
				dup2(p[1], 1);
				execl("/bin/sh", "sh", "-c", "grep stack /proc/self/maps", NULL);
			}
			char b[200] = { 0 };
			read(p[0], b, sizeof b - 1);
			wait(NULL);
			unsigned long end = strtoul(strchr(b, '-') + 1, NULL, 16);
			same += j && end == first;
			first = end;
		}
		printf("%s: %s\n", i ? "fixed" : "random", same == 2 ? "the same" : same ? "some the same" : "different");
		same = 0;
		close(p[0]);
		close(p[1]);
	}
}
static void controls(void)
{
	char n[20] = "";
	int v = -1;
	SECTION("prctl");
	CALL(prctl, PR_SET_NAME, "short", 0, 0, 0);
	CALL(prctl, PR_GET_NAME, n, 0, 0, 0);
	puts(n);
	CALL(prctl, PR_SET_NAME, "0123456789abcdefgh", 0, 0, 0);
	CALL(prctl, PR_GET_NAME, n, 0, 0, 0);
	puts(n);
	CALL(prctl, PR_SET_NAME, 8, 0, 0, 0);
	CALL(prctl, PR_GET_NAME, 8, 0, 0, 0);
	CALL(prctl, PR_SET_PDEATHSIG, 65, 0, 0, 0);
	CALL(prctl, PR_SET_PDEATHSIG, -1, 0, 0, 0);
	CALL(prctl, PR_SET_PDEATHSIG, 5, 0, 0, 0);
	CALL(prctl, PR_GET_PDEATHSIG, &v, 0, 0, 0);
	SHOW_INT(v);
	CALL(prctl, PR_GET_PDEATHSIG, 8, 0, 0, 0);
	IN_CHILD("not inherited", CALL(prctl, PR_GET_PDEATHSIG, &v, 0, 0, 0); SHOW_INT(v));
	CALL(prctl, PR_SET_PDEATHSIG, 0, 0, 0, 0);
	CALL(prctl, PR_GET_DUMPABLE, 0, 0, 0, 0);
	CALL(prctl, PR_SET_DUMPABLE, 0, 0, 0, 0);
	CALL(prctl, PR_GET_DUMPABLE, 0, 0, 0, 0);
	IN_CHILD("inherited", CALL(prctl, PR_GET_DUMPABLE, 0, 0, 0, 0));
	CALL(prctl, PR_SET_DUMPABLE, 2, 0, 0, 0);
	CALL(prctl, PR_SET_DUMPABLE, 1, 0, 0, 0);
	CALL(prctl, PR_GET_TIMERSLACK, 0, 0, 0, 0);
	CALL(prctl, PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	CALL(prctl, PR_GET_CHILD_SUBREAPER, &v, 0, 0, 0);
	SHOW_INT(v);
	IN_CHILD("not inherited", CALL(prctl, PR_GET_CHILD_SUBREAPER, &v, 0, 0, 0); SHOW_INT(v));
	CALL(prctl, PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0);
	CALL(prctl, PR_GET_CHILD_SUBREAPER, 8, 0, 0, 0);
	CALL(prctl, PR_GET_KEEPCAPS, 0, 0, 0, 0);
	CALL(prctl, PR_SET_SECUREBITS, -1, 0, 0, 0);
	CALL(prctl, PR_GET_SECCOMP, 0, 0, 0, 0);
	CALL(prctl, PR_GET_TID_ADDRESS, &v, 0, 0, 0);
	CALL(prctl, 0, 0, 0, 0, 0);
	CALL(prctl, -1, 0, 0, 0, 0);
	CALL(prctl, 12345, 0, 0, 0, 0);
	SECTION("arch_prctl");
	unsigned long fs = 0, gs = 0;
	CALL(arch_prctl, GET_FS, &fs);
	SHOW_INT(fs != 0);
	CALL(arch_prctl, GET_FS, 8);
	CALL(arch_prctl, GET_GS, &gs);
	SHOW_HEX(gs);
	CALL(arch_prctl, SET_GS, 0x123456789000);
	CALL(arch_prctl, GET_GS, &gs);
	SHOW_HEX(gs);
	IN_CHILD("inherited", CALL(arch_prctl, GET_GS, &gs); SHOW_HEX(gs));
	CALL(arch_prctl, SET_GS, 0x800000000000);
	CALL(arch_prctl, SET_GS, 0xffff800000000000);
	CALL(arch_prctl, SET_FS, -1L);
	CALL(arch_prctl, GET_GS, &gs);
	SHOW_HEX(gs);
	CALL(arch_prctl, SET_GS, 0);
	CALL(arch_prctl, 0x9999, 0);
	CALL(arch_prctl, 0, 0);
	SECTION("unknown calls");
	static const long numbers[] = { -1, 512, 547, 1000, 4096, 0x40000000, 0x7fffffff, 0xffffffff };
	for (unsigned i = 0; i < sizeof numbers / sizeof *numbers; i++) {
		errno = 0;
		long r = syscall(numbers[i], 1L, 2L, 3L, 4L, 5L, 6L);
		printf("%lx: %ld %s\n", numbers[i], r, strerror(errno));
	}
	CALL(restart_syscall);
	unsigned long regs[2];
	__asm__ volatile("movq $0x1122334455667788, %%r12; movl $39, %%eax; syscall; movq %%r12, %0; movq %%rcx, %1"
			 : "=r"(regs[0]), "=r"(regs[1])
			 :
			 : "rax", "rcx", "r11", "r12", "memory");
	SHOW_HEX(regs[0]);
	SHOW_INT(regs[1] > 4096);
}
int main(void)
{
	names();
	information();
	logs();
	persona();
	controls();
	return 0;
}
