/* SPDX-License-Identifier: MIT
 *
 * procfs/disks.c - /proc/partitions, /proc/diskstats
 *
 * Owns:      nothing.
 * Layer:     procfs.  Reads block.
 * Locks:     none of its own.
 * Contexts:  process context; may sleep.
 * Manual:    proc(5); Linux' Documentation/admin-guide/iostats.rst
 * Tests:     tests/disk.py
 */
#include <procfs/internal.h>
#include <block/block.h>
#include <block/stats.h>

enum { SECTOR = 512 };

int proc_show_partitions(struct seq *s, struct proc_node *n)
{
	struct block_device *d = NULL;

	seq_puts(s, "major minor  #blocks  name\n\n");
	while ((d = bdev_next(d)) != NULL)
		if (bdev_size(d))
			seq_printf(s, "%4u  %7u %10llu %s\n", dev_major(bdev_dev(d)), dev_minor(bdev_dev(d)),
			           (unsigned long long)bdev_size(d) / 1024, bdev_name(d));
	return 0;
}

static unsigned long long ms(u64 ns)
{
	return ns / NSEC_PER_MSEC;
}

static void show_group(struct seq *s, const struct bdev_stats *st, enum bdev_stat_group g)
{
	seq_printf(s, " %llu %llu %llu %llu", (unsigned long long)st->ios[g],
	           (unsigned long long)st->merges[g], (unsigned long long)st->bytes[g] / SECTOR,
	           ms(st->ns[g]));
}

int proc_show_diskstats(struct seq *s, struct proc_node *n)
{
	struct block_device *d = NULL;
	struct bdev_stats st;

	while ((d = bdev_next(d)) != NULL) {
		bdev_stats_read(d, &st);
		seq_printf(s, "%4u %7u %s", dev_major(bdev_dev(d)), dev_minor(bdev_dev(d)), bdev_name(d));
		show_group(s, &st, STAT_READ);
		show_group(s, &st, STAT_WRITE);
		seq_printf(
		        s, " %u %llu %llu", st.in_flight, ms(st.busy_ns),
		        ms(st.ns[STAT_READ] + st.ns[STAT_WRITE] + st.ns[STAT_DISCARD] + st.ns[STAT_FLUSH]));
		show_group(s, &st, STAT_DISCARD);
		seq_printf(s, " %llu %llu\n", (unsigned long long)st.ios[STAT_FLUSH], ms(st.ns[STAT_FLUSH]));
	}
	return 0;
}
