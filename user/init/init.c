/* SPDX-License-Identifier: MIT
 *
 * user/init/init.c - PID 1 of a guest that `zerno run` has started
 *
 * Prepares the system, opens the channel to the launcher, says HELLO, runs the command it is given (pump.c), tells
 * its exit status and powers the machine off.  With `--fd N`, when it is not PID 1, it serves that descriptor
 * instead of a port: so the launcher's side can be tested without a guest.
 */
#define _GNU_SOURCE
#include "init.h"
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	if (getpid() != 1) {
		if (argc != 3 || strcmp(argv[1], "--fd"))
			return 2;
		int fd = atoi(argv[2]);
		fcntl(fd, F_SETFL, O_NONBLOCK);
		fcntl(fd, F_SETFD, FD_CLOEXEC);
		return pump_run(fd);
	}
	mkdir("/dev", 0755);
	bool good = !mount("devtmpfs", "/dev", "devtmpfs", 0, NULL) && !root_enter();
	system_setup();
	good &= !root_volumes();
	if (!good)
		system_power_off(); /* the launcher shows what was said: no EXIT frame */
	int port = system_open_port();
	if (port >= 0)
		pump_run(port);
	system_power_off();
}
