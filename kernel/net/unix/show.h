/* SPDX-License-Identifier: MIT
 * net/unix/show.h - what the chapters above may ask of AF_UNIX. */
#pragma once
struct seq;
void unix_boot(void);
/* The text of /proc/net/unix. */
int unix_show(struct seq *s);
extern int unix_max_dgram_qlen; /* net.unix.max_dgram_qlen */
