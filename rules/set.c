// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/set.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "rules/base.h"
#include "rules/geo.h"

/* Operators block and allow for a time as well as for good, so these two are
 * dynamic; who may manage the machine is not to run out by itself. */
const struct set set_builtins[3] = {
	{
		.id = SET_ID_MANAGEMENT,
		.action = SET_ALLOW,
		.kind = SET_STATIC,
		.capacity = SET_CAPACITY_DEFAULT,
		.name = "management",
	},
	{
		.id = SET_ID_ALLOW,
		.action = SET_ALLOW,
		.kind = SET_DYNAMIC,
		.capacity = SET_CAPACITY_DEFAULT,
		.name = "allow",
	},
	{
		.id = SET_ID_BLOCK,
		.action = SET_DROP,
		.kind = SET_DYNAMIC,
		.capacity = SET_CAPACITY_DEFAULT,
		.name = "block",
	},
};

_Static_assert(ARRAY_LEN(set_builtins) == SET_ID_FIRST_FREE - 1, "");

static const char *const action_names[] = {
	[SET_ALLOW] = "allow",
	[SET_DROP] = "drop",
	[SET_SHADOW] = "shadow",
	[SET_NONE] = "none",
};

_Static_assert(ARRAY_LEN(action_names) == SET_ACTION_COUNT, "");

static const char *const kind_names[] = {
	[SET_STATIC] = "static",
	[SET_DYNAMIC] = "dynamic",
	[SET_GEO] = "geo",
};

_Static_assert(ARRAY_LEN(kind_names) == SET_KIND_COUNT, "");

/* The index of `text` in `names`, -EINVAL if it is not there. */
static int find_name(const char *const *names, size_t count, const char *text)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(names[i], text) == 0)
			return (int)i;
	}
	return -EINVAL;
}

const char *set_action_name(enum set_action action)
{
	assert(action < SET_ACTION_COUNT);

	return action_names[action];
}

const char *set_kind_name(enum set_kind kind)
{
	assert(kind < SET_KIND_COUNT);

	return kind_names[kind];
}

int set_action_from_text(const char *text, enum set_action *ret_action)
{
	int r;

	assert(text);
	assert(ret_action);

	r = find_name(action_names, ARRAY_LEN(action_names), text);
	if (r < 0)
		return r;
	*ret_action = (enum set_action)r;
	return 0;
}

int set_kind_from_text(const char *text, enum set_kind *ret_kind)
{
	int r;

	assert(text);
	assert(ret_kind);

	r = find_name(kind_names, ARRAY_LEN(kind_names), text);
	if (r < 0)
		return r;
	*ret_kind = (enum set_kind)r;
	return 0;
}

/* <ctype.h> asks the locale; a set's name is the same everywhere. */
static bool is_lower(char c)
{
	return c >= 'a' && c <= 'z';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* How many bytes at the start could be a name for users; not how many may. */
static size_t measure_name(const char *name)
{
	size_t len = 0;

	if (!is_lower(name[0]))
		return 0;
	while (is_lower(name[len]) || is_digit(name[len]) || name[len] == '-')
		len++;
	return len;
}

bool set_name_is_valid(const char *name)
{
	size_t len;

	assert(name);

	len = measure_name(name);
	return len > 0 && len < SET_NAME_MAX && name[len] == '\0';
}

bool set_name_is_known(const char *name)
{
	return set_name_is_valid(name) || geo_name_is_valid(name);
}

bool set_name_is_storable(const char *name)
{
	char known[SET_NAME_MAX];
	size_t len, end;

	assert(name);

	len = strcspn(name, ".");
	end = len;
	if (name[len] == '.' && is_digit(name[len + 1]) &&
	    (name[len + 1] != '0' || name[len + 2] == '\0')) {
		end++;
		while (is_digit(name[end]))
			end++;
	}
	if (end >= SET_NAME_MAX || name[end] != '\0')
		return false;
	memcpy(known, name, len);
	known[len] = '\0';
	return set_name_is_known(known);
}
