/* SPDX-License-Identifier: MIT
 * tools/zerno/image.h - tar files and container images as boot archives, kept for the next time. */
#pragma once
#include "options.h"
/* The boot archive made of an image (a tar file, oci:DIR[:TAG], docker-archive:FILE); o gets the image's environment,
 * working directory and, without a command of the user's, its command.  Dies when it cannot. */
char *image_archive(struct options *o, const char *spec);
/* `zerno rootfs build SPEC | ls | rm NAME...`: an exit status. */
int image_command(int argc, char **argv);
