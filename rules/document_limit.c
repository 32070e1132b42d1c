// SPDX-License-Identifier: GPL-2.0-or-later
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "rules/document_reader.h"
#include "rules/text.h"

static const struct {
	const char *name;
	uint32_t factor;
} byte_units[] = {
	{"B", 1},	    {"kB", 1000},      {"MB", 1000000},
	{"GB", 1000000000}, {"KiB", 1u << 10}, {"MiB", 1u << 20},
	{"GiB", 1u << 30},
};

static const struct {
	const char *name;
	uint32_t span_s;
} periods[] = {
	{"s", 1}, {"second", 1}, {"minute", 60}, {"hour", 3600}, {"day", 86400},
};

static int period_of(const char *text, uint32_t *ret_span_s)
{
	for (size_t i = 0; i < ARRAY_LEN(periods); i++) {
		if (strcmp(periods[i].name, text) == 0) {
			*ret_span_s = periods[i].span_s;
			return 0;
		}
	}
	return -EINVAL;
}

/* 0 if `text` names no unit. */
static uint32_t byte_factor_of(const char *text)
{
	for (size_t i = 0; i < ARRAY_LEN(byte_units); i++) {
		if (strcmp(byte_units[i].name, text) == 0)
			return byte_units[i].factor;
	}
	return 0;
}

/* Cut "5 MB/s" into "5", "MB" and "s". */
static int cut_rate(char *text, char **ret_unit, char **ret_period)
{
	char *slash = strchr(text, '/');
	size_t digits = strspn(text, "0123456789");

	if (!slash || digits == 0)
		return -EINVAL;
	*slash = '\0';
	*ret_period = slash + 1;
	*ret_unit = text + digits;
	if (**ret_unit == ' ') {
		*(*ret_unit)++ = '\0';
		return **ret_unit == '\0' ? -EINVAL : 0;
	}
	return 0;
}

static int parse_rate(const char *written, struct limit *limit)
{
	char text[48];
	char number[48];
	char *unit, *period;
	uint64_t count;
	uint32_t factor;

	if (strlen(written) >= sizeof(text))
		return -EINVAL;
	text_copy(text, sizeof(text), written);
	if (cut_rate(text, &unit, &period) < 0 ||
	    period_of(period, &limit->seconds) < 0)
		return -EINVAL;
	factor = *unit ? byte_factor_of(unit) : 1;
	if (factor == 0)
		return -EINVAL;
	text_copy(number, sizeof(number), text);
	number[strspn(text, "0123456789")] = '\0';
	if (document_read_count(number, RULE_RATE_MAX * limit->seconds,
				&count) < 0 ||
	    count == 0 || count > RULE_RATE_MAX * limit->seconds / factor)
		return -EINVAL;
	limit->rate = count * factor;
	limit->unit = *unit ? LIMIT_BYTES : LIMIT_PACKETS;
	return 0;
}

/* The whole limit's, because it sets more than one field; `unit` comes after
 * it in the table. */
int document_read_rate(struct document_reader *reader,
		       const struct schema_key *key, const struct node *value,
		       void *field)
{
	struct limit *limit =
		(void *)((char *)field - offsetof(struct limit, rate));

	if (value->kind != NODE_SCALAR || parse_rate(value->text, limit) < 0)
		return document_refuse(reader, key, value);
	limit->burst =
		limit->rate < RULE_RATE_MAX ? limit->rate : RULE_RATE_MAX;
	return 0;
}

int document_read_burst(struct document_reader *reader,
			const struct schema_key *key, const struct node *value,
			void *field)
{
	uint64_t burst;

	if (value->kind != NODE_SCALAR ||
	    document_read_count(value->text, RULE_RATE_MAX, &burst) < 0 ||
	    burst == 0)
		return document_refuse(reader, key, value);
	memcpy(field, &burst, sizeof(burst));
	return 0;
}

static int read_limit(struct document_reader *reader, const struct node *node,
		      struct limit *limit)
{
	struct document_values values;
	const struct node *rate;
	int r;

	limit->line = node->mark.line;
	r = document_read_mapping(reader, &schema_limit, node, limit, &values);
	if (r < 0)
		return r;
	rate = document_value_of(&schema_limit, &values, "rate");
	if (strchr(rate->text, 'B') && limit->unit != LIMIT_BYTES)
		return document_note_refuse(reader->note, rate->mark,
					    "\"%.60s\" is a rate of bytes, but "
					    "the unit is %s",
					    rate->text,
					    limit_unit_name(limit->unit));
	return 0;
}

static const char *limit_name(const void *arg, uint32_t index)
{
	const struct policy *policy = arg;

	return policy->limits[index].name;
}

/* Named ones are first. */
static uint32_t count_named(const struct policy *policy)
{
	uint32_t count = 0;

	while (count < policy->limit_count &&
	       policy->limits[count].name[0] != '\0')
		count++;
	return count;
}

static int find_limit(struct document_reader *reader, const struct node *value,
		      uint16_t *ret_index)
{
	const struct policy *policy = reader->policy;
	struct note_choices choices = {
		.noun = "limit",
		.place = "",
		.name = limit_name,
		.arg = policy,
		.count = count_named(policy),
	};

	for (uint32_t i = 0; i < choices.count; i++) {
		if (strcmp(policy->limits[i].name, value->text) == 0) {
			*ret_index = (uint16_t)i;
			return 0;
		}
	}
	return document_note_refuse_unknown(reader->note, value->mark,
					    value->text, &choices);
}

static int add_limit(struct document_reader *reader, const struct node *value,
		     uint16_t *ret_index)
{
	struct policy *policy = reader->policy;
	struct limit limit = {.name = ""};
	struct limit *grown;
	int r;

	if (policy->limit_count == POLICY_LIMITS_MAX)
		return document_note_refuse_count(reader->note, value->mark,
						  policy->limit_count + 1,
						  POLICY_LIMITS_MAX, "limits");
	r = read_limit(reader, value, &limit);
	if (r < 0)
		return r;
	grown = reallocarray(policy->limits, policy->limit_count + 1,
			     sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	policy->limits = grown;
	*ret_index = (uint16_t)policy->limit_count;
	policy->limits[policy->limit_count++] = limit;
	return 0;
}

int document_read_limit(struct document_reader *reader,
			const struct schema_key *key, const struct node *value,
			void *field)
{
	uint16_t index;
	int r;

	if (value->kind == NODE_LIST)
		return document_refuse(reader, key, value);
	r = value->kind == NODE_SCALAR ? find_limit(reader, value, &index)
				       : add_limit(reader, value, &index);
	if (r < 0)
		return r;
	memcpy(field, &index, sizeof(index));
	return 0;
}

int document_read_limits(struct document_reader *reader,
			 const struct schema_key *key, const struct node *value,
			 void *field)
{
	struct policy *policy = reader->policy;
	void *room;
	int r = document_make_room(reader, key, value, POLICY_LIMITS_MAX,
				   sizeof(*policy->limits), &room);

	if (r < 0)
		return r;
	policy->limits = room;
	for (const struct node *name = value->first; name;
	     name = name->next->next) {
		struct limit *limit = &policy->limits[policy->limit_count];

		r = document_read_name(reader, "limit", name, limit->name);
		if (r < 0)
			return r;
		for (size_t i = 0; i < policy->limit_count; i++) {
			if (strcmp(policy->limits[i].name, limit->name) == 0)
				return document_refuse_second(
					reader, "limit", name,
					policy->limits[i].line);
		}
		r = read_limit(reader, name->next, limit);
		if (r < 0)
			return r;
		limit->line = name->mark.line;
		policy->limit_count++;
	}
	(void)field;
	return 0;
}
