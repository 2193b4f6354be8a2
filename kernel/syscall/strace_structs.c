/* SPDX-License-Identifier: MIT
 *
 * syscall/strace_structs.c - structs of the caller as text, briefly
 *
 * Owns:      nothing.
 * Layer:     syscall.
 * Locks:     none.
 * Contexts:  process context of a user task; may sleep (reads user memory).
 * Manual:    strace(1) for the style; the page of each call for the struct.
 * Tests:     tests/debian/strace.cases
 *
 * Only what a reader looks for is shown: the size and mode of a stat, the bits of a sigset.  A struct that is
 * not listed here, or cannot be read, is its address.
 */
#include <syscall/strace.h>
#include <lib/string.h>
#include <abi/resource.h>
#include <abi/epoll.h>
#include <abi/poll.h>
#include <abi/utsname.h>

enum { ELEMENTS_SHOWN = 4 };

/* The bytes of one element, already in kernel memory. */
union strace_object {
	s64 word;
	s32 pair[2];
	struct timespec_k ts[2];
	struct timeval_k tv[2];
	struct itimerval_k itimer;
	struct itimerspec_k itimer_ns;
	struct sigaction_k sa;
	struct stat_k st;
	struct statx_k stx;
	struct rlimit64_k rlim;
	struct pollfd_k poll;
	struct epoll_event epoll;
	struct iovec iov;
	struct siginfo info;
	struct utimbuf_k utimbuf;
	u8 bytes[256];
};

static void put_timespec(struct strace_line *s, const union strace_object *o)
{
	strace_put(s, "{tv_sec=%lld, tv_nsec=%lld}", (long long)o->ts[0].tv_sec, (long long)o->ts[0].tv_nsec);
}

static void put_timeval(struct strace_line *s, const union strace_object *o)
{
	strace_put(s, "{tv_sec=%lld, tv_usec=%lld}", (long long)o->tv[0].tv_sec, (long long)o->tv[0].tv_usec);
}

static void put_two_times(struct strace_line *s, const union strace_object *o)
{
	strace_put(s, "[{%lld, %lld}, {%lld, %lld}]", (long long)o->ts[0].tv_sec, (long long)o->ts[0].tv_nsec,
	           (long long)o->ts[1].tv_sec, (long long)o->ts[1].tv_nsec);
}

static void put_itimerval(struct strace_line *s, const union strace_object *o)
{
	strace_put(s, "{it_interval={%lld, %lld}, it_value={%lld, %lld}}",
	           (long long)o->itimer.it_interval.tv_sec, (long long)o->itimer.it_interval.tv_usec,
	           (long long)o->itimer.it_value.tv_sec, (long long)o->itimer.it_value.tv_usec);
}

static void put_itimerspec(struct strace_line *s, const union strace_object *o)
{
	strace_put(s, "{it_interval={%lld, %lld}, it_value={%lld, %lld}}",
	           (long long)o->itimer_ns.it_interval.tv_sec, (long long)o->itimer_ns.it_interval.tv_nsec,
	           (long long)o->itimer_ns.it_value.tv_sec, (long long)o->itimer_ns.it_value.tv_nsec);
}

static void put_utimbuf(struct strace_line *s, const union strace_object *o)
{
	strace_put(s, "{actime=%lld, modtime=%lld}", (long long)o->utimbuf.actime,
	           (long long)o->utimbuf.modtime);
}

static void put_sigset(struct strace_line *s, const union strace_object *o)
{
	strace_put_sigset(s, (sigset_k)o->word);
}

static void put_sigaction(struct strace_line *s, const union strace_object *o)
{
	if (o->sa.handler == SIG_DFL || o->sa.handler == SIG_IGN)
		strace_put(s, "{sa_handler=%s, sa_mask=", o->sa.handler == SIG_DFL ? "SIG_DFL" : "SIG_IGN");
	else
		strace_put(s, "{sa_handler=0x%lx, sa_mask=", o->sa.handler);
	strace_put_sigset(s, o->sa.mask);
	strace_put(s, ", sa_flags=");
	strace_put_flags(s, "sa", o->sa.flags);
	strace_put(s, "}");
}

static void put_stat(struct strace_line *s, const union strace_object *o)
{
	strace_put(s, "{st_mode=0%o, st_size=%lld, ...}", o->st.st_mode, (long long)o->st.st_size);
}

static void put_statx(struct strace_line *s, const union strace_object *o)
{
	strace_put(s, "{stx_mode=0%o, stx_size=%llu, ...}", o->stx.stx_mode,
	           (unsigned long long)o->stx.stx_size);
}

static void put_limit(struct strace_line *s, u64 v)
{
	if (v == RLIM_INFINITY)
		strace_put(s, "RLIM64_INFINITY");
	else
		strace_put(s, "%llu", (unsigned long long)v);
}

static void put_rlimit(struct strace_line *s, const union strace_object *o)
{
	strace_put(s, "{rlim_cur=");
	put_limit(s, o->rlim.cur);
	strace_put(s, ", rlim_max=");
	put_limit(s, o->rlim.max);
	strace_put(s, "}");
}

static void put_epoll_event(struct strace_line *s, const union strace_object *o)
{
	strace_put(s, "{events=");
	strace_put_flags(s, "epoll", o->epoll.events);
	strace_put(s, ", data=0x%llx}", (unsigned long long)o->epoll.data);
}

static void put_pollfd(struct strace_line *s, const union strace_object *o)
{
	strace_put(s, "{fd=%d, events=", o->poll.fd);
	strace_put_flags(s, "poll", (u16)o->poll.events);
	if (s->after && o->poll.revents) {
		strace_put(s, ", revents=");
		strace_put_flags(s, "poll", (u16)o->poll.revents);
	}
	strace_put(s, "}");
}

static void put_iovec(struct strace_line *s, const union strace_object *o)
{
	strace_put(s, "{iov_base=");
	strace_put_bytes(s, o->iov.base, o->iov.len, STRACE_STRING);
	strace_put(s, ", iov_len=%lu}", (unsigned long)o->iov.len);
}

static void put_fdpair(struct strace_line *s, const union strace_object *o)
{
	strace_put(s, "[%d, %d]", o->pair[0], o->pair[1]);
}

static void put_off(struct strace_line *s, const union strace_object *o)
{
	strace_put(s, "[%lld]", (long long)o->word);
}

static void put_status(struct strace_line *s, const union strace_object *o)
{
	int status = o->pair[0], sig = status & 0x7f;

	if (status == 0xffff) {
		strace_put(s, "[{WIFCONTINUED(s)}]");
	} else if (sig == 0x7f) {
		strace_put(s, "[{WIFSTOPPED(s) && WSTOPSIG(s) == ");
		strace_put_signal(s, status >> 8 & 0xff);
		strace_put(s, "}]");
	} else if (sig) {
		strace_put(s, "[{WIFSIGNALED(s) && WTERMSIG(s) == ");
		strace_put_signal(s, sig);
		strace_put(s, "}]");
	} else {
		strace_put(s, "[{WIFEXITED(s) && WEXITSTATUS(s) == %d}]", status >> 8 & 0xff);
	}
}

static void put_siginfo(struct strace_line *s, const union strace_object *o)
{
	strace_put(s, "{si_signo=");
	strace_put_signal(s, o->info.si_signo);
	strace_put(s, ", si_code=%d, si_pid=%d, si_uid=%u, ...}", o->info.si_code, o->info.pid, o->info.uid);
}

static const struct struct_kind {
	const char *name;
	size_t size;
	void (*put)(struct strace_line *s, const union strace_object *o);
} struct_kinds[] = {
	{ "timespec", sizeof(struct timespec_k), put_timespec },
	{ "timespec2", 2 * sizeof(struct timespec_k), put_two_times },
	{ "timeval", sizeof(struct timeval_k), put_timeval },
	{ "timeval2", 2 * sizeof(struct timeval_k), put_two_times },
	{ "itimerval", sizeof(struct itimerval_k), put_itimerval },
	{ "itimerspec", sizeof(struct itimerspec_k), put_itimerspec },
	{ "utimbuf", sizeof(struct utimbuf_k), put_utimbuf },
	{ "sigset", sizeof(sigset_k), put_sigset },
	{ "sigaction", sizeof(struct sigaction_k), put_sigaction },
	{ "siginfo", sizeof(struct siginfo), put_siginfo },
	{ "stat", sizeof(struct stat_k), put_stat },
	{ "statx", sizeof(struct statx_k), put_statx },
	{ "rlimit", sizeof(struct rlimit64_k), put_rlimit },
	{ "pollfd", sizeof(struct pollfd_k), put_pollfd },
	{ "epoll_event", sizeof(struct epoll_event), put_epoll_event },
	{ "iovec", sizeof(struct iovec), put_iovec },
	{ "fdpair", 2 * sizeof(s32), put_fdpair },
	{ "off", sizeof(s64), put_off },
	{ "status", sizeof(s32), put_status },
};

static const struct struct_kind *struct_find(const char *type, size_t len)
{
	for (size_t i = 0; i < ARRAY_SIZE(struct_kinds); i++)
		if (strlen(struct_kinds[i].name) == len && !strncmp(struct_kinds[i].name, type, len))
			return &struct_kinds[i];
	return NULL;
}

static bool type_is_array(const struct struct_kind *k)
{
	return k->put == put_pollfd || k->put == put_iovec;
}

static void put_elements(struct strace_line *s, const struct struct_kind *k, unsigned long addr,
                         unsigned long n)
{
	union strace_object o = { 0 };

	strace_put(s, "[");
	for (unsigned long i = 0; i < MIN(n, (unsigned long)ELEMENTS_SHOWN); i++) {
		if (copy_from_user(&o, (const void __user *)(addr + i * k->size), k->size))
			break;
		strace_put(s, i ? ", " : "");
		k->put(s, &o);
	}
	strace_put(s, n > ELEMENTS_SHOWN ? ", ...]" : "]");
}

void strace_put_struct(struct strace_line *s, const char *type, size_t type_len, unsigned long addr,
                       unsigned long count)
{
	const struct struct_kind *k = struct_find(type, type_len);
	union strace_object o = { 0 };

	if (type_len == 4 && !strncmp(type, "path", 4))
		strace_put_string(s, addr);
	else if (k && type_is_array(k))
		put_elements(s, k, addr, count);
	else if (k && !copy_from_user(&o, (const void __user *)addr, k->size))
		k->put(s, &o);
	else
		strace_put(s, "0x%lx", addr);
}
