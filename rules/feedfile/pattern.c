// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/feedfile/pattern.h"

#include <assert.h>

#define OTHER 1 /* not a pattern that we take */

struct reader {
	struct span left;
	pattern_value_fn *fn;
	void *arg;
};

static void skip_space(struct span *left)
{
	while (left->at < left->end && (span_is_blank(*left->at) ||
					*left->at == '\n' || *left->at == '\r'))
		left->at++;
}

static bool take(struct reader *reader, const char *token)
{
	skip_space(&reader->left);
	if (!span_starts(reader->left, token))
		return false;
	reader->left.at += strlen(token);
	return true;
}

/* 'VALUE'; what has a backslash in it is not an address anyway */
static int give_value(struct reader *reader)
{
	struct span value;

	if (!take(reader, "'") ||
	    !memchr(reader->left.at, '\'', span_len(reader->left)))
		return OTHER;
	value = span_take_until(&reader->left, '\'');
	if (memchr(value.at, '\\', span_len(value)))
		return OTHER;
	return reader->fn(reader->arg, value);
}

/* ('VALUE', 'VALUE') */
static int give_list(struct reader *reader)
{
	int r;

	if (!take(reader, "("))
		return OTHER;
	do {
		r = give_value(reader);
	} while (r == 0 && take(reader, ","));
	if (r == 0 && !take(reader, ")"))
		return OTHER;
	return r;
}

static int give_comparison(struct reader *reader)
{
	if (!take(reader, "ipv4-addr:value") &&
	    !take(reader, "ipv6-addr:value"))
		return OTHER;
	if (take(reader, "=") || take(reader, "ISSUBSET"))
		return give_value(reader);
	return take(reader, "IN") ? give_list(reader) : OTHER;
}

static int give_observation(struct reader *reader)
{
	int r;

	if (!take(reader, "["))
		return OTHER;
	do {
		r = give_comparison(reader);
	} while (r == 0 && take(reader, "OR"));
	if (r == 0 && !take(reader, "]"))
		return OTHER;
	return r;
}

int pattern_each_value(struct span pattern, pattern_value_fn *fn, void *arg)
{
	struct reader reader = {.left = pattern, .fn = fn, .arg = arg};
	int r;

	assert(fn);

	do {
		r = give_observation(&reader);
	} while (r == 0 && take(&reader, "OR"));
	skip_space(&reader.left);
	if (r == 0 && !span_is_empty(reader.left))
		return OTHER;
	return r;
}
