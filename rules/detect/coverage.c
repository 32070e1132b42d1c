// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/detect/coverage.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ATTACK "attack."

static bool is_digit(char byte)
{
	return byte >= '0' && byte <= '9';
}

/* The name in a tag, or NULL: it is of neither kind. */
static const char *name_in(const char *tag, bool *ret_is_technique)
{
	const char *name = tag + strlen(ATTACK);

	if (strncmp(tag, ATTACK, strlen(ATTACK)) != 0 || *name == '\0')
		return NULL;
	*ret_is_technique = *name == 't' && is_digit(name[1]);
	if (strchr("gcs", *name) && is_digit(name[1]))
		return NULL;
	return name;
}

static struct coverage_item *find(struct coverage *coverage, const char *name)
{
	for (size_t i = 0; i < coverage->count; i++) {
		if (strncmp(coverage->items[i].name, name,
			    COVERAGE_NAME_BYTES - 1) == 0)
			return &coverage->items[i];
	}
	return NULL;
}

static int grow(struct coverage *coverage)
{
	size_t count = coverage->count;
	void *items;

	if (count & (count - 1))
		return 0;
	items = reallocarray(coverage->items, count ? count * 2 : 1,
			     sizeof(*coverage->items));
	if (!items)
		return -ENOMEM;
	coverage->items = items;
	return 0;
}

static int count_name(struct coverage *coverage, const char *name,
		      bool is_technique, enum detect_level level)
{
	struct coverage_item *item = find(coverage, name);

	if (!item) {
		int r = grow(coverage);

		if (r < 0)
			return r;
		item = &coverage->items[coverage->count++];
		*item = (struct coverage_item){
			.is_technique = is_technique,
			.level = level,
		};
		(void)snprintf(item->name, sizeof(item->name), "%s", name);
	}
	item->rules++;
	if (level > item->level)
		item->level = level;
	return 0;
}

static bool is_repeated(const struct detect_rule *rule, size_t at)
{
	for (size_t i = 0; i < at; i++) {
		if (strcmp(rule->tags[i], rule->tags[at]) == 0)
			return true;
	}
	return false;
}

int coverage_add(struct coverage *coverage, const struct detect_rule *rule)
{
	bool has_technique = false;
	int r = 0;

	for (size_t i = 0; r >= 0 && i < rule->tag_count; i++) {
		bool is_technique;
		const char *name = name_in(rule->tags[i], &is_technique);

		if (!name || is_repeated(rule, i))
			continue;
		has_technique = has_technique || is_technique;
		r = count_name(coverage, name, is_technique, rule->level);
	}
	coverage->rules++;
	coverage->without += !has_technique;
	return r;
}

static int by_kind_and_name(const void *a, const void *b)
{
	const struct coverage_item *one = a, *other = b;

	if (one->is_technique != other->is_technique)
		return one->is_technique ? 1 : -1;
	return strcmp(one->name, other->name);
}

void coverage_sort(struct coverage *coverage)
{
	if (coverage->count > 0)
		qsort(coverage->items, coverage->count,
		      sizeof(*coverage->items), by_kind_and_name);
}

void coverage_done(struct coverage *coverage)
{
	free(coverage->items);
	*coverage = (struct coverage){.items = NULL};
}
