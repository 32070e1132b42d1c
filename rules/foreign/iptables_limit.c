// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rules/base.h"
#include "rules/foreign/iptables_rule.h"
#include "rules/foreign/words.h"

#define BURST_DEFAULT 5 /* of both modules */

static const char why_limit[] = "a limit that is not read";

/* The sentence's limit, with what it has when nothing is said. */
static struct limit *limit_of(struct sentence *sentence)
{
	if (!sentence->is_limited) {
		sentence->is_limited = true;
		sentence->limit.burst = BURST_DEFAULT;
		sentence->limit.per = LIMIT_PER_RULE;
	}
	return &sentence->limit;
}

/* "10/sec", and a day is what all longer words begin with. */
static int read_rate(struct iptables_rule *rule)
{
	static const struct {
		const char *name;
		uint32_t seconds;
	} spans[] = {
		{"second", 1},
		{"minute", 60},
		{"hour", 3600},
		{"day", 86400},
	};
	const char *text = line_take(rule->line);
	struct limit *limit = limit_of(rule->sentence);
	const char *slash = strchr(text, '/');

	if (!slash || slash[1] == '\0' || limit->rate != 0 ||
	    number_read(text, (size_t)(slash - text), RULE_RATE_MAX,
			&limit->rate) < 0 ||
	    limit->rate == 0)
		return sentence_refuse(rule->sentence, why_limit);
	for (size_t i = 0; i < ARRAY_LEN(spans); i++) {
		/* "sec", "min" and shorter will do */
		if (strstr(spans[i].name, slash + 1) == spans[i].name) {
			limit->seconds = spans[i].seconds;
			return 0;
		}
	}
	return sentence_refuse(rule->sentence, why_limit);
}

static int read_burst(struct iptables_rule *rule)
{
	const char *text = line_take(rule->line);
	struct limit *limit = limit_of(rule->sentence);

	if (number_read(text, strlen(text), UINT32_MAX, &limit->burst) < 0 ||
	    limit->burst == 0)
		return sentence_refuse(rule->sentence, why_limit);
	return 0;
}

static int read_mode(struct iptables_rule *rule)
{
	const char *mode = line_take(rule->line);
	struct limit *limit = limit_of(rule->sentence);

	if (strcmp(mode, "srcip") == 0 && limit->per != LIMIT_PER_SOURCE_NET)
		limit->per = LIMIT_PER_SOURCE;
	else if (strcmp(mode, "dstip") == 0)
		limit->per = LIMIT_PER_DESTINATION;
	else if (strcmp(mode, "srcip") != 0)
		return sentence_refuse(rule->sentence,
				       "a limit of more than one address");
	return 0;
}

/* The one length of networks that limits are kept for. */
static int read_mask(struct iptables_rule *rule)
{
	const char *text = line_take(rule->line);
	const char *whole = rule->family == 4 ? "32" : "128";
	const char *net = rule->family == 4 ? "24" : "64";
	struct limit *limit = limit_of(rule->sentence);

	if (strcmp(text, whole) == 0)
		return 0;
	if (strcmp(text, net) != 0 || limit->per == LIMIT_PER_DESTINATION)
		return sentence_refuse(rule->sentence, why_limit);
	limit->per = LIMIT_PER_SOURCE_NET;
	return 0;
}

int iptables_limit_read(struct iptables_rule *rule, const char *word)
{
	static const char *const housekeeping[] = {
		"--hashlimit-name",
		"--hashlimit-htable-size",
		"--hashlimit-htable-max",
		"--hashlimit-htable-expire",
		"--hashlimit-htable-gcinterval",
	};

	if (rule->is_negated)
		return -ENOENT;
	if (strcmp(word, "--limit") == 0 ||
	    strcmp(word, "--hashlimit-upto") == 0 ||
	    strcmp(word, "--hashlimit") == 0)
		return read_rate(rule);
	if (strcmp(word, "--hashlimit-above") == 0) {
		rule->sentence->is_above = true;
		return read_rate(rule);
	}
	if (strcmp(word, "--limit-burst") == 0 ||
	    strcmp(word, "--hashlimit-burst") == 0)
		return read_burst(rule);
	if (strcmp(word, "--hashlimit-mode") == 0)
		return read_mode(rule);
	if (strcmp(word, "--hashlimit-srcmask") == 0)
		return read_mask(rule);
	for (size_t i = 0; i < ARRAY_LEN(housekeeping); i++) {
		if (strcmp(word, housekeeping[i]) == 0) {
			(void)line_take(rule->line);
			return 0;
		}
	}
	return -ENOENT;
}
