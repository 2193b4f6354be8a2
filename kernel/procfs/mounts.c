/* SPDX-License-Identifier: MIT
 *
 * procfs/mounts.c - [pid]/mounts and mountinfo
 *
 * Owns:      nothing; reads what others own.
 * Layer:     procfs.
 * Locks:     fs holds its mount mutex while it calls us for each mount.
 * Contexts:  process context; may sleep.
 * Manual:    proc(5), fstab(5).
 * Tests:     tests/abi/procself.c
 */
#include <procfs/internal.h>
#include <fs/mount.h>
#include <mem/slab.h>

#define MOUNT_ESCAPE " \t\n#"

static const struct {
	u32 flag;
	const char *text;
} flag_names[] = {
	{ MS_NOSUID, ",nosuid" },           { MS_NODEV, ",nodev" },           { MS_NOEXEC, ",noexec" },
	{ MS_NOATIME, ",noatime" },         { MS_NODIRATIME, ",nodiratime" }, { MS_RELATIME, ",relatime" },
	{ MS_NOSYMFOLLOW, ",nosymfollow" },
};

static void show_super_flags(struct seq *s, const struct super_block *sb)
{
	u32 flags = atomic_load(&sb->flags);

	if (flags & MS_SYNCHRONOUS)
		seq_puts(s, ",sync");
	if (flags & MS_DIRSYNC)
		seq_puts(s, ",dirsync");
	if (flags & MS_LAZYTIME)
		seq_puts(s, ",lazytime");
}

static void show_mount_flags(struct seq *s, const struct mount *m)
{
	u32 flags = atomic_load(&m->flags);

	for (unsigned i = 0; i < ARRAY_SIZE(flag_names); i++)
		if (flags & flag_names[i].flag)
			seq_puts(s, flag_names[i].text);
}

static void show_options(struct seq *s, struct super_block *sb)
{
	if (sb->ops && sb->ops->show_options) {
		sb->ops->show_options(sb, s);
		return;
	}
	if (!*sb->options)
		return;
	seq_puts(s, ",");
	seq_escaped(s, sb->options, MOUNT_ESCAPE);
}

static void show_source(struct seq *s, const struct super_block *sb)
{
	seq_escaped(s, *sb->source ? sb->source : "none", MOUNT_ESCAPE);
}

static void mounts_one(struct mount *m, const char *path, void *ctx)
{
	struct seq *s = ctx;

	show_source(s, m->sb);
	seq_puts(s, " ");
	seq_escaped(s, path, MOUNT_ESCAPE);
	seq_printf(s, " %s %s", m->sb->type->name, mount_readonly(m) ? "ro" : "rw");
	show_super_flags(s, m->sb);
	show_mount_flags(s, m);
	show_options(s, m->sb);
	seq_puts(s, " 0 0\n");
}

/* The directory of the file system that is mounted here: "/", but for bind mounts. */
static void show_fs_root(struct seq *s, struct mount *m)
{
	/* A mount of the whole file system, only to give path_string() a top to stop at. */
	struct mount top = { .root = m->sb->root, .sb = m->sb };
	struct path at = { &top, m->root }, root = { &top, m->sb->root };
	char *buf;

	if (m->root == m->sb->root) {
		seq_puts(s, "/");
		return;
	}
	top.parent = &top;
	buf = kmalloc(PATH_MAX, 0);
	char *text = buf ? path_string(&at, &root, buf, PATH_MAX) : NULL;
	seq_escaped(s, IS_ERR_OR_NULL(text) ? "/" : text, MOUNT_ESCAPE);
	kfree(buf);
}

static void mountinfo_one(struct mount *m, const char *path, void *ctx)
{
	struct seq *s = ctx;

	seq_printf(s, "%u %u %u:%u ", m->id, m->parent->id, dev_major(m->sb->dev), dev_minor(m->sb->dev));
	show_fs_root(s, m);
	seq_puts(s, " ");
	seq_escaped(s, path, MOUNT_ESCAPE);
	seq_puts(s, atomic_load(&m->flags) & MS_RDONLY ? " ro" : " rw");
	show_mount_flags(s, m);
	if (m->group)
		seq_printf(s, " shared:%u", m->group);
	if (m->master_group)
		seq_printf(s, " master:%u", m->master_group);
	if (m->unbindable)
		seq_puts(s, " unbindable");
	seq_printf(s, " - %s ", m->sb->type->name);
	show_source(s, m->sb);
	seq_puts(s, atomic_load(&m->sb->flags) & MS_RDONLY ? " ro" : " rw");
	show_super_flags(s, m->sb);
	show_options(s, m->sb);
	seq_puts(s, "\n");
}

/* As the task sees them: below its root. */
static int for_each_mount(struct seq *s, struct task *t,
                          void (*fn)(struct mount *m, const char *path, void *ctx))
{
	struct fs_ctx *fs = task_fs_get(t);
	struct path root;

	if (!fs)
		return -EINVAL; /* a zombie; Linux' answer */
	fs_ctx_root(fs, &root);
	fs_ctx_put(fs);
	mounts_for_each(&root, fn, s);
	path_put(&root);
	return 0;
}

int proc_show_mounts(struct seq *s, struct task *t, struct proc_node *n)
{
	return for_each_mount(s, t, mounts_one);
}

int proc_show_mountinfo(struct seq *s, struct task *t, struct proc_node *n)
{
	return for_each_mount(s, t, mountinfo_one);
}
