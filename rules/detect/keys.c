// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/detect/keys.h"

#include <string.h>

const struct node *keys_value(const struct node *mapping, const char *key)
{
	const struct node *name = mapping->first;

	for (; name; name = name->next->next) {
		if (name->kind == NODE_SCALAR && strcmp(name->text, key) == 0)
			return name->next;
	}
	return NULL;
}

static int check_key(struct detect_note *note, const struct node *mapping,
		     const struct node *name, const char *what,
		     const char *const *keys)
{
	if (name->kind != NODE_SCALAR)
		return document_note_refuse(&note->at, name->mark,
					    "a key of %s is a word", what);
	if (keys_value(mapping, name->text) != name->next)
		return document_note_refuse(&note->at, name->mark,
					    "\"%.60s\" is given twice",
					    name->text);
	while (keys && *keys && strcmp(*keys, name->text) != 0)
		keys++;
	if (keys && !*keys)
		return document_note_refuse(&note->at, name->mark,
					    "%s has no key \"%.60s\"", what,
					    name->text);
	return 0;
}

int keys_check(struct detect_note *note, const struct node *mapping,
	       const char *what, const char *const *keys)
{
	int r = 0;

	note->reason = DETECT_BROKEN;
	if (mapping->kind != NODE_MAPPING)
		return document_note_refuse(&note->at, mapping->mark,
					    "%s is a mapping of its keys",
					    what);
	for (const struct node *name = mapping->first; r >= 0 && name;
	     name = name->next->next)
		r = check_key(note, mapping, name, what, keys);
	return r;
}
