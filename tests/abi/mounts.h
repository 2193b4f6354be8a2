/* SPDX-License-Identifier: MIT
 * tests/abi/mounts.h - what fsopen.c and mountfd.c both look at: mounts, and what a descriptor stands for */
#pragma once
#include "abi.h"

/* The mounts at or below this name, without their numbers. */
static inline void mounts_at(const char *name)
{
	char c[200];
	snprintf(c, sizeof c, "grep ' /tmp/w/%s' /proc/self/mountinfo | sed 's/master:[0-9]*/master/;s/shared:[0-9]*/shared/' | cut -d' ' -f4-", name);
	fflush(stdout);
	system(c);
}

static inline void show_link(int fd)
{
	char name[50], l[100];
	snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
	ssize_t n = readlink(name, l, sizeof l);
	printf("link: %.*s\n", (int)n, l);
}
