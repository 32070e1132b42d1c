/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * geo_mmdb_value.h - the values in a MaxMind DB file, read where they stand.
 *
 * A section is the bytes that offsets count from and may not leave: the data
 * of the records, or the metadata. Nothing is decoded but what is asked for.
 *
 * Errors	-EBADMSG: it reaches out of the section, a pointer leads to a
 *		pointer, or there are too many values; -ENOENT: no such key;
 *		-EPROTOTYPE: it is of another type
 * Threads	no state; any thread
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct mmdb_section {
	const uint8_t *bytes;
	size_t len;
};

/* Of the format; those that are not here are only stepped over. */
enum mmdb_type {
	MMDB_POINTER = 1,
	MMDB_STRING = 2,
	MMDB_DOUBLE = 3,
	MMDB_BYTES = 4,
	MMDB_UINT16 = 5,
	MMDB_UINT32 = 6,
	MMDB_MAP = 7,
	MMDB_INT32 = 8,
	MMDB_UINT64 = 9,
	MMDB_UINT128 = 10,
	MMDB_ARRAY = 11,
	MMDB_BOOL = 14,
	MMDB_FLOAT = 15,
};

/* A value whose control bytes were read. */
struct mmdb_value {
	uint8_t type; /* enum mmdb_type, never MMDB_POINTER */
	uint32_t size; /* bytes; of a map pairs, of an array items */
	size_t at; /* behind the control bytes */
};

/* The value at an offset, or the one that a pointer there leads to. */
int mmdb_value_at(const struct mmdb_section *section, size_t at,
		  struct mmdb_value *ret_value);

/* The value of a key of a map. `values_left` is what may still be looked at. */
int mmdb_map_find(const struct mmdb_section *section,
		  const struct mmdb_value *map, const char *key,
		  uint32_t *values_left, struct mmdb_value *ret_value);

/* An unsigned number of at most 64 bits. */
int mmdb_number(const struct mmdb_section *section,
		const struct mmdb_value *value, uint64_t *ret_number);
