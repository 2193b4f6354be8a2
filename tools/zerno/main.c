/* SPDX-License-Identifier: MIT
 *
 * tools/zerno/main.c - `zerno`, the launcher: run | rootfs | doctor | version
 */
#define _GNU_SOURCE
#include "console.h"
#include "doctor.h"
#include "image.h"
#include "options.h"
#include "rootfs.h"
#include "session.h"
#include "vmm.h"
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#ifndef ZERNO_VERSION
#define ZERNO_VERSION "unknown"
#endif

static void usage(FILE *to)
{
	fputs("usage: zerno run [options] [--] [command [argument...]]   run a program (or a shell) on "
	      "Zerno\n"
	      "       zerno rootfs build SPEC | ls | rm NAME...          kept images\n"
	      "       zerno doctor                                       look for what is missing on this "
	      "host\n"
	      "       zerno version\n"
	      "`zerno run --help` lists the options.\n",
	      to);
}

static int run(int argc, char **argv)
{
	struct options o;
	struct vmm v;
	int err = options_parse(&o, argc, argv);

	if (err)
		return err;
	int root = rootfs_make(&o);
	for (char **e = o.given; e && *e; e++)
		env_set(&o.env, *e);
	vmm_prepare(&v, &o, root);
	if (o.dry_run) {
		vmm_print(&v);
		return 0;
	}
	console_open(o.console);
	session_block_signals();
	vmm_start(&v);
	close(root);
	return session_run(&v, &o);
}

int main(int argc, char **argv)
{
	const char *command = argc > 1 ? argv[1] : "";

	if (!strcmp(command, "run"))
		return run(argc - 1, argv + 1);
	if (!strcmp(command, "rootfs"))
		return image_command(argc - 2, argv + 2);
	if (!strcmp(command, "doctor"))
		return doctor();
	if (!strcmp(command, "version") || !strcmp(command, "--version")) {
		puts("zerno " ZERNO_VERSION);
		return 0;
	}
	const bool help = !strcmp(command, "help") || !strcmp(command, "--help") || !strcmp(command, "-h");
	usage(help ? stdout : stderr);
	return help ? 0 : EXIT_LAUNCHER;
}
