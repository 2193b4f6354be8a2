/* SPDX-License-Identifier: MIT
 *
 * syscall/user_layout.c - structures of the caller that have another layout in the i386 ABI
 *
 * Owns:      nothing.
 * Layer:     syscall.  Uses base/iov, proc (the task's call_layout).
 * Locks:     none.
 * Contexts:  process context of a user task; may sleep.
 * Manual:    syscall(2); the structures' own pages.
 * Tests:     tests/i386, tests/abi.
 *
 * Theory
 * ------
 * Most structures that differ are rows of longs: 8 bytes each, or 4 in an i386 call.  A handler reads them with
 * longs_get() and knows only the wide form:
 *
 *     struct timeval      sec        usec            | sec | usec |
 *                    0          8          16        0     4      8
 *
 * The calls from number 403 on have 64-bit times on i386 too; there only the upper half of tv_nsec is
 * padding.  A call whose structure differs in more than that has a handler of its own (compat_*.c).
 */
#include <syscall/syscall.h>
#include <lib/string.h>

int user_struct_get(void *to, size_t known, size_t least, const void __user *u, size_t size)
{
	u64 word;

	if (size > PAGE_SIZE)
		return -E2BIG;
	if (size < least)
		return -EINVAL;
	/* Word by word: a word that is set is found before the end of what can be read. */
	for (size_t at = known; at < size; at += sizeof(word)) {
		word = 0;
		if (copy_from_user(&word, (const u8 __user *)u + at, MIN(sizeof(word), size - at)))
			return -EFAULT;
		if (word)
			return -E2BIG;
	}
	memset(to, 0, known);
	return copy_from_user(to, u, MIN(size, known)) ? -EFAULT : 0;
}

int longs_get(s64 *to, const void __user *u, unsigned n)
{
	if (!call_small())
		return copy_from_user(to, u, n * sizeof(*to));
	/* The narrow ones go to the upper end, and are widened from the front without touching those to come. */
	s32 *narrow = (s32 *)(to + n) - n;
	if (copy_from_user(narrow, u, n * sizeof(*narrow)))
		return -EFAULT;
	for (unsigned i = 0; i < n; i++) {
		s32 v;

		memcpy(&v, narrow + i, sizeof(v));
		to[i] = v;
	}
	return 0;
}

int longs_put(void __user *u, const s64 *from, unsigned n)
{
	if (!call_small())
		return copy_to_user(u, from, n * sizeof(*from));
	for (unsigned i = 0; i < n; i++)
		if (put_user((s32)from[i], (s32 __user *)u + i))
			return -EFAULT;
	return 0;
}

int timespecs_get(struct timespec_k *to, const struct timespec_k __user *u, unsigned n)
{
	if (unlikely(current_task()->call_layout == CALL_I386))
		return longs_get((s64 *)to, u, 2 * n);
	if (copy_from_user(to, u, n * sizeof(*to)))
		return -EFAULT;
	if (call_small())
		for (unsigned i = 0; i < n; i++)
			to[i].tv_nsec = (s32)to[i].tv_nsec;
	return 0;
}

struct sigaction32 {
	u32 handler, flags, restorer, mask[2];
};

int sigaction_get(struct sigaction_k *to, const struct sigaction_k __user *u)
{
	struct sigaction32 s;

	if (!call_small())
		return copy_from_user(to, u, sizeof(*to));
	if (copy_from_user(&s, u, sizeof(s)))
		return -EFAULT;
	*to = (struct sigaction_k){ s.handler, s.flags, s.restorer, s.mask[0] | (u64)s.mask[1] << 32 };
	return 0;
}

int sigaction_put(struct sigaction_k __user *u, const struct sigaction_k *from)
{
	struct sigaction32 s = { (u32)from->handler,
		                 (u32)from->flags,
		                 (u32)from->restorer,
		                 { (u32)from->mask, (u32)(from->mask >> 32) } };

	return call_small() ? copy_to_user(u, &s, sizeof(s)) : copy_to_user(u, from, sizeof(*from));
}

int sigaltstack_get(struct sigaltstack_k *to, const struct sigaltstack_k __user *u)
{
	u32 s[3];

	if (!call_small())
		return copy_from_user(to, u, sizeof(*to));
	if (copy_from_user(s, u, sizeof(s)))
		return -EFAULT;
	*to = (struct sigaltstack_k){ s[0], (s32)s[1], 0, s[2] };
	return 0;
}

int sigaltstack_put(struct sigaltstack_k __user *u, const struct sigaltstack_k *from)
{
	u32 s[3] = { (u32)from->ss_sp, (u32)from->ss_flags, (u32)from->ss_size };

	return call_small() ? copy_to_user(u, s, sizeof(s)) : copy_to_user(u, from, sizeof(*from));
}

int siginfo_put(struct siginfo __user *u, const struct siginfo *from, bool head)
{
	struct siginfo32 s;

	if (!call_small())
		return copy_to_user(
		        u, from, head ? offsetof(struct siginfo, chld.status) + sizeof(s32) : sizeof(*from));
	siginfo_narrow(&s, from);
	return copy_to_user(u, &s, head ? offsetof(struct siginfo32, chld.status) + sizeof(s32) : sizeof(s));
}

int sigevent_get(struct sigevent_k *to, const struct sigevent_k __user *u)
{
	u32 s[4]; /* value, signal, how, thread; padding to 64 bytes */

	if (!call_small())
		return copy_from_user(to, u, sizeof(*to));
	if (copy_from_user(s, u, sizeof(s)))
		return -EFAULT;
	*to = (struct sigevent_k){ .value = s[0], .signo = (s32)s[1], .notify = (s32)s[2], .tid = (s32)s[3] };
	return 0;
}

int siginfo_get(struct siginfo *to, const struct siginfo __user *u)
{
	struct siginfo32 s;

	if (!call_small())
		return copy_from_user(to, u, sizeof(*to));
	if (copy_from_user(&s, u, sizeof(s)))
		return -EFAULT;
	memset(to, 0, sizeof(*to));
	to->si_signo = s.si_signo;
	to->si_errno = s.si_errno;
	to->si_code = s.si_code;
	to->pid = s.pid;
	to->uid = s.uid;
	to->value = s.value;
	return 0;
}
