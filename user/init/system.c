/* SPDX-License-Identifier: MIT
 *
 * user/init/system.c - what PID 1 prepares before a command runs, and the end
 *
 * The root is an unpacked archive; anything a root file system brought along stays visible: a tmpfs is mounted
 * only over an empty directory.  Everything is best effort: a root without /tmp still runs `true`.
 */
#define _GNU_SOURCE
#include "init.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <unistd.h>
#include <time.h>

static bool dir_is_empty(const char *path)
{
	DIR *d = opendir(path);
	struct dirent *e;
	bool empty = true;

	if (!d)
		return false;
	while (empty && (e = readdir(d)) != NULL)
		empty = !strcmp(e->d_name, ".") || !strcmp(e->d_name, "..");
	closedir(d);
	return empty;
}

static void mount_at(const char *type, const char *where, unsigned long flags, const char *options)
{
	mkdir(where, 0755);
	if (mount(type, where, type, flags, options) && errno != EBUSY && errno != ENODEV)
		fprintf(stderr, "init: mount %s: %s\n", where, strerror(errno));
}

static void mount_tmpfs(const char *where, const char *options)
{
	struct stat st, root;

	mkdir(where, 0755);
	if (stat(where, &st) || stat("/", &root) || st.st_dev != root.st_dev)
		return; /* something is mounted there already (root.c) */
	if (dir_is_empty(where))
		mount_at("tmpfs", where, MS_NOSUID | MS_NODEV, options);
}

void system_setup(void)
{
	umask(0);
	mount_at("proc", "/proc", MS_NOSUID | MS_NOEXEC | MS_NODEV, NULL);
	mount_at("sysfs", "/sys", MS_NOSUID | MS_NOEXEC | MS_NODEV, NULL);
	mount_at("devtmpfs", "/dev", MS_NOSUID, NULL);
	mount_at("devpts", "/dev/pts", MS_NOSUID | MS_NOEXEC, "gid=5,mode=620,ptmxmode=666");
	mount_at("tmpfs", "/dev/shm", MS_NOSUID | MS_NODEV, "mode=1777");
	mount_tmpfs("/tmp", "mode=1777");
	mount_tmpfs("/run", "mode=755");
	mkdir("/root", 0700);
	(void)!symlink("/proc/self/fd", "/dev/fd");
	(void)!symlink("fd/0", "/dev/stdin");
	(void)!symlink("fd/1", "/dev/stdout");
	(void)!symlink("fd/2", "/dev/stderr");
	(void)sethostname("zerno", 5);
	umask(022);
}

int system_open_port(void)
{
	static const char *const names[] = { "/dev/virtio-ports/zerno", "/dev/vport0p1" };
	const struct timespec pause = { .tv_nsec = 2000000 };

	for (int attempt = 0; attempt < 2500; attempt++) { /* 5 s */
		for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
			int fd = open(names[i], O_RDWR | O_NONBLOCK | O_CLOEXEC);
			if (fd >= 0)
				return fd;
		}
		nanosleep(&pause, NULL);
	}
	fprintf(stderr, "init: no channel to the launcher (%s)\n", names[0]);
	return -1;
}

void system_power_off(void)
{
	sync();
	reboot(RB_POWER_OFF);
	for (;;)
		pause();
}
