// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/json.h"

#include "rules/base.h"

static const char *const reason_names[] = {
	[FW_NEXT] = "undecided",
	[FW_PASS_UNLISTED] = "unlisted",
	[FW_PASS_ALLOWED] = "allowed",
	[FW_PASS_SHADOW] = "shadow",
	[FW_PASS_NOT_IP] = "not-ip",
	[FW_PASS_NEIGHBOUR] = "neighbour-discovery",
	[FW_PASS_UNREADABLE] = "unreadable",
	[FW_PASS_RULE] = "rule-pass",
	[FW_PASS_ESSENTIAL] = "essential",
	[FW_PASS_DEFAULT] = "default-pass",
	[FW_DROP_LISTED] = "listed",
	[FW_DROP_TRUNCATED] = "truncated",
	[FW_DROP_BAD_HEADER] = "bad-header",
	[FW_DROP_TAGS] = "too-many-tags",
	[FW_DROP_RULE] = "rule-drop",
	[FW_DROP_LIMIT] = "limit",
	[FW_DROP_DEFAULT] = "default-drop",
	[FW_DROP_UNREADABLE] = "unreadable-drop",
	[FW_DROP_NOT_IP] = "not-ip-drop",
	[FW_DROP_ANSWERED] = "syn-answered",
	[FW_DROP_COOKIE] = "no-cookie",
};
_Static_assert(ARRAY_LEN(reason_names) == FW_REASON_COUNT, "");

json_t *json_of_member(const struct member *member)
{
	const struct evidence *evidence = &member->evidence;
	char text[PREFIX_TEXT_MAX];

	return json_pack("{s:s, s:s, s:I, s:I, s:s, s:I, s:I}", "prefix",
			 prefix_to_text(&member->prefix, text), "origin",
			 origin_name((enum origin)evidence->origin), "uid",
			 (json_int_t)evidence->uid, "line",
			 (json_int_t)evidence->line, "reason", evidence->reason,
			 "created", (json_int_t)evidence->created_s, "expires",
			 (json_int_t)evidence->expires_s);
}

json_t *json_of_count(const struct fw_count *count)
{
	return json_pack("{s:I, s:I}", "packets", (json_int_t)count->packets,
			 "bytes", (json_int_t)count->bytes);
}

const char *reason_name(enum fw_reason reason)
{
	return reason < FW_REASON_COUNT ? reason_names[reason] : "unknown";
}

static double us(const struct latency *latency, uint32_t per_million)
{
	return (double)latency_quantile_ns(latency, per_million) / 1000;
}

json_t *json_of_latency(const struct latency *latency)
{
	return json_pack("{s:I, s:f, s:f, s:f, s:f}", "count",
			 (json_int_t)latency->count, "p50_us",
			 us(latency, 500000), "p99_us", us(latency, 990000),
			 "p999_us", us(latency, 999000), "max_us",
			 (double)latency->max_ns / 1000);
}
