// SPDX-License-Identifier: GPL-2.0-or-later
/* Sets that a policy has because its rules name them. */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "rules/document_reader.h"
#include "rules/geo.h"
#include "rules/text.h"

#define USES_AT_FIRST 16

bool document_is_geo(const struct node *item)
{
	return item->kind == NODE_SCALAR && geo_is_meant(item->text);
}

static int refuse_name(struct document_reader *reader, const struct node *item,
		       int r)
{
	if (r == -ERANGE)
		return document_note_refuse(reader->note, item->mark,
					    "\"%.60s\" is no autonomous "
					    "system: \"asn:\" and a number "
					    "from 1 to 4294967295",
					    item->text);
	return document_note_refuse(reader->note, item->mark,
				    "\"%.60s\" is no country: \"geo:\" and "
				    "the two capital letters of its code in "
				    "ISO 3166-1, like geo:CN",
				    item->text);
}

static int add_use(struct document_reader *reader, const struct node *item)
{
	if (reader->geo_use_count == reader->geo_use_room) {
		size_t room = reader->geo_use_room ? reader->geo_use_room * 2
						   : USES_AT_FIRST;
		struct geo_use *grown =
			reallocarray(reader->geo_uses, room, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		reader->geo_uses = grown;
		reader->geo_use_room = room;
	}
	reader->geo_uses[reader->geo_use_count] =
		(struct geo_use){.mark = item->mark};
	text_copy(reader->geo_uses[reader->geo_use_count++].name, SET_NAME_MAX,
		  item->text);
	return 0;
}

int document_read_geo(struct document_reader *reader, const struct node *item,
		      char ret_name[SET_NAME_MAX])
{
	struct geo_place place;
	int r = geo_from_name(item->text, &place);

	if (r < 0)
		return refuse_name(reader, item, r);
	if (reader->policy->geo[place.kind].file_count == 0)
		return document_note_refuse(
			reader->note, item->mark,
			"nothing lists the networks of %s: \"geo: {%s: FILE}\" "
			"names what does",
			item->text, geo_kind_name(place.kind));
	r = add_use(reader, item);
	if (r < 0)
		return r;
	text_copy(ret_name, SET_NAME_MAX, item->text);
	return 0;
}

/* By name, then by place. */
static int compare_uses(const void *a, const void *b)
{
	const struct geo_use *left = a;
	const struct geo_use *right = b;
	int order = strcmp(left->name, right->name);

	if (order != 0)
		return order;
	if (left->mark.line != right->mark.line)
		return left->mark.line < right->mark.line ? -1 : 1;
	return left->mark.column < right->mark.column ? -1 : 1;
}

static int declare(struct document_reader *reader, const struct geo_use *use)
{
	struct policy *policy = reader->policy;
	struct policy_set *set;

	if (policy->set_count == POLICY_SETS_MAX)
		return document_note_refuse_count(reader->note, use->mark,
						  POLICY_SETS_MAX + 1,
						  POLICY_SETS_MAX, "sets");
	set = &policy->sets[policy->set_count++];
	*set = (struct policy_set){
		.set = {.kind = SET_GEO,
			.action = SET_NONE,
			.capacity = SET_CAPACITY_DEFAULT},
		.line = use->mark.line,
		.column = use->mark.column,
	};
	text_copy(set->set.name, sizeof(set->set.name), use->name);
	return 0;
}

int document_declare_geo(struct document_reader *reader)
{
	struct policy *policy = reader->policy;
	struct geo_use *uses = reader->geo_uses;
	size_t count = reader->geo_use_count;
	struct policy_set *sets;
	int r = 0;

	if (count == 0)
		return 0;
	sets = reallocarray(policy->sets, policy->set_count + count,
			    sizeof(*sets));
	if (!sets)
		return -ENOMEM;
	policy->sets = sets;
	qsort(uses, count, sizeof(*uses), compare_uses);
	for (size_t i = 0; i < count && r == 0; i++)
		if (i == 0 || strcmp(uses[i - 1].name, uses[i].name) != 0)
			r = declare(reader, &uses[i]);
	return r;
}
