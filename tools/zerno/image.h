/* SPDX-License-Identifier: MIT
 * tools/zerno/image.h - Debian, tar files and container images as disk images, kept for the next time. */
#pragma once
#include "options.h"
/* The ext4 image made of a SPEC (debian[:PACKAGE,...], a tar file, oci:DIR[:TAG], docker-archive:FILE); o gets the image's
 * environment, working directory, user and, without a command of the user's, its command.  Dies when it cannot. */
char *image_disk(struct options *o, const char *spec);
/* `zerno rootfs build SPEC | ls | rm NAME...`: an exit status. */
int image_command(int argc, char **argv);
