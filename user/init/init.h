/* SPDX-License-Identifier: MIT
 * user/init/init.h - the parts of the guest's init: system set-up, the command, the pump between them. */
#pragma once
#include <stdbool.h>
#include <sys/types.h>
#include "../../tools/zerno/frame.h"

/* system.c */
void system_setup(void);    /* mounts, devices, host name: best effort */
int system_open_port(void); /* the launcher's channel; waits a little for it; -1 = none */
_Noreturn void system_power_off(void);

/* finish.c: after the command's end, before it is told: disks are unmounted, volumes written. 0, or -1 after a message */
int system_finish(void);

/* root.c */
int root_enter(void);   /* before system_setup: the root the launcher asked for. 0, or -1 after a message */
int root_volumes(void); /* after it: the 9P volumes */
extern char *root_user; /* USER[:GROUP] who runs the command, or NULL */

/* user.c: takes on the user; 0 or errno. */
int user_become(const char *spec);

/* command.c */
struct command {
	pid_t pid;
	int in, out,
	        err; /* our ends: pipes, or in and out are the pty's master and err is -1.  -1 = closed */
	bool tty;
};
/* Starts the command.  0, or the exit status that tells why not (125, 126, 127), with a message in text. */
int command_start(struct command *c, const struct exec_request *r, char *text, size_t size);
void command_set_size(struct command *c, unsigned rows, unsigned cols);

/* pump.c: serves the launcher on `port` until the command has ended and is told, or the launcher is gone.
 * Returns the command's exit status. */
int pump_run(int port);
