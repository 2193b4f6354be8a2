// SPDX-License-Identifier: MIT
// tests/abi/userdispatch.c - prctl(PR_SET_SYSCALL_USER_DISPATCH): a program that catches its own system calls.
#include "abi.h"
#include <pthread.h>
#include <sys/prctl.h>
#include <ucontext.h>

enum { DISPATCH = 59, OFF = 0, ON = 1, ALLOW = 0, BLOCK = 1 }; /* PR_SET_SYSCALL_USER_DISPATCH and its words */
extern char __executable_start, etext;
static volatile char selector;
static volatile int caught;
static long answer = 4321;
static char *foreign; /* code outside the region: `syscall; ret`, at 16 `int $0x80; ret` */

static void on_sigsys(int sig, siginfo_t *si, void *ctx)
{
	ucontext_t *u = ctx;
	selector = ALLOW;
	caught++;
	printf("signal %d code %d errno %d call %d arch %x at +%ld, rax %lld, rip +%ld\n", sig, si->si_code, si->si_errno, si->si_syscall,
	       si->si_arch, (long)((char *)si->si_call_addr - foreign), (long long)u->uc_mcontext.gregs[REG_RAX],
	       (long)((char *)u->uc_mcontext.gregs[REG_RIP] - foreign));
	u->uc_mcontext.gregs[REG_RAX] = answer;
	selector = BLOCK;
}
static long foreign_call(long at, long nr, long arg)
{
	long ret = nr;
	__asm__ volatile("call *%[code]" : "+a"(ret) : [code] "r"(foreign + at), "D"(arg), "b"(arg) : "rcx", "r11", "memory");
	return ret;
}
static long dispatch(long how, long start, long len, volatile void *to)
{
	return syscall(SYS_prctl, DISPATCH, how, start, len, to);
}
static long on(volatile void *to)
{
	return dispatch(ON, (long)&__executable_start, &etext - &__executable_start, to);
}
static void errors(void)
{
	SECTION("errors");
	SHOW_OK(dispatch(2, 0, 0, NULL));
	SHOW_OK(dispatch(OFF, 1, 0, NULL));
	SHOW_OK(dispatch(OFF, 0, 1, NULL));
	SHOW_OK(dispatch(OFF, 0, 0, &selector));
	SHOW_OK(dispatch(ON, 1, 0, &selector));
	SHOW_OK(dispatch(ON, 4096, -1, &selector));
	SHOW_OK(dispatch(ON, 4096, -4096, &selector));
	SHOW_OK(dispatch(ON, 0, -1, (void *)-1));
	SHOW_OK(dispatch(ON, 0, -1, NULL));
	SHOW_OK(dispatch(OFF, 0, 0, NULL));
}
static void *in_thread(void *arg)
{
	(void)arg;
	printf("in a thread: %d\n", foreign_call(0, SYS_getppid, 0) > 0);
	return NULL;
}
static void catching(void)
{
	SECTION("catching");
	SHOW_OK(on(&selector));
	SHOW_INT(foreign_call(0, SYS_getppid, 0) == getppid());
	selector = BLOCK;
	SHOW_INT(foreign_call(0, SYS_getpid, 0));
	SHOW_INT(foreign_call(0, 100000, 0));
	SHOW_INT(foreign_call(0, -1, 0));
	SHOW_INT(foreign_call(16, 20, 0)); /* i386's getpid */
	selector = ALLOW;
	SHOW_INT(foreign_call(16, 20, 0) == getpid());
	SECTION("who else");
	selector = BLOCK;
	IN_CHILD("fork", SHOW_INT(foreign_call(0, SYS_getpid, 0) == getpid()));
	pthread_t t;
	pthread_create(&t, NULL, in_thread, NULL);
	pthread_join(t, NULL);
	IN_CHILD("exec", on(&selector); char *a[] = { "userdispatch", "child", NULL }; execv("/proc/self/exe", a));
	SHOW_OK(dispatch(OFF, 0, 0, NULL));
	SHOW_INT(foreign_call(0, SYS_getpid, 0) == getpid());
}
static void ends(void)
{
	SECTION("ends");
	IN_CHILD("no selector: always", SHOW_OK(on(NULL)); SHOW_INT(foreign_call(0, SYS_getpid, 0)));
	IN_CHILD("a wrong selector", SHOW_OK(on(&selector)); fflush(stdout); selector = 2; foreign_call(0, SYS_getpid, 0));
	IN_CHILD("an unreadable selector", char *p = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); SHOW_OK(on(p)); fflush(stdout);
		 foreign_call(0, SYS_getpid, 0));
	IN_CHILD("blocked", sigset_t s; sigemptyset(&s); sigaddset(&s, SIGSYS); sigprocmask(SIG_BLOCK, &s, NULL); SHOW_OK(on(&selector)); fflush(stdout);
		 selector = BLOCK; foreign_call(0, SYS_getpid, 0));
	IN_CHILD("ignored", signal(SIGSYS, SIG_IGN); SHOW_OK(on(&selector)); fflush(stdout); selector = BLOCK; foreign_call(0, SYS_getpid, 0));
	IN_CHILD("turned off from outside is not possible", SHOW_OK(on(&selector)); selector = BLOCK; SHOW_INT(foreign_call(0, SYS_exit, 5)));
}
int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IONBF, 0);
	foreign = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	memcpy(foreign, "\x0f\x05\xc3", 3);
	memcpy(foreign + 16, "\xcd\x80\xc3", 3);
	if (argc > 1) {
		selector = BLOCK;
		SHOW_INT(foreign_call(0, SYS_getpid, 0) == getpid());
		(void)argv;
		return 0;
	}
	struct rlimit none = { 0, 0 };
	setrlimit(RLIMIT_CORE, &none);
	errors();
	struct sigaction sa = { .sa_sigaction = on_sigsys, .sa_flags = SA_SIGINFO };
	sigaction(SIGSYS, &sa, NULL);
	catching();
	ends();
}
