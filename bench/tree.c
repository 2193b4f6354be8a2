/* SPDX-License-Identifier: MIT
 * bench/tree.c - creates, stats or removes N small files in ten folders; a program so small that the kernel is what is measured.
 *
 * usage: tree create|stat|unlink FOLDER N
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void on_each(const char *what, const char *folder, int i)
{
	char path[4096];
	struct stat st;
	int fd, failed;
	snprintf(path, sizeof(path), "%s/%d/file%d", folder, i % 10, i);
	if (!strcmp(what, "create")) {
		fd = open(path, O_CREAT | O_EXCL | O_WRONLY, 0644);
		failed = fd < 0 || write(fd, path, 100) != 100 || close(fd);
	} else {
		failed = !strcmp(what, "stat") ? stat(path, &st) : unlink(path);
	}
	if (failed) {
		perror(path);
		exit(1);
	}
}

int main(int argc, char **argv)
{
	char path[4096];
	if (argc != 4)
		return 2;
	for (int d = 0; d < 10; d++) {
		snprintf(path, sizeof(path), "%s/%d", argv[2], d);
		mkdir(path, 0755);
	}
	for (int i = 0, n = atoi(argv[3]); i < n; i++)
		on_each(argv[1], argv[2], i);
	return 0;
}
