// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/detect/language.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rules/detect/event.h"
#include "rules/detect/names.h"
#include "rules/detect/native.h"
#include "rules/detect/sandtrace.h"
#include "rules/detect/sigma.h"

#define REMARK_MAX 128 /* bytes of one, before another */

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

static void remark_logs(struct detect_rule *const *rules, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (rules[i]->kinds == 1u << EVENT_LOG)
			rules[i]->remark = "it is about lines of a log, and "
					   "none is read";
	}
}

/* Behind what is remarked already, where there is memory for both. */
static void remark_names(struct detect_rule *const *rules, size_t count)
{
	char both[REMARK_MAX + sizeof("; " NAMES_REMARK)];
	const char *remark;

	for (size_t i = 0; i < count; i++) {
		if (!names_are_trusted(rules[i]))
			continue;
		remark = NULL;
		if (rules[i]->remark) {
			(void)snprintf(both, sizeof(both), "%.*s%s", REMARK_MAX,
				       rules[i]->remark, "; " NAMES_REMARK);
			remark = arena_copy(&rules[i]->arena, both,
					    strlen(both));
		}
		rules[i]->remark = remark ? remark : NAMES_REMARK;
	}
}

static int read_root(const struct node *root, uint32_t kinds,
		     struct detect_rule ***ret_rules, size_t *ret_count,
		     struct detect_note *ret_note)
{
	struct detect_rule **rules;
	int r;

	if (native_is_list(root)) {
		r = native_read(root, ret_rules, ret_count, ret_note);
		if (r >= 0 && !(kinds >> EVENT_LOG & 1))
			remark_logs(*ret_rules, *ret_count);
		return r;
	}
	if (sandtrace_is_file(root))
		return sandtrace_read(root, ret_rules, ret_count, ret_note);
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

int detect_read(const char *text, size_t len, uint32_t kinds,
		struct detect_rule ***ret_rules, size_t *ret_count,
		struct detect_note *ret_note)
{
	CLEANUP(tree_freep) struct tree *tree = NULL;
	int r;

	assert(ret_rules);
	assert(ret_count);

	r = detect_tree_read(text, len, &tree, ret_note);
	if (r < 0)
		return r;
	r = read_root(tree_root(tree), kinds, ret_rules, ret_count, ret_note);
	if (r >= 0)
		remark_names(*ret_rules, *ret_count);
	return r;
}
