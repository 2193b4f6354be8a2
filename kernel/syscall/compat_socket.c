/* SPDX-License-Identifier: MIT
 *
 * syscall/compat_socket.c - the i386 ABI: socketcall(2)
 *
 * Owns:      nothing.
 * Layer:     syscall.  Calls the handlers of the 64-bit ABI, which know the caller's layouts.
 * Locks:     none.
 * Contexts:  process context of a user task; may sleep.
 * Manual:    socketcall(2).
 * Tests:     tests/i386/socket.c.
 */
#include <syscall/syscall.h>
#include <sys_protos.h>
#include <abi/socket.h>

enum { CALLS = 21 };
static const u8 nargs[CALLS] = { 0, 3, 3, 3, 2, 3, 3, 3, 4, 4, 4, 6, 6, 2, 5, 5, 3, 3, 4, 5, 4 };

static void __user *at(u32 address)
{
	return (void __user *)(unsigned long)address;
}

long sys_i386_socketcall(int call, const u32 __user *args)
{
	u32 a[6] = { 0 };

	if (call < 1 || call >= CALLS)
		return -EINVAL;
	if (copy_from_user(a, args, nargs[call] * sizeof(u32)))
		return -EFAULT;
	switch (call) {
	case 1:
		return sys_socket((int)a[0], (int)a[1], (int)a[2]);
	case 2:
		return sys_bind((int)a[0], at(a[1]), (int)a[2]);
	case 3:
		return sys_connect((int)a[0], at(a[1]), (int)a[2]);
	case 4:
		return sys_listen((int)a[0], (int)a[1]);
	case 5:
		return sys_accept((int)a[0], at(a[1]), at(a[2]));
	case 6:
		return sys_getsockname((int)a[0], at(a[1]), at(a[2]));
	case 7:
		return sys_getpeername((int)a[0], at(a[1]), at(a[2]));
	case 8:
		return sys_socketpair((int)a[0], (int)a[1], (int)a[2], at(a[3]));
	case 9:
		return sys_sendto((int)a[0], at(a[1]), a[2], a[3], NULL, 0);
	case 10:
		return sys_recvfrom((int)a[0], at(a[1]), a[2], a[3], NULL, NULL);
	case 11:
		return sys_sendto((int)a[0], at(a[1]), a[2], a[3], at(a[4]), (int)a[5]);
	case 12:
		return sys_recvfrom((int)a[0], at(a[1]), a[2], a[3], at(a[4]), at(a[5]));
	case 13:
		return sys_shutdown((int)a[0], (int)a[1]);
	case 14:
		return sys_setsockopt((int)a[0], (int)a[1], (int)a[2], at(a[3]), (int)a[4]);
	case 15:
		return sys_getsockopt((int)a[0], (int)a[1], (int)a[2], at(a[3]), at(a[4]));
	case 16:
		return sys_sendmsg((int)a[0], at(a[1]), a[2]);
	case 17:
		return sys_recvmsg((int)a[0], at(a[1]), a[2]);
	case 18:
		return sys_accept4((int)a[0], at(a[1]), at(a[2]), (int)a[3]);
	case 19:
		return sys_recvmmsg((int)a[0], at(a[1]), a[2], a[3], at(a[4]));
	default:
		return sys_sendmmsg((int)a[0], at(a[1]), a[2], a[3]);
	}
}
