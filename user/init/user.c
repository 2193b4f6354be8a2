/* SPDX-License-Identifier: MIT
 *
 * user/init/user.c - the command runs as USER[:GROUP], names or numbers of the guest's own /etc/passwd and group
 *
 * Manual:    passwd(5), group(5), setuid(2)
 *
 * The files are read here, without the C library's switch of name services, of which a static program has none.
 */
#define _GNU_SOURCE
#include "init.h"
#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The numbers in the 3rd and (second != NULL) 4th field of the line that begins with name, or whose 3rd field is it. */
static bool look_up(const char *file, const char *name, unsigned *first, unsigned *second)
{
	char line[1024], word[128], number[32];
	unsigned a, b;
	bool found = false;
	FILE *f = fopen(file, "r");

	while (f && !found && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%127[^:]:%*[^:]:%u:%u", word, &a, &b) < (second ? 3 : 2))
			continue;
		snprintf(number, sizeof(number), "%u", a);
		if (strcmp(word, name) && strcmp(number, name))
			continue;
		found = true;
		*first = a;
		if (second)
			*second = b;
	}
	if (f)
		fclose(f);
	return found;
}

/* A number, also one that no file knows. */
static bool number_of(const char *s, unsigned *n)
{
	char *end;

	*n = (unsigned)strtoul(s, &end, 10);
	return end != s && !*end;
}

int user_become(const char *spec)
{
	char name[128], *group;
	unsigned uid, gid = 0;

	snprintf(name, sizeof(name), "%s", spec);
	group = strchr(name, ':');
	if (group)
		*group++ = 0;
	if (!look_up("/etc/passwd", name, &uid, &gid) && !number_of(name, &uid))
		return ENOENT;
	if (group && !look_up("/etc/group", group, &gid, NULL) && !number_of(group, &gid))
		return ENOENT;
	if (setgroups(1, (const gid_t[]){ gid }) || setgid(gid) || setuid(uid))
		return errno;
	return 0;
}
