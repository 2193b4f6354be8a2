/* SPDX-License-Identifier: MIT
 * mem/kmalloc.h - inside mem: between kmalloc.c and slab.c. */
#pragma once
#include <abi/types.h>

void kmalloc_init(void);
/* Of an object in any slab. */
void slab_free_object(void *obj);
size_t slab_object_size(const void *obj);
