/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * unit.h - numbers with their units, as people read them.
 */
#pragma once

#include <stdint.h>

#define UNIT_TEXT_MAX 32 /* bytes with the NUL */

/* "17 B", "4.0 MiB". Returns `buf`. */
const char *unit_bytes(int64_t bytes, char buf[UNIT_TEXT_MAX]);

/* "0.4 us", "12 us", "1.50 ms", "2.00 s". Returns `buf`. */
const char *unit_span_us(double span_us, char buf[UNIT_TEXT_MAX]);
