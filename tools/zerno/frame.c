/* SPDX-License-Identifier: MIT
 *
 * tools/zerno/frame.c - the frame codec of the launcher and of user/init
 *
 * Owns:      nothing; the queues are the callers'.
 * Tests:     tools/zerno/test/host_test.sh
 *
 * What is decoded comes from the other machine and is not trusted: lengths are checked before they are used, and
 * strings must end inside the frame.
 */
#include "frame.h"
#include <stdlib.h>
#include <string.h>

unsigned char *bytes_reserve(struct bytes *b, size_t n)
{
	if (b->size - b->end >= n)
		return b->data + b->end;
	if (b->start) {
		memmove(b->data, b->data + b->start, bytes_len(b));
		b->end -= b->start;
		b->start = 0;
	}
	if (b->size - b->end < n) {
		size_t size = b->size ? b->size : 4096;
		while (size - b->end < n)
			size *= 2;
		unsigned char *data = realloc(b->data, size);
		if (!data)
			return NULL;
		b->data = data;
		b->size = size;
	}
	return b->data + b->end;
}

int bytes_put(struct bytes *b, const void *p, size_t n)
{
	unsigned char *to = bytes_reserve(b, n);

	if (!to)
		return -1;
	if (n)
		memcpy(to, p, n);
	bytes_added(b, n);
	return 0;
}

void bytes_drop(struct bytes *b, size_t n)
{
	b->start += n;
	if (b->start == b->end)
		b->start = b->end = 0;
}

void bytes_free(struct bytes *b)
{
	free(b->data);
	*b = (struct bytes){ 0 };
}

static void put_u32(unsigned char *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (unsigned char)(v >> 8 * i);
}

uint32_t frame_get_u32(const unsigned char *p)
{
	return p[0] | p[1] << 8 | p[2] << 16 | (uint32_t)p[3] << 24;
}

int frame_put(struct bytes *b, enum frame_type type, const void *data, size_t len)
{
	unsigned char *to = len <= FRAME_MAX ? bytes_reserve(b, FRAME_HEADER + len) : NULL;

	if (!to)
		return -1;
	put_u32(to, (uint32_t)len);
	to[4] = (unsigned char)type;
	if (len)
		memcpy(to + FRAME_HEADER, data, len);
	bytes_added(b, FRAME_HEADER + len);
	return 0;
}

int frame_put_u32(struct bytes *b, enum frame_type type, uint32_t v)
{
	unsigned char p[4];

	put_u32(p, v);
	return frame_put(b, type, p, sizeof(p));
}

int frame_put_ack(struct bytes *b, enum frame_type stream, uint32_t n)
{
	unsigned char p[5] = { (unsigned char)stream };

	put_u32(p + 1, n);
	return frame_put(b, FRAME_ACK, p, sizeof(p));
}

int frame_peek(const struct bytes *b, struct frame *f)
{
	const unsigned char *p = bytes_first(b);

	if (bytes_len(b) < FRAME_HEADER)
		return 0;
	f->len = frame_get_u32(p);
	f->type = p[4];
	if (f->len > FRAME_MAX || f->type == 0 || f->type >= FRAME_TYPES)
		return -1;
	if (bytes_len(b) - FRAME_HEADER < f->len)
		return 0;
	f->data = p + FRAME_HEADER;
	return 1;
}

bool frame_get_ack(const struct frame *f, unsigned *stream, uint32_t *n)
{
	if (f->len != 5)
		return false;
	*stream = f->data[0];
	*n = frame_get_u32(f->data + 1);
	return true;
}

/* EXEC: u8 tty, u16 rows, u16 cols, u32 argc, u32 envc, then the strings cwd, argv..., envp..., each with its NUL. */
enum { EXEC_FIXED = 13 };

static unsigned count(char *const *list)
{
	unsigned n = 0;

	while (list[n])
		n++;
	return n;
}

int exec_encode(struct bytes *b, const struct exec_request *r)
{
	struct bytes p = { 0 };
	unsigned char fixed[EXEC_FIXED] = { r->tty, (unsigned char)r->rows, (unsigned char)(r->rows >> 8),
		                            (unsigned char)r->cols, (unsigned char)(r->cols >> 8) };
	int err;

	put_u32(fixed + 5, count(r->argv));
	put_u32(fixed + 9, count(r->envp));
	err = bytes_put(&p, fixed, sizeof(fixed));
	err |= bytes_put(&p, r->cwd, strlen(r->cwd) + 1);
	for (char *const *s = r->argv; *s; s++)
		err |= bytes_put(&p, *s, strlen(*s) + 1);
	for (char *const *s = r->envp; *s; s++)
		err |= bytes_put(&p, *s, strlen(*s) + 1);
	if (!err)
		err = frame_put(b, FRAME_EXEC, bytes_first(&p), bytes_len(&p));
	bytes_free(&p);
	return err;
}

/* Takes the next string at *p; NULL when none ends before `end`. */
static char *next_string(char **p, char *end)
{
	char *s = *p, *nul = memchr(s, 0, (size_t)(end - s));

	if (!nul)
		return NULL;
	*p = nul + 1;
	return s;
}

int exec_decode(const struct frame *f, struct exec_request *r)
{
	*r = (struct exec_request){ 0 };
	if (f->len < EXEC_FIXED)
		return -1;
	const unsigned char *fixed = f->data;
	uint32_t argc = frame_get_u32(fixed + 5), envc = frame_get_u32(fixed + 9);
	size_t text = f->len - EXEC_FIXED;
	if (argc == 0 || argc > text || envc > text)
		return -1;

	/* One allocation: both arrays, then the text. */
	size_t arrays = ((size_t)argc + envc + 2) * sizeof(char *);
	char **argv = malloc(arrays + text + 1);
	if (!argv)
		return -1;
	char *p = (char *)argv + arrays, *end = p + text;
	memcpy(p, f->data + EXEC_FIXED, text);
	*end = 0;

	r->argv = argv;
	r->envp = argv + argc + 1;
	r->tty = fixed[0];
	r->rows = (uint16_t)(fixed[1] | fixed[2] << 8);
	r->cols = (uint16_t)(fixed[3] | fixed[4] << 8);
	bool ok = (r->cwd = next_string(&p, end)) != NULL;
	for (uint32_t i = 0; ok && i < argc; i++)
		ok = (r->argv[i] = next_string(&p, end)) != NULL;
	for (uint32_t i = 0; ok && i < envc; i++)
		ok = (r->envp[i] = next_string(&p, end)) != NULL;
	if (!ok) {
		exec_free(r);
		return -1;
	}
	r->argv[argc] = r->envp[envc] = NULL;
	return 0;
}

void exec_free(struct exec_request *r)
{
	free(r->argv);
	*r = (struct exec_request){ 0 };
}
