// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/detect/rule.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

static const char *const level_names[] = {
	[DETECT_INFORMATIONAL] = "informational",
	[DETECT_LOW] = "low",
	[DETECT_MEDIUM] = "medium",
	[DETECT_HIGH] = "high",
	[DETECT_CRITICAL] = "critical",
};
_Static_assert(ARRAY_LEN(level_names) == DETECT_LEVEL_COUNT, "");

static const char *const category_names[] = {
	[DETECT_PROCESS] = "process_creation",
	[DETECT_FILE] = "file_event",
	[DETECT_FILE_DELETE] = "file_delete",
	[DETECT_NETWORK] = "network_connection",
	[DETECT_AUDIT] = "auditd",
	[DETECT_LOG] = "log",
	[DETECT_NATIVE] = "native",
};
_Static_assert(ARRAY_LEN(category_names) == DETECT_CATEGORY_COUNT, "");

static const char *const action_names[] = {
	[DETECT_TELL] = "tell",	  [DETECT_IGNORE] = "ignore",
	[DETECT_ALLOW] = "allow", [DETECT_LOG_IT] = "log",
	[DETECT_ALERT] = "alert", [DETECT_BLOCK] = "block",
};
_Static_assert(ARRAY_LEN(action_names) == DETECT_ACTION_COUNT, "");

static const char *const step_names[] = {
	"table", "refuse", "cut", "end", "quarantine",
};
_Static_assert(ARRAY_LEN(step_names) == DETECT_STEP_COUNT, "");

const char *detect_level_name(enum detect_level level)
{
	return level_names[level];
}

int detect_level_from_text(const char *text, enum detect_level *ret_level)
{
	for (int level = 0; level < DETECT_LEVEL_COUNT; level++) {
		if (strcmp(level_names[level], text) == 0) {
			*ret_level = (enum detect_level)level;
			return 0;
		}
	}
	return -EINVAL;
}

const char *detect_category_name(enum detect_category category)
{
	return category_names[category];
}

const char *detect_action_name(enum detect_action action)
{
	return action_names[action];
}

const char *detect_step_name(unsigned int number)
{
	return step_names[number];
}

void detect_rule_free(struct detect_rule *rule)
{
	if (!rule)
		return;
	arena_done(&rule->arena);
	free(rule);
}

struct detect_node *detect_node_new(struct arena *arena,
				    struct detect_node *parent,
				    enum detect_op op)
{
	struct detect_node *node = arena_cut(arena, sizeof(*node));

	if (!node)
		return NULL;
	node->op = op;
	if (!parent)
		return node;
	if (parent->last)
		parent->last->next = node;
	else
		parent->first = node;
	parent->last = node;
	return node;
}

static char as_compared(const struct detect_node *test, char byte)
{
	if (test->is_cased)
		return byte;
	return detect_lower(byte);
}

static bool bytes_meet(const struct detect_node *test, const char *text)
{
	for (size_t i = 0; i < test->len; i++) {
		if (as_compared(test, text[i]) != test->text[i])
			return false;
	}
	return true;
}

static bool is_within(const struct detect_node *test, const char *text,
		      size_t len)
{
	for (size_t at = 0; at + test->len <= len; at++) {
		if (bytes_meet(test, text + at))
			return true;
	}
	return false;
}

/* The last WILD_ANY takes as little as it can; if that fails, more. */
static bool wild_meets(const struct detect_node *test, const char *text,
		       size_t len)
{
	size_t at = 0, step = 0, again_at = 0, again = SIZE_MAX;

	while (at < len) {
		const char *want = step < test->len ? &test->text[step] : NULL;

		if (want && *want == WILD_ANY) {
			again = ++step;
			again_at = at;
		} else if (want && (*want == WILD_ONE ||
				    *want == as_compared(test, text[at]))) {
			step++;
			at++;
		} else if (again != SIZE_MAX) {
			step = again;
			at = ++again_at;
		} else {
			return false;
		}
	}
	while (step < test->len && test->text[step] == WILD_ANY)
		step++;
	return step == test->len;
}

bool detect_text_meets(const struct detect_node *test, const char *text,
		       size_t len)
{
	assert(test->op == DETECT_TEST);

	switch (test->match) {
	case DETECT_EQUALS:
		return len == test->len && bytes_meet(test, text);
	case DETECT_STARTS:
		return len >= test->len && bytes_meet(test, text);
	case DETECT_ENDS:
		return len >= test->len &&
		       bytes_meet(test, text + len - test->len);
	case DETECT_CONTAINS:
		return is_within(test, text, len);
	case DETECT_WILD:
		return len > 0 && wild_meets(test, text, len);
	case DETECT_PRESENT:
		return len > 0;
	case DETECT_REGEX:
		return len > 0 && regex_search(test->regex, text, len);
	default:
		return false;
	}
}

bool detect_address_meets(const struct detect_node *test,
			  const struct prefix *address)
{
	return test->match == DETECT_CIDR && address->bits > 0 &&
	       prefix_covers(&test->prefix, address);
}
