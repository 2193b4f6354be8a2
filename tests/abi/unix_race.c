/* SPDX-License-Identifier: MIT
 * tests/abi/unix_race.c - threads that make, connect, fill, pass on and close the same AF_UNIX sockets at once.
 * What each call answers differs from run to run; all must end, and nothing be left. */
#include "abi.h"
#include <pthread.h>
#include <sys/socket.h>
#include <sys/un.h>

enum { THREADS = 4, SLOTS = 24, ROUNDS = 6000 };
static int slot[SLOTS];

static unsigned rnd(unsigned *s) { return *s = *s * 1103515245u + 12345, *s >> 16; }
static int any(unsigned *s) { return __atomic_load_n(&slot[rnd(s) % SLOTS], __ATOMIC_RELAXED); }
/* Into a slot; what was there is closed. */
static void keep(int fd, unsigned *s)
{
	int old = __atomic_exchange_n(&slot[rnd(s) % SLOTS], fd, __ATOMIC_RELAXED);
	if (old > 2)
		close(old);
}
static void send_fds(int s, int a, int b)
{
	char ctl[CMSG_SPACE(8)] = "";
	struct iovec v = { "x", 1 };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1, .msg_control = ctl, .msg_controllen = sizeof(ctl) };
	struct cmsghdr *c = (void *)ctl;
	int fd[2] = { a, b };
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(8);
	memcpy(CMSG_DATA(c), fd, 8);
	sendmsg(s, &m, MSG_DONTWAIT | MSG_NOSIGNAL);
}
static void recv_fds(int s, int flags, unsigned *seed)
{
	char ctl[CMSG_SPACE(8)] = "", b[8];
	struct iovec v = { b, 8 };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1, .msg_control = ctl, .msg_controllen = sizeof(ctl) };
	if (recvmsg(s, &m, MSG_DONTWAIT | flags) < 0)
		return;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c)) {
		int *fd = (int *)CMSG_DATA(c);
		for (; (char *)(fd + 1) <= (char *)c + c->cmsg_len; fd++)
			keep(*fd, seed);
	}
}
static void one(unsigned *s)
{
	static const int types[] = { SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET };
	struct sockaddr_un a = { AF_UNIX, { 0, 'r', (char)('a' + rnd(s) % 4) } };
	int p[2], fd, type = types[rnd(s) % 3] | SOCK_NONBLOCK;
	char b[300];
	struct pollfd q = { any(s), POLLIN | POLLOUT, 0 };

	switch (rnd(s) % 14) {
	case 0:
		if (socketpair(AF_UNIX, type, 0, p) == 0) {
			keep(p[0], s);
			keep(p[1], s);
		}
		break;
	case 1:
		fd = socket(AF_UNIX, type, 0);
		if (rnd(s) % 2 && bind(fd, (void *)&a, 5) == 0)
			listen(fd, 3);
		keep(fd, s);
		break;
	case 2:
	case 3:
		connect(any(s), (void *)&a, 5);
		break;
	case 4:
		fd = accept4(any(s), NULL, NULL, SOCK_NONBLOCK);
		if (fd >= 0)
			keep(fd, s);
		break;
	case 5:
	case 6:
	case 7:
		send_fds(any(s), any(s), any(s));
		break;
	case 8:
	case 9:
		recv_fds(any(s), 0, s);
		break;
	case 10:
		recv_fds(any(s), MSG_PEEK, s);
		break;
	case 11:
		send(any(s), b, rnd(s) % sizeof(b), MSG_DONTWAIT | MSG_NOSIGNAL);
		break;
	case 12:
		recv(any(s), b, sizeof(b), MSG_DONTWAIT);
		poll(&q, 1, 0);
		break;
	default:
		if (rnd(s) % 8 == 0)
			shutdown(any(s), rnd(s) % 3);
		else
			sendto(any(s), b, 5, MSG_DONTWAIT | MSG_NOSIGNAL, (void *)&a, 5);
	}
}
static void *work(void *arg)
{
	unsigned s = (unsigned)(long)arg * 77;
	for (int i = 0; i < ROUNDS; i++)
		one(&s);
	return NULL;
}
int main(void)
{
	pthread_t t[THREADS];

	for (int i = 0; i < SLOTS; i++)
		slot[i] = -1;
	for (long i = 0; i < THREADS; i++)
		pthread_create(&t[i], NULL, work, (void *)(i + 1));
	for (int i = 0; i < THREADS; i++)
		pthread_join(t[i], NULL);
	for (int i = 0; i < SLOTS; i++)
		if (slot[i] > 2)
			close(slot[i]);
	puts("done");
	return 0;
}
