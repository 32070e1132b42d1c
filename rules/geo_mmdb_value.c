// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/geo_mmdb_value.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

/* Sizes from here on have bytes of their own. */
#define SIZE_ONE   29
#define SIZE_TWO   30
#define SIZE_THREE 31

#define EXTENDED 7 /* the type of a second control byte, less this */

static int read_bytes(const struct mmdb_section *section, size_t *at,
		      size_t count, uint32_t *ret_number)
{
	uint32_t number = 0;

	if (count > section->len || *at > section->len - count)
		return -EBADMSG;
	for (size_t i = 0; i < count; i++)
		number = number << 8 | section->bytes[(*at)++];
	*ret_number = number;
	return 0;
}

/* The size in the control byte, or in up to three bytes behind it. */
static int read_size(const struct mmdb_section *section, uint32_t control,
		     size_t *at, uint32_t *ret_size)
{
	static const uint32_t bases[] = {0, SIZE_ONE, 285, 65821};
	uint32_t bits = control & 0x1f;
	uint32_t count = bits < SIZE_ONE ? 0 : bits - SIZE_ONE + 1;
	uint32_t more;
	int r = read_bytes(section, at, count, &more);

	if (r < 0)
		return r;
	*ret_size = count ? bases[count] + more : bits;
	return 0;
}

/* Where it leads. Its size bits are how many bytes it has and its highest. */
static int read_pointer(const struct mmdb_section *section, uint32_t control,
			size_t *at, size_t *ret_to)
{
	static const uint32_t bases[] = {0, 2048, 526336, 0};
	uint32_t count = control >> 3 & 3;
	uint32_t more;
	int r = read_bytes(section, at, count + 1, &more);

	if (r < 0)
		return r;
	if (count < 3)
		more |= (control & 7) << (8 * (count + 1));
	*ret_to = (size_t)more + bases[count];
	return 0;
}

/* The bytes of a value itself, without what is in it. */
static size_t own_bytes(const struct mmdb_value *value)
{
	switch (value->type) {
	case MMDB_MAP:
	case MMDB_ARRAY:
	case MMDB_BOOL: /* its size is what it says */
		return 0;
	default:
		return value->size;
	}
}

/* The value, or the pointer, whose `size` then is 0 and *ret_to where it
 * leads. What it has of its own lies within the section. */
static int read_control(const struct mmdb_section *section, size_t at,
			struct mmdb_value *ret_value, size_t *ret_to)
{
	struct mmdb_value value = {.at = at};
	uint32_t control, extended = 0;
	int r = read_bytes(section, &value.at, 1, &control);

	if (r < 0)
		return r;
	value.type = (uint8_t)(control >> 5);
	if (value.type == MMDB_POINTER) {
		r = read_pointer(section, control, &value.at, ret_to);
	} else {
		if (value.type == 0)
			r = read_bytes(section, &value.at, 1, &extended);
		if (r == 0 && value.type == 0) {
			/* an extended type is none that has a short form */
			if (extended == 0 || extended > UINT8_MAX - EXTENDED)
				return -EBADMSG;
			value.type = (uint8_t)(extended + EXTENDED);
		}
		if (r == 0)
			r = read_size(section, control, &value.at, &value.size);
	}
	if (r == 0 && own_bytes(&value) > section->len - value.at)
		r = -EBADMSG;
	if (r == 0)
		*ret_value = value;
	return r;
}

int mmdb_value_at(const struct mmdb_section *section, size_t at,
		  struct mmdb_value *ret_value)
{
	struct mmdb_value value;
	size_t to = 0;
	int r;

	assert(section);
	assert(ret_value);

	r = read_control(section, at, &value, &to);
	if (r == 0 && value.type == MMDB_POINTER)
		r = read_control(section, to, &value, &to);
	if (r == 0 && value.type == MMDB_POINTER)
		r = -EBADMSG;
	if (r == 0)
		*ret_value = value;
	return r;
}

/* Step over the value at *at, with all that is in it. How deep that is makes
 * no difference: only how many are still to come is kept. */
static int skip(const struct mmdb_section *section, size_t *at,
		uint32_t *values_left)
{
	uint64_t pending = 1;

	while (pending > 0) {
		struct mmdb_value value;
		size_t to;
		int r = read_control(section, *at, &value, &to);

		if (r < 0)
			return r;
		if (*values_left == 0)
			return -EBADMSG;
		--*values_left;
		--pending;
		*at = value.at + own_bytes(&value);
		if (value.type == MMDB_MAP)
			pending += 2ull * value.size;
		else if (value.type == MMDB_ARRAY)
			pending += value.size;
	}
	return 0;
}

static bool is_key(const struct mmdb_section *section,
		   const struct mmdb_value *value, const char *key)
{
	return value->size == strlen(key) &&
	       memcmp(section->bytes + value->at, key, value->size) == 0;
}

int mmdb_map_find(const struct mmdb_section *section,
		  const struct mmdb_value *map, const char *key,
		  uint32_t *values_left, struct mmdb_value *ret_value)
{
	size_t at = map->at;

	assert(key);

	if (map->type != MMDB_MAP)
		return -EPROTOTYPE;
	for (uint32_t i = 0; i < map->size; i++) {
		struct mmdb_value name;
		int r = mmdb_value_at(section, at, &name);

		if (r == 0 && name.type != MMDB_STRING)
			r = -EBADMSG;
		if (r == 0)
			r = skip(section, &at, values_left);
		if (r == 0 && is_key(section, &name, key))
			return mmdb_value_at(section, at, ret_value);
		if (r == 0)
			r = skip(section, &at, values_left);
		if (r < 0)
			return r;
	}
	return -ENOENT;
}

int mmdb_number(const struct mmdb_section *section,
		const struct mmdb_value *value, uint64_t *ret_number)
{
	uint64_t number = 0;

	if (value->type != MMDB_UINT16 && value->type != MMDB_UINT32 &&
	    value->type != MMDB_UINT64)
		return -EPROTOTYPE;
	if (value->size > sizeof(number))
		return -EBADMSG;
	for (uint32_t i = 0; i < value->size; i++)
		number = number << 8 | section->bytes[value->at + i];
	*ret_number = number;
	return 0;
}
