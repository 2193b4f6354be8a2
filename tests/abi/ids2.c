/* SPDX-License-Identifier: MIT
 * tests/abi/ids2.c - user and group ids of all kinds, capabilities: effects on files, changes by set*id, exec, prctl */
#include "abi.h"

#include <sys/prctl.h>
static char self[256];

static void show_ids(const char *what)
{
	uid_t r, e, s;
	gid_t gr, ge, gs;
	getresuid(&r, &e, &s);
	getresgid(&gr, &ge, &gs);
	int fu = syscall(SYS_setfsuid, -1L), fg = syscall(SYS_setfsgid, -1L);
	printf("%s: uid %d %d %d %d gid %d %d %d %d\n", what, r, e, s, fu, gr, ge, gs, fg);
	fflush(stdout);
}
/* Sets of capabilities by name: all, none, or the numbers.  CAP_SYS_RESOURCE is left out: a container may lack it. */
enum { CHOWN, DAC_OVERRIDE, DAC_READ_SEARCH, FOWNER, FSETID, KILL, SETGID, SETUID, SYS_RESOURCE = 24 };
static void show_set(const char *name, uint64_t set, uint64_t full)
{
	set &= ~(1UL << SYS_RESOURCE);
	printf(" %s ", name);
	if (set == full)
		printf("all");
	else if (!set)
		printf("none");
	else
		for (int i = 0; i < 41; i++)
			if (set >> i & 1)
				printf("%d,", i);
}
static uint64_t full;
static void caps(uint64_t *eff, uint64_t *perm, uint64_t *inh)
{
	uint32_t h[2] = { 0x20080522, 0 }, d[6];
	syscall(SYS_capget, h, d);
	*eff = d[0] | (uint64_t)d[3] << 32;
	*perm = d[1] | (uint64_t)d[4] << 32;
	*inh = d[2] | (uint64_t)d[5] << 32;
}
static long set_caps(uint64_t eff, uint64_t perm, uint64_t inh)
{
	uint32_t h[2] = { 0x20080522, 0 };
	uint32_t d[6] = { eff, perm, inh, eff >> 32, perm >> 32, inh >> 32 };
	errno = 0;
	return syscall(SYS_capset, h, d);
}
static void show_caps(const char *what)
{
	uint64_t e, p, i;
	uint64_t amb = 0, bound = 0;
	caps(&e, &p, &i);
	for (int c = 0; c < 41; c++) {
		amb |= (uint64_t)(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, c, 0, 0) == 1) << c;
		bound |= (uint64_t)(prctl(PR_CAPBSET_READ, c) == 1) << c;
	}
	printf("%s:", what);
	show_set("effective", e, full);
	show_set("permitted", p, full);
	show_set("inheritable", i, full);
	show_set("ambient", amb, full);
	show_set("bounding", bound, full);
	printf("\n");
	fflush(stdout);
}
#define BIT(n) (1UL << (n))

static void again(const char *how)
{
	char *a[] = { "ids2", (char *)how, NULL }, *e[] = { NULL };
	execve(self, a, e);
	printf("exec: %s\n", strerror(errno));
}
static void changing(void)
{
	static const int v[] = { -1, 0, 10, 20, 30 };
	SECTION("setresuid by a user");
	for (int r = 0; r < 5; r++)
		for (int e = 0; e < 5; e++) {
			fflush(stdout);
			if (!fork()) {
				syscall(SYS_setresuid, 10, 20, 30);
				errno = 0;
				int x = syscall(SYS_setreuid, v[r], v[e]);
				printf("setreuid %d %d: %d %s; ", v[r], v[e], x, strerror(errno));
				show_ids("now");
				_exit(0);
			}
			wait(NULL);
		}
	for (int u = 0; u < 5; u++) {
		fflush(stdout);
		if (!fork()) {
			syscall(SYS_setresuid, 10, 20, 30);
			syscall(SYS_setresgid, 10, 20, 30);
			errno = 0;
			int x = syscall(SYS_setuid, v[u]), xe = errno;
			errno = 0;
			int g = syscall(SYS_setgid, v[u]);
			printf("setuid %d: %d %s; setgid %d %s; ", v[u], x, strerror(xe), g, strerror(errno));
			show_ids("now");
			_exit(0);
		}
		wait(NULL);
	}
	SECTION("by root");
	IN_CHILD("setreuid(-1, 5)", CALL(setreuid, -1, 5); show_ids("now"); CALL(setreuid, -1, 0); show_ids("back"));
	IN_CHILD("setreuid(5, -1)", CALL(setreuid, 5, -1); show_ids("now"); show_caps("caps"));
	IN_CHILD("setreuid(0, 5)", CALL(setreuid, 0, 5); show_ids("now"); show_caps("caps"));
	IN_CHILD("setregid(5, 6)", CALL(setregid, 5, 6); show_ids("now"));
	IN_CHILD("setuid with saved 0", CALL(setresuid, 5, 0, 7); CALL(setuid, 8); show_ids("now"));
	IN_CHILD("setgid without the capability", set_caps(full & ~BIT(SETGID), full & ~BIT(SETGID), 0); CALL(setgid, 5); CALL(setresgid, 0, 0, 0);
		 CALL(setgroups, 0, NULL); CALL(setfsgid, 5); CALL(setfsgid, -1));
	IN_CHILD("setuid without the capability", set_caps(full & ~BIT(SETUID), full & ~BIT(SETUID), 0); CALL(setuid, 5); CALL(setresuid, 0, 0, 0);
		 CALL(setfsuid, 5); CALL(setfsuid, -1));
	CALL(setresuid, -1, -1, -1);
	CALL(getresuid, 8, 8, 8);
	CALL(getgroups, -1, NULL);
	CALL(setgroups, 1, 8);
	CALL(setgroups, 65537, 8);
	gid_t many[40];
	for (int i = 0; i < 40; i++)
		many[i] = 100 - i * 2;
	IN_CHILD("groups", CALL(setgroups, 40, many); gid_t o[40]; CALL(getgroups, 40, o); for (int i = 0; i < 40; i++) printf("%d ", o[i]);
		 printf("\n"); CALL(getgroups, 39, o); CALL(getgroups, 40, 8));
}
static void files(void)
{
	SECTION("fsuid and files");
	mkdir("dir", 0700);
	chown("dir", 1000, 1000);
	make_file("dir/in", "x", 0600);
	make_file("mine", "x", 0600);
	chown("mine", 1000, 1000);
	make_file("group", "x", 0060);
	chown("group", 0, 2000);
	make_file("nobody", "x", 0);
	chown("nobody", 77, 77);
	chmod(".", 0777);
	IN_CHILD("fsuid 1000", CALL(setfsuid, 1000); show_caps("caps"); SHOW_OK(open("mine", O_RDWR)); SHOW_OK(open("dir/new", O_CREAT | O_RDWR, 0600));
		 SHOW_OK(open("nobody", O_RDONLY)); CALL(chown, "mine", 5, 5); CALL(access, "nobody", R_OK); CALL(setfsuid, 0);
		 SHOW_OK(open("nobody", O_RDONLY)); show_caps("caps"); CALL(setfsuid, 12345678); CALL(setfsuid, 0));
	show_stat("dir/new");
	IN_CHILD("groups", gid_t g[2] = { 5, 2000 }; syscall(SYS_setgroups, 2, g); syscall(SYS_setresgid, 6, 6, 6); syscall(SYS_setresuid, 6, 6, 6);
		 SHOW_OK(open("group", O_RDWR)); SHOW_OK(open("mine", O_RDWR)); CALL(access, "group", X_OK));
	IN_CHILD("DAC_READ_SEARCH alone", set_caps(BIT(DAC_READ_SEARCH), BIT(DAC_READ_SEARCH), 0); SHOW_OK(open("nobody", O_RDONLY));
		 SHOW_OK(open("nobody", O_RDWR)); SHOW_OK(open("dir", O_RDONLY)); SHOW_OK(open("dir/in2", O_CREAT | O_RDWR, 0600));
		 CALL(chmod, "mine", 0600));
	IN_CHILD("DAC_OVERRIDE alone", set_caps(BIT(DAC_OVERRIDE), BIT(DAC_OVERRIDE), 0); SHOW_OK(open("nobody", O_RDWR));
		 CALL(access, "nobody", X_OK); CALL(execve, "nobody", NULL, NULL); CALL(chmod, "mine", 0600); CALL(chown, "mine", 5, 5);
		 CALL(unlink, "dir/in"); CALL(rmdir, "dir"));
	IN_CHILD("FOWNER alone", set_caps(BIT(FOWNER), BIT(FOWNER), 0); CALL(chmod, "mine", 06711); show_stat("mine"); CALL(chown, "mine", 5, 5);
		 CALL(open, "nobody", O_RDONLY));
	IN_CHILD("CHOWN alone", set_caps(BIT(CHOWN), BIT(CHOWN), 0); CALL(chown, "mine", 5, 5); CALL(chown, "mine", 1000, 1000);
		 CALL(chmod, "mine", 0600));
	IN_CHILD("none", set_caps(0, 0, 0); show_ids("root without"); CALL(open, "nobody", O_RDONLY); CALL(chmod, "mine", 0600);
		 CALL(kill, 1, 0); CALL(setuid, 5); CALL(chroot, "."); CALL(mknod, "n", S_IFCHR | 0600, 0x103); CALL(setpriority, 0, 0, -1);
		 CALL(sethostname, "x", 1); CALL(mount, "none", ".", "tmpfs", 0, NULL); CALL(umount2, "/proc", 0);
		 CALL(reboot, 0xfee1dead, 672274793, 0, 0); CALL(setdomainname, "x", 1); CALL(vhangup));
	chmod(".", 0755);
}
static void capabilities(void)
{
	SECTION("capset");
	uint32_t h[2], d[6];
	h[0] = 0x20080522;
	h[1] = getpid();
	CALL(capget, h, d);
	CALL(capget, h, NULL);
	CALL(capget, h, 8);
	CALL(capget, 8, d);
	h[1] = -1;
	CALL(capget, h, d);
	h[1] = getppid();
	SHOW_OK(syscall(SYS_capget, h, d));
	CALL(capset, h, d);
	h[0] = 0x19980330;
	h[1] = 0;
	CALL(capget, h, d);
	h[0] = 0x20071026;
	CALL(capget, h, d);
	h[0] = 77;
	CALL(capget, h, NULL);
	SHOW_HEX(h[0]);
	h[0] = 77;
	CALL(capset, h, d);
	h[0] = 0x20080522;
	CALL(capset, h, 8);
	IN_CHILD("effective not permitted", SHOW(set_caps(full, 0, 0)); SHOW(set_caps(BIT(5), BIT(5), 0)); SHOW(set_caps(BIT(6), BIT(5), 0));
		 SHOW(set_caps(0, BIT(5) | BIT(6), 0)); SHOW(set_caps(0, BIT(5), BIT(5))); SHOW(set_caps(0, BIT(5), BIT(7))); show_caps("now"));
	IN_CHILD("inheritable", SHOW(set_caps(full, full, full)); show_caps("now"); SHOW(set_caps(0, 0, full)); show_caps("dropped"));
	IN_CHILD("bounding", CALL(prctl, PR_CAPBSET_DROP, 13, 0, 0, 0); CALL(prctl, PR_CAPBSET_READ, 13, 0, 0, 0); show_caps("dropped");
		 SHOW(set_caps(full, full, BIT(13))); SHOW(set_caps(full, full, BIT(12))); CALL(prctl, PR_CAPBSET_DROP, 99, 0, 0, 0); again("caps"));
	IN_CHILD("user", become(1000); CALL(prctl, PR_CAPBSET_DROP, 13, 0, 0, 0); show_caps("user"));
	SECTION("by set*id");
	IN_CHILD("setresuid(-1, 1000, -1)", CALL(setresuid, -1, 1000, -1); show_caps("user now"); CALL(setresuid, -1, 0, -1); show_caps("back"));
	IN_CHILD("all ids", CALL(setresuid, 1000, 1000, 1000); show_caps("user"));
	IN_CHILD("keeping them", CALL(prctl, PR_SET_KEEPCAPS, 1, 0, 0, 0); CALL(prctl, PR_GET_KEEPCAPS, 0, 0, 0, 0); CALL(setresuid, 1000, 1000, 1000);
		 show_caps("kept"); uint64_t e; uint64_t p; uint64_t i; caps(&e, &p, &i); SHOW(set_caps(p, p, i)); show_caps("raised"); again("caps"));
	CALL(prctl, PR_SET_KEEPCAPS, 2, 0, 0, 0);
	IN_CHILD("secure bits", CALL(prctl, PR_GET_SECUREBITS, 0, 0, 0, 0); CALL(prctl, PR_SET_SECUREBITS, 4, 0, 0, 0);
		 CALL(setresuid, 1000, 1000, 1000); show_caps("no fixup"));
	IN_CHILD("no root", CALL(prctl, PR_SET_SECUREBITS, 1, 0, 0, 0); again("caps"));
	IN_CHILD("locked", CALL(prctl, PR_SET_SECUREBITS, 3, 0, 0, 0); CALL(prctl, PR_SET_SECUREBITS, 0, 0, 0, 0);
		 CALL(prctl, PR_SET_SECUREBITS, 1 << 20, 0, 0, 0); CALL(prctl, PR_GET_SECUREBITS, 0, 0, 0, 0));
	SECTION("ambient");
	IN_CHILD("raised", CALL(prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, 5, 0, 0); SHOW(set_caps(full, full, BIT(5) | BIT(6)));
		 CALL(prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, 5, 0, 0); CALL(prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, 6, 0, 0);
		 CALL(prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_LOWER, 6, 0, 0); CALL(prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, 6, 0, 0);
		 CALL(prctl, PR_CAP_AMBIENT, 9, 6, 0, 0); CALL(prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, 99, 0, 0); show_caps("raised");
		 prctl(PR_SET_KEEPCAPS, 1); syscall(SYS_setresuid, 1000, 1000, 1000); show_caps("user"); again("caps"));
	IN_CHILD("cleared", set_caps(full, full, BIT(5)); prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, 5, 0, 0);
		 CALL(prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0); show_caps("cleared"));
	IN_CHILD("inheritable dropped", set_caps(full, full, BIT(5)); prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, 5, 0, 0);
		 set_caps(full, full, 0); show_caps("dropped"));
}
static void over_exec(void)
{
	SECTION("over exec");
	system("cp /proc/self/exe x 2>/dev/null; true");
	int in = open("/proc/self/exe", O_RDONLY), n;
	static char b[65536];
	const char *names[] = { "plain", "suid", "sgid", "both", "suidroot", "sgidnox" };
	const int modes[] = { 0755, 04755, 02755, 06755, 04755, 02745 };
	for (int i = 0; i < 6; i++) {
		int out = open(names[i], O_CREAT | O_TRUNC | O_WRONLY, 0755);
		lseek(in, 0, SEEK_SET);
		while ((n = read(in, b, sizeof b)) > 0)
			write(out, b, n);
		close(out);
		if (i != 4)
			chown(names[i], 1000, 1001);
		chmod(names[i], modes[i]);
	}
	for (int i = 0; i < 6; i++) {
		strcpy(self, names[i]);
		IN_CHILD("root", printf("%s ", names[i]); fflush(stdout); again("ids"));
		IN_CHILD("user", printf("%s ", names[i]); fflush(stdout); become(2000); again("ids"));
		IN_CHILD("effective user", printf("%s ", names[i]); fflush(stdout); syscall(SYS_setresuid, 0, 2000, 0); again("ids"));
		IN_CHILD("real user", printf("%s ", names[i]); fflush(stdout); syscall(SYS_setresuid, 2000, 0, 0); again("ids"));
	}
	strcpy(self, "suidroot");
	IN_CHILD("no new privileges", CALL(prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); become(2000); again("ids"));
	CALL(prctl, PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0);
	CALL(prctl, PR_SET_NO_NEW_PRIVS, 1, 1, 0, 0);
	CALL(prctl, PR_GET_NO_NEW_PRIVS, 1, 0, 0, 0);
	IN_CHILD("inherited", prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); IN_CHILD("child", CALL(prctl, PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0)));
	strcpy(self, "/proc/self/exe");
	IN_CHILD("saved ids", syscall(SYS_setresuid, 5, 6, 7); again("ids"));
	IN_CHILD("fs ids", syscall(SYS_setresuid, 0, 0, 0); syscall(SYS_setfsuid, 9L); again("ids"));
	IN_CHILD("real root, effective user", syscall(SYS_setresuid, 0, 6, 6); again("caps"));
	IN_CHILD("effective root alone", syscall(SYS_setresuid, 6, 0, 6); again("caps"));
	IN_CHILD("dumpable", CALL(prctl, PR_GET_DUMPABLE, 0, 0, 0, 0); become(2000); CALL(prctl, PR_GET_DUMPABLE, 0, 0, 0, 0); again("dump"));
	strcpy(self, "suidroot");
	IN_CHILD("dumpable, set-id", become(2000); again("dump"));
	CALL(prctl, PR_SET_DUMPABLE, 3, 0, 0, 0);
	CALL(prctl, PR_SET_DUMPABLE, -1, 0, 0, 0);
	IN_CHILD("personality", CALL(personality, 0x0040000); again("persona"));
	IN_CHILD("death signal", CALL(prctl, PR_SET_PDEATHSIG, 9, 0, 0, 0); become(2000); again("pdeath"));
	strcpy(self, "plain");
	IN_CHILD("death signal", CALL(prctl, PR_SET_PDEATHSIG, 9, 0, 0, 0); again("pdeath"));
	IN_CHILD("cleared by set*id", CALL(prctl, PR_SET_PDEATHSIG, 9, 0, 0, 0); become(2000); int s = 0; CALL(prctl, PR_GET_PDEATHSIG, &s, 0, 0, 0);
		 SHOW_INT(s));
	IN_CHILD("a script", system("printf '#!/tmp/w/suidroot ids\\n' > script; chown 2000 script; chmod 4755 script"); become(1000);
		 execl("script", "script", NULL));
}
int main(int argc, char **argv)
{
	uint64_t e, p, i;
	caps(&e, &p, &i);
	full = e & ~BIT(SYS_RESOURCE);
	if (argc > 1) {
		full = 0;
		for (int c = 0; c < 41; c++)
			full |= (uint64_t)(c != SYS_RESOURCE) << c;
		if (!strcmp(argv[1], "ids")) {
			show_ids("ids");
			show_caps("  caps");
		} else if (!strcmp(argv[1], "caps")) {
			show_caps("after exec");
			CALL(prctl, PR_GET_KEEPCAPS, 0, 0, 0, 0);
		} else if (!strcmp(argv[1], "dump")) {
			CALL(prctl, PR_GET_DUMPABLE, 0, 0, 0, 0);
		} else if (!strcmp(argv[1], "persona")) {
			SHOW_HEX(syscall(SYS_personality, 0xffffffff));
		} else if (!strcmp(argv[1], "pdeath")) {
			int s = -1;
			prctl(PR_GET_PDEATHSIG, &s);
			SHOW_INT(s);
		}
		return 0;
	}
	strcpy(self, "/proc/self/exe");
	changing();
	files();
	capabilities();
	over_exec();
	return 0;
}
