/* SPDX-License-Identifier: MIT
 *
 * tools/zerno/swap.c - an empty swap area for one run
 *
 * A file without a name, in $TMPDIR or /var/tmp, that mkswap(8) has formatted: it takes room when the guest writes to it,
 * and goes when the launcher and QEMU do.
 */
#define _GNU_SOURCE
#include "swap.h"
#include "options.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void format(const char *file)
{
	int status = 0;
	pid_t pid = fork();

	if (pid < 0)
		die("fork: %s", strerror(errno));
	if (!pid) {
		/* A file to be opened by its number is nobody else's: mkswap's warning about its mode does not matter. */
		int null = open("/dev/null", O_RDWR);
		dup2(null, 1);
		dup2(null, 2);
		execl("/sbin/mkswap", "mkswap", "-L", "zerno-swap", file, (char *)NULL);
		_exit(127);
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (status)
		die(WIFEXITED(status) && WEXITSTATUS(status) == 127
		            ? "--swap: /sbin/mkswap is not installed"
		            : "--swap: mkswap refused: is it too small?");
}

char *swap_make(unsigned long long bytes)
{
	const char *dir = getenv("TMPDIR") ? getenv("TMPDIR") : "/var/tmp";
	int fd = open(dir, O_TMPFILE | O_RDWR, 0600); /* inherited: mkswap and QEMU open it by its number */

	if (fd < 0 || ftruncate(fd, (off_t)bytes))
		die("--swap: %s: %s", dir, strerror(errno));
	char *file = text("/proc/self/fd/%d", fd);
	format(file);
	return file;
}
