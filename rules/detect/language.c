// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/detect/language.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rules/detect/native.h"
#include "rules/detect/remark.h"
#include "rules/detect/sandtrace.h"
#include "rules/detect/sigma.h"

static const char *const reason_names[] = {
	[DETECT_BROKEN] = "broken",
	[DETECT_TOO_LARGE] = "too-large",
	[DETECT_NO_FIELD] = "field",
	[DETECT_NO_MODIFIER] = "modifier",
	[DETECT_NO_VALUE] = "value",
	[DETECT_NO_REGEX] = "regex",
	[DETECT_NO_CONDITION] = "condition",
	[DETECT_NO_LOG_SOURCE] = "log-source",
	[DETECT_NEEDS_LOG] = "needs-log",
	[DETECT_NEVER] = "never",
};
_Static_assert(ARRAY_LEN(reason_names) == DETECT_REASON_COUNT, "");

const char *detect_reason_name(enum detect_reason reason)
{
	return reason_names[reason];
}

int detect_tree_read(const char *text, size_t len, struct tree **ret_tree,
		     struct detect_note *ret_note)
{
	int r;

	assert(text || len == 0);
	assert(ret_tree);
	assert(ret_note);

	if (len > DETECT_BYTES_MAX) {
		ret_note->reason = DETECT_TOO_LARGE;
		return document_note_refuse_count(&ret_note->at,
						  (struct mark){1, 1}, len,
						  DETECT_BYTES_MAX, "bytes");
	}
	r = tree_read(text, len, ret_tree, &ret_note->at);
	ret_note->reason = r == -E2BIG ? DETECT_TOO_LARGE : DETECT_BROKEN;
	return r;
}

/* One that has forgotten its version looks like a file of sandtrace. */
static void note_sandtrace(struct detect_note *note)
{
	char text[DOCUMENT_NOTE_TEXT];

	memcpy(text, note->at.text, sizeof(text));
	document_note_write(&note->at,
			    (struct mark){note->at.line, note->at.column},
			    "%.600s; without \"version: 1\" it is read as a "
			    "file of sandtrace",
			    text);
}

static int read_root(const struct node *root, uint32_t kinds,
		     struct detect_rule ***ret_rules, size_t *ret_count,
		     struct detect_note *ret_note)
{
	struct detect_rule **rules;
	int r;

	if (native_is_list(root))
		return native_read(root, ret_rules, ret_count, ret_note);
	if (sandtrace_is_file(root)) {
		r = sandtrace_read(root, ret_rules, ret_count, ret_note);
		if (r < 0 && ret_note->reason == DETECT_BROKEN)
			note_sandtrace(ret_note);
		return r;
	}
	rules = calloc(1, sizeof(struct detect_rule *));
	if (!rules)
		return -ENOMEM;
	r = sigma_read_root(root, kinds, &rules[0], ret_note);
	if (r < 0) {
		free(rules);
		return r;
	}
	*ret_rules = rules;
	*ret_count = 1;
	return 0;
}

static void free_rules(struct detect_rule **rules, size_t count)
{
	for (size_t i = 0; i < count; i++)
		detect_rule_free(rules[i]);
	free(rules);
}

int detect_read(const char *text, size_t len, uint32_t kinds,
		struct detect_rule ***ret_rules, size_t *ret_count,
		struct detect_note *ret_note)
{
	CLEANUP(tree_freep) struct tree *tree = NULL;
	struct detect_rule **rules = NULL;
	size_t count = 0;
	int r;

	assert(ret_rules);
	assert(ret_count);

	r = detect_tree_read(text, len, &tree, ret_note);
	if (r < 0)
		return r;
	r = read_root(tree_root(tree), kinds, &rules, &count, ret_note);
	if (r < 0)
		return r;
	r = remark_rules(rules, count, kinds);
	if (r < 0) {
		free_rules(rules, count);
		return r;
	}
	*ret_rules = rules;
	*ret_count = count;
	return 0;
}
