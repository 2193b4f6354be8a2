/* SPDX-License-Identifier: MIT
 * tests/unit/unit.h - what every host test includes: cmocka, and random numbers that a seed repeats. */
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static uint64_t unit_seed = 1;

static inline uint32_t unit_random(void)
{
	unit_seed = unit_seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (uint32_t)(unit_seed >> 33);
}
