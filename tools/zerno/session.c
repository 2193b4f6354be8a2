/* SPDX-License-Identifier: MIT
 *
 * tools/zerno/session.c - the launcher's loop
 *
 * Owns:      struct session: both queues of the channel, the output queues, the windows.
 * Manual:    poll(2), signalfd(2)
 * Tests:     tools/zerno/test/host_test.sh (with and without a guest)
 *
 * Theory
 * ------
 * One loop around poll(2); signals come through a signalfd, so there are no handlers and no races.  Descriptors 0 to
 * 2 are shared with whoever started us: they are never made non-blocking.  A pipe that poll(2) calls writable takes
 * 4096 bytes without blocking, so we never write more at a time (but to regular files).
 * The channel is always read: the guest may send at most a window of each stream (frame.h), which fits our queues.
 */
#define _GNU_SOURCE
#include "session.h"
#include "console.h"
#include "frame.h"
#include "term.h"
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { BOOT_TIMEOUT_S = 120, PREFIX_KEY = 1 /* Ctrl-A */, ACK_AT = 32768 };
enum { OUT, ERR };
struct stream { /* stdout, stderr */
	int fd;
	enum frame_type type;
	struct bytes queue;
	size_t chunk;     /* most bytes one write may have */
	uint32_t unacked; /* written, the guest does not know yet */
	bool broken;      /* its reader is gone */
};
struct session {
	struct vmm *vmm;
	const struct options *o;
	bool tty;
	struct bytes from, to; /* the channel */
	bool channel_closed, hello;
	bool exited;    /* no more is wanted of the guest */
	int status;     /* >= 0: what to return */
	bool input_eof; /* of our stdin, or the guest wants no more */
	size_t window;  /* bytes of STDIN we may send */
	bool prefix;    /* Ctrl-A was typed */
	int terms;      /* SIGTERMs and the like that were passed on */
	struct stream streams[2];
	int signals; /* signalfd */
	double start, deadline;
	struct pollfd fds[6];
};
enum { P_CHANNEL, P_CONSOLE, P_SIGNALS, P_STDIN, P_OUT, P_ERR };

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static sigset_t handled_signals(void)
{
	static const int list[] = { SIGINT,  SIGTERM,  SIGHUP,  SIGQUIT, SIGUSR1,
		                    SIGUSR2, SIGWINCH, SIGCHLD, SIGCONT };
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++)
		sigaddset(&set, list[i]);
	return set;
}

void session_block_signals(void)
{
	sigset_t set = handled_signals();

	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static void finish(struct session *s, int status)
{
	if (s->status < 0)
		s->status = status;
}

/* ---- to the guest ---- */

static void send_exec(struct session *s)
{
	static char *shell[] = { (char *)"/bin/sh", (char *)"-l", NULL };
	struct exec_request r = { .tty = s->tty, .cwd = (char *)s->o->workdir, .envp = s->o->env };

	r.argv = s->o->cmd[0] ? s->o->cmd : shell;
	if (s->tty)
		term_size(&r.rows, &r.cols);
	if (exec_encode(&s->to, &r))
		finish(s, EXIT_LAUNCHER);
	s->window = FRAME_WINDOW;
}

static void send_size(struct session *s)
{
	unsigned short rows, cols;

	if (!s->tty || !s->hello || !term_size(&rows, &cols))
		return;
	unsigned char p[4] = { rows & 255, rows >> 8, cols & 255, cols >> 8 };
	frame_put(&s->to, FRAME_WINSZ, p, sizeof(p));
}

/* Takes the keys that are ours out of what was typed: Ctrl-A x ends the machine (false), Ctrl-A Ctrl-A is one Ctrl-A,
 * and Ctrl-A before another key is that key's.  out has room for twice n. */
static bool filter_keys(struct session *s, const unsigned char *in, size_t n, unsigned char *out,
                        size_t *out_len)
{
	*out_len = 0;
	for (size_t i = 0; i < n; i++) {
		if (!s->prefix && in[i] == PREFIX_KEY) {
			s->prefix = true;
			continue;
		}
		if (s->prefix && (in[i] == 'x' || in[i] == 'X'))
			return false;
		if (s->prefix && in[i] != PREFIX_KEY)
			out[(*out_len)++] = PREFIX_KEY;
		s->prefix = false;
		out[(*out_len)++] = in[i];
	}
	return true;
}

static void send_input(struct session *s, const unsigned char *p, size_t n)
{
	if (!n)
		return;
	s->window -= n < s->window ? n : s->window;
	frame_put(&s->to, FRAME_STDIN, p, n);
}

static void read_stdin(struct session *s)
{
	static unsigned char buf[FRAME_DATA_MAX], keys[2 * FRAME_DATA_MAX];
	size_t n, want = s->window < FRAME_DATA_MAX ? s->window : FRAME_DATA_MAX;
	ssize_t got = read(0, buf, want);

	if (got < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (got <= 0) {
		s->input_eof = true;
		frame_put(&s->to, FRAME_STDIN_EOF, NULL, 0);
	} else if (!s->tty) {
		send_input(s, buf, (size_t)got);
	} else if (filter_keys(s, buf, (size_t)got, keys, &n)) {
		send_input(s, keys, n);
	} else {
		finish(s, EXIT_LAUNCHER);
	}
}

static void write_channel(struct session *s)
{
	while (bytes_len(&s->to) && !s->channel_closed) {
		ssize_t n = write(s->vmm->channel, bytes_first(&s->to), bytes_len(&s->to));
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n <= 0) { /* it is dead; reading will find the end after what it had sent */
			bytes_drop(&s->to, bytes_len(&s->to));
			return;
		}
		bytes_drop(&s->to, (size_t)n);
	}
}

/* ---- from the guest ---- */

static void stream_ack(struct session *s, struct stream *st, size_t n, bool now_too)
{
	st->unacked += (uint32_t)n;
	if (st->unacked && (st->unacked >= ACK_AT || now_too)) {
		frame_put_ack(&s->to, st->type, st->unacked);
		st->unacked = 0;
	}
}

static void stream_broken(struct session *s, struct stream *st)
{
	const unsigned char type = (unsigned char)st->type;

	st->broken = true;
	stream_ack(s, st, bytes_len(&st->queue), true);
	bytes_drop(&st->queue, bytes_len(&st->queue));
	frame_put(&s->to, FRAME_CLOSE, &type, 1); /* the command gets SIGPIPE, as it would here */
}

static void stream_write(struct session *s, struct stream *st)
{
	size_t n = bytes_len(&st->queue);

	if (!n)
		return;
	ssize_t w = write(st->fd, bytes_first(&st->queue), n < st->chunk ? n : st->chunk);
	if (w < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (w <= 0) {
		stream_broken(s, st);
		return;
	}
	bytes_drop(&st->queue, (size_t)w);
	stream_ack(s, st, (size_t)w, bytes_len(&st->queue) == 0);
}

static void stream_received(struct session *s, struct stream *st, const struct frame *f)
{
	if (st->broken)
		stream_ack(s, st, f->len, true);
	else if (bytes_put(&st->queue, f->data, f->len))
		finish(s, EXIT_LAUNCHER);
}

static void ack_received(struct session *s, const struct frame *f)
{
	unsigned stream;
	uint32_t n;

	if (frame_get_ack(f, &stream, &n) && stream == FRAME_STDIN)
		s->window = s->window + n > FRAME_WINDOW ? FRAME_WINDOW : s->window + n;
}

static void handle(struct session *s, const struct frame *f)
{
	switch (f->type) {
	case FRAME_HELLO:
		if (s->hello || f->len < 4 || frame_get_u32(f->data) != FRAME_VERSION) {
			complain("the guest's init speaks another protocol; run `make`");
			finish(s, EXIT_LAUNCHER);
			break;
		}
		s->hello = true;
		send_exec(s);
		break;
	case FRAME_STDOUT:
		stream_received(s, &s->streams[OUT], f);
		break;
	case FRAME_STDERR:
		stream_received(s, &s->streams[ERR], f);
		break;
	case FRAME_ACK:
		ack_received(s, f);
		break;
	case FRAME_CLOSE:
		if (f->len == 1 && f->data[0] == FRAME_STDIN)
			s->input_eof = true;
		break;
	case FRAME_LOG:
		if (!s->o->quiet)
			complain("guest: %.*s", (int)f->len, (const char *)f->data);
		break;
	case FRAME_EXIT:
		if (f->len == 4) {
			s->exited = true;
			finish(s, (int)(frame_get_u32(f->data) & 255));
		}
		break;
	}
}

static void read_channel(struct session *s)
{
	struct frame f;
	int r;

	unsigned char *to = bytes_reserve(&s->from, 65536);
	if (!to) {
		finish(s, EXIT_LAUNCHER);
		return;
	}
	ssize_t n = read(s->vmm->channel, to, 65536);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		s->channel_closed = true;
		return;
	}
	bytes_added(&s->from, (size_t)n);
	while (!s->exited && (r = frame_peek(&s->from, &f)) != 0) {
		if (r < 0) {
			complain("the guest sent what is no frame");
			finish(s, EXIT_LAUNCHER);
			return;
		}
		handle(s, &f);
		frame_drop(&s->from, &f);
	}
}

static void read_console(struct session *s)
{
	char buf[4096];
	ssize_t n = read(s->vmm->console, buf, sizeof(buf));

	if (n > 0)
		console_add(buf, (size_t)n);
	else if (n == 0)
		s->fds[P_CONSOLE].fd = -2; /* closed: not polled again */
}

/* ---- signals ---- */

static void pass_signal(struct session *s, int sig)
{
	const unsigned char number = (unsigned char)sig;
	const bool ends = sig == SIGTERM || sig == SIGINT || sig == SIGHUP || sig == SIGQUIT;

	/* Before the command runs, and the second time, the machine itself ends. */
	if (ends && (!s->hello || ++s->terms > 1)) {
		finish(s, 128 + sig);
		return;
	}
	if (s->hello)
		frame_put(&s->to, FRAME_SIGNAL, &number, 1);
}

static void read_signals(struct session *s)
{
	struct signalfd_siginfo info;

	while (read(s->signals, &info, sizeof(info)) == sizeof(info)) {
		switch (info.ssi_signo) {
		case SIGCHLD:
			if (s->vmm->pid > 0 && waitpid(s->vmm->pid, NULL, WNOHANG) == s->vmm->pid)
				s->vmm->pid = -1; /* the channel will end, too */
			break;
		case SIGCONT:
			if (s->tty && isatty(0)) {
				term_restore();
				term_raw();
			}
			send_size(s);
			break;
		case SIGWINCH:
			send_size(s);
			break;
		default:
			pass_signal(s, (int)info.ssi_signo);
		}
	}
}

/* ---- the loop ---- */

static int poll_timeout(struct session *s)
{
	double left = -1;

	if (s->deadline > 0)
		left = s->deadline - now();
	if (!s->hello) {
		double boot = s->start + BOOT_TIMEOUT_S - now();
		left = left < 0 && s->deadline <= 0 ? boot : left < boot ? left : boot;
	}
	if (s->deadline <= 0 && s->hello)
		return -1;
	return left <= 0 ? 0 : left > 1e6 ? 1000000 : (int)(left * 1000) + 1;
}

static void check_time(struct session *s)
{
	double t = now();

	if (s->deadline > 0 && t >= s->deadline) {
		if (!s->o->quiet)
			complain("timeout after %g s", s->o->timeout_s);
		finish(s, EXIT_TIMEOUT);
	} else if (!s->hello && t >= s->start + BOOT_TIMEOUT_S) {
		complain("the guest did not come up in %d s", BOOT_TIMEOUT_S);
		finish(s, EXIT_LAUNCHER);
		console_show();
	}
}

static void wait_events(struct session *s)
{
	const bool input = s->hello && !s->input_eof && !s->exited && s->window > 0;
	const int console = s->fds[P_CONSOLE].fd == -2 ? -2 : s->vmm->console;

	s->fds[P_CHANNEL] = (struct pollfd){ s->channel_closed || s->exited ? -1 : s->vmm->channel,
		                             (short)(POLLIN | (bytes_len(&s->to) ? POLLOUT : 0)), 0 };
	s->fds[P_CONSOLE] = (struct pollfd){ console, POLLIN, 0 };
	s->fds[P_SIGNALS] = (struct pollfd){ s->signals, POLLIN, 0 };
	s->fds[P_STDIN] = (struct pollfd){ input ? 0 : -1, POLLIN, 0 };
	for (int i = 0; i < 2; i++) {
		struct stream *st = &s->streams[i];
		s->fds[P_OUT + i] = (struct pollfd){ bytes_len(&st->queue) ? st->fd : -1, POLLOUT, 0 };
	}
	if (poll(s->fds, 6, poll_timeout(s)) < 0)
		for (int i = 0; i < 6; i++)
			s->fds[i].revents = 0;
}

static void step(struct session *s)
{
	if (s->fds[P_CONSOLE].revents)
		read_console(s);
	if (s->fds[P_CHANNEL].revents & (POLLIN | POLLHUP | POLLERR))
		read_channel(s);
	if (s->fds[P_STDIN].revents)
		read_stdin(s);
	for (int i = 0; i < 2; i++)
		if (s->fds[P_OUT + i].revents)
			stream_write(s, &s->streams[i]);
	if (s->fds[P_SIGNALS].revents)
		read_signals(s);
	write_channel(s);
	check_time(s);
}

static bool output_left(struct session *s)
{
	return bytes_len(&s->streams[OUT].queue) || bytes_len(&s->streams[ERR].queue);
}

static void stream_init(struct stream *st, int fd, enum frame_type type)
{
	struct stat sb;

	*st = (struct stream){ .fd = fd, .type = type, .chunk = 4096 };
	if (fstat(fd, &sb))
		st->broken = true; /* closed: what is sent there is lost, as it would be here */
	else if (S_ISREG(sb.st_mode))
		st->chunk = 1 << 20;
}

/* No EXIT frame: say why, as far as we know. */
static int explain_death(struct session *s)
{
	char buf[4096];
	ssize_t n;

	while ((n = read(s->vmm->console, buf, sizeof(buf))) > 0)
		console_add(buf, (size_t)n);
	n = pread(s->vmm->messages, buf, sizeof(buf), 0);
	if (n > 0)
		complain("QEMU said: %.*s", (int)n, buf);
	complain(s->hello ? "the machine ended before the command did" : "the machine ended while it booted");
	console_show();
	return EXIT_LAUNCHER;
}

int session_run(struct vmm *v, const struct options *o)
{
	sigset_t set = handled_signals();
	struct session s = { .vmm = v, .o = o, .status = -1, .start = now() };

	s.tty = o->tty == TTY_YES || (o->tty == TTY_AUTO && isatty(0) && isatty(1));
	s.signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	s.deadline = o->timeout_s > 0 ? s.start + o->timeout_s : 0;
	stream_init(&s.streams[OUT], 1, FRAME_STDOUT);
	stream_init(&s.streams[ERR], 2, FRAME_STDERR);
	if (s.tty && isatty(0))
		term_raw();

	while (s.status < 0 && !s.channel_closed) {
		wait_events(&s);
		step(&s);
	}
	s.exited = true;
	while (s.status >= 0 && output_left(&s) && s.status != EXIT_TIMEOUT) {
		wait_events(&s);
		step(&s);
	}
	vmm_kill(v);
	term_restore();
	return s.status >= 0 ? s.status : explain_death(&s);
}
