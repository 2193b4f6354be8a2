/* SPDX-License-Identifier: MIT
 * tests/abi/int80.c - int $0x80 from 64-bit code means the i386 table, too */
#include "abi.h"

static long call32(long nr, unsigned long a, unsigned long b, unsigned long c)
{
	long r;
	register unsigned long r8 __asm__("r8") = 0x8888;

	__asm__ volatile("int $0x80" : "=a"(r), "+r"(r8) : "a"(nr), "b"(a), "c"(b), "d"(c) : "memory");
	if (r8 != 0x8888)
		printf("r8 changed\n");
	return r;
}

int main(void)
{
	char *low = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);

	SHOW_INT(call32(20, 0, 0, 0) == getpid());
	strcpy(low, "written\n");
	SHOW_INT(call32(4, 1, (unsigned long)low, 8));
	SHOW_INT(call32(4, 0xffffffff00000001, 0xdead00000000 | (unsigned long)low, 8)); /* upper halves do not count */
	SHOW_INT(call32(6, 99, 0, 0));
	SHOW_INT(call32(5000, 0, 0, 0));
	SHOW_INT(call32(0x100000014, 0, 0, 0) == getpid());
	SHOW_INT(call32(13, (unsigned long)low, 0, 0) == *(int *)low);
	long at = call32(192, 0, 4096, 0);
	SHOW_INT(at);
	struct {
		unsigned a[6];
	} *args = (void *)low;
	*args = (typeof(*args)){ { 0, 4096, 3, 0x22, -1u, 0 } };
	at = call32(90, (unsigned long)low, 0, 0);
	SHOW_INT(at > 0 && at < 1L << 32);
	*(int *)at = 1;
	return 0;
}
