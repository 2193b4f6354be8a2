/* SPDX-License-Identifier: MIT
 *
 * sysfs/block.c - what /sys says of a disk and of a partition
 *
 * Owns:      nothing.
 * Layer:     sysfs.  Reads block.
 * Locks:     none of its own.
 * Contexts:  process context; may sleep.
 * Manual:    Linux' Documentation/ABI/stable/sysfs-block, Documentation/block/stat.rst
 * Tests:     tests/disk.py, tests/debian/disks.cases (lsblk)
 */
#include <sysfs/internal.h>
#include <block/stats.h>
#include <cred/cred.h>

enum { SECTOR = 512 };

static const struct disk_limits *limits(const struct sys_node *n)
{
	return &bdev_disk(n->bdev)->limits;
}

static int show_number(struct seq *s, u64 v)
{
	seq_printf(s, "%llu\n", (unsigned long long)v);
	return 0;
}

#define SHOW(name, value)                                                                                    \
	static int show_##name(struct seq *s, struct sys_node *n)                                            \
	{                                                                                                    \
		return show_number(s, value);                                                                \
	}
SHOW(zero, 0)
SHOW(one, 1)
SHOW(size, bdev_size(n->bdev) / SECTOR)
SHOW(ro, bdev_read_only(n->bdev))
SHOW(range, bdev_disk(n->bdev)->minors)
SHOW(ext_range, 256)
SHOW(diskseq, bdev_disk(n->bdev)->seq)
SHOW(partition, bdev_partition(n->bdev))
SHOW(start, bdev_start(n->bdev) / SECTOR)
SHOW(logical, limits(n)->logical)
SHOW(physical, limits(n)->physical)
SHOW(io_min, limits(n)->io_min)
SHOW(io_opt, limits(n)->io_opt)
SHOW(discard_max, limits(n)->max_discard)
SHOW(discard_granularity, limits(n)->discard_granularity)
SHOW(zeroes_max, limits(n)->max_zeroes)
SHOW(rotational, limits(n)->rotational)
SHOW(max_kb, limits(n)->max_bytes / 1024)
SHOW(max_segments, limits(n)->max_segments)
SHOW(max_segment, limits(n)->max_segment)
SHOW(fua, limits(n)->fua)
SHOW(nr_requests, 256)
SHOW(read_ahead_kb, bdev_read_ahead(bdev_disk(n->bdev)->whole) / 2)
SHOW(dma_alignment, 511)

static int show_dev(struct seq *s, struct sys_node *n)
{
	seq_printf(s, "%u:%u\n", dev_major(bdev_dev(n->bdev)), dev_minor(bdev_dev(n->bdev)));
	return 0;
}

static int show_uevent(struct seq *s, struct sys_node *n)
{
	const struct block_device *d = n->bdev;

	seq_printf(s, "MAJOR=%u\nMINOR=%u\nDEVNAME=%s\nDEVTYPE=%s\nDISKSEQ=%llu\n", dev_major(bdev_dev(d)),
	           dev_minor(bdev_dev(d)), bdev_name(d), bdev_partition(d) ? "partition" : "disk",
	           (unsigned long long)bdev_disk(d)->seq);
	if (bdev_partition(d))
		seq_printf(s, "PARTN=%u\n", bdev_partition(d));
	if (bdev_uuid(d)[0])
		seq_printf(s, "PARTUUID=%s\n", bdev_uuid(d));
	if (bdev_label(d)[0])
		seq_printf(s, "PARTNAME=%s\n", bdev_label(d));
	return 0;
}

static int show_stat(struct seq *s, struct sys_node *n)
{
	static const enum bdev_stat_group first[] = { STAT_READ, STAT_WRITE };
	struct bdev_stats st;
	u64 all = 0;

	bdev_stats_read(n->bdev, &st);
	for (unsigned g = 0; g < STAT_GROUPS; g++)
		all += st.ns[g];
	for (unsigned i = 0; i < 2; i++)
		seq_printf(s, "%8llu %8llu %8llu %8llu ", (unsigned long long)st.ios[first[i]],
		           (unsigned long long)st.merges[first[i]],
		           (unsigned long long)st.bytes[first[i]] / SECTOR,
		           (unsigned long long)st.ns[first[i]] / NSEC_PER_MSEC);
	seq_printf(s, "%8u %8llu %8llu ", st.in_flight, (unsigned long long)st.busy_ns / NSEC_PER_MSEC,
	           (unsigned long long)all / NSEC_PER_MSEC);
	seq_printf(s, "%8llu %8llu %8llu %8llu %8llu %8llu\n", (unsigned long long)st.ios[STAT_DISCARD],
	           (unsigned long long)st.merges[STAT_DISCARD],
	           (unsigned long long)st.bytes[STAT_DISCARD] / SECTOR,
	           (unsigned long long)st.ns[STAT_DISCARD] / NSEC_PER_MSEC,
	           (unsigned long long)st.ios[STAT_FLUSH],
	           (unsigned long long)st.ns[STAT_FLUSH] / NSEC_PER_MSEC);
	return 0;
}

/* Reads and writes are not told apart while they are on their way: all stand in the first column. */
static int show_inflight(struct seq *s, struct sys_node *n)
{
	struct bdev_stats st;

	bdev_stats_read(n->bdev, &st);
	seq_printf(s, "%8u %8u\n", st.in_flight, 0);
	return 0;
}

static int show_write_cache(struct seq *s, struct sys_node *n)
{
	seq_puts(s, limits(n)->write_cache ? "write back\n" : "write through\n");
	return 0;
}

static int show_scheduler(struct seq *s, struct sys_node *n)
{
	seq_puts(s, "[none] \n");
	return 0;
}

static int show_zoned(struct seq *s, struct sys_node *n)
{
	seq_puts(s, "none\n");
	return 0;
}

static int show_serial(struct seq *s, struct sys_node *n)
{
	seq_printf(s, "%s\n", bdev_disk(n->bdev)->serial);
	return 0;
}

static int write_read_ahead(struct sys_node *n, const char *text)
{
	u64 kb;

	if (!parse_u64(&text, 10, &kb) || kb > 1 << 20)
		return -EINVAL;
	bdev_set_read_ahead(bdev_disk(n->bdev)->whole, (u32)kb * 2);
	return 0;
}

static int link_subsystem(struct sys_node *n, char *buf, size_t size)
{
	strlcpy(buf, bdev_partition(n->bdev) ? "../../../../../class/block" : "../../../../class/block",
	        size);
	return 0;
}

static bool has_serial(const struct block_device *d)
{
	return bdev_disk(d)->serial[0];
}

/* ---- what the driver adds: loop/ ---- */

static int show_extra(struct seq *s, struct sys_node *n)
{
	const struct disk *d = bdev_disk(n->bdev);

	return d->show(bdev_disk(n->bdev), s, n->entry->name);
}

static bool has_extra(const struct block_device *d)
{
	return bdev_disk(d)->show && bdev_disk(d)->size;
}

static const struct sys_entry loop_entries[] = {
	{ .name = "autoclear", .show = show_extra }, { .name = "backing_file", .show = show_extra },
	{ .name = "dio", .show = show_extra },       { .name = "offset", .show = show_extra },
	{ .name = "partscan", .show = show_extra },  { .name = "sizelimit", .show = show_extra },
};
static const struct sys_dir loop_dir = { SYS_DIR(loop_entries) };

/* ---- the directories ---- */

static const struct sys_entry queue_entries[] = {
	{ .name = "add_random", .show = show_zero },
	{ .name = "chunk_sectors", .show = show_zero },
	{ .name = "dax", .show = show_zero },
	{ .name = "discard_granularity", .show = show_discard_granularity },
	{ .name = "discard_max_bytes", .show = show_discard_max },
	{ .name = "discard_max_hw_bytes", .show = show_discard_max },
	{ .name = "discard_zeroes_data", .show = show_zero },
	{ .name = "dma_alignment", .show = show_dma_alignment },
	{ .name = "fua", .show = show_fua },
	{ .name = "hw_sector_size", .show = show_logical },
	{ .name = "io_poll", .show = show_zero },
	{ .name = "iostats", .show = show_one },
	{ .name = "logical_block_size", .show = show_logical },
	{ .name = "max_hw_sectors_kb", .show = show_max_kb },
	{ .name = "max_sectors_kb", .show = show_max_kb },
	{ .name = "max_segment_size", .show = show_max_segment },
	{ .name = "max_segments", .show = show_max_segments },
	{ .name = "minimum_io_size", .show = show_io_min },
	{ .name = "nomerges", .show = show_zero },
	{ .name = "nr_requests", .show = show_nr_requests },
	{ .name = "nr_zones", .show = show_zero },
	{ .name = "optimal_io_size", .show = show_io_opt },
	{ .name = "physical_block_size", .show = show_physical },
	{ .name = "read_ahead_kb", .show = show_read_ahead_kb, .write = write_read_ahead },
	{ .name = "rotational", .show = show_rotational },
	{ .name = "scheduler", .show = show_scheduler },
	{ .name = "stable_writes", .show = show_zero },
	{ .name = "virt_boundary_mask", .show = show_zero },
	{ .name = "write_cache", .show = show_write_cache },
	{ .name = "write_same_max_bytes", .show = show_zero },
	{ .name = "write_zeroes_max_bytes", .show = show_zeroes_max },
	{ .name = "zoned", .show = show_zoned },
};
static const struct sys_dir queue_dir = { SYS_DIR(queue_entries) };
static const struct sys_dir no_entries = { NULL };

static const struct sys_entry partition_entry = { .dir = &sys_partition_dir };

static const struct sys_entry *list_partitions(const struct sys_node *dir, const struct block_device *d,
                                               char *name)
{
	if (!bdev_partition(d) || bdev_disk(d) != bdev_disk(dir->bdev))
		return NULL;
	strlcpy(name, bdev_name(d), SYS_NAME);
	return &partition_entry;
}

static const struct sys_entry disk_entries[] = {
	{ .name = "alignment_offset", .show = show_zero },
	{ .name = "capability", .show = show_zero },
	{ .name = "dev", .show = show_dev },
	{ .name = "discard_alignment", .show = show_zero },
	{ .name = "diskseq", .show = show_diskseq },
	{ .name = "ext_range", .show = show_ext_range },
	{ .name = "hidden", .show = show_zero },
	{ .name = "holders", .dir = &no_entries },
	{ .name = "inflight", .show = show_inflight },
	{ .name = "loop", .dir = &loop_dir, .present = has_extra },
	{ .name = "queue", .dir = &queue_dir },
	{ .name = "range", .show = show_range },
	{ .name = "removable", .show = show_zero },
	{ .name = "ro", .show = show_ro },
	{ .name = "serial", .show = show_serial, .present = has_serial },
	{ .name = "size", .show = show_size },
	{ .name = "slaves", .dir = &no_entries },
	{ .name = "stat", .show = show_stat },
	{ .name = "subsystem", .link = link_subsystem },
	{ .name = "uevent", .show = show_uevent },
};
const struct sys_dir sys_disk_dir = { SYS_DIR(disk_entries), .list = list_partitions };

static const struct sys_entry partition_entries[] = {
	{ .name = "alignment_offset", .show = show_zero },
	{ .name = "dev", .show = show_dev },
	{ .name = "discard_alignment", .show = show_zero },
	{ .name = "holders", .dir = &no_entries },
	{ .name = "inflight", .show = show_inflight },
	{ .name = "partition", .show = show_partition },
	{ .name = "ro", .show = show_ro },
	{ .name = "size", .show = show_size },
	{ .name = "start", .show = show_start },
	{ .name = "stat", .show = show_stat },
	{ .name = "subsystem", .link = link_subsystem },
	{ .name = "uevent", .show = show_uevent },
};
const struct sys_dir sys_partition_dir = { SYS_DIR(partition_entries) };
