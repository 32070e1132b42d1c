// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/foreign/nft_print.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "rules/base.h"
#include "rules/foreign/nft_writer.h"

#define PRIORITY_RAW	-250 /* before connections are tracked, and NAT */
#define PRIORITY_MANGLE -150 /* between the two */
#define PRIORITY_LAST	300 /* behind NAT, as it leaves */

static const struct policy_set *find_set(const struct policy *policy,
					 const char *name)
{
	for (size_t i = 0; i < policy->set_count; i++) {
		if (strcmp(policy->sets[i].set.name, name) == 0)
			return &policy->sets[i];
	}
	return NULL;
}

static size_t count_family(const struct prefix *prefixes, size_t count,
			   uint8_t family)
{
	size_t found = 0;

	for (size_t i = 0; i < count; i++)
		found += prefix_is_v4(&prefixes[i]) == (family == 4);
	return found;
}

/* Members, one a line. */
static void write_members(FILE *out, const struct prefix *members, size_t count,
			  uint8_t family)
{
	char text[PREFIX_TEXT_MAX];

	for (size_t i = 0; i < count; i++) {
		if (prefix_is_v4(&members[i]) == (family == 4))
			(void)fprintf(out, "\t\t\t%s,\n",
				      prefix_to_text(&members[i], text));
	}
}

/* One family's half of a set. */
static void write_half(const struct nft_writer *writer, const char *name,
		       const struct policy_set *set, uint8_t family)
{
	const struct policy *policy = writer->policy;
	bool is_dynamic = !set || set->set.kind == SET_DYNAMIC;
	bool is_management = strcmp(name, set_builtins[0].name) == 0;
	size_t managers = is_management ? policy->management_count : 0;
	size_t members = set && !is_dynamic ? set->member_count : 0;
	FILE *out = writer->out;

	if (is_management)
		is_dynamic = false;
	(void)fprintf(out,
		      "\tset %s.v%u {\n"
		      "\t\ttype ipv%u_addr\n"
		      "\t\tflags interval%s\n",
		      name, family, family, is_dynamic ? ",timeout" : "");
	if (!is_dynamic)
		(void)fputs("\t\tauto-merge\n", out);
	if (count_family(policy->management, managers, family) +
		    count_family(set ? set->members : NULL, members, family) >
	    0) {
		(void)fputs("\t\telements = {\n", out);
		write_members(out, policy->management, managers, family);
		write_members(out, set ? set->members : NULL, members, family);
		(void)fputs("\t\t}\n", out);
	}
	(void)fputs("\t}\n", out);
}

static void write_set(const struct nft_writer *writer, const char *name)
{
	const struct policy_set *set = find_set(writer->policy, name);
	char written[SET_NAME_MAX];

	if (set && (set->file_count > 0 || set->set.kind == SET_GEO))
		foreign_report_rule(writer->report, NOTE_DIFFERS, name,
				    "members in files are not written");
	(void)nft_set_name(name, written);
	write_half(writer, written, set, 4);
	write_half(writer, written, set, 6);
}

static bool match_names_set(const struct match_address *match, const char *name)
{
	for (size_t i = 0; i < match->set_count; i++) {
		if (strcmp(match->sets[i], name) == 0)
			return true;
	}
	return false;
}

/* Is a built-in set that the policy does not declare yet needed? */
static bool needs_builtin(const struct policy *policy, const struct set *set)
{
	if (find_set(policy, set->name))
		return false;
	if (set->id == SET_ID_MANAGEMENT && policy->management_count > 0)
		return true;
	for (size_t i = 0; i < policy->rule_count; i++) {
		if (match_names_set(&policy->rules[i].source, set->name) ||
		    match_names_set(&policy->rules[i].destination, set->name))
			return true;
	}
	return false;
}

static void write_sets(const struct nft_writer *writer)
{
	for (size_t i = 0; i < ARRAY_LEN(set_builtins); i++) {
		if (needs_builtin(writer->policy, &set_builtins[i]))
			write_set(writer, set_builtins[i].name);
	}
	for (size_t i = 0; i < writer->policy->set_count; i++)
		write_set(writer, writer->policy->sets[i].set.name);
}

static void write_set_rules(const struct nft_writer *writer, const char *name,
			    const char *verdict)
{
	const char *field =
		writer->direction == DIRECTION_IN ? "saddr" : "daddr";

	(void)fprintf(writer->out,
		      "\t\tip %s @%s.v4 counter %scomment \"set %s\"\n"
		      "\t\tip6 %s @%s.v6 counter %scomment \"set %s\"\n",
		      field, name, verdict, name, field, name, verdict, name);
}

/* The sets that do something by themselves, the strongest first: those that
 * allow in both directions, the others only on the way in. One in shadow
 * counts, and the packet goes on. */
static void write_set_actions(const struct nft_writer *writer)
{
	static const char *const verdicts[] = {
		[SET_ALLOW] = "accept ",
		[SET_DROP] = "drop ",
		[SET_SHADOW] = "",
	};

	int last = writer->direction == DIRECTION_IN ? SET_SHADOW : SET_ALLOW;

	for (int action = SET_ALLOW; action <= last; action++) {
		for (size_t i = 0; i < ARRAY_LEN(set_builtins); i++) {
			if (set_builtins[i].action == action &&
			    needs_builtin(writer->policy, &set_builtins[i]))
				write_set_rules(writer, set_builtins[i].name,
						verdicts[action]);
		}
		for (size_t i = 0; i < writer->policy->set_count; i++) {
			const struct set *set = &writer->policy->sets[i].set;

			if (set->action == action)
				write_set_rules(writer, set->name,
						verdicts[action]);
		}
	}
}

/* Ahead of sets and rules; only straight behind the IPv6 header. */
static void write_neighbour(const struct nft_writer *writer)
{
	if (writer->policy->essentials & ESSENTIAL_NEIGHBOUR)
		(void)fputs("\t\tip6 nexthdr ipv6-icmp "
			    "icmpv6 type 133-137 icmpv6 code 0 "
			    "ip6 hoplimit 255 "
			    "counter accept comment \"neighbour discovery\"\n",
			    writer->out);
}

/* What a default that drops lets pass, behind the rules. */
static void write_essentials(const struct nft_writer *writer)
{
	FILE *out = writer->out;

	if (writer->policy->essentials & ESSENTIAL_DHCP)
		(void)fputs("\t\tmeta nfproto ipv4 udp sport 67 udp dport 68 "
			    "counter accept comment \"dhcp answers\"\n"
			    "\t\tmeta nfproto ipv4 udp sport 68 udp dport 67 "
			    "counter accept comment \"dhcp requests\"\n"
			    "\t\tmeta nfproto ipv6 udp sport 547 udp dport 546 "
			    "counter accept comment \"dhcpv6 answers\"\n"
			    "\t\tmeta nfproto ipv6 udp sport 546 udp dport 547 "
			    "counter accept comment \"dhcpv6 requests\"\n",
			    out);
	if (writer->policy->essentials & ESSENTIAL_NEIGHBOUR)
		(void)fputs("\t\tip6 saddr { fe80::/10, :: } "
			    "meta l4proto ipv6-icmp "
			    "icmpv6 type { 130-132, 143 } ip6 hoplimit 1 "
			    "counter accept comment \"listener discovery\"\n",
			    out);
}

static bool uses_states(const struct policy *policy)
{
	for (size_t i = 0; i < policy->rule_count; i++) {
		const struct rule *rule = &policy->rules[i];

		if (rule->states != 0 ||
		    (rule->action == RULE_LIMIT &&
		     policy->limits[rule->limit].unit == LIMIT_FLOWS))
			return true;
	}
	return false;
}

static void write_chain(const struct nft_writer *writer)
{
	const struct policy *policy = writer->policy;
	bool is_in = writer->direction == DIRECTION_IN;
	int priority = uses_states(policy) ? PRIORITY_MANGLE : PRIORITY_RAW;
	uint8_t verdict = is_in ? policy->default_in : policy->default_out;

	(void)fprintf(writer->out,
		      "\tchain %s {\n"
		      "\t\ttype filter hook %s priority %d; policy %s;\n"
		      "\t\t%s \"lo\" counter accept comment \"loopback\"\n",
		      is_in ? "in" : "out",
		      is_in ? "prerouting" : "postrouting",
		      is_in ? priority : PRIORITY_LAST,
		      verdict == VERDICT_DROP ? "drop" : "accept",
		      is_in ? "iifname" : "oifname");
	write_neighbour(writer);
	write_set_actions(writer);
	for (size_t i = 0; i < policy->rule_count; i++) {
		if (policy->rules[i].directions & writer->direction)
			nft_write_rule(writer, &policy->rules[i]);
	}
	if (verdict == VERDICT_DROP)
		write_essentials(writer);
	(void)fputs("\t}\n", writer->out);
}

int nftables_print(const struct policy *policy, FILE *out,
		   struct foreign_report *report)
{
	struct nft_writer writer = {
		.out = out,
		.policy = policy,
		.report = report,
		.direction = DIRECTION_IN,
	};

	assert(policy);
	assert(out);
	assert(report);

	/* a table that is not there cannot be deleted, so it is made first */
	(void)fputs("#!/usr/sbin/nft -f\n"
		    "table inet portcullis\n"
		    "delete table inet portcullis\n"
		    "table inet portcullis {\n",
		    out);
	if (policy->default_other == VERDICT_DROP)
		foreign_report_rule(report, NOTE_LEFT_OUT, "default_other",
				    "frames that are not IP do not come here");
	write_sets(&writer);
	nft_write_meters(&writer);
	write_chain(&writer);
	writer.direction = DIRECTION_OUT;
	write_chain(&writer);
	(void)fputs("}\n", out);
	return ferror(out) ? -EIO : 0;
}
