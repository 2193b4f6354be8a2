/* SPDX-License-Identifier: MIT
 *
 * tests/abi/xattr.c - extended attributes on a file system that has none: the order of the checks. */
#include "abi.h"
#include <sys/xattr.h>

/* /proc has no attributes, on either system. */
#define FILE_ "/proc/self/status"

int main(void)
{
	char buf[64], *bad = (char *)8, name[300];

	memset(name, 'a', sizeof(name));
	memcpy(name, "user.", 5);
	name[256] = 0;
	SECTION("get");
	SHOW(getxattr(FILE_, "user.x", buf, sizeof(buf)));
	SHOW(getxattr(FILE_, "user.x", NULL, 0));
	SHOW(getxattr(FILE_, "nonsense", buf, sizeof(buf)));
	SHOW(getxattr(FILE_, "security.selinux_no", buf, sizeof(buf)));
	SHOW(getxattr(FILE_, "system.posix_acl_access", buf, sizeof(buf)));
	SHOW(lgetxattr("/proc/self", "user.x", buf, sizeof(buf)));
	SHOW(lgetxattr("/proc/self", "system.posix_acl_access", buf, sizeof(buf)));
	SHOW(getxattr(FILE_, "", buf, sizeof(buf)));
	SHOW(getxattr(FILE_, name, buf, sizeof(buf)));
	SHOW(getxattr(FILE_, bad, buf, sizeof(buf)));
	SHOW(getxattr(bad, "user.x", buf, sizeof(buf)));
	SHOW(getxattr("", "user.x", buf, sizeof(buf)));
	SHOW(getxattr("/proc/nothing", "user.x", buf, sizeof(buf)));
	SHOW(getxattr("/proc/self/status/x", "user.x", buf, sizeof(buf)));
	SHOW(fgetxattr(-1, "user.x", buf, sizeof(buf)));
	int fd = open(FILE_, O_RDONLY), path = open(FILE_, O_PATH);
	SHOW(fgetxattr(fd, "user.x", buf, sizeof(buf)));
	SHOW(fgetxattr(path, "user.x", buf, sizeof(buf)));

	SECTION("set");
	SHOW(setxattr(FILE_, "user.x", "v", 1, 0));
	SHOW(setxattr(FILE_, "user.x", "v", 1, 7));
	SHOW(setxattr(FILE_, "user.x", NULL, 0, XATTR_CREATE));
	SHOW(setxattr(FILE_, "user.x", buf, 70000, 0));
	SHOW(setxattr(FILE_, "user.x", bad, 10, 0));
	SHOW(setxattr(FILE_, "", "v", 1, 0));
	SHOW(setxattr("/proc/nothing", "user.x", "v", 1, 0));
	SHOW(fsetxattr(fd, "user.x", "v", 1, 0));
	SHOW(fsetxattr(-1, "user.x", "v", 1, 0));

	SECTION("list, remove");
	SHOW(listxattr(FILE_, buf, 0));
	SHOW(listxattr(FILE_, buf, sizeof(buf)));
	SHOW(listxattr("/proc/nothing", buf, sizeof(buf)));
	SHOW(llistxattr("/proc/self", buf, sizeof(buf)));
	SHOW(flistxattr(fd, buf, sizeof(buf)));
	SHOW(flistxattr(-1, buf, sizeof(buf)));
	SHOW(removexattr(FILE_, "user.x"));
	SHOW(removexattr(FILE_, ""));
	SHOW(fremovexattr(fd, "user.x"));
	SHOW(removexattr("/proc/nothing", "user.x"));

	SECTION("as a user");
	IN_CHILD("user", setuid(1000); SHOW(setxattr("/proc/1/comm", "user.x", "v", 1, 0));
	         SHOW(setxattr("/proc/1/comm", "security.x", "v", 1, 0));
	         SHOW(setxattr("/proc/1/comm", "trusted.x", "v", 1, 0));
	         SHOW(getxattr("/proc/1/comm", "trusted.x", buf, 1)));
	return 0;
}
