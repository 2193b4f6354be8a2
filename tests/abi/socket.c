/* SPDX-License-Identifier: MIT
 * tests/abi/socket.c - socket, socketpair, options, descriptors of sockets */
#include "abi.h"
#include <sys/socket.h>
#include <sys/un.h>

static int geti(int s, int level, int name)
{
	int v = -77;
	socklen_t n = sizeof(v);
	return getsockopt(s, level, name, &v, &n) < 0 ? -errno : v;
}
static int seti(int s, int name, int v) { return setsockopt(s, SOL_SOCKET, name, &v, sizeof(v)); }
static void timeo(int s, int name, long sec, long usec)
{
	struct timeval tv = { sec, usec };
	socklen_t n = sizeof(tv);
	SHOW(setsockopt(s, SOL_SOCKET, name, &tv, sizeof(tv)));
	tv = (struct timeval){ 9, 9 };
	SHOW(getsockopt(s, SOL_SOCKET, name, &tv, &n));
	printf("%d: %ld.%06ld\n", n, (long)tv.tv_sec, (long)tv.tv_usec);
}
static int setting(const char *file)
{
	char text[32] = "";
	int fd = open(file, O_RDONLY);
	if (fd < 0 || read(fd, text, sizeof(text) - 1) < 0)
		printf("no %s\n", file);
	close(fd);
	return atoi(text);
}
static int told[2]; /* a pipe, while somebody wants to know that the handler has run */
static void handler(int sig)
{
	(void)sig;
	if (told[1] && write(told[1], "h", 1) != 1)
		_exit(99);
}

int main(void)
{
	int p[2], s;
	char buf[100] = "", name[64];
	struct stat st;
	socklen_t len;

	SECTION("arguments");
	CALL(socket, AF_UNIX, 0, 0);
	CALL(socket, AF_UNIX, 99, 0);
	CALL(socket, AF_UNIX, SOCK_RDM, 0);
	CALL(socket, AF_UNIX, 11, 0);
	CALL(socket, AF_UNIX, 15, 0);
	CALL(socket, AF_UNIX, SOCK_STREAM | 0x10, 0);
	CALL(socket, AF_UNIX, SOCK_STREAM, 7);
	CALL(socket, -1, SOCK_STREAM, 0);
	CALL(socket, 46, SOCK_STREAM, 0);
	CALL(socket, 5, SOCK_STREAM, 0);
	CALL(socketpair, AF_UNIX, SOCK_STREAM, 0, 8);
	CALL(socketpair, AF_UNIX, SOCK_STREAM | 0x10, 0, p);
	CALL(socketpair, AF_UNIX, SOCK_STREAM, 9, p);
	CALL(bind, 0, 0, 0);
	CALL(bind, 99, 0, 0);
	CALL(listen, 99, 0);
	CALL(accept4, 99, 0, 0, 0);
	CALL(accept4, 99, 0, 0, 1);
	CALL(shutdown, 99, 0);
	CALL(getsockopt, 99, 1, 1, 0, 0);
	CALL(setsockopt, 99, 1, 1, 0, -1);
	CALL(setsockopt, 99, 1, 1, 0, 4);
	CALL(sendto, 99, 0, 0, 0, 0, 0);
	CALL(sendto, 0, 0, 0, 0, 0, 0);
	CALL(recvfrom, 99, 0, 0, 0, 0, 0);
	CALL(sendmsg, 99, 0, 0);
	CALL(recvmsg, 0, 0, 0);
	CALL(sendmmsg, 99, 0, 0, 0);
	CALL(recvmmsg, 99, 0, 0, 0, 0);

	SECTION("descriptor");
	s = socket(AF_UNIX, SOCK_STREAM, 0);
	SHOW_INT(fcntl(s, F_GETFD));
	SHOW_HEX(fcntl(s, F_GETFL));
	close(s);
	s = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	SHOW_INT(fcntl(s, F_GETFD));
	SHOW_HEX(fcntl(s, F_GETFL));
	fstat(s, &st);
	SHOW_HEX(st.st_mode);
	SHOW_INT(st.st_size);
	SHOW_INT(st.st_nlink);
	snprintf(name, sizeof(name), "/proc/self/fd/%d", s);
	SHOW_OK(readlink(name, buf, sizeof(buf) - 1));
	printf("%.8s %d\n", buf, (unsigned long)st.st_ino == strtoul(buf + 8, NULL, 10));
	SHOW(open(name, O_RDWR));
	SHOW(lseek(s, 0, SEEK_SET));
	SHOW(pread(s, buf, 1, 0));
	SHOW(ftruncate(s, 0));
	SHOW(fsync(s));
	SHOW_OK(mmap(NULL, 4096, PROT_READ, MAP_SHARED, s, 0));
	SHOW(ioctl(s, TCGETS, buf));
	SHOW(read(s, buf, 1));
	SHOW(read(s, buf, 0));
	SHOW(write(s, buf, 1));
	SHOW(write(s, buf, 0));
	SHOW(shutdown(s, 3));
	SHOW(shutdown(s, -1));
	SHOW(shutdown(s, SHUT_RD));
	close(s);

	SECTION("options");
	SHOW(socketpair(AF_UNIX, SOCK_STREAM, 0, p));
	s = p[0];
	SHOW_INT(geti(s, SOL_SOCKET, SO_TYPE));
	SHOW_INT(geti(s, SOL_SOCKET, SO_DOMAIN));
	SHOW_INT(geti(s, SOL_SOCKET, SO_PROTOCOL));
	SHOW_INT(geti(s, SOL_SOCKET, SO_ERROR));
	SHOW_INT(geti(s, SOL_SOCKET, SO_ACCEPTCONN));
	SHOW_INT(geti(s, SOL_SOCKET, SO_SNDLOWAT));
	SHOW_INT(geti(s, SOL_SOCKET, SO_RCVLOWAT));
	static const int flags[] = { SO_REUSEADDR, SO_KEEPALIVE, SO_BROADCAST, SO_DONTROUTE, SO_PASSCRED, SO_OOBINLINE };
	for (unsigned i = 0; i < sizeof(flags) / sizeof(*flags); i++) {
		SHOW_INT(geti(s, SOL_SOCKET, flags[i]));
		SHOW(seti(s, flags[i], 5));
		SHOW_INT(geti(s, SOL_SOCKET, flags[i]));
	}
	SHOW_INT(geti(s, SOL_SOCKET, 999));
	SHOW(seti(s, 999, 1));
	SHOW(seti(s, SO_TYPE, 1));
	SHOW(seti(s, SO_ERROR, 1));
	SHOW(seti(s, SO_ACCEPTCONN, 1));
	SHOW_INT(geti(s, 6, 1));
	CALL(setsockopt, p[0], 6, 1, &len, 4);
	CALL(setsockopt, p[0], 1, SO_REUSEADDR, &len, 3);
	CALL(setsockopt, p[0], 1, SO_REUSEADDR, 8, 4);
	CALL(getsockopt, p[0], 1, SO_TYPE, 8, 8);
	len = -1;
	SHOW(getsockopt(s, SOL_SOCKET, SO_TYPE, buf, &len));
	len = 2;
	SHOW(getsockopt(s, SOL_SOCKET, SO_TYPE, buf, &len));
	SHOW_INT(len);
	len = 50;
	SHOW(getsockopt(s, SOL_SOCKET, SO_TYPE, buf, &len));
	SHOW_INT(len);
	struct linger l = { 1, 5 };
	SHOW(setsockopt(s, SOL_SOCKET, SO_LINGER, &l, sizeof(l)));
	l = (struct linger){ 7, 7 };
	len = sizeof(l);
	SHOW(getsockopt(s, SOL_SOCKET, SO_LINGER, &l, &len));
	printf("linger %d %d\n", l.l_onoff, l.l_linger);
	SHOW(setsockopt(s, SOL_SOCKET, SO_LINGER, &l, 4));

	SECTION("buffers");
	SHOW_INT(geti(s, SOL_SOCKET, SO_SNDBUF));
	SHOW_INT(geti(s, SOL_SOCKET, SO_RCVBUF));
	static const int sizes[] = { 0, 1, 5000, 100000 };
	for (unsigned i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		SHOW(seti(s, SO_SNDBUF, sizes[i]));
		SHOW_INT(geti(s, SOL_SOCKET, SO_SNDBUF));
		SHOW(seti(s, SO_RCVBUF, sizes[i]));
		SHOW_INT(geti(s, SOL_SOCKET, SO_RCVBUF));
	}
	static const int beyond[] = { 1 << 30, -1, -5000 };
	for (unsigned i = 0; i < sizeof(beyond) / sizeof(*beyond); i++) {
		SHOW(seti(s, SO_SNDBUF, beyond[i]));
		SHOW_INT(geti(s, SOL_SOCKET, SO_SNDBUF) == 2 * setting("/proc/sys/net/core/wmem_max"));
		SHOW(seti(s, SO_RCVBUF, beyond[i]));
		SHOW_INT(geti(s, SOL_SOCKET, SO_RCVBUF) == 2 * setting("/proc/sys/net/core/rmem_max"));
	}
	SHOW(seti(s, SO_SNDBUFFORCE, 1000000));
	SHOW_INT(geti(s, SOL_SOCKET, SO_SNDBUF));
	IN_CHILD("unprivileged", {
		SHOW(setuid(1000));
		SHOW(seti(s, SO_SNDBUFFORCE, 1000));
		SHOW(seti(s, SO_PRIORITY, 7));
		SHOW(seti(s, SO_PRIORITY, 6));
	});

	SECTION("times");
	timeo(s, SO_RCVTIMEO, 1, 500000);
	timeo(s, SO_SNDTIMEO, 0, 0);
	timeo(s, SO_SNDTIMEO, 3, 0);
	timeo(s, SO_RCVTIMEO, 0, 1000000);
	timeo(s, SO_RCVTIMEO, 0, -1);
	timeo(s, SO_RCVTIMEO, -1, 0);
	SHOW(setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, buf, 8));
	SHOW(read(s, buf, 1));
	timeo(s, SO_RCVTIMEO, 0, 40000);
	SHOW(read(s, buf, 1));
	struct sigaction sa = { .sa_handler = handler, .sa_flags = SA_RESTART };
	sigaction(SIGALRM, &sa, NULL);
	timeo(s, SO_RCVTIMEO, 60, 0);
	ring(30);
	SHOW(read(s, buf, 1));
	ring(0);
	timeo(s, SO_RCVTIMEO, 0, 0);
	IN_CHILD("restarted", {
		pipe(told);
		pid_t c = fork();
		if (c == 0) {
			until_asleep(getppid());
			kill(getppid(), SIGALRM);
			read(told[0], buf, 1); /* the handler has run: what it sleeps in now is the call restarted */
			until_asleep(getppid());
			if (write(p[1], "x", 1) != 1)
				_exit(1);
			_exit(0);
		}
		SHOW(read(s, buf, 1));
		waitpid(c, NULL, 0);
	});

	SECTION("names");
	struct sockaddr_un a;
	len = sizeof(a);
	SHOW(getsockname(s, (void *)&a, &len));
	SHOW_INT(len);
	SHOW_INT(a.sun_family);
	len = 1;
	SHOW(getpeername(s, (void *)&a, &len));
	SHOW_INT(len);
	len = -1;
	SHOW(getpeername(s, (void *)&a, &len));
	SHOW(getsockname(s, (void *)8, &len));
	s = socket(AF_UNIX, SOCK_DGRAM, 0);
	len = sizeof(a);
	SHOW(getpeername(s, (void *)&a, &len));
	SHOW_INT(geti(s, SOL_SOCKET, SO_TYPE));
	SHOW_INT(geti(s, SOL_SOCKET, SO_ACCEPTCONN));
	CALL(listen, s, 1);
	CALL(accept, s, 0, 0);
	close(s);
	s = socket(AF_UNIX, SOCK_RAW, 0);
	SHOW_INT(geti(s, SOL_SOCKET, SO_TYPE));

	SECTION("limits");
	IN_CHILD("nofile", {
		struct rlimit r = { 6, 6 };
		setrlimit(RLIMIT_NOFILE, &r);
		for (int i = 0; i < 4; i++)
			SHOW(socketpair(AF_UNIX, SOCK_STREAM, 0, p));
		SHOW(socket(AF_UNIX, SOCK_STREAM, 0));
		SHOW(socket(AF_UNIX, SOCK_STREAM, 0));
	});
	return 0;
}
