/* SPDX-License-Identifier: MIT
 *
 * user/init/finish.c - the disks are put away before the launcher hears of the command's end
 *
 * Manual:    umount(2), mount(2) MS_REMOUNT, proc_pid_mounts(5), kill(2)
 * Tests:     tests/run.py launcher (rootfs-ext4-rw, disk-mounted)
 *
 * The launcher ends the machine as soon as it has the EXIT frame, as if the power went.  So before it is sent: when a
 * disk is mounted for writing, what still runs is ended, each disk is unmounted, the root made read-only, and the
 * image is as clean as after an orderly shutdown.  Without such a disk only sync(2) is left to do, for the volumes.
 */
#define _GNU_SOURCE
#include "init.h"
#include <errno.h>
#include <mntent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { DISKS_MAX = 64, GRACE_MS = 1000 };

static bool on_disk(const struct mntent *m)
{
	return !strncmp(m->mnt_fsname, "/dev/", 5) && hasmntopt(m, "rw");
}

/* The places where a disk can be written, in the order they were mounted; what does not fit is left out. */
static int find_disks(char *dirs[DISKS_MAX])
{
	int n = 0;
	struct mntent *m;
	FILE *f = setmntent("/proc/mounts", "r");

	while (f && n < DISKS_MAX && (m = getmntent(f)) != NULL)
		if (on_disk(m) && (dirs[n] = strdup(m->mnt_dir)) != NULL)
			n++;
	if (f)
		endmntent(f);
	return n;
}

/* True when no child is left; waits for that at most `ms`. */
static bool children_gone(int ms)
{
	const struct timespec pause = { .tv_nsec = 5000000 };
	pid_t pid;

	for (;; ms -= 5) {
		while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
			;
		if (pid < 0 && errno == ECHILD)
			return true;
		if (ms <= 0)
			return false;
		nanosleep(&pause, NULL);
	}
}

/* All that still runs: it is told, and then it is not asked. */
static void end_processes(void)
{
	if (children_gone(0))
		return;
	kill(-1, SIGTERM);
	kill(-1, SIGCONT);
	if (children_gone(GRACE_MS))
		return;
	kill(-1, SIGKILL);
	(void)children_gone(10 * GRACE_MS);
}

static int put_away(const char *dir)
{
	if (strcmp(dir, "/") && !umount(dir))
		return 0;
	if (!mount(NULL, dir, NULL, MS_REMOUNT | MS_RDONLY, NULL))
		return 0;
	fprintf(stderr, "init: %s: cannot be put away: %s\n", dir, strerror(errno));
	return -1;
}

int system_finish(void)
{
	char *dirs[DISKS_MAX];
	int n, err = 0;

	if (getpid() != 1)
		return 0;
	n = find_disks(dirs);
	if (n)
		end_processes();
	sync();
	while (n-- > 0) {
		err |= put_away(dirs[n]);
		free(dirs[n]);
	}
	return err;
}
