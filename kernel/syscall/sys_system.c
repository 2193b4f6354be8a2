/* SPDX-License-Identifier: MIT
 *
 * syscall/sys_system.c - the machine as a whole: uname(2), sysinfo(2), getrandom(2), reboot(2)
 *
 * Owns:      nothing.
 * Layer:     syscall.  Uses proc/uts, mem (counts), sched (load), base/random, arch/power.
 * Locks:     uts_lock around the names.
 * Contexts:  process context of a user task; may sleep.
 * Manual:    uname(2), sethostname(2), sysinfo(2), getrandom(2), reboot(2).
 * Tests:     tests/abi/system.c; tests/boot for reboot
 */
#include <syscall/syscall.h>
#include <sys_protos.h>
#include <proc/uts.h>
#include <abi/sched.h>
#include <arch/elf.h>
#include <arch/power.h>
#include <base/log.h>
#include <base/random.h>
#include <lib/format.h>
#include <lib/string.h>
#include <mem/page.h>

enum { UTS_LEN = 64, LOAD_SHIFT = 16 - 11 /* struct sysinfo has 16 bits of fraction, the scheduler 11 */ };

/* The release for programs that know no kernel beyond 2.6: "6.1.0-rest" is "2.6.61-rest". */
static void release_26(char *release, size_t size)
{
	char rest[UTS_LEN + 1];
	unsigned minor = 0;
	const char *p = strchr(release, '.');

	for (p = p ? p + 1 : release; *p >= '0' && *p <= '9' && minor < 1000; p++)
		minor = minor * 10 + (unsigned)(*p - '0');
	while (*p == '.' || (*p >= '0' && *p <= '9'))
		p++;
	strlcpy(rest, p, sizeof(rest));
	scnprintf(release, size, "2.6.%u%s", minor + 60, rest);
}

void uts_get(struct utsname_k *to)
{
	mutex_lock(&uts_lock);
	*to = uts_name;
	mutex_unlock(&uts_lock);
	if (unlikely((current_task()->personality & PER_MASK) == PER_LINUX32))
		memcpy(to->machine, ARCH_PLATFORM32, sizeof(ARCH_PLATFORM32));
	if (unlikely(current_task()->personality & UNAME26))
		release_26(to->release, sizeof(to->release));
}

long sys_uname(struct utsname_k __user *name)
{
	struct utsname_k k;

	uts_get(&k);
	return copy_to_user(name, &k, sizeof(k));
}

/* A name of `len` bytes without NUL. */
static int uts_field_get(char field[UTS_LEN + 1], const char __user *name, int len)
{
	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (len < 0 || len > UTS_LEN)
		return -EINVAL;
	memset(field, 0, UTS_LEN + 1);
	return copy_from_user(field, name, (size_t)len);
}

long sys_sethostname(const char __user *name, int len)
{
	char field[UTS_LEN + 1];
	int err = uts_field_get(field, name, len);

	if (err)
		return err;
	mutex_lock(&uts_lock);
	memcpy(uts_name.nodename, field, sizeof(field));
	mutex_unlock(&uts_lock);
	return 0;
}

long sys_setdomainname(const char __user *name, int len)
{
	char field[UTS_LEN + 1];
	int err = uts_field_get(field, name, len);

	if (err)
		return err;
	mutex_lock(&uts_lock);
	memcpy(uts_name.domainname, field, sizeof(field));
	mutex_unlock(&uts_lock);
	return 0;
}

void system_info(struct sysinfo_k *k)
{
	struct mem_stats m;
	u32 load[3];

	*k = (struct sysinfo_k){ .mem_unit = 1 };
	mem_stats(&m);
	sched_loadavg(load);
	k->uptime = DIV_ROUND_UP(clock_monotonic(), NSEC_PER_SEC);
	for (int i = 0; i < 3; i++)
		k->loads[i] = (u64)load[i] << LOAD_SHIFT;
	k->totalram = m.total_pages * PAGE_SIZE;
	k->freeram = m.free_pages * PAGE_SIZE;
	k->sharedram = m.shmem_pages * PAGE_SIZE;
	k->procs = (u16)MIN(tasks_count(), 65535u);
}

long sys_sysinfo(struct sysinfo_k __user *info)
{
	struct sysinfo_k k;

	system_info(&k);
	return copy_to_user(info, &k, sizeof(k));
}

/* The generator is seeded at boot, so no call ever waits.  A signal ends a long one early. */
long sys_getrandom(void __user *buf, size_t count, unsigned flags)
{
	u8 piece[256];
	size_t done = 0;

	if (flags & ~(unsigned)(GRND_NONBLOCK | GRND_RANDOM | GRND_INSECURE) ||
	    (flags & (GRND_RANDOM | GRND_INSECURE)) == (GRND_RANDOM | GRND_INSECURE))
		return -EINVAL;
	count = MIN(count, (size_t)INT32_MAX);
	while (done < count) {
		size_t n = MIN(sizeof(piece), count - done);

		random_bytes(piece, n);
		if (copy_to_user((u8 __user *)buf + done, piece, n))
			return done ? (long)done : -EFAULT;
		done += n;
		if (thread_signal_pending())
			break;
		cond_resched();
	}
	return (long)done;
}

static bool reboot_magic_ok(int magic1, int magic2)
{
	return (u32)magic1 == LINUX_REBOOT_MAGIC1 &&
	       (magic2 == LINUX_REBOOT_MAGIC2 || magic2 == LINUX_REBOOT_MAGIC2A ||
	        magic2 == LINUX_REBOOT_MAGIC2B || magic2 == LINUX_REBOOT_MAGIC2C);
}

static long reboot_now(unsigned cmd)
{
	(void)sys_sync();
	if (cmd == LINUX_REBOOT_CMD_POWER_OFF) {
		log_info("reboot: power off");
		arch_power_off();
	}
	if (cmd == LINUX_REBOOT_CMD_HALT) {
		log_info("reboot: system halted");
		arch_halt();
	}
	log_info("reboot: restarting");
	arch_reboot();
}

long sys_reboot(int magic1, int magic2, unsigned cmd, const void __user *arg)
{
	char word[256];

	if (!capable(CAP_SYS_BOOT))
		return -EPERM;
	if (!reboot_magic_ok(magic1, magic2))
		return -EINVAL;
	switch (cmd) {
	case LINUX_REBOOT_CMD_CAD_ON:
	case LINUX_REBOOT_CMD_CAD_OFF:
		return 0; /* there is no keyboard whose Ctrl-Alt-Del this could be about */
	case LINUX_REBOOT_CMD_RESTART2:
		/* The word is for firmware that we do not have. */
		return strncpy_from_user(word, arg, sizeof(word)) == -EFAULT ? -EFAULT : reboot_now(cmd);
	case LINUX_REBOOT_CMD_RESTART:
	case LINUX_REBOOT_CMD_POWER_OFF:
	case LINUX_REBOOT_CMD_HALT:
		return reboot_now(cmd);
	default:
		return -EINVAL;
	}
}
