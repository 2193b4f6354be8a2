/* SPDX-License-Identifier: MIT
 * block/stats.h - what a device has done, for /proc/diskstats and /sys/block/NAME/stat. */
#pragma once
#include <abi/types.h>

struct block_device;
enum bdev_stat_group { STAT_READ, STAT_WRITE, STAT_DISCARD, STAT_FLUSH, STAT_GROUPS };
struct bdev_stats {
	u64 ios[STAT_GROUPS];    /* requests that ended */
	u64 merges[STAT_GROUPS]; /* bios that joined another one's request */
	u64 bytes[STAT_GROUPS];
	u64 ns[STAT_GROUPS]; /* sum of the times from submission to end */
	u64 busy_ns;         /* time with at least one request */
	u32 in_flight;
	ktime_t busy_since;
};
/* A copy with the time that runs right now. */
void bdev_stats_read(struct block_device *d, struct bdev_stats *out);
