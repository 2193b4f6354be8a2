/* SPDX-License-Identifier: MIT
 *
 * tools/zerno/image.c - Debian, tar files and container images as disk images, kept for the next time
 *
 * The work is done by image.py (Debian's python3): it calls mmdebstrap, reads layers and whiteouts, and writes NAME.ext4
 * and NAME.config in the cache, where NAME is debian with its packages, or comes from the image's path, size and time,
 * so that a changed image is made anew.  The config is lines: "env K=V", "cwd DIR", "user U", "arg WORD" (entry
 * point and command).
 */
#define _GNU_SOURCE
#include "image.h"
#include "rootfs.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char *script_path(void)
{
	char *script = installed_file("ZERNO_IMAGE_PY", "tools/zerno/image.py");

	if (!script)
		die("tools/zerno/image.py is missing");
	return script;
}

/* Runs image.py; its first line of output in an allocation (NULL without), its status in *status. */
static char *run_script(char *const argv[], int *status)
{
	int fds[2];
	char line[4096];
	pid_t pid;

	if (pipe(fds))
		die("pipe: %s", strerror(errno));
	pid = fork();
	if (pid < 0)
		die("fork: %s", strerror(errno));
	if (!pid) {
		dup2(fds[1], 1);
		execvp(argv[0], argv);
		_exit(127);
	}
	close(fds[1]);
	FILE *f = fdopen(fds[0], "r");
	char *got = f && fgets(line, sizeof(line), f) ? text("%.*s", (int)strcspn(line, "\n"), line) : NULL;
	if (f)
		fclose(f);
	while (waitpid(pid, status, 0) < 0 && errno == EINTR)
		;
	return got;
}

static void take_config(struct options *o, const char *path)
{
	bool own_command = o->cmd[0] != NULL;
	char *line = NULL, **args = NULL;
	size_t size = 0;
	FILE *f = fopen(path, "r");

	while (f && getline(&line, &size, f) > 0) {
		line[strcspn(line, "\n")] = 0;
		if (!strncmp(line, "env ", 4))
			env_set(&o->env, text("%s", line + 4));
		else if (!strncmp(line, "cwd ", 4) && !*o->workdir)
			o->workdir = text("%s", line + 4);
		else if (!strncmp(line, "user ", 5) && !o->user)
			o->user = text("%s", line + 5);
		else if (!strncmp(line, "arg ", 4) && !own_command)
			list_add(&args, text("%s", line + 4));
	}
	if (args)
		o->cmd = args;
	free(line);
	if (f)
		fclose(f);
}

char *image_disk(struct options *o, const char *spec)
{
	char *script = script_path();
	char *argv[] = { "python3", script, o->quiet ? "quiet" : "make", (char *)spec, NULL };
	int status;
	char *disk = run_script(argv, &status);

	if (status || !disk)
		die("--rootfs %s: no image was made", spec);
	char *config = text("%s.config", disk);
	take_config(o, config);
	free(config);
	free(script);
	return disk;
}

int image_command(int argc, char **argv)
{
	char **words = NULL;

	list_add(&words, "python3");
	list_add(&words, script_path());
	if (argc < 1 || (strcmp(argv[0], "build") && strcmp(argv[0], "ls") && strcmp(argv[0], "rm"))) {
		fputs("usage: zerno rootfs build SPEC | ls | rm NAME...\n"
		      "SPEC: debian[:PACKAGE,...], FILE.tar[.gz|.xz|.zst], oci:DIR[:TAG], "
		      "docker-archive:FILE.tar\n",
		      stderr);
		return EXIT_LAUNCHER;
	}
	for (int i = 0; i < argc; i++)
		list_add(&words, argv[i]);
	execvp(words[0], words);
	die("python3: %s", strerror(errno));
}
