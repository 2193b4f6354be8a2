/* SPDX-License-Identifier: MIT
 * tests/i386/socket.c - socketcall(2), the direct calls, and structures of sockets in the i386 ABI */
#include "start.h"

enum { NR_socketcall = 102, NR_recvmmsg = 337, NR_sendmmsg = 345, NR_socket = 359, NR_socketpair, NR_bind, NR_connect,
       NR_listen, NR_accept4, NR_getsockopt, NR_setsockopt, NR_getsockname, NR_getpeername, NR_sendto, NR_sendmsg,
       NR_recvfrom, NR_recvmsg, NR_shutdown, NR_recvmmsg64 = 417 };

struct msghdr {
	u32 name;
	int namelen;
	u32 iov, iovlen, control, controllen, flags;
};
struct cmsg {
	u32 len;
	int level, type;
	u32 data[12];
};
static int p[2];

static long socketcall(int call, u32 a, u32 b, u32 c, u32 d, u32 e, u32 f)
{
	u32 args[6] = { a, b, c, d, e, f };

	return SYS(NR_socketcall, call, args);
}

static void calls(void)
{
	char buf[16] = { 0 };
	u32 len = 16;

	SHOW(socketcall(0, 0, 0, 0, 0, 0, 0));
	SHOW(socketcall(21, 0, 0, 0, 0, 0, 0));
	SHOW(SYS(NR_socketcall, 1, 8));
	SHOW(socketcall(1, 1, 99, 0, 0, 0, 0));
	SHOW(socketcall(8, 1, 1, 0, (u32)p, 0, 0));
	SHOW(socketcall(9, p[0], (u32) "hello", 5, 0, 0, 0));
	SHOW(socketcall(10, p[1], (u32)buf, 16, 0x40, 0, 0));
	say(buf);
	say("\n");
	SHOW(socketcall(6, p[0], (u32)buf, (u32)&len, 0, 0, 0));
	SHOW(len);
	SHOW(socketcall(13, p[0], 1, 0, 0, 0, 0));
	SHOW(socketcall(9, p[0], (u32) "x", 1, 0x4000, 0, 0));
	SYS(NR_close, p[0]);
	SYS(NR_close, p[1]);
	SHOW(SYS(NR_socketpair, 1, 2, 0, p));
	SHOW(SYS(NR_sendto, p[0], "dgram", 5, 0, 0, 0));
	SHOW(SYS(NR_recvfrom, p[1], buf, 3, 0x20, 0, 0));
}

static void times(void)
{
	int tv[4] = { 1, 500000, 7, 7 };
	u64 wide[2] = { 2, 248000 };
	u32 len = 16;

	SHOW(SYS(NR_setsockopt, p[0], 1, 20, tv, 8));
	tv[0] = tv[1] = 9;
	SHOW(SYS(NR_getsockopt, p[0], 1, 20, tv, &len));
	SHOW(len);
	SHOW(tv[0]);
	SHOW(tv[1]);
	SHOW(tv[2]);
	SHOW(SYS(NR_setsockopt, p[0], 1, 66, wide, 8));
	SHOW(SYS(NR_setsockopt, p[0], 1, 66, wide, 16));
	wide[0] = wide[1] = 9;
	len = 16;
	SHOW(SYS(NR_getsockopt, p[0], 1, 66, wide, &len));
	SHOW(len);
	SHOW((u32)wide[0]);
	SHOW((u32)wide[1]);
}

static void messages(void)
{
	char buf[16] = { 0 };
	u32 iov[4] = { (u32) "ab", 2, (u32) "cde", 3 }, in[2] = { (u32)buf, 16 };
	struct cmsg c = { 20, 1, 1, { 0, 1 } };
	struct msghdr m = { 0, 0, (u32)iov, 2, (u32)&c, 20, 0 };
	int on = 1;

	SHOW(SYS(NR_sendmsg, p[0], &m, 0));
	c = (struct cmsg){ 0 };
	m = (struct msghdr){ 0, 0, (u32)in, 1, (u32)&c, sizeof(c), 0 };
	SHOW(SYS(NR_recvmsg, p[1], &m, 0x40000000));
	say(buf);
	say("\n");
	SHOW(m.controllen);
	SHOW_HEX(m.flags);
	SHOW(c.len);
	SHOW(c.type);
	SHOW(c.data[1] - c.data[0]);
	SHOW(SYS(NR_fcntl, c.data[0], 1));
	SHOW(SYS(NR_setsockopt, p[1], 1, 16, &on, 4));
	SHOW(SYS(NR_write, p[0], "q", 1));
	m.controllen = sizeof(c);
	SHOW(SYS(NR_recvmsg, p[1], &m, 0x80000000));
	SHOW(m.controllen);
	SHOW_HEX(m.flags);
	SHOW(c.len);
	SHOW(c.type);
	SHOW(c.data[0] == (u32)SYS(NR_getpid));
	c.len = 11;
	m = (struct msghdr){ 0, 0, (u32)iov, 2, (u32)&c, 20, 0 };
	SHOW(SYS(NR_sendmsg, p[0], &m, 0));
	c.len = 21;
	SHOW(SYS(NR_sendmsg, p[0], &m, 0));
}

static void many(void)
{
	char buf[16] = { 0 };
	u32 iov[4] = { (u32) "ab", 2, (u32) "cde", 3 }, in[2] = { (u32)buf, 16 };
	struct {
		struct msghdr h;
		u32 len;
	} m[2] = { { { 0, 0, (u32)iov, 1, 0, 0, 0 }, 0 }, { { 0, 0, (u32)(iov + 2), 1, 0, 0, 0 }, 0 } };
	int ts[2] = { 1, 0 };
	u64 ts64[2] = { 1, 0 };

	SHOW(SYS(NR_sendmmsg, p[0], m, 2, 0));
	SHOW(m[1].len);
	m[0].h.iov = m[1].h.iov = (u32)in;
	SHOW(SYS(NR_recvmmsg, p[1], m, 2, 0x40, ts));
	SHOW(m[0].len);
	SHOW(m[1].len);
	SHOW(SYS(NR_recvmmsg64, p[1], m, 2, 0x40, ts64));
	ts[1] = -1;
	SHOW(SYS(NR_recvmmsg, p[1], m, 2, 0x40, ts));
}

int program(int argc, char **argv, char **envp)
{
	(void)argc, (void)argv, (void)envp;
	calls();
	times();
	messages();
	many();
	return 0;
}
