/* SPDX-License-Identifier: MIT
 *
 * user/init/command.c - starts the user's command on pipes or on a pseudo-terminal
 *
 * Manual:    pty(7), execve(2); exit statuses 126 and 127: POSIX.1-2017 2.8.2
 *
 * The command leads a session and a process group of its own, so that a signal from the launcher reaches all of
 * what `sh -c 'a | b'` starts.  Whether exec worked comes back through a pipe that exec closes.
 */
#define _GNU_SOURCE
#include "init.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

extern char **environ;
enum failure_stage { STAGE_TTY = 1, STAGE_CWD, STAGE_USER, STAGE_EXEC };
struct failure {
	int stage, error;
};

void command_set_size(struct command *c, unsigned rows, unsigned cols)
{
	struct winsize ws = { .ws_row = (unsigned short)rows, .ws_col = (unsigned short)cols };

	if (c->tty && c->in >= 0)
		ioctl(c->in, TIOCSWINSZ, &ws);
}

/* Opens a pty; the slave's descriptor in *slave.  0 or errno. */
static int open_pty(struct command *c, int *slave)
{
	char name[32];
	int unlock = 0, number, fd = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return errno;
	if (ioctl(fd, TIOCSPTLCK, &unlock) || ioctl(fd, TIOCGPTN, &number))
		goto fail;
	snprintf(name, sizeof(name), "/dev/pts/%d", number);
	*slave = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (*slave < 0)
		goto fail;
	c->in = c->out = fd;
	c->err = -1;
	return 0;
fail:;
	int err = errno;
	close(fd);
	return err;
}

/* stdin, stdout, stderr of the command in theirs[3]; our ends in c.  0 or errno. */
static int open_pipes(struct command *c, int theirs[3])
{
	int fds[3][2];

	for (int i = 0; i < 3; i++) {
		if (pipe2(fds[i], O_CLOEXEC)) {
			int err = errno;
			while (i-- > 0) {
				close(fds[i][0]);
				close(fds[i][1]);
			}
			return err;
		}
	}
	theirs[0] = fds[0][0];
	theirs[1] = fds[1][1];
	theirs[2] = fds[2][1];
	c->in = fds[0][1];
	c->out = fds[1][0];
	c->err = fds[2][0];
	fcntl(c->in, F_SETFL, O_NONBLOCK);
	fcntl(c->out, F_SETFL, O_NONBLOCK);
	fcntl(c->err, F_SETFL, O_NONBLOCK);
	return 0;
}

static _Noreturn void child_fail(int report, int stage)
{
	struct failure f = { stage, errno };

	(void)!write(report, &f, sizeof(f));
	_exit(127);
}

/* In the child. */
static _Noreturn void child_run(const struct exec_request *r, const int theirs[3], int report)
{
	sigset_t none;

	setsid();
	if (r->tty && ioctl(theirs[0], TIOCSCTTY, 0))
		child_fail(report, STAGE_TTY);
	for (int i = 0; i < 3; i++)
		dup2(theirs[i], i);
	for (int sig = 1; sig < NSIG; sig++)
		signal(sig, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (r->cwd[0] ? chdir(r->cwd) : chdir("/root") && chdir("/"))
		child_fail(report, STAGE_CWD);
	errno = root_user ? user_become(root_user) : 0;
	if (errno)
		child_fail(report, STAGE_USER);
	environ = r->envp;
	execvp(r->argv[0], r->argv);
	child_fail(report, STAGE_EXEC);
}

static int explain(const struct failure *f, const struct exec_request *r, char *text, size_t size)
{
	switch (f->stage) {
	case STAGE_TTY:
		snprintf(text, size, "zerno: no controlling terminal: %s\n", strerror(f->error));
		return 125;
	case STAGE_USER:
		snprintf(text, size, "zerno: user %s: %s\n", root_user, strerror(f->error));
		return 125;
	case STAGE_CWD:
		snprintf(text, size, "zerno: cannot change to %s: %s\n", r->cwd, strerror(f->error));
		return 125;
	}
	snprintf(text, size, "zerno: %s: %s\n", r->argv[0], strerror(f->error));
	return f->error == ENOENT || f->error == ENOTDIR ? 127 : 126;
}

static void close_ends(struct command *c, int theirs[3])
{
	close(theirs[0]);
	if (!c->tty) {
		close(theirs[1]);
		close(theirs[2]);
	}
}

static void abandon(struct command *c)
{
	close(c->in);
	if (c->out != c->in)
		close(c->out);
	if (c->err >= 0)
		close(c->err);
	c->in = c->out = c->err = -1;
}

int command_start(struct command *c, const struct exec_request *r, char *text, size_t size)
{
	struct failure f = { 0 };
	int theirs[3], report[2];

	*c = (struct command){ .in = -1, .out = -1, .err = -1, .tty = r->tty };
	int err = r->tty ? open_pty(c, &theirs[0]) : open_pipes(c, theirs);
	if (err) {
		snprintf(text, size, "zerno: %s: %s\n", r->tty ? "pty" : "pipe", strerror(err));
		return 125;
	}
	if (r->tty)
		theirs[1] = theirs[2] = theirs[0];
	command_set_size(c, r->rows, r->cols);
	if (pipe2(report, O_CLOEXEC) == 0) {
		c->pid = fork();
		if (c->pid == 0)
			child_run(r, theirs, report[1]);
		close(report[1]);
	} else {
		c->pid = -1;
		report[0] = -1;
	}
	close_ends(c, theirs);
	if (c->pid < 0) {
		snprintf(text, size, "zerno: fork: %s\n", strerror(errno));
		close(report[0]);
		abandon(c);
		return 125;
	}
	ssize_t n = read(report[0], &f, sizeof(f));
	close(report[0]);
	if (n != sizeof(f))
		return 0; /* exec has closed the pipe */
	waitpid(c->pid, NULL, 0);
	abandon(c);
	return explain(&f, r, text, size);
}
