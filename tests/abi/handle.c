/* SPDX-License-Identifier: MIT
 * tests/abi/handle.c - name_to_handle_at, open_by_handle_at on tmpfs */
#include "abi.h"
#include <sys/mount.h>
struct h { unsigned bytes; int type; unsigned char b[128]; };
int main(void)
{
	struct h h, p; int mid = 0, fd; struct stat a, b;
	mkdir("t",0755); mount("none","t","tmpfs",0,"size=1m"); mkdir("t/d",0755); make_file("t/d/f","hello",0644); symlink("f","t/d/l");
	int dir = open("t", O_RDONLY);
	h.bytes = 0; CALL(name_to_handle_at, AT_FDCWD, "t/d/f", &h, &mid, 0); SHOW_INT(h.bytes);
	h.bytes = 128; CALL(name_to_handle_at, AT_FDCWD, "t/d/f", &h, &mid, 0); SHOW_INT(h.bytes); SHOW_INT(h.type);
	h.bytes = 129; CALL(name_to_handle_at, AT_FDCWD, "t/d/f", &h, &mid, 0);
	h.bytes = 128; CALL(name_to_handle_at, AT_FDCWD, "t/d/none", &h, &mid, 0);
	CALL(name_to_handle_at, AT_FDCWD, "t/d/f", NULL, &mid, 0);
	SHOW(syscall(SYS_name_to_handle_at, AT_FDCWD, "t/d/f", &h, NULL, 0));
	CALL(name_to_handle_at, AT_FDCWD, "t/d/f", &h, &mid, 0x8000000);
	h.bytes = 128; CALL(name_to_handle_at, AT_FDCWD, "t/d/f", &h, &mid, AT_SYMLINK_NOFOLLOW);
	h.bytes = 128; CALL(name_to_handle_at, AT_FDCWD, "", &h, &mid, 0);
	h.bytes = 128; CALL(name_to_handle_at, dir, "", &h, &mid, AT_EMPTY_PATH); SHOW_INT(h.bytes);
	h.bytes = 128; CALL(name_to_handle_at, dir, "d/l", &h, &mid, 0); 
	p.bytes = 128; CALL(name_to_handle_at, dir, "d/l", &p, &mid, AT_SYMLINK_FOLLOW);SHOW_INT(p.bytes); SHOW_INT(memcmp(&h,&p,8+h.bytes)!=0);
	fd = CALL(open_by_handle_at, dir, &p, O_RDONLY);
	char buf[10]; ssize_t n = read(fd, buf, 10); printf("%.*s\n", (int)n, buf); fstat(fd,&a); stat("t/d/f",&b); SHOW_INT(a.st_ino==b.st_ino); close(fd);
	fd = CALL(open_by_handle_at, dir, &h, O_RDONLY);
	fd = CALL(open_by_handle_at, dir, &h, O_PATH); close(fd);
	fd = CALL(open_by_handle_at, dir, &p, O_RDWR|O_CLOEXEC); SHOW(fcntl(fd,F_GETFD)); SHOW(write(fd,"x",1)); close(fd);
	fd = CALL(open_by_handle_at, AT_FDCWD, &p, O_RDONLY);
	fd = CALL(open_by_handle_at, 99, &p, O_RDONLY);
	struct h q = p; q.bytes = 0; CALL(open_by_handle_at, dir, &q, O_RDONLY);
	q = p; q.bytes = 4; CALL(open_by_handle_at, dir, &q, O_RDONLY);
	q = p; q.bytes = 200; CALL(open_by_handle_at, dir, &q, O_RDONLY);
	q = p; q.b[0] ^= 55; CALL(open_by_handle_at, dir, &q, O_RDONLY);
	CALL(open_by_handle_at, dir, NULL, O_RDONLY);
	h.bytes=128; CALL(name_to_handle_at, dir, "d", &h, &mid, 0);
	fd = CALL(open_by_handle_at, dir, &h, O_RDONLY|O_DIRECTORY); SHOW(openat(fd,"f",O_RDONLY)>=0); char l[100],nm[50]; sprintf(nm,"/proc/self/fd/%d",fd); n=readlink(nm,l,100); printf("%s\n", n>0&&strstr(l,"/t/d")? "path":"none"); close(fd);
	rename("t/d","t/e");
	fd = CALL(open_by_handle_at, dir, &p, O_RDONLY); close(fd);
	IN_CHILD("user", setuid(1000); h.bytes=128; CALL(name_to_handle_at, dir, "e", &h, &mid, 0); CALL(open_by_handle_at, dir, &p, O_RDONLY));
	unlink("t/e/f");
	for (int i=0;i<100;i++) close(open("/proc/self/fd/0",O_RDONLY));
	CALL(open_by_handle_at, dir, &p, O_RDONLY);
	close(dir);
	h.bytes=128; CALL(name_to_handle_at, AT_FDCWD, "/proc/self/stat", &h, &mid, 0);
	h.bytes=128; CALL(name_to_handle_at, AT_FDCWD, "/proc/version", &h, &mid, 0);
	int pp[2]; pipe(pp); h.bytes=128; CALL(name_to_handle_at, pp[0], "", &h, &mid, AT_EMPTY_PATH);
	SHOW(umount2("t",2));
	return 0;
}
