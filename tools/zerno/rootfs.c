/* SPDX-License-Identifier: MIT
 *
 * tools/zerno/rootfs.c - what the guest's root consists of
 *
 * The root is an initramfs: busybox with its applets, a directory of the host, or a ready archive.  A second, small
 * archive behind it adds /.zerno/init and /dev/console, so that any root can be run without being prepared.
 */
#define _GNU_SOURCE
#include "rootfs.h"
#include "archive.h"
#include "options.h"
#include <elf.h>
#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

char *installed_file(const char *env, const char *name)
{
	char self[PATH_MAX];
	const char *given = getenv(env);
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (given && *given)
		return text("%s", given);
	if (n <= 0)
		return NULL;
	self[n] = 0;
	char *path = text("%s/%s", dirname(self), name);
	if (access(path, R_OK) == 0)
		return path;
	free(path);
	return NULL;
}

/* An x86-64 program without interpreter. */
static bool is_static_elf(const char *path)
{
	Elf64_Ehdr eh;
	bool is_static = false;
	FILE *f = fopen(path, "rb");

	if (!f)
		return false;
	if (fread(&eh, sizeof(eh), 1, f) == 1 && !memcmp(eh.e_ident, ELFMAG, SELFMAG) &&
	    eh.e_machine == EM_X86_64) {
		is_static = true;
		for (int i = 0; i < eh.e_phnum; i++) {
			Elf64_Phdr ph;
			if (fseek(f, (long)(eh.e_phoff + (unsigned)i * sizeof(ph)), SEEK_SET) ||
			    fread(&ph, sizeof(ph), 1, f) != 1 || ph.p_type == PT_INTERP)
				is_static = false;
		}
	}
	fclose(f);
	return is_static;
}

const char *busybox_path(void)
{
	static const char *const places[] = { "/bin/busybox", "/usr/bin/busybox" };
	const char *given = getenv("ZERNO_BUSYBOX");

	if (given && *given)
		return given;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (is_static_elf(places[i]))
			return places[i];
	return NULL;
}

/* One link for each applet, where busybox itself would install it. */
static void add_applets(struct archive *a, const char *busybox)
{
	char *command = text("'%s' --list-full", busybox), line[256];
	FILE *p = popen(command, "r");

	if (!p)
		die("%s: %s", busybox, strerror(errno));
	while (fgets(line, sizeof(line), p)) {
		line[strcspn(line, "\n")] = 0;
		if (*line && strcmp(line, "bin/busybox"))
			archive_symlink(a, line, "/bin/busybox");
	}
	if (pclose(p))
		die("%s --list-full failed", busybox);
	free(command);
}

static void add_busybox_root(struct archive *a)
{
	static const char *const dirs[] = { "bin",
		                            "sbin",
		                            "usr",
		                            "usr/bin",
		                            "usr/sbin",
		                            "etc",
		                            "home",
		                            "mnt",
		                            "proc",
		                            "run",
		                            "sys",
		                            "var",
		                            "var/log",
		                            "var/spool",
		                            "var/spool/cron",
		                            "var/spool/cron/crontabs" };
	const char *busybox = busybox_path();

	if (!busybox)
		die("no static busybox found; install busybox-static");
	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++)
		archive_dir(a, dirs[i], 0755);
	archive_dir(a, "root", 0700);
	archive_dir(a, "tmp", 01777);
	archive_dir(a, "var/tmp", 01777);
	archive_file_from(a, "bin/busybox", 0755, busybox);
	add_applets(a, busybox);
	archive_file(a, "etc/passwd", 0644,
	             "root:x:0:0:root:/root:/bin/sh\n"
	             "daemon:x:1:1:daemon:/usr/sbin:/bin/false\n"
	             "nobody:x:65534:65534:nobody:/:/bin/false\n"
	             "user:x:1000:1000:user:/home:/bin/sh\n");
	archive_file(a, "etc/group", 0644,
	             "root:x:0:\ndaemon:x:1:\ntty:x:5:\nnogroup:x:65534:\nuser:x:1000:\n");
	archive_file(a, "etc/shells", 0644, "/bin/sh\n/bin/ash\n");
	archive_file(a, "etc/hosts", 0644, "127.0.0.1 localhost\n127.0.1.1 zerno\n");
	archive_file(a, "etc/hostname", 0644, "zerno\n");
	archive_symlink(a, "etc/mtab", "/proc/mounts");
	archive_file(a, "etc/profile", 0644, "export PS1='zerno:\\w\\$ '\n");
}

static void add_our_part(struct archive *a)
{
	char *init = installed_file("ZERNO_INIT", "build/user/init");

	if (!init)
		die("build/user/init is missing; run `make`");
	archive_dir(a, ".zerno", 0755);
	archive_file_from(a, ".zerno/init", 0755, init);
	archive_dir(a, "dev", 0755);
	archive_device(a, "dev/console", 0600, 5, 1);
	archive_device(a, "dev/null", 0666, 1, 3);
	free(init);
}

/* The archive that `make debian` has made. */
static void copy_debian_root(struct archive *a)
{
	char *root = installed_file("ZERNO_DEBIAN", "build/debian/root.cpio");

	if (!root)
		die("build/debian/root.cpio is missing; run `make debian`");
	archive_copy(a, root);
	free(root);
}

int rootfs_make(const char *spec)
{
	struct archive a = { .map_owner = geteuid() != 0 };
	struct stat st;

	a.fd = memfd_create("zerno-root", 0); /* inherited by QEMU */
	if (a.fd < 0)
		die("memfd_create: %s", strerror(errno));
	if (!strcmp(spec, "busybox")) {
		add_busybox_root(&a);
		archive_end(&a);
	} else if (!strcmp(spec, "debian")) {
		copy_debian_root(&a);
	} else if (stat(spec, &st)) {
		die("--rootfs %s: %s", spec, strerror(errno));
	} else if (S_ISDIR(st.st_mode)) {
		archive_tree(&a, spec);
		archive_end(&a);
	} else {
		archive_copy(&a, spec);
	}
	add_our_part(&a);
	archive_end(&a);
	return a.fd;
}
