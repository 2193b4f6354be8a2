/* SPDX-License-Identifier: MIT
 *
 * tools/zerno/console.c - keeps the last 64 KiB of the guest's console
 */
#define _GNU_SOURCE
#include "console.h"
#include "options.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { KEEP = 65536, SHOW_LINES = 60 };
static char kept[KEEP];
static size_t total; /* bytes ever added */
static int copy_fd = -1;

void console_open(const char *where)
{
	if (!where || !strcmp(where, "off"))
		return;
	copy_fd = strcmp(where, "stderr") ? open(where, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666) : 2;
	if (copy_fd < 0)
		die("--console %s: %s", where, strerror(errno));
}

void console_add(const char *t, size_t n)
{
	if (copy_fd >= 0)
		(void)!write(copy_fd, t, n);
	for (size_t i = 0; i < n; i++)
		kept[total++ % KEEP] = t[i];
}

void console_show(void)
{
	size_t start = total, lines = 0, oldest = total > KEEP ? total - KEEP : 0;

	if (copy_fd == 2 || !total)
		return;
	while (start > oldest && lines <= SHOW_LINES)
		lines += kept[--start % KEEP] == '\n';
	start += lines > SHOW_LINES;
	complain("the last lines of the guest's console:");
	for (; start < total; start++)
		if (kept[start % KEEP] != '\r')
			(void)!write(2, &kept[start % KEEP], 1);
	if (kept[(total - 1) % KEEP] != '\n')
		(void)!write(2, "\n", 1);
}
