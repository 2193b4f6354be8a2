/* SPDX-License-Identifier: MIT
 * tests/abi/clone3.c - clone3(2): the growing struct, stacks, chosen numbers, threads made by hand */
#include "abi.h"

struct args { uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid, set_tid_size, cgroup, more[8]; };
static struct args a;
static char stack[65536] __attribute__((aligned(64)));
static _Atomic int tid_word, ran;

/* Calls and, in a child of its own memory, exits with `code`. */
static long clone3(struct args *p, size_t size, int code)
{
	fflush(stdout);
	long r = syscall(SYS_clone3, p, size);
	if (r == 0)
		_exit(code);
	int e = errno, st;
	if (r > 0 && waitpid(r, &st, __WALL) == r)
		show_status("child", st);
	errno = e;
	return r;
}
#define TRY(label, size, ...)                                                                                \
	do {                                                                                                 \
		a = (struct args){ .exit_signal = SIGCHLD };                                                 \
		__VA_ARGS__;                                                                                 \
		long r_ = clone3(&a, size, 9);                                                               \
		printf("%s: %s\n", label, r_ < 0 ? strerror(errno) : "ok");                                  \
	} while (0)

static void thread_body(void)
{
	ran = syscall(SYS_gettid) == tid_word;
	syscall(SYS_exit, 0);
}
/* A thread with nothing of a C library: it runs on the given stack and ends by exit(2). */
static long raw_thread(struct args *p)
{
	long r;
	__asm__ volatile("syscall\n\ttest %%rax, %%rax\n\tjnz 1f\n\txor %%ebp, %%ebp\n\tcall *%[fn]\n1:"
	                 : "=a"(r)
	                 : "a"(SYS_clone3), "D"(p), "S"(88), [fn] "r"(thread_body)
	                 : "rcx", "r11", "memory");
	return r;
}

int main(void)
{
	pid_t want[2] = { 12345, 1 };
	signal(64, SIG_IGN);
	TRY("plain", 64);
	TRY("size 63", 63);
	TRY("size 88", 88);
	TRY("size 96, zeros", 96);
	TRY("size 96, more", 96, a.more[0] = 1);
	TRY("size 5000", 5000);
	TRY("exit signal 64", 64, a.exit_signal = 64);
	TRY("exit signal 65", 64, a.exit_signal = 65);
	TRY("exit signal 256", 64, a.exit_signal = 256);
	TRY("exit signal 0", 64, a.exit_signal = 0);
	TRY("signal in flags", 64, a.flags = SIGCHLD);
	TRY("detached", 64, a.flags = CLONE_DETACHED);
	TRY("unknown flag", 64, a.flags = 1ULL << 40);
	TRY("thread with signal", 64, a.flags = CLONE_THREAD | CLONE_SIGHAND | CLONE_VM);
	TRY("thread alone", 64, a.flags = CLONE_THREAD; a.exit_signal = 0);
	TRY("sighand alone", 64, a.flags = CLONE_SIGHAND);
	TRY("parent with signal", 64, a.flags = CLONE_PARENT);
	TRY("clear and share sighand", 64, a.flags = CLONE_SIGHAND | CLONE_VM | 0x100000000ULL);
	TRY("clear sighand", 64, a.flags = 0x100000000ULL);
	TRY("fs and newns", 64, a.flags = CLONE_FS | CLONE_NEWNS);
	TRY("stack without size", 64, a.stack = (uint64_t)stack);
	TRY("size without stack", 64, a.stack_size = 4096);
	TRY("stack in the kernel", 64, a.stack = 1ULL << 63; a.stack_size = 4096);
	TRY("stack overflows", 64, a.stack = ~0ULL - 100; a.stack_size = 4096);
	TRY("bad tls", 64, a.flags = CLONE_SETTLS; a.tls = 1ULL << 63);
	TRY("settids", 64, a.flags = CLONE_PARENT_SETTID | CLONE_CHILD_SETTID; a.parent_tid = (uint64_t)&want[1];
	    a.child_tid = (uint64_t)&want[1]);
	TRY("set_tid without size", 80, a.set_tid = (uint64_t)want);
	TRY("size without set_tid", 80, a.set_tid_size = 1);
	TRY("set_tid bad pointer", 80, a.set_tid = 8; a.set_tid_size = 1);
	TRY("set_tid 33", 80, a.set_tid = (uint64_t)want; a.set_tid_size = 33);
	TRY("set_tid", 80, a.set_tid = (uint64_t)want; a.set_tid_size = 1);
	want[0] = getpid();
	TRY("set_tid taken", 80, a.set_tid = (uint64_t)want; a.set_tid_size = 1);
	want[0] = 0;
	TRY("set_tid 0", 80, a.set_tid = (uint64_t)want; a.set_tid_size = 1);
	want[0] = -5;
	TRY("set_tid -5", 80, a.set_tid = (uint64_t)want; a.set_tid_size = 1);
	want[0] = 1 << 30;
	TRY("set_tid too big", 80, a.set_tid = (uint64_t)want; a.set_tid_size = 1);
	want[0] = 12345;
	IN_CHILD("set_tid as a user", become(1000); TRY("set_tid", 80, a.set_tid = (uint64_t)want; a.set_tid_size = 1));
	IN_CHILD("NULL", SHOW(syscall(SYS_clone3, NULL, 64)); SHOW(syscall(SYS_clone3, 8, 64)));

	SECTION("what is beyond the struct is read word by word");
	char *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	munmap(page + 4096, 4096);
	struct args *last = (struct args *)(page + 4096 - 88 - 8);
	*last = (struct args){ .exit_signal = SIGCHLD | 1UL << 40 };
	*(uint64_t *)(page + 4088) = 1;
	SHOW(syscall(SYS_clone3, last, 96));
	SHOW(syscall(SYS_clone3, last, 104));
	*(uint64_t *)(page + 4088) = 0;
	SHOW(syscall(SYS_clone3, last, 96));
	SHOW(syscall(SYS_clone3, last, 104));

	SECTION("a thread");
	a = (struct args){
		.flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM |
		         CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID,
		.parent_tid = (uint64_t)&tid_word,
		.child_tid = (uint64_t)&tid_word,
		.stack = (uint64_t)stack,
		.stack_size = sizeof stack,
	};
	for (int i = 0; i < 100; i++) {
		ran = 0;
		long r = raw_thread(&a);
		int tid;
		while ((tid = tid_word))
			syscall(SYS_futex, &tid_word, 0, tid, NULL, NULL, 0);
		if (r <= 0 || !ran)
			printf("round %d: %ld, ran %d\n", i, r, ran);
	}
	SHOW_INT(ran);
	return 0;
}
