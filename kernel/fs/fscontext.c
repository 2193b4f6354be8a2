/* SPDX-License-Identifier: MIT
 *
 * fs/fscontext.c - contexts of fsopen(2) and fspick(2): a mount said in steps
 *
 * Owns:      struct fs_context, the private part of its file.
 * Layer:     fs. Uses super.c, namespace.c, mountfd.c.
 * Locks:     fc->lock: one step of a context at a time, and its log.  Order: fc->lock -> mount_mutex.
 * Contexts:  process context; may sleep.
 * Manual:    fsopen(2), fsconfig(2), fspick(2), fsmount(2).
 * Tests:     tests/abi/fsopen.c
 *
 * Theory
 * ------
 * mount(2) says everything at once and hears one errno.  Here a descriptor collects what is wanted, option by option,
 * each checked when it is said; messages about what was wrong are read from the descriptor, one a read.
 *
 *      fsopen --> PARAMS --create--> MADE --fsmount--> MOUNTED --any step--> CHANGING <-- fspick
 *                            |                                                |    ^
 *                            '--> FAILED <------------------------------------'    '- reconfigure
 *
 * A kind of file system may say which options it knows (fs_type.param); the others, as Linux' older ones, learn
 * them all when the instance is made.  What was said is kept as the text that mount(2) would have been given.
 */
#include <fs/fscontext.h>
#include <fs/mount_tree.h>
#include <lib/format.h>
#include <lib/string.h>
#include <mem/slab.h>
#include <abi/errno.h>

enum fs_phase { PHASE_PARAMS, PHASE_MADE, PHASE_MOUNTED, PHASE_CHANGING, PHASE_FAILED };
enum { LOG_LINES = 8, LOG_LINE = 320, OPTIONS_SIZE = 4096 };

struct fs_context {
	struct mutex lock;
	struct fs_type *type; /* set once, as file->private */
	enum fs_phase phase GUARDED_BY(&lock);
	struct super_block *sb GUARDED_BY(&lock); /* made or picked, with a reference; NULL before */
	u32 flags GUARDED_BY(&lock), mask GUARDED_BY(&lock); /* of MS_*: what was said, and about which */
	char *source GUARDED_BY(&lock);
	char *options GUARDED_BY(&lock); /* OPTIONS_SIZE bytes, "key=value,key" */
	size_t len GUARDED_BY(&lock);
	char *log[LOG_LINES] GUARDED_BY(&lock); /* the oldest first */
	unsigned lines GUARDED_BY(&lock);
};

/* ---- the log ---- */

/* "e ", `prefix` (may be empty) and the text; when the log is full, or memory, the oldest or this line is lost. */
static void complain(struct fs_context *fc, const char *prefix, const char *what, const char *key)
        MUST_HOLD(&fc->lock)
{
	char *line = kmalloc(LOG_LINE, 0);

	if (!line)
		return;
	if (fc->lines == LOG_LINES) {
		kfree(fc->log[0]);
		fc->lines--;
		memmove(fc->log, fc->log + 1, fc->lines * sizeof(fc->log[0]));
	}
	if (key)
		scnprintf(line, LOG_LINE, "e %s%s%s '%s'\n", prefix, *prefix ? ": " : "", what, key);
	else
		scnprintf(line, LOG_LINE, "e %s%s%s\n", prefix, *prefix ? ": " : "", what);
	fc->log[fc->lines++] = line;
}

static ssize_t fc_read(struct file *f, struct iov_iter *to, loff_t *pos)
{
	struct fs_context *fc = f->private;
	char *line;
	size_t n, done;

	scoped_mutex(&fc->lock);
	if (!fc->lines)
		return -ENODATA;
	line = fc->log[0];
	n = strlen(line);
	fc->lines--;
	memmove(fc->log, fc->log + 1, fc->lines * sizeof(fc->log[0]));
	done = n <= to->count ? copy_to_iter(line, n, to) : 0;
	kfree(line);
	if (done == n)
		return (ssize_t)n;
	return n > to->count ? -EMSGSIZE : -EFAULT;
}

/* ---- life ---- */

/* Nobody else knows it (any more). */
static void fc_free(struct fs_context *fc) NO_LOCK_CHECK
{
	while (fc->lines)
		kfree(fc->log[--fc->lines]);
	if (fc->sb)
		super_put(fc->sb);
	kfree(fc->source);
	kfree(fc->options);
	kfree(fc);
}

static void fc_release(struct file *f)
{
	fc_free(f->private);
}

static const struct file_ops fc_ops = { .read = fc_read, .release = fc_release };

bool file_is_fscontext(const struct file *f)
{
	return f->ops == &fc_ops;
}

/* With the reference to sb (may be NULL), also on failure. */
static struct file *fc_create(struct fs_type *t, struct super_block *sb, const struct cred *c) NO_LOCK_CHECK
{
	struct fs_context *fc = kzalloc(sizeof(*fc));
	struct file *f;

	if (!fc) {
		if (sb)
			super_put(sb);
		return ERR_PTR(-ENOMEM);
	}
	mutex_init(&fc->lock);
	fc->type = t;
	fc->sb = sb;
	fc->phase = sb ? PHASE_CHANGING : PHASE_PARAMS;
	fc->options = kzalloc(OPTIONS_SIZE);
	f = fc->options ? file_alloc_anon("anon_inode:[fscontext]", 0600, &fc_ops, O_RDWR, fc, c) : NULL;
	if (f)
		return f;
	fc_free(fc);
	return ERR_PTR(-ENOMEM);
}

struct file *fscontext_open(const char *type, const struct cred *c)
{
	struct fs_type *t = fs_type_find(type);

	return t ? fc_create(t, NULL, c) : ERR_PTR(-ENODEV);
}

struct file *fscontext_pick(const struct path *at, const struct cred *c)
{
	struct super_block *sb = at->mnt->sb;

	if (at->dentry != at->mnt->root)
		return ERR_PTR(-EINVAL);
	ref_get(&sb->ref);
	return fc_create(sb->type, sb, c);
}

/* ---- what is wanted ---- */

static const struct {
	const char *word;
	u32 flag;
	bool on;
} flag_words[] = {
	{ "ro", MS_RDONLY, true },
	{ "rw", MS_RDONLY, false },
	{ "sync", MS_SYNCHRONOUS, true },
	{ "async", MS_SYNCHRONOUS, false },
	{ "dirsync", MS_DIRSYNC, true },
	{ "lazytime", MS_LAZYTIME, true },
	{ "nolazytime", MS_LAZYTIME, false },
	{ "mand", MS_MANDLOCK, true },
	{ "nomand", MS_MANDLOCK, false },
};

/* A word that means the same to all file systems; its value, if any, is not looked at. */
static bool set_flag(struct fs_context *fc, const char *key) MUST_HOLD(&fc->lock)
{
	for (unsigned k = 0; k < ARRAY_SIZE(flag_words); k++) {
		if (strcmp(key, flag_words[k].word) != 0)
			continue;
		fc->mask |= flag_words[k].flag;
		fc->flags = (fc->flags & ~flag_words[k].flag) | (flag_words[k].on ? flag_words[k].flag : 0);
		return true;
	}
	return false;
}

static int set_source(struct fs_context *fc, const char *value) MUST_HOLD(&fc->lock)
{
	if (!value || fc->source) {
		complain(fc, "", value ? "Multiple sources" : "Non-string source", NULL);
		return -EINVAL;
	}
	fc->source = kstrdup(value);
	return fc->source ? 0 : -ENOMEM;
}

/* Behind what was said before. */
static int append(struct fs_context *fc, const char *key, const char *value) MUST_HOLD(&fc->lock)
{
	size_t room = OPTIONS_SIZE - fc->len;
	int n;

	if (strchr(key, ',') || (value && strchr(value, ','))) {
		complain(fc, fc->type->name, "a comma in option", key);
		return -EINVAL;
	}
	n = snprintf(fc->options + fc->len, room, "%s%s%s%s", fc->len ? "," : "", key, value ? "=" : "",
	             value ? value : "");
	if ((size_t)n >= room) {
		fc->options[fc->len] = 0;
		complain(fc, fc->type->name, "too many options", NULL);
		return -EINVAL;
	}
	fc->len += (size_t)n;
	return 0;
}

static int set_option(struct fs_context *fc, const char *key, const char *value, bool odd)
        MUST_HOLD(&fc->lock)
{
	int err = 0;

	if (!fc->type->param)
		return odd ? -EOPNOTSUPP : append(fc, key, value);
	err = fc->type->param(key, odd ? "" : value);
	if (!err && !odd)
		return append(fc, key, value);
	complain(fc, fc->type->name, err == -ENOENT ? "Unknown parameter" : "Bad value for", key);
	return -EINVAL;
}

/* After fsmount(2) a context is one for changes. */
static void next_step(struct fs_context *fc) MUST_HOLD(&fc->lock)
{
	if (fc->phase == PHASE_MOUNTED)
		fc->phase = PHASE_CHANGING;
}

int fscontext_set(struct file *f, const char *key, const char *value, bool odd)
{
	struct fs_context *fc = f->private;

	scoped_mutex(&fc->lock);
	next_step(fc);
	if (fc->phase != PHASE_PARAMS && fc->phase != PHASE_CHANGING)
		return -EBUSY;
	if (set_flag(fc, key))
		return 0;
	if (!strcmp(key, "source"))
		return set_source(fc, odd ? NULL : value);
	return set_option(fc, key, value, odd);
}

/* ---- what is done ---- */

static void clear_options(struct fs_context *fc) MUST_HOLD(&fc->lock)
{
	kfree(fc->source);
	fc->source = NULL;
	fc->options[fc->len = 0] = 0;
	fc->flags = 0;
}

static int find_source(struct fs_context *fc, const struct fs_walk *w, dev_t *dev) MUST_HOLD(&fc->lock)
{
	int err;

	if (!fc->source) {
		complain(fc, "", "No source specified", NULL);
		return -EINVAL;
	}
	err = mount_find_device(w, fc->source, dev);
	if (err)
		complain(fc, fc->source, "Can't lookup blockdev", NULL);
	return err;
}

int fscontext_create(struct file *f, const struct fs_walk *w)
{
	struct fs_context *fc = f->private;
	int err = 0;

	scoped_mutex(&fc->lock);
	next_step(fc);
	if (fc->phase != PHASE_PARAMS)
		return -EBUSY;
	if (!cred_capable(w->cred, CAP_SYS_ADMIN))
		return -EPERM;
	struct super_args a = { fc->source, fc->options, fc->flags & SUPER_FLAGS, 0, w };
	if (!fc->type->nodev)
		err = find_source(fc, w, &a.bdev_dev);
	struct super_block *sb = err ? ERR_PTR(err) : super_get_args(fc->type, &a);
	fc->phase = IS_ERR(sb) ? PHASE_FAILED : PHASE_MADE;
	if (IS_ERR(sb))
		return (int)PTR_ERR(sb);
	fc->sb = sb;
	return 0;
}

int fscontext_reconfigure(struct file *f)
{
	struct fs_context *fc = f->private;
	int err;

	scoped_mutex(&fc->lock);
	next_step(fc);
	if (fc->phase != PHASE_CHANGING)
		return -EBUSY;
	mutex_lock(&mount_mutex);
	err = mount_remount_super(fc->sb, (fc->sb->flags & ~fc->mask) | (fc->flags & fc->mask), fc->options);
	mutex_unlock(&mount_mutex);
	clear_options(fc);
	fc->phase = err ? PHASE_FAILED : PHASE_MOUNTED;
	return err;
}

int fscontext_mount(struct file *f, u32 mnt_flags, const struct cred *c, struct file **out)
{
	struct fs_context *fc = f->private;
	struct mount *m;
	int err;

	scoped_mutex(&fc->lock);
	if (!fc->sb)
		return -EINVAL;
	if (fc->phase != PHASE_MADE)
		return -EBUSY;
	m = mount_create(fc->sb, fc->sb->root, mnt_flags);
	err = m ? mount_open_floating(m, c, out) : -ENOMEM;
	if (err)
		return err;
	clear_options(fc);
	fc->phase = PHASE_MOUNTED;
	return 0;
}
