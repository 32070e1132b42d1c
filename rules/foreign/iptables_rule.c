// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/foreign/iptables_rule.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rules/base.h"

/* Options of targets that answer or log: of no effect here. */
static void skip_target_options(struct line *line)
{
	while (!line_is_done(line)) {
		const char *word = line->words[line->at];

		if (strncmp(word, "--log-", 6) != 0 &&
		    strncmp(word, "--nflog-", 8) != 0 &&
		    strcmp(word, "--reject-with") != 0)
			return;
		line->at++;
		if (!line_is_done(line) && line->words[line->at][0] != '-')
			line->at++;
	}
}

static int read_target(struct iptables_rule *rule, bool is_goto)
{
	static const struct {
		const char *name;
		uint8_t outcome;
	} targets[] = {
		{"ACCEPT", OUTCOME_ACCEPT}, {"DROP", OUTCOME_DROP},
		{"REJECT", OUTCOME_DROP},   {"RETURN", OUTCOME_RETURN},
		{"LOG", OUTCOME_NONE},	    {"NFLOG", OUTCOME_NONE},
	};
	static const char *const others[] = {
		"CT",	 "NOTRACK",  "MARK", "CONNMARK", "TCPMSS",   "DNAT",
		"SNAT",	 "REDIRECT", "SET",  "TRACE",	 "NFQUEUE",  "TPROXY",
		"QUEUE", "CLASSIFY", "TEE",  "AUDIT",	 "SYNPROXY", "DSCP",
	};
	struct sentence *sentence = rule->sentence;
	const char *name = line_take(rule->line);

	for (size_t i = 0; i < ARRAY_LEN(targets) && !is_goto; i++) {
		if (strcmp(targets[i].name, name) != 0)
			continue;
		sentence->outcome = targets[i].outcome;
		if (strcmp(name, "REJECT") == 0)
			sentence->remarks |= REMARK_REJECT;
		rule->is_logging = targets[i].outcome == OUTCOME_NONE;
		skip_target_options(rule->line);
		return 0;
	}
	for (size_t i = 0; i < ARRAY_LEN(others); i++) {
		if (strcmp(others[i], name) == 0)
			return sentence_refuse(sentence,
					       "a target that is not read");
	}
	if (strlen(name) >= FOREIGN_NAME_MAX)
		return sentence_refuse(sentence, "jumps to no name");
	memcpy(sentence->target, name, strlen(name) + 1);
	sentence->outcome = is_goto ? OUTCOME_GOTO : OUTCOME_JUMP;
	return 0;
}

static int read_comment(struct iptables_rule *rule)
{
	const char *text = line_take(rule->line);
	char *to = rule->sentence->comment;

	if (strlen(text) >= RULE_COMMENT_MAX)
		return sentence_refuse(rule->sentence,
				       "a comment that is too long");
	for (; *text != '\0'; text++) {
		bool is_text = (unsigned char)*text >= 0x20 && *text != 0x7f;

		*to++ = '?';
		if (is_text)
			to[-1] = *text;
	}
	*to = '\0';
	return 0;
}

static int read_option(struct iptables_rule *rule, const char *word)
{
	int r;

	if (strcmp(word, "-j") == 0 || strcmp(word, "--jump") == 0)
		return read_target(rule, false);
	if (strcmp(word, "-g") == 0 || strcmp(word, "--goto") == 0)
		return read_target(rule, true);
	if (strcmp(word, "--comment") == 0)
		return read_comment(rule);
	if (strcmp(word, "-m") == 0 || strcmp(word, "--match") == 0) {
		/* the module; which option it has decides */
		(void)line_take(rule->line);
		return 0;
	}
	if (strcmp(word, "-c") == 0 || strcmp(word, "--set-counters") == 0) {
		(void)line_take(rule->line);
		(void)line_take(rule->line);
		return 0;
	}
	r = iptables_match_read(rule, word);
	if (r == -ENOENT)
		r = iptables_limit_read(rule, word);
	return r == -ENOENT ? sentence_refuse(rule->sentence,
					      "an option that is not read")
			    : r;
}

/* Of a rule that is not read to its end: whether it would have left its
 * chain, for then what stands behind it cannot be judged either. */
static void find_outcome(struct iptables_rule *rule)
{
	struct line *line = rule->line;
	struct sentence *sentence = rule->sentence;

	for (size_t i = 1; i + 1 < line->count; i++) {
		const char *word = line->words[i];

		if (strcmp(word, "-g") == 0)
			sentence->outcome = OUTCOME_GOTO;
		else if (strcmp(word, "-j") == 0 &&
			 strcmp(line->words[i + 1], "RETURN") == 0)
			sentence->outcome = OUTCOME_RETURN;
	}
}

int iptables_rule_read(struct iptables_rule *rule)
{
	struct sentence *sentence = rule->sentence;
	int r = 0;

	sentence->is_counting = true;
	while (!line_is_done(rule->line) && r >= 0) {
		rule->is_negated = line_take_if(rule->line, "!");
		r = read_option(rule, line_take(rule->line));
	}
	if (r >= 0 && rule->is_logging)
		r = sentence_refuse(sentence, "does nothing but log");
	if (r >= 0 && sentence->is_limited && sentence->limit.rate == 0)
		r = sentence_refuse(sentence, "a limit without a rate");
	if (r >= 0 && sentence->is_limited && sentence->outcome == OUTCOME_NONE)
		r = sentence_refuse(sentence, "does nothing to a packet");
	if (r >= 0)
		sentence_tell_remarks(sentence, rule->report);
	else
		find_outcome(rule);
	return r;
}
