/* SPDX-License-Identifier: MIT
 * lib/bpf.h - the classic BPF machine, as seccomp filters use it. */
#pragma once
#include <abi/seccomp.h>

/* Is this a program that ends, and does nothing else?  scratch: len words. */
bool bpf_check(const struct sock_filter_k *prog, unsigned len, u16 *scratch);
/* Runs a checked program; what it returns. */
u32 bpf_run(const struct sock_filter_k *prog, const struct seccomp_data_k *data);
