/* SPDX-License-Identifier: MIT
 * tests/abi/stamp.c - SO_TIMESTAMP and its kin on Unix sockets: when a datagram was sent */
#include "abi.h"
#include <sys/socket.h>
#include <sys/un.h>

enum { STAMP_OLD = 29, STAMPNS_OLD = 35, STAMP_NEW = 63, STAMPNS_NEW = 64 };
static const int names[] = { STAMP_OLD, STAMPNS_OLD, STAMP_NEW, STAMPNS_NEW };

static void show_options(const char *what, int s)
{
	printf("%s:", what);
	for (int i = 0; i < 4; i++) {
		int v = -1;
		socklen_t len = sizeof(v);
		if (getsockopt(s, SOL_SOCKET, names[i], &v, &len))
			printf(" %s", strerror(errno));
		else
			printf(" %d", v);
	}
	printf("\n");
	fflush(stdout);
}

static void set(int s, int name, int value)
{
	if (setsockopt(s, SOL_SOCKET, name, &value, sizeof(value)))
		printf("set %d: %s\n", name, strerror(errno));
}

static void receive(const char *what, int s, size_t room, int flags)
{
	char b[16], control[256];
	struct iovec v = { b, sizeof(b) };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1, .msg_control = control, .msg_controllen = room };
	long r = recvmsg(s, &m, flags);

	printf("%s: %ld%s", what, r, m.msg_flags & MSG_CTRUNC ? " CTRUNC" : "");
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); r >= 0 && c; c = CMSG_NXTHDR(&m, c)) {
		int64_t t[2] = { 0, 0 };
		printf(" [%d %d %d", c->cmsg_level, c->cmsg_type, (int)c->cmsg_len);
		if (c->cmsg_type != SCM_CREDENTIALS && c->cmsg_type != SCM_RIGHTS && c->cmsg_len >= CMSG_LEN(16)) {
			memcpy(t, CMSG_DATA(c), 16);
			printf(" %s", t[0] > time(NULL) - 100 && t[0] <= time(NULL) + 1 && t[1] < 1000000000 ? "now" : "?");
		}
		printf("]");
	}
	printf("\n");
	fflush(stdout);
}

int main(void)
{
	int d[2], q[2], s[2];

	socketpair(AF_UNIX, SOCK_DGRAM, 0, d);
	socketpair(AF_UNIX, SOCK_SEQPACKET, 0, q);
	socketpair(AF_UNIX, SOCK_STREAM, 0, s);
	SECTION("options");
	show_options("none", d[1]);
	for (int i = 0; i < 4; i++) {
		set(d[1], names[i], 1);
		show_options("one", d[1]);
	}
	set(d[1], STAMP_OLD, 0);
	show_options("off", d[1]);
	SECTION("datagrams");
	write(d[0], "a", 1);
	receive("not asked for", d[1], 256, 0);
	for (int i = 0; i < 4; i++) {
		set(d[1], names[i], 1);
		write(d[0], "a", 1);
		receive("asked for", d[1], 256, 0);
	}
	write(d[0], "a", 1);
	receive("peek", d[1], 256, MSG_PEEK);
	receive("no room", d[1], 0, 0);
	write(d[0], "a", 1);
	receive("little room", d[1], 20, 0);
	set(d[1], STAMP_OLD, 0);
	write(d[0], "a", 1);
	set(d[1], STAMP_OLD, 1);
	receive("asked for behind the sending", d[1], 256, 0);
	set(d[1], SO_PASSCRED, 1);
	write(d[0], "a", 1);
	receive("with credentials", d[1], 256, 0);
	SECTION("others");
	set(q[1], STAMPNS_OLD, 1);
	write(q[0], "a", 1);
	receive("packets", q[1], 256, 0);
	set(s[1], STAMPNS_OLD, 1);
	write(s[0], "a", 1);
	receive("streams", s[1], 256, 0);
	return 0;
}
