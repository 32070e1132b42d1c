// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "rules/document_writer.h"

static const struct {
	const char *name;
	uint32_t factor;
} byte_units[] = {
	{"GB", 1000000000},
	{"MB", 1000000},
	{"kB", 1000},
	{"B", 1},
};

void document_write_limits(struct document_writer *writer,
			   const struct schema_key *key, const void *field)
{
	const struct policy *policy = writer->policy;
	size_t named = writer->next_limit;

	(void)field;
	if (named == 0)
		return;
	document_open_block(writer, key->name);
	for (size_t i = 0; i < named; i++) {
		if (!policy_name_is_valid(policy->limits[i].name,
					  RULE_NAME_MAX))
			document_write_fail(writer);
		document_open_block(writer, policy->limits[i].name);
		document_write_mapping(writer, key->mapping,
				       &policy->limits[i]);
		document_close_block(writer);
	}
	document_close_block(writer);
}

static const char *period_name(uint32_t seconds)
{
	switch (seconds) {
	case 1:
		return "s";
	case 60:
		return "minute";
	case 3600:
		return "hour";
	case 86400:
		return "day";
	default:
		return NULL;
	}
}

void document_write_rate(struct document_writer *writer,
			 const struct schema_key *key, const void *field)
{
	const struct limit *limit =
		(const void *)((const char *)field - key->offset);
	const char *period = period_name(limit->seconds);
	size_t unit = 0;

	if (!period || limit->rate == 0 ||
	    limit->rate / limit->seconds > RULE_RATE_MAX) {
		document_write_fail(writer);
		return;
	}
	document_write_key(writer, key->name);
	while (limit->rate % byte_units[unit].factor != 0)
		unit++;
	if (limit->unit == LIMIT_BYTES)
		(void)fprintf(writer->out, " %llu %s/%s\n",
			      (unsigned long long)(limit->rate /
						   byte_units[unit].factor),
			      byte_units[unit].name, period);
	else
		(void)fprintf(writer->out, " %llu/%s\n",
			      (unsigned long long)limit->rate, period);
}

void document_write_burst(struct document_writer *writer,
			  const struct schema_key *key, const void *field)
{
	uint64_t burst;

	memcpy(&burst, field, sizeof(burst));
	if (burst == 0 || burst > RULE_RATE_MAX)
		document_write_fail(writer);
	document_write_number(writer, key->name, burst);
}

/* A limit with a name by it; one without stands in one rule, in their order. */
void document_write_limit(struct document_writer *writer,
			  const struct schema_key *key, const void *field)
{
	const struct rule *rule =
		(const void *)((const char *)field - key->offset);
	const struct policy *policy = writer->policy;
	const struct limit *limit;

	if (rule->action != RULE_LIMIT)
		return;
	if (rule->limit >= policy->limit_count) {
		document_write_fail(writer);
		return;
	}
	limit = &policy->limits[rule->limit];
	if (limit->name[0] != '\0') {
		document_write_name(writer, key->name, limit->name);
		return;
	}
	if (rule->limit != writer->next_limit++)
		document_write_fail(writer);
	document_open_block(writer, key->name);
	document_write_mapping(writer, key->mapping, limit);
	document_close_block(writer);
}
