/* SPDX-License-Identifier: MIT
 *
 * procfs/cpu.c - what the CPUs are and do: cpuinfo, stat, loadavg, uptime, interrupts
 *
 * Owns:      nothing; reads what others own.
 * Layer:     procfs.
 * Locks:     none of its own.
 * Contexts:  process context; may sleep.
 * Manual:    proc(5).
 * Tests:     tests/abi/procself.c
 */
#include <procfs/internal.h>
#include <base/irq.h>
#include <base/percpu.h>
#include <base/clock.h>
#include <lib/bitmap.h>
#include <mem/slab.h>

int proc_show_cpuinfo(struct seq *s, struct proc_node *n)
{
	enum { TEXT = 8192 };
	char *buf = kmalloc(TEXT, 0);
	unsigned cpu;

	if (!buf)
		return -ENOMEM;
	cpumask_for_each (cpu, cpu_online_mask)
		seq_write(s, buf, arch_cpuinfo(cpu, buf, TEXT));
	kfree(buf);
	return 0;
}

/* ---- /proc/stat ---- */

static void show_cpu_line(struct seq *s, const char *name, const struct sched_cpu_stats *c)
{
	/* user nice system idle iowait irq softirq steal guest guest_nice */
	seq_printf(s, "%s %llu 0 %llu %llu 0 %llu 0 0 0 0\n", name,
	           (unsigned long long)ns_to_ticks(c->user_ns), (unsigned long long)ns_to_ticks(c->system_ns),
	           (unsigned long long)ns_to_ticks(c->idle_ns), (unsigned long long)ns_to_ticks(c->irq_ns));
}

static u64 line_total(unsigned line)
{
	u64 sum = 0;
	unsigned cpu;

	cpumask_for_each (cpu, cpu_online_mask)
		sum += irq_count(line, cpu);
	return sum;
}

static void show_intr(struct seq *s)
{
	u64 sum = 0;
	unsigned cpu, last = 0;

	for (unsigned i = 0; i < IRQ_MAX; i++) {
		sum += line_total(i);
		if (irq_name(i))
			last = i + 1;
	}
	cpumask_for_each (cpu, cpu_online_mask)
		for (enum irq_counter c = 0; c < IRQC_NR; c++)
			sum += irq_counter_read(c, cpu);
	seq_printf(s, "intr %llu", (unsigned long long)sum);
	for (unsigned i = 0; i < last; i++)
		seq_printf(s, " %llu", (unsigned long long)line_total(i));
	seq_puts(s, "\n");
}

static unsigned tasks_blocked(void)
{
	unsigned blocked = 0;
	pid_t tgid = 1;
	struct task *t;

	while ((t = process_next_get(&tgid)) != NULL) {
		blocked += task_state_char(t) == 'D';
		task_put(t);
		tgid++;
	}
	return blocked;
}

int proc_show_cpu_stat(struct seq *s, struct proc_node *n)
{
	struct sched_cpu_stats sum = { 0 }, c;
	char name[16];
	unsigned cpu;

	cpumask_for_each (cpu, cpu_online_mask) {
		sched_cpu_stats(cpu, &c);
		sum.user_ns += c.user_ns;
		sum.system_ns += c.system_ns;
		sum.idle_ns += c.idle_ns;
		sum.irq_ns += c.irq_ns;
		sum.nr_switches += c.nr_switches;
	}
	show_cpu_line(s, "cpu ", &sum);
	cpumask_for_each (cpu, cpu_online_mask) {
		sched_cpu_stats(cpu, &c);
		scnprintf(name, sizeof(name), "cpu%u", cpu);
		show_cpu_line(s, name, &c);
	}
	show_intr(s);
	seq_printf(s, "ctxt %llu\nbtime %lld\nprocesses %llu\nprocs_running %u\nprocs_blocked %u\n",
	           (unsigned long long)sum.nr_switches,
	           (long long)((clock_realtime() - clock_monotonic()) / NSEC_PER_SEC),
	           (unsigned long long)sched_forks_total(), sched_nr_running(), tasks_blocked());
	seq_puts(s, "softirq 0 0 0 0 0 0 0 0 0 0 0\n");
	return 0;
}

/* ---- the others ---- */

static void show_load(struct seq *s, u32 load)
{
	/* 11 fraction bits; rounded to hundredths */
	u32 l = load + (1 << 11) / 200;
	seq_printf(s, "%u.%02u ", l >> 11, ((l & 2047) * 100) >> 11);
}

static pid_t newest_pid(void)
{
	pid_t last = 0, at = 1;
	struct task *t;

	while ((t = process_next_get(&at)) != NULL) {
		task_put(t);
		last = at++;
	}
	return last;
}

int proc_show_loadavg(struct seq *s, struct proc_node *n)
{
	u32 load[3];

	sched_loadavg(load);
	for (unsigned i = 0; i < 3; i++)
		show_load(s, load[i]);
	seq_printf(s, "%u/%u %d\n", sched_nr_running(), tasks_count(), newest_pid());
	return 0;
}

static void show_centiseconds(struct seq *s, u64 ns, const char *end)
{
	seq_printf(s, "%llu.%02llu%s", (unsigned long long)(ns / NSEC_PER_SEC),
	           (unsigned long long)(ns % NSEC_PER_SEC / (NSEC_PER_SEC / 100)), end);
}

int proc_show_uptime(struct seq *s, struct proc_node *n)
{
	struct sched_cpu_stats c;
	u64 idle = 0;
	unsigned cpu;

	cpumask_for_each (cpu, cpu_online_mask) {
		sched_cpu_stats(cpu, &c);
		idle += c.idle_ns;
	}
	show_centiseconds(s, (u64)clock_monotonic(), " ");
	show_centiseconds(s, idle, "\n");
	return 0;
}

static const struct {
	const char *tag, *text;
} counter_names[IRQC_NR] = {
	[IRQC_TIMER] = { "LOC", "Local timer interrupts" },
	[IRQC_RESCHED] = { "RES", "Rescheduling interrupts" },
	[IRQC_CALL] = { "CAL", "Function call interrupts" },
	[IRQC_TLB] = { "TLB", "TLB shootdowns" },
	[IRQC_NMI] = { "NMI", "Non-maskable interrupts" },
	[IRQC_SPURIOUS] = { "SPU", "Spurious interrupts" },
};

int proc_show_interrupts(struct seq *s, struct proc_node *n)
{
	unsigned cpu;

	seq_puts(s, "           ");
	cpumask_for_each (cpu, cpu_online_mask)
		seq_printf(s, "CPU%-8u", cpu);
	seq_puts(s, "\n");
	for (unsigned i = 0; i < IRQ_MAX; i++) {
		const char *name = irq_name(i);

		if (!name)
			continue;
		seq_printf(s, "%3u: ", i);
		cpumask_for_each (cpu, cpu_online_mask)
			seq_printf(s, "%10llu ", (unsigned long long)irq_count(i, cpu));
		seq_printf(s, "  IO-APIC %4u      %s\n", i, name);
	}
	for (enum irq_counter c = 0; c < IRQC_NR; c++) {
		seq_printf(s, "%s: ", counter_names[c].tag);
		cpumask_for_each (cpu, cpu_online_mask)
			seq_printf(s, "%10llu ", (unsigned long long)irq_counter_read(c, cpu));
		seq_printf(s, "  %s\n", counter_names[c].text);
	}
	return 0;
}
