/* SPDX-License-Identifier: MIT
 *
 * syscall/strace_names.c - names of flags, values, signals and errors
 *
 * Owns:      the tables.
 * Layer:     syscall.
 * Locks:     none.
 * Contexts:  any.
 * Manual:    the page of each call.
 * Tests:     tests/debian/strace.cases
 *
 * A name matches when (value & mask) == its value.  For a flag the mask is the flag itself; a field of
 * several bits (the access mode of open) has the field's mask; a value that stands alone has all bits.
 */
#include <lib/bitmap.h>
#include <syscall/strace.h>
#include <lib/string.h>
#include <abi/epoll.h>
#include <abi/eventfd.h>
#include <abi/futex.h>
#include <abi/mman.h>
#include <abi/mount.h>
#include <abi/poll.h>
#include <abi/resource.h>
#include <abi/sched.h>
#include <abi/socket.h>
#include <abi/utsname.h>
#include <abi/wait.h>

struct name {
	u32 mask, value;
	const char *name; /* NULL: the end */
};
#define BITS(x)                                                                                              \
	{                                                                                                    \
		(u32)(x), (u32)(x), #x                                                                       \
	}
#define PART(mask, x)                                                                                        \
	{                                                                                                    \
		mask, (u32)(x), #x                                                                           \
	}
#define EXACT(x)                                                                                             \
	{                                                                                                    \
		~0U, (u32)(x), #x                                                                            \
	}
#define END                                                                                                  \
	{                                                                                                    \
		0, 0, NULL                                                                                   \
	}

/* clang-format off */
static const struct name flags_open[] = {
	PART(3, O_RDONLY), PART(3, O_WRONLY), PART(3, O_RDWR), BITS(O_CREAT), BITS(O_EXCL), BITS(O_NOCTTY),
	BITS(O_TRUNC), BITS(O_APPEND), BITS(O_NONBLOCK), BITS(O_SYNC), BITS(O_DSYNC), BITS(FASYNC),
	BITS(O_DIRECT), BITS(O_LARGEFILE), BITS(O_TMPFILE), BITS(O_DIRECTORY), BITS(O_NOFOLLOW),
	BITS(O_NOATIME), BITS(O_CLOEXEC), BITS(O_PATH), END
};
static const struct name flags_epoll[] = {
	BITS(EPOLLIN), BITS(EPOLLPRI), BITS(EPOLLOUT), BITS(EPOLLERR), BITS(EPOLLHUP), BITS(EPOLLRDNORM),
	BITS(EPOLLRDBAND), BITS(EPOLLWRNORM), BITS(EPOLLWRBAND), BITS(EPOLLMSG), BITS(EPOLLRDHUP),
	BITS(EPOLLEXCLUSIVE), BITS(EPOLLWAKEUP), BITS(EPOLLONESHOT), BITS(EPOLLET), END
};
static const struct name enum_af[] = {
	EXACT(AF_UNSPEC), EXACT(AF_UNIX), END
};
static const struct name flags_socktype[] = {
	PART(15, SOCK_STREAM), PART(15, SOCK_DGRAM), PART(15, SOCK_RAW), PART(15, SOCK_SEQPACKET),
	BITS(SOCK_NONBLOCK), BITS(SOCK_CLOEXEC), END
};
static const struct name flags_msg[] = {
	BITS(MSG_OOB), BITS(MSG_PEEK), BITS(MSG_DONTROUTE), BITS(MSG_CTRUNC), BITS(MSG_TRUNC),
	BITS(MSG_DONTWAIT), BITS(MSG_EOR), BITS(MSG_WAITALL), BITS(MSG_ERRQUEUE), BITS(MSG_NOSIGNAL),
	BITS(MSG_MORE), BITS(MSG_WAITFORONE), BITS(MSG_CMSG_CLOEXEC), END
};
static const struct name enum_epoll_ctl[] = {
	EXACT(EPOLL_CTL_ADD), EXACT(EPOLL_CTL_DEL), EXACT(EPOLL_CTL_MOD), END
};
static const struct name flags_eventfd[] = {
	BITS(EFD_SEMAPHORE), BITS(EFD_NONBLOCK), BITS(EFD_CLOEXEC), END
};
static const struct name flags_at[] = {
	BITS(AT_SYMLINK_NOFOLLOW), BITS(AT_EACCESS), BITS(AT_SYMLINK_FOLLOW), BITS(AT_NO_AUTOMOUNT),
	BITS(AT_EMPTY_PATH), BITS(AT_STATX_FORCE_SYNC), BITS(AT_STATX_DONT_SYNC), END
};
static const struct name flags_unlink[] = {
	BITS(AT_REMOVEDIR), END
};
static const struct name flags_access[] = {
	EXACT(F_OK), BITS(R_OK), BITS(W_OK), BITS(X_OK), END
};
static const struct name flags_rename[] = {
	BITS(RENAME_NOREPLACE), BITS(RENAME_EXCHANGE), BITS(RENAME_WHITEOUT), END
};
static const struct name flags_statx[] = {
	BITS(STATX_BASIC_STATS), BITS(STATX_BTIME), BITS(STATX_MNT_ID), END
};
static const struct name flags_rwf[] = {
	{ 1, 1, "RWF_HIPRI" }, { 2, 2, "RWF_DSYNC" }, { 4, 4, "RWF_SYNC" }, { 8, 8, "RWF_NOWAIT" }, { 16,
	16, "RWF_APPEND" }, END
};
static const struct name flags_close_range[] = {
	BITS(CLOSE_RANGE_UNSHARE), BITS(CLOSE_RANGE_CLOEXEC), END
};
static const struct name flags_flock[] = {
	BITS(LOCK_SH), BITS(LOCK_EX), BITS(LOCK_UN), BITS(LOCK_NB), END
};
static const struct name flags_fallocate[] = {
	BITS(FALLOC_FL_KEEP_SIZE), BITS(FALLOC_FL_PUNCH_HOLE), BITS(FALLOC_FL_COLLAPSE_RANGE),
	BITS(FALLOC_FL_ZERO_RANGE), BITS(FALLOC_FL_INSERT_RANGE), END
};
static const struct name flags_mount[] = {
	BITS(MS_RDONLY), BITS(MS_NOSUID), BITS(MS_NODEV), BITS(MS_NOEXEC), BITS(MS_SYNCHRONOUS),
	BITS(MS_REMOUNT), BITS(MS_NOATIME), BITS(MS_NODIRATIME), BITS(MS_BIND), BITS(MS_MOVE), BITS(MS_REC),
	BITS(MS_SILENT), BITS(MS_PRIVATE), BITS(MS_SLAVE), BITS(MS_SHARED), BITS(MS_RELATIME),
	BITS(MS_STRICTATIME), END
};
static const struct name flags_umount[] = {
	BITS(MNT_FORCE), BITS(MNT_DETACH), BITS(MNT_EXPIRE), BITS(UMOUNT_NOFOLLOW), END
};
static const struct name flags_prot[] = {
	EXACT(PROT_NONE), BITS(PROT_READ), BITS(PROT_WRITE), BITS(PROT_EXEC), BITS(PROT_GROWSDOWN),
	BITS(PROT_GROWSUP), END
};
static const struct name flags_map[] = {
	PART(15, MAP_SHARED), PART(15, MAP_PRIVATE), PART(15, MAP_SHARED_VALIDATE), BITS(MAP_FIXED),
	BITS(MAP_ANONYMOUS), BITS(MAP_32BIT), BITS(MAP_GROWSDOWN), BITS(MAP_DENYWRITE),
	BITS(MAP_EXECUTABLE), BITS(MAP_LOCKED), BITS(MAP_NORESERVE), BITS(MAP_POPULATE), BITS(MAP_NONBLOCK),
	BITS(MAP_STACK), BITS(MAP_HUGETLB), BITS(MAP_SYNC), BITS(MAP_FIXED_NOREPLACE), END
};
static const struct name flags_mremap[] = {
	BITS(MREMAP_MAYMOVE), BITS(MREMAP_FIXED), BITS(MREMAP_DONTUNMAP), END
};
static const struct name flags_msync[] = {
	BITS(MS_ASYNC), BITS(MS_INVALIDATE), BITS(MS_SYNC), END
};
static const struct name flags_clone[] = {
	BITS(CLONE_VM), BITS(CLONE_FS), BITS(CLONE_FILES), BITS(CLONE_SIGHAND), BITS(CLONE_PIDFD),
	BITS(CLONE_PTRACE), BITS(CLONE_VFORK), BITS(CLONE_PARENT), BITS(CLONE_THREAD), BITS(CLONE_NEWNS),
	BITS(CLONE_SYSVSEM), BITS(CLONE_SETTLS), BITS(CLONE_PARENT_SETTID), BITS(CLONE_CHILD_CLEARTID),
	BITS(CLONE_UNTRACED), BITS(CLONE_CHILD_SETTID), BITS(CLONE_NEWUTS), BITS(CLONE_NEWIPC),
	BITS(CLONE_NEWUSER), BITS(CLONE_NEWPID), BITS(CLONE_NEWNET), PART(0xff, SIGCHLD), END
};
static const struct name flags_wait[] = {
	BITS(WNOHANG), BITS(WUNTRACED), BITS(WEXITED), BITS(WCONTINUED), BITS(WNOWAIT), BITS(__WNOTHREAD),
	BITS(__WALL), BITS(__WCLONE), END
};
static const struct name flags_futex[] = {
	PART(0x7f, FUTEX_WAIT), PART(0x7f, FUTEX_WAKE), PART(0x7f, FUTEX_FD),
	PART(0x7f, FUTEX_REQUEUE), PART(0x7f, FUTEX_CMP_REQUEUE), PART(0x7f, FUTEX_WAKE_OP),
	PART(0x7f, FUTEX_LOCK_PI), PART(0x7f, FUTEX_UNLOCK_PI), PART(0x7f, FUTEX_TRYLOCK_PI),
	PART(0x7f, FUTEX_WAIT_BITSET), PART(0x7f, FUTEX_WAKE_BITSET),
	PART(0x7f, FUTEX_WAIT_REQUEUE_PI), PART(0x7f, FUTEX_CMP_REQUEUE_PI),
	PART(0x7f, FUTEX_LOCK_PI2), BITS(FUTEX_PRIVATE_FLAG), BITS(FUTEX_CLOCK_REALTIME), END
};
static const struct name flags_getrandom[] = {
	BITS(GRND_NONBLOCK), BITS(GRND_RANDOM), BITS(GRND_INSECURE), END
};
static const struct name flags_sa[] = {
	BITS(SA_NOCLDSTOP), BITS(SA_NOCLDWAIT), BITS(SA_SIGINFO), BITS(SA_RESTORER), BITS(SA_ONSTACK),
	BITS(SA_RESTART), BITS(SA_NODEFER), BITS(SA_RESETHAND), END
};
static const struct name flags_poll[] = {
	BITS(POLLIN), BITS(POLLPRI), BITS(POLLOUT), BITS(POLLERR), BITS(POLLHUP), BITS(POLLNVAL),
	BITS(POLLRDNORM), BITS(POLLRDBAND), BITS(POLLWRNORM), BITS(POLLWRBAND), BITS(POLLMSG),
	BITS(POLLRDHUP), END
};
static const struct name enum_whence[] = {
	EXACT(SEEK_SET), EXACT(SEEK_CUR), EXACT(SEEK_END), EXACT(SEEK_DATA), EXACT(SEEK_HOLE), END
};
static const struct name enum_fcntl[] = {
	EXACT(F_DUPFD), EXACT(F_GETFD), EXACT(F_SETFD), EXACT(F_GETFL), EXACT(F_SETFL), EXACT(F_GETLK),
	EXACT(F_SETLK), EXACT(F_SETLKW), EXACT(F_SETOWN), EXACT(F_GETOWN), EXACT(F_SETSIG), EXACT(F_GETSIG),
	EXACT(F_SETOWN_EX), EXACT(F_GETOWN_EX), EXACT(F_OFD_GETLK), EXACT(F_OFD_SETLK), EXACT(F_OFD_SETLKW),
	EXACT(F_SETLEASE), EXACT(F_GETLEASE), EXACT(F_NOTIFY), EXACT(F_DUPFD_CLOEXEC), EXACT(F_SETPIPE_SZ),
	EXACT(F_GETPIPE_SZ), EXACT(F_ADD_SEALS), EXACT(F_GET_SEALS), END
};
static const struct name enum_fadvise[] = {
	{ ~0U, 0, "POSIX_FADV_NORMAL" }, { ~0U, 1, "POSIX_FADV_RANDOM" }, { ~0U, 2, "POSIX_FADV_SEQUENTIAL"
	}, { ~0U, 3, "POSIX_FADV_WILLNEED" }, { ~0U, 4, "POSIX_FADV_DONTNEED" }, EXACT(POSIX_FADV_NOREUSE),
	END
};
static const struct name enum_madvise[] = {
	EXACT(MADV_NORMAL), EXACT(MADV_RANDOM), EXACT(MADV_SEQUENTIAL), EXACT(MADV_WILLNEED),
	EXACT(MADV_DONTNEED), EXACT(MADV_FREE), EXACT(MADV_REMOVE), EXACT(MADV_DONTFORK),
	EXACT(MADV_DOFORK), EXACT(MADV_MERGEABLE), EXACT(MADV_UNMERGEABLE), EXACT(MADV_HUGEPAGE),
	EXACT(MADV_NOHUGEPAGE), EXACT(MADV_DONTDUMP), EXACT(MADV_DODUMP), EXACT(MADV_WIPEONFORK),
	EXACT(MADV_KEEPONFORK), EXACT(MADV_COLD), EXACT(MADV_PAGEOUT), EXACT(MADV_POPULATE_READ),
	EXACT(MADV_POPULATE_WRITE), END
};
static const struct name enum_idtype[] = {
	EXACT(P_ALL), EXACT(P_PID), EXACT(P_PGID), EXACT(P_PIDFD), END
};
static const struct name enum_prctl[] = {
	EXACT(PR_SET_PDEATHSIG), EXACT(PR_GET_PDEATHSIG), EXACT(PR_GET_DUMPABLE), EXACT(PR_SET_DUMPABLE),
	EXACT(PR_GET_KEEPCAPS), EXACT(PR_SET_KEEPCAPS), EXACT(PR_SET_NAME), EXACT(PR_GET_NAME),
	EXACT(PR_GET_SECCOMP), EXACT(PR_SET_SECCOMP), EXACT(PR_CAPBSET_READ), EXACT(PR_CAPBSET_DROP),
	EXACT(PR_GET_SECUREBITS), EXACT(PR_SET_SECUREBITS), EXACT(PR_SET_TIMERSLACK),
	EXACT(PR_GET_TIMERSLACK), EXACT(PR_SET_MM), EXACT(PR_SET_CHILD_SUBREAPER),
	EXACT(PR_GET_CHILD_SUBREAPER), EXACT(PR_SET_NO_NEW_PRIVS), EXACT(PR_GET_NO_NEW_PRIVS),
	EXACT(PR_GET_TID_ADDRESS), EXACT(PR_CAP_AMBIENT), EXACT(PR_SET_VMA), EXACT(PR_SET_SYSCALL_USER_DISPATCH), END
};
static const struct name enum_sighow[] = {
	EXACT(SIG_BLOCK), EXACT(SIG_UNBLOCK), EXACT(SIG_SETMASK), END
};
static const struct name enum_clock[] = {
	EXACT(CLOCK_REALTIME), EXACT(CLOCK_MONOTONIC), EXACT(CLOCK_PROCESS_CPUTIME_ID),
	EXACT(CLOCK_THREAD_CPUTIME_ID), EXACT(CLOCK_MONOTONIC_RAW), EXACT(CLOCK_REALTIME_COARSE),
	EXACT(CLOCK_MONOTONIC_COARSE), EXACT(CLOCK_BOOTTIME), EXACT(CLOCK_REALTIME_ALARM),
	EXACT(CLOCK_BOOTTIME_ALARM), EXACT(CLOCK_TAI), END
};
static const struct name enum_itimer[] = {
	EXACT(ITIMER_REAL), EXACT(ITIMER_VIRTUAL), EXACT(ITIMER_PROF), END
};
static const struct name enum_rusage[] = {
	EXACT(RUSAGE_SELF), EXACT(RUSAGE_CHILDREN), EXACT(RUSAGE_THREAD), END
};
static const struct name enum_rlimit[] = {
	EXACT(RLIMIT_CPU), EXACT(RLIMIT_FSIZE), EXACT(RLIMIT_DATA), EXACT(RLIMIT_STACK), EXACT(RLIMIT_CORE),
	EXACT(RLIMIT_RSS), EXACT(RLIMIT_NPROC), EXACT(RLIMIT_NOFILE), EXACT(RLIMIT_MEMLOCK),
	EXACT(RLIMIT_AS), EXACT(RLIMIT_LOCKS), EXACT(RLIMIT_SIGPENDING), EXACT(RLIMIT_MSGQUEUE),
	EXACT(RLIMIT_NICE), EXACT(RLIMIT_RTPRIO), EXACT(RLIMIT_RTTIME), END
};
static const struct name enum_prio[] = {
	EXACT(PRIO_PROCESS), EXACT(PRIO_PGRP), EXACT(PRIO_USER), END
};
static const struct name enum_sched[] = {
	EXACT(SCHED_OTHER), EXACT(SCHED_FIFO), EXACT(SCHED_RR), EXACT(SCHED_BATCH), EXACT(SCHED_IDLE), END
};

static const struct name_set {
	const char *name;
	const struct name *names;
} name_sets[] = {
	{ "open", flags_open }, { "at", flags_at }, { "unlink", flags_unlink }, { "access", flags_access
	}, { "rename", flags_rename }, { "statx", flags_statx }, { "rwf", flags_rwf }, { "close_range",
	flags_close_range }, { "flock", flags_flock }, { "fallocate", flags_fallocate }, { "mount",
	flags_mount }, { "umount", flags_umount }, { "prot", flags_prot }, { "map", flags_map }, {
	"mremap", flags_mremap }, { "msync", flags_msync }, { "clone", flags_clone }, { "wait",
	flags_wait }, { "futex", flags_futex }, { "getrandom", flags_getrandom }, { "sa", flags_sa }, { "poll", flags_poll },
	{ "whence", enum_whence }, { "fcntl", enum_fcntl }, { "fadvise", enum_fadvise }, { "madvise",
	enum_madvise }, { "idtype", enum_idtype }, { "prctl", enum_prctl }, { "sighow", enum_sighow }, {
	"af", enum_af }, { "socktype", flags_socktype }, { "msg", flags_msg }, {
	"epoll", flags_epoll }, { "eventfd", flags_eventfd }, { "epoll_ctl", enum_epoll_ctl }, {
	"clock", enum_clock }, { "itimer", enum_itimer }, { "rusage", enum_rusage }, { "rlimit",
	enum_rlimit }, { "prio", enum_prio }, { "sched", enum_sched },
};

static const char *const errno_names[] = {
#define E(x) [x] = #x
	E(EPERM), E(ENOENT), E(ESRCH), E(EINTR), E(EIO), E(ENXIO), E(E2BIG), E(ENOEXEC), E(EBADF),
	E(ECHILD), E(EAGAIN), E(ENOMEM), E(EACCES), E(EFAULT), E(ENOTBLK), E(EBUSY), E(EEXIST), E(EXDEV),
	E(ENODEV), E(ENOTDIR), E(EISDIR), E(EINVAL), E(ENFILE), E(EMFILE), E(ENOTTY), E(ETXTBSY), E(EFBIG),
	E(ENOSPC), E(ESPIPE), E(EROFS), E(EMLINK), E(EPIPE), E(EDOM), E(ERANGE), E(EDEADLK),
	E(ENAMETOOLONG), E(ENOLCK), E(ENOSYS), E(ENOTEMPTY), E(ELOOP), E(ENOMSG), E(EIDRM), E(ECHRNG),
	E(EL2NSYNC), E(EL3HLT), E(EL3RST), E(ELNRNG), E(EUNATCH), E(ENOCSI), E(EL2HLT), E(EBADE), E(EBADR),
	E(EXFULL), E(ENOANO), E(EBADRQC), E(EBADSLT), E(EBFONT), E(ENOSTR), E(ENODATA), E(ETIME), E(ENOSR),
	E(ENONET), E(ENOPKG), E(EREMOTE), E(ENOLINK), E(EADV), E(ESRMNT), E(ECOMM), E(EPROTO), E(EMULTIHOP),
	E(EDOTDOT), E(EBADMSG), E(EOVERFLOW), E(ENOTUNIQ), E(EBADFD), E(EREMCHG), E(ELIBACC), E(ELIBBAD),
	E(ELIBSCN), E(ELIBMAX), E(ELIBEXEC), E(EILSEQ), E(ERESTART), E(ESTRPIPE), E(EUSERS), E(ENOTSOCK),
	E(EDESTADDRREQ), E(EMSGSIZE), E(EPROTOTYPE), E(ENOPROTOOPT), E(EPROTONOSUPPORT), E(ESOCKTNOSUPPORT),
	E(EOPNOTSUPP), E(EPFNOSUPPORT), E(EAFNOSUPPORT), E(EADDRINUSE), E(EADDRNOTAVAIL), E(ENETDOWN),
	E(ENETUNREACH), E(ENETRESET), E(ECONNABORTED), E(ECONNRESET), E(ENOBUFS), E(EISCONN), E(ENOTCONN),
	E(ESHUTDOWN), E(ETOOMANYREFS), E(ETIMEDOUT), E(ECONNREFUSED), E(EHOSTDOWN), E(EHOSTUNREACH),
	E(EALREADY), E(EINPROGRESS), E(ESTALE), E(EUCLEAN), E(ENOTNAM), E(ENAVAIL), E(EISNAM), E(EREMOTEIO),
	E(EDQUOT), E(ENOMEDIUM), E(EMEDIUMTYPE), E(ECANCELED), E(ENOKEY), E(EKEYEXPIRED), E(EKEYREVOKED),
	E(EKEYREJECTED), E(EOWNERDEAD), E(ENOTRECOVERABLE), E(ERFKILL), E(EHWPOISON),
#undef E
};

static const char *const signal_names[] = {
#define S(x) [x] = #x
	S(SIGHUP), S(SIGINT), S(SIGQUIT), S(SIGILL), S(SIGTRAP), S(SIGABRT), S(SIGBUS), S(SIGFPE),
	S(SIGKILL), S(SIGUSR1), S(SIGSEGV), S(SIGUSR2), S(SIGPIPE), S(SIGALRM), S(SIGTERM), S(SIGSTKFLT),
	S(SIGCHLD), S(SIGCONT), S(SIGSTOP), S(SIGTSTP), S(SIGTTIN), S(SIGTTOU), S(SIGURG), S(SIGXCPU),
	S(SIGXFSZ), S(SIGVTALRM), S(SIGPROF), S(SIGWINCH), S(SIGIO), S(SIGPWR), S(SIGSYS),
#undef S
};
/* clang-format on */

static const struct name *names_find(const char *set)
{
	for (size_t i = 0; i < ARRAY_SIZE(name_sets); i++)
		if (!strcmp(name_sets[i].name, set))
			return name_sets[i].names;
	return NULL;
}

void strace_put_flags(struct strace_line *s, const char *set, u64 value)
{
	const struct name *n = names_find(set);
	u32 left = (u32)value;
	bool any = false;

	for (; n && n->name; n++) {
		if ((left & n->mask) != n->value || (n->mask != ~0U && !n->value && any))
			continue;
		if (n->mask == ~0U && (any || left != n->value))
			continue;
		strace_put(s, any ? "|%s" : "%s", n->name);
		any = true;
		left &= ~n->mask;
	}
	if (left || !any)
		strace_put(s, !any && !left ? "%u" : any ? "|0x%x" : "0x%x", left);
}

void strace_put_enum(struct strace_line *s, const char *set, u64 value)
{
	for (const struct name *n = names_find(set); n && n->name; n++)
		if (n->value == (u32)value) {
			strace_put(s, "%s", n->name);
			return;
		}
	strace_put(s, "%d", (int)value);
}

void strace_put_signal(struct strace_line *s, long sig)
{
	if (sig > 0 && sig < SIGRTMIN)
		strace_put(s, "%s", signal_names[sig]);
	else if (sig >= SIGRTMIN && sig < NSIG)
		strace_put(s, "SIGRT_%ld", sig - SIGRTMIN);
	else
		strace_put(s, "%ld", sig);
}

void strace_put_sigset(struct strace_line *s, sigset_k set)
{
	bool most = popcount64(set) > 32, first = true;

	strace_put(s, most ? "~[" : "[");
	if (most)
		set = ~set;
	for (int sig = 1; sig < NSIG; sig++)
		if (set & SIGMASK(sig)) {
			if (!first)
				strace_put(s, " ");
			strace_put_signal(s, sig);
			first = false;
		}
	strace_put(s, "]");
}

const char *strace_errno_name(long err)
{
	return err > 0 && err < (long)ARRAY_SIZE(errno_names) ? errno_names[err] : NULL;
}
