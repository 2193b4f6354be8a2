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
 * Tests:     tests/abi/cred.c, tests/abi/filecap.c
 *
 * Theory
 * ------
 * At execve, with F the file's sets and P the process's (capabilities(7)):
 *
 *     P'(ambient)     = file is set-id or has capabilities ? 0 : P(ambient)
 *     P'(permitted)   = (P(inheritable) & F(inheritable)) | (F(permitted) & P(bounding)) | P'(ambient)
 *     P'(effective)   = F(effective) ? P'(permitted) : P'(ambient)
 *
 * F is what the file's attribute security.capability says (file_caps.h).  When root runs it (real or effective id 0,
 * SECBIT_NOROOT off), it counts as one with all of them; without root and without the attribute F is empty.
 *
 * Nothing is gained when someone could use the program for his own ends: it is traced, shares its working directory with
 * others, or has promised to have no new privileges.
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

/* What the file itself gives: 0, or -EPERM when a program that relies on its capabilities would not get them all. */
static int exec_file_caps(struct cred *c, const struct cred_exec *x)
{
	u64 permitted = x->caps.permitted & CAP_FULL_SET;

	c->cap_permitted =
	        (permitted & c->cap_bounding) | (x->caps.inheritable & CAP_FULL_SET & c->cap_inheritable);
	return x->caps.effective && permitted & ~c->cap_permitted ? -EPERM : 0;
}

/* Is root's name worth all capabilities?  A set-user-id root program that carries capabilities means just those. */
static bool exec_root_counts(const struct cred *c, const struct cred_exec *x)
{
	if (c->securebits & SECBIT_NOROOT || (c->uid && c->euid))
		return false;
	return !(x->has_caps && c->uid && !c->euid);
}

int cred_exec(struct cred *c, struct cred_exec *x)
{
	const u64 had = c->cap_permitted;
	bool may_setuid = cred_capable(c, CAP_SETUID), effective = x->has_caps && x->caps.effective, set_id;
	int err;

	if (x->setuid)
		c->euid = x->uid;
	if (x->setgid)
		c->egid = x->gid;
	set_id = c->euid != c->uid || c->egid != c->gid;
	c->cap_permitted = 0;
	err = x->has_caps ? exec_file_caps(c, x) : 0;
	if (err)
		return err;
	if (exec_root_counts(c, x)) {
		c->cap_permitted = c->cap_bounding | c->cap_inheritable;
		effective |= !c->euid;
	}
	x->gained = c->cap_permitted & ~had;
	if (x->no_gain && (set_id || x->gained)) {
		if (!may_setuid) {
			c->euid = c->uid;
			c->egid = c->gid;
		}
		c->cap_permitted &= had;
	}
	c->suid = c->fsuid = c->euid;
	c->sgid = c->fsgid = c->egid;
	if (set_id || x->has_caps)
		c->cap_ambient = 0;
	c->cap_permitted |= c->cap_ambient;
	c->cap_effective = effective ? c->cap_permitted : c->cap_ambient;
	c->securebits &= ~(u32)SECBIT_KEEP_CAPS;
	x->secure = set_id || (c->uid && (effective || c->cap_permitted & ~c->cap_ambient));
	return 0;
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
