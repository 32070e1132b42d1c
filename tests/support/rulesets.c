// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/support/rulesets.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "rules/base.h"
#include "rules/foreign/condition.h"
#include "rules/foreign/nft_print.h"

static const char *set_difference(const struct policy_set *a,
				  const struct policy_set *b)
{
	if (strcmp(a->set.name, b->set.name) != 0)
		return "name of a set";
	if (a->set.kind != b->set.kind)
		return "kind of a set";
	if (a->set.action != b->set.action)
		return "action of a set";
	if (a->member_count != b->member_count)
		return "number of members";
	for (size_t i = 0; i < a->member_count; i++) {
		if (prefix_cmp(&a->members[i], &b->members[i]) != 0)
			return "a member";
	}
	return NULL;
}

static bool limits_are_same(const struct limit *a, const struct limit *b)
{
	return a->rate == b->rate && a->seconds == b->seconds &&
	       a->burst == b->burst && a->unit == b->unit && a->per == b->per;
}

static const char *rule_difference(const struct policy *in_a,
				   const struct rule *a,
				   const struct policy *in_b,
				   const struct rule *b)
{
	if (strcmp(a->id, b->id) != 0)
		return "id of a rule";
	if (a->action != b->action || a->is_shadow != b->is_shadow)
		return "action of a rule";
	if (a->directions != b->directions)
		return "directions of a rule";
	if (!condition_is_same(a, b, false))
		return "conditions of a rule";
	if (a->action == RULE_LIMIT &&
	    !limits_are_same(&in_a->limits[a->limit], &in_b->limits[b->limit]))
		return "limit of a rule";
	return NULL;
}

const char *rulesets_difference(const struct policy *a, const struct policy *b)
{
	const char *what = NULL;

	if (a->set_count != b->set_count)
		return "number of sets";
	if (a->rule_count != b->rule_count)
		return "number of rules";
	if (a->default_in != b->default_in || a->default_out != b->default_out)
		return "a default";
	for (size_t i = 0; i < a->set_count && !what; i++)
		what = set_difference(&a->sets[i], &b->sets[i]);
	for (size_t i = 0; i < a->rule_count && !what; i++)
		what = rule_difference(a, &a->rules[i], b, &b->rules[i]);
	return what;
}

char *rulesets_file(const char *name, size_t *ret_len)
{
	static char buf[1 << 16];
	char path[512];
	FILE *file;
	char *copy;

	(void)snprintf(path, sizeof(path), "%s/%s", TEST_DATA_DIR, name);
	file = fopen(path, "re");
	if (!file)
		fail_msg("cannot read %s", path);
	*ret_len = fread(buf, 1, sizeof(buf), file);
	(void)fclose(file);
	/* no byte behind it, so that one too far is found */
	copy = malloc(*ret_len + 1);
	assert_non_null(copy);
	memcpy(copy, buf, *ret_len);
	copy[*ret_len] = '\0';
	return copy;
}

char *rulesets_as_nft(const struct policy *policy,
		      struct foreign_report *report)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	assert_int_equal(nftables_print(policy, out, report), 0);
	assert_int_equal(fclose(out), 0);
	return text;
}

int rulesets_nft_takes(const char *script)
{
	FILE *nft;

	if (system("unshare -n nft list ruleset >/dev/null 2>&1") != 0)
		return -1;
	nft = popen("unshare -n nft -c -f - 2>&1", "we");
	if (!nft)
		return -1;
	(void)fputs(script, nft);
	return pclose(nft) == 0;
}

void rulesets_show(const struct foreign_report *report)
{
	for (size_t i = 0; i < report->note_count; i++)
		print_message("%s %u: %s: %s\n",
			      report->notes[i].kind == NOTE_LEFT_OUT
				      ? "left out"
				      : "differs",
			      report->notes[i].line, report->notes[i].reason,
			      report->notes[i].text);
}

bool rulesets_noted(const struct foreign_report *report, enum note_kind kind,
		    uint32_t line, const char *reason)
{
	for (size_t i = 0; i < report->note_count; i++) {
		const struct foreign_note *note = &report->notes[i];

		if (note->kind == kind && note->line == line &&
		    strstr(note->reason, reason))
			return true;
	}
	return false;
}
