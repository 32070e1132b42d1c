// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/foreign/iptables.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rules/base.h"
#include "rules/foreign/iptables_rule.h"
#include "rules/foreign/unroll.h"

struct reader {
	struct ruleset ruleset;
	struct policy *policy;
	struct foreign_report *report;
	uint8_t family;
	char table[FOREIGN_NAME_MAX]; /* "" before the first */
};

static void leave_out(const struct reader *reader, const struct line *line,
		      const char *why)
{
	foreign_report_add(reader->report, NOTE_LEFT_OUT, line->excerpt.line,
			   line->excerpt.text, line->excerpt.len, why);
}

static int32_t priority_of(const char *table)
{
	return strcmp(table, "raw") == 0 ? -300 : 0;
}

static bool table_is_read(const char *table)
{
	return strcmp(table, "raw") == 0 || strcmp(table, "filter") == 0;
}

static uint8_t hook_of(const char *chain)
{
	static const struct {
		const char *name;
		uint8_t hook;
	} hooks[] = {
		{"PREROUTING", HOOK_PREROUTING},   {"INPUT", HOOK_INPUT},
		{"FORWARD", HOOK_FORWARD},	   {"OUTPUT", HOOK_OUTPUT},
		{"POSTROUTING", HOOK_POSTROUTING},
	};

	for (size_t i = 0; i < ARRAY_LEN(hooks); i++) {
		if (strcmp(hooks[i].name, chain) == 0)
			return hooks[i].hook;
	}
	return HOOK_NONE;
}

/* ":CHAIN POLICY [PACKETS:BYTES]" */
static int read_chain(struct reader *reader, struct line *line)
{
	const char *name = line_take(line) + 1;
	const char *policy = line_take(line);
	struct foreign_chain *chain;
	int r;

	r = ruleset_chain(&reader->ruleset, reader->table, name, &chain);
	if (r == -E2BIG) {
		leave_out(reader, line, "too long a name, or too many of them");
		return 0;
	}
	if (r < 0)
		return r;
	chain->family = reader->family;
	chain->excerpt = line->excerpt;
	chain->priority = priority_of(reader->table);
	if (strcmp(policy, "-") != 0)
		chain->hook = hook_of(name);
	chain->is_drop = strcmp(policy, "DROP") == 0;
	if (!table_is_read(reader->table))
		chain->why = "a table other than filter and raw";
	return 0;
}

/* "-A CHAIN ..." */
static int read_rule(struct reader *reader, struct line *line)
{
	struct foreign_chain *chain = ruleset_find_chain(
		&reader->ruleset, reader->table, line_take(line));
	struct iptables_rule rule = {
		.line = line,
		.policy = reader->policy,
		.report = reader->report,
		.family = reader->family,
	};
	int r;

	if (!chain) {
		leave_out(reader, line, "a rule of no chain that was read");
		return 0;
	}
	rule.sentence = ruleset_add_sentence(chain);
	if (!rule.sentence)
		return -ENOMEM;
	rule.sentence->excerpt = line->excerpt;
	if (chain->why)
		return 0;
	r = iptables_rule_read(&rule);
	return r == -ENOMEM ? r : 0;
}

static int read_line(struct reader *reader, struct line *line)
{
	const char *first;

	if (line->why) {
		leave_out(reader, line, line->why);
		return 0;
	}
	first = line->words[0];
	if (first[0] == '*') {
		(void)snprintf(reader->table, sizeof(reader->table), "%s",
			       first + 1);
		return 0;
	}
	if (strcmp(first, "COMMIT") == 0)
		return 0;
	if (reader->table[0] != '\0' && first[0] == ':')
		return read_chain(reader, line);
	/* "[PACKETS:BYTES]" of what was counted so far */
	if (first[0] == '[')
		(void)line_take(line);
	if (reader->table[0] != '\0' &&
	    (line_take_if(line, "-A") || line_take_if(line, "--append")))
		return read_rule(reader, line);
	leave_out(reader, line, "not a line that is read");
	return 0;
}

int iptables_read(const char *text, size_t len, uint8_t family,
		  struct policy *policy, struct foreign_report *report)
{
	struct reader reader = {
		.policy = policy,
		.report = report,
		.family = family,
	};
	struct lines lines = {.at = text, .end = text};
	CLEANUP(freep) struct line *line = NULL;
	int r = 0;

	assert(text || len == 0);
	assert(family == 4 || family == 6);
	assert(policy);
	assert(report);

	if (len > FOREIGN_TEXT_MAX)
		return -E2BIG;
	line = malloc(sizeof(*line));
	if (!line)
		return -ENOMEM;
	if (len > 0)
		lines.end += len;
	while (r >= 0 && line_next(&lines, line))
		r = read_line(&reader, line);
	if (r >= 0)
		r = unroll(&reader.ruleset, policy, report);
	report->understood_count += reader.ruleset.chain_count;
	ruleset_done(&reader.ruleset);
	return r;
}
