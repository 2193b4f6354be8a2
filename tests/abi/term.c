/* SPDX-License-Identifier: MIT
 * tests/abi/term.c - pseudo terminals: ioctls of both sides, controlling terminals, sessions and groups, hang-up, poll */
#include "abi.h"

#define TIOCGPTLCK_ 0x80045439
#define TIOCGPKT_ 0x80045438
#define TIOCGEXCL_ 0x80045440
#define TCGETS2_ 0x802C542A
static int m, s, st;
static char name[32];

static void open_pair(void)
{
	int n, zero = 0;
	m = open("/dev/ptmx", O_RDWR | O_NOCTTY);
	ioctl(m, TIOCSPTLCK, &zero);
	ioctl(m, TIOCGPTN, &n);
	sprintf(name, "/dev/pts/%d", n);
	s = open(name, O_RDWR | O_NOCTTY);
}
static void state(const char *what, int fd)
{
	struct pollfd p = { fd, POLLIN | POLLOUT | POLLPRI, 0 };
	int r = poll(&p, 1, 0);
	printf("%s: poll %d revents 0x%x\n", what, r, p.revents);
	fflush(stdout);
}
static void show_read(const char *what, int fd)
{
	char b[200];
	struct pollfd p = { fd, POLLIN, 0 };
	poll(&p, 1, 60000);
	ssize_t n = read(fd, b, sizeof b);
	printf("%s: %zd", what, n);
	if (n < 0)
		printf(" %s", strerror(errno));
	for (ssize_t i = 0; i < n; i++)
		printf(b[i] < 32 ? " \\%o" : " %c", b[i]);
	printf("\n");
	fflush(stdout);
}
/* Linux moves bytes from one side to the other in its own time. */
static void arrived(int fd, int want)
{
	for (int i = 0, n = 0; i < 60000 && n < want; i++) {
		ioctl(fd, FIONREAD, &n);
		sleep_ms(1);
	}
}
static void opening(void)
{
	int n = -1, v, zero = 0, one = 1;
	struct stat a;
	SECTION("opening");
	m = open("/dev/ptmx", O_RDWR | O_NOCTTY);
	CALL(ioctl, m, TIOCGPTN, &n);
	SHOW_INT(n >= 0);
	CALL(ioctl, m, TIOCGPTN, 8);
	sprintf(name, "/dev/pts/%d", n);
	SHOW(open(name, O_RDWR | O_NOCTTY));
	v = -1;
	CALL(ioctl, m, TIOCGPTLCK_, &v);
	SHOW_INT(v);
	CALL(ioctl, m, TIOCSPTLCK, &zero);
	CALL(ioctl, m, TIOCGPTLCK_, &v);
	SHOW_INT(v);
	s = SHOW_OK(open(name, O_RDWR | O_NOCTTY));
	CALL(ioctl, m, TIOCSPTLCK, &one);
	CALL(ioctl, m, TIOCGPTLCK_, &v);
	SHOW_INT(v);
	CALL(ioctl, m, TIOCSPTLCK, 8);
	CALL(ioctl, m, TIOCSPTLCK, &zero);
	CALL(ioctl, s, TIOCGPTN, &n);
	CALL(ioctl, s, TIOCSPTLCK, &zero);
	stat(name, &a);
	SHOW_HEX(a.st_mode);
	SHOW_INT(a.st_uid);
	SHOW_HEX(a.st_rdev >> 8);
	fstat(m, &a);
	SHOW_HEX(a.st_rdev);
	SHOW(lseek(m, 0, SEEK_CUR));
	SHOW(lseek(s, 0, SEEK_SET));
	SHOW(pread(s, name, 0, 0));
	CALL(fsync, s);
	CALL(fsync, m);
	CALL(ftruncate, s, 0);
	CALL(mmap, NULL, 4096, PROT_READ, MAP_SHARED, s, 0);
	SHOW(open("/dev/pts/9999", O_RDWR));
	SHOW(open("/dev/pts/x", O_CREAT | O_RDWR, 0600));
	SHOW(unlink(name));
	SHOW(chmod(name, 0600));
	SHOW(chown(name, 5, 5));
	show_stat("/dev/pts");
	state("fresh master", m);
	state("fresh slave", s);
	close(s);
	state("slave closed", m);
	show_read("slave closed", m);
	s = open(name, O_RDWR | O_NOCTTY);
	state("slave again", m);
	close(m);
	state("master closed", s);
	show_read("master closed", s);
	SHOW(write(s, "x", 1));
	struct termios t;
	CALL(ioctl, s, TCGETS, &t);
	CALL(ioctl, s, TIOCGWINSZ, &t);
	CALL(tgkill, 0, 0, 0);
	close(s);
	SHOW(open(name, O_RDWR | O_NOCTTY));
}
static void ioctls(void)
{
	struct termios t, u;
	struct winsize w = { 10, 20, 30, 40 }, x;
	int v, zero = 0, one = 1;
	char c = 'i';
	open_pair();
	SECTION("settings");
	CALL(ioctl, s, TCGETS, &t);
	CALL(ioctl, m, TCGETS, &u);
	SHOW_INT(memcmp(&t, &u, 36));
	CALL(ioctl, s, TCGETS, 8);
	CALL(ioctl, s, TCSETS, 8);
	t.c_lflag &= ~ECHO;
	CALL(ioctl, m, TCSETS, &t);
	CALL(ioctl, s, TCGETS, &u);
	SHOW_INT(u.c_lflag & ECHO);
	CALL(ioctl, s, TCSETSW, &t);
	CALL(ioctl, s, TCSETSF, &t);
	SHOW_INT(cfgetospeed(&t) == B38400);
	cfsetospeed(&t, B9600);
	CALL(ioctl, s, TCSETS, &t);
	CALL(ioctl, s, TCGETS, &u);
	SHOW_INT(cfgetospeed(&u) == B9600);
	uint32_t t2[11];
	CALL(ioctl, s, TCGETS2_, t2);
	SHOW_INT(t2[10]);
	CALL(ioctl, s, TIOCGWINSZ, &x);
	printf("%d %d %d %d\n", x.ws_row, x.ws_col, x.ws_xpixel, x.ws_ypixel);
	CALL(ioctl, s, TIOCSWINSZ, &w);
	CALL(ioctl, m, TIOCGWINSZ, &x);
	printf("%d %d %d %d\n", x.ws_row, x.ws_col, x.ws_xpixel, x.ws_ypixel);
	CALL(ioctl, s, TIOCSWINSZ, 8);
	v = -1;
	CALL(ioctl, s, TIOCGETD, &v);
	SHOW_INT(v);
	v = 99;
	CALL(ioctl, s, TIOCSETD, &v);
	v = 0;
	CALL(ioctl, s, TIOCSETD, &v);
	CALL(ioctl, s, TIOCMGET, &v);
	CALL(ioctl, s, TIOCGSOFTCAR, &v);
	SECTION("queues");
	CALL(ioctl, s, TIOCOUTQ, &v);
	SHOW_INT(v);
	write(s, "abc", 3);
	arrived(m, 3);
	CALL(ioctl, m, FIONREAD, &v);
	SHOW_INT(v);
	CALL(ioctl, s, TCFLSH, TCOFLUSH);
	write(m, "line\n", 5);
	arrived(s, 5);
	CALL(ioctl, s, FIONREAD, &v);
	SHOW_INT(v);
	CALL(ioctl, s, TCFLSH, TCIFLUSH);
	CALL(ioctl, s, FIONREAD, &v);
	SHOW_INT(v);
	CALL(ioctl, s, TCFLSH, 9);
	CALL(ioctl, s, TCXONC, 9);
	CALL(ioctl, s, TCXONC, TCOOFF);
	fcntl(s, F_SETFL, O_NONBLOCK);
	SHOW(write(s, "x", 1));
	state("stopped", s);
	CALL(ioctl, s, TCXONC, TCOON);
	state("started", s);
	fcntl(s, F_SETFL, 0);
	CALL(ioctl, s, TCSBRK, 1);
	CALL(ioctl, s, TCSBRK, 0);
	CALL(ioctl, s, TCSBRKP, 0);
	CALL(ioctl, s, FIONBIO, &one);
	SHOW_INT(fcntl(s, F_GETFL) & O_NONBLOCK);
	SHOW(read(s, &c, 1));
	CALL(ioctl, s, FIONBIO, &zero);
	SECTION("exclusive use");
	CALL(ioctl, s, TIOCEXCL);
	CALL(ioctl, s, TIOCGEXCL_, &v);
	SHOW_INT(v);
	SHOW_OK(open(name, O_RDWR | O_NOCTTY));
	IN_CHILD("user", chmod(name, 0666); become(1000); SHOW(open(name, O_RDWR | O_NOCTTY)));
	CALL(ioctl, s, TIOCNXCL);
	CALL(ioctl, s, TIOCGEXCL_, &v);
	SHOW_INT(v);
	SECTION("packets");
	while (ioctl(m, FIONREAD, &v) == 0 && v > 0)
		read(m, name + 20, 1);
	CALL(ioctl, m, TIOCPKT, &one);
	CALL(ioctl, m, TIOCGPKT_, &v);
	SHOW_INT(v);
	write(s, "data", 4);
	show_read("packet", m);
	CALL(ioctl, s, TCFLSH, TCIFLUSH);
	state("flushed", m);
	show_read("packet", m);
	CALL(ioctl, s, TCXONC, TCOOFF);
	show_read("packet", m);
	CALL(ioctl, s, TCXONC, TCOON);
	show_read("packet", m);
	write(m, "\023", 1);
	show_read("stopped by a key", m);
	write(m, "\021", 1);
	show_read("started by a key", m);
	CALL(ioctl, s, TCGETS, &t);
	t.c_iflag &= ~IXON;
	CALL(ioctl, s, TCSETS, &t);
	show_read("no flow control", m);
	t.c_iflag |= IXON;
	CALL(ioctl, s, TCSETS, &t);
	CALL(ioctl, s, TCFLSH, TCIOFLUSH);
	show_read("flow control, flushed", m);
	CALL(ioctl, s, TIOCPKT, &one);
	CALL(ioctl, m, TIOCPKT, &zero);
	SECTION("without a controlling terminal");
	IN_CHILD("new session", setsid(); SHOW(open("/dev/tty", O_RDWR)); CALL(ioctl, s, TIOCGPGRP, &v); CALL(ioctl, s, TIOCGSID, &v);
		 CALL(ioctl, s, TIOCSPGRP, &v); CALL(ioctl, s, TIOCNOTTY); CALL(ioctl, s, TIOCSTI, &c); CALL(ioctl, m, TIOCGPGRP, &v); SHOW_INT(v);
		 CALL(ioctl, m, TIOCGSID, &v));
	SECTION("of other files");
	int p[2], f = open("/dev/null", O_RDWR);
	pipe(p);
	CALL(ioctl, f, TCGETS, &t);
	CALL(ioctl, p[0], TIOCGWINSZ, &x);
	CALL(ioctl, f, TIOCSCTTY, 0);
	CALL(ioctl, f, FIONREAD, &v);
	close(f);
	close(s);
	close(m);
}
static volatile int got[65];
static void on(int sig) { got[sig]++; }
static void controlling(void)
{
	int v, p[2];
	char c;
	SECTION("a controlling terminal");
	IN_CHILD("by TIOCSCTTY", open_pair(); CALL(ioctl, s, TIOCSCTTY, 0); setsid(); CALL(ioctl, s, TIOCSCTTY, 0);
		 SHOW_OK(open("/dev/tty", O_RDWR)); CALL(ioctl, s, TIOCGSID, &v); SHOW_INT(v == getpid()); CALL(ioctl, s, TIOCGPGRP, &v);
		 SHOW_INT(v == getpid()); CALL(ioctl, m, TIOCGPGRP, &v); SHOW_INT(v == getpid()); CALL(ioctl, s, TIOCSCTTY, 0);
		 int m1 = m; open_pair(); CALL(ioctl, s, TIOCSCTTY, 0); (void)m1; int o = open(name, O_RDWR); CALL(ioctl, o, TIOCGSID, &v));
	IN_CHILD("by open", open_pair(); setsid(); int o = open(name, O_RDWR); CALL(ioctl, o, TIOCGSID, &v); SHOW_INT(v == getpid());
		 IN_CHILD("another session", setsid(); CALL(ioctl, o, TIOCSCTTY, 0); CALL(ioctl, o, TIOCGSID, &v); SHOW(open("/dev/tty", O_RDWR));
		 int q = open(name, O_RDWR); SHOW_INT(q >= 0); CALL(ioctl, q, TIOCGPGRP, &v)));
	IN_CHILD("not by O_NOCTTY", open_pair(); setsid(); open(name, O_RDWR | O_NOCTTY); SHOW(open("/dev/tty", O_RDWR)));
	IN_CHILD("not by the master", setsid(); open("/dev/ptmx", O_RDWR); SHOW(open("/dev/tty", O_RDWR)));
	IN_CHILD("not by no leader", open_pair(); setsid(); IN_CHILD("child", open(name, O_RDWR); SHOW(open("/dev/tty", O_RDWR));
		 CALL(ioctl, s, TIOCSCTTY, 0)));
	IN_CHILD("stolen", open_pair(); setsid(); ioctl(s, TIOCSCTTY, 0); signal(SIGHUP, SIG_IGN); pipe(p); fflush(stdout); pid_t k = fork();
		 if (!k) { setsid(); CALL(ioctl, s, TIOCSCTTY, 1); CALL(ioctl, s, TIOCGSID, &v); SHOW_INT(v == getpid()); _exit(0); }
		 waitpid(k, &st, 0); SHOW(open("/dev/tty", O_RDWR)));
	IN_CHILD("given up", open_pair(); setsid(); ioctl(s, TIOCSCTTY, 0); signal(SIGHUP, on); signal(SIGCONT, on); CALL(ioctl, s, TIOCNOTTY);
		 SHOW_INT(got[SIGHUP] * 10 + got[SIGCONT]); SHOW(open("/dev/tty", O_RDWR)); CALL(ioctl, s, TIOCNOTTY);
		 CALL(ioctl, s, TIOCSCTTY, 0); IN_CHILD("by a child", CALL(ioctl, s, TIOCNOTTY); SHOW(open("/dev/tty", O_RDWR)));
		 SHOW_OK(open("/dev/tty", O_RDWR)));
	SECTION("foreground groups");
	fflush(stdout);
	pid_t k = fork();
	if (!k) {
		open_pair();
		setsid();
		ioctl(s, TIOCSCTTY, 0);
		pipe(p);
		pid_t b = fork();
		if (!b) {
			read(p[0], &c, 1);
			_exit(0);
		}
		setpgid(b, b);
		SHOW(tcsetpgrp(s, 999999));
		SHOW(tcsetpgrp(s, 1));
		SHOW(tcsetpgrp(s, -1));
		SHOW(tcsetpgrp(s, b));
		SHOW_INT(tcgetpgrp(s) == b);
		signal(SIGTTOU, on);
		struct sigaction sa = { .sa_handler = on };
		sigaction(SIGTTOU, &sa, NULL);
		sigaction(SIGTTIN, &sa, NULL);
		got[SIGTTOU] = 0;
		SHOW(tcsetpgrp(s, getpid()));
		SHOW_INT(got[SIGTTOU]);
		SHOW(read(s, &c, 1));
		SHOW_INT(got[SIGTTIN]);
		struct termios t;
		SHOW(tcgetattr(s, &t));
		got[SIGTTOU] = 0;
		SHOW(tcsetattr(s, TCSANOW, &t));
		SHOW_INT(got[SIGTTOU]);
		SHOW(tcflush(s, TCIOFLUSH));
		SHOW_INT(got[SIGTTOU]);
		struct winsize w = { 1, 2, 3, 4 };
		SHOW(ioctl(s, TIOCSWINSZ, &w));
		SHOW(write(s, "w", 1));
		t.c_lflag |= TOSTOP;
		sigset_t mask;
		sigemptyset(&mask);
		sigaddset(&mask, SIGTTOU);
		sigprocmask(SIG_BLOCK, &mask, NULL);
		SHOW(tcsetattr(s, TCSANOW, &t)); /* blocked: allowed */
		SHOW(write(s, "w", 1));
		sigprocmask(SIG_UNBLOCK, &mask, NULL);
		got[SIGTTOU] = 0;
		SHOW(write(s, "w", 1));
		SHOW_INT(got[SIGTTOU]);
		sigaddset(&mask, SIGTTIN);
		sigprocmask(SIG_BLOCK, &mask, NULL);
		SHOW(read(s, &c, 1));
		SHOW(tcsetpgrp(s, getpid()));
		sigprocmask(SIG_UNBLOCK, &mask, NULL);
		SHOW_INT(tcgetpgrp(s) == getpid());
		SHOW(tcgetpgrp(m) == getpid());
		kill(b, SIGKILL);
		waitpid(b, &st, 0);
		SECTION("signals of the terminal");
		sigaction(SIGINT, &sa, NULL);
		sigaction(SIGQUIT, &sa, NULL);
		sigaction(SIGTSTP, &sa, NULL);
		sigaction(SIGWINCH, &sa, NULL);
		write(m, "\003\034\032", 3);
		for (int i = 0; i < 60000 && !(got[SIGINT] && got[SIGQUIT] && got[SIGTSTP]); i++)
			sleep_ms(1);
		SHOW_INT(got[SIGINT] * 100 + got[SIGQUIT] * 10 + got[SIGTSTP]);
		w.ws_row = 50;
		got[SIGWINCH] = 0;
		ioctl(m, TIOCSWINSZ, &w);
		SHOW_INT(got[SIGWINCH]);
		ioctl(m, TIOCSWINSZ, &w); /* the same size: no signal */
		SHOW_INT(got[SIGWINCH]);
		t.c_lflag &= ~ISIG;
		tcsetattr(s, TCSANOW, &t);
		write(m, "\003\n", 2);
		SHOW_INT(got[SIGINT]);
		show_read("no signals", s);
		v = SIGQUIT;
		SHOW(ioctl(m, TIOCSIG, SIGQUIT));
		SHOW_INT(got[SIGQUIT]);
		SHOW(ioctl(s, TIOCSIG, SIGQUIT));
		SHOW(ioctl(m, TIOCSIG, 99));
		c = 'i';
		sigaction(SIGHUP, &sa, NULL);
		sigaction(SIGCONT, &sa, NULL);
		SECTION("hang-up");
		close(m);
		SHOW_INT(got[SIGHUP] * 10 + got[SIGCONT]);
		SHOW(read(s, &c, 1));
		SHOW(write(s, &c, 1));
		state("hung up", s);
		SHOW(ioctl(s, TIOCGPGRP, &v));
		SHOW(open("/dev/tty", O_RDWR));
		_exit(0);
	}
	waitpid(k, &st, 0);
	show_status("session", st);
	SECTION("the leader's end");
	open_pair();
	pipe(p);
	k = fork();
	if (!k) {
		setsid();
		ioctl(s, TIOCSCTTY, 0);
		pid_t leader = getpid();
		if (!fork()) {
			sigset_t mask;
			sigemptyset(&mask);
			sigaddset(&mask, SIGHUP);
			sigaddset(&mask, SIGCONT);
			sigprocmask(SIG_BLOCK, &mask, NULL);
			write(p[1], "r", 1);
			siginfo_t si;
			int sig = sigwaitinfo(&mask, &si);
			printf("the foreground gets %d code %d\n", sig, si.si_code);
			while (getppid() == leader) /* Linux signals first and takes the terminal away after */
				usleep(1000);
			fcntl(s, F_SETFL, O_NONBLOCK);
			SHOW(read(s, &c, 1));
			SHOW(write(s, "x", 1));
			SHOW(open("/dev/tty", O_RDWR));
			fflush(stdout);
			write(p[1], "d", 1);
			_exit(0);
		}
		read(p[0], &c, 1);
		_exit(0);
	}
	waitpid(k, &st, 0);
	read(p[0], &c, 1);
	state("slave of a dead session", s);
	IN_CHILD("a new session may have it", setsid(); int o = SHOW_OK(open(name, O_RDWR)); CALL(ioctl, o, TIOCGSID, &v); SHOW_INT(v == getpid()));
	SECTION("vhangup");
	IN_CHILD("user", become(1000); CALL(vhangup));
	IN_CHILD("without a terminal", setsid(); CALL(vhangup));
	fflush(stdout);
	k = fork();
	if (!k) {
		open_pair();
		setsid();
		ioctl(s, TIOCSCTTY, 0);
		signal(SIGHUP, on);
		CALL(vhangup);
		SHOW_INT(got[SIGHUP]);
		SHOW(read(s, &c, 1));
		SHOW(write(s, "x", 1));
		SHOW(open("/dev/tty", O_RDWR));
		int o = SHOW_OK(open(name, O_RDWR | O_NOCTTY));
		SHOW(write(o, "y", 1));
		show_read("master", m);
		_exit(0);
	}
	waitpid(k, &st, 0);
	show_status("vhangup", st);
}
int main(void)
{
	opening();
	ioctls();
	controlling();
	return 0;
}
