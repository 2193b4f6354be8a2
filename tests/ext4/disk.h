/* SPDX-License-Identifier: MIT
 * tests/ext4/disk.h - the host's disk: an image in memory whose write cache can be lost. */
#pragma once
#include <stddef.h>
#include <stdint.h>

int disk_open(const char *path, int read_only);
uint64_t disk_size(void);
int disk_is_read_only(void);
int disk_read(uint64_t offset, void *buf, size_t n);
int disk_write(uint64_t offset, const void *buf, size_t n);
int disk_flush(void);
/* The n-th write from now fails the machine: disk_crashed() is called. 0: never. */
void disk_crash_at(uint64_t n);
void disk_fail_from(uint64_t n); /* from the n-th request on every one is an I/O error; 0: none */
uint64_t disk_writes(void);
/* Keeps a random part of what was not flushed (seed 0: all of it) and saves the image. */
int disk_save(const char *path, unsigned seed);
extern void (*disk_crashed)(void);
