// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/document.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "rules/document_reader.h"
#include "rules/text.h"

static const char *key_name(const void *arg, uint32_t index)
{
	const struct schema_mapping *mapping = arg;

	return mapping->keys[index].name;
}

static int find_key(struct document_reader *reader,
		    const struct schema_mapping *mapping,
		    const struct node *name, size_t *ret_index)
{
	struct note_choices choices = {
		.noun = "key",
		.name = key_name,
		.arg = mapping,
		.count = (uint32_t)mapping->key_count,
	};
	char place[48];

	if (name->kind != NODE_SCALAR)
		return document_note_refuse(reader->note, name->mark,
					    "a key of a %s is a word",
					    mapping->noun);
	for (size_t i = 0; i < mapping->key_count; i++) {
		if (strcmp(mapping->keys[i].name, name->text) == 0) {
			*ret_index = i;
			return 0;
		}
	}
	(void)snprintf(place, sizeof(place), " in %s", mapping->noun);
	choices.place = place;
	return document_note_refuse_unknown(reader->note, name->mark,
					    name->text, &choices);
}

static int sort_values(struct document_reader *reader,
		       const struct schema_mapping *mapping,
		       const struct node *node, struct document_values *values)
{
	for (const struct node *name = node->first; name;
	     name = name->next->next) {
		size_t index;
		int r = find_key(reader, mapping, name, &index);

		if (r < 0)
			return r;
		if (values->of[index])
			return document_note_refuse(
				reader->note, name->mark,
				"\"%s\" is given twice, first on line %u",
				name->text, values->of[index]->mark.line);
		values->of[index] = name->next;
	}
	return 0;
}

static int read_group(struct document_reader *reader,
		      const struct schema_key *key, const struct node *value,
		      void *field)
{
	struct document_values values;

	return document_read_mapping(reader, key->mapping, value, field,
				     &values);
}

static int read_set_name(struct document_reader *reader,
			 const struct node *name, struct policy_set *set)
{
	if (name->kind != NODE_SCALAR || !set_name_is_valid(name->text))
		return document_note_refuse(
			reader->note, name->mark,
			"\"%.60s\" is no name of a set: lower-case letters, "
			"digits and \"-\", at most %d, starting with a letter",
			name->text ? name->text : "", SET_NAME_MAX - 1);
	for (size_t i = 0; i < ARRAY_LEN(set_builtins); i++) {
		if (strcmp(set_builtins[i].name, name->text) == 0)
			return document_note_refuse(
				reader->note, name->mark,
				"the set \"%s\" is always there and cannot be "
				"declared%s",
				name->text,
				i + 1 == SET_ID_MANAGEMENT
					? ": use the key management"
					: "");
	}
	for (size_t i = 0; i < reader->policy->set_count; i++) {
		if (strcmp(reader->policy->sets[i].set.name, name->text) == 0)
			return document_refuse_second(
				reader, "set", name,
				reader->policy->sets[i].line);
	}
	text_copy(set->set.name, sizeof(set->set.name), name->text);
	return 0;
}

static int check_set(struct document_reader *reader,
		     const struct policy_set *set, const struct node *value)
{
	if (set->set.kind == SET_DYNAMIC &&
	    (set->member_count > 0 || set->file_count > 0))
		return document_note_refuse(
			reader->note, value->mark,
			"set \"%s\" is dynamic: members and files are of "
			"static sets",
			set->set.name);
	if (set->member_count > set->set.capacity)
		return document_note_refuse_count(reader->note, value->mark,
						  set->member_count,
						  set->set.capacity, "members");
	return 0;
}

static int read_sets(struct document_reader *reader,
		     const struct schema_key *key, const struct node *value,
		     void *field)
{
	struct policy *policy = reader->policy;
	void *room;
	int r = document_make_room(reader, key, value, POLICY_SETS_MAX,
				   sizeof(*policy->sets), &room);

	(void)field;
	if (r < 0)
		return r;
	policy->sets = room;
	for (const struct node *name = value->first; name;
	     name = name->next->next) {
		struct policy_set *set = &policy->sets[policy->set_count];
		struct document_values values;

		set->set.action = SET_NONE;
		set->set.capacity = SET_CAPACITY_DEFAULT;
		set->line = name->mark.line;
		set->column = name->mark.column;
		r = read_set_name(reader, name, set);
		if (r < 0)
			return r;
		policy->set_count++;
		r = document_read_mapping(reader, &schema_set, name->next, set,
					  &values);
		if (r >= 0)
			r = check_set(reader, set, name->next);
		if (r < 0)
			return r;
	}
	return 0;
}

static document_read_fn *const readers[] = {
	[SCHEMA_VERSION] = document_read_version,
	[SCHEMA_ZONES] = document_read_zones,
	[SCHEMA_PREFIXES] = document_read_prefixes,
	[SCHEMA_SETS] = read_sets,
	[SCHEMA_LIMITS] = document_read_limits,
	[SCHEMA_GROUP] = read_group,
	[SCHEMA_RULES] = document_read_rules,
	[SCHEMA_WORD] = document_read_word,
	[SCHEMA_WORDS] = document_read_words,
	[SCHEMA_FLAG] = document_read_flag,
	[SCHEMA_NUMBER] = document_read_number,
	[SCHEMA_SPAN] = document_read_span,
	[SCHEMA_FILES] = document_read_files,
	[SCHEMA_RATE] = document_read_rate,
	[SCHEMA_BURST] = document_read_burst,
	[SCHEMA_ID] = document_read_id,
	[SCHEMA_COMMENT] = document_read_comment,
	[SCHEMA_LIMIT] = document_read_limit,
	[SCHEMA_IN] = document_read_in,
	[SCHEMA_OUT] = document_read_out,
	[SCHEMA_INTERFACES] = document_read_interfaces,
	[SCHEMA_FAMILY] = document_read_family,
	[SCHEMA_ADDRESSES] = document_read_addresses,
	[SCHEMA_PROTOCOLS] = document_read_protocols,
	[SCHEMA_PORTS] = document_read_ports,
	[SCHEMA_TCP_FLAGS] = document_read_tcp_flags,
	[SCHEMA_ICMP] = document_read_icmp,
	[SCHEMA_ICMPV6] = document_read_icmpv6,
	[SCHEMA_LENGTHS] = document_read_lengths,
	[SCHEMA_VLANS] = document_read_vlans,
	[SCHEMA_MACS] = document_read_macs,
	[SCHEMA_WINDOWS] = document_read_windows,
	[SCHEMA_DAYS] = document_read_days,
	[SCHEMA_MINUTE] = document_read_minute,
	[SCHEMA_SET_NAME] = document_read_text,
	[SCHEMA_TEXT] = document_read_text,
	[SCHEMA_URL] = document_read_text,
	[SCHEMA_PATH] = document_read_text,
	[SCHEMA_HEADER] = document_read_text,
};
_Static_assert(ARRAY_LEN(readers) == SCHEMA_TYPE_COUNT, "");

int document_make_room(struct document_reader *reader,
		       const struct schema_key *key, const struct node *value,
		       size_t max, size_t size, void **ret_room)
{
	size_t count = value->count / 2;

	if (value->kind != NODE_MAPPING)
		return document_note_refuse(reader->note, value->mark,
					    "%s are a mapping from names, {} "
					    "for none",
					    key->name);
	if (count > max)
		return document_note_refuse_count(reader->note, value->mark,
						  count, max, key->name);
	*ret_room = calloc(count + 1, size);
	return *ret_room ? 0 : -ENOMEM;
}

const struct node *document_value_of(const struct schema_mapping *mapping,
				     const struct document_values *values,
				     const char *name)
{
	for (size_t i = 0; i < mapping->key_count; i++) {
		if (strcmp(mapping->keys[i].name, name) == 0)
			return values->of[i];
	}
	return NULL;
}

int document_read_mapping(struct document_reader *reader,
			  const struct schema_mapping *mapping,
			  const struct node *node, void *object,
			  struct document_values *ret_values)
{
	struct document_values values = {{NULL}};
	int r;

	assert(mapping->key_count <= SCHEMA_KEYS_MAX);

	if (node->kind != NODE_MAPPING)
		return document_note_refuse(reader->note, node->mark,
					    "%s is a mapping of its keys, like "
					    "{%s: ...}",
					    mapping->noun,
					    mapping->keys[0].name);
	r = sort_values(reader, mapping, node, &values);
	for (size_t i = 0; r >= 0 && i < mapping->key_count; i++) {
		const struct schema_key *key = &mapping->keys[i];

		if (values.of[i])
			r = readers[key->type](reader, key, values.of[i],
					       (char *)object + key->offset);
		else if (key->is_required)
			r = document_note_refuse(reader->note, node->mark,
						 "a %s needs the key \"%s\"",
						 mapping->noun, key->name);
	}
	if (r < 0)
		return r;
	*ret_values = values;
	return 0;
}

int document_read(const char *text, size_t len, struct policy *ret_policy,
		  struct document_note *ret_note)
{
	CLEANUP(tree_freep) struct tree *tree = NULL;
	struct policy policy;
	struct document_reader reader = {
		.policy = &policy,
		.note = ret_note,
		.prefixes_left = DOCUMENT_PREFIXES_MAX,
	};
	struct document_values values;
	int r;

	assert(ret_policy);
	assert(ret_note);

	r = tree_read(text, len, &tree, ret_note);
	if (r < 0)
		return r;
	policy_init(&policy);
	r = document_read_mapping(&reader, &schema_document, tree_root(tree),
				  &policy, &values);
	if (r >= 0)
		r = document_declare_geo(&reader);
	free(reader.geo_uses);
	if (r < 0) {
		policy_done(&policy);
		return r;
	}
	*ret_policy = policy;
	return 0;
}
