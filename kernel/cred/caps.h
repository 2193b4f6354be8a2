/* SPDX-License-Identifier: MIT
 * cred/caps.h - what changes of user ids do to capabilities; inside of the chapter. */
#pragma once
#include <cred/cred.h>
/* capabilities(7), "Effect of user ID changes on capabilities": c has the new ids, old what they were. */
void caps_fix_setuid(struct cred *c, const struct cred *old);
void caps_fix_setfsuid(struct cred *c, uid_t old_fsuid);
