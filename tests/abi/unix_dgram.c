/* SPDX-License-Identifier: MIT
 * tests/abi/unix_dgram.c - AF_UNIX datagrams: names, queues, many messages at once */
#include "abi.h"
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>

static char buf[300000];
static int pipes;
static void on_pipe(int s) { (void)s; pipes++; }
static int ready(int fd)
{
	struct pollfd q = { fd, POLLIN | POLLOUT | POLLRDHUP | POLLRDNORM | POLLWRNORM, 0 };
	poll(&q, 1, 0);
	return q.revents;
}
static socklen_t name_of(struct sockaddr_un *a, const char *path)
{
	const size_t head = offsetof(struct sockaddr_un, sun_path);
	memset(a, 0, sizeof(*a));
	a->sun_family = AF_UNIX;
	if (*path == '@') {
		memcpy(a->sun_path + 1, path + 1, strlen(path + 1));
		return head + strlen(path) + tag_name(a->sun_path + strlen(path));
	}
	strcpy(a->sun_path, path);
	return head + strlen(path) + 1;
}
static int bind_to(int s, const char *path)
{
	struct sockaddr_un a;
	socklen_t n = name_of(&a, path);
	return bind(s, (void *)&a, n);
}
static int connect_to(int s, const char *path)
{
	struct sockaddr_un a;
	socklen_t n = name_of(&a, path);
	return connect(s, (void *)&a, n);
}
static long send_to(int s, const char *path, const char *text, int flags)
{
	struct sockaddr_un a;
	socklen_t n = name_of(&a, path);
	return sendto(s, text, strlen(text), flags, (void *)&a, n);
}
static void print_name(const struct sockaddr_un *a, socklen_t n)
{
	printf("from %d '", n);
	if (n > 10 && !a->sun_path[0])
		n -= 8; /* not what tag_name has written */
	for (int i = 2; i < (int)n && i < 30; i++)
		putchar(((char *)a)[i] ? ((char *)a)[i] : '.');
	printf("'\n");
	fflush(stdout);
}
static void recv_from(int s, int flags)
{
	struct sockaddr_un a;
	socklen_t n = sizeof(a);
	memset(buf, 0, 100);
	if (SHOW(recvfrom(s, buf, 100, flags, (void *)&a, &n)) < 0)
		return;
	printf("'%.50s' ", buf);
	print_name(&a, n);
}

int main(void)
{
	int a, b, c, p[2], v;
	struct sockaddr_un sa;
	socklen_t n;

	signal(SIGPIPE, on_pipe);
	SECTION("names");
	a = socket(AF_UNIX, SOCK_DGRAM, 0);
	b = socket(AF_UNIX, SOCK_DGRAM, 0);
	SHOW_HEX(ready(a));
	SHOW(write(a, "x", 1));
	SHOW(send(a, "x", 1, 0));
	SHOW(send_to(a, "@nobody", "x", 0));
	SHOW(send_to(a, "nobody", "x", 0));
	SHOW(recv(a, buf, 1, MSG_DONTWAIT));
	SHOW(bind_to(b, "bob"));
	SHOW(send_to(a, "bob", "unnamed", 0));
	SHOW(bind_to(a, "@alice"));
	SHOW(send_to(a, "bob", "named", 0));
	SHOW(send_to(a, "bob", "", 0));
	recv_from(b, MSG_PEEK);
	recv_from(b, 0);
	recv_from(b, 0);
	recv_from(b, 0);
	recv_from(b, MSG_DONTWAIT);
	SHOW(send_to(b, "@alice", "a long answer", 0));
	SHOW(recv(a, buf, 6, MSG_PEEK | MSG_TRUNC));
	SHOW(recv(a, buf, 6, 0));
	SHOW(send_to(a, "@alice", "to myself", 0));
	recv_from(a, 0);
	CALL(sendto, a, buf, 1, 0, 8, 10);
	CALL(sendto, a, buf, 1, 0, &sa, 200);
	CALL(sendto, a, buf, 1, 0, &sa, -1);
	SHOW(sendto(a, buf, 1, 0, (void *)"\1\0", 2));
	SHOW(sendto(a, buf, 1, 0, (void *)"\2\0xx", 4));
	SHOW(send_to(a, "bob", "oob", MSG_OOB));

	SECTION("autobind");
	c = socket(AF_UNIX, SOCK_DGRAM, 0);
	sa.sun_family = AF_UNIX;
	SHOW(bind(c, (void *)&sa, 2));
	n = sizeof(sa);
	SHOW(getsockname(c, (void *)&sa, &n));
	SHOW_INT(n);
	SHOW_INT(sa.sun_path[0]);
	SHOW_INT(strspn(sa.sun_path + 1, "0123456789abcdef") >= 5);
	sa.sun_family = AF_UNIX;
	SHOW(bind(c, (void *)&sa, 2));
	close(c);

	SECTION("connect");
	c = socket(AF_UNIX, SOCK_DGRAM, 0);
	SHOW(connect_to(c, "none"));
	SHOW(connect_to(c, "bob"));
	SHOW(write(c, "hello", 5));
	recv_from(b, 0);
	SHOW(send_to(c, "@alice", "else", 0));
	recv_from(a, 0);
	n = sizeof(sa);
	SHOW(getpeername(c, (void *)&sa, &n));
	print_name(&sa, n);
	SHOW(connect_to(b, "@alice"));
	SHOW(write(c, "stranger", 8));
	SHOW(send_to(c, "bob", "stranger", 0));
	SHOW(connect_to(c, "bob"));
	SHOW(send_to(a, "bob", "friend", 0));
	recv_from(b, 0);
	sa.sun_family = AF_UNSPEC;
	SHOW(connect(c, (void *)&sa, 2));
	SHOW(write(c, "x", 1));
	SHOW(connect(b, (void *)&sa, 2));
	SHOW(connect_to(c, "bob"));
	SHOW(write(c, "unread", 6));
	SHOW(connect_to(b, "@alice"));
	SHOW_HEX(ready(c));
	close(b);
	SHOW_HEX(ready(c));
	SHOW(write(c, "x", 1));
	SHOW(write(c, "x", 1));
	SHOW(bind_to(c, "bob"));
	close(c);
	SHOW(unlink("bob"));

	SECTION("full queue");
	b = socket(AF_UNIX, SOCK_DGRAM, 0);
	SHOW(bind_to(b, "@b"));
	c = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	SHOW(connect_to(c, "@b"));
	int ep = epoll_create1(0);
	struct epoll_event e = { EPOLLOUT | EPOLLET, { .fd = 5 } };
	SHOW(epoll_ctl(ep, EPOLL_CTL_ADD, c, &e));
	SHOW(epoll_wait(ep, &e, 1, 0));
	int sent = 0;
	while (write(c, "m", 1) == 1)
		sent++;
	SHOW(write(c, "m", 1));
	int f = open("/proc/sys/net/unix/max_dgram_qlen", O_RDONLY);
	SHOW_INT(read(f, buf, 20) > 0);
	SHOW_INT(sent - atoi(buf));
	SHOW_HEX(ready(c));
	SHOW(epoll_wait(ep, &e, 1, 0));
	SHOW(recv(b, buf, 5, 0));
	SHOW_HEX(ready(c));
	SHOW(epoll_wait(ep, &e, 1, 0));
	SHOW_HEX(e.events);
	SHOW(write(c, "m", 1));
	SHOW(write(c, "m", 1));
	pid_t ch = fork();
	if (ch == 0) {
		fcntl(c, F_SETFL, 0);
		int r = write(c, "waited", 6);
		struct pollfd q = { c, POLLOUT, 0 };
		r += poll(&q, 1, 60000);
		_exit(r);
	}
	until_asleep(ch);
	while (recv(b, buf, 9, MSG_DONTWAIT) != 6)
		sleep_ms(3);
	SHOW_INT(memcmp(buf, "waited", 6));
	waitpid(ch, &v, 0);
	show_status("sender", v);
	close(c);
	close(b);

	SECTION("pair");
	SHOW(socketpair(AF_UNIX, SOCK_DGRAM, 0, p));
	SHOW_HEX(ready(p[0]));
	for (sent = 0; sent < 50 && send(p[0], "m", 1, MSG_DONTWAIT) == 1;)
		sent++;
	SHOW_INT(sent);
	SHOW_HEX(ready(p[1]));
	int q = -1;
	SHOW(ioctl(p[1], FIONREAD, &q));
	SHOW_INT(q);
	while (recv(p[1], buf, 5, MSG_DONTWAIT) >= 0)
		;
	v = 5000;
	SHOW(setsockopt(p[0], SOL_SOCKET, SO_SNDBUF, &v, sizeof(v)));
	SHOW(send(p[0], buf, 9968, 0));
	SHOW(send(p[0], buf, 9969, 0));
	SHOW(recv(p[1], buf, sizeof(buf), 0));
	v = 100000;
	SHOW(setsockopt(p[0], SOL_SOCKET, SO_SNDBUF, &v, sizeof(v)));
	for (int i = 0; i < 150000; i++)
		buf[i] = (char)(i % 251);
	SHOW(send(p[0], buf, 150000, 0));
	memset(buf, 0, 150000);
	SHOW(recv(p[1], buf, sizeof(buf), 0));
	for (int i = 0; i < 150000; i++)
		if (buf[i] != (char)(i % 251)) {
			printf("differs at %d\n", i);
			break;
		}
	CALL(write, p[0], 8, 5);
	SHOW(shutdown(p[1], SHUT_RD));
	SHOW(write(p[0], "x", 1));
	SHOW(recv(p[1], buf, 1, 0));
	SHOW(recv(p[1], buf, 1, MSG_DONTWAIT));
	SHOW_HEX(ready(p[1]));
	SHOW(shutdown(p[0], SHUT_WR));
	SHOW(write(p[0], "x", 1));
	SHOW(write(p[1], "y", 1));
	close(p[1]);
	SHOW_HEX(ready(p[0]));
	SHOW(recv(p[0], buf, 9, 0));
	close(p[0]);
	SHOW_INT(pipes);

	SECTION("many");
	SHOW(socketpair(AF_UNIX, SOCK_DGRAM, 0, p));
	struct iovec iov[4] = { { "a", 1 }, { "bc", 2 }, { (void *)8, 3 }, { "d", 1 } };
	struct mmsghdr m[4];
	memset(m, 0, sizeof(m));
	for (int i = 0; i < 4; i++)
		m[i].msg_hdr = (struct msghdr){ .msg_iov = &iov[i], .msg_iovlen = 1 };
	SHOW(sendmmsg(p[0], m, 4, 0));
	SHOW_INT(m[1].msg_len);
	SHOW(sendmmsg(p[0], m + 2, 1, 0));
	SHOW(sendmmsg(p[0], m, 0, 0));
	char r[4][4];
	for (int i = 0; i < 4; i++)
		iov[i] = (struct iovec){ r[i], 4 };
	SHOW(recvmmsg(p[1], m, 4, MSG_WAITFORONE, NULL));
	SHOW_INT(m[0].msg_len);
	SHOW_INT(m[1].msg_len);
	SHOW(recvmmsg(p[1], m, 4, MSG_DONTWAIT, NULL));
	struct timespec ts = { 0, 2000000000 };
	SHOW(recvmmsg(p[1], m, 4, MSG_DONTWAIT, &ts));
	CALL(recvmmsg, p[1], m, 4, MSG_DONTWAIT, 8);
	struct msghdr h = { .msg_iov = iov, .msg_iovlen = 2000 };
	SHOW(sendmsg(p[0], &h, 0));
	h.msg_iovlen = 1;
	h.msg_name = &sa;
	h.msg_namelen = -1;
	CALL(sendmsg, p[0], &h, 0);
	CALL(sendmsg, p[0], 8, 0);
	CALL(sendmsg, p[0], &h, 0x80000000);
	h.msg_namelen = 0;
	SHOW(sendmsg(p[0], &h, 0));
	h.msg_namelen = sizeof(sa);
	h.msg_flags = -1;
	SHOW(recvmsg(p[1], &h, MSG_CMSG_CLOEXEC));
	SHOW_INT(h.msg_namelen);
	SHOW_HEX(h.msg_flags);
	CALL(recvmsg, p[1], 8, MSG_DONTWAIT);
	v = 1;
	SHOW(setsockopt(p[1], SOL_SOCKET, SO_PEEK_OFF, &v, sizeof(v)));
	SHOW(write(p[0], "abc", 3));
	SHOW(write(p[0], "de", 2));
	for (int i = 0; i < 3; i++) {
		memset(buf, 0, 10);
		SHOW(recv(p[1], buf, 9, MSG_PEEK | MSG_DONTWAIT));
		puts(buf);
	}
	return 0;
}
