/* SPDX-License-Identifier: MIT
 * tests/abi/misc.c - uname, sysinfo, getrandom, prlimit, priorities, scheduling, unknown calls */
#include "abi.h"

#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
int main(void)
{
	struct utsname u;
	SHOW(uname(&u));
	printf("%s %s\n", u.sysname, u.machine);
	SHOW(uname((void *)8));
	struct sysinfo si;
	SHOW(sysinfo(&si));
	SHOW_INT(si.totalram > 0 && si.freeram <= si.totalram && si.procs > 0 && si.mem_unit > 0);
	SECTION("hostname");
	SHOW(sethostname("x", -1));
	SHOW(syscall(SYS_sethostname, "a", 100));
	IN_CHILD("user", setuid(1000); SHOW(sethostname("x", 1)));
	SECTION("random");
	char b[300] = { 0 };
	SHOW(getrandom(b, 256, 0));
	int zero = 0;
	for (int i = 0; i < 256; i++)
		zero += !b[i];
	SHOW_INT(zero < 20);
	SHOW(getrandom(b, 10, 0x100));
	SHOW(getrandom((void *)8, 10, 0));
	SECTION("limits");
	struct rlimit r;
	SHOW(getrlimit(RLIMIT_NOFILE, &r));
	SHOW(getrlimit(99, &r));
	r = (struct rlimit){ 50, 40 };
	SHOW(setrlimit(RLIMIT_NOFILE, &r));
	r = (struct rlimit){ 30, 40 };
	SHOW(setrlimit(RLIMIT_NOFILE, &r));
	SHOW(prlimit(0, RLIMIT_NOFILE, NULL, &r));
	SHOW_INT(r.rlim_cur * 100 + r.rlim_max);
	IN_CHILD("user", setuid(1000); r.rlim_max = 100; SHOW(setrlimit(RLIMIT_NOFILE, &r)); SHOW(prlimit(1, RLIMIT_NOFILE, NULL, &r)));
	SHOW(prlimit(999999, RLIMIT_NOFILE, NULL, &r));
	SECTION("priorities");
	setpriority(PRIO_PROCESS, 0, 0); /* whatever the test runner has */
	SHOW(getpriority(PRIO_PROCESS, 0));
	SHOW(setpriority(PRIO_PROCESS, 0, 5));
	SHOW(getpriority(PRIO_PROCESS, 0));
	SHOW(setpriority(PRIO_PROCESS, 0, 100));
	SHOW(getpriority(PRIO_PROCESS, 0));
	SHOW(setpriority(PRIO_PROCESS, 999999, 0));
	SHOW(setpriority(9, 0, 0));
	IN_CHILD("user", setuid(1000); SHOW(setpriority(PRIO_PROCESS, 0, 0)));
	SHOW(setpriority(PRIO_PROCESS, 0, 0));
	SECTION("scheduling");
	struct sched_param sp = { 10 };
	SHOW(syscall(SYS_sched_getscheduler, 0));
	SHOW(syscall(SYS_sched_setscheduler, 0, SCHED_FIFO, &sp));
	SHOW(syscall(SYS_sched_getscheduler, 0));
	SHOW(syscall(SYS_sched_getparam, 0, &sp));
	SHOW_INT(sp.sched_priority);
	sp.sched_priority = 0;
	SHOW(syscall(SYS_sched_setscheduler, 0, SCHED_OTHER, &sp));
	sp.sched_priority = 1;
	SHOW(syscall(SYS_sched_setscheduler, 0, SCHED_OTHER, &sp));
	SHOW(syscall(SYS_sched_setscheduler, 0, 77, &sp));
	SHOW(syscall(SYS_sched_get_priority_max, SCHED_RR));
	SHOW(syscall(SYS_sched_get_priority_min, SCHED_OTHER));
	SHOW(syscall(SYS_sched_get_priority_min, 77));
	SHOW(sched_yield());
	cpu_set_t cs;
	CPU_ZERO(&cs);
	CPU_SET(0, &cs);
	SHOW(sched_setaffinity(0, sizeof cs, &cs));
	CPU_ZERO(&cs);
	SHOW_OK(sched_getaffinity(0, sizeof cs, &cs));
	SHOW_INT(CPU_COUNT(&cs));
	unsigned cpu;
	SHOW(syscall(SYS_getcpu, &cpu, NULL, NULL));
	SHOW_INT(cpu);
	CPU_ZERO(&cs);
	SHOW(sched_setaffinity(0, sizeof cs, &cs));
	SHOW(syscall(SYS_sched_getaffinity, 0, 1, &cs));
	SHOW(sched_setaffinity(999999, sizeof cs, &cs));
	SECTION("unknown calls");
	SHOW(syscall(1000));
	SHOW(syscall(-1));
	SHOW(syscall(0x7fffffff));
	SECTION("reboot");
	SHOW(syscall(SYS_reboot, 1, 2, 3, 0));
	IN_CHILD("user", setuid(1000); SHOW(syscall(SYS_reboot, 0xfee1dead, 672274793, 0x4321fedc, 0)));
	SECTION("arch_prctl");
	unsigned long fs = 0;
	SHOW(syscall(SYS_arch_prctl, 0x1003, &fs));
	SHOW_INT(fs != 0);
	SHOW(syscall(SYS_arch_prctl, 0x1002, 0x8000000000000000UL));
	SHOW(syscall(SYS_arch_prctl, 0x1001, 0x1234000));
	SHOW(syscall(SYS_arch_prctl, 0x1004, &fs));
	SHOW_HEX(fs);
	SHOW(syscall(SYS_arch_prctl, 0x9999, 0));
	return 0;
}
