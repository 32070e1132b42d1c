// SPDX-License-Identifier: GPL-2.0-or-later
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "rules/document_reader.h"
#include "rules/text.h"

const char document_any[] = "any";

static int compare_names(const void *a, const void *b)
{
	return strncmp(a, b, RULE_NAME_MAX);
}

int document_read_name(struct document_reader *reader, const char *what,
		       const struct node *name, char ret_name[RULE_NAME_MAX])
{
	if (name->kind != NODE_SCALAR ||
	    !policy_name_is_valid(name->text, RULE_NAME_MAX) ||
	    strcmp(name->text, document_any) == 0)
		return document_note_refuse(
			reader->note, name->mark,
			"\"%.60s\" is no name of a %s: letters, digits, \"-\", "
			"\"_\" and \".\", at most %d, starting with a letter "
			"or digit, and not \"any\"",
			name->kind == NODE_SCALAR ? name->text : "...", what,
			RULE_NAME_MAX - 1);
	text_copy(ret_name, RULE_NAME_MAX, name->text);
	return 0;
}

/* Interfaces into an array that the caller frees, also after a failure. */
static int read_interfaces(struct document_reader *reader,
			   const struct schema_key *key,
			   const struct document_items *items,
			   char (**ret_names)[RULE_NAME_MAX], size_t *ret_count)
{
	const struct node *item = items->first;

	if (items->count == 0)
		return 0;
	*ret_names = calloc(items->count, sizeof(**ret_names));
	if (!*ret_names)
		return -ENOMEM;
	for (uint32_t i = 0; i < items->count; i++, item = item->next) {
		if (item->kind != NODE_SCALAR ||
		    !policy_interface_is_valid(item->text))
			return document_refuse(reader, key, item);
		text_copy((*ret_names)[i], sizeof((*ret_names)[i]), item->text);
	}
	*ret_count = document_sort(*ret_names, items->count,
				   sizeof(**ret_names), compare_names);
	return 0;
}

static int read_zone(struct document_reader *reader,
		     const struct schema_key *key, const struct node *name,
		     struct zone *zone)
{
	struct policy *policy = reader->policy;
	struct document_items items;
	int r = document_read_name(reader, "zone", name, zone->name);

	for (size_t i = 0; r >= 0 && i < policy->zone_count; i++) {
		if (strcmp(policy->zones[i].name, zone->name) == 0)
			r = document_refuse_second(reader, "zone", name,
						   policy->zones[i].line);
	}
	if (r < 0)
		return r;
	policy->zone_count++;
	zone->line = name->mark.line;
	r = document_items_of(reader, key, name->next, true, &items);
	if (r < 0)
		return r;
	return read_interfaces(reader, key, &items, &zone->interfaces,
			       &zone->interface_count);
}

int document_read_zones(struct document_reader *reader,
			const struct schema_key *key, const struct node *value,
			void *field)
{
	struct policy *policy = reader->policy;
	void *room = NULL;
	int r = document_make_room(reader, key, value, POLICY_ZONES_MAX,
				   sizeof(*policy->zones), &room);

	(void)field;
	policy->zones = room;
	if (r < 0)
		return r;
	for (const struct node *name = value->first; r >= 0 && name;
	     name = name->next->next)
		r = read_zone(reader, key, name,
			      &policy->zones[policy->zone_count]);
	return r;
}

int document_read_interfaces(struct document_reader *reader,
			     const struct schema_key *key,
			     const struct node *value, void *field)
{
	struct match_names *match = field;
	struct document_items items;
	int r = document_take_not(reader, key, &value, &match->is_negated);

	if (r >= 0)
		r = document_items_of(reader, key, value, false, &items);
	if (r < 0)
		return r;
	return read_interfaces(reader, key, &items, &match->names,
			       &match->count);
}

static const char *zone_name(const void *arg, uint32_t index)
{
	const struct policy *policy = arg;

	return policy->zones[index].name;
}

static int find_zone(struct document_reader *reader, const struct node *item)
{
	const struct policy *policy = reader->policy;
	struct note_choices choices = {
		.noun = "zone",
		.place = "",
		.name = zone_name,
		.arg = policy,
		.count = (uint32_t)policy->zone_count,
	};

	if (item->kind != NODE_SCALAR)
		return document_note_refuse(reader->note, item->mark,
					    "a zone is named by a word");
	for (size_t i = 0; i < policy->zone_count; i++) {
		if (strcmp(policy->zones[i].name, item->text) == 0)
			return 0;
	}
	return document_note_refuse_unknown(reader->note, item->mark,
					    item->text, &choices);
}

static int read_zone_names(struct document_reader *reader,
			   const struct document_items *items,
			   struct match_names *match)
{
	const struct node *item = items->first;

	match->names = calloc(items->count, sizeof(*match->names));
	if (!match->names)
		return -ENOMEM;
	for (uint32_t i = 0; i < items->count; i++, item = item->next) {
		int r = find_zone(reader, item);

		if (r < 0)
			return r;
		text_copy(match->names[i], sizeof(match->names[i]), item->text);
	}
	match->count = document_sort(match->names, items->count,
				     sizeof(*match->names), compare_names);
	return 0;
}

static bool is_any(const struct node *value)
{
	return value->kind == NODE_SCALAR &&
	       strcmp(value->text, document_any) == 0;
}

/* One of `in` and `out`; `in` comes first. */
static int read_direction(struct document_reader *reader,
			  const struct schema_key *key,
			  const struct node *value, struct rule *rule,
			  uint8_t direction)
{
	const struct node *whole = value;
	bool is_second = rule->directions != 0;
	struct document_items items;
	int r;

	rule->directions |= direction;
	if (is_second && (rule->zones.count > 0 || !is_any(value)))
		return document_note_refuse(reader->note, whole->mark,
					    "in and out together are both any: "
					    "make two rules of this one");
	if (is_any(value))
		return 0;
	r = document_take_not(reader, key, &value, &rule->zones.is_negated);
	if (r >= 0)
		r = document_items_of(reader, key, value, false, &items);
	if (r < 0)
		return r;
	return read_zone_names(reader, &items, &rule->zones);
}

int document_read_in(struct document_reader *reader,
		     const struct schema_key *key, const struct node *value,
		     void *field)
{
	return read_direction(reader, key, value, field, DIRECTION_IN);
}

int document_read_out(struct document_reader *reader,
		      const struct schema_key *key, const struct node *value,
		      void *field)
{
	return read_direction(reader, key, value, field, DIRECTION_OUT);
}
