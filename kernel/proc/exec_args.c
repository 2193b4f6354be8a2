/* SPDX-License-Identifier: MIT
 * proc/exec_args.c - the arguments and environment on their way into the new program
 *
 * Owns:      struct exec_args.
 * Layer:     proc.  Uses base (user copies), mem.
 * Locks:     none: private to the caller of execve.
 * Contexts:  process context; may sleep.
 * Manual:    execve(2): limits on size of arguments and environment; interpreter scripts.
 * Tests:     tests/abi/exec.c.
 *
 * Theory
 * ------
 * The strings lie in the old address space, which is gone when the new one begins to run; and the place of a
 * string in the new stack is known only when the length of all is.  So they are copied once into chunks of
 * kernel memory, and beside them each one's offset.  A script's interpreter takes the place of argv[0] as a
 * `prefix` before the rest:
 *
 *     strings   argv0 \0 argv1 \0 ... | env0 \0 env1 \0 ...
 *     offsets   0      n0       ...
 *     script    [interp \0 arg \0 script \0]  argv1 \0 ... | env0 ...       (argv0 and its offset are
 * skipped)
 */
#include <proc/exec.h>
#include <base/iov.h>
#include <lib/string.h>
#include <mem/slab.h>

/* Room at the end of b: bytes (at least 1) at *at; 0 = out of memory. */
static size_t bytes_room(struct exec_bytes *b, char **at)
{
	size_t used = b->len % sizeof(b->last->data);

	if (used == 0) { /* no chunk yet, or the last one is full */
		struct exec_chunk *c = kmalloc(sizeof(*c), 0);
		if (!c)
			return 0;
		c->next = NULL;
		if (b->last)
			b->last->next = c;
		else
			b->first = c;
		b->last = c;
	}
	*at = b->last->data + used;
	return sizeof(b->last->data) - used;
}

static void bytes_free(struct exec_bytes *b)
{
	for (struct exec_chunk *c = b->first, *next; c; c = next) {
		next = c->next;
		kfree(c);
	}
	*b = (struct exec_bytes){ 0 };
}

static int args_check_size(const struct exec_args *a)
{
	return a->strings.len + a->offsets.len > a->limit ? -E2BIG : 0;
}

/* Copies up to `room` bytes; *n = bytes stored, *end = the NUL is among them. */
static int copy_piece(char *at, size_t room, unsigned long src, bool user, size_t *n, bool *end)
{
	if (user) {
		ssize_t len = strncpy_from_user(at, (const char __user *)src, room);
		if (len < 0 && len != -ENAMETOOLONG)
			return (int)len;
		*end = len >= 0;
		*n = *end ? (size_t)len + 1 : room;
	} else {
		size_t len = strnlen((const char *)src, room);
		memcpy(at, (const char *)src, len);
		*end = len < room;
		*n = *end ? len + 1 : room;
	}
	if (*end)
		at[*n - 1] = 0;
	return 0;
}

static int args_add(struct exec_args *a, unsigned long src, bool user)
{
	size_t total = 0, n = 0;
	bool end = false;
	char *at;

	if (!bytes_room(&a->offsets, &at))
		return -ENOMEM;
	u64 offset = a->strings.len;
	memcpy(at, &offset, sizeof(offset)); /* a chunk holds a whole number of them */
	a->offsets.len += sizeof(offset);

	while (!end) {
		size_t room = bytes_room(&a->strings, &at);
		if (!room)
			return -ENOMEM;
		int err = copy_piece(at, room, src, user, &n, &end);
		if (err)
			return err;
		a->strings.len += n;
		src += n;
		total += n;
		if (total > EXEC_MAX_STRLEN || args_check_size(a))
			return -E2BIG;
	}
	return 0;
}

/* The i-th pointer of a vector; 0 = its end. */
static int vector_read(struct exec_strings v, unsigned i, unsigned long *out)
{
	if (!v.user) {
		*out = (unsigned long)((const char *const *)v.array)[i];
		return 0;
	}
	if (unlikely(v.small)) {
		u32 pointer;
		int err = get_user(pointer, (const u32 __user *)v.array + i);

		*out = pointer;
		return err;
	}
	const unsigned long __user *at = (const unsigned long __user *)v.array + i;
	return get_user(*out, at);
}

static int args_add_vector(struct exec_args *a, struct exec_strings v, unsigned *count)
{
	unsigned long src;

	if (!v.array) /* Linux takes NULL for an empty vector */
		return 0;
	for (;; (*count)++) {
		int err = vector_read(v, *count, &src);
		if (err || !src)
			return err;
		if (thread_kill_pending())
			return -EINTR;
		err = args_add(a, src, v.user);
		if (err)
			return err;
		cond_resched();
	}
}

int exec_args_collect(struct exec_args *a, struct exec_strings argv, struct exec_strings envp)
{
	int err = args_add_vector(a, argv, &a->argc);

	if (!err && a->argc == 0) { /* no program is started without an argv[0] */
		err = args_add(a, (unsigned long)"", false);
		a->argc = 1;
	}
	if (err)
		return err;
	u64 second = a->strings.len;
	if (a->argc > 1)
		memcpy(&second, a->offsets.first->data + sizeof(u64), sizeof(second));
	a->first_len = second;
	a->env_offset = a->strings.len;
	return args_add_vector(a, envp, &a->envc);
}

int exec_args_prefix(struct exec_args *a, const char *interp, const char *arg, const char *script)
{
	/* A second script replaces the first one's interpreter, which is the prefix's first string. */
	size_t drop = a->prefix ? strlen(a->prefix) + 1 : 0;
	size_t n1 = strlen(interp) + 1, n2 = arg ? strlen(arg) + 1 : 0, n3 = strlen(script) + 1;
	size_t rest = a->prefix_len - drop;
	char *p = kmalloc(n1 + n2 + n3 + rest, 0);

	if (!p)
		return -ENOMEM;
	memcpy(p, interp, n1);
	if (arg)
		memcpy(p + n1, arg, n2);
	memcpy(p + n1 + n2, script, n3);
	if (rest)
		memcpy(p + n1 + n2 + n3, a->prefix + drop, rest);
	a->prefix_count += (arg ? 3 : 2) - (a->prefix ? 1 : 0);
	kfree(a->prefix);
	a->prefix = p;
	a->prefix_len = n1 + n2 + n3 + rest;
	return a->strings.len + a->offsets.len + a->prefix_len > a->limit ? -E2BIG : 0;
}

void exec_args_free(struct exec_args *a)
{
	bytes_free(&a->strings);
	bytes_free(&a->offsets);
	kfree(a->prefix);
}
