/* SPDX-License-Identifier: MIT
 * tests/abi/ptrace_arch.c - the requests of ptrace(2) that are seldom made: segment bases, TLS entries, port permissions, what a tracer
 * with privilege learns of seccomp filters. */
#include "abi.h"
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/user.h>

/* musl has no headers of the kernel. */
enum { GET_THREAD_AREA = 25, SET_THREAD_AREA, ARCH_PRCTL = 30, GET_METADATA = 0x420d };
enum { ARCH_SET_GS = 0x1001, ARCH_SET_FS, ARCH_GET_FS, ARCH_GET_GS };
enum { SECCOMP_SET_MODE_FILTER = 1, SECCOMP_FILTER_FLAG_LOG = 2 };
struct user_desc {
	unsigned entry_number, base_addr, limit;
	unsigned seg_32bit : 1, contents : 2, read_exec_only : 1, limit_in_pages : 1, seg_not_present : 1, usable : 1;
};
struct sock_filter {
	uint16_t code;
	uint8_t jt, jf;
	uint32_t k;
};
struct sock_fprog {
	unsigned short len;
	struct sock_filter *filter;
};
struct metadata {
	uint64_t offset, flags;
};

#define PT(request, pid, addr, data) syscall(SYS_ptrace, (long)(request), pid, (long)(addr), (long)(data))

static void filter(unsigned flags)
{
	struct sock_filter allow = { 6 /* return k */, 0, 0, 0x7fff0000 /* allow */ };
	struct sock_fprog prog = { 1, &allow };

	syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &prog);
}

/* A child that waits for its tracer; `filters`: with two filters, the second logged. */
static pid_t stopped_child(bool filters)
{
	fflush(stdout);
	pid_t p = fork();

	if (p == 0) {
		unsigned long fs = 0;

		ptrace(PTRACE_TRACEME, 0, 0, 0);
		if (filters) {
			prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
			filter(0);
			filter(SECCOMP_FILTER_FLAG_LOG);
		}
		syscall(SYS_arch_prctl, ARCH_SET_GS, 0x123000);
		raise(SIGSTOP);
		syscall(SYS_arch_prctl, ARCH_GET_GS, &fs);
		_exit(fs == 0x456000 ? 3 : 4);
	}
	waitpid(p, NULL, 0);
	return p;
}

static void test_bases(void)
{
	struct user_regs_struct r;
	unsigned long base = 1;

	SECTION("segment bases");
	pid_t p = stopped_child(false);
	ptrace(PTRACE_GETREGS, p, 0, &r);
	SHOW(PT(ARCH_PRCTL, p, &base, ARCH_GET_FS));
	SHOW_INT(base == r.fs_base);
	SHOW(PT(ARCH_PRCTL, p, &base, ARCH_GET_GS));
	SHOW_HEX(base);
	SHOW(PT(ARCH_PRCTL, p, 8, ARCH_GET_GS));
	SHOW(PT(ARCH_PRCTL, p, 1UL << 63, ARCH_SET_GS));
	SHOW(PT(ARCH_PRCTL, p, 0x7ffffffff000, ARCH_SET_FS));
	SHOW(PT(ARCH_PRCTL, p, 0, 0x1234));
	SHOW(PT(ARCH_PRCTL, p, 0x456000, ARCH_SET_GS));
	ptrace(PTRACE_GETREGS, p, 0, &r);
	SHOW_HEX(r.gs_base);
	SHOW_HEX(r.gs);
	SHOW(PT(PTRACE_CONT, p, 0, 0));
	int st;
	waitpid(p, &st, 0);
	show_status("child", st);
}

static void test_areas(void)
{
	struct user_desc d = { .entry_number = 12, .base_addr = 0x1000, .limit = 0xfffff };
	struct user_desc out;

	SECTION("TLS entries");
	d.seg_32bit = d.limit_in_pages = d.usable = 1;
	pid_t p = stopped_child(false);
	memset(&out, 0xff, sizeof(out));
	SHOW(PT(GET_THREAD_AREA, p, 12, &out));
	SHOW_HEX(out.base_addr);
	SHOW_INT(out.seg_not_present);
	SHOW(PT(SET_THREAD_AREA, p, 12, &d));
	SHOW(PT(GET_THREAD_AREA, p, 12, &out));
	SHOW_INT(out.entry_number);
	SHOW_HEX(out.base_addr);
	SHOW_HEX(out.limit);
	SHOW(PT(GET_THREAD_AREA, p, 13, &out));
	SHOW_INT(out.seg_not_present);
	SHOW(PT(GET_THREAD_AREA, p, 11, &out));
	SHOW(PT(GET_THREAD_AREA, p, 15, &out));
	SHOW(PT(GET_THREAD_AREA, p, -1, &out));
	SHOW(PT(GET_THREAD_AREA, p, 12, 8));
	SHOW(PT(SET_THREAD_AREA, p, 12, 8));
	SHOW(PT(SET_THREAD_AREA, p, 16, &d));
	kill(p, SIGKILL);
	waitpid(p, NULL, 0);
}

/* The bitmap of ioperm(2), which the child has never called. */
static void test_ioperm(void)
{
	char buf[64];
	struct iovec iov = { buf, sizeof(buf) };
	enum { IOPERM = 0x201 };

	SECTION("permissions for ports");
	pid_t p = stopped_child(false);
	SHOW(PT(PTRACE_GETREGSET, p, IOPERM, &iov));
	SHOW_INT(iov.iov_len);
	SHOW(PT(PTRACE_SETREGSET, p, IOPERM, &iov));
	SHOW_INT(iov.iov_len);
	iov.iov_len = 7;
	SHOW(PT(PTRACE_GETREGSET, p, IOPERM, &iov));
	iov.iov_len = 0;
	SHOW(PT(PTRACE_GETREGSET, p, IOPERM, &iov));
	SHOW(PT(PTRACE_SETREGSET, p, IOPERM, &iov));
	kill(p, SIGKILL);
	waitpid(p, NULL, 0);
}

static void test_metadata(void)
{
	struct metadata m = { 0, ~0UL };

	SECTION("seccomp filters");
	pid_t p = stopped_child(false);
	SHOW(PT(GET_METADATA, p, sizeof(m), &m));
	kill(p, SIGKILL);
	waitpid(p, NULL, 0);
	p = stopped_child(true);
	for (m.offset = 0; m.offset < 3; m.offset++) {
		m.flags = 77;
		SHOW(PT(GET_METADATA, p, sizeof(m), &m));
		SHOW_HEX(m.flags);
	}
	m.offset = 0;
	SHOW(PT(GET_METADATA, p, 1000, &m));
	SHOW(PT(GET_METADATA, p, 8, &m));
	SHOW(PT(GET_METADATA, p, 12, &m));
	SHOW(PT(GET_METADATA, p, 7, &m));
	SHOW(PT(GET_METADATA, p, sizeof(m), 8));
	kill(p, SIGKILL);
	waitpid(p, NULL, 0);
	IN_CHILD("without privilege", {
		if (setresuid(1000, 1000, 1000))
			_exit(1);
		p = stopped_child(true);
		SHOW(PT(GET_METADATA, p, sizeof(m), &m));
		kill(p, SIGKILL);
	});
}

int main(void)
{
	test_bases();
	test_areas();
	test_ioperm();
	test_metadata();
	return 0;
}
