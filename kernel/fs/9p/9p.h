/* SPDX-License-Identifier: MIT
 * fs/9p/9p.h - folders of the host as a file system (mount -t 9p). */
#pragma once
void p9_init(void); /* boot */
