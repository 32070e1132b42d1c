// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/detect/fold.h"

#include <string.h>

static enum detect_truth fold_test(const struct detect_node *test,
				   const struct detect_view *view)
{
	const struct detect_field *field = detect_field_of(view, test->field);

	if (!field)
		return DETECT_FALSE;
	if (field->constant)
		return detect_text_meets(test, field->constant,
					 strlen(field->constant))
			       ? DETECT_TRUE
			       : DETECT_FALSE;
	return DETECT_OPEN;
}

/* The parts of "and" (`decides` is DETECT_FALSE) or of "or" (DETECT_TRUE). */
static enum detect_truth fold_parts(const struct detect_node *node,
				    const struct detect_view *view,
				    enum detect_truth decides)
{
	enum detect_truth truth =
		decides == DETECT_FALSE ? DETECT_TRUE : DETECT_FALSE;

	for (const struct detect_node *part = node->first; part;
	     part = part->next) {
		enum detect_truth one = detect_fold(part, view);

		if (one == decides)
			return decides;
		if (one == DETECT_OPEN)
			truth = DETECT_OPEN;
	}
	return truth;
}

enum detect_truth detect_fold(const struct detect_node *node,
			      const struct detect_view *view)
{
	enum detect_truth truth;

	switch (node->op) {
	case DETECT_AND:
		return fold_parts(node, view, DETECT_FALSE);
	case DETECT_OR:
		return fold_parts(node, view, DETECT_TRUE);
	case DETECT_NOT:
		truth = detect_fold(node->first, view);
		if (truth == DETECT_OPEN)
			return truth;
		return truth == DETECT_TRUE ? DETECT_FALSE : DETECT_TRUE;
	case DETECT_SAME:
		return detect_fold(node->first, view);
	default:
		return fold_test(node, view);
	}
}

bool detect_can_be_met(const struct detect_node *node,
		       enum detect_category category, uint32_t kinds)
{
	for (size_t i = 0; i < detect_view_count; i++) {
		if (detect_views[i].category == category &&
		    (detect_views[i].kinds & kinds) &&
		    detect_fold(node, &detect_views[i]) != DETECT_FALSE)
			return true;
	}
	return false;
}
