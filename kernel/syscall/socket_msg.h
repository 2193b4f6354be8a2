/* SPDX-License-Identifier: MIT
 * syscall/socket_msg.h - between sys_sockmsg.c and sys_sockmmsg.c: one message of the user. */
#pragma once
#include <syscall/syscall.h>
#include <socket/socket.h>

/* One message on a socket that is held; `flags` as the user gave them, O_NONBLOCK added.  Bytes or -errno. */
long user_msg_send(struct socket *s, const struct msghdr_k __user *msg, unsigned flags);
long user_msg_recv(struct socket *s, struct msghdr_k __user *msg, unsigned flags);
