/* SPDX-License-Identifier: MIT
 *
 * tests/i386/adjtime.c - adjtimex(2) in both of its layouts; rseq(2) from 32-bit code. */
#include "start.h"

enum { NR_adjtimex = 124, NR_clock_adjtime = 343, NR_rseq = 386, NR_clock_adjtime64 = 405 };

static void layout32(int nr)
{
	long tx[34] = { 0 };

	tx[33] = tx[32] = 77; /* behind the structure of 128 bytes */
	SHOW((nr == NR_adjtimex ? SYS(nr, tx) : SYS(nr, 0, tx)) >= 0);
	SHOW(tx[7]); /* precision */
	SHOW(tx[8]); /* tolerance */
	SHOW(tx[11] > 9000 && tx[11] < 11000);
	SHOW(tx[9] - SYS(NR_time, 0) < 2 && SYS(NR_time, 0) - tx[9] < 2);
	SHOW(tx[32] == 77 && tx[33] == 77);
}

static void layout64(void)
{
	s64 tx[27] = { 0 };

	tx[26] = 77; /* behind the structure of 208 bytes */
	SHOW(SYS(NR_clock_adjtime64, 0, tx) >= 0);
	SHOW(tx[7]);
	SHOW(tx[8]);
	SHOW(tx[11] > 9000 && tx[11] < 11000);
	SHOW((long)tx[9] - SYS(NR_time, 0) < 2 && SYS(NR_time, 0) - (long)tx[9] < 2);
	SHOW(tx[26]);
	SHOW(SYS(NR_clock_adjtime64, 1, tx));
}

int program(int argc, char **argv, char **envp)
{
	static u32 area[16] __attribute__((aligned(32)));

	(void)argc, (void)argv, (void)envp;
	layout32(NR_adjtimex);
	layout32(NR_clock_adjtime);
	layout64();
	SHOW(SYS(NR_adjtimex, 0));
	area[0] = area[1] = 12345;
	SHOW(SYS(NR_rseq, area, 32, 0, 0x53053053));
	SHOW(area[0] == area[1] && area[0] < 1024);
	SHOW(SYS(NR_rseq, area, 32, 0, 0x53053053));
	SHOW(SYS(NR_rseq, area, 32, 1, 0x53053053));
	SHOW(area[0]);
	SHOW((int)area[1]);
	return 0;
}
