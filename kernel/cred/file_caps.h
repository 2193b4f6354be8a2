/* SPDX-License-Identifier: MIT
 * cred/file_caps.h - the capabilities a program file carries in its attribute security.capability. */
#pragma once
#include <abi/types.h>

enum { FILE_CAPS_V2 = 20, FILE_CAPS_V3 = 24, FILE_CAPS_MAX = FILE_CAPS_V3 }; /* bytes of the value */
struct file_caps {
	u64 permitted, inheritable;
	bool effective; /* what the program gets is in force at once */
	uid_t rootid;   /* whose root gave them; 0: the system's */
};
/* 0, or -EINVAL: not the bytes of revision 2 or 3.  Capabilities that do not exist are kept. */
MUST_CHECK int file_caps_parse(struct file_caps *fc, const void *value, size_t size);
/* Makes of the bytes what getxattr(2) shows: revision 3 of the system's root becomes 2.  The new size or -EINVAL. */
ssize_t file_caps_show(void *value, size_t size);
