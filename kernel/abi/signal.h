/* SPDX-License-Identifier: MIT
 * abi/signal.h - signals: numbers, actions, siginfo; sigaction(2), signal(7) */
#pragma once
#include <abi/types.h>

#define SIGHUP    1
#define SIGINT    2
#define SIGQUIT   3
#define SIGILL    4
#define SIGTRAP   5
#define SIGABRT   6
#define SIGBUS    7
#define SIGFPE    8
#define SIGKILL   9
#define SIGUSR1   10
#define SIGSEGV   11
#define SIGUSR2   12
#define SIGPIPE   13
#define SIGALRM   14
#define SIGTERM   15
#define SIGSTKFLT 16
#define SIGCHLD   17
#define SIGCONT   18
#define SIGSTOP   19
#define SIGTSTP   20
#define SIGTTIN   21
#define SIGTTOU   22
#define SIGURG    23
#define SIGXCPU   24
#define SIGXFSZ   25
#define SIGVTALRM 26
#define SIGPROF   27
#define SIGWINCH  28
#define SIGIO     29
#define SIGPWR    30
#define SIGSYS    31
#define SIGRTMIN  32
#define NSIG      65 /* signals 1..64; arrays are indexed by sig - 1 (NSIG - 1 of them) or by sig */

typedef u64 sigset_k;
#define SIGMASK(sig) (1UL << ((sig)-1))

#define SA_NOCLDSTOP 0x00000001UL
#define SA_NOCLDWAIT 0x00000002UL
#define SA_SIGINFO   0x00000004UL
#define SA_UNSUPPORTED 0x00000400UL
#define SA_EXPOSE_TAGBITS 0x00000800UL
#define SA_RESTORER  0x04000000UL
#define SA_I386      0x02000000UL /* internal: installed by an i386 call, so its frame is the 32-bit one */
#define SA_ONSTACK   0x08000000UL
#define SA_RESTART   0x10000000UL
#define SA_NODEFER   0x40000000UL
#define SA_RESETHAND 0x80000000UL
#define SIG_DFL 0UL
#define SIG_IGN 1UL
#define SIG_BLOCK   0
#define SIG_UNBLOCK 1
#define SIG_SETMASK 2

struct sigaction_k { /* as rt_sigaction(2) passes it */
	unsigned long handler;
	unsigned long flags;
	unsigned long restorer;
	sigset_k mask;
};
struct sigaltstack_k {
	unsigned long ss_sp;
	s32 ss_flags, pad;
	u64 ss_size;
};
#define SS_ONSTACK 1
#define SS_DISABLE 2
#define SS_AUTODISARM (1U << 31)
#define MINSIGSTKSZ 2048

struct siginfo { /* 128 bytes, siginfo_t */
	s32 si_signo, si_errno, si_code, pad;
	union {
		struct {
			s32 pid;
			u32 uid;
			union {
				u64 value; /* sigqueue */
				struct {
					s32 status, pad2;
					s64 utime, stime;
				} chld;
			};
		};
		struct {
			u64 addr;
			u64 trapno;
		} fault;
		struct {
			s32 tid, overrun;
			u64 value;
		} timer;
		struct {
			s64 band;
			s32 fd;
		} poll;
		struct {
			u64 call_addr;
			s32 syscall;
			u32 arch;
		} sys;
		u8 raw[112];
	};
};
_Static_assert(sizeof(struct siginfo) == 128, "siginfo_t");
struct siginfo32 { /* the i386 ABI's, 128 bytes */
	s32 si_signo, si_errno, si_code;
	union {
		struct {
			s32 pid;
			u32 uid;
			union {
				u32 value;
				struct {
					s32 status;
					s32 utime, stime;
				} chld;
			};
		};
		struct {
			u32 addr;
		} fault;
		struct {
			s32 tid, overrun;
			u32 value;
		} timer;
		struct {
			s32 band;
			s32 fd;
		} poll;
		struct {
			u32 call_addr;
			s32 syscall;
			u32 arch;
		} sys;
		u8 raw[116];
	};
};
_Static_assert(sizeof(struct siginfo32) == 128, "siginfo_t of i386");
#define SI_USER    0
#define SI_KERNEL  0x80
#define SI_QUEUE   (-1)
#define SI_TIMER   (-2)
#define SI_MESGQ   (-3)
#define SI_ASYNCIO (-4)
#define SI_SIGIO   (-5)
#define SI_TKILL   (-6)
#define ILL_ILLOPC  1
#define ILL_ILLOPN  2
#define FPE_INTDIV  1
#define FPE_INTOVF  2
#define FPE_FLTDIV  3
#define FPE_FLTOVF  4
#define FPE_FLTUND  5
#define FPE_FLTRES  6
#define FPE_FLTINV  7
#define SEGV_MAPERR 1
#define SEGV_ACCERR 2
#define BUS_ADRALN  1
#define BUS_ADRERR  2
#define TRAP_BRKPT  1
#define TRAP_TRACE  2
#define TRAP_HWBKPT 4
#define CLD_EXITED    1
#define CLD_KILLED    2
#define CLD_DUMPED    3
#define CLD_TRAPPED   4
#define CLD_STOPPED   5
#define CLD_CONTINUED 6

struct sigevent_k { /* 64 bytes, sigevent(3type) */
	u64 value;
	s32 signo, notify, tid;
	s32 pad[11];
};
_Static_assert(sizeof(struct sigevent_k) == 64, "struct sigevent");
#define SIGEV_SIGNAL    0
#define SIGEV_NONE      1
#define SIGEV_THREAD    2
#define SIGEV_THREAD_ID 4
