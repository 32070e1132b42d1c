// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/support/detect_oracle.h"

#include <ctype.h>
#include <string.h>

#include "rules/detect/view.h"

struct asked {
	const struct detect_view *view;
	const struct event *event;
};

static bool is_same(const struct detect_node *test, const char *a,
		    const char *b, size_t len)
{
	if (test->is_cased)
		return memcmp(a, b, len) == 0;
	for (size_t i = 0; i < len; i++) {
		int one = (unsigned char)a[i], other = (unsigned char)b[i];

		/* in the C locale, which tests leave as it is: ASCII alone */
		if (tolower(one) != tolower(other))
			return false;
	}
	return true;
}

/* From behind: what a pattern's last sign leaves must meet the rest. */
static bool wild(const struct detect_node *test, size_t pattern,
		 const char *text, size_t len)
{
	char sign;

	if (pattern == 0)
		return len == 0;
	sign = test->text[pattern - 1];
	if (sign == WILD_ANY) {
		for (size_t rest = 0; rest <= len; rest++) {
			if (wild(test, pattern - 1, text, rest))
				return true;
		}
		return false;
	}
	return len > 0 &&
	       (sign == WILD_ONE || is_same(test, &sign, text + len - 1, 1)) &&
	       wild(test, pattern - 1, text, len - 1);
}

static bool text_meets(const struct detect_node *test, const char *text,
		       size_t len)
{
	if (len == 0)
		return false;
	if (test->match == DETECT_PRESENT)
		return true;
	if (test->match == DETECT_REGEX)
		return regex_search(test->regex, text, len);
	if (test->match == DETECT_WILD)
		return wild(test, test->len, text, len);
	for (size_t at = 0; at + test->len <= len; at++) {
		if ((test->match == DETECT_EQUALS ||
		     test->match == DETECT_STARTS) &&
		    at > 0)
			continue;
		if ((test->match == DETECT_EQUALS ||
		     test->match == DETECT_ENDS) &&
		    at + test->len != len)
			continue;
		if (is_same(test, text + at, test->text, test->len))
			return true;
	}
	return false;
}

static bool test_meets(const struct asked *asked,
		       const struct detect_node *test)
{
	const struct detect_field *field =
		detect_field_of(asked->view, test->field);
	char buf[DETECT_NUMBER_MAX];

	if (!field)
		return false;
	if (field->constant)
		return text_meets(test, field->constant,
				  strlen(field->constant));
	if (test->match == DETECT_CIDR)
		return asked->event->peer.bits > 0 &&
		       prefix_covers(&test->prefix, &asked->event->peer);
	for (size_t i = 0; i < DETECT_SOURCES_MAX && field->sources[i]; i++) {
		struct event_text text = detect_source_text(
			asked->event, field->sources[i], buf);

		if (text_meets(test, text.bytes, text.len))
			return true;
	}
	return false;
}

static bool meets(const struct asked *asked, const struct detect_node *node)
{
	bool is_and = node->op == DETECT_AND;

	if (node->op == DETECT_TEST)
		return test_meets(asked, node);
	if (node->op == DETECT_NOT)
		return !meets(asked, node->first);
	if (node->op == DETECT_SAME)
		return meets(asked, node->first);
	for (const struct detect_node *part = node->first; part;
	     part = part->next) {
		if (meets(asked, part) != is_and)
			return !is_and;
	}
	return is_and;
}

bool detect_oracle(const struct detect_rule *rule, const struct event *event)
{
	for (size_t i = 0; i < detect_view_count; i++) {
		const struct asked asked = {&detect_views[i], event};

		if (detect_views[i].category == rule->category &&
		    (detect_views[i].kinds & rule->kinds) >> event->kind & 1 &&
		    meets(&asked, rule->condition))
			return true;
	}
	return false;
}
