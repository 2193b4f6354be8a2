/* SPDX-License-Identifier: MIT
 * tests/abi/splice.c - splice(2), tee(2), vmsplice(2): directions, offsets, full and empty pipes, errors */
#include "abi.h"

static int p[2], q[2], fd;
static char buf[200000];

static void show_pipe(const char *what, int end)
{
	int n = 0;
	unsigned long sum = 0;
	ioctl(end, FIONREAD, &n);
	ssize_t got = n ? read(end, buf, sizeof buf) : 0;
	for (ssize_t i = 0; i < got; i++)
		sum = sum * 31 + (unsigned char)buf[i];
	printf("%s: %zd bytes, sum %lx\n", what, got, sum);
	fflush(stdout);
}
static void files(void)
{
	loff_t at = 5, none = -1;
	SECTION("file to pipe and back");
	for (int i = 0; i < 100000; i++)
		buf[i] = (char)(i * 7);
	write(fd, buf, 100000);
	lseek(fd, 0, SEEK_SET);
	SHOW(splice(fd, NULL, p[1], NULL, 10, 0));
	SHOW(lseek(fd, 0, SEEK_CUR));
	SHOW(splice(fd, &at, p[1], NULL, 5000, 0));
	SHOW_INT(at);
	show_pipe("both", p[0]);
	SHOW(splice(fd, &at, p[1], NULL, 60000, 0));
	show_pipe("a long piece", p[0]);
	at = 99990;
	SHOW(splice(fd, &at, p[1], NULL, 100, 0));
	SHOW(splice(fd, &at, p[1], NULL, 100, 0));
	SHOW_INT(at);
	at = 0;
	int out = open("out", O_RDWR | O_CREAT, 0644);
	SHOW(splice(p[0], NULL, out, &at, 4, 0));
	SHOW(splice(p[0], NULL, out, NULL, 100, 0));
	SHOW_INT(at);
	SHOW(lseek(out, 0, SEEK_END));
	int app = open("out", O_RDWR | O_APPEND);
	write(p[1], "x", 1);
	SHOW(splice(p[0], NULL, app, NULL, 1, 0));
	SHOW(splice(p[0], NULL, out, &none, 1, 0));
	show_pipe("still there", p[0]);
	close(app);
	close(out);
}
static void pipes(void)
{
	SECTION("pipe to pipe");
	write(p[1], "hello world", 11);
	SHOW(tee(p[0], q[1], 5, 0));
	show_pipe("copy", q[0]);
	SHOW(splice(p[0], NULL, q[1], NULL, 8, 0));
	show_pipe("moved", q[0]);
	show_pipe("left", p[0]);
	for (int i = 0; i < 12; i++)
		write(p[1], buf + i * 100, 3000);
	SHOW(tee(p[0], q[1], 100000, 0));
	show_pipe("teed", q[0]);
	show_pipe("original", p[0]);
	SHOW(splice(p[0], NULL, q[1], NULL, 1, SPLICE_F_NONBLOCK));
	SHOW(tee(p[0], q[1], 1, SPLICE_F_NONBLOCK));
	fcntl(q[1], F_SETFL, O_NONBLOCK);
	while (write(q[1], buf, 4096) > 0)
		;
	fcntl(q[1], F_SETFL, 0);
	write(p[1], "abc", 3);
	SHOW(splice(p[0], NULL, q[1], NULL, 3, SPLICE_F_NONBLOCK));
	SHOW(tee(p[0], q[1], 3, SPLICE_F_NONBLOCK));
	show_pipe("full", q[0]);
	show_pipe("kept", p[0]);
}
static void memory(void)
{
	char a[6] = "", b[6] = "";
	struct iovec in[2] = { { (char *)"first", 5 }, { (char *)"second", 6 } }, out[2] = { { a, 4 }, { b, 5 } };
	SECTION("vmsplice");
	SHOW(vmsplice(p[1], in, 2, 0));
	SHOW(vmsplice(p[0], out, 2, 0));
	printf("%s %s\n", a, b);
	show_pipe("rest", p[0]);
	SHOW(vmsplice(fd, in, 2, 0));
	SHOW(vmsplice(p[1], in, 0, 0));
	SHOW(vmsplice(p[0], out, 1, SPLICE_F_NONBLOCK));
	SHOW(vmsplice(p[1], in, 1, 64));
}
static void errors(void)
{
	loff_t at = 0;
	int ro = open("out", O_RDONLY), wo = open("out", O_WRONLY), dir = open(".", O_RDONLY);
	SECTION("errors");
	SHOW(splice(fd, NULL, wo, NULL, 10, 0));
	SHOW(splice(p[0], &at, wo, NULL, 10, 0));
	SHOW(splice(fd, NULL, p[1], &at, 10, 0));
	SHOW(splice(p[0], (void *)1, wo, NULL, 10, 0));
	SHOW(splice(wo, NULL, p[1], NULL, 10, 0));
	SHOW(splice(p[0], NULL, ro, NULL, 10, 0));
	SHOW(splice(p[1], NULL, wo, NULL, 10, 0));
	SHOW(splice(ro, NULL, p[0], NULL, 10, 0));
	SHOW(splice(99, NULL, p[1], NULL, 10, 0));
	SHOW(splice(99, NULL, 99, NULL, 0, 0));
	SHOW(splice(fd, NULL, p[1], NULL, 10, 64));
	SHOW(splice(fd, (void *)1, p[1], NULL, 10, 0));
	SHOW(splice(p[0], NULL, p[1], NULL, 10, 0));
	SHOW(tee(p[0], p[1], 10, 0));
	SHOW(tee(fd, p[1], 10, 0));
	SHOW(tee(p[0], wo, 10, 0));
	SHOW(tee(99, p[1], 0, 0));
	SHOW_INT(splice(dir, NULL, p[1], NULL, 10, 0) == -1);
	SHOW(splice(p[0], NULL, wo, NULL, 10, SPLICE_F_NONBLOCK));
}
static void ends(void)
{
	SECTION("ends");
	signal(SIGPIPE, SIG_IGN);
	write(p[1], "abc", 3);
	close(p[1]);
	close(q[0]);
	SHOW(tee(p[0], q[1], 3, 0));
	SHOW(splice(p[0], NULL, q[1], NULL, 3, 0));
	SHOW(splice(fd, &(loff_t){ 0 }, q[1], NULL, 3, 0));
	int null = open("/dev/null", O_WRONLY);
	SHOW(splice(p[0], NULL, null, NULL, 10, 0));
	SHOW(splice(p[0], NULL, null, NULL, 10, 0));
}
static void waiting(void)
{
	SECTION("a pipe that fills later");
	int r[2], out = open("late", O_RDWR | O_CREAT, 0644);
	pipe(r);
	if (!fork()) {
		close(r[0]);
		until_asleep(getppid());
		write(r[1], "late", 4);
		_exit(0);
	}
	close(r[1]);
	SHOW(splice(r[0], NULL, out, NULL, 100, 0));
	SHOW(splice(r[0], NULL, out, NULL, 100, 0));
	wait(NULL);
}
int main(void)
{
	pipe(p);
	pipe(q);
	fd = open("f", O_RDWR | O_CREAT, 0644);
	files();
	pipes();
	memory();
	errors();
	waiting();
	ends();
	return 0;
}
