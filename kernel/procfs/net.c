/* SPDX-License-Identifier: MIT
 *
 * procfs/net.c - /proc/net, which is /proc/[pid]/net: sockets as text
 *
 * Owns:      nothing; reads what others own.
 * Layer:     procfs.
 * Locks:     none of its own.
 * Contexts:  process context; may sleep.
 * Manual:    proc(5): /proc/net/unix.
 * Tests:     tests/abi/unix_stream.c
 *
 * There is one network namespace, so the directory is the same for all processes.
 */
#include <procfs/internal.h>
#include <net/unix/show.h>

static int show_unix(struct seq *s, struct proc_node *n)
{
	return unix_show(s);
}

static const struct proc_entry net_entries[] = {
	{ .name = "unix", .mode = S_IFREG | 0444, .show = show_unix },
};
const struct proc_dir proc_net_dir = { PROC_DIR(net_entries) };
