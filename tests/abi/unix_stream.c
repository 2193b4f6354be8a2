/* SPDX-License-Identifier: MIT
 * tests/abi/unix_stream.c - AF_UNIX streams and sequenced packets: bytes, ends, connections, readiness */
#include "abi.h"
#include <sys/epoll.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <stddef.h>
#ifndef SIOCOUTQ
#define SIOCINQ  0x541B
#define SIOCOUTQ 0x5411
#endif

static int p[2];
static char buf[300000], out[300000];
static int pipes;
static void on_pipe(int s) { (void)s; pipes++; }
static int ready(int fd)
{
	struct pollfd q = { fd, POLLIN | POLLOUT | POLLRDHUP | POLLPRI | POLLRDNORM | POLLWRNORM, 0 };
	poll(&q, 1, 0);
	return q.revents;
}
static void pair(int type) { SHOW(socketpair(AF_UNIX, type, 0, p)); }
static void done(void) { close(p[0]); close(p[1]); }
static socklen_t name_of(struct sockaddr_un *a, const char *path)
{
	memset(a, 0, sizeof(*a));
	a->sun_family = AF_UNIX;
	if (*path == '@') {
		memcpy(a->sun_path + 1, path + 1, strlen(path + 1));
		return offsetof(struct sockaddr_un, sun_path) + strlen(path) + tag_name(a->sun_path + strlen(path));
	}
	strcpy(a->sun_path, path);
	return offsetof(struct sockaddr_un, sun_path) + strlen(path) + 1;
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
static int queued(int s, int cmd)
{
	int v = -1;
	return ioctl(s, cmd, &v) < 0 ? -errno : v;
}
static void show_name(int s, int (*get)(int, struct sockaddr *, socklen_t *))
{
	struct sockaddr_un a;
	socklen_t n = sizeof(a);
	memset(&a, 'x', sizeof(a));
	int r = get(s, (void *)&a, &n);
	printf("name: %d %d family %d '", r, n, a.sun_family);
	if (n > 10 && !a.sun_path[0])
		n -= 8; /* not what tag_name has written */
	for (int i = 2; r == 0 && i < (int)n; i++)
		putchar(((char *)&a)[i] ? ((char *)&a)[i] : '.');
	printf("'\n");
	fflush(stdout);
}

static void bytes(void)
{
	SECTION("bytes");
	pair(SOCK_STREAM);
	SHOW_HEX(ready(p[0]));
	SHOW(recv(p[0], buf, 10, MSG_DONTWAIT));
	SHOW(write(p[1], "hello", 5));
	SHOW(write(p[1], " world", 6));
	SHOW_HEX(ready(p[0]));
	SHOW_INT(queued(p[0], FIONREAD));
	SHOW_INT(queued(p[0], SIOCINQ));
	SHOW_INT(queued(p[1], SIOCOUTQ) > 0);
	SHOW_INT(queued(p[0], SIOCOUTQ));
	SHOW(recv(p[0], buf, 3, MSG_PEEK));
	SHOW(recv(p[0], buf, 100, MSG_PEEK));
	printf("%.11s\n", buf);
	SHOW(read(p[0], buf, 3));
	SHOW(recv(p[0], buf, 100, MSG_TRUNC));
	printf("%.8s\n", buf);
	SHOW_INT(queued(p[1], SIOCOUTQ));
	SHOW(send(p[0], "", 0, 0));
	SHOW(recv(p[1], buf, 1, MSG_DONTWAIT));
	SHOW(send(p[0], "abc", 3, MSG_EOR | MSG_MORE | MSG_NOSIGNAL));
	SHOW(recv(p[1], buf, 0, MSG_DONTWAIT));
	struct iovec v[3] = { { buf, 1 }, { buf + 10, 0 }, { buf + 20, 5 } };
	SHOW(readv(p[1], v, 3));
	printf("%c %.2s\n", buf[0], buf + 20);
	v[0] = (struct iovec){ "12", 2 };
	v[2] = (struct iovec){ "345", 3 };
	SHOW(writev(p[1], v, 3));
	SHOW(recv(p[0], buf, 5, MSG_WAITALL));
	CALL(read, p[0], buf, 0);
	CALL(write, p[0], 8, 5);
	SHOW(write(p[1], "xyz", 3));
	CALL(read, p[0], 8, 2);
	SHOW(read(p[0], buf, 9));
	SHOW(sendto(p[0], "a", 1, 0, (void *)"\1\0x", 4));
	SHOW(recv(p[0], buf, 1, MSG_DONTWAIT | MSG_ERRQUEUE));
	int half = SO_RCVLOWAT, low = 4;
	SHOW(setsockopt(p[0], SOL_SOCKET, half, &low, sizeof(low)));
	SHOW(write(p[1], "xy", 2));
	SHOW(recv(p[0], buf, 9, MSG_DONTWAIT));
	done();
	SECTION("large");
	pair(SOCK_STREAM);
	for (int i = 0; i < (int)sizeof(out); i++)
		out[i] = (char)(i * 7 + i / 4096);
	pid_t c = fork();
	if (c == 0) {
		long n = write(p[1], out, sizeof(out));
		_exit(n == sizeof(out) ? 7 : 1);
	}
	SHOW(recv(p[0], buf, sizeof(buf), MSG_WAITALL));
	SHOW_INT(memcmp(buf, out, sizeof(out)));
	int st;
	waitpid(c, &st, 0);
	show_status("writer", st);
	long n, sum = 0;
	fcntl(p[1], F_SETFL, O_NONBLOCK);
	while ((n = write(p[1], out, 10000)) > 0)
		sum += n;
	SHOW_INT(sum > 100000 && sum < 300000);
	SHOW(write(p[1], "x", 1));
	SHOW_HEX(ready(p[1]));
	while (sum > 0 && (n = read(p[0], buf, sizeof(buf))) > 0)
		sum -= n;
	SHOW_INT(sum);
	SHOW_HEX(ready(p[1]));
	int f = open("data", O_CREAT | O_RDWR, 0600);
	SHOW(write(f, out, 50000));
	lseek(f, 0, SEEK_SET);
	SHOW(sendfile(p[1], f, NULL, 50000));
	SHOW(recv(p[0], buf, 50000, MSG_WAITALL));
	SHOW_INT(memcmp(buf, out, 50000));
	close(f);
	done();
}

static void ends(void)
{
	SECTION("ends");
	signal(SIGPIPE, on_pipe);
	pair(SOCK_STREAM);
	SHOW(write(p[1], "last", 4));
	SHOW(shutdown(p[1], SHUT_WR));
	SHOW_HEX(ready(p[0]));
	SHOW_HEX(ready(p[1]));
	SHOW(write(p[1], "x", 1));
	SHOW_INT(pipes);
	SHOW(send(p[1], "x", 1, MSG_NOSIGNAL));
	SHOW_INT(pipes);
	SHOW(read(p[0], buf, 10));
	SHOW(read(p[0], buf, 10));
	SHOW(write(p[0], "back", 4));
	SHOW(read(p[1], buf, 10));
	SHOW(shutdown(p[1], SHUT_RD));
	SHOW_HEX(ready(p[1]));
	SHOW_HEX(ready(p[0]));
	SHOW(write(p[0], "x", 1));
	SHOW_INT(pipes);
	done();
	pair(SOCK_STREAM);
	SHOW(write(p[1], "abc", 3));
	close(p[1]);
	SHOW_HEX(ready(p[0]));
	SHOW(read(p[0], buf, 10));
	SHOW(read(p[0], buf, 10));
	SHOW(write(p[0], "x", 1));
	SHOW_INT(pipes);
	close(p[0]);
	pair(SOCK_STREAM);
	SHOW(write(p[0], "lost", 4));
	close(p[1]);
	SHOW_HEX(ready(p[0]));
	SHOW(write(p[0], "x", 1));
	SHOW(read(p[0], buf, 10));
	SHOW(read(p[0], buf, 10));
	close(p[0]);
	pair(SOCK_STREAM);
	SHOW(write(p[0], "lost", 4));
	close(p[1]);
	int e = -1;
	socklen_t n = sizeof(e);
	SHOW(getsockopt(p[0], SOL_SOCKET, SO_ERROR, &e, &n));
	SHOW_INT(e);
	SHOW(read(p[0], buf, 10));
	close(p[0]);
	SECTION("a reader waits for the end");
	pair(SOCK_STREAM);
	pid_t c = fork();
	if (c == 0) {
		close(p[0]);
		until_asleep(getppid());
		_exit(0);
	}
	close(p[1]);
	SHOW(read(p[0], buf, 10));
	waitpid(c, NULL, 0);
	close(p[0]);
}

static void peek_off(void)
{
	int v = 1;
	SECTION("SO_PEEK_OFF");
	pair(SOCK_STREAM);
	SHOW(write(p[1], "abc", 3));
	SHOW(write(p[1], "defgh", 5));
	SHOW(setsockopt(p[0], SOL_SOCKET, SO_PEEK_OFF, &v, sizeof(v)));
	for (int i = 0; i < 3; i++) {
		memset(buf, 0, 20);
		SHOW(recv(p[0], buf, 3, MSG_PEEK | MSG_DONTWAIT));
		puts(buf);
	}
	socklen_t n = sizeof(v);
	SHOW(getsockopt(p[0], SOL_SOCKET, SO_PEEK_OFF, &v, &n));
	SHOW_INT(v);
	SHOW(read(p[0], buf, 2));
	SHOW(getsockopt(p[0], SOL_SOCKET, SO_PEEK_OFF, &v, &n));
	SHOW_INT(v);
	done();
}

static void connections(void)
{
	struct stat st;
	struct sockaddr_un a;
	int s, c, d;

	SECTION("bind");
	umask(027);
	s = socket(AF_UNIX, SOCK_STREAM, 0);
	SHOW_HEX(ready(s));
	show_name(s, getsockname);
	SHOW(listen(s, 1));
	SHOW(accept(s, NULL, NULL));
	SHOW(bind_to(s, "srv"));
	show_name(s, getsockname);
	SHOW(bind_to(s, "srv"));
	SHOW(bind_to(s, "srv2"));
	SHOW(stat("srv2", &st));
	SHOW(bind_to(s, "@abs"));
	SHOW(stat("srv", &st));
	SHOW_HEX(st.st_mode);
	SHOW(open("srv", O_RDWR));
	SHOW(open("srv", O_RDONLY | O_NONBLOCK));
	c = socket(AF_UNIX, SOCK_STREAM, 0);
	SHOW(bind_to(c, "srv"));
	SHOW(bind_to(c, "no/dir"));
	SHOW(bind_to(c, "srv/x"));
	make_file("plain", "", 0644);
	SHOW(connect_to(c, "plain"));
	SHOW(connect_to(c, "none"));
	SHOW(connect_to(c, "srv"));
	SHOW(connect_to(c, "@none"));
	name_of(&a, "srv");
	SHOW(bind(c, (void *)&a, 1));
	SHOW(bind(c, (void *)&a, 111));
	SHOW(bind(c, (void *)&a, 200));
	SHOW(connect(c, (void *)&a, 2));
	SHOW(connect(c, (void *)&a, 0));
	a.sun_family = 7;
	SHOW(bind(c, (void *)&a, sizeof(a)));
	SHOW(connect(c, (void *)&a, sizeof(a)));
	memset(a.sun_path, 'p', sizeof(a.sun_path));
	a.sun_family = AF_UNIX;
	d = socket(AF_UNIX, SOCK_STREAM, 0);
	SHOW(bind(d, (void *)&a, sizeof(a)));
	show_name(d, getsockname);
	close(d);

	SECTION("connect");
	SHOW(listen(s, 1));
	SHOW_HEX(ready(s));
	SHOW(fcntl(s, F_SETFL, O_NONBLOCK));
	SHOW(accept(s, NULL, NULL));
	SHOW(connect_to(c, "srv"));
	SHOW_HEX(ready(s));
	SHOW_HEX(ready(c));
	SHOW(connect_to(c, "srv"));
	SHOW_INT(queued(s, FIONREAD));
	SHOW(read(s, buf, 1));
	SHOW(write(c, "early", 5));
	show_name(c, getsockname);
	show_name(c, getpeername);
	socklen_t n = sizeof(a);
	SHOW_OK(d = accept4(s, (void *)&a, &n, SOCK_CLOEXEC | SOCK_NONBLOCK));
	SHOW_INT(n);
	SHOW_INT(fcntl(d, F_GETFD));
	SHOW_HEX(fcntl(d, F_GETFL));
	show_name(d, getsockname);
	show_name(d, getpeername);
	SHOW(read(d, buf, 10));
	SHOW(write(d, "hi", 2));
	SHOW(read(c, buf, 10));
	struct ucred u = { 0, 77, 77 };
	n = sizeof(u);
	SHOW(getsockopt(d, SOL_SOCKET, SO_PEERCRED, &u, &n));
	printf("%d %d %d\n", u.pid == getpid(), u.uid, u.gid);
	SHOW(getsockopt(s, SOL_SOCKET, SO_PEERCRED, &u, &n));
	printf("%d %d %d\n", u.pid == getpid(), u.uid, u.gid);
	int q = socket(AF_UNIX, SOCK_STREAM, 0);
	SHOW(getsockopt(q, SOL_SOCKET, SO_PEERCRED, &u, &n));
	printf("%d %d %d\n", u.pid, u.uid, u.gid);
	n = 0;
	SHOW(getsockopt(q, SOL_SOCKET, SO_PEERGROUPS, buf, &n));
	close(d);
	SHOW_HEX(ready(c));
	SHOW(read(c, buf, 1));
	close(c);
	c = socket(AF_UNIX, SOCK_SEQPACKET, 0);
	SHOW(connect_to(c, "srv"));
	close(c);
	c = socket(AF_UNIX, SOCK_DGRAM, 0);
	SHOW(connect_to(c, "srv"));
	close(c);

	SECTION("backlog");
	int k[5];
	for (int i = 0; i < 4; i++) {
		k[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
		SHOW(connect_to(k[i], "srv"));
	}
	SHOW(listen(s, 3));
	SHOW(connect_to(k[3], "srv"));
	SHOW(write(k[0], "x", 1));
	SHOW(shutdown(s, SHUT_RD));
	SHOW(connect_to(q, "srv"));
	SHOW_OK(d = accept(s, NULL, NULL));
	close(d);
	close(s);
	SHOW_HEX(ready(k[2]));
	SHOW(read(k[2], buf, 1));
	SHOW(read(k[2], buf, 1));
	SHOW(connect_to(q, "srv"));
	SHOW(unlink("srv"));
	SHOW(connect_to(q, "srv"));
	for (int i = 0; i < 4; i++)
		close(k[i]);
	close(q);

	SECTION("a full queue waits");
	s = socket(AF_UNIX, SOCK_STREAM, 0);
	SHOW(bind_to(s, "@q"));
	SHOW(listen(s, 0));
	q = socket(AF_UNIX, SOCK_STREAM, 0);
	SHOW(connect_to(q, "@q"));
	pid_t ch = fork();
	if (ch == 0) {
		d = socket(AF_UNIX, SOCK_STREAM, 0);
		int r = connect_to(d, "@q");
		_exit(r == 0 && write(d, "late", 4) == 4 ? 3 : 1);
	}
	until_asleep(ch);
	SHOW_OK(c = accept(s, NULL, NULL));
	SHOW_OK(d = accept(s, NULL, NULL));
	SHOW(read(d, buf, 10));
	int stt;
	waitpid(ch, &stt, 0);
	show_status("connecter", stt);
	show_name(q, getpeername);
	close(c);
	close(d);
	close(q);
	q = socket(AF_UNIX, SOCK_STREAM, 0);
	SHOW(bind_to(q, "@q"));
	close(s);
	SHOW(bind_to(q, "@q"));
	close(q);

	SECTION("rights");
	s = socket(AF_UNIX, SOCK_STREAM, 0);
	SHOW(bind_to(s, "srv"));
	SHOW(listen(s, 5));
	chmod("srv", 0644);
	chmod(".", 0755);
	IN_CHILD("other user", {
		SHOW(setuid(1000));
		c = socket(AF_UNIX, SOCK_STREAM, 0);
		SHOW(connect_to(c, "srv"));
		SHOW(bind_to(c, "mine"));
	});
	SHOW(symlink("srv", "link"));
	c = socket(AF_UNIX, SOCK_STREAM, 0);
	SHOW(connect_to(c, "link"));
	SHOW(bind_to(c, "link"));
	FILE *f = fopen("/proc/net/unix", "r");
	int lines = 0;
	char line[300];
	while (f && fgets(line, sizeof(line), f)) {
		if (strstr(line, "srv") && strstr(line, " 00010000 ")) { /* the listener */
			char *w = strtok(line, " ");
			for (int i = 0; w; i++, w = strtok(NULL, " "))
				if (i != 0 && i != 6)
					printf(" %s", w);
			lines++;
		}
	}
	SHOW_INT(lines > 0);
	close(c);
	close(s);
}

static void seqpacket(void)
{
	SECTION("seqpacket");
	pipes = 0;
	pair(SOCK_SEQPACKET);
	SHOW(write(p[0], "one", 3));
	SHOW(write(p[0], "", 0));
	SHOW(send(p[0], "three", 5, MSG_EOR));
	SHOW_INT(queued(p[1], FIONREAD));
	struct iovec v = { buf, 2 };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1 };
	SHOW(recvmsg(p[1], &m, 0));
	SHOW_HEX(m.msg_flags);
	SHOW(recvmsg(p[1], &m, 0));
	SHOW_HEX(m.msg_flags);
	v.iov_len = 100;
	SHOW(recvmsg(p[1], &m, MSG_TRUNC));
	SHOW_HEX(m.msg_flags);
	SHOW(sendto(p[0], "n", 1, 0, (void *)"\1\0\0x", 4));
	SHOW(recv(p[1], buf, 9, 0));
	SHOW_HEX(ready(p[1]));
	SHOW(shutdown(p[0], SHUT_WR));
	SHOW(send(p[0], "x", 1, 0));
	SHOW(recv(p[1], buf, 9, 0));
	SHOW(recv(p[1], buf, 9, MSG_DONTWAIT));
	close(p[1]);
	SHOW(send(p[0], "x", 1, 0));
	SHOW_INT(pipes);
	SHOW_HEX(ready(p[0]));
	SHOW(recv(p[0], buf, 9, 0));
	close(p[0]);
	int s = socket(AF_UNIX, SOCK_SEQPACKET, 0), c, d;
	SHOW(write(s, "x", 1));
	SHOW(read(s, buf, 1));
	SHOW_HEX(ready(s));
	SHOW(bind_to(s, "@seq"));
	SHOW(listen(s, 2));
	c = socket(AF_UNIX, SOCK_SEQPACKET, 0);
	SHOW(connect_to(c, "@seq"));
	for (int i = 0; i < 20; i++)
		if (send(c, "m", 1, MSG_DONTWAIT) != 1)
			printf("stopped at %d\n", i);
	SHOW_OK(d = accept(s, NULL, NULL));
	SHOW(recv(d, buf, 9, 0));
	close(c);
	SHOW(recv(d, buf, 9, 0));
	SHOW_HEX(ready(d));
	close(d);
	close(s);
}

static void events(void)
{
	SECTION("epoll");
	pair(SOCK_STREAM | SOCK_NONBLOCK);
	int ep = epoll_create1(0);
	struct epoll_event e = { EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, { .fd = 5 } };
	SHOW(epoll_ctl(ep, EPOLL_CTL_ADD, p[0], &e));
	SHOW(epoll_wait(ep, &e, 1, 0));
	SHOW_HEX(e.events);
	SHOW(epoll_wait(ep, &e, 1, 0));
	SHOW(write(p[1], "x", 1));
	SHOW(epoll_wait(ep, &e, 1, 0));
	SHOW_HEX(e.events);
	SHOW(epoll_wait(ep, &e, 1, 0));
	SHOW(shutdown(p[1], SHUT_WR));
	SHOW(epoll_wait(ep, &e, 1, 0));
	SHOW_HEX(e.events);
	close(p[1]);
	SHOW(epoll_wait(ep, &e, 1, 0));
	SHOW_HEX(e.events);
	close(p[0]);
	SHOW(epoll_wait(ep, &e, 1, 0));
	SHOW_INT(socketpair(AF_UNIX, SOCK_STREAM, 0, p));
	pid_t c = fork();
	if (c == 0) {
		until_asleep(getppid());
		_exit(write(p[1], "wake", 4) == 4 ? 0 : 1);
	}
	fd_set r;
	FD_ZERO(&r);
	FD_SET(p[0], &r);
	SHOW(select(p[0] + 1, &r, NULL, NULL, NULL));
	waitpid(c, NULL, 0);
	done();
}

int main(void)
{
	bytes();
	ends();
	peek_off();
	connections();
	seqpacket();
	events();
	return 0;
}
