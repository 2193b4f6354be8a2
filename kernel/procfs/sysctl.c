/* SPDX-License-Identifier: MIT
 *
 * procfs/sysctl.c - /proc/sys: settings of the kernel
 *
 * Owns:      the settings that nobody else owns (panic time-out text, boot id)
 * Layer:     procfs.
 * Locks:     uts_lock for the names; a number is one word
 * Contexts:  process context; may sleep.
 * Manual:    proc(5), sysctl(8).
 * Tests:     tests/abi/procself.c
 */
#include <procfs/internal.h>
#include <fs/notify.h>
#include <base/random.h>
#include <base/cmdline.h>
#include <ipc/pipe.h>
#include <ipc/sysv_shm.h>
#include <net/unix/show.h>
#include <proc/coredump.h>
#include <proc/uts.h>
#include <socket/socket.h>

/* ---- names ---- */

static int show_name(struct seq *s, const char *name)
{
	seq_printf(s, "%s\n", name);
	return 0;
}

static int show_hostname(struct seq *s, struct proc_node *n)
{
	scoped_mutex(&uts_lock);
	return show_name(s, uts_name.nodename);
}

static int show_domainname(struct seq *s, struct proc_node *n)
{
	scoped_mutex(&uts_lock);
	return show_name(s, uts_name.domainname);
}

static int show_ostype(struct seq *s, struct proc_node *n)
{
	scoped_mutex(&uts_lock);
	return show_name(s, uts_name.sysname);
}

static int show_osrelease(struct seq *s, struct proc_node *n)
{
	scoped_mutex(&uts_lock);
	return show_name(s, uts_name.release);
}

static int show_osversion(struct seq *s, struct proc_node *n)
{
	scoped_mutex(&uts_lock);
	return show_name(s, uts_name.version);
}

/* A line becomes the name; what does not fit is cut off, as Linux does. */
static ssize_t write_name(char *name, size_t size, char *text, size_t len)
{
	char *end = strchr(text, '\n');

	if (end)
		*end = 0;
	scoped_mutex(&uts_lock);
	strlcpy(name, text, size);
	return (ssize_t)len;
}

static ssize_t write_hostname(struct proc_node *n, char *text, size_t len)
{
	return write_name(uts_name.nodename, sizeof(uts_name.nodename), text, len);
}

static ssize_t write_domainname(struct proc_node *n, char *text, size_t len)
{
	return write_name(uts_name.domainname, sizeof(uts_name.domainname), text, len);
}

static int show_core_pattern(struct seq *s, struct proc_node *n)
{
	scoped_mutex(&core_pattern_lock);
	return show_name(s, core_pattern);
}

static ssize_t write_core_pattern(struct proc_node *n, char *text, size_t len)
{
	char *end = strchr(text, '\n');

	if (end)
		*end = 0;
	scoped_mutex(&core_pattern_lock);
	strlcpy(core_pattern, text, sizeof(core_pattern));
	return (ssize_t)len;
}

/* ---- random ---- */

static void show_uuid_of(struct seq *s, const u8 *u)
{
	for (unsigned i = 0; i < 16; i++)
		seq_printf(s, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", u[i]);
	seq_puts(s, "\n");
}

static void make_uuid(u8 *u)
{
	random_bytes(u, 16);
	u[6] = (u8)(0x40 | (u[6] & 0x0f)); /* RFC 4122: version 4, variant 1 */
	u[8] = (u8)(0x80 | (u[8] & 0x3f));
}

static int show_uuid(struct seq *s, struct proc_node *n)
{
	u8 u[16];

	make_uuid(u);
	show_uuid_of(s, u);
	return 0;
}

static int show_boot_id(struct seq *s, struct proc_node *n)
{
	static struct spinlock lock = SPINLOCK_INIT("boot_id");
	static u8 id[16];

	spin_lock(&lock);
	if (!id[6])
		make_uuid(id);
	spin_unlock(&lock);
	show_uuid_of(s, id);
	return 0;
}

/* ---- computed ---- */

static int show_threads_max(struct seq *s, struct proc_node *n)
{
	seq_printf(s, "%u\n", atomic_load(&tasks_max));
	return 0;
}

static int show_file_nr(struct seq *s, struct proc_node *n)
{
	seq_printf(s, "%llu\t0\t%llu\n", (unsigned long long)files_open(), (unsigned long long)files_max);
	return 0;
}

static int show_panic(struct seq *s, struct proc_node *n)
{
	const char *v = cmdline_get("panic");

	seq_printf(s, "%s\n", v && *v ? v : "0");
	return 0;
}

static int show_aslr(struct seq *s, struct proc_node *n)
{
	seq_printf(s, "%d\n", vm_aslr ? 2 : 0);
	return 0;
}

static ssize_t write_aslr(struct proc_node *n, char *text, size_t len)
{
	s64 v;
	int err = proc_parse_int(text, &v);

	if (err || v < 0 || v > 2)
		return -EINVAL;
	vm_aslr = v != 0;
	return (ssize_t)len;
}

/* pipe(7): a page at least, rounded up to a power of two. */
static ssize_t write_pipe_max(struct proc_node *n, char *text, size_t len)
{
	s64 v;
	int err = proc_parse_int(text, &v);
	u64 size = PAGE_SIZE;

	if (err || v <= 0 || v > 1 << 30)
		return -EINVAL;
	while (size < (u64)v)
		size <<= 1;
	atomic_store(&pipe_max_size, (unsigned)size);
	return (ssize_t)len;
}

#define RO(name_, fn)                                                                                        \
	{                                                                                                    \
		.name = name_, .mode = S_IFREG | 0444, .show = fn                                            \
	}
#define RW(name_, s_, w_)                                                                                    \
	{                                                                                                    \
		.name = name_, .mode = S_IFREG | 0644, .show = s_, .write = w_                               \
	}
#define RW_INT(name_, var, min_, max_)                                                                       \
	{                                                                                                    \
		.name = name_, .mode = S_IFREG | 0644, .show = proc_show_int, .write = proc_write_int,       \
		.data = &(var), .min = min_, .max = max_                                                     \
	}
#define RW_U64(name_, var)                                                                                   \
	{                                                                                                    \
		.name = name_, .mode = S_IFREG | 0644, .show = proc_show_u64, .write = proc_write_u64,       \
		.data = &(var), .min = 0, .max = INT64_MAX                                                   \
	}
#define CONSTANT(name_, text)                                                                                \
	{                                                                                                    \
		.name = name_, .mode = S_IFREG | 0444, .show = proc_show_text, .data = (void *)(text "\n")   \
	}
#define SUBDIR(name_, dir_)                                                                                  \
	{                                                                                                    \
		.name = name_, .mode = S_IFDIR | 0555, .dir = &(dir_)                                        \
	}

static const struct proc_entry random_entries[] = {
	RO("boot_id", show_boot_id),
	CONSTANT("entropy_avail", "256"),
	CONSTANT("poolsize", "256"),
	RO("uuid", show_uuid),
};
static const struct proc_dir random_dir = { PROC_DIR(random_entries) };

static const struct proc_entry kernel_entries[] = {
	CONSTANT("cap_last_cap", "40"),
	RW("core_pattern", show_core_pattern, write_core_pattern),
	CONSTANT("core_pipe_limit", "0"),
	RW_INT("core_uses_pid", core_uses_pid, INT32_MIN, INT32_MAX),
	RW("domainname", show_domainname, write_domainname),
	RW("hostname", show_hostname, write_hostname),
	CONSTANT("ngroups_max", "65536"),
	RO("osrelease", show_osrelease),
	RO("ostype", show_ostype),
	CONSTANT("overflowgid", "65534"),
	CONSTANT("overflowuid", "65534"),
	RO("panic", show_panic),
	RW_INT("pid_max", pid_max, 301, 65536),
	SUBDIR("random", random_dir),
	RW("randomize_va_space", show_aslr, write_aslr),
	CONSTANT("sched_rr_timeslice_ms", "100"),
	RW_U64("shmall", shm_all),
	RW_U64("shmmax", shm_max),
	RW_INT("shmmni", shm_mni, 0, 32768),
	CONSTANT("tainted", "0"),
	RO("threads-max", show_threads_max),
	RO("version", show_osversion),
};
static const struct proc_dir kernel_dir = { PROC_DIR(kernel_entries) };
_Static_assert(CAP_LAST_CAP == 40 && CRED_GROUPS_MAX == 65536, "texts above");

static const struct proc_entry vm_entries[] = {
	RW_INT("dirty_background_ratio", dirty_background_ratio, 0, 100),
	RW_INT("dirty_expire_centisecs", dirty_expire_cs, 0, INT32_MAX),
	RW_INT("dirty_ratio", dirty_ratio, 0, 100),
	RW_INT("dirty_writeback_centisecs", dirty_writeback_cs, 0, INT32_MAX),
	{ .name = "drop_caches",
	  .mode = S_IFREG | 0200,
	  .show = proc_show_drop_caches,
	  .write = proc_write_drop_caches },
	CONSTANT("max_map_count", "65530"),
	CONSTANT("mmap_min_addr", "65536"),
	RW_INT("overcommit_memory", vm_overcommit_memory, 0, 2),
	RW_INT("overcommit_ratio", vm_overcommit_ratio, 0, INT32_MAX),
	CONSTANT("swappiness", "60"),
};
static const struct proc_dir vm_dir = { PROC_DIR(vm_entries) };
_Static_assert(USER_MIN == 65536, "mmap_min_addr");

static int show_pipe_max(struct seq *s, struct proc_node *n)
{
	seq_printf(s, "%u\n", atomic_load(&pipe_max_size));
	return 0;
}

static const struct proc_entry inotify_entries[] = {
	RW_INT("max_queued_events", inotify_max_events, 0, INT32_MAX),
	RW_INT("max_user_instances", inotify_max_instances, 0, INT32_MAX),
	RW_INT("max_user_watches", inotify_max_watches, 0, INT32_MAX),
};
static const struct proc_dir inotify_dir = { PROC_DIR(inotify_entries) };

static const struct proc_entry fs_entries[] = {
	RW_U64("file-max", files_max),
	RO("file-nr", show_file_nr),
	SUBDIR("inotify", inotify_dir),
	CONSTANT("nr_open", "1048576"),
	RW("pipe-max-size", show_pipe_max, write_pipe_max),
	RW_INT("suid_dumpable", suid_dumpable, DUMP_NO, DUMP_ROOT),
};
static const struct proc_dir fs_dir = { PROC_DIR(fs_entries) };

static const struct proc_entry net_core_entries[] = {
	CONSTANT("optmem_max", "20480"),
	RW_INT("rmem_default", net_rmem_default, 2304, INT32_MAX),
	RW_INT("rmem_max", net_rmem_max, 2304, INT32_MAX),
	RW_INT("somaxconn", net_somaxconn, 0, INT32_MAX),
	RW_INT("wmem_default", net_wmem_default, 4608, INT32_MAX),
	RW_INT("wmem_max", net_wmem_max, 4608, INT32_MAX),
};
static const struct proc_dir net_core_dir = { PROC_DIR(net_core_entries) };
_Static_assert(OPTMEM_MAX == 20480, "optmem_max");

static const struct proc_entry net_unix_entries[] = {
	RW_INT("max_dgram_qlen", unix_max_dgram_qlen, 0, INT32_MAX),
};
static const struct proc_dir net_unix_dir = { PROC_DIR(net_unix_entries) };

static const struct proc_entry net_entries[] = {
	SUBDIR("core", net_core_dir),
	SUBDIR("unix", net_unix_dir),
};
static const struct proc_dir net_dir = { PROC_DIR(net_entries) };

static const struct proc_entry sys_entries[] = {
	SUBDIR("fs", fs_dir),
	SUBDIR("kernel", kernel_dir),
	SUBDIR("net", net_dir),
	SUBDIR("vm", vm_dir),
};
const struct proc_dir proc_sys_dir = { PROC_DIR(sys_entries) };
