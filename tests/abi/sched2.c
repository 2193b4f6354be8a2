/* SPDX-License-Identifier: MIT
 * tests/abi/sched2.c - policies, parameters, affinity, nice values: by process, group and user, who may, errors */
#include "abi.h"

struct attr {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
	uint32_t util_min, util_max;
};
static int gone(void)
{
	pid_t c = fork();
	if (!c)
		_exit(0);
	waitpid(c, NULL, 0);
	return c;
}
static void show_policy(const char *what)
{
	struct sched_param p = { -1 };
	long policy = syscall(SYS_sched_getscheduler, 0);
	syscall(SYS_sched_getparam, 0, &p);
	printf("%s: policy %ld priority %d nice %ld\n", what, policy, p.sched_priority, 20 - syscall(SYS_getpriority, 0, 0));
	fflush(stdout);
}
static void set(int policy, int prio)
{
	struct sched_param p = { prio };
	errno = 0;
	long r = syscall(SYS_sched_setscheduler, 0, policy, &p);
	printf("policy %d priority %d: %ld %s\n", policy, prio, r, r ? strerror(errno) : "");
	fflush(stdout);
}
static void policies(void)
{
	static const int prios[] = { -1, 0, 1, 50, 99, 100 };
	int none = gone();
	struct sched_param p = { 0 };
	SECTION("policies");
	for (int policy = -1; policy < 8; policy++) {
		if (policy == 4 || policy == 6 || policy == 7) /* not here, DEADLINE, EXT */
			continue;
		CALL(sched_get_priority_max, policy);
		CALL(sched_get_priority_min, policy);
		for (int i = 0; i < 6; i++)
			set(policy, prios[i]);
		show_policy("now");
	}
	CALL(sched_get_priority_max, 99);
	CALL(sched_get_priority_min, -1);
	set(SCHED_OTHER, 0);
	SECTION("errors");
	CALL(sched_setscheduler, 0, SCHED_OTHER, NULL);
	CALL(sched_setscheduler, 0, SCHED_OTHER, 8);
	CALL(sched_setscheduler, -1, SCHED_OTHER, &p);
	CALL(sched_setscheduler, none, SCHED_OTHER, &p);
	CALL(sched_getscheduler, -1);
	CALL(sched_getscheduler, none);
	CALL(sched_setparam, 0, &p);
	p.sched_priority = 1;
	CALL(sched_setparam, 0, &p);
	CALL(sched_setparam, 0, NULL);
	CALL(sched_setparam, -1, &p);
	CALL(sched_setparam, none, &p);
	CALL(sched_getparam, 0, NULL);
	CALL(sched_getparam, 0, 8);
	CALL(sched_getparam, -1, &p);
	CALL(sched_getparam, none, &p);
	set(SCHED_FIFO, 10);
	p.sched_priority = 20;
	CALL(sched_setparam, 0, &p);
	show_policy("parameter set");
	p.sched_priority = 0;
	CALL(sched_setparam, 0, &p);
	IN_CHILD("inherited", show_policy("child"));
	struct timespec ts = { 1, 1 };
	CALL(sched_rr_get_interval, 0, &ts);
	SHOW_INT(ts.tv_sec * 1000000000 + ts.tv_nsec);
	set(SCHED_RR, 10);
	CALL(sched_rr_get_interval, 0, &ts);
	SHOW_INT(ts.tv_sec == 0 && ts.tv_nsec > 0);
	CALL(sched_yield);
	set(SCHED_OTHER, 0);
	CALL(sched_rr_get_interval, 0, &ts);
	CALL(sched_rr_get_interval, -1, &ts);
	CALL(sched_rr_get_interval, none, &ts);
	CALL(sched_rr_get_interval, 0, 8);
	SECTION("reset on fork");
	CALL(sched_setscheduler, 0, SCHED_FIFO | 0x40000000, &(struct sched_param){ 5 });
	CALL(sched_getscheduler, 0);
	IN_CHILD("child", show_policy("child"));
	CALL(sched_setscheduler, 0, 0x40000000, &(struct sched_param){ 0 });
	setpriority(PRIO_PROCESS, 0, -5);
	CALL(sched_getscheduler, 0);
	IN_CHILD("child", show_policy("child"));
	setpriority(PRIO_PROCESS, 0, 7);
	IN_CHILD("child", show_policy("child"));
	set(SCHED_OTHER, 0);
	setpriority(PRIO_PROCESS, 0, 0);
	show_policy("again");
	SECTION("users");
	struct sched_param p0 = { 0 };
	p.sched_priority = 1;
	IN_CHILD("user", become(1000); set(SCHED_FIFO, 1); set(SCHED_BATCH, 0); set(SCHED_OTHER, 0); set(SCHED_IDLE, 0);
		 set(SCHED_OTHER, 0); CALL(sched_setscheduler, getppid(), SCHED_BATCH, &(struct sched_param){ 0 });
		 CALL(sched_getscheduler, getppid()); CALL(sched_getparam, getppid(), &p));
	set(SCHED_FIFO, 10);
	IN_CHILD("without more rights", become(1000); set(SCHED_FIFO, 11); set(SCHED_FIFO, 9); set(SCHED_FIFO, 10); set(SCHED_RR, 9);
		 set(SCHED_OTHER, 0); set(SCHED_FIFO, 9));
	IN_CHILD("reset on fork stays", CALL(sched_setscheduler, 0, 0x40000000, &p0); become(1000); CALL(sched_setscheduler, 0, 0, &p0);
		 CALL(sched_setscheduler, 0, 0x40000003, &p0); CALL(sched_getscheduler, 0); IN_CHILD("child", CALL(sched_getscheduler, 0)));
	set(SCHED_OTHER, 0);
}
static void attrs(void)
{
	struct attr a = { 0 };
	SECTION("attributes");
	CALL(sched_getattr, 0, &a, 48, 0);
	printf("size %u policy %u flags %lu nice %d priority %u\n", a.size, a.policy, a.flags, a.nice, a.priority);
	CALL(sched_getattr, 0, &a, 47, 0);
	CALL(sched_getattr, 0, &a, 5000, 0);
	CALL(sched_getattr, 0, &a, 48, 1);
	CALL(sched_getattr, 0, NULL, 48, 0);
	CALL(sched_getattr, 0, 8, 48, 0);
	CALL(sched_getattr, -1, &a, 48, 0);
	CALL(sched_getattr, gone(), &a, 48, 0);
	a = (struct attr){ .size = 48, .policy = SCHED_OTHER, .nice = 5 };
	CALL(sched_setattr, 0, &a, 0);
	show_policy("set");
	a.nice = 20;
	CALL(sched_setattr, 0, &a, 0);
	show_policy("set");
	a.nice = -21;
	CALL(sched_setattr, 0, &a, 0);
	show_policy("set");
	a.nice = 0;
	CALL(sched_setattr, 0, &a, 1);
	CALL(sched_setattr, 0, NULL, 0);
	CALL(sched_setattr, 0, 8, 0);
	CALL(sched_setattr, -1, &a, 0);
	CALL(sched_setattr, gone(), &a, 0);
	a.size = 40;
	CALL(sched_setattr, 0, &a, 0);
	SHOW_INT(a.size >= 48);
	a.size = 0;
	CALL(sched_setattr, 0, &a, 0);
	char big[200] = { 0 };
	memcpy(big, &a, sizeof a);
	*(uint32_t *)big = 200;
	CALL(sched_setattr, 0, big, 0);
	big[150] = 1;
	CALL(sched_setattr, 0, big, 0);
	a = (struct attr){ .size = 48, .policy = SCHED_FIFO, .priority = 33 };
	CALL(sched_setattr, 0, &a, 0);
	show_policy("set");
	a.priority = 0;
	CALL(sched_setattr, 0, &a, 0);
	a.policy = 77;
	CALL(sched_setattr, 0, &a, 0);
	a = (struct attr){ .size = 48, .policy = SCHED_RR, .priority = 3, .flags = 1 };
	CALL(sched_setattr, 0, &a, 0);
	CALL(sched_getattr, 0, &a, 48, 0);
	printf("policy %u flags %lu priority %u\n", a.policy, a.flags, a.priority);
	a = (struct attr){ .size = 48, .policy = SCHED_OTHER, .priority = 4, .flags = 8 };
	CALL(sched_setattr, 0, &a, 0);
	show_policy("policy kept");
	a = (struct attr){ .size = 48, .policy = SCHED_FIFO, .priority = 9, .flags = 16 };
	CALL(sched_setattr, 0, &a, 0);
	show_policy("parameters kept");
	a.flags = 1UL << 40;
	CALL(sched_setattr, 0, &a, 0);
	a = (struct attr){ .size = 48 };
	CALL(sched_setattr, 0, &a, 0);
	show_policy("set");
}
static void affinity(void)
{
	unsigned long m[16] = { 0 };
	SECTION("affinity");
	long size = syscall(SYS_sched_getaffinity, 0, sizeof m, m);
	SHOW_INT(size > 0 && size % 8 == 0);
	unsigned long all = m[0];
	CALL(sched_getaffinity, 0, 0, m);
	CALL(sched_getaffinity, 0, 7, m);
	CALL(sched_getaffinity, 0, 9, m);
	CALL(sched_getaffinity, 0, 128, 8);
	CALL(sched_getaffinity, -1, 128, m);
	CALL(sched_getaffinity, gone(), 128, m);
	m[0] = 1;
	CALL(sched_setaffinity, 0, sizeof m, m);
	m[0] = 99;
	SHOW_INT(syscall(SYS_sched_getaffinity, 0, sizeof m, m) == size);
	SHOW_INT(m[0]);
	unsigned cpu = 9, node = 9;
	CALL(getcpu, &cpu, &node, NULL);
	SHOW_INT(cpu * 10 + node);
	CALL(getcpu, NULL, NULL, NULL);
	CALL(getcpu, 8, NULL, NULL);
	CALL(getcpu, NULL, 8, NULL);
	IN_CHILD("inherited", syscall(SYS_sched_getaffinity, 0, sizeof m, m); SHOW_INT(m[0]));
	m[0] = 0;
	CALL(sched_setaffinity, 0, sizeof m, m);
	m[0] = 1UL << 63;
	CALL(sched_setaffinity, 0, sizeof m, m);
	m[0] = 1UL << 63 | 1;
	CALL(sched_setaffinity, 0, sizeof m, m);
	CALL(sched_setaffinity, 0, 1, m);
	CALL(sched_setaffinity, 0, 0, m);
	CALL(sched_setaffinity, 0, 128, 8);
	CALL(sched_setaffinity, -1, 128, m);
	CALL(sched_setaffinity, gone(), 128, m);
	m[0] = ~0UL;
	CALL(sched_setaffinity, 0, 8, m);
	syscall(SYS_sched_getaffinity, 0, sizeof m, m);
	SHOW_INT(m[0] == all);
	m[0] = 1;
	IN_CHILD("user", become(1000); CALL(sched_setaffinity, 0, 8, m); CALL(sched_setaffinity, getppid(), 8, m);
		 SHOW_OK(syscall(SYS_sched_getaffinity, getppid(), 128L, m)));
	int moved = 0;
	for (int i = 0; i < 20; i++) {
		m[0] = i & 1 ? 2 & all ? 2 : 1 : 1;
		syscall(SYS_sched_setaffinity, 0, 8L, m);
		syscall(SYS_getcpu, &cpu, NULL, NULL);
		moved += 1UL << cpu == m[0];
	}
	SHOW_INT(moved);
	m[0] = all;
	syscall(SYS_sched_setaffinity, 0, 8L, m);
}
static void nice_values(void)
{
	SECTION("nice values");
	for (int n = -25; n <= 25; n += 5) {
		int r = setpriority(PRIO_PROCESS, 0, n);
		printf("%d: %d %ld\n", n, r, syscall(SYS_getpriority, 0, 0));
	}
	setpriority(PRIO_PROCESS, 0, 0);
	CALL(setpriority, -1, 0, 0);
	CALL(setpriority, 3, 0, 0);
	CALL(getpriority, 3, 0);
	CALL(getpriority, PRIO_PROCESS, gone());
	CALL(setpriority, PRIO_PROCESS, gone(), 0);
	CALL(getpriority, PRIO_PGRP, gone());
	CALL(getpriority, PRIO_USER, 54321);
	CALL(setpriority, PRIO_USER, 54321, 3);
	int p[2], q[2];
	char c;
	pipe(p);
	pipe(q);
	fflush(stdout);
	pid_t k[3];
	for (int i = 0; i < 3; i++) {
		k[i] = fork();
		if (!k[i]) {
			if (i == 2)
				become(4321);
			else
				setpgid(0, i ? k[0] : 0);
			write(p[1], "r", 1);
			close(q[1]);
			read(q[0], &c, 1);
			_exit(0);
		}
		read(p[0], &c, 1);
	}
	CALL(setpriority, PRIO_PGRP, k[0], 4);
	CALL(getpriority, PRIO_PGRP, k[0]);
	CALL(getpriority, PRIO_PROCESS, k[1]);
	CALL(setpriority, PRIO_PROCESS, k[1], 2);
	CALL(getpriority, PRIO_PGRP, k[0]);
	CALL(getpriority, PRIO_PROCESS, k[0]);
	CALL(setpriority, PRIO_USER, 4321, 9);
	CALL(getpriority, PRIO_PROCESS, k[2]);
	CALL(getpriority, PRIO_USER, 4321);
	IN_CHILD("user", become(4321); CALL(getpriority, PRIO_USER, 0); CALL(setpriority, PRIO_PROCESS, k[2], 12);
		 CALL(setpriority, PRIO_PROCESS, k[2], 11); CALL(setpriority, PRIO_PROCESS, k[0], 19); CALL(setpriority, PRIO_PROCESS, 0, 5);
		 CALL(setpriority, PRIO_PROCESS, 0, 4); CALL(getpriority, PRIO_PROCESS, k[0]); SHOW(nice(3)); SHOW(nice(-1)));
	IN_CHILD("inherited over exec", setpriority(PRIO_PROCESS, 0, 6); execl("/bin/nice", "nice", NULL));
	close(q[0]);
	close(q[1]);
	while (wait(NULL) > 0)
		;
}
int main(void)
{
	policies();
	attrs();
	affinity();
	nice_values();
	return 0;
}
