/* SPDX-License-Identifier: MIT
 * tests/abi/mount.c - mount, umount2, bind, remount, move, pivot_root, chroot */
#include "abi.h"

#include <sys/mount.h>
#include <sys/statfs.h>
int main(void)
{
	struct stat st;
	struct statfs sf;
	mkdir("a", 0755);
	mkdir("b", 0755);
	SECTION("tmpfs");
	SHOW(mount("none", "a", "tmpfs", 0, "size=64k,mode=700"));
	stat("a", &st);
	SHOW_HEX(st.st_mode);
	SHOW(statfs("a", &sf));
	SHOW_HEX(sf.f_type);
	SHOW_INT(sf.f_blocks * sf.f_bsize);
	int fd = open("a/f", O_CREAT | O_RDWR, 0600);
	static char big[100000];
	SHOW(write(fd, big, sizeof big));
	SHOW(write(fd, big, 4096));
	SHOW(umount("a"));
	close(fd);
	SHOW(rmdir("a"));
	SHOW(rename("a", "c"));
	SECTION("bind and flags");
	SHOW(mount("a", "b", NULL, MS_BIND, NULL));
	SHOW(access("b/f", F_OK));
	SHOW(mount(NULL, "b", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL));
	SHOW(open("b/f", O_RDWR));
	SHOW(mkdir("b/d", 0700));
	SHOW(unlink("b/f"));
	SHOW(chmod("b/f", 0600));
	SHOW(access("b/f", W_OK));
	SHOW(link("a/f", "b/g"));
	SHOW(rename("a/f", "b/g"));
	fd = SHOW(open("a/f", O_RDWR));
	close(fd);
	SHOW(umount("b"));
	SHOW(umount("b"));
	SHOW(umount("none"));
	SHOW(mount("none", "a", "nosuchfs", 0, NULL));
	SHOW(mount("none", "nowhere", "tmpfs", 0, NULL));
	SHOW(mount("none", "a/f", "tmpfs", 0, NULL));
	SHOW(mount("none", "b", "tmpfs", MS_NOEXEC | MS_NODEV, NULL));
	system("cp /bin/busybox b/true; mknod b/null c 1 3");
	SHOW(execl("b/true", "true", NULL));
	SHOW(open("b/null", O_RDWR));
	SECTION("move and detach");
	mkdir("m", 0755);
	SHOW(mount("b", "m", NULL, MS_MOVE, NULL));
	SHOW(access("m/true", F_OK));
	SHOW(access("b/true", F_OK));
	fd = open("m/true", O_RDONLY);
	SHOW(umount2("m", MNT_DETACH));
	SHOW(access("m/true", F_OK));
	char c;
	SHOW(read(fd, &c, 1));
	close(fd);
	SHOW(umount("a"));
	SECTION("mount over");
	SHOW(mount("none", "a", "tmpfs", 0, NULL));
	close(creat("a/one", 0600));
	SHOW(mount("none", "a", "tmpfs", 0, NULL));
	SHOW(access("a/one", F_OK));
	SHOW(umount("a"));
	SHOW(access("a/one", F_OK));
	SHOW(chdir("a"));
	SHOW(access("../b", F_OK));
	SHOW(chdir(".."));
	SHOW(umount("a"));
	SECTION("chroot");
	mkdir("jail", 0755);
	mkdir("jail/in", 0755);
	IN_CHILD("jail", SHOW(chroot("jail")); SHOW(chdir("/")); SHOW(access("/in", F_OK)); SHOW(access("../../../in", F_OK));
		 SHOW(access("/bin", F_OK)));
	SHOW(chroot("none"));
	IN_CHILD("user", setuid(1000); SHOW(chroot("/")); SHOW(mount("none", "/tmp", "tmpfs", 0, NULL)); SHOW(umount("/tmp")));
	return 0;
}
