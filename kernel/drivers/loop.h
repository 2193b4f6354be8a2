/* SPDX-License-Identifier: MIT
 * drivers/loop.h - between loop.c (the device) and loop_ioctl.c (its commands); for these two only. */
#pragma once
#include <abi/errno.h>
#include <abi/loop.h>
#include <block/disk.h>
#include <fs/inode.h>

enum { LOOP_MAJOR = 7, LOOP_MAX = 256, LOOP_FIRST = 8 };
struct loop {
	struct disk disk;
	unsigned number;
	struct file *file;     /* what it shows; owned; NULL: nothing.  loop_mutex */
	u64 offset, sizelimit; /* bytes of it; sizelimit 0: all */
	u32 flags;             /* LO_FLAGS_* */
	u8 name[64];           /* what losetup wants to read back */
	struct list_head todo; /* requests; the queue's lock */
	struct waitq wait;     /* its thread */
	bool stop, stopped;
};
extern struct mutex loop_mutex; /* which device shows what */
/* All of these with loop_mutex. */
struct loop *loop_at(unsigned n);  /* NULL: there is none */
struct loop *loop_add(unsigned n); /* makes it, or ERR_PTR(-EEXIST, -ENOMEM, -EINVAL) */
struct loop *loop_free_one(void);  /* shows nothing; made if need be */
int loop_bind(struct loop *lo, struct file *f, const struct loop_info64_k *info, u32 block_size); /* owns f */
/* Waits for its thread.  The file is to be put without loop_mutex: it may lie on another loop device. */
struct file *loop_unbind(struct loop *lo);
void loop_set_size(struct loop *lo); /* by file, offset and sizelimit */
int loop_scan(struct loop *lo);      /* partitions, by flags: 0 or -EBUSY */
/* loop_ioctl.c */
long loop_ioctl(void *file, unsigned cmd, void *arg);
int loop_control_init(void);
