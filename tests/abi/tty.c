/* SPDX-License-Identifier: MIT
 * tests/abi/tty.c - termios on a pty: canonical and raw input, echo, output, window size */
#include "abi.h"

static int m, s;
static void in(const char *t)
{
	write(m, t, strlen(t));
	tty_settle(s);
}
static void got(int fd, const char *who)
{
	char b[5000];
	struct pollfd p = { fd, POLLIN, 0 };
	ssize_t n = poll(&p, 1, 50) > 0 ? read(fd, b, sizeof b) : -2;
	while (n > 0 && fd == m && poll(&p, 1, 0) > 0 && p.revents & POLLIN) { /* the rest of an echo */
		ssize_t more = read(fd, b + n, sizeof b - n);
		n += more > 0 ? more : 0;
	}
	printf("%s %zd \"", who, n);
	for (ssize_t i = 0; i < n; i++)
		printf(b[i] < 32 || b[i] > 126 ? "\\%03o" : "%c", (unsigned char)b[i]);
	printf("\"\n");
	fflush(stdout);
}
static void set(unsigned off, unsigned on, int vmin, int vtime)
{
	struct termios t;
	tcgetattr(s, &t);
	t.c_lflag = (t.c_lflag & ~off) | on;
	t.c_cc[VMIN] = vmin;
	t.c_cc[VTIME] = vtime;
	tcsetattr(s, TCSANOW, &t);
}
int main(void)
{
	int num;
	m = open("/dev/ptmx", O_RDWR | O_NOCTTY);
	unlockpt(m);
	ioctl(m, TIOCGPTN, &num);
	char name[32];
	sprintf(name, "/dev/pts/%d", num);
	s = open(name, O_RDWR | O_NOCTTY);
	struct termios t;
	SECTION("defaults");
	SHOW(tcgetattr(s, &t));
	SHOW_HEX(t.c_iflag);
	SHOW_HEX(t.c_oflag);
	SHOW_HEX(t.c_cflag);
	SHOW_HEX(t.c_lflag);
	for (int i = 0; i < 19; i++)
		printf("%d ", t.c_cc[i]);
	printf("\n");
	SHOW(isatty(s));
	SHOW(isatty(m));
	int p[2];
	pipe(p);
	SHOW(tcgetattr(p[0], &t));
	struct { unsigned short iflag, oflag, cflag, lflag; unsigned char line, cc[8]; } io, before;
	SHOW(ioctl(s, TCGETA, &before));
	SHOW_HEX(before.iflag);
	SHOW_HEX(before.oflag);
	SHOW_HEX(before.cflag);
	SHOW_HEX(before.lflag);
	SHOW(memcmp(before.cc, t.c_cc, 8));
	io = before;
	io.lflag &= ~ECHO;
	io.cc[VKILL] = 'K';
	SHOW(ioctl(s, TCSETA, &io));
	SHOW(tcgetattr(s, &t));
	SHOW_HEX(t.c_cflag);
	SHOW_HEX(t.c_lflag);
	SHOW_INT(t.c_cc[VKILL]);
	SHOW(ioctl(s, TCSETAF, &before));
	SHOW(ioctl(s, TCSETAW, (void *)8));
	SHOW(ioctl(p[0], TCGETA, &io));
	SECTION("canonical");
	in("hello\r");
	got(s, "slave");
	got(m, "echo");
	in("ab\177c\n");
	got(s, "slave");
	got(m, "echo");
	in("word1 word2\027x\n");
	got(s, "slave");
	got(m, "echo");
	in("killed\025kept\n");
	got(s, "slave");
	got(m, "echo");
	in("partial");
	got(s, "nothing yet");
	in("\004");
	got(s, "eof flushes");
	got(m, "echo");
	in("\004");
	got(s, "eof");
	in("\026\003\n");
	got(s, "literal");
	got(m, "echo");
	in("two\nlines\n");
	char b[100];
	SHOW(read(s, b, 2));
	SHOW(read(s, b, 100));
	SHOW(read(s, b, 100));
	got(m, "echo");
	int av;
	in("count\n");
	SHOW(ioctl(s, FIONREAD, &av));
	SHOW_INT(av);
	SHOW(tcflush(s, TCIFLUSH));
	SHOW(ioctl(s, FIONREAD, &av));
	SHOW_INT(av);
	got(m, "echo");
	SECTION("raw");
	set(ICANON | ECHO, 0, 1, 0);
	in("xyz\r\003");
	got(s, "slave");
	got(m, "no echo");
	set(ICANON | ECHO, 0, 0, 0);
	SHOW(read(s, b, 10));
	set(ICANON | ECHO, 0, 0, 1);
	SHOW(read(s, b, 10));
	set(ICANON | ECHO, 0, 3, 1);
	in("a");
	SHOW(read(s, b, 10));
	in("abcd");
	SHOW(read(s, b, 10));
	set(ECHO | ECHONL, ICANON, 1, 0);
	in("quiet\n");
	got(s, "slave");
	got(m, "no echo");
	set(0, ICANON | ECHO, 1, 0);
	SECTION("output");
	write(s, "a\nb\tc\r", 6);
	got(m, "master");
	tcgetattr(s, &t);
	t.c_oflag &= ~OPOST;
	tcsetattr(s, TCSADRAIN, &t);
	write(s, "a\n", 2);
	got(m, "master");
	t.c_oflag |= OPOST | OCRNL | ONLRET;
	tcsetattr(s, TCSADRAIN, &t);
	write(s, "a\rb\n", 4);
	got(m, "master");
	SECTION("flow control");
	t.c_oflag = OPOST | ONLCR;
	tcsetattr(s, TCSADRAIN, &t);
	in("\023");
	fcntl(s, F_SETFL, O_NONBLOCK);
	write(s, "stopped", 7);
	got(m, "while stopped");
	in("\021");
	got(m, "after start");
	write(s, "go", 2);
	got(m, "master");
	SECTION("window size");
	struct winsize w = { 24, 80, 0, 0 }, w2;
	SHOW(ioctl(s, TIOCGWINSZ, &w2));
	SHOW_INT(w2.ws_row);
	SHOW(ioctl(m, TIOCSWINSZ, &w));
	SHOW(ioctl(s, TIOCGWINSZ, &w2));
	SHOW_INT(w2.ws_col);
	SECTION("errors and closing");
	SHOW(ioctl(s, 0x5499, 0));
	SHOW(ioctl(s, TIOCGWINSZ, 8));
	SHOW(ioctl(s, TIOCGPGRP, &av));
	SHOW(ioctl(s, TIOCSPGRP, &av));
	SHOW(ioctl(99, TCGETS, &t));
	SHOW(read(s, b, 1));
	close(s);
	SHOW(read(m, b, 1));
	struct pollfd pf = { m, POLLIN | POLLOUT, 0 };
	SHOW(poll(&pf, 1, 0));
	SHOW_HEX(pf.revents);
	s = SHOW_OK(open(name, O_RDWR | O_NOCTTY));
	close(m);
	SHOW(read(s, b, 1));
	SHOW(write(s, "x", 1));
	SHOW(open(name, O_RDWR | O_NOCTTY));
	return 0;
}
