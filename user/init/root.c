/* SPDX-License-Identifier: MIT
 *
 * user/init/root.c - the root the launcher asked for, and its volumes: /.zerno/mounts
 *
 * Manual:    mount(2), pivot_root(2), Linux Documentation/filesystems/overlayfs.rst, 9p.rst
 *
 * Lines of the file, as tools/zerno/rootfs.c writes them:
 *
 *     host CWD                           the last volume is the host's root, below a throw-away layer
 *     disk N rw|ro                       disk N has an ext4 root; ro: below a throw-away layer
 *     volume TAG rw|ro DIR[,OPTIONS]     a 9P share at DIR
 *     user USER[:GROUP]                  who runs the command
 *
 * The throw-away layer is a tmpfs: what a program changes lives as long as the machine.
 */
#define _GNU_SOURCE
#include "init.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LINES_MAX = 64 };
static char *lines[LINES_MAX];
static int nr_lines;
char *root_user; /* of the line "user" */

static void complain(const char *what, const char *where)
{
	fprintf(stderr, "init: %s %s: %s\n", what, where, strerror(errno));
}

static void read_lines(void)
{
	char *line = NULL;
	size_t size = 0;
	FILE *f = fopen("/.zerno/mounts", "r");

	while (f && nr_lines < LINES_MAX && getline(&line, &size, f) > 0) {
		line[strcspn(line, "\n")] = 0;
		lines[nr_lines++] = line;
		line = NULL;
		size = 0;
	}
	free(line);
	if (f)
		fclose(f);
}

/* mkdir -p. */
static void make_dirs(const char *path)
{
	char *copy = strdup(path);

	for (char *p = copy; p && (p = strchr(p + 1, '/')) != NULL;) {
		*p = 0;
		mkdir(copy, 0755);
		*p = '/';
	}
	if (copy)
		mkdir(copy, 0755);
	free(copy);
}

/* "volume TAG rw|ro DIR[,OPTIONS]"; DIR may be given by the caller. */
static int mount_volume(const char *line, const char *where, const char *cache)
{
	char tag[32], mode[4], dir[4096], options[512];
	char *more;

	if (sscanf(line, "volume %31s %3s %4095[^\n]", tag, mode, dir) != 3)
		return -1;
	more = strstr(dir, ",mapuid=");
	snprintf(options, sizeof(options), "trans=virtio,version=9p2000.L,msize=524288,cache=%s%s", cache,
	         more ? more : "");
	if (more)
		*more = 0;
	if (!where) {
		where = dir;
		make_dirs(dir);
	}
	if (!mount(tag, where, "9p", !strcmp(mode, "ro") ? MS_RDONLY : 0, options))
		return 0;
	complain("volume", where);
	return -1;
}

static bool is_host_root(const char *line)
{
	char dir[8];

	return sscanf(line, "volume %*s ro %7[^,\n]", dir) == 1 && !strcmp(dir, "/");
}

/* Below the directory `lower` everything that is written goes to memory; the result is the root. */
static int throw_away_root(const char *lower)
{
	char options[256];

	if (mount("tmpfs", "/.zerno/rw", "tmpfs", 0, "mode=755") || mkdir("/.zerno/rw/upper", 0755) ||
	    mkdir("/.zerno/rw/work", 0755)) {
		complain("throw-away layer", "/.zerno/rw");
		return -1;
	}
	snprintf(options, sizeof(options), "lowerdir=%s,upperdir=/.zerno/rw/upper,workdir=/.zerno/rw/work",
	         lower);
	if (!mount("overlay", "/.zerno/root", "overlay", 0, options))
		return 0;
	complain("mount overlay at", "/.zerno/root");
	return -1;
}

/* What is mounted at /.zerno/root becomes "/". */
static int enter_root(void)
{
	if (!chdir("/.zerno/root") && !mount(".", "/", NULL, MS_MOVE, NULL) && !chroot(".") && !chdir("/"))
		return 0;
	complain("enter", "/.zerno/root");
	return -1;
}

/* The guest's own /tmp and /run hide what the host has there; the directory the user stands in stays visible. */
static void hide(const char *where, const char *options, const char *cwd)
{
	size_t n = strlen(where);
	bool inside = !strncmp(cwd, where, n) && cwd[n] == '/';

	if (inside && (mkdir("/.zerno-cwd", 0755) || mount(cwd, "/.zerno-cwd", NULL, MS_BIND, NULL)))
		inside = false;
	if (mount("tmpfs", where, "tmpfs", MS_NOSUID | MS_NODEV, options))
		complain("mount", where);
	if (!inside)
		return;
	make_dirs(cwd);
	if (mount("/.zerno-cwd", cwd, NULL, MS_MOVE, NULL))
		complain("directory", cwd);
	rmdir("/.zerno-cwd");
}

static int host_root(const char *cwd)
{
	for (int i = 0; i < nr_lines; i++)
		if (is_host_root(lines[i]) && mount_volume(lines[i], "/.zerno/lower", "loose"))
			return -1;
	if (throw_away_root("/.zerno/lower") || enter_root())
		return -1;
	hide("/tmp", "mode=1777", cwd);
	hide("/run", "mode=755", cwd);
	if (mount("sysfs", "/sys", "sysfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL))
		(void)!mount("tmpfs", "/sys", "tmpfs", MS_RDONLY | MS_NOSUID | MS_NODEV,
		             "mode=555"); /* not the host's */
	return 0;
}

static int disk_root(unsigned disk, bool keep)
{
	char name[16];
	const char *where = keep ? "/.zerno/root" : "/.zerno/lower";

	snprintf(name, sizeof(name), "/dev/vd%c", 'a' + (int)(disk % 26));
	if (mount(name, where, "ext4", keep ? 0 : MS_RDONLY, NULL)) {
		complain("root on", name);
		return -1;
	}
	if ((!keep && throw_away_root("/.zerno/lower")) || enter_root())
		return -1;
	hide("/run", "mode=755",
	     "/"); /* what an earlier run left there is about processes that are no more */
	mkdir("/run/lock", 01777);
	return 0;
}

static int enter(const char *line)
{
	char text[4096] = "/";
	unsigned disk;

	if (sscanf(line, "host %4095[^\n]", text) == 1)
		return host_root(text);
	if (sscanf(line, "disk %u %3s", &disk, text) == 2)
		return disk_root(disk, !strcmp(text, "rw"));
	return 0;
}

int root_enter(void)
{
	static const char *const places[] = { "/.zerno/lower", "/.zerno/rw", "/.zerno/root" };
	int err = 0;

	read_lines();
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		mkdir(places[i], 0755);
	for (int i = 0; i < nr_lines && !err; i++)
		err = enter(lines[i]);
	return err;
}

int root_volumes(void)
{
	int err = 0;

	for (int i = 0; i < nr_lines; i++) {
		if (!strncmp(lines[i], "volume ", 7) && !is_host_root(lines[i]))
			err |= mount_volume(lines[i], NULL, "mmap");
		else if (!strncmp(lines[i], "user ", 5))
			root_user = lines[i] + 5;
	}
	return err;
}
