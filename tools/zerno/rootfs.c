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
#include "image.h"
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

static unsigned disk_number(const struct options *o)
{
	unsigned n = 0;

	while (o->disks && o->disks[n])
		n++;
	return n;
}

/* ---- what init mounts: /.zerno/mounts, a line each ---- */

char *volume_tag(unsigned n)
{
	return text("zerno%u", n);
}

/* Splits "SRC:DST[:ro]"; dies when there is no DST. */
static void split_volume(const char *word, char **src, char **dst, bool *ro)
{
	size_t len = strlen(word);
	const char *colon;

	*ro = len > 3 && !strcmp(word + len - 3, ":ro");
	if (*ro)
		len -= 3;
	colon = memrchr(word, ':', len);
	if (!colon || colon == word || colon[1] != '/')
		die("--volume %s: SRC:/DST or SRC:/DST:ro is wanted", word);
	*src = text("%.*s", (int)(colon - word), word);
	*dst = text("%.*s", (int)(len - (size_t)(colon + 1 - word)), colon + 1);
}

char *volume_source(const char *word, bool *ro)
{
	char *src, *dst;
	struct stat st;

	split_volume(word, &src, &dst, ro);
	free(dst);
	if (stat(src, &st))
		die("--volume %s: %s", src, strerror(errno));
	if (!S_ISDIR(st.st_mode))
		die("--volume %s: not a directory", src);
	return src;
}

/* The user's own files are root's in the guest. */
static char *owner_option(void)
{
	return geteuid() ? text(",mapuid=%u,mapgid=%u", geteuid(), getegid()) : text("%s", "");
}

static void add_mounts(struct archive *a, const struct options *o, const char *root_line)
{
	char *all = text("%s", root_line), *owner = owner_option();

	for (unsigned n = 0; o->volumes && o->volumes[n]; n++) {
		char *src, *dst, *line;
		bool ro;

		split_volume(o->volumes[n], &src, &dst, &ro);
		line = text("%svolume %s %s %s%s\n", all, volume_tag(n), ro ? "ro" : "rw", dst, owner);
		free(all);
		all = line;
	}
	if (o->user) {
		char *line = text("%suser %s\n", all, o->user);
		free(all);
		all = line;
	}
	archive_file(a, ".zerno/mounts", 0644, all);
	free(all);
}

/* The directories and files of this machine below a throw-away layer.  Kept current: where we are, in case it is hidden
 * by the guest's own /tmp. */
static char *use_host_root(struct options *o)
{
	static const char *const taken[] = { "HOME", "LANG", "LC_ALL", "TZ" };
	char cwd[PATH_MAX];

	list_add(&o->volumes, text("/:/:ro"));
	for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++)
		if (getenv(taken[i]))
			env_set(&o->env, text("%s=%s", taken[i], getenv(taken[i])));
	if (!getcwd(cwd, sizeof(cwd)))
		strcpy(cwd, "/");
	if (!*o->workdir)
		o->workdir = text("%s", cwd);
	return text("host %s\n", cwd);
}

static bool is_kept_image(const char *spec)
{
	static const char *const ends[] = { ".tar", ".tar.gz", ".tgz", ".tar.xz", ".tar.zst" };

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		if (ends_with(spec, ends[i]))
			return true;
	return !strcmp(spec, "debian") || !strncmp(spec, "debian:", 7) || !strncmp(spec, "oci:", 4) ||
	       !strncmp(spec, "docker-archive:", 15);
}

/* ---- a root on a disk ---- */

enum { SUPER_AT = 1024, MAGIC_AT = 56, INCOMPAT_AT = 96, INCOMPAT_RECOVER = 4 }; /* ext4's superblock */

/* An image of ext2, ext3 or ext4; *replay: it was not unmounted, so its journal must be replayed before it is read. */
static bool is_disk_image(const char *path, bool *replay)
{
	unsigned char super[INCOMPAT_AT + 4] = { 0 };
	FILE *f = fopen(path, "rb");
	bool image = f && !fseek(f, SUPER_AT, SEEK_SET) && fread(super, sizeof(super), 1, f) == 1 &&
	             super[MAGIC_AT] == 0x53 && super[MAGIC_AT + 1] == 0xef;

	if (f)
		fclose(f);
	*replay = image && super[INCOMPAT_AT] & INCOMPAT_RECOVER;
	return image;
}

/* Without --rw the image is only read; a replay goes to a throw-away file. */
static char *use_disk_root(struct options *o, const char *path, bool replay)
{
	list_add(&o->disks, text("%s%s", path, o->keep ? "" : replay ? ":snapshot" : ":ro"));
	return text("disk %u %s\n", disk_number(o) - 1, o->keep ? "rw" : "ro");
}

/* Writes what is unpacked at boot; the line for init. */
static char *add_root(struct archive *a, struct options *o)
{
	const char *spec = o->rootfs;
	struct stat st;
	bool replay;

	if (!strcmp(spec, "host"))
		return use_host_root(o);
	if (!strcmp(spec, "busybox")) {
		add_busybox_root(a);
		archive_end(a);
	} else if (is_kept_image(spec)) {
		char *disk = image_disk(o, spec);
		if (!is_disk_image(disk, &replay))
			die("%s: no ext4 image", disk);
		return use_disk_root(o, disk, replay);
	} else if (stat(spec, &st)) {
		die("--rootfs %s: %s", spec, strerror(errno));
	} else if (S_ISDIR(st.st_mode)) {
		archive_tree(a, spec);
		archive_end(a);
	} else if (is_disk_image(spec, &replay)) {
		return use_disk_root(o, spec, replay);
	} else {
		archive_copy(a, spec);
	}
	return text("%s", "");
}

int rootfs_make(struct options *o)
{
	struct archive a = { .map_owner = geteuid() != 0 };
	char *root_line;

	a.fd = memfd_create("zerno-root", 0); /* inherited by QEMU */
	if (a.fd < 0)
		die("memfd_create: %s", strerror(errno));
	root_line = add_root(&a, o);
	add_our_part(&a);
	add_mounts(&a, o, root_line);
	archive_end(&a);
	if (o->keep && strncmp(root_line, "disk ", 5))
		die("--rw: the root %s is no disk image", o->rootfs);
	if (!o->memory) /* an archive and what is unpacked from it are in memory together */
		o->memory = a.written > 100u << 20 ? "2G" : *root_line ? "1G" : "512M";
	free(root_line);
	return a.fd;
}
