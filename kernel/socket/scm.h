/* SPDX-License-Identifier: MIT
 * socket/scm.h - control messages in the kernel's form: descriptors and credentials that travel, cmsg(3). */
#pragma once
#include <socket/socket.h>
#include <lib/list.h>

/* Files on the way from one process to another; each is referenced. */
struct scm_files {
	struct list_head link; /* the family's */
	void *owner;           /* the family's: who is charged */
	unsigned count;
	struct file *file[];
};
struct scm {
	struct scm_files *files; /* owned; NULL = none */
	bool has_creds;
	struct ucred_k creds;
	ktime_t stamp; /* received: when it was sent, if the socket wants to know; else 0 */
};
/* Reads the control messages of m that belong to SOL_SOCKET: 0, -EINVAL, -EBADF, -EPERM, -ESRCH, -ENOBUFS, -EFAULT,
 * -ENOMEM.  Nothing is held after an error. May sleep. */
MUST_CHECK int scm_from_user(struct socket *s, struct socket_msg *m, struct scm *out);
/* The credentials that the running process sends when it names none. */
void scm_own_creds(struct ucred_k *out);
/* Gives what was received to the user, as the socket's options (SOCKF_) say: the time, credentials, then descriptors as
 * far as they fit; the files stay the caller's.  Sets MSG_CTRUNC. May sleep. */
void scm_to_user(struct socket_msg *m, const struct scm *scm, u32 options);
/* A second reference to each file; NULL = no memory. */
struct scm_files *scm_files_dup(const struct scm_files *f);
void scm_files_put(struct scm_files *f); /* may sleep */
/* One control message to the user: 0, or MSG_CTRUNC was set for want of room. */
void socket_put_control(struct socket_msg *m, int level, int type, const void *data, size_t len);
