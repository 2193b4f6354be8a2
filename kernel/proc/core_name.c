/* SPDX-License-Identifier: MIT
 * proc/core_name.c - the name of a core file
 *
 * Owns:      kernel.core_pattern, kernel.core_uses_pid.
 * Layer:     proc.
 * Locks:     core_pattern_lock.
 * Contexts:  process context of the dying thread; sleeps.
 * Manual:    core(5): "Naming of core dump files".
 * Tests:     tests/abi/core.c.
 */
#include <proc/coredump.h>
#include <sched/waitq.h>
#include <proc/uts.h>
#include <base/clock.h>
#include <lib/format.h>
#include <lib/string.h>
#include <mem/slab.h>

struct mutex core_pattern_lock = { NULL, WAITQ_INIT(core_pattern_lock.waiters) };
char core_pattern[CORE_PATTERN_SIZE] = "core";
int core_uses_pid;

struct name_buf {
	char *at;
	size_t left; /* the NUL included */
	bool full;
};

static PRINTF_LIKE(2, 3) void put(struct name_buf *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	int n = vsnprintf(b->at, b->left, fmt, ap);
	va_end(ap);
	if ((size_t)n >= b->left) {
		b->full = true;
		return;
	}
	b->at += n;
	b->left -= (size_t)n;
}

/* A text from the user must not lead into another directory. */
static void put_word(struct name_buf *b, const char *text)
{
	char *from = b->at;

	put(b, "%s", text);
	if (b->full)
		return;
	if (!strcmp(from, ".") || !strcmp(from, ".."))
		*from = '!';
	for (; *from; from++)
		if (*from == '/')
			*from = '!';
}

/* The program: the whole path, or the last part of it. */
static void put_exe(struct name_buf *b, const struct task *t, bool whole)
{
	struct path no_root = { NULL, NULL };
	const struct file *exe = t->mm->exe;
	char *tmp = kmalloc(PATH_MAX, 0), *text = NULL;

	if (exe && tmp)
		text = path_string(&exe->path, &no_root, tmp, PATH_MAX);
	if (!text || IS_ERR(text)) {
		put_word(b, t->comm);
	} else {
		char *slash = strrchr(text, '/');
		put_word(b, whole || !slash ? text : slash + 1);
	}
	kfree(tmp);
}

static void put_hostname(struct name_buf *b)
{
	char host[sizeof(uts_name.nodename)];

	mutex_lock(&uts_lock);
	memcpy(host, uts_name.nodename, sizeof(host));
	mutex_unlock(&uts_lock);
	put_word(b, host);
}

static void put_specifier(struct name_buf *b, char what, const struct core_dump *c)
{
	const struct task *t = c->dumper;

	switch (what) {
	case '%':
		put(b, "%%");
		break;
	case 'p':
	case 'P':
		put(b, "%d", t->group->tgid);
		break;
	case 'i':
	case 'I':
		put(b, "%d", t->pid);
		break;
	case 'u':
		put(b, "%u", t->cred->uid);
		break;
	case 'g':
		put(b, "%u", t->cred->gid);
		break;
	case 'd':
		put(b, "%d", t->mm->dumpable);
		break;
	case 's':
		put(b, "%d", c->sig);
		break;
	case 't':
		put(b, "%lld", (long long)(clock_realtime() / (ktime_t)NSEC_PER_SEC));
		break;
	case 'h':
		put_hostname(b);
		break;
	case 'e':
		put_word(b, t->comm);
		break;
	case 'f':
	case 'E':
		put_exe(b, t, what == 'E');
		break;
	case 'c':
		put(b, "%llu", (unsigned long long)c->limit);
		break;
	}
}

/* Up to `end` of the pattern; *has_pid: %p is in it. */
static void put_pattern(struct name_buf *b, const char *p, const char *end, const struct core_dump *c,
                        bool *has_pid)
{
	for (; p < end && !b->full; p++) {
		if (*p != '%') {
			put(b, "%c", *p);
		} else if (++p == end) {
			break;
		} else {
			*has_pid |= *p == 'p';
			put_specifier(b, *p, c);
		}
	}
}

static void pattern_copy(char pattern[CORE_PATTERN_SIZE])
{
	mutex_lock(&core_pattern_lock);
	memcpy(pattern, core_pattern, CORE_PATTERN_SIZE);
	mutex_unlock(&core_pattern_lock);
}

bool core_pattern_is_pipe(void)
{
	char pattern[CORE_PATTERN_SIZE];

	pattern_copy(pattern);
	return pattern[0] == '|';
}

int core_name(const struct core_dump *c, char *name, size_t size)
{
	struct name_buf b = { .at = name, .left = size };
	char pattern[CORE_PATTERN_SIZE];
	bool has_pid = false;

	pattern_copy(pattern);
	if (pattern[0] == '|')
		return -EINVAL; /* changed just now */
	*name = 0;
	put_pattern(&b, pattern, pattern + strlen(pattern), c, &has_pid);
	if (!has_pid && core_uses_pid)
		put(&b, ".%d", c->dumper->group->tgid);
	return b.full ? -ENAMETOOLONG : *name ? (int)(b.at - name) : -ENOENT;
}

int core_pipe_words(const struct core_dump *c, char *text, size_t size, const char **words, unsigned max)
{
	struct name_buf b = { .at = text, .left = size };
	char pattern[CORE_PATTERN_SIZE];
	const char *p = pattern + 1, *end;
	bool has_pid = false;
	unsigned n = 0;

	pattern_copy(pattern);
	if (pattern[0] != '|')
		return -EINVAL;
	for (; *p && !b.full; p = end) {
		for (; *p == ' '; p++)
			;
		for (end = p; *end && *end != ' '; end++)
			;
		if (end == p)
			break;
		if (n == max)
			return -E2BIG;
		words[n++] = b.at;
		*b.at = 0;
		put_pattern(&b, p, end, c, &has_pid);
		if (b.left < 2)
			b.full = true;
		b.at++; /* behind the NUL */
		b.left--;
	}
	return b.full ? -ENAMETOOLONG : n ? (int)n : -ENOENT;
}
