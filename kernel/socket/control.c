/* SPDX-License-Identifier: MIT
 *
 * socket/control.c - control messages: descriptors and credentials beside the bytes
 *
 * Owns:      nothing; struct scm_files belong to who holds them.
 * Layer:     socket.  Uses fs (descriptor tables), cred.
 * Locks:     none.
 * Contexts:  process context; may sleep (user memory).
 * Manual:    cmsg(3), unix(7) "Ancillary messages", recvmsg(2).
 * Tests:     tests/abi/scm.c, tests/i386.
 *
 * Theory
 * ------
 * A control buffer is a row of headers with data, each padded to a long:
 *
 *     | cmsg_len | level | type | data ...... pad | cmsg_len | level | type | data ... |
 *     0          8       12     16                ^ multiple of 8 (i386: 4, and cmsg_len has 4 bytes)
 *
 * Of a buffer to send a copy is made first: it is read twice, and the program's other threads could change it between.
 * Only this file knows the two layouts.
 */
#include <socket/scm.h>
#include <fs/fdtable.h>
#include <mem/slab.h>
#include <abi/errno.h>
#include <abi/time.h>
#include <lib/string.h>

/* ---- sending ---- */

/* A walk through the copy of a control buffer. */
struct cmsg_walk {
	const u8 *at;
	size_t left;
	bool small;
	/* the present message */
	int level, type;
	const u8 *data;
	size_t len;
};

/* The next message: 1, 0 at the end, -EINVAL for a length that cannot be. */
static int cmsg_next(struct cmsg_walk *w)
{
	size_t head = w->small ? sizeof(struct cmsghdr32) : sizeof(struct cmsghdr_k), total, step;
	struct cmsghdr32 narrow;
	struct cmsghdr_k h;

	if (w->left < head)
		return 0;
	if (w->small) {
		memcpy(&narrow, w->at, sizeof(narrow));
		h = (struct cmsghdr_k){ narrow.cmsg_len, narrow.cmsg_level, narrow.cmsg_type };
	} else {
		memcpy(&h, w->at, sizeof(h));
	}
	if (h.cmsg_len < head || h.cmsg_len > w->left)
		return -EINVAL;
	total = (size_t)h.cmsg_len;
	w->level = h.cmsg_level;
	w->type = h.cmsg_type;
	w->data = w->at + head;
	w->len = total - head;
	step = MIN(ALIGN_UP(total, w->small ? sizeof(u32) : sizeof(u64)), w->left);
	w->at += step;
	w->left -= step;
	return 1;
}

static int take_files(const struct cmsg_walk *w, struct scm_files *f, const struct socket_caller *who)
{
	for (size_t i = 0; i < w->len / sizeof(s32); i++) {
		s32 fd;

		memcpy(&fd, w->data + i * sizeof(fd), sizeof(fd));
		if (fd < 0)
			return -EBADF;
		f->file[f->count] = fd_file_get(who->files, (unsigned)fd);
		if (!f->file[f->count])
			return -EBADF;
		f->count++;
	}
	return 0;
}

/* unix(7): a process says what it is; only a privileged one says something else. */
static int check_creds(const struct ucred_k *u, const struct socket_caller *who)
{
	const struct cred *c = who->cred;

	if (u->pid != who->pid && !cred_capable(c, CAP_SYS_ADMIN))
		return -EPERM;
	if (u->uid != c->uid && u->uid != c->euid && u->uid != c->suid && !cred_capable(c, CAP_SETUID))
		return -EPERM;
	if (u->gid != c->gid && u->gid != c->egid && u->gid != c->sgid && !cred_capable(c, CAP_SETGID))
		return -EPERM;
	return u->pid != who->pid && !socket_pid_exists(u->pid) ? -ESRCH : 0;
}

static int take_creds(const struct cmsg_walk *w, struct scm *out, const struct socket_caller *who)
{
	struct ucred_k u;
	int err;

	if (w->len != sizeof(u))
		return -EINVAL;
	memcpy(&u, w->data, sizeof(u));
	err = check_creds(&u, who);
	if (err)
		return err;
	if (u.uid == (uid_t)-1 || u.gid == (gid_t)-1)
		return -EINVAL;
	out->creds = u;
	out->has_creds = true;
	return 0;
}

/* How many descriptors the buffer names; -EINVAL: malformed, or more than one message may carry. */
static int count_files(struct cmsg_walk w)
{
	unsigned n = 0;
	int r;

	while ((r = cmsg_next(&w)) > 0) {
		if (w.level == SOL_SOCKET && w.type == SCM_RIGHTS)
			n += (unsigned)(w.len / sizeof(s32));
		if (n > SCM_MAX_FD)
			return -EINVAL;
	}
	return (int)n; /* a malformed message is reported when the walk that acts comes to it */
}

static int parse(struct socket *s, struct cmsg_walk w, struct scm *out)
{
	struct socket_caller who = socket_caller();
	int r, err = 0, nfiles = count_files(w);

	if (nfiles < 0)
		return nfiles;
	if (nfiles && s->ops->rights) {
		out->files = kmalloc(sizeof(*out->files) + (unsigned)nfiles * sizeof(struct file *), 0);
		if (!out->files)
			return -ENOMEM;
		out->files->count = 0;
		out->files->owner = NULL;
		list_init(&out->files->link);
	}
	while (!err && (r = cmsg_next(&w)) != 0) {
		if (r < 0)
			err = r;
		else if (w.level != SOL_SOCKET)
			continue;
		else if (w.type == SCM_RIGHTS && s->ops->rights)
			err = out->files ? take_files(&w, out->files, &who) : 0;
		else if (w.type == SCM_CREDENTIALS)
			err = take_creds(&w, out, &who);
		else
			err = -EINVAL;
	}
	if (err && out->files) {
		scm_files_put(out->files);
		out->files = NULL;
	}
	return err;
}

int scm_from_user(struct socket *s, struct socket_msg *m, struct scm *out)
{
	size_t len = m->control_len;
	u8 *copy;
	int err;

	out->files = NULL;
	out->has_creds = false;
	if (likely(!len))
		return 0;
	if (len > OPTMEM_MAX)
		return -ENOBUFS;
	copy = kmalloc(len, 0);
	if (!copy)
		return -ENOBUFS;
	err = copy_from_user(copy, m->control, len);
	if (!err)
		err = parse(s, (struct cmsg_walk){ .at = copy, .left = len, .small = m->small }, out);
	kfree(copy);
	return err;
}

void scm_own_creds(struct ucred_k *out)
{
	struct socket_caller who = socket_caller();

	*out = (struct ucred_k){ who.pid, who.cred->uid, who.cred->gid };
}

/* ---- files ---- */

struct scm_files *scm_files_dup(const struct scm_files *f)
{
	struct scm_files *d = kmalloc(sizeof(*d) + f->count * sizeof(struct file *), 0);

	if (!d)
		return NULL;
	d->owner = NULL;
	list_init(&d->link);
	d->count = f->count;
	for (unsigned i = 0; i < f->count; i++)
		d->file[i] = file_get(f->file[i]);
	return d;
}

void scm_files_put(struct scm_files *f)
{
	for (unsigned i = 0; i < f->count; i++)
		file_put(f->file[i]);
	kfree(f);
}

/* ---- receiving ---- */

static size_t cmsg_head(const struct socket_msg *m)
{
	return m->small ? sizeof(struct cmsghdr32) : sizeof(struct cmsghdr_k);
}

/* Writes a header whose data begin at control + cmsg_head(), and goes behind them. */
static void put_header(struct socket_msg *m, int level, int type, size_t len)
{
	size_t total = cmsg_head(m) + len, step;
	struct cmsghdr32 narrow = { (u32)total, level, type };
	struct cmsghdr_k wide = { total, level, type };

	if (m->small ? copy_to_user(m->control, &narrow, sizeof(narrow))
	             : copy_to_user(m->control, &wide, sizeof(wide)))
		return; /* as Linux: a bad control buffer is as good as none */
	step = MIN(ALIGN_UP(total, m->small ? sizeof(u32) : sizeof(u64)), m->control_len);
	m->control = (u8 __user *)m->control + step;
	m->control_len -= step;
}

void socket_put_control(struct socket_msg *m, int level, int type, const void *data, size_t len)
{
	size_t head = cmsg_head(m), room = m->control_len;

	if (!m->control || room < head) {
		m->out_flags |= MSG_CTRUNC;
		return;
	}
	if (room < head + len) {
		m->out_flags |= MSG_CTRUNC;
		len = room - head;
	}
	if (copy_to_user((u8 __user *)m->control + head, data, len))
		return;
	put_header(m, level, type, len);
}

/* A descriptor for f, its number at `to`: 0, -EMFILE, -ENOMEM, -EFAULT. */
static int install_one(const struct socket_caller *who, struct file *f, bool cloexec, s32 __user *to)
{
	int fd = fd_install(who->files, file_get(f), cloexec, who->nofile);

	if (fd < 0) {
		file_put(f);
		return fd;
	}
	if (!put_user((s32)fd, to))
		return 0;
	(void)!fd_close(who->files, (unsigned)fd);
	return -EFAULT;
}

static void put_files(struct socket_msg *m, const struct scm_files *f)
{
	struct socket_caller who = socket_caller();
	size_t head = cmsg_head(m);
	unsigned fit = 0, n = 0;

	if (m->control && m->control_len > head)
		fit = (unsigned)MIN((m->control_len - head) / sizeof(s32), (size_t)f->count);
	while (n < fit && !install_one(&who, f->file[n], m->flags & MSG_CMSG_CLOEXEC,
	                               (s32 __user *)((u8 __user *)m->control + head) + n))
		n++;
	if (n < f->count)
		m->out_flags |= MSG_CTRUNC;
	if (n)
		put_header(m, SOL_SOCKET, SCM_RIGHTS, n * sizeof(s32));
}

/* Seconds, and microseconds or nanoseconds. */
static void put_stamp(struct socket_msg *m, ktime_t t, u32 options)
{
	bool ns = options & SOCKF_STAMP_NS, new = options &SOCKF_STAMP_NEW;
	s64 fraction = t % NSEC_PER_SEC,
	    wide[2] = { t / NSEC_PER_SEC, ns ? fraction : fraction / NSEC_PER_USEC };
	s32 narrow[2] = { (s32)wide[0], (s32)wide[1] };
	int type = ns ? (new ? SO_TIMESTAMPNS_NEW : SO_TIMESTAMPNS_OLD)
	              : (new ? SO_TIMESTAMP_NEW : SO_TIMESTAMP_OLD);

	if (m->small && !new)
		socket_put_control(m, SOL_SOCKET, type, narrow, sizeof(narrow));
	else
		socket_put_control(m, SOL_SOCKET, type, wide, sizeof(wide));
}

void scm_to_user(struct socket_msg *m, const struct scm *scm, u32 options)
{
	static const struct ucred_k nobody = { 0, 65534, 65534 }; /* the sender was not asked */

	if (scm->stamp)
		put_stamp(m, scm->stamp, options);
	if (options & SOCKF_PASSCRED)
		socket_put_control(m, SOL_SOCKET, SCM_CREDENTIALS, scm->has_creds ? &scm->creds : &nobody,
		                   sizeof(struct ucred_k));
	if (scm->files)
		put_files(m, scm->files);
}
