/* SPDX-License-Identifier: MIT
 * tests/i386/shm.c - System V shared memory by ipc(2) and by the numbers of its own calls */
#include "start.h"

enum { NR_ipc = 117, NR_shmget = 395, NR_shmctl = 396, NR_shmat = 397, NR_shmdt = 398 };
enum { SHMAT = 21, SHMDT, SHMGET, SHMCTL, IPC_RMID = 0, IPC_SET = 1, IPC_STAT = 2, IPC_INFO = 3, IPC_64 = 0x100, SHM_INFO = 14 };

static u32 st[21]; /* struct shmid64_ds */

static void stat_of(const char *what, int id)
{
	say_number(what, SYS(NR_shmctl, id, IPC_STAT, st), 10);
	say_number("  mode ", st[5], 8);
	say_number("  uid ", st[1], 10);
	say_number("  size ", st[9], 10);
	say_number("  attached ", st[18], 10);
}

int program(int argc, char **argv, char **envp)
{
	u32 at = 0, limits[9];
	int id;

	(void)argc;
	(void)argv;
	(void)envp;
	id = SYS(NR_ipc, SHMGET, 0, 5000, 0640, 0);
	say_number("made ", id >= 0, 10);
	say_number("shmat ", SYS(NR_ipc, SHMAT, id, 0, &at, 0), 10);
	say_number("address ", at != 0, 10);
	*(u32 *)at = 42;
	u32 second = SYS(NR_shmat, id, 0, 0);
	say_number("the same memory ", *(u32 *)second, 10);
	stat_of("stat ", id);
	say_number("ipc stat ", SYS(NR_ipc, SHMCTL, id, IPC_STAT | IPC_64, 0, st), 10);
	st[5] = 0604;
	st[1] = 1000;
	say_number("set ", SYS(NR_ipc, SHMCTL, id, IPC_SET | IPC_64, 0, st), 10);
	stat_of("changed ", id);
	say_number("bad buffer ", SYS(NR_shmctl, id, IPC_STAT, 8), 10);
	say_number("limits ", SYS(NR_shmctl, 0, IPC_INFO, limits) >= 0, 10);
	say_number("  max ", limits[0], 10);
	say_number("  all ", limits[4], 16);
	say_number("shmdt ", SYS(NR_ipc, SHMDT, 0, 0, 0, at), 10);
	say_number("shmdt ", SYS(NR_shmdt, second), 10);
	say_number("again ", SYS(NR_shmdt, second), 10);
	say_number("remove ", SYS(NR_ipc, SHMCTL, id, IPC_RMID | IPC_64, 0, 0), 10);
	say_number("gone ", SYS(NR_shmctl, id, IPC_STAT, st), 10);
	say_number("no such call ", SYS(NR_ipc, 99, 0, 0, 0, 0), 10);
	return 0;
}
