/* SPDX-License-Identifier: MIT
 * abi/seccomp.h - seccomp(2), and the filter machine of <linux/filter.h>. */
#pragma once
#include <abi/types.h>

#define SECCOMP_MODE_DISABLED                  0
#define SECCOMP_MODE_STRICT                    1
#define SECCOMP_MODE_FILTER                    2

#define SECCOMP_SET_MODE_STRICT                0
#define SECCOMP_SET_MODE_FILTER                1
#define SECCOMP_GET_ACTION_AVAIL               2
#define SECCOMP_GET_NOTIF_SIZES                3

#define SECCOMP_FILTER_FLAG_TSYNC              1U
#define SECCOMP_FILTER_FLAG_LOG                2U
#define SECCOMP_FILTER_FLAG_SPEC_ALLOW         4U
#define SECCOMP_FILTER_FLAG_NEW_LISTENER       8U
#define SECCOMP_FILTER_FLAG_TSYNC_ESRCH        16U
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV 32U

#define SECCOMP_RET_KILL_PROCESS               0x80000000U
#define SECCOMP_RET_KILL_THREAD                0x00000000U
#define SECCOMP_RET_TRAP                       0x00030000U
#define SECCOMP_RET_ERRNO                      0x00050000U
#define SECCOMP_RET_USER_NOTIF                 0x7fc00000U
#define SECCOMP_RET_TRACE                      0x7ff00000U
#define SECCOMP_RET_LOG                        0x7ffc0000U
#define SECCOMP_RET_ALLOW                      0x7fff0000U
#define SECCOMP_RET_ACTION_FULL                0xffff0000U
#define SECCOMP_RET_DATA                       0x0000ffffU
#define SYS_SECCOMP                            1 /* si_code of SIGSYS */
#define SYS_USER_DISPATCH                      2
#define SYSCALL_DISPATCH_FILTER_ALLOW          0
#define SYSCALL_DISPATCH_FILTER_BLOCK          1

struct seccomp_data_k { /* what a filter sees */
	s32 nr;
	u32 arch;
	u64 instruction_pointer, args[6];
};
_Static_assert(sizeof(struct seccomp_data_k) == 64, "struct seccomp_data");
struct sock_filter_k { /* one instruction */
	u16 code;
	u8 jt, jf;
	u32 k;
};
struct sock_fprog_k {
	u16 len;
	struct sock_filter_k __user *filter;
};
#define BPF_MAXINSNS 4096

/* code = class | the rest */
#define BPF_LD       0x00
#define BPF_LDX      0x01
#define BPF_ST       0x02
#define BPF_STX      0x03
#define BPF_ALU      0x04
#define BPF_JMP      0x05
#define BPF_RET      0x06
#define BPF_MISC     0x07
#define BPF_W        0x00
#define BPF_IMM      0x00
#define BPF_ABS      0x20
#define BPF_MEM      0x60
#define BPF_LEN      0x80
#define BPF_ADD      0x00
#define BPF_SUB      0x10
#define BPF_MUL      0x20
#define BPF_DIV      0x30
#define BPF_OR       0x40
#define BPF_AND      0x50
#define BPF_LSH      0x60
#define BPF_RSH      0x70
#define BPF_NEG      0x80
#define BPF_XOR      0xa0
#define BPF_JA       0x00
#define BPF_JEQ      0x10
#define BPF_JGT      0x20
#define BPF_JGE      0x30
#define BPF_JSET     0x40
#define BPF_K        0x00
#define BPF_X        0x08
#define BPF_A        0x10
#define BPF_TAX      0x00
#define BPF_TXA      0x80
#define BPF_MEMWORDS 16
