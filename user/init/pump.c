/* SPDX-License-Identifier: MIT
 *
 * user/init/pump.c - moves frames between the launcher's channel and the command
 *
 * Owns:      struct pump: both queues of the channel, what waits for the command's stdin, the windows.
 * Manual:    ppoll(2)
 * Tests:     tools/zerno/test/host_test.sh (with and without a guest)
 *
 * Theory
 * ------
 * One loop around ppoll(2).  SIGCHLD is blocked but during ppoll, so no death of a child is missed.  The channel is
 * always read; the command's output is read only while its window is open (frame.h), its stdin is acknowledged as
 * it is written.  When the command has ended, what its streams still hold is sent, the disks are put away
 * (finish.c), then EXIT.
 */
#define _GNU_SOURCE
#include "init.h"
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { OUT, ERR };
struct pump {
	int port;
	bool port_closed, connected;
	int early_ends;        /* ends of file before the first byte: the launcher has not connected yet */
	struct bytes from, to; /* the channel */
	struct command cmd;
	bool started, ended, exit_sent;
	int status;
	struct bytes input; /* waits for the command's stdin */
	bool input_eof;     /* and after it comes the end */
	size_t window[2];   /* bytes we may send of OUT, ERR */
	bool tty_hung_up;   /* nobody has the pty open just now */
	struct pollfd fds[4];
};
enum { P_PORT, P_IN, P_OUT, P_ERR };

static volatile sig_atomic_t child_died;

static void on_sigchld(int sig)
{
	(void)sig;
	child_died = 1;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* ---- the command's side ---- */

static void reap(struct pump *p)
{
	int status;
	pid_t pid;

	child_died = 0;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (!p->started || pid != p->cmd.pid)
			continue; /* an orphan: we are its parent now */
		p->ended = true;
		p->status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	}
}

static void close_input(struct pump *p)
{
	if (p->cmd.tty || p->cmd.in < 0)
		return;
	close_fd(&p->cmd.in);
}

/* Nobody will read stdin any more: what comes is dropped but acknowledged. */
static void input_refused(struct pump *p)
{
	const unsigned char stream = FRAME_STDIN;

	if (bytes_len(&p->input))
		frame_put_ack(&p->to, FRAME_STDIN, (uint32_t)bytes_len(&p->input));
	bytes_drop(&p->input, bytes_len(&p->input));
	close_input(p);
	frame_put(&p->to, FRAME_CLOSE, &stream, 1);
}

static void write_input(struct pump *p)
{
	while (bytes_len(&p->input) && p->cmd.in >= 0) {
		ssize_t n = write(p->cmd.in, bytes_first(&p->input), bytes_len(&p->input));
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n <= 0) {
			input_refused(p);
			return;
		}
		bytes_drop(&p->input, (size_t)n);
		frame_put_ack(&p->to, FRAME_STDIN, (uint32_t)n);
	}
	if (p->input_eof && !bytes_len(&p->input))
		close_input(p);
}

/* Reads once from a stream of the command into a frame; false: nothing there now, or its end. */
static bool read_output(struct pump *p, int which)
{
	int *fd = which == OUT ? &p->cmd.out : &p->cmd.err;
	size_t want = p->window[which] < FRAME_DATA_MAX ? p->window[which] : FRAME_DATA_MAX;
	static unsigned char buf[FRAME_DATA_MAX];

	if (*fd < 0 || !want)
		return false;
	ssize_t n = read(*fd, buf, want);
	if (n > 0) {
		p->window[which] -= (size_t)n;
		p->tty_hung_up = false;
		return frame_put(&p->to, which == OUT ? FRAME_STDOUT : FRAME_STDERR, buf, (size_t)n) == 0;
	}
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (p->cmd.tty)
		p->tty_hung_up = true; /* EIO: it may be opened again */
	else
		close_fd(fd);
	return false;
}

/* After the command's end: true when all it wrote is in the channel. */
static bool drain(struct pump *p)
{
	for (int which = OUT; which <= ERR; which++) {
		while (read_output(p, which))
			;
		int fd = which == OUT ? p->cmd.out : p->cmd.err;
		if (fd >= 0 && p->window[which] == 0)
			return false; /* wait for the launcher */
	}
	return true;
}

/* ---- the launcher's side ---- */

static void start(struct pump *p, const struct frame *f)
{
	struct exec_request r;
	char text[512];

	if (p->started || p->ended)
		return;
	if (exec_decode(f, &r)) {
		p->status = 125;
	} else {
		p->status = command_start(&p->cmd, &r, text, sizeof(text));
		exec_free(&r);
		if (p->status)
			frame_put(&p->to, FRAME_STDERR, text, strlen(text));
	}
	p->started = p->status == 0;
	p->ended = !p->started;
}

static void acked(struct pump *p, const struct frame *f)
{
	unsigned stream;
	uint32_t n;

	if (!frame_get_ack(f, &stream, &n))
		return;
	if (stream == FRAME_STDOUT || stream == FRAME_STDERR) {
		size_t *w = &p->window[stream == FRAME_STDOUT ? OUT : ERR];
		*w = *w + n > FRAME_WINDOW ? FRAME_WINDOW : *w + n;
	}
}

static void input_ended(struct pump *p)
{
	static const unsigned char eof_key =
	        4; /* ^D; on a tty the command may have set another: good enough */

	if (p->cmd.tty)
		bytes_put(&p->input, &eof_key, 1);
	p->input_eof = true;
	write_input(p);
}

static void reader_gone(struct pump *p, unsigned stream)
{
	if (p->cmd.tty)
		kill(-p->cmd.pid, SIGHUP);
	else if (stream == FRAME_STDOUT)
		close_fd(&p->cmd.out);
	else if (stream == FRAME_STDERR)
		close_fd(&p->cmd.err);
}

static void handle(struct pump *p, const struct frame *f)
{
	if (f->type == FRAME_EXEC)
		start(p, f);
	else if (f->type == FRAME_ACK)
		acked(p, f);
	if (!p->started)
		return;
	switch (f->type) {
	case FRAME_STDIN:
		if (p->cmd.in < 0 || bytes_put(&p->input, f->data, f->len))
			frame_put_ack(&p->to, FRAME_STDIN, (uint32_t)f->len);
		write_input(p);
		break;
	case FRAME_STDIN_EOF:
		input_ended(p);
		break;
	case FRAME_WINSZ:
		if (f->len == 4)
			command_set_size(&p->cmd, f->data[0] | f->data[1] << 8, f->data[2] | f->data[3] << 8);
		break;
	case FRAME_SIGNAL:
		if (f->len == 1 && f->data[0] < NSIG && !p->ended)
			kill(-p->cmd.pid, f->data[0]);
		break;
	case FRAME_CLOSE:
		if (f->len == 1)
			reader_gone(p, f->data[0]);
		break;
	}
}

static void read_port(struct pump *p)
{
	struct frame f;
	int r;

	unsigned char *to = bytes_reserve(&p->from, 65536);
	if (!to)
		return;
	ssize_t n = read(p->port, to, 65536);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n == 0 && !p->connected && p->early_ends++ < 2500) {
		const struct timespec pause = { .tv_nsec = 2000000 };
		nanosleep(&pause, NULL);
		return;
	}
	if (n <= 0) {
		p->port_closed = true;
		return;
	}
	p->connected = true;
	bytes_added(&p->from, (size_t)n);
	while ((r = frame_peek(&p->from, &f)) > 0) {
		handle(p, &f);
		frame_drop(&p->from, &f);
	}
	if (r < 0)
		p->port_closed = true; /* not our launcher */
}

static void write_port(struct pump *p)
{
	while (bytes_len(&p->to)) {
		ssize_t n = write(p->port, bytes_first(&p->to), bytes_len(&p->to));
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n <= 0) {
			p->port_closed = true;
			return;
		}
		bytes_drop(&p->to, (size_t)n);
	}
}

/* ---- the loop ---- */

static void wait_events(struct pump *p, const sigset_t *unblocked)
{
	const struct timespec hung_up = { .tv_nsec = 100000000 };
	bool output = p->started && !p->ended && !p->tty_hung_up;

	p->fds[P_PORT] = (struct pollfd){ p->port, (short)(POLLIN | (bytes_len(&p->to) ? POLLOUT : 0)), 0 };
	p->fds[P_IN] = (struct pollfd){ bytes_len(&p->input) ? p->cmd.in : -1, POLLOUT, 0 };
	p->fds[P_OUT] = (struct pollfd){ output && p->window[OUT] ? p->cmd.out : -1, POLLIN, 0 };
	p->fds[P_ERR] = (struct pollfd){ output && p->window[ERR] ? p->cmd.err : -1, POLLIN, 0 };
	if (ppoll(p->fds, 4, p->tty_hung_up && !p->ended ? &hung_up : NULL, unblocked) < 0)
		for (int i = 0; i < 4; i++)
			p->fds[i].revents = 0;
	p->tty_hung_up = false;
}

static void step(struct pump *p)
{
	if (p->fds[P_PORT].revents & (POLLIN | POLLHUP | POLLERR))
		read_port(p);
	if (p->fds[P_IN].revents)
		write_input(p);
	if (p->fds[P_OUT].revents)
		read_output(p, OUT);
	if (p->fds[P_ERR].revents)
		read_output(p, ERR);
	if (child_died)
		reap(p);
	if (p->ended && !p->exit_sent && drain(p)) {
		static const char dirty[] = "a disk could not be unmounted; its journal will be replayed";
		if (system_finish())
			frame_put(&p->to, FRAME_LOG, dirty, sizeof(dirty) - 1);
		frame_put_u32(&p->to, FRAME_EXIT, (uint32_t)p->status);
		p->exit_sent = true;
	}
	if (!p->port_closed)
		write_port(p);
}

int pump_run(int port)
{
	struct pump p = { .port = port,
		          .cmd = { .in = -1, .out = -1, .err = -1 },
		          .window = { FRAME_WINDOW, FRAME_WINDOW } };
	sigset_t chld, unblocked;
	struct sigaction sa = { .sa_handler = on_sigchld };

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	sigprocmask(SIG_BLOCK, &chld, &unblocked);
	sigdelset(&unblocked, SIGCHLD);
	sigaction(SIGCHLD, &sa, NULL);

	frame_put_u32(&p.to, FRAME_HELLO, FRAME_VERSION);
	write_port(&p);
	/* After EXIT the launcher ends the machine, or closes the channel. */
	while (!p.port_closed) {
		wait_events(&p, &unblocked);
		step(&p);
	}
	return p.status;
}
