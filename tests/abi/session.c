/* SPDX-License-Identifier: MIT
 * tests/abi/session.c - process groups, sessions, controlling terminals on a pty, job control */
#include "abi.h"

static int n;
static void h(int s) { n = s; }
/* Until a signal has been handled that is blocked but for this wait, so that it cannot come just before it. */
static void await_signal(void)
{
	sigset_t none;
	sigemptyset(&none);
	while (!n)
		sigsuspend(&none);
}
int main(void)
{
	SECTION("groups");
	IN_CHILD("setpgid", SHOW(setpgid(0, 0)); SHOW_INT(getpgrp() == getpid()); SHOW(setsid()); SHOW(setpgid(0, 999999)));
	IN_CHILD("setsid", SHOW_INT(setsid() == getpid()); SHOW_INT(getsid(0) == getpid()); SHOW(setpgid(0, 0)); SHOW(setsid()));
	SHOW(setpgid(999999, 0));
	SHOW(setpgid(0, -1));
	SHOW(getpgid(999999));
	SHOW(getsid(999999));
	pid_t c = fork();
	if (!c) {
		pause();
		_exit(0);
	}
	SHOW(setpgid(c, c));
	SHOW_INT(getpgid(c) == c);
	SHOW(kill(-c, SIGTERM));
	int st;
	SHOW_INT(waitpid(-c, &st, 0) == c);
	show_status("group", st);
	SHOW(kill(-c, SIGTERM));
	SECTION("pty");
	int m = open("/dev/ptmx", O_RDWR | O_NOCTTY), num;
	SHOW(grantpt(m));
	SHOW(unlockpt(m));
	SHOW(ioctl(m, TIOCGPTN, &num));
	char name[32];
	sprintf(name, "/dev/pts/%d", num);
	fflush(stdout);
	int p[2];
	pipe(p);
	c = fork();
	if (!c) {
		close(m);
		setsid();
		int s = open(name, O_RDWR);
		SHOW_INT(tcgetpgrp(s) == getpid());
		SHOW_INT(open("/dev/tty", O_RDWR) >= 0);
		SHOW_INT(tcgetsid(s) == getpid());
		sigset_t keys;
		sigemptyset(&keys);
		sigaddset(&keys, SIGINT);
		sigaddset(&keys, SIGHUP);
		sigprocmask(SIG_BLOCK, &keys, NULL);
		signal(SIGINT, h);
		signal(SIGTTIN, SIG_DFL);
		write(p[1], "r", 1);
		await_signal();
		printf("signal %d\n", n);
		fflush(stdout);
		/* a background reader is stopped */
		pid_t b = fork();
		if (!b) {
			setpgid(0, 0);
			char x;
			read(s, &x, 1);
			_exit(1);
		}
		setpgid(b, b);
		SHOW_INT(waitpid(b, &st, WUNTRACED) == b);
		show_status("background read", st);
		kill(b, SIGKILL);
		waitpid(b, &st, 0);
		/* a background writer is stopped only with TOSTOP */
		struct termios t;
		tcgetattr(s, &t);
		for (int to = 0; to < 2; to++) {
			t.c_lflag = to ? t.c_lflag | TOSTOP : t.c_lflag & ~TOSTOP;
			tcsetattr(s, TCSANOW, &t);
			b = fork();
			if (!b) {
				setpgid(0, 0);
				_exit(write(s, "w", 1) == 1 ? 0 : 2);
			}
			setpgid(b, b);
			waitpid(b, &st, WUNTRACED);
			show_status("background write", st);
			kill(b, SIGKILL);
			waitpid(b, &st, 0);
		}
		/* ignoring SIGTTIN: EIO */
		b = fork();
		if (!b) {
			setpgid(0, 0);
			signal(SIGTTIN, SIG_IGN);
			char x;
			SHOW(read(s, &x, 1));
			_exit(0);
		}
		waitpid(b, &st, 0);
		/* foreground change by a background process: SIGTTOU */
		b = fork();
		if (!b) {
			setpgid(0, 0);
			signal(SIGTTOU, SIG_IGN);
			SHOW(tcsetpgrp(s, getpid()));
			SHOW_INT(tcgetpgrp(s) == getpid());
			_exit(0);
		}
		waitpid(b, &st, 0);
		signal(SIGTTOU, SIG_IGN);
		SHOW(tcsetpgrp(s, getpgrp()));
		signal(SIGHUP, h);
		n = 0;
		write(p[1], "r", 1);
		await_signal();
		printf("signal %d\n", n);
		char x;
		SHOW(read(s, &x, 1));
		SHOW(write(s, "x", 1));
		_exit(0);
	}
	char x;
	read(p[0], &x, 1);
	write(m, "\003", 1);
	read(p[0], &x, 1);
	close(m);
	waitpid(c, &st, 0);
	show_status("session", st);
	return 0;
}
