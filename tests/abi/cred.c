/* SPDX-License-Identifier: MIT
 * tests/abi/cred.c - set*id, groups, capabilities, umask, prctl, personality */
#include "abi.h"

#include <grp.h>
#include <sys/prctl.h>
static void ids(void)
{
	uid_t r, e, s;
	gid_t gr, ge, gs;
	getresuid(&r, &e, &s);
	getresgid(&gr, &ge, &gs);
	printf("uid %d %d %d gid %d %d %d\n", r, e, s, gr, ge, gs);
	uint32_t h[2] = { 0x20080522, 0 }, d[6];
	syscall(SYS_capget, h, d);
	printf("caps %d %d %d\n", d[0] != 0, d[1] != 0, d[2] != 0);
	fflush(stdout);
}
int main(void)
{
	IN_CHILD("setuid", ids(); SHOW(setuid(5)); ids(); SHOW(setuid(0)); SHOW(setuid(5)));
	IN_CHILD("seteuid", SHOW(seteuid(5)); ids(); SHOW(setuid(6)); SHOW(seteuid(0)); ids());
	IN_CHILD("setreuid", SHOW(setreuid(5, 6)); ids(); SHOW(setreuid(6, 5)); ids(); SHOW(setreuid(0, -1)));
	IN_CHILD("setresuid", SHOW(setresuid(1, 2, 3)); ids(); SHOW(setresuid(3, 1, 2)); ids(); SHOW(setresuid(4, -1, -1)));
	IN_CHILD("setgid", SHOW(setgid(5)); ids(); SHOW(setuid(9)); SHOW(setgid(6)); SHOW(setregid(5, 5)));
	IN_CHILD("setresgid", SHOW(setresgid(1, 2, 3)); ids());
	IN_CHILD("fsuid", SHOW(syscall(SYS_setfsuid, 7)); SHOW(syscall(SYS_setfsuid, -1)); SHOW(syscall(SYS_setfsgid, 8)));
	SECTION("groups");
	gid_t g[3] = { 30, 10, 20 }, o[10];
	SHOW(setgroups(3, g));
	SHOW(getgroups(0, NULL));
	SHOW(getgroups(2, o));
	SHOW(getgroups(10, o));
	printf("%d %d %d\n", o[0], o[1], o[2]);
	SHOW(syscall(SYS_setgroups, 70000, g));
	IN_CHILD("user", setuid(5); SHOW(setgroups(0, NULL)));
	SECTION("capabilities");
	uint32_t h[2] = { 0x20080522, 0 }, d[6];
	SHOW(syscall(SYS_capget, h, d));
	h[0] = 1;
	SHOW(syscall(SYS_capget, h, d));
	SHOW_HEX(h[0]);
	h[1] = 999999;
	SHOW(syscall(SYS_capget, h, d));
	IN_CHILD("drop", h[1] = 0; syscall(SYS_capget, h, d); d[0] &= ~1; d[1] &= ~1; SHOW(syscall(SYS_capset, h, d));
		 close(creat("f", 0600)); SHOW(chown("f", 5, 5)); d[1] |= 1; SHOW(syscall(SYS_capset, h, d)));
	SHOW(prctl(PR_CAPBSET_READ, 0));
	SHOW(prctl(PR_CAPBSET_READ, 99));
	SECTION("prctl");
	char n[16];
	SHOW(prctl(PR_SET_NAME, "a-very-long-process-name"));
	SHOW(prctl(PR_GET_NAME, n));
	printf("%s\n", n);
	SHOW(prctl(PR_GET_DUMPABLE));
	SHOW(prctl(PR_SET_DUMPABLE, 2));
	SHOW(prctl(PR_SET_PDEATHSIG, 9));
	int sig = 0;
	SHOW(prctl(PR_GET_PDEATHSIG, &sig));
	SHOW_INT(sig);
	SHOW(prctl(PR_SET_PDEATHSIG, 99));
	SHOW(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
	SHOW(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	SHOW(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
	SHOW(prctl(9999));
	IN_CHILD("keepcaps", prctl(PR_SET_KEEPCAPS, 1); setuid(5); ids());
	SECTION("umask and personality");
	SHOW(umask(027));
	SHOW(umask(07777));
	SHOW(umask(022));
	SHOW_HEX(syscall(SYS_personality, 0xffffffff));
	return 0;
}
