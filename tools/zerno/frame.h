/* SPDX-License-Identifier: MIT
 * tools/zerno/frame.h - the channel between the launcher and the guest's init: frames in one byte stream.
 *
 * A frame is { u32 length (little endian, of the payload), u8 type, payload }.  The same source is compiled into the
 * launcher and into user/init.  Neither side ever stops reading the stream: data frames of each of the three
 * standard streams are limited by a window (FRAME_WINDOW bytes not yet acknowledged), so a slow reader of one
 * stream cannot block signals, the exit status or the other streams. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum frame_type {
	FRAME_HELLO = 1, /* init: u32 version.  The first frame */
	FRAME_EXEC,      /* launcher: struct exec_request */
	FRAME_STDIN,     /* launcher: bytes */
	FRAME_STDIN_EOF, /* launcher */
	FRAME_STDOUT,    /* init: bytes */
	FRAME_STDERR,    /* init: bytes */
	FRAME_WINSZ,     /* launcher: u16 rows, u16 columns */
	FRAME_SIGNAL,    /* launcher: u8 signal number */
	FRAME_EXIT,      /* init: u32 exit status.  The last frame */
	FRAME_LOG,       /* init: text for the user, e.g. a warning */
	FRAME_ACK,       /* both: u8 type of the stream, u32 bytes that were consumed */
	FRAME_CLOSE,     /* both: u8 type of the stream whose reader is gone */
	FRAME_TYPES
};
enum {
	FRAME_VERSION = 1,
	FRAME_HEADER = 5,
	FRAME_MAX = 4 << 20,      /* payload; EXEC is the only large one */
	FRAME_DATA_MAX = 32768,   /* of a data frame */
	FRAME_WINDOW = 256 << 10, /* bytes of one stream under way */
};

/* A queue of bytes that grows. */
struct bytes {
	unsigned char *data;
	size_t start, end, size; /* the bytes are data[start, end) */
};
static inline size_t bytes_len(const struct bytes *b)
{
	return b->end - b->start;
}
static inline unsigned char *bytes_first(const struct bytes *b)
{
	return b->data + b->start;
}
/* Makes room for n more; where they go, or NULL when there is no memory. */
unsigned char *bytes_reserve(struct bytes *b, size_t n);
static inline void bytes_added(struct bytes *b, size_t n)
{
	b->end += n;
}
int bytes_put(struct bytes *b, const void *p, size_t n); /* 0, -1: no memory */
void bytes_drop(struct bytes *b, size_t n);              /* the first n */
void bytes_free(struct bytes *b);

struct frame {
	unsigned type;
	const unsigned char *data; /* in the queue, good until it is changed */
	size_t len;
};
/* Appends a frame. 0, -1: no memory or too long. */
int frame_put(struct bytes *b, enum frame_type type, const void *data, size_t len);
int frame_put_ack(struct bytes *b, enum frame_type stream, uint32_t n);
int frame_put_u32(struct bytes *b, enum frame_type type, uint32_t v);
/* The first frame of the queue: 1, 0: not complete yet, -1: not a frame (too long, unknown type). */
int frame_peek(const struct bytes *b, struct frame *f);
static inline void frame_drop(struct bytes *b, const struct frame *f)
{
	bytes_drop(b, FRAME_HEADER + f->len);
}
uint32_t frame_get_u32(const unsigned char *p);
/* Payload of ACK: false when malformed. */
bool frame_get_ack(const struct frame *f, unsigned *stream, uint32_t *n);

struct exec_request {
	bool tty;
	uint16_t rows, cols;
	char *cwd;   /* "" = the default */
	char **argv; /* NULL-terminated, at least one */
	char **envp; /* NULL-terminated */
};
int exec_encode(struct bytes *b, const struct exec_request *r); /* 0, -1 */
/* Fills r with pointers to one allocation (exec_free).  0, or -1: malformed or no memory. */
int exec_decode(const struct frame *f, struct exec_request *r);
void exec_free(struct exec_request *r);
