/* SPDX-License-Identifier: MIT
 * fs/anon.h - inside fs: boot of the files without names (file_alloc_anon in fs/file.h). */
#pragma once
void anon_init(void);
