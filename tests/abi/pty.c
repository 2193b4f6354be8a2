/* SPDX-License-Identifier: MIT
 * tests/abi/pty.c - the line discipline at length: every editing key, mode and queue of a terminal, on a pty */
#include "abi.h"
static int m, s, packets;
static void dump(const char *t, const char *b, int n)
{
	printf("%s[%d]", t, n);
	if (n < 0) {
		printf(" %s", strerror(errno));
	}
	for (int i = 0; i < n; i++) {
		unsigned char c = b[i];
		if (c >= 32 && c < 127 && c != '\\')
			putchar(c);
		else
			printf("\\%02x", c);
	}
	putchar('\n');
}
static void rd(const char *t, int fd)
{
	char b[9000];
	struct pollfd p = { fd, POLLIN, 0 };
	int r = poll(&p, 1, 100);
	printf("%s poll %d %x ", t, r, p.revents);
	if (r > 0 && (p.revents & POLLIN)) {
		int n = read(fd, b, sizeof b);
		while (n > 0 && fd == m && !packets && poll(&p, 1, 0) > 0 && p.revents & POLLIN) { /* the rest of an echo */
			int more = read(fd, b + n, sizeof b - n);
			n += more > 0 ? more : 0;
		}
		dump("", b, n > 300 ? 300 : n);
		if (n > 300)
			printf(" total %d\n", n);
	} else
		putchar('\n');
}
static void openp(void)
{
	m = open("/dev/ptmx", O_RDWR | O_NOCTTY);
	int z = 0;
	ioctl(m, TIOCSPTLCK, &z);
	int n;
	ioctl(m, TIOCGPTN, &n);
	char nm[40];
	sprintf(nm, "/dev/pts/%d", n);
	s = open(nm, O_RDWR | O_NOCTTY | O_NONBLOCK);
	if (s < 0)
		perror("slave");
}
static void in(const char *x, int n)
{
	tty_settle(s);
	int r = write(m, x, n);
	if (r != n)
		printf("short write %d/%d %s\n", r, n, strerror(errno));
	tty_settle(s);
}
#define IN(x) in(x, sizeof(x) - 1)
static void fl(unsigned iset, unsigned iclr, unsigned oset, unsigned oclr, unsigned lset, unsigned lclr,
               int min, int tim)
{
	struct termios t;
	tcgetattr(s, &t);
	t.c_iflag |= iset;
	t.c_iflag &= ~iclr;
	t.c_oflag |= oset;
	t.c_oflag &= ~oclr;
	t.c_lflag |= lset;
	t.c_lflag &= ~lclr;
	if (min >= 0)
		t.c_cc[VMIN] = min;
	if (tim >= 0)
		t.c_cc[VTIME] = tim;
	printf("set %d\n", tcsetattr(s, TCSANOW, &t));
}
static void both(const char *t)
{
	printf("== %s\n", t);
	rd(" echo", m);
	rd(" in", s);
	int q = -1;
	ioctl(s, FIONREAD, &q);
	printf(" fionread %d\n", q);
}
int main()
{
	signal(SIGINT, SIG_DFL);
	setvbuf(stdout, 0, _IOFBF, 1 << 16);
	openp();
	struct termios t;
	tcgetattr(s, &t);
	printf("%x %x %x %x %d\n", t.c_iflag, t.c_oflag, t.c_cflag, t.c_lflag, t.c_line);
	for (int i = 0; i < 19; i++)
		printf("%d ", t.c_cc[i]);
	puts("");
	IN("hello\n");
	both("line");
	IN("abc");
	both("partial");
	IN("\x7f\x7fX\n");
	both("erase");
	IN("a\tb\tc\x7f\x7f\x7f\x7f\n");
	both("taberase");
	IN("one two  three\x17\x17x\n");
	both("werase");
	IN("junk\x15ok\n");
	both("kill");
	IN("\x01\x02z\x7f\x7f\n");
	both("ctl erase");
	IN("q\x16\x03\x16\n!\n");
	both("lnext");
	IN("abc\x12"
	   "def\n");
	both("reprint");
	IN("\x04");
	both("eof");
	IN("abc\x04");
	both("abc eof");
	IN("abc\x04");
	{
		char b[3];
		int n = read(s, b, 3);
		dump("r3", b, n);
		n = read(s, b, 3);
		dump("r3b", b, n);
	}
	both("after");
	IN("l1\nl2\nl3\n");
	both("3 lines");
	both("..");
	both("..");
	IN("longer line here\n");
	{
		char b[5];
		int n = read(s, b, 5);
		dump("r5", b, n);
	}
	both("rest");
	IN("\r");
	both("cr");
	fl(INLCR | IGNCR, ICRNL, 0, 0, 0, 0, -1, -1);
	IN("x\ny\rz");
	both("inlcr igncr");
	fl(ICRNL, INLCR | IGNCR, 0, 0, 0, 0, -1, -1);
	IN("\n");
	both("nl");
	fl(0, 0, 0, 0, 0, ECHOE, -1, -1);
	IN("ab\x7f\x7f\x15\n");
	both("no echoe");
	fl(0, 0, 0, 0, ECHOE, ECHOKE, -1, -1);
	IN("ab\x15z\n");
	both("no echoke");
	fl(0, 0, 0, 0, ECHOKE, ECHOK, -1, -1);
	IN("ab\x15z\n");
	both("no echok");
	fl(0, 0, 0, 0, ECHOK, ECHOCTL, -1, -1);
	IN("a\x01\x02\x7fz\x7f\n");
	both("no echoctl");
	fl(0, 0, 0, 0, ECHOCTL, ECHO, -1, -1);
	IN("secret\x7f\n");
	both("noecho");
	fl(0, 0, 0, 0, ECHONL, 0, -1, -1);
	IN("secret\n");
	both("echonl");
	fl(0, 0, 0, 0, ECHO, ECHONL, -1, -1);
	fl(IUTF8, 0, 0, 0, 0, 0, -1, -1);
	IN("\xc3\xa9\xe2\x82\xac\x7fz\x7f\x7f\n");
	both("utf8");
	fl(0, IUTF8, 0, 0, 0, 0, -1, -1);
	fl(ISTRIP, 0, 0, 0, 0, 0, -1, -1);
	IN("\xc1\n");
	both("istrip");
	fl(IUCLC, ISTRIP, 0, 0, 0, 0, -1, -1);
	IN("ABC\n");
	both("iuclc");
	fl(PARMRK, IUCLC, 0, 0, 0, 0, -1, -1);
	IN("\xff\n");
	both("parmrk");
	fl(0, PARMRK, 0, 0, 0, 0, -1, -1);
	fl(0, 0, 0, ONLCR, 0, 0, -1, -1);
	IN("a\n");
	both("no onlcr");
	write(s, "x\ny\tz\n", 6);
	rd("out", m);
	fl(0, 0, OCRNL | ONLCR, 0, 0, 0, -1, -1);
	write(s, "x\ry\n", 4);
	rd("ocrnl", m);
	fl(0, 0, ONOCR, OCRNL, 0, 0, -1, -1);
	write(s, "\r\rx\ry\n\r", 7);
	rd("onocr", m);
	fl(0, 0, ONLRET, ONOCR | ONLCR, 0, 0, -1, -1);
	write(s, "x\ny", 3);
	rd("onlret", m);
	fl(0, 0, ONLCR | XTABS, ONLRET, 0, 0, -1, -1);
	write(s, "\na\tbc\tdefghijk\tz\b\t.\n", 21);
	rd("xtabs", m);
	IN("a\tb\x7f\x7f\x7f\n");
	both("xtabs erase");
	fl(0, 0, OLCUC, XTABS, 0, 0, -1, -1);
	write(s, "abcZ\n", 5);
	rd("olcuc", m);
	fl(0, 0, 0, OLCUC | OPOST, 0, 0, -1, -1);
	write(s, "a\nb\t", 4);
	rd("raw out", m);
	fl(0, 0, OPOST, 0, 0, 0, -1, -1);
	IN("\x13");
	write(s, "stopped\n", 8);
	rd("stopped", m);
	{
		struct pollfd p = { s, POLLOUT, 0 };
		printf("pollout %d %x\n", poll(&p, 1, 0), p.revents);
	}
	IN("abc\n");
	both("while stopped");
	IN("\x11");
	rd("resumed", m);
	write(s, "go\n", 3);
	rd("go", m);
	fl(IXANY, 0, 0, 0, 0, 0, -1, -1);
	IN("\x13");
	write(s, "st\n", 3);
	rd("st", m);
	IN("k\n");
	both("ixany");
	write(s, "st2\n", 4);
	rd("st2", m);
	fl(0, IXANY, 0, 0, 0, 0, -1, -1);
	printf("tcflow %d\n", tcflow(s, TCOOFF));
	write(s, "off\n", 4);
	rd("tcooff", m);
	IN("\x11");
	rd("start?", m);
	printf("tcflow %d\n", tcflow(s, TCOON));
	rd("tcoon", m);
	printf("%d\n", tcflow(s, TCIOFF));
	rd("tcioff", m);
	printf("%d\n", tcflow(s, TCION));
	rd("tcion", m);
	({
		int r_ = tcflow(s, 9);
		printf("bad %d %d\n", r_, errno);
	});
	IN("partial");
	printf("flush %d\n", tcflush(s, TCIFLUSH));
	rd("e", m);
	IN("x\n");
	both("after flush");
	({
		int r_ = tcflush(s, 7);
		printf("%d %d\n", r_, errno);
	});
	/* raw */
	IN("typed");
	rd("e", m);
	fl(0, ICRNL | IXON, 0, 0, 0, ICANON | ECHO | ISIG, 1, 0);
	both("to raw");
	IN("\r\n\x03\x04\x13");
	both("raw");
	IN("ab");
	fl(0, 0, 0, 0, ICANON, 0, -1, -1);
	both("to canon");
	IN("c\n");
	both("canon");
	fl(0, 0, 0, 0, 0, ICANON, 5, 0);
	IN("abc");
	{
		struct pollfd p = { s, POLLIN, 0 };
		printf("vmin poll %d %x\n", poll(&p, 1, 0), p.revents);
	}
	IN("de");
	{
		struct pollfd p = { s, POLLIN, 0 };
		printf("vmin poll %d %x\n", poll(&p, 1, 0), p.revents);
	}
	both("vmin");
	fcntl(s, F_SETFL, 0);
	fl(0, 0, 0, 0, 0, ICANON, 0, 2);
	{
		char b[10];
		struct timespec a, c;
		clock_gettime(CLOCK_MONOTONIC, &a);
		int n = read(s, b, 10);
		clock_gettime(CLOCK_MONOTONIC, &c);
		long ms = (c.tv_sec - a.tv_sec) * 1000 + (c.tv_nsec - a.tv_nsec) / 1000000;
		printf("vtime read %d in %s\n", n, ms >= 190 ? "0.2 s" : "??");
	}
	fl(0, 0, 0, 0, 0, 0, 0, 0);
	{
		char b[10];
		printf("00 read %d\n", (int)read(s, b, 10));
	}
	fl(0, 0, 0, 0, 0, 0, 4, 2);
	IN("ab");
	{
		char b[10];
		int n = read(s, b, 10);
		dump("interbyte", b, n);
	}
	fl(0, 0, 0, 0, 0, 0, 1, 0);
	/* big canonical line */
	fl(ICRNL, 0, 0, 0, ICANON, 0, -1, -1);
	fcntl(s, F_SETFL, O_NONBLOCK);
	{
		char big[5000];
		memset(big, 'x', 5000);
		int r = write(m, big, 5000);
		printf("big write %d\n", r);
		IN("yz\n");
		char b[6000];
		int n = read(s, b, 6000);
		printf("big read %d last %d %d\n", n, b[n - 1], b[n - 2]);
		n = read(s, b, 6000);
		printf("then %d %s\n", n, n < 0 ? strerror(errno) : "");
	}
	fl(0, 0, 0, 0, ISIG | ECHO, 0, -1, -1);
	/* sessions */
	fflush(stdout);
	pid_t p = fork();
	if (!p) {
		int x;
		printf("sid %d\n", setsid() > 0);
		({
			int r_ = ioctl(s, TIOCGPGRP, &x);
			printf("gpgrp %d %d\n", r_, errno);
		});
		printf("sctty %d\n", ioctl(s, TIOCSCTTY, 0));
		printf("again %d\n", ioctl(s, TIOCSCTTY, 0));
		x = -1;
		printf("gpgrp %d", ioctl(s, TIOCGPGRP, &x));
		printf(" %d\n", x == getpid());
		printf("gsid %d", ioctl(s, TIOCGSID, &x));
		printf(" %d\n", x == getpid());
		x = 99999;
		({
			int r_ = ioctl(s, TIOCSPGRP, &x);
			printf("spgrp %d %d\n", r_, errno);
		});
		x = 1;
		({
			int r_ = ioctl(s, TIOCSPGRP, &x);
			printf("spgrp1 %d %d\n", r_, errno);
		});
		x = -5;
		({
			int r_ = ioctl(s, TIOCSPGRP, &x);
			printf("spgrp-5 %d %d\n", r_, errno);
		});
		int f = open("/dev/tty", O_RDWR);
		printf("devtty %d\n", f >= 0);
		fflush(stdout);
		pid_t c = fork();
		if (!c) {
			setpgid(0, 0);
			char b[4];
			signal(SIGTTIN, SIG_IGN);
			int rr = read(s, b, 4);
			printf("bg read ign %d %d\n", rr, errno);
			signal(SIGTTOU, SIG_IGN);
			x = getpid();
			printf("bg spgrp ign %d\n", ioctl(s, TIOCSPGRP, &x));
			fflush(stdout);
			_exit(0);
		}
		int w;
		waitpid(c, &w, 0);
		x = getpgrp();
		signal(SIGTTOU, SIG_IGN);
		printf("take back %d\n", ioctl(s, TIOCSPGRP, &x));
		fflush(stdout);
		c = fork();
		if (!c) {
			setpgid(0, 0);
			signal(SIGTTOU, SIG_DFL);
			fcntl(s, F_SETFL, 0);
			char b[4];
			int n = read(s, b, 4);
			printf("bg read after cont %d\n", n);
			fflush(stdout);
			_exit(0);
		}
		waitpid(c, &w, WUNTRACED);
		printf("stopped %d sig %d\n", WIFSTOPPED(w), WSTOPSIG(w));
		fflush(stdout);
		kill(c, SIGKILL);
		waitpid(c, &w, 0);
		c = fork();
		if (!c) {
			setpgid(0, 0);
			signal(SIGTTOU, SIG_DFL);
			struct termios q;
			tcgetattr(s, &q);
			tcsetattr(s, TCSANOW, &q);
			_exit(0);
		}
		waitpid(c, &w, WUNTRACED);
		printf("tcset stopped %d sig %d\n", WIFSTOPPED(w), WIFSTOPPED(w) ? WSTOPSIG(w) : -1);
		fflush(stdout);
		kill(c, SIGKILL);
		waitpid(c, &w, 0);
		c = fork();
		if (!c) {
			for (;;)
				pause();
		}
		write(m, "abc\x03", 4);
		printf("wait %d", waitpid(c, &w, 0) == c);
		printf(" sig %d\n", WIFSIGNALED(w) ? WTERMSIG(w) : -1);
		_exit(0);
	}
	int w;
	waitpid(p, &w, 0);
	printf("leader %x\n", w);
	rd("m", m);
	fcntl(s, F_SETFL, O_NONBLOCK);
	{
		char b[4];
		errno = 0;
		int n = read(s, b, 4);
		printf("hung read %d %d\n", n, n < 0 ? errno : 0);
		n = write(s, "x", 1);
		printf("hung write %d %d\n", n, n < 0 ? errno : 0);
		struct pollfd q = { s, POLLIN | POLLOUT, 0 };
		poll(&q, 1, 0);
		printf("hung poll %x\n", q.revents);
		struct termios tt;
		({
			int r_ = tcgetattr(s, &tt);
			printf("hung tcget %d %d\n", r_, errno);
		});
	}
	struct pollfd q = { m, POLLIN | POLLOUT, 0 };
	close(s);
	poll(&q, 1, 0);
	printf("m poll %x\n", q.revents & ~POLLHUP); /* a grandchild may be dying with the slave open */
	{
		char b[4];
		int n = read(m, b, 4);
		printf("m read %d %d\n", n, errno);
	}
	close(m);
	openp();
	write(s, "last words", 10);
	close(s);
	poll(&q, 1, 0);
	q.fd = m;
	poll(&q, 1, 0);
	printf("m poll %x\n", q.revents);
	rd("m", m);
	rd("m", m);
	{
		char b[4];
		int n = read(m, b, 4);
		printf("m read %d %d\n", n, errno);
		n = write(m, "z", 1);
		printf("m write %d %d\n", n, n < 0 ? errno : 0);
	}
	close(m);
	openp();
	close(m);
	{
		errno = 0;
		char b[4];
		int n = read(s, b, 4);
		printf("s read %d %d\n", n, n < 0 ? errno : 0);
		n = write(s, "x", 1);
		printf("s write %d %d\n", n, errno);
		struct pollfd q2 = { s, POLLIN | POLLOUT, 0 };
		poll(&q2, 1, 0);
		printf("s poll %x\n", q2.revents);
		int x;
		({
			int r_ = ioctl(s, TIOCGPGRP, &x);
			printf("s ioctl %d %d\n", r_, errno);
		});
		x = 1;
		({
			int r_ = ioctl(s, TIOCSPGRP, &x);
			printf("s spgrp %d %d\n", r_, errno);
		});
	}
	close(s);
	openp();
	{
		int f1 = 1;
		ioctl(m, TIOCPKT, &f1);
		packets = 1;
		write(s, "pkt", 3);
		rd("pkt", m);
		tcflush(s, TCOFLUSH);
		rd("pktf", m);
		struct winsize ws = { 5, 6, 7, 8 }, w2;
		printf("%d", ioctl(m, TIOCSWINSZ, &ws));
		ioctl(s, TIOCGWINSZ, &w2);
		printf(" %d %d\n", w2.ws_row, w2.ws_col);
		int x = 0;
		printf("excl %d", ioctl(s, TIOCEXCL));
		printf(" lock %d\n", ioctl(m, TIOCGPTLCK, &x));
		printf("outq %d", ioctl(s, TIOCOUTQ, &x));
		printf(" getd %d", ioctl(s, TIOCGETD, &x));
		printf("%d\n", x);
		({
			int r_ = ioctl(s, 0x1234);
			printf("bad ioctl %d %d\n", r_, errno);
		});
		({
			int r_ = (int)lseek(s, 0, 0);
			printf("lseek %d %d\n", r_, errno);
		});
	}
	struct termios mt;
	printf("m tcget %d\n", tcgetattr(m, &mt));
	return 0;
}
