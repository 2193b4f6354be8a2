/* SPDX-License-Identifier: MIT
 *
 * init/boot.c - the order of the start-up: one table of named steps
 *
 * Owns:      the order in which everything comes to life; PID 1's root directory and arguments.
 * Layer:     init, the top: it may call every chapter.
 * Locks:     none: one CPU until start_cpus.
 * Contexts:  kernel_main runs on the boot CPU's idle context and must not sleep; boot_thread may.
 * Manual:    bootparam(7), kernel-command-line(7); Linux Documentation/admin-guide/initrd.rst (initramfs).
 * Tests:     tests/boot.
 *
 * Theory
 * ------
 *   arch (boot.S .. setup.c)    long mode, GS, traps, boot_info
 *     kernel_main:   early_steps, no sleeping, interrupts off         what needs nothing but memory and a clock
 *     boot_thread:   late_steps, an ordinary kernel thread            what may sleep
 *                    other CPUs, root file system, tests, PID 1
 *   the boot context becomes the idle thread of CPU 0
 *
 * A step that cannot do its work panics with its own words: nothing later would make sense.  `initcall_debug`
 * on the command line prints each step with the time it took.
 */
#include <arch/boot.h>
#include <arch/cpu.h>
#include <arch/power.h>
#include <arch/smp.h>
#include <arch/timer.h>
#include <base/bootinfo.h>
#include <base/clock.h>
#include <base/cmdline.h>
#include <base/ktest.h>
#include <base/panic.h>
#include <block/block.h>
#include <dev/virtio.h>
#include <drivers/drivers.h>
#include <fs/namei.h>
#include <fs/bdev/bdev.h>
#include <fs/9p/9p.h>
#include <fs/devfs/devfs.h>
#include <fs/ext4/ext4.h>
#include <fs/overlay/overlay.h>
#include <fs/tmpfs/tmpfs.h>
#include <ipc/epoll.h>
#include <ipc/futex.h>
#include <ipc/pipe.h>
#include <mem/slab.h>
#include <net/unix/show.h>
#include <proc/process.h>
#include <procfs/procfs.h>
#include <sched/rcu.h>
#include <sched/work.h>
#include <syscall/dispatch.h>
#include <sysfs/sysfs.h>
#include <lib/string.h>
#include <tty/tty.h>
#include "init.h"

struct step {
	const char *name;
	void (*fn)(void);
};

static void banner(void)
{
	log_info("Zerno " ZERNO_RELEASE " (%s)", __DATE__ " " __TIME__);
}

static void parse_cmdline(void)
{
	cmdline_parse(boot_info.cmdline);
	log_info("command line: %s", boot_info.cmdline);
	if (boot_info.nr_ram == 0)
		panic("the boot loader gave no memory map (not a PVH loader?)");
}

static void memory(void)
{
	mem_init();
	arch_memory_ready();
}

static void find_cpus(void)
{
	arch_smp_detect((unsigned)MAX(1UL, cmdline_u64("maxcpus", NR_CPUS)));
}

/* Each step needs those before it; the comment says what for. */
static const struct step early_steps[] = {
	{ "serial log", serial_early_init },        /* ports only; from here a panic is seen */
	{ "command line", parse_cmdline },          /* boot_info; gives cmdline_get to all */
	{ "banner", banner },                       /* which kernel this is */
	{ "firmware tables", arch_platform_init },  /* boot page tables: ACPI may lie outside of RAM */
	{ "kernel page tables", arch_memory_init }, /* boot_info; gives the direct map */
	{ "memory", memory },                       /* direct map; gives page_alloc, kmap_io */
	{ "slab", slab_init },                      /* page_alloc; gives kmalloc */
	{ "interrupt controllers", arch_irq_init }, /* firmware tables, kmap_io; gives irq_register, IPIs */
	{ "CPUs", find_cpus },                      /* firmware tables, APIC; gives cpu_count */
	{ "clock", arch_clock_init },               /* APIC, kmap_io; gives clock_monotonic */
	{ "scheduler", sched_init },                /* clock; this context becomes the idle thread */
	{ "timer", arch_timer_init_cpu },           /* clock */
	{ "RCU", rcu_init },                        /* scheduler */
};

static const struct step late_steps[] = {
	{ "work queues", work_init_threads }, /* scheduler; drivers queue work */
	{ "address spaces", vm_init },        /* slab, RCU */
	{ "block devices", block_init },      /* slab */
	{ "files", vfs_init },                /* slab, RCU: inodes, names, mounts, descriptors */
	{ "Unix sockets", unix_boot },        /* files */
	{ "tmpfs", tmpfs_init },              /* files; gives rootfs */
	{ "ext4", ext4_init },                /* files */
	{ "devtmpfs", devfs_init },           /* tmpfs */
	{ "memory devices", memdev_init },    /* devtmpfs */
	{ "disk files", blkdev_init },        /* block devices, devtmpfs: nodes */
	{ "pipes", pipe_init },               /* files; gives FIFOs */
	{ "epoll", epoll_init },              /* files */
	{ "processes", proc_init },           /* address spaces, files */
	{ "futexes", futex_init },            /* processes: their ends */
	{ "terminals", tty_init },            /* processes: sessions; gives /dev/console */
	{ "pseudo terminals", pty_init },
	{ "serial line", serial_init },           /* terminals, interrupts */
	{ "virtio over mmio", virtio_mmio_init }, /* interrupts; devices wait for drivers */
	{ "virtio over PCI", virtio_pci_init },
	{ "virtio console", virtio_console_init }, /* terminals, virtio */
	{ "virtio random", virtio_rng_init },
	{ "virtio disks", virtio_blk_init },
	{ "9P", p9_init },           /* files */
	{ "overlay", overlay_init }, /* files */
	{ "virtio 9P", virtio_9p_init },
	{ "virtio balloon", virtio_balloon_init },
	{ "loop devices", loop_init },
	{ "sysfs", sysfs_init },
	{ "procfs", procfs_init }, /* everything it shows */
	{ "other CPUs", boot_start_cpus },
	{ "root file system", boot_mount_root }, /* tmpfs, processes */
};

static void run_steps(const struct step *s, unsigned n)
{
	for (; n--; s++) {
		ktime_t start = clock_monotonic();

		s->fn();
		if (cmdline_flag("initcall_debug"))
			log_info("step %s: %lld us", s->name,
			         (long long)((clock_monotonic() - start) / NSEC_PER_USEC));
	}
}

/* `zerno.test=panic`: what a panic looks like, for the tests of the launcher and for the curious. */
static void test_panic(void)
{
	const char *test = cmdline_get("zerno.test");

	if (test && !strcmp(test, "panic"))
		panic("asked for by zerno.test=panic");
}

static void boot_thread(void *arg)
{
	run_steps(late_steps, ARRAY_SIZE(late_steps));
	if (ktest_main())
		arch_power_off();
	log_info("freed %zu KiB of start-up memory", arch_free_init() >> 10);
	test_panic();
	boot_start_init();
	strace_boot(); /* zerno.strace=1: from PID 1's first calls on */
}

void kernel_main(void)
{
	run_steps(early_steps, ARRAY_SIZE(early_steps));
	arch_irq_enable();
	if (!kthread_start(boot_thread, NULL, "boot", 0))
		panic("no memory for the first thread");
	sched_idle_loop();
}

void kernel_secondary_main(unsigned cpu)
{
	sched_init_cpu(cpu, thread_current());
	arch_timer_init_cpu();
	atomic_or(&cpu_online_mask, BIT(cpu));
	arch_irq_enable();
	sched_idle_loop();
}
