/* SPDX-License-Identifier: MIT
 * tests/abi/xstate.c - sigreturn(2) with an FPU state that the CPU refuses: SIGSEGV where the handler was to return to */
#include "abi.h"
#include <ucontext.h>

static volatile int segv, returned;
static volatile int blocked_in_segv;

static void wreck(int sig, siginfo_t *i, void *u)
{
	(void)sig, (void)i;
	ucontext_t *uc = u;
	uint64_t *header = (uint64_t *)((char *)uc->uc_mcontext.fpregs + 512);

	header[2] = 0xfffffff; /* reserved: must be zero */
	returned++;
}
static void caught(int sig)
{
	sigset_t m;
	(void)sig;
	sigprocmask(SIG_BLOCK, NULL, &m);
	blocked_in_segv = sigismember(&m, SIGUSR1);
	segv++;
}

int main(void)
{
	struct sigaction a = { .sa_sigaction = wreck, .sa_flags = SA_SIGINFO };
	sigset_t m;
	volatile double x = 1.5;

	sigaction(SIGUSR1, &a, NULL);
	signal(SIGSEGV, caught);
	for (int i = 1; i <= 3; i++) {
		raise(SIGUSR1);
		printf("round %d: handler %d, SIGSEGV %d, SIGUSR1 blocked in it: %d\n", i, returned, segv, blocked_in_segv);
	}
	sigprocmask(SIG_BLOCK, NULL, &m);
	SHOW_INT(sigismember(&m, SIGUSR1));
	x = x * 2 + segv;
	SHOW_INT(x);
	IN_CHILD("without a handler", signal(SIGSEGV, SIG_DFL); struct rlimit z = { 0, 0 }; setrlimit(RLIMIT_CORE, &z); raise(SIGUSR1));
	return 0;
}
