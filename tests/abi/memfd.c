/* SPDX-License-Identifier: MIT
 * tests/abi/memfd.c - memfd_create, F_ADD_SEALS, F_GET_SEALS */
#include "abi.h"

#ifndef FALLOC_FL_KEEP_SIZE
#define FALLOC_FL_KEEP_SIZE 1
#define FALLOC_FL_PUNCH_HOLE 2
#endif
#ifndef F_ADD_SEALS
#define F_ADD_SEALS 1033
#define F_GET_SEALS 1034
#endif
#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 16
#endif
static char page[4096], name[300];
int main(void)
{
	SECTION("arguments");
	CALL(memfd_create, "x", 0x80);
	CALL(memfd_create, 8, 0);
	memset(name, 'n', 299);
	CALL(memfd_create, name, 0);
	name[249] = 0;
	SHOW_OK(syscall(SYS_memfd_create, name, 0));
	int f = syscall(SYS_memfd_create, "some name", 1);
	SHOW_INT(fcntl(f, F_GETFD));
	SHOW_INT(fcntl(f, F_GETFL) & O_ACCMODE);
	show_fstat("memfd", f);
	char b[64] = "";
	snprintf(name, sizeof(name), "/proc/self/fd/%d", f);
	SHOW(readlink(name, b, sizeof(b)));
	puts(b);
	SHOW(fcntl(f, F_GET_SEALS));
	SHOW(fcntl(f, F_ADD_SEALS, F_SEAL_SHRINK));
	SHOW(write(f, "hello", 5));
	SHOW(pread(f, b, 10, 0));
	int again = open(name, O_RDONLY);
	SHOW(read(again, b, 10));
	SHOW(fcntl(again, F_ADD_SEALS, F_SEAL_SHRINK));
	SHOW(fcntl(0, F_GET_SEALS) == -1);
	SECTION("size");
	f = syscall(SYS_memfd_create, "s", 3);
	SHOW(fcntl(f, F_GET_SEALS));
	SHOW(ftruncate(f, 8192));
	SHOW(fcntl(f, F_ADD_SEALS, 0x1000));
	SHOW(fcntl(f, F_ADD_SEALS, F_SEAL_SHRINK));
	SHOW(ftruncate(f, 4096));
	SHOW(ftruncate(f, 12288));
	SHOW(fcntl(f, F_ADD_SEALS, F_SEAL_GROW));
	SHOW(ftruncate(f, 16384));
	SHOW(ftruncate(f, 12288));
	SHOW(pwrite(f, page, 4096, 12288));
	SHOW(pwrite(f, page, 4096, 8192 + 100));
	SHOW(pwrite(f, page, 4096, 8192));
	SHOW(fallocate(f, 0, 8192, 8192));
	SHOW(fcntl(f, F_GET_SEALS));
	SECTION("writing");
	char *m = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, f, 0);
	SHOW(fcntl(f, F_ADD_SEALS, F_SEAL_WRITE));
	munmap(m, 4096);
	SHOW(fcntl(f, F_ADD_SEALS, F_SEAL_WRITE));
	SHOW(write(f, "x", 1));
	SHOW(fallocate(f, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 4096));
	SHOW_OK(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, f, 0));
	SHOW_OK(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, f, 0));
	m = mmap(NULL, 4096, PROT_READ, MAP_SHARED, f, 0);
	SHOW_INT(m != MAP_FAILED);
	SHOW(mprotect(m, 4096, PROT_READ | PROT_WRITE));
	SHOW(fcntl(f, F_ADD_SEALS, F_SEAL_SEAL));
	SHOW(fcntl(f, F_ADD_SEALS, F_SEAL_WRITE));
	SHOW(fcntl(f, F_GET_SEALS));
	SECTION("future");
	f = syscall(SYS_memfd_create, "w", 2);
	SHOW(ftruncate(f, 4096));
	m = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, f, 0);
	SHOW(fcntl(f, F_ADD_SEALS, F_SEAL_FUTURE_WRITE));
	m[0] = 'm';
	SHOW(pread(f, b, 1, 0));
	SHOW_INT(b[0]);
	SHOW(pwrite(f, "x", 1, 0));
	SHOW_OK(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, f, 0));
	return 0;
}
