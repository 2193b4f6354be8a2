/* SPDX-License-Identifier: MIT
 *
 * cred/caps.c - capabilities: the effects of id changes and execve, and capset
 *
 * Owns:      the cap_* fields of struct cred.
 * Layer:     cred.
 * Locks:     none; works on a private copy.
 * Contexts:  any.
 * Manual:    capabilities(7): "Transformation of capabilities during execve()", "Effect of user ID changes on
 *            capabilities"; capset(2).
 * Tests:     tests/abi/cred.c
 * Deviates:  files have no capabilities (no xattr security.capability yet).
 *
 * Theory
 * ------
 * At execve, with F the file's sets and P the process's (capabilities(7)):
 *
 *     P'(ambient)     = file is set-id ? 0 : P(ambient)
 *     P'(permitted)   = (P(inheritable) & F(inheritable)) | (F(permitted) & P(bounding)) | P'(ambient)
 *     P'(effective)   = F(effective) ? P'(permitted) : P'(ambient)
 *
 * A file without capabilities run by root (real or effective id 0, SECBIT_NOROOT off) counts as one with all
 * of them; for anyone else F is empty.
 */
#include <cred/caps.h>
#include <abi/errno.h>

/* Capabilities that follow the file system uid rather than the effective one. */
#define CAP_FS_SET                                                                                           \
	(BIT(CAP_CHOWN) | BIT(CAP_MKNOD) | BIT(CAP_DAC_OVERRIDE) | BIT(CAP_DAC_READ_SEARCH) |                \
	 BIT(CAP_FOWNER) | BIT(CAP_FSETID) | BIT(CAP_LINUX_IMMUTABLE) | BIT(CAP_MAC_OVERRIDE))

void caps_fix_setuid(struct cred *c, const struct cred *old)
{
	bool was_root = !old->uid || !old->euid || !old->suid;
	bool is_root = !c->uid || !c->euid || !c->suid;

	if (c->securebits & SECBIT_NO_SETUID_FIXUP)
		return;
	if (was_root && !is_root) {
		if (!(c->securebits & SECBIT_KEEP_CAPS))
			c->cap_permitted = c->cap_effective = 0;
		c->cap_ambient = 0;
	}
	if (!old->euid && c->euid)
		c->cap_effective = 0;
	if (old->euid && !c->euid)
		c->cap_effective = c->cap_permitted;
}

void caps_fix_setfsuid(struct cred *c, uid_t old_fsuid)
{
	if (c->securebits & SECBIT_NO_SETUID_FIXUP)
		return;
	if (!old_fsuid && c->fsuid)
		c->cap_effective &= ~CAP_FS_SET;
	if (old_fsuid && !c->fsuid)
		c->cap_effective |= c->cap_permitted & CAP_FS_SET;
}

void cred_exec(struct cred *c, bool setuid, uid_t uid, bool setgid, gid_t gid)
{
	u64 file_permitted = 0, file_inheritable = 0;
	bool file_effective = false;

	if (setuid)
		c->euid = uid;
	if (setgid)
		c->egid = gid;
	c->suid = c->fsuid = c->euid;
	c->sgid = c->fsgid = c->egid;

	if (c->euid != c->uid || c->egid != c->gid)
		c->cap_ambient = 0;
	if (!(c->securebits & SECBIT_NOROOT) && (!c->uid || !c->euid)) {
		file_permitted = file_inheritable = CAP_FULL_SET;
		file_effective = !c->euid;
	}
	c->cap_permitted =
	        (c->cap_inheritable & file_inheritable) | (file_permitted & c->cap_bounding) | c->cap_ambient;
	c->cap_effective = file_effective ? c->cap_permitted : c->cap_ambient;
	c->securebits &= ~(u32)SECBIT_KEEP_CAPS;
}

int cred_capset(struct cred *c, u64 effective, u64 permitted, u64 inheritable)
{
	effective &= CAP_FULL_SET;
	permitted &= CAP_FULL_SET;
	inheritable &= CAP_FULL_SET;

	/* capset(2): without CAP_SETPCAP new inheritable ones must be permitted; with it, be in the bounding
	 * set. */
	if (!cred_capable(c, CAP_SETPCAP) && inheritable & ~(c->cap_inheritable | c->cap_permitted))
		return -EPERM;
	if (inheritable & ~(c->cap_inheritable | c->cap_bounding))
		return -EPERM;
	if (permitted & ~c->cap_permitted || effective & ~permitted)
		return -EPERM;
	c->cap_effective = effective;
	c->cap_permitted = permitted;
	c->cap_inheritable = inheritable;
	c->cap_ambient &= permitted & inheritable;
	return 0;
}
