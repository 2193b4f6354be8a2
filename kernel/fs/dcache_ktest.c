/* SPDX-License-Identifier: MIT
 *
 * fs/dcache_ktest.c - tests of names in the running kernel
 *
 * Owns:      nothing.
 * Layer:     fs.
 * Locks:     none.
 * Contexts:  a kernel thread.
 * Manual:    rename(2), path_resolution(7).
 * Tests:     itself: ktest=fs_names,fs_rename_race
 */
#include <base/ktest.h>
#include <fs/ktest_root.h>
#include <fs/file.h>
#include <lib/format.h>
#include <lib/string.h>

#define LONG_NAME "a-name-that-is-longer-than-the-inline-space-of-a-dentry"

static int make_file(const struct fs_walk *w, const char *name)
{
	struct file *f;
	int err = vfs_open(w, name, O_CREAT | O_EXCL | O_WRONLY, 0644, &f);

	if (!err)
		file_put(f);
	return err;
}

static int exists(const struct fs_walk *w, const char *name)
{
	struct kstat st;

	return vfs_stat(w, name, 0, &st);
}

static int names_run(const struct fs_walk *w)
{
	struct path p;
	char buf[256];

	KT_CHECK(exists(w, "/d/x") == -ENOENT);
	KT_CHECK(!vfs_mkdir(w, "/d", 0755));
	KT_CHECK(exists(w, "/d/x") == -ENOENT); /* negative, then positive */
	KT_CHECK(!make_file(w, "/d/x"));
	KT_CHECK(!exists(w, "/d/x") && !exists(w, "d//./x") && !exists(w, "/../d/../d/x"));
	KT_CHECK(exists(w, "/d/x/") == -ENOTDIR && exists(w, "/d/x/y") == -ENOTDIR);
	KT_CHECK(!vfs_rename(w, "/d/x", w, "/d/" LONG_NAME, 0));
	KT_CHECK(exists(w, "/d/x") == -ENOENT && !exists(w, "/d/" LONG_NAME));
	KT_CHECK(!path_lookup(w, "/d/" LONG_NAME, 0, &p));
	KT_CHECK(!vfs_rename(w, "/d", w, "/e", 0));
	KT_CHECK(!strcmp(path_string(&p, &w->fs->root, buf, sizeof(buf)), "/e/" LONG_NAME));
	KT_CHECK(path_string(&p, &w->fs->root, buf, 20) == ERR_PTR(-ENAMETOOLONG));
	KT_CHECK(vfs_rmdir(w, "/e") == -ENOTEMPTY && vfs_unlink(w, "/e") == -EISDIR);
	KT_CHECK(!vfs_unlink(w, "/e/" LONG_NAME));
	KT_CHECK(!strcmp(path_string(&p, &w->fs->root, buf, sizeof(buf)), "/e/" LONG_NAME " (deleted)"));
	path_put(&p);
	KT_CHECK(!vfs_symlink("loop", w, "/loop") && exists(w, "/loop/x") == -ELOOP);
	KT_CHECK(!vfs_unlink(w, "/loop") && !vfs_rmdir(w, "/e"));
	return 0;
}

KTEST(fs_names)
{
	struct ktest_root r;
	u64 before;

	for (int round = 0; round < 2; round++) { /* the first fills caches that stay */
		before = ktest_objects();
		KT_CHECK(!ktest_root_begin(&r, ""));
		KT_CHECK(!names_run(&r.walk));
		ktest_root_end(&r);
	}
	KT_CHECK(ktest_objects() == before);
	return 0;
}

/* ---- lockless walks against renames ---- */

enum { RACE_ROUNDS = 3000 };
struct race {
	struct fs_walk walk;
	bool stop;
	u32 running, wrong;
};

/* One of /a/f and /b/f exists at any moment, whatever directory "a" and "b" are just then; /keep/f always does. */
static void race_walker(void *arg)
{
	struct race *race = arg;

	while (!atomic_load(&race->stop)) {
		if (exists(&race->walk, "/keep/" LONG_NAME "/f"))
			atomic_add(&race->wrong, 1);
		cond_resched();
	}
	atomic_sub(&race->running, 1);
}

KTEST(fs_rename_race)
{
	static struct race race;
	struct ktest_root r;
	struct fs_walk *w = &r.walk;

	KT_CHECK(!ktest_root_begin(&r, ""));
	KT_CHECK(!vfs_mkdir(w, "/keep", 0755) && !vfs_mkdir(w, "/keep/" LONG_NAME, 0755));
	KT_CHECK(!make_file(w, "/keep/" LONG_NAME "/f") && !make_file(w, "/keep/x"));
	race = (struct race){ .walk = r.walk, .running = 2 };
	for (int i = 0; i < 2; i++)
		if (!kthread_start(race_walker, &race, "race_walker", -1))
			atomic_sub(&race.running, 1);
	for (int i = 0; i < RACE_ROUNDS; i++) {
		KT_CHECK(!vfs_rename(w, "/keep/x", w, "/y", 0));
		KT_CHECK(!vfs_rename(w, "/y", w, "/keep/x", 0));
		cond_resched();
	}
	atomic_store(&race.stop, true);
	while (atomic_load(&race.running))
		sched_yield();
	ktest_root_end(&r);
	KT_CHECK(race.wrong == 0);
	return 0;
}
