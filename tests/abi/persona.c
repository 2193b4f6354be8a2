/* SPDX-License-Identifier: MIT
 * tests/abi/persona.c - personality(2): what its flags change */
#include "abi.h"
#include <sys/personality.h>
#include <sys/select.h>
#include <sys/utsname.h>

static volatile int hits;
static void caught(int sig)
{
	(void)sig;
	hits++;
}
static void show_names(const char *what)
{
	struct utsname u;
	uname(&u);
	printf("%s: %s %s %.4s\n", what, u.sysname, u.machine, !strncmp(u.release, "2.6.", 4) ? u.release : "new");
	fflush(stdout);
}
static void names(void)
{
	SECTION("names");
	show_names("usual");
	IN_CHILD("UNAME26", SHOW_HEX(personality(0x20000)); show_names("2.6"); execl("/bin/sh", "sh", "-c", "uname -r | cut -c1-4", NULL));
	IN_CHILD("PER_LINUX32", personality(8); show_names("32"); execl("/bin/uname", "uname", "-m", NULL));
	IN_CHILD("both", personality(0x20008); show_names("both"));
	show_names("usual");
}
static void timeouts(int sticky)
{
	struct timeval tv = { 0, 30000 };
	struct timespec ts = { 0, 30000000 };
	personality(sticky ? 0x4000000 : 0);
	SHOW(syscall(SYS_select, 0, NULL, NULL, NULL, &tv));
	SHOW_INT(tv.tv_usec);
	SHOW(syscall(SYS_pselect6, 0, NULL, NULL, NULL, &ts, NULL));
	SHOW_INT(ts.tv_nsec);
	ts.tv_nsec = 30000000;
	SHOW(syscall(SYS_ppoll, NULL, 0, &ts, NULL, 8));
	SHOW_INT(ts.tv_nsec);
	/* A handler that restarts: without the time left there is nothing to restart with. */
	struct sigaction sa = { .sa_handler = caught, .sa_flags = SA_RESTART };
	sigaction(SIGALRM, &sa, NULL);
	tv = (struct timeval){ 0, 300000 };
	ring(100);
	SHOW(syscall(SYS_select, 0, NULL, NULL, NULL, &tv));
	ring(0);
	SHOW_INT(tv.tv_usec == 300000);
	personality(0);
}
int main(void)
{
	names();
	SECTION("timeouts");
	timeouts(0);
	SECTION("sticky timeouts");
	timeouts(1);
	return 0;
}
