/* SPDX-License-Identifier: MIT
 * abi/ptrace.h - requests, options and events of ptrace(2). */
#pragma once
#include <abi/types.h>

#define PTRACE_TRACEME          0
#define PTRACE_PEEKTEXT         1
#define PTRACE_PEEKDATA         2
#define PTRACE_PEEKUSER         3
#define PTRACE_POKETEXT         4
#define PTRACE_POKEDATA         5
#define PTRACE_POKEUSER         6
#define PTRACE_CONT             7
#define PTRACE_KILL             8
#define PTRACE_SINGLESTEP       9
#define PTRACE_GETREGS          12
#define PTRACE_SETREGS          13
#define PTRACE_GETFPREGS        14
#define PTRACE_SETFPREGS        15
#define PTRACE_ATTACH           16
#define PTRACE_DETACH           17
#define PTRACE_GETFPXREGS       18 /* i386 */
#define PTRACE_SETFPXREGS       19
#define PTRACE_OLDSETOPTIONS    21
#define PTRACE_SYSCALL          24
#define PTRACE_GET_THREAD_AREA  25
#define PTRACE_SET_THREAD_AREA  26
#define PTRACE_ARCH_PRCTL       30
#define PTRACE_SYSEMU           31
#define PTRACE_SYSEMU_STEP      32
#define PTRACE_SETOPTIONS       0x4200
#define PTRACE_GETEVENTMSG      0x4201
#define PTRACE_GETSIGINFO       0x4202
#define PTRACE_SETSIGINFO       0x4203
#define PTRACE_GETREGSET        0x4204
#define PTRACE_SETREGSET        0x4205
#define PTRACE_SEIZE            0x4206
#define PTRACE_INTERRUPT        0x4207
#define PTRACE_LISTEN           0x4208
#define PTRACE_PEEKSIGINFO      0x4209
#define PTRACE_GETSIGMASK       0x420a
#define PTRACE_SETSIGMASK       0x420b
#define PTRACE_SECCOMP_GET_FILTER 0x420c
#define PTRACE_SECCOMP_GET_METADATA 0x420d
#define PTRACE_GET_SYSCALL_INFO 0x420e
#define PTRACE_GET_RSEQ_CONFIGURATION 0x420f
struct seccomp_metadata_k {
	u64 filter_off, flags;
};
struct ptrace_rseq_configuration_k {
	u64 rseq_abi_pointer;
	u32 rseq_abi_size, signature, flags, pad;
};

#define PTRACE_EVENT_FORK       1
#define PTRACE_EVENT_VFORK      2
#define PTRACE_EVENT_CLONE      3
#define PTRACE_EVENT_EXEC       4
#define PTRACE_EVENT_VFORK_DONE 5
#define PTRACE_EVENT_EXIT       6
#define PTRACE_EVENT_SECCOMP    7
#define PTRACE_EVENT_STOP       128

/* Option bits 1..7 turn on the event of that number. */
#define PTRACE_O_TRACESYSGOOD         1U
#define PTRACE_O_EVENTS               0xfeU
#define PTRACE_O_EXITKILL             (1U << 20)
#define PTRACE_O_SUSPEND_SECCOMP      (1U << 21)
#define PTRACE_O_MASK                 (PTRACE_O_TRACESYSGOOD | PTRACE_O_EVENTS | PTRACE_O_EXITKILL | PTRACE_O_SUSPEND_SECCOMP)

#define PTRACE_EVENTMSG_SYSCALL_ENTRY 1
#define PTRACE_EVENTMSG_SYSCALL_EXIT  2
#define PTRACE_SYSCALL_INFO_NONE      0
#define PTRACE_SYSCALL_INFO_ENTRY     1
#define PTRACE_SYSCALL_INFO_EXIT      2
#define PTRACE_SYSCALL_INFO_SECCOMP   3

#define NT_PRSTATUS                   1
#define NT_PRFPREG                    2
#define NT_PRPSINFO                   3
#define NT_AUXV                       6
#define NT_386_TLS              0x200
#define NT_386_IOPERM           0x201
#define NT_PRXFPREG             0x46e62b7f
#define NT_X86_XSTATE                 0x202
#define NT_SIGINFO                    0x53494749
#define NT_FILE                       0x46494c45

#define PTRACE_PEEKSIGINFO_SHARED 1U
struct ptrace_peeksiginfo_args_k {
	u64 off;
	u32 flags;
	s32 nr;
};

struct ptrace_syscall_info_k {
	u8 op, pad[3];
	u32 arch;
	u64 instruction_pointer, stack_pointer;
	union {
		struct {
			u64 nr, args[6];
			u32 ret_data, reserved; /* seccomp only */
		} entry;
		struct {
			s64 rval;
			u8 is_error;
		} exit;
	};
};
_Static_assert(sizeof(struct ptrace_syscall_info_k) == 88, "struct ptrace_syscall_info");
