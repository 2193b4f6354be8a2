/* SPDX-License-Identifier: MIT
 *
 * tools/zerno/term.c - raw mode and back
 *
 * Whatever ends the launcher but SIGKILL passes through term_restore: exit() by atexit, crashes by a handler; the
 * other signals are read as events by session.c, which returns.
 */
#define _GNU_SOURCE
#include "term.h"
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

static struct termios saved;
static volatile sig_atomic_t is_raw;

void term_restore(void)
{
	if (!is_raw)
		return;
	is_raw = 0;
	tcsetattr(0, TCSADRAIN, &saved);
}

static void on_crash(int sig)
{
	term_restore();
	signal(sig, SIG_DFL);
	raise(sig);
}

void term_raw(void)
{
	static bool registered;
	static const int crashes[] = { SIGSEGV, SIGBUS, SIGABRT, SIGILL, SIGFPE };
	struct termios raw;

	if (tcgetattr(0, &saved))
		return;
	if (!registered) {
		registered = true;
		atexit(term_restore);
		for (size_t i = 0; i < sizeof(crashes) / sizeof(crashes[0]); i++)
			signal(crashes[i], on_crash);
	}
	raw = saved;
	cfmakeraw(&raw);
	is_raw = 1;
	tcsetattr(0, TCSADRAIN, &raw);
}

bool term_size(unsigned short *rows, unsigned short *cols)
{
	struct winsize ws;

	for (int fd = 0; fd < 3; fd++) {
		if (ioctl(fd, TIOCGWINSZ, &ws) == 0) {
			*rows = ws.ws_row;
			*cols = ws.ws_col;
			return true;
		}
	}
	return false;
}
