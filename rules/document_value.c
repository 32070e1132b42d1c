// SPDX-License-Identifier: GPL-2.0-or-later
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "rules/document_reader.h"
#include "rules/duration.h"
#include "rules/text.h"

#define DAYS 7

void document_note_value(struct document_reader *reader,
			 const struct schema_key *key, const struct node *value)
{
	const struct schema_form *form = &schema_forms[key->type];

	if (value->kind == NODE_SCALAR)
		document_note_write(reader->note, value->mark,
				    "\"%.60s\" is no %s: %s", value->text,
				    form->noun, form->accepts);
	else
		document_note_write(
			reader->note, value->mark, "%s is no %s: %s",
			value->kind == NODE_LIST ? "a list" : "a mapping",
			form->noun, form->accepts);
}

int document_read_count(const char *text, uint64_t max, uint64_t *ret_count)
{
	uint64_t count = 0;

	if (*text == '\0' || (text[0] == '0' && text[1] != '\0'))
		return -EINVAL;
	for (; *text != '\0'; text++) {
		if (*text < '0' || *text > '9')
			return -EINVAL;
		count = count * 10 + (uint64_t)(*text - '0');
		if (count > max)
			return -ERANGE;
	}
	*ret_count = count;
	return 0;
}

int document_items_of(struct document_reader *reader,
		      const struct schema_key *key, const struct node *value,
		      bool may_be_empty, struct document_items *ret_items)
{
	bool has_addresses =
		key->type == SCHEMA_PREFIXES || key->type == SCHEMA_ADDRESSES;
	uint32_t max = has_addresses ? TREE_NODES_MAX : DOCUMENT_ITEMS_MAX;

	if (value->kind != NODE_LIST) {
		*ret_items = (struct document_items){value, 1};
		return 0;
	}
	if (value->count == 0 && !may_be_empty)
		return document_note_refuse(reader->note, value->mark,
					    "an empty list is met by nothing: "
					    "leave \"%s\" out",
					    key->name);
	if (value->count > max)
		return document_note_refuse_count(reader->note, value->mark,
						  value->count, max, "values");
	*ret_items = (struct document_items){value->first, value->count};
	return 0;
}

int document_take_not(struct document_reader *reader,
		      const struct schema_key *key, const struct node **value,
		      bool *ret_is_negated)
{
	const struct node *node = *value;

	*ret_is_negated = false;
	if (node->kind != NODE_MAPPING)
		return 0;
	if (node->count != 2 || node->first->kind != NODE_SCALAR ||
	    strcmp(node->first->text, "not") != 0)
		return document_note_refuse(reader->note, node->mark,
					    "the only mapping that \"%s\" may "
					    "be is {not: ...}",
					    key->name);
	*value = node->first->next;
	*ret_is_negated = true;
	return 0;
}

size_t document_sort(void *items, size_t count, size_t size,
		     int (*compare)(const void *a, const void *b))
{
	char *bytes = items;
	size_t kept = 0;

	if (count == 0)
		return 0;
	qsort(items, count, size, compare);
	for (size_t i = 1; i < count; i++) {
		if (compare(bytes + kept * size, bytes + i * size) == 0)
			continue;
		kept++;
		memmove(bytes + kept * size, bytes + i * size, size);
	}
	return kept + 1;
}

int document_read_version(struct document_reader *reader,
			  const struct schema_key *key,
			  const struct node *value, void *field)
{
	(void)field;
	if (value->kind != NODE_SCALAR || strcmp(value->text, "1") != 0)
		return document_refuse(reader, key, value);
	return 0;
}

static const char *word_name(const void *arg, uint32_t index)
{
	const struct schema_words *words = arg;

	return words->name(index);
}

static int find_word(struct document_reader *reader,
		     const struct schema_key *key, const struct node *value,
		     uint8_t *ret_index)
{
	struct note_choices choices = {
		.noun = "word",
		.name = word_name,
		.arg = key->words,
		.count = key->words->count,
	};
	char place[48];

	if (value->kind != NODE_SCALAR)
		return document_note_refuse(reader->note, value->mark,
					    "\"%s\" takes a word, like %s",
					    key->name, key->words->name(0));
	for (uint8_t i = 0; i < key->words->count; i++) {
		if (strcmp(key->words->name(i), value->text) == 0) {
			*ret_index = i;
			return 0;
		}
	}
	(void)snprintf(place, sizeof(place), " of %s", key->name);
	choices.place = place;
	return document_note_refuse_unknown(reader->note, value->mark,
					    value->text, &choices);
}

int document_read_word(struct document_reader *reader,
		       const struct schema_key *key, const struct node *value,
		       void *field)
{
	return find_word(reader, key, value, field);
}

int document_read_words(struct document_reader *reader,
			const struct schema_key *key, const struct node *value,
			void *field)
{
	struct document_items items;
	uint8_t bits = 0;
	int r = document_items_of(reader, key, value, key->min == 0, &items);

	if (r < 0)
		return r;
	for (const struct node *item = items.first; items.count > 0;
	     items.count--, item = item->next) {
		uint8_t index;

		r = find_word(reader, key, item, &index);
		if (r < 0)
			return r;
		bits |= (uint8_t)(1u << index);
	}
	memcpy(field, &bits, sizeof(bits));
	return 0;
}

int document_read_flag(struct document_reader *reader,
		       const struct schema_key *key, const struct node *value,
		       void *field)
{
	bool flag =
		value->kind == NODE_SCALAR && strcmp(value->text, "true") == 0;

	if (!flag &&
	    (value->kind != NODE_SCALAR || strcmp(value->text, "false") != 0))
		return document_refuse(reader, key, value);
	memcpy(field, &flag, sizeof(flag));
	return 0;
}

int document_read_number(struct document_reader *reader,
			 const struct schema_key *key, const struct node *value,
			 void *field)
{
	uint64_t count;
	uint32_t number;

	if (value->kind != NODE_SCALAR ||
	    document_read_count(value->text, key->max, &count) < 0 ||
	    count < key->min)
		return document_note_refuse(
			reader->note, value->mark,
			"\"%.60s\" is no %s: a number from %u to %u",
			value->kind == NODE_SCALAR ? value->text : "...",
			key->name, key->min, key->max);
	number = (uint32_t)count;
	memcpy(field, &number, sizeof(number));
	return 0;
}

int document_read_span(struct document_reader *reader,
		       const struct schema_key *key, const struct node *value,
		       void *field)
{
	uint64_t span_s;
	uint32_t number;

	if (value->kind != NODE_SCALAR ||
	    duration_from_text(value->text, &span_s) < 0 || span_s < key->min ||
	    span_s > key->max)
		return document_note_refuse(
			reader->note, value->mark,
			"\"%.60s\" is no span of time: from %us to %us, like "
			"30s, 5m or 2h4m",
			value->kind == NODE_SCALAR ? value->text : "...",
			key->min, key->max);
	number = (uint32_t)span_s;
	memcpy(field, &number, sizeof(number));
	return 0;
}

int document_read_id(struct document_reader *reader,
		     const struct schema_key *key, const struct node *value,
		     void *field)
{
	if (value->kind != NODE_SCALAR ||
	    !policy_name_is_valid(value->text, RULE_ID_MAX))
		return document_refuse(reader, key, value);
	text_copy(field, RULE_ID_MAX, value->text);
	return 0;
}

int document_read_comment(struct document_reader *reader,
			  const struct schema_key *key,
			  const struct node *value, void *field)
{
	if (value->kind != NODE_SCALAR ||
	    !text_is_line(value->text, RULE_COMMENT_MAX))
		return document_refuse(reader, key, value);
	text_copy(field, RULE_COMMENT_MAX, value->text);
	return 0;
}

int document_read_family(struct document_reader *reader,
			 const struct schema_key *key, const struct node *value,
			 void *field)
{
	uint8_t family = 0;

	if (value->kind == NODE_SCALAR)
		family = strcmp(value->text, "ipv4") == 0   ? 4
			 : strcmp(value->text, "ipv6") == 0 ? 6
							    : 0;
	if (family == 0)
		return document_refuse(reader, key, value);
	memcpy(field, &family, sizeof(family));
	return 0;
}

/* "mon" of `len` bytes. */
static int day_of(const char *text, size_t len, unsigned int *ret_day)
{
	for (unsigned int day = 0; day < DAYS; day++) {
		if (len == 3 && memcmp(schema_day_name(day), text, len) == 0) {
			*ret_day = day;
			return 0;
		}
	}
	return -EINVAL;
}

/* A day, or a span of them that may go over the end of the week. */
static int days_of(const char *text, uint8_t *bits)
{
	const char *dash = strchr(text, '-');
	size_t len = dash ? (size_t)(dash - text) : strlen(text);
	unsigned int first, last;

	if (day_of(text, len, &first) < 0)
		return -EINVAL;
	last = first;
	if (dash && day_of(dash + 1, strlen(dash + 1), &last) < 0)
		return -EINVAL;
	for (unsigned int day = first;; day = (day + 1) % DAYS) {
		*bits |= (uint8_t)(1u << day);
		if (day == last)
			return 0;
	}
}

int document_read_days(struct document_reader *reader,
		       const struct schema_key *key, const struct node *value,
		       void *field)
{
	struct document_items items;
	uint8_t bits = 0;
	int r = document_items_of(reader, key, value, false, &items);

	if (r < 0)
		return r;
	for (const struct node *item = items.first; items.count > 0;
	     items.count--, item = item->next) {
		if (item->kind != NODE_SCALAR || days_of(item->text, &bits) < 0)
			return document_refuse(reader, key, item);
	}
	memcpy(field, &bits, sizeof(bits));
	return 0;
}

static bool has_time_shape(const char *text)
{
	static const char shape[] = "dd:dd";

	for (size_t i = 0; i < sizeof(shape); i++) {
		bool is_digit = text[i] >= '0' && text[i] <= '9';

		if (shape[i] == 'd' ? !is_digit : text[i] != shape[i])
			return false;
	}
	return true;
}

int document_read_minute(struct document_reader *reader,
			 const struct schema_key *key, const struct node *value,
			 void *field)
{
	const char *text = value->text;
	uint16_t minute;

	if (value->kind != NODE_SCALAR || !has_time_shape(text) ||
	    text[3] > '5')
		return document_refuse(reader, key, value);
	minute = (uint16_t)(((text[0] - '0') * 10 + text[1] - '0') * 60 +
			    (text[3] - '0') * 10 + text[4] - '0');
	if (minute > key->max)
		return document_refuse(reader, key, value);
	memcpy(field, &minute, sizeof(minute));
	return 0;
}
