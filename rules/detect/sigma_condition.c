// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/detect/sigma_reader.h"

#include <ctype.h>
#include <string.h>

#define DEPTH_MAX   32
#define PATTERN_MAX 60

struct condition {
	struct sigma_reader *reader;
	const char *at;
	struct mark mark;
	unsigned int depth;
	/* The word to be taken next; len 0 at the end. */
	const char *word;
	size_t len;
};

static void advance(struct condition *condition)
{
	const char *at = condition->at;

	while (isspace((unsigned char)*at))
		at++;
	condition->word = at;
	if (*at != '\0' && strchr("()|", *at))
		at++;
	else
		while (*at != '\0' && !isspace((unsigned char)*at) &&
		       !strchr("()|", *at))
			at++;
	condition->len = (size_t)(at - condition->word);
	condition->at = at;
}

static bool is_next(const struct condition *condition, const char *word)
{
	return strlen(word) == condition->len &&
	       strncasecmp(condition->word, word, condition->len) == 0;
}

static bool take(struct condition *condition, const char *word)
{
	if (!is_next(condition, word))
		return false;
	advance(condition);
	return true;
}

/* Is it what "of" is about: "them", or a pattern with "*"? */
static bool is_meant(const struct condition *condition, const char *name)
{
	char pattern[PATTERN_MAX + 1];
	struct detect_node test = {
		.op = DETECT_TEST,
		.match = DETECT_WILD,
		.is_cased = true,
		.text = pattern,
		.len = (uint32_t)condition->len,
	};

	if (is_next(condition, "them"))
		return name[0] != '_';
	memcpy(pattern, condition->word, condition->len);
	for (size_t i = 0; i < condition->len; i++) {
		if (pattern[i] == '*')
			pattern[i] = WILD_ANY;
	}
	return detect_text_meets(&test, name, strlen(name));
}

static int refer(struct condition *condition, const struct sigma_selection *to,
		 struct detect_node *parent)
{
	struct detect_node *node;
	int r = sigma_add(condition->reader, parent, DETECT_SAME,
			  condition->mark, &node);

	if (r < 0)
		return r;
	node->first = node->last = to->node;
	condition->reader->node_count += to->node_count;
	return 0;
}

static int read_name(struct condition *condition, struct detect_node *parent)
{
	struct sigma_reader *reader = condition->reader;

	for (size_t i = 0; i < reader->selection_count; i++) {
		const struct sigma_selection *selection =
			&reader->selections[i];

		if (strlen(selection->name) == condition->len &&
		    memcmp(selection->name, condition->word, condition->len) ==
			    0) {
			advance(condition);
			return refer(condition, selection, parent);
		}
	}
	return sigma_break(reader, condition->mark,
			   "condition: there is no selection \"%.*s\"",
			   (int)(condition->len < 60 ? condition->len : 60),
			   condition->word);
}

/* The selections that "of" is about. */
static int read_of(struct condition *condition, enum detect_op op,
		   struct detect_node *parent)
{
	struct sigma_reader *reader = condition->reader;
	size_t count = 0;
	int r = sigma_add(reader, parent, op, condition->mark, &parent);

	if (r < 0)
		return r;
	if (condition->len > PATTERN_MAX || condition->len == 0)
		return sigma_break(reader, condition->mark,
				   "condition: \"of\" needs a pattern");
	for (size_t i = 0; i < reader->selection_count; i++) {
		const struct sigma_selection *selection =
			&reader->selections[i];

		if (!is_meant(condition, selection->name))
			continue;
		count++;
		r = refer(condition, selection, parent);
		if (r < 0)
			return r;
	}
	if (count == 0)
		return sigma_break(reader, condition->mark,
				   "condition: no selection is \"%.*s\"",
				   (int)condition->len, condition->word);
	advance(condition);
	return 0;
}

static int read_or(struct condition *condition, struct detect_node *parent);

static int read_primary(struct condition *condition, struct detect_node *parent)
{
	struct sigma_reader *reader = condition->reader;
	struct condition ahead = *condition;
	bool is_all = is_next(condition, "all");
	int r;

	if (condition->len == 0)
		return sigma_break(reader, condition->mark,
				   "condition: it ends too early");
	if (take(condition, "(")) {
		r = read_or(condition, parent);
		if (r >= 0 && !take(condition, ")"))
			r = sigma_break(reader, condition->mark,
					"condition: \")\" is missing");
		return r;
	}
	advance(&ahead);
	if (!is_next(&ahead, "of"))
		return read_name(condition, parent);
	if (!is_all && !is_next(condition, "1") && !is_next(condition, "any"))
		return sigma_refuse(reader, DETECT_NO_CONDITION,
				    condition->mark,
				    "condition: only \"1 of\", \"any of\" and "
				    "\"all of\"");
	advance(&ahead);
	*condition = ahead;
	return read_of(condition, is_all ? DETECT_AND : DETECT_OR, parent);
}

static int read_not(struct condition *condition, struct detect_node *parent)
{
	int r = 0;

	if (condition->depth == DEPTH_MAX)
		return sigma_refuse_size(condition->reader, condition->mark,
					 "condition: too many \"not\" and "
					 "\"(\" in each other");
	condition->depth++;
	if (take(condition, "not")) {
		r = sigma_add(condition->reader, parent, DETECT_NOT,
			      condition->mark, &parent);
		if (r >= 0)
			r = read_not(condition, parent);
	} else {
		r = read_primary(condition, parent);
	}
	condition->depth--;
	return r;
}

static int read_and(struct condition *condition, struct detect_node *parent)
{
	int r = sigma_add(condition->reader, parent, DETECT_AND,
			  condition->mark, &parent);

	do {
		if (r >= 0)
			r = read_not(condition, parent);
	} while (r >= 0 && take(condition, "and"));
	return r;
}

static int read_or(struct condition *condition, struct detect_node *parent)
{
	int r = sigma_add(condition->reader, parent, DETECT_OR, condition->mark,
			  &parent);

	do {
		if (r >= 0)
			r = read_and(condition, parent);
	} while (r >= 0 && take(condition, "or"));
	return r;
}

int sigma_read_condition(struct sigma_reader *reader, const struct node *value,
			 struct detect_node *parent)
{
	struct condition condition = {
		.reader = reader,
		.mark = value->mark,
	};
	int r;

	if (value->kind != NODE_SCALAR)
		return sigma_refuse(reader, DETECT_NO_CONDITION, value->mark,
				    "a condition is one text");
	condition.at = value->text;
	advance(&condition);
	r = read_or(&condition, parent);
	if (r < 0)
		return r;
	if (is_next(&condition, "|"))
		return sigma_refuse(reader, DETECT_NO_CONDITION, value->mark,
				    "condition: aggregation is not known here");
	if (condition.len > 0)
		return sigma_break(
			reader, value->mark,
			"condition: \"%.*s\" where \"and\" or \"or\" may stand",
			(int)(condition.len < 60 ? condition.len : 60),
			condition.word);
	return 0;
}
