// SPDX-License-Identifier: GPL-2.0-or-later
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "rules/document_reader.h"
#include "rules/document_writer.h"
#include "rules/duration.h"
#include "rules/text.h"

#define INDENT 2

void document_write_key(struct document_writer *writer, const char *name)
{
	unsigned int blanks = writer->indent - (writer->is_item ? INDENT : 0);

	(void)fprintf(writer->out, "%*s%s", (int)blanks, "",
		      writer->is_item ? "- " : "");
	document_put_name(writer->out, name);
	(void)fputc(':', writer->out);
	writer->is_item = false;
}

void document_write_value(struct document_writer *writer, const char *name,
			  const char *value)
{
	document_write_key(writer, name);
	(void)fputc(' ', writer->out);
	document_put_value(writer->out, value);
	(void)fputc('\n', writer->out);
}

void document_write_name(struct document_writer *writer, const char *name,
			 const char *value)
{
	document_write_key(writer, name);
	(void)fputc(' ', writer->out);
	document_put_name(writer->out, value);
	(void)fputc('\n', writer->out);
}

void document_write_number(struct document_writer *writer, const char *name,
			   uint64_t number)
{
	document_write_key(writer, name);
	(void)fprintf(writer->out, " %llu\n", (unsigned long long)number);
}

void document_open_block(struct document_writer *writer, const char *name)
{
	document_write_key(writer, name);
	(void)fputc('\n', writer->out);
	writer->indent += INDENT;
}

void document_close_block(struct document_writer *writer)
{
	writer->indent -= INDENT;
}

static void write_version(struct document_writer *writer,
			  const struct schema_key *key, const void *field)
{
	(void)field;
	document_write_number(writer, key->name, 1);
}

static void each_interface(struct document_list *list, const void *match)
{
	const struct zone *zone = match;

	for (size_t i = 0; i < zone->interface_count; i++)
		document_list_name(list, zone->interfaces[i]);
}

static void write_empty_list(struct document_writer *writer, const char *name)
{
	document_write_key(writer, name);
	(void)fputs(" []\n", writer->out);
}

static void write_zones(struct document_writer *writer,
			const struct schema_key *key, const void *field)
{
	const struct policy *policy = writer->policy;

	(void)field;
	if (policy->zone_count == 0)
		return;
	document_open_block(writer, key->name);
	for (size_t i = 0; i < policy->zone_count; i++) {
		const struct zone *zone = &policy->zones[i];

		if (!policy_name_is_valid(zone->name, RULE_NAME_MAX))
			document_write_fail(writer);
		if (zone->interface_count == 0)
			write_empty_list(writer, zone->name);
		document_write_list(writer, zone->name, false, each_interface,
				    zone);
	}
	document_close_block(writer);
}

struct prefixes {
	const struct prefix *prefixes;
	size_t count;
};

static void each_prefix(struct document_list *list, const void *match)
{
	const struct prefixes *prefixes = match;
	char text[PREFIX_TEXT_MAX];

	for (size_t i = 0; i < prefixes->count; i++)
		document_list_value(
			list, prefix_to_text(&prefixes->prefixes[i], text));
}

static size_t count_of(const struct schema_key *key, const void *field)
{
	size_t count;

	memcpy(&count, (const char *)field - key->offset + key->count_offset,
	       sizeof(count));
	return count;
}

static void write_prefixes(struct document_writer *writer,
			   const struct schema_key *key, const void *field)
{
	const struct prefixes prefixes = {
		.prefixes = *(struct prefix *const *)field,
		.count = count_of(key, field),
	};

	for (size_t i = 0; i < prefixes.count; i++) {
		if (prefix_has_all_v4(&prefixes.prefixes[i]))
			document_write_fail(writer);
	}
	document_write_list(writer, key->name, false, each_prefix, &prefixes);
}

static void write_sets(struct document_writer *writer,
		       const struct schema_key *key, const void *field)
{
	const struct policy *policy = writer->policy;

	(void)field;
	if (policy->set_count == 0 || policy->sets[0].set.kind == SET_GEO)
		return;
	document_open_block(writer, key->name);
	for (size_t i = 0; i < policy->set_count; i++) {
		const struct policy_set *set = &policy->sets[i];

		if (set->set.kind == SET_GEO)
			break; /* the rules that name them say it */
		if (!set_name_is_valid(set->set.name))
			document_write_fail(writer);
		document_open_block(writer, set->set.name);
		document_write_mapping(writer, key->mapping, set);
		document_close_block(writer);
	}
	document_close_block(writer);
}

/* Nothing but lists of files, and those empty? */
static bool says_nothing(const struct schema_mapping *mapping,
			 const void *object)
{
	for (size_t i = 0; i < mapping->key_count; i++) {
		const struct schema_key *key = &mapping->keys[i];

		if (key->type != SCHEMA_FILES ||
		    count_of(key, (const char *)object + key->offset) > 0)
			return false;
	}
	return true;
}

static void write_group(struct document_writer *writer,
			const struct schema_key *key, const void *field)
{
	if (says_nothing(key->mapping, field))
		return;
	document_open_block(writer, key->name);
	document_write_mapping(writer, key->mapping, field);
	document_close_block(writer);
}

static void write_rules(struct document_writer *writer,
			const struct schema_key *key, const void *field)
{
	const struct policy *policy = writer->policy;

	(void)field;
	if (policy->rule_count == 0)
		return;
	document_open_block(writer, key->name);
	writer->indent += INDENT;
	for (size_t i = 0; i < policy->rule_count; i++) {
		writer->is_item = true;
		document_write_mapping(writer, key->mapping, &policy->rules[i]);
	}
	writer->indent -= INDENT;
	document_close_block(writer);
}

static void write_word(struct document_writer *writer,
		       const struct schema_key *key, const void *field)
{
	uint8_t index;

	memcpy(&index, field, sizeof(index));
	if (index >= key->words->count)
		document_write_fail(writer);
	else
		document_write_value(writer, key->name,
				     key->words->name(index));
}

struct word_bits {
	const struct schema_words *words;
	uint8_t bits;
};

static void each_word(struct document_list *list, const void *match)
{
	const struct word_bits *set = match;

	for (unsigned int i = 0; i < set->words->count; i++) {
		if (set->bits >> i & 1)
			document_list_value(list, set->words->name(i));
	}
}

static void write_words(struct document_writer *writer,
			const struct schema_key *key, const void *field)
{
	struct word_bits set = {.words = key->words};

	memcpy(&set.bits, field, sizeof(set.bits));
	if (set.bits >> key->words->count)
		document_write_fail(writer);
	if (set.bits == 0 && key->min == 0)
		write_empty_list(writer, key->name);
	document_write_list(writer, key->name, false, each_word, &set);
}

static void write_flag(struct document_writer *writer,
		       const struct schema_key *key, const void *field)
{
	bool flag;

	memcpy(&flag, field, sizeof(flag));
	if (flag)
		document_write_value(writer, key->name, "true");
}

static void write_number_field(struct document_writer *writer,
			       const struct schema_key *key, const void *field)
{
	uint32_t number;

	memcpy(&number, field, sizeof(number));
	if (number < key->min || number > key->max)
		document_write_fail(writer);
	document_write_number(writer, key->name, number);
}

/* In two units where that is all of it, else in seconds. */
static void write_span(struct document_writer *writer,
		       const struct schema_key *key, const void *field)
{
	char text[MOMENT_TEXT_MAX];
	uint64_t read_s = 0;
	uint32_t span_s;

	memcpy(&span_s, field, sizeof(span_s));
	if (span_s < key->min || span_s > key->max)
		document_write_fail(writer);
	if (duration_from_text(duration_to_text(span_s, text), &read_s) < 0 ||
	    read_s != span_s)
		(void)snprintf(text, sizeof(text), "%us", span_s);
	document_write_value(writer, key->name, text);
}

struct files {
	char *const *paths;
	size_t count;
};

static void each_file(struct document_list *list, const void *match)
{
	const struct files *files = match;

	for (size_t i = 0; i < files->count; i++)
		document_list_name(list, files->paths[i]);
}

static void write_files(struct document_writer *writer,
			const struct schema_key *key, const void *field)
{
	const struct files files = {
		.paths = *(char *const *const *)field,
		.count = count_of(key, field),
	};

	for (size_t i = 0; i < files.count; i++) {
		if (*files.paths[i] != '/' ||
		    !text_is_line(files.paths[i], DOCUMENT_FILE_MAX))
			document_write_fail(writer);
	}
	document_write_list(writer, key->name, false, each_file, &files);
}

static void write_id(struct document_writer *writer,
		     const struct schema_key *key, const void *field)
{
	if (!policy_name_is_valid(field, RULE_ID_MAX))
		document_write_fail(writer);
	document_write_name(writer, key->name, field);
}

static void write_comment(struct document_writer *writer,
			  const struct schema_key *key, const void *field)
{
	const char *comment = field;

	if (!text_is_line(comment, RULE_COMMENT_MAX))
		document_write_fail(writer);
	if (*comment != '\0')
		document_write_name(writer, key->name, comment);
}

/* Empty is not there. */
static void write_text(struct document_writer *writer,
		       const struct schema_key *key, const void *field)
{
	const char *text = field;

	if (*text == '\0' && !key->is_required)
		return;
	if (!document_text_is_valid(key, text))
		document_write_fail(writer);
	document_write_name(writer, key->name, text);
}

static document_write_fn *const writers[] = {
	[SCHEMA_VERSION] = write_version,
	[SCHEMA_ZONES] = write_zones,
	[SCHEMA_PREFIXES] = write_prefixes,
	[SCHEMA_SETS] = write_sets,
	[SCHEMA_LIMITS] = document_write_limits,
	[SCHEMA_GROUP] = write_group,
	[SCHEMA_RULES] = write_rules,
	[SCHEMA_WORD] = write_word,
	[SCHEMA_WORDS] = write_words,
	[SCHEMA_FLAG] = write_flag,
	[SCHEMA_NUMBER] = write_number_field,
	[SCHEMA_SPAN] = write_span,
	[SCHEMA_FILES] = write_files,
	[SCHEMA_RATE] = document_write_rate,
	[SCHEMA_BURST] = document_write_burst,
	[SCHEMA_ID] = write_id,
	[SCHEMA_COMMENT] = write_comment,
	[SCHEMA_LIMIT] = document_write_limit,
	[SCHEMA_IN] = document_write_in,
	[SCHEMA_OUT] = document_write_out,
	[SCHEMA_INTERFACES] = document_write_interfaces,
	[SCHEMA_FAMILY] = document_write_family,
	[SCHEMA_ADDRESSES] = document_write_addresses,
	[SCHEMA_PROTOCOLS] = document_write_protocols,
	[SCHEMA_PORTS] = document_write_numbers,
	[SCHEMA_TCP_FLAGS] = document_write_tcp_flags,
	[SCHEMA_ICMP] = document_write_icmp,
	[SCHEMA_ICMPV6] = document_write_icmpv6,
	[SCHEMA_LENGTHS] = document_write_numbers,
	[SCHEMA_VLANS] = document_write_vlans,
	[SCHEMA_MACS] = document_write_macs,
	[SCHEMA_WINDOWS] = document_write_windows,
	[SCHEMA_DAYS] = document_write_days,
	[SCHEMA_MINUTE] = document_write_minute,
	[SCHEMA_SET_NAME] = write_text,
	[SCHEMA_TEXT] = write_text,
	[SCHEMA_URL] = write_text,
	[SCHEMA_PATH] = write_text,
	[SCHEMA_HEADER] = write_text,
};
_Static_assert(ARRAY_LEN(writers) == SCHEMA_TYPE_COUNT, "");

void document_write_mapping(struct document_writer *writer,
			    const struct schema_mapping *mapping,
			    const void *object)
{
	for (size_t i = 0; i < mapping->key_count; i++) {
		const struct schema_key *key = &mapping->keys[i];

		writers[key->type](writer, key,
				   (const char *)object + key->offset);
	}
}

int document_print(const struct policy *policy, FILE *out)
{
	struct document_writer writer = {.out = out, .policy = policy};

	assert(policy);
	assert(out);

	while (writer.next_limit < policy->limit_count &&
	       policy->limits[writer.next_limit].name[0] != '\0')
		writer.next_limit++;
	document_write_mapping(&writer, &schema_document, policy);
	if (writer.next_limit != policy->limit_count)
		document_write_fail(&writer);
	if (writer.r == 0 && ferror(out))
		writer.r = -EIO;
	return writer.r;
}
