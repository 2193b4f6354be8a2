/* SPDX-License-Identifier: MIT
 * fs/overlay/overlay.h - a writable tree above read-only ones (mount -t overlay). */
#pragma once
void overlay_init(void); /* boot */
