/* SPDX-License-Identifier: MIT
 * tests/abi/scm.c - descriptors and credentials that travel through AF_UNIX sockets */
#include "abi.h"
#include <sys/socket.h>
#include <sys/un.h>
#include <grp.h>

/* The C library looks at control messages itself, and has limits of its own. */
#define SENDMSG(s, m, flags) syscall(SYS_sendmsg, s, m, flags)

static int p[2];
static union {
	char c[4096];
	struct cmsghdr align;
} ctl;

/* One message with a control message of `len` bytes of data. */
static long send_ctl(int s, int level, int type, const void *data, size_t len, int flags)
{
	struct iovec v = { "x", 1 };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1, .msg_control = ctl.c, .msg_controllen = CMSG_SPACE(len) };
	struct cmsghdr *c = &ctl.align;
	memset(&ctl, 0, sizeof(ctl));
	c->cmsg_level = level;
	c->cmsg_type = type;
	c->cmsg_len = CMSG_LEN(len);
	if (len)
		memcpy(CMSG_DATA(c), data, len);
	return SENDMSG(s, &m, flags);
}
static long send_fds(int s, const int *fds, int n) { return send_ctl(s, SOL_SOCKET, SCM_RIGHTS, fds, n * sizeof(int), 0); }
static long send_fd(int s, int fd) { return send_fds(s, &fd, 1); }
static int last_fd, nfds;
/* Receives and tells the control messages. */
static void recv_ctl(int s, size_t room, int flags)
{
	char b[20];
	struct iovec v = { b, sizeof(b) };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1, .msg_control = room ? ctl.c : NULL, .msg_controllen = room };
	memset(&ctl, 0, sizeof(ctl));
	last_fd = -1;
	nfds = 0;
	long n = syscall(SYS_recvmsg, s, &m, flags);
	if (n < 0) {
		printf("recvmsg: %s\n", strerror(errno));
		return;
	}
	printf("recvmsg: %ld flags 0x%x control %zu\n", n, m.msg_flags, (size_t)m.msg_controllen);
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c)) {
		printf("  level %d type %d len %zu", c->cmsg_level, c->cmsg_type, (size_t)c->cmsg_len);
		if (c->cmsg_type == SCM_RIGHTS) {
			int *fd = (int *)CMSG_DATA(c);
			for (; (char *)(fd + 1) <= (char *)c + c->cmsg_len; fd++, nfds++)
				last_fd = *fd;
		} else if (c->cmsg_type == SCM_CREDENTIALS && c->cmsg_len >= CMSG_LEN(sizeof(struct ucred))) {
			struct ucred *u = (struct ucred *)CMSG_DATA(c);
			printf(" pid %s uid %d gid %d", u->pid == getpid() ? "mine" : u->pid ? "other" : "0", u->uid, u->gid);
		}
		printf("\n");
	}
	fflush(stdout);
}
static int open_fds(void)
{
	int n = 0;
	for (int i = 0; i < 300; i++)
		n += fcntl(i, F_GETFD) >= 0;
	return n;
}

static void rights(int type)
{
	char b[40] = "";
	int fd, many[300];

	SHOW(socketpair(AF_UNIX, type, 0, p));
	int before = open_fds();
	fd = open("data", O_RDWR | O_CREAT | O_TRUNC, 0600);
	SHOW(write(fd, "content", 7));
	SHOW(send_fd(p[0], fd));
	close(fd);
	recv_ctl(p[1], sizeof(ctl), 0);
	SHOW_INT(nfds);
	SHOW_INT(fcntl(last_fd, F_GETFD));
	SHOW(pread(last_fd, b, 20, 0));
	SHOW(send_fd(p[0], last_fd));
	close(last_fd);
	recv_ctl(p[1], sizeof(ctl), MSG_PEEK);
	close(last_fd);
	recv_ctl(p[1], sizeof(ctl), MSG_CMSG_CLOEXEC);
	SHOW_INT(fcntl(last_fd, F_GETFD));
	fd = last_fd;
	many[0] = many[1] = many[2] = fd;
	SHOW(send_fds(p[0], many, 3));
	recv_ctl(p[1], CMSG_LEN(2 * sizeof(int)), 0);
	close(last_fd);
	close(last_fd - 1);
	SHOW(send_fds(p[0], many, 3));
	recv_ctl(p[1], CMSG_LEN(0), 0);
	SHOW(send_fds(p[0], many, 3));
	recv_ctl(p[1], 5, 0);
	SHOW(send_fds(p[0], many, 3));
	recv_ctl(p[1], 0, 0);
	SHOW(send_fds(p[0], many, 3));
	SHOW(read(p[1], b, 5));
	SHOW(send_fds(p[0], many, 0));
	recv_ctl(p[1], sizeof(ctl), 0);
	for (int i = 0; i < 300; i++)
		many[i] = fd;
	SHOW(send_fds(p[0], many, 253));
	SHOW(send_fds(p[0], many, 254));
	recv_ctl(p[1], sizeof(ctl), 0);
	SHOW_INT(nfds);
	for (int i = last_fd; nfds > 0; i--, nfds--)
		close(i);
	SHOW(send_fd(p[0], 777));
	SHOW(send_fd(p[0], -1));
	many[1] = 777;
	SHOW(send_fds(p[0], many, 3));
	int path = open(".", O_PATH);
	SHOW(send_fd(p[0], path));
	recv_ctl(p[1], sizeof(ctl), 0);
	close(last_fd);
	close(path);
	SHOW(send_fd(p[0], fd));
	close(fd);
	SHOW_INT(open_fds() - before);
	close(p[0]);
	close(p[1]);
}

static void malformed(void)
{
	struct iovec v = { "x", 1 };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1, .msg_control = ctl.c, .msg_controllen = 20 };
	int fd = 0;

	SHOW(socketpair(AF_UNIX, SOCK_DGRAM, 0, p));
	SHOW(send_ctl(p[0], SOL_SOCKET, 77, &fd, 4, 0));
	SHOW(send_ctl(p[0], 77, SCM_RIGHTS, &fd, 4, 0));
	SHOW(send_ctl(p[0], SOL_SOCKET, SCM_CREDENTIALS, &fd, 4, 0));
	SHOW(send_ctl(p[0], SOL_SOCKET, SCM_RIGHTS, &fd, 3, 0));
	memset(&ctl, 0, sizeof(ctl));
	ctl.align.cmsg_level = SOL_SOCKET;
	ctl.align.cmsg_type = SCM_RIGHTS;
	static const size_t lens[] = { 0, 15, 16, 20, 21, 1000, (size_t)-1 };
	for (unsigned i = 0; i < sizeof(lens) / sizeof(*lens); i++) {
		ctl.align.cmsg_len = lens[i];
		SHOW(SENDMSG(p[0], &m, 0));
	}
	m.msg_controllen = 3;
	SHOW(SENDMSG(p[0], &m, 0));
	m.msg_controllen = 1 << 20;
	SHOW(SENDMSG(p[0], &m, 0));
	m.msg_controllen = 0x7fffffff;
	SHOW(SENDMSG(p[0], &m, 0));
	m.msg_control = (void *)8;
	m.msg_controllen = 20;
	SHOW(SENDMSG(p[0], &m, 0));
	close(p[0]);
	close(p[1]);
}

static void stream_glue(void)
{
	int fd = open("data", O_RDWR | O_CREAT, 0600);
	SECTION("streams end at descriptors");
	SHOW(socketpair(AF_UNIX, SOCK_STREAM, 0, p));
	SHOW(write(p[0], "ab", 2));
	SHOW(send_fd(p[0], fd));
	SHOW(write(p[0], "cd", 2));
	SHOW(send_fd(p[0], fd));
	SHOW(send_fd(p[0], fd));
	for (int i = 0; i < 4; i++) {
		recv_ctl(p[1], sizeof(ctl), MSG_DONTWAIT);
		if (last_fd >= 0)
			close(last_fd);
	}
	close(fd);
	close(p[0]);
	close(p[1]);
}

static void credentials(void)
{
	struct ucred u = { getpid(), getuid(), getgid() };
	int on = 1, off = 0;
	socklen_t n = sizeof(u);

	SECTION("credentials");
	SHOW(socketpair(AF_UNIX, SOCK_STREAM, 0, p));
	SHOW(send_ctl(p[0], SOL_SOCKET, SCM_CREDENTIALS, &u, sizeof(u), 0));
	recv_ctl(p[1], sizeof(ctl), 0);
	SHOW(write(p[0], "before", 6));
	SHOW(setsockopt(p[1], SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)));
	SHOW(write(p[0], "after", 5));
	recv_ctl(p[1], sizeof(ctl), MSG_DONTWAIT);
	recv_ctl(p[1], sizeof(ctl), MSG_DONTWAIT);
	SHOW(send_ctl(p[0], SOL_SOCKET, SCM_CREDENTIALS, &u, sizeof(u), 0));
	recv_ctl(p[1], CMSG_LEN(4), 0);
	SHOW(send_ctl(p[0], SOL_SOCKET, SCM_CREDENTIALS, &u, sizeof(u), 0));
	recv_ctl(p[1], 0, 0);
	u.pid = 1;
	SHOW(send_ctl(p[0], SOL_SOCKET, SCM_CREDENTIALS, &u, sizeof(u), 0));
	u.pid = 4000000;
	SHOW(send_ctl(p[0], SOL_SOCKET, SCM_CREDENTIALS, &u, sizeof(u), 0));
	u.pid = getpid();
	u.uid = 1000;
	SHOW(send_ctl(p[0], SOL_SOCKET, SCM_CREDENTIALS, &u, sizeof(u), 0));
	u.uid = -1;
	SHOW(send_ctl(p[0], SOL_SOCKET, SCM_CREDENTIALS, &u, sizeof(u), 0));
	u.uid = getuid();
	recv_ctl(p[1], sizeof(ctl), MSG_DONTWAIT);
	recv_ctl(p[1], sizeof(ctl), MSG_DONTWAIT);
	recv_ctl(p[1], sizeof(ctl), MSG_DONTWAIT);
	IN_CHILD("other user", {
		SHOW(setuid(1000));
		u.pid = getpid();
		u.uid = 0;
		SHOW(send_ctl(p[0], SOL_SOCKET, SCM_CREDENTIALS, &u, sizeof(u), 0));
		u.pid = 1;
		u.uid = 1000;
		SHOW(send_ctl(p[0], SOL_SOCKET, SCM_CREDENTIALS, &u, sizeof(u), 0));
		SHOW(write(p[0], "y", 1));
	});
	recv_ctl(p[1], sizeof(ctl), MSG_DONTWAIT);
	SHOW(setsockopt(p[1], SOL_SOCKET, SO_PASSCRED, &off, sizeof(off)));
	SHOW(getsockopt(p[0], SOL_SOCKET, SO_PEERCRED, &u, &n));
	printf("%d %d %d\n", u.pid == getpid(), u.uid, u.gid);
	n = 4;
	SHOW(getsockopt(p[0], SOL_SOCKET, SO_PEERCRED, &u, &n));
	gid_t g[4] = { 5, 6, 7 };
	IN_CHILD("groups", {
		SHOW(setgroups(3, g));
		SHOW(socketpair(AF_UNIX, SOCK_STREAM, 0, p));
		n = sizeof(g);
		g[0] = 0;
		SHOW(getsockopt(p[0], SOL_SOCKET, SO_PEERGROUPS, g, &n));
		printf("%d: %d %d %d\n", n, g[0], g[1], g[2]);
		n = 4;
		SHOW(getsockopt(p[0], SOL_SOCKET, SO_PEERGROUPS, g, &n));
		SHOW_INT(n);
	});
	close(p[0]);
	close(p[1]);
	SHOW(socketpair(AF_UNIX, SOCK_DGRAM, 0, p));
	SHOW(setsockopt(p[0], SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)));
	SHOW(write(p[0], "z", 1));
	struct sockaddr_un a;
	n = sizeof(a);
	SHOW(getsockname(p[0], (void *)&a, &n));
	SHOW_INT(n);
	SHOW(write(p[1], "z", 1));
	recv_ctl(p[0], sizeof(ctl), 0);
	close(p[0]);
	close(p[1]);
}

/* What is left of a cycle must be found by the kernel: a pipe end in it is closed. */
static void cycles(void)
{
	int q[2], pp[2], l, c;
	struct pollfd w;

	SECTION("cycles");
	SHOW(pipe(pp));
	SHOW(socketpair(AF_UNIX, SOCK_STREAM, 0, p));
	SHOW(send_fd(p[0], pp[1]));
	SHOW(send_fd(p[0], p[0]));
	SHOW(send_fd(p[0], p[1]));
	SHOW(send_fd(p[1], p[0]));
	close(pp[1]);
	close(p[0]);
	w = (struct pollfd){ pp[0], POLLIN, 0 };
	SHOW(poll(&w, 1, 30));
	close(p[1]);
	SHOW(socketpair(AF_UNIX, SOCK_STREAM, 0, p));
	close(p[0]);
	close(p[1]);
	SHOW(poll(&w, 1, 60000));
	SHOW_HEX(w.revents);
	close(pp[0]);
	SECTION("ring of two");
	SHOW(pipe(pp));
	SHOW(socketpair(AF_UNIX, SOCK_DGRAM, 0, p));
	SHOW(socketpair(AF_UNIX, SOCK_DGRAM, 0, q));
	SHOW(send_fd(p[0], q[1]));
	SHOW(send_fd(q[0], p[1]));
	SHOW(send_fd(q[0], pp[1]));
	close(pp[1]);
	close(p[0]);
	close(p[1]);
	close(q[0]);
	w.fd = pp[0];
	SHOW(poll(&w, 1, 30));
	recv_ctl(q[1], sizeof(ctl), 0);
	int got = last_fd;
	recv_ctl(got, sizeof(ctl), 0);
	close(last_fd);
	close(got);
	close(q[1]);
	SHOW(socketpair(AF_UNIX, SOCK_STREAM, 0, p));
	close(p[0]);
	close(p[1]);
	SHOW(poll(&w, 1, 60000));
	SHOW_HEX(w.revents);
	close(pp[0]);
	SECTION("listener in its own embryo");
	SHOW(pipe(pp));
	l = socket(AF_UNIX, SOCK_STREAM, 0);
	c = socket(AF_UNIX, SOCK_STREAM, 0);
	struct sockaddr_un a = { AF_UNIX, "\0loop" };
	socklen_t n = sizeof a.sun_family + 5 + tag_name(a.sun_path + 5);
	SHOW(bind(l, (void *)&a, n));
	SHOW(listen(l, 3));
	SHOW(connect(c, (void *)&a, n));
	SHOW(send_fd(c, l));
	SHOW(send_fd(c, pp[1]));
	close(pp[1]);
	close(l);
	close(c);
	SHOW(socketpair(AF_UNIX, SOCK_STREAM, 0, p));
	close(p[0]);
	close(p[1]);
	w.fd = pp[0];
	SHOW(poll(&w, 1, 60000));
	SHOW_HEX(w.revents);
	close(pp[0]);
	SECTION("deep chain");
	SHOW(pipe(pp));
	int in = pp[1];
	for (int i = 0; i < 600; i++) {
		if (socketpair(AF_UNIX, SOCK_STREAM, 0, q) < 0 || send_fd(q[0], in) != 1) {
			printf("stopped at %d: %s\n", i, strerror(errno));
			break;
		}
		close(in);
		close(q[0]);
		in = q[1];
	}
	close(in);
	w.fd = pp[0];
	SHOW(poll(&w, 1, 60000));
	SHOW_HEX(w.revents);
	close(pp[0]);
}

static void limits(void)
{
	SECTION("limit in flight");
	IN_CHILD("unprivileged", {
		struct rlimit r = { 20, 20 };
		int fd = open("/dev/null", O_RDONLY);
		int many[10];
		for (int i = 0; i < 10; i++)
			many[i] = fd;
		SHOW(socketpair(AF_UNIX, SOCK_DGRAM, 0, p));
		SHOW(setuid(4321));
		setrlimit(RLIMIT_NOFILE, &r);
		for (int i = 0; i < 5; i++)
			SHOW(send_fds(p[0], many, 10));
		for (int i = 0; i < 2; i++) {
			recv_ctl(p[1], sizeof(ctl), 0);
			SHOW_INT(nfds);
		}
		SHOW(send_fds(p[0], many, 1));
	});
}

int main(void)
{
	SECTION("stream");
	rights(SOCK_STREAM);
	SECTION("dgram");
	rights(SOCK_DGRAM);
	SECTION("malformed");
	malformed();
	stream_glue();
	credentials();
	cycles();
	limits();
	return 0;
}
