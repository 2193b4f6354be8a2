/* SPDX-License-Identifier: MIT
 * proc/siginfo32.c - what came with a signal, in the i386 form: for signal frames, waitid(2) and core files
 *
 * Owns:      nothing.
 * Layer:     proc.
 * Locks:     none.
 * Contexts:  any.
 * Manual:    sigaction(2).
 * Tests:     tests/i386/signal.c, tests/i386/core.c.
 */
#include <proc/signal.h>

/* Which member of the union a signal from the kernel means; what programs send is the last kind. */
void siginfo_narrow(struct siginfo32 *to, const struct siginfo *from)
{
	bool from_kernel = from->si_code > SI_USER && from->si_code != SI_KERNEL;

	*to = (struct siginfo32){ from->si_signo, from->si_errno, from->si_code, { .raw = { 0 } } };
	switch (from_kernel ? from->si_signo : 0) {
	case SIGILL:
	case SIGTRAP:
	case SIGBUS:
	case SIGFPE:
	case SIGSEGV:
		to->fault.addr = (u32)from->fault.addr;
		return;
	case SIGIO:
		to->poll.band = (s32)from->poll.band;
		to->poll.fd = from->poll.fd;
		return;
	case SIGSYS:
		to->sys.call_addr = (u32)from->sys.call_addr;
		to->sys.syscall = from->sys.syscall;
		to->sys.arch = from->sys.arch;
		return;
	case SIGCHLD:
		to->chld.status = from->chld.status;
		to->chld.utime = (s32)from->chld.utime;
		to->chld.stime = (s32)from->chld.stime;
		break;
	default:
		to->value = (u32)from->value; /* at the same place as a timer's */
	}
	to->pid = from->pid; /* and tid */
	to->uid = from->uid; /* and overrun */
}
