// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/guarded.h"

#include <stdio.h>

void guarded_add(struct guarded *guarded, const char *where,
		 const struct prefix *prefix, const struct guard_entry *entry)
{
	char text[GUARD_TEXT_MAX];
	size_t note = guarded->count++;

	if (note < GUARDED_NOTES)
		(void)snprintf(guarded->notes[note], GUARDED_NOTE_MAX,
			       "%.60s: %s", where,
			       guard_explain(prefix, entry, text));
}

json_t *guarded_json(const struct guarded *guarded)
{
	json_t *texts = json_array();

	for (size_t i = 0; i < guarded->count && i < GUARDED_NOTES; i++)
		(void)json_array_append_new(texts,
					    json_string(guarded->notes[i]));
	return texts;
}
