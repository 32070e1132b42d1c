// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/document_compare.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rules/document_writer.h"

/* Some of the keys of a mapping. */
struct keys {
	const struct schema_mapping *mapping;
	size_t first, count;
};

/* A limit without a name is written in the rule that refers to it, and by no
 * other: so let it be the next. */
static size_t next_limit(const struct keys *keys, const void *object)
{
	return keys->mapping == &schema_rule
		       ? ((const struct rule *)object)->limit
		       : 0;
}

/* The caller frees *ret_text. */
static int print_part(const struct keys *keys, const struct document_part *part,
		      char **ret_text)
{
	const struct schema_mapping mapping = {
		.keys = keys->mapping->keys + keys->first,
		.key_count = keys->count,
	};
	struct document_writer writer = {.policy = part->policy};
	char *text = NULL;
	size_t len = 0;

	writer.out = open_memstream(&text, &len);
	if (!writer.out)
		return -ENOMEM;
	writer.next_limit = next_limit(keys, part->object);
	document_write_mapping(&writer, &mapping, part->object);
	if (fclose(writer.out) != 0) {
		free(text);
		return -ENOMEM;
	}
	*ret_text = text;
	return 0;
}

/* 1: they do. */
static int differ(const struct keys *keys, const struct document_part *before,
		  const struct document_part *after)
{
	CLEANUP(freep) char *old_text = NULL;
	CLEANUP(freep) char *new_text = NULL;
	int r = print_part(keys, before, &old_text);

	if (r == 0)
		r = print_part(keys, after, &new_text);
	return r < 0 ? r : strcmp(old_text, new_text) != 0;
}

static void add_key(char text[DOCUMENT_KEYS_MAX], const char *name)
{
	size_t used = strlen(text);

	if (used + strlen(name) + 3 < DOCUMENT_KEYS_MAX)
		(void)snprintf(text + used, DOCUMENT_KEYS_MAX - used, "%s%s",
			       used > 0 ? ", " : "", name);
}

int document_compare(const struct schema_mapping *mapping,
		     const struct document_part *before,
		     const struct document_part *after,
		     char ret_keys[DOCUMENT_KEYS_MAX])
{
	const struct keys all = {mapping, 0, mapping->key_count};
	char text[DOCUMENT_KEYS_MAX] = "";
	int r = 1;

	assert(mapping);
	assert(before);
	assert(after);

	/* of thousands of rules most are the same */
	if (mapping == &schema_rule)
		r = differ(&all, before, after);
	for (size_t i = 0; i < mapping->key_count && r > 0; i++) {
		const struct keys one = {mapping, i, 1};

		if (mapping->keys[i].type == SCHEMA_PREFIXES)
			continue;
		r = differ(&one, before, after);
		if (r > 0)
			add_key(text, mapping->keys[i].name);
		r = r < 0 ? r : 1;
	}
	if (r < 0)
		return r;
	memcpy(ret_keys, text, sizeof(text));
	return 0;
}
