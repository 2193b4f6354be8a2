/* SPDX-License-Identifier: MIT
 * abi/epoll.h - epoll(7) */
#pragma once
#include <abi/types.h>

#define EPOLL_CTL_ADD 1
#define EPOLL_CTL_DEL 2
#define EPOLL_CTL_MOD 3
#define EPOLL_CLOEXEC 02000000

#define EPOLLIN        0x00000001U
#define EPOLLPRI       0x00000002U
#define EPOLLOUT       0x00000004U
#define EPOLLERR       0x00000008U
#define EPOLLHUP       0x00000010U
#define EPOLLRDNORM    0x00000040U
#define EPOLLRDBAND    0x00000080U
#define EPOLLWRNORM    0x00000100U
#define EPOLLWRBAND    0x00000200U
#define EPOLLMSG       0x00000400U
#define EPOLLRDHUP     0x00002000U
#define EPOLLEXCLUSIVE 0x10000000U
#define EPOLLWAKEUP    0x20000000U
#define EPOLLONESHOT   0x40000000U
#define EPOLLET        0x80000000U

#ifdef __x86_64__
#define EPOLL_PACKED __attribute__((packed)) /* as on i386 */
#else
#define EPOLL_PACKED
#endif
struct epoll_event {
	u32 events;
	u64 data;
} EPOLL_PACKED;
