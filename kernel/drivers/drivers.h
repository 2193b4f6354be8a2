/* SPDX-License-Identifier: MIT
 * drivers/drivers.h - the leaves: each init finds its devices and registers them upward. */
#pragma once
void serial_early_init(void);   /* COM1 as log console; from the first instruction on, polled */
void serial_init(void);         /* COM1 as tty ttyS0 */
void virtio_console_init(void); /* hvc0 and named ports /dev/vportNpM */
void virtio_rng_init(void);
void virtio_blk_init(void); /* vda, vdb ... */
void virtio_9p_init(void);  /* shared folders: transports of fs/9p */
void virtio_balloon_init(void);
void loop_init(void); /* loop0 .. loop7, /dev/loop-control */
