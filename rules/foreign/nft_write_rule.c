// SPDX-License-Identifier: GPL-2.0-or-later
#include <inttypes.h>
#include <string.h>

#include "rules/base.h"
#include "rules/foreign/condition.h"
#include "rules/foreign/nft_writer.h"

#define METER_TIMEOUT_MIN_S 60u
#define METER_TIMEOUT_MAX_S 4233600u /* 49 days: nft has ms in 32 bits */

static const uint8_t both_families[] = {4, 6};

static const struct limit *limit_of(const struct nft_writer *writer,
				    const struct rule *rule)
{
	if (rule->action != RULE_LIMIT)
		return NULL;
	return &writer->policy->limits[rule->limit];
}

static bool is_per_address(const struct limit *limit)
{
	return limit && limit->per != LIMIT_PER_RULE;
}

static bool asks_address(const struct rule *rule)
{
	return rule->source.prefix_count > 0 || rule->source.set_count > 0 ||
	       rule->destination.prefix_count > 0 ||
	       rule->destination.set_count > 0;
}

/* Does it ask for ICMP that is not of its family? */
static bool asks_other_icmp(const struct rule *rule)
{
	return (rule->family == 4 && rule->ranges[RANGE_ICMPV6].count > 0) ||
	       (rule->family == 6 && rule->ranges[RANGE_ICMP].count > 0);
}

/* Families that need a rule of their own: none when one rule is for both. */
static size_t families_of(const struct nft_writer *writer,
			  const struct rule *rule, uint8_t families[2])
{
	uint8_t family = condition_family(rule);
	size_t count = 0;

	if (asks_other_icmp(rule))
		return 0;
	if (!asks_address(rule) && !is_per_address(limit_of(writer, rule))) {
		families[0] = family;
		return 1;
	}
	for (size_t i = 0; i < ARRAY_LEN(both_families); i++) {
		uint8_t one = both_families[i];

		if ((family == 0 || family == one) &&
		    nft_alternatives(&rule->source, one) > 0 &&
		    nft_alternatives(&rule->destination, one) > 0)
			families[count++] = one;
	}
	return count;
}

static const char *span_of(const struct limit *limit)
{
	switch (limit->seconds) {
	case 1:
		return "second";
	case 60:
		return "minute";
	case 3600:
		return "hour";
	default:
		return "day";
	}
}

static void write_rate(FILE *out, const struct limit *limit)
{
	if (limit->unit != LIMIT_BYTES) {
		(void)fprintf(out,
			      "limit rate over %" PRIu64 "/%s burst %" PRIu64
			      " packets ",
			      limit->rate, span_of(limit), limit->burst);
		return;
	}
	/* their bucket holds what comes in one span beside the burst */
	(void)fprintf(out, "limit rate over %" PRIu64 " bytes/%s ", limit->rate,
		      span_of(limit));
	if (limit->burst > limit->rate)
		(void)fprintf(out, "burst %" PRIu64 " bytes ",
			      limit->burst - limit->rate);
}

static void write_limit(const struct nft_writer *writer,
			const struct rule *rule, uint8_t family)
{
	const struct limit *limit = limit_of(writer, rule);
	FILE *out = writer->out;
	const char *field =
		limit->per == LIMIT_PER_DESTINATION ? "daddr" : "saddr";
	const char *mask = "";

	if (limit->unit == LIMIT_FLOWS && rule->states == 0)
		(void)fputs("ct state new ", out);
	if (!is_per_address(limit)) {
		write_rate(out, limit);
		return;
	}
	if (limit->per == LIMIT_PER_SOURCE_NET)
		mask = family == 4 ? "& 255.255.255.0 "
				   : "& ffff:ffff:ffff:ffff:: ";
	(void)fprintf(out, "update @limit-%s.v%u { %s %s %s", rule->id, family,
		      family == 4 ? "ip" : "ip6", field, mask);
	write_rate(out, limit);
	(void)fputs("} ", out);
}

static void write_variant(const struct nft_writer *writer,
			  const struct rule *rule,
			  const struct nft_variant *variant)
{
	static const char *const verdicts[] = {
		[RULE_PASS] = "accept ", [RULE_DROP] = "drop ",
		[RULE_LIMIT] = "drop ",	 [RULE_COUNT] = "",
		[RULE_SYNCOOKIE] = "",
	};
	_Static_assert(ARRAY_LEN(verdicts) == RULE_ACTION_COUNT, "");

	(void)fputs("\t\t", writer->out);
	nft_write_conditions(writer, rule, variant);
	if (rule->action == RULE_LIMIT)
		write_limit(writer, rule, variant->family);
	(void)fprintf(writer->out, "counter %scomment \"%s\"\n",
		      rule->is_shadow ? "" : verdicts[rule->action], rule->id);
}

/* Why its limit cannot be said, NULL if it can or there is none. */
static const char *why_no_limit(const struct nft_writer *writer,
				const struct rule *rule, size_t rules)
{
	const struct limit *limit = limit_of(writer, rule);
	bool is_both = (rule->directions & DIRECTION_IN) != 0 &&
		       (rule->directions & DIRECTION_OUT) != 0;

	if (!limit)
		return NULL;
	if (limit->unit == LIMIT_BYTES && limit->burst < limit->rate)
		return "a burst of bytes below its rate";
	if (limit->burst > UINT32_MAX)
		return "a burst beyond 32 bits";
	if (limit->unit == LIMIT_FLOWS && rule->states != 0 &&
	    rule->states != 1u << FLOW_NEW)
		return "a limit of new connections among others";
	if (is_both && !is_per_address(limit))
		return "one limit for both directions";
	return rules > 1 && !is_per_address(limit)
		       ? "one limit for what takes several rules"
		       : NULL;
}

static size_t alternatives_of(const struct rule *rule, uint8_t family)
{
	return nft_alternatives(&rule->source, family) *
	       nft_alternatives(&rule->destination, family);
}

/* Why it is not written, NULL if it is. */
static const char *why_not(const struct nft_writer *writer,
			   const struct rule *rule, const uint8_t *families,
			   size_t count)
{
	bool ends = !rule->is_shadow &&
		    (rule->action == RULE_PASS || rule->action == RULE_DROP);
	const char *why = nft_why_not(writer, rule);
	struct protocols none = {{0}}, all = condition_protocols(rule);

	if (why)
		return why;
	if (rule->action == RULE_SYNCOOKIE)
		return "syncookie";
	if (count == 0 || memcmp(&none, &all, sizeof(all)) == 0)
		return "can never be met";
	for (size_t i = 0; i < count && !ends; i++) {
		/* a packet in two of the alternatives would count twice */
		if (alternatives_of(rule, families[i]) > 1)
			return "several sets at once";
	}
	return why_no_limit(writer, rule, count);
}

/* A line for people; what could end it early is not in it. */
static void write_comment(FILE *out, const char *text)
{
	if (text[0] == '\0')
		return;
	(void)fputs("\t\t# ", out);
	for (; *text != '\0'; text++)
		(void)fputc((unsigned char)*text < 0x20 ? '?' : *text, out);
	(void)fputc('\n', out);
}

/* How long an empty bucket takes to be full again. */
static uint64_t full_after_s(const struct limit *limit)
{
	return limit->burst / limit->rate * limit->seconds + limit->seconds;
}

static void tell_differences(const struct nft_writer *writer,
			     const struct rule *rule)
{
	if (rule->is_shadow)
		foreign_report_rule(writer->report, NOTE_DIFFERS, rule->id,
				    "shadow is written as a count");
	if (rule->zones.count > 0)
		foreign_report_rule(writer->report, NOTE_DIFFERS, rule->id,
				    "zones are written as their interfaces");
	if (is_per_address(limit_of(writer, rule)) &&
	    full_after_s(limit_of(writer, rule)) > METER_TIMEOUT_MAX_S)
		foreign_report_rule(writer->report, NOTE_DIFFERS, rule->id,
				    "nft forgets an address after 49 days at "
				    "most");
}

void nft_write_rule(const struct nft_writer *writer, const struct rule *rule)
{
	uint8_t families[2];
	size_t count = families_of(writer, rule, families);
	const char *why = why_not(writer, rule, families, count);

	if (why) {
		foreign_report_rule(writer->report, NOTE_LEFT_OUT, rule->id,
				    why);
		(void)fprintf(writer->out, "\t\t# left out: %s: %s\n", rule->id,
			      why);
		return;
	}
	tell_differences(writer, rule);
	write_comment(writer->out, rule->comment);
	for (size_t i = 0; i < count; i++) {
		size_t sources = nft_alternatives(&rule->source, families[i]);
		size_t all = alternatives_of(rule, families[i]);

		for (size_t k = 0; k < all; k++) {
			const struct nft_variant variant = {
				.family = families[i],
				.source = k % sources,
				.destination = k / sources,
			};

			write_variant(writer, rule, &variant);
		}
	}
}

static void write_meter(const struct nft_writer *writer,
			const struct rule *rule, uint8_t family)
{
	uint64_t full_s = full_after_s(limit_of(writer, rule));

	if (full_s < METER_TIMEOUT_MIN_S)
		full_s = METER_TIMEOUT_MIN_S;
	if (full_s > METER_TIMEOUT_MAX_S)
		full_s = METER_TIMEOUT_MAX_S;
	/* who comes back after the time-out has a full bucket either way */
	(void)fprintf(writer->out,
		      "\tset limit-%s.v%u {\n"
		      "\t\ttype ipv%u_addr\n"
		      "\t\tsize %u\n"
		      "\t\tflags dynamic,timeout\n"
		      "\t\ttimeout %" PRIu64 "s\n"
		      "\t}\n",
		      rule->id, family, family,
		      writer->policy->thresholds.buckets, full_s);
}

void nft_write_meters(const struct nft_writer *writer)
{
	for (size_t i = 0; i < writer->policy->rule_count; i++) {
		const struct rule *rule = &writer->policy->rules[i];
		uint8_t families[2];
		size_t count = families_of(writer, rule, families);

		if (!is_per_address(limit_of(writer, rule)) ||
		    why_not(writer, rule, families, count))
			continue;
		for (size_t k = 0; k < count; k++)
			write_meter(writer, rule, families[k]);
	}
}
