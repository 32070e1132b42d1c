// SPDX-License-Identifier: GPL-2.0-or-later
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "rules/document_reader.h"
#include "rules/text.h"

#define PREFIXES_AT_FIRST 16

/* Grows; what is in it is freed by who made it. */
struct prefix_list {
	struct prefix *prefixes;
	size_t count, room, max;
	bool is_for_rule; /* all of IPv4 is something to ask for */
};

static void prefix_list_done(struct prefix_list *list)
{
	free(list->prefixes);
}

static int compare_prefixes(const void *a, const void *b)
{
	return prefix_cmp(a, b);
}

/* -EDOM for one that is too wide, -E2BIG above what there may be. */
static int add_prefix(void *arg, const struct prefix *prefix)
{
	struct prefix_list *list = arg;

	if (prefix_has_all_v4(prefix) &&
	    !(list->is_for_rule && prefix_is_v4(prefix)))
		return -EDOM;
	if (list->count == list->max)
		return -E2BIG;
	if (list->count == list->room) {
		size_t room = list->room ? list->room * 2 : PREFIXES_AT_FIRST;
		struct prefix *grown =
			reallocarray(list->prefixes, room, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		list->prefixes = grown;
		list->room = room;
	}
	list->prefixes[list->count++] = *prefix;
	return 0;
}

static int add_range(struct prefix_list *list, const char *text,
		     const char *dash)
{
	struct prefix first, last;

	if (prefix_from_text(text, (size_t)(dash - text), &first) < 0 ||
	    prefix_from_text(dash + 1, strlen(dash + 1), &last) < 0 ||
	    strchr(text, '/'))
		return -EINVAL;
	return prefix_each_in_range(&first, &last, add_prefix, list);
}

static int add_text(struct prefix_list *list, const char *text)
{
	const char *dash = strchr(text, '-');
	struct prefix prefix;

	if (dash)
		return add_range(list, text, dash);
	if (prefix_from_text(text, strlen(text), &prefix) < 0)
		return -EINVAL;
	return add_prefix(list, &prefix);
}

static int add_item(struct document_reader *reader,
		    const struct schema_key *key, const struct node *item,
		    struct prefix_list *list)
{
	size_t before = list->count;
	int r = item->kind == NODE_SCALAR ? add_text(list, item->text)
					  : -EINVAL;

	if (r == -EINVAL)
		return document_refuse(reader, key, item);
	if (r == -EDOM)
		return document_note_refuse(
			reader->note, item->mark,
			"\"%.60s\" has every IPv4 address in it: %s",
			item->text,
			list->is_for_rule
				? "for all of IPv6 write \"family: ipv6\""
				: "no set may hold it");
	if (r == -E2BIG || list->count - before > reader->prefixes_left) {
		document_note_write(reader->note, item->mark,
				    "more than %zu networks in \"%s\", "
				    "or %d in the document",
				    list->max, key->name,
				    DOCUMENT_PREFIXES_MAX);
		return -E2BIG;
	}
	reader->prefixes_left -= list->count - before;
	return r;
}

/* Sorted and without what was room for more; NULL for none. */
static int settle(struct prefix_list *list, struct prefix **ret_prefixes,
		  size_t *ret_count)
{
	struct prefix *fit;

	list->count = document_sort(list->prefixes, list->count,
				    sizeof(*list->prefixes), compare_prefixes);
	if (list->count > 0) {
		fit = reallocarray(list->prefixes, list->count, sizeof(*fit));
		if (!fit)
			return -ENOMEM;
		list->prefixes = fit;
	}
	*ret_prefixes = TAKE(list->prefixes);
	*ret_count = list->count;
	return 0;
}

int document_read_prefixes(struct document_reader *reader,
			   const struct schema_key *key,
			   const struct node *value, void *field)
{
	CLEANUP(prefix_list_done) struct prefix_list list = {.max = key->max};
	struct document_items items;
	struct prefix *prefixes;
	size_t count;
	int r = document_items_of(reader, key, value, true, &items);

	for (const struct node *item = items.first; r >= 0 && items.count > 0;
	     items.count--, item = item->next)
		r = add_item(reader, key, item, &list);
	if (r >= 0)
		r = settle(&list, &prefixes, &count);
	if (r < 0)
		return r;
	*(struct prefix **)field = prefixes;
	memcpy((char *)field - key->offset + key->count_offset, &count,
	       sizeof(count));
	return 0;
}

static int compare_set_names(const void *a, const void *b)
{
	return strncmp(a, b, SET_NAME_MAX);
}

/* "@name", or a geo set */
static int add_set(struct document_reader *reader, const struct node *item,
		   struct match_address *match)
{
	const char *name = item->text + 1;
	int r;

	if (document_is_geo(item)) {
		r = document_read_geo(reader, item,
				      match->sets[match->set_count]);
		match->set_count += r == 0;
		return r;
	}
	if (!set_name_is_valid(name))
		return document_note_refuse(
			reader->note, item->mark,
			"\"%.60s\" is no name of a set: \"@\", then lower-case "
			"letters, digits and \"-\", at most %d, starting with "
			"a letter",
			item->text, SET_NAME_MAX - 1);
	text_copy(match->sets[match->set_count++], SET_NAME_MAX, name);
	return 0;
}

static bool is_set(const struct node *item)
{
	return item->kind == NODE_SCALAR &&
	       (item->text[0] == '@' || document_is_geo(item));
}

static int make_room_for_sets(struct document_reader *reader,
			      const struct node *value,
			      const struct document_items *items,
			      struct match_address *match)
{
	const struct node *item = items->first;
	size_t count = 0;

	for (uint32_t i = 0; i < items->count; i++, item = item->next)
		count += is_set(item);
	if (count > POLICY_SETS_MAX)
		return document_note_refuse_count(reader->note, value->mark,
						  count, POLICY_SETS_MAX,
						  "sets");
	if (count == 0)
		return 0;
	match->sets = calloc(count, sizeof(*match->sets));
	return match->sets ? 0 : -ENOMEM;
}

int document_read_addresses(struct document_reader *reader,
			    const struct schema_key *key,
			    const struct node *value, void *field)
{
	CLEANUP(prefix_list_done)
	struct prefix_list list = {
		.max = DOCUMENT_RULE_PREFIXES_MAX,
		.is_for_rule = true,
	};
	struct match_address *match = field;
	struct document_items items;
	int r = document_take_not(reader, key, &value, &match->is_negated);

	if (r >= 0)
		r = document_items_of(reader, key, value, false, &items);
	if (r >= 0)
		r = make_room_for_sets(reader, value, &items, match);
	if (r < 0)
		return r;
	for (const struct node *item = items.first; items.count > 0;
	     items.count--, item = item->next) {
		r = is_set(item) ? add_set(reader, item, match)
				 : add_item(reader, key, item, &list);
		if (r < 0)
			return r;
	}
	match->set_count =
		document_sort(match->sets, match->set_count,
			      sizeof(*match->sets), compare_set_names);
	return settle(&list, &match->prefixes, &match->prefix_count);
}

static int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static int mac_of(const char *text, struct mac *ret_mac)
{
	for (size_t i = 0; i < sizeof(ret_mac->addr); i++, text += 3) {
		char end = i + 1 < sizeof(ret_mac->addr) ? ':' : '\0';
		int high = digit_of(text[0]);
		int low = high < 0 ? -1 : digit_of(text[1]);

		if (low < 0 || text[2] != end)
			return -EINVAL;
		ret_mac->addr[i] = (uint8_t)(high << 4 | low);
	}
	return 0;
}

static int compare_macs(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct mac));
}

int document_read_macs(struct document_reader *reader,
		       const struct schema_key *key, const struct node *value,
		       void *field)
{
	struct match_macs *match = field;
	struct document_items items;
	int r = document_take_not(reader, key, &value, &match->is_negated);

	if (r >= 0)
		r = document_items_of(reader, key, value, false, &items);
	if (r < 0)
		return r;
	match->macs = calloc(items.count, sizeof(*match->macs));
	if (!match->macs)
		return -ENOMEM;
	for (const struct node *item = items.first; items.count > 0;
	     items.count--, item = item->next) {
		if (item->kind != NODE_SCALAR ||
		    mac_of(item->text, &match->macs[match->count]) < 0)
			return document_refuse(reader, key, item);
		match->count++;
	}
	match->count = document_sort(match->macs, match->count,
				     sizeof(*match->macs), compare_macs);
	return 0;
}

int document_read_files(struct document_reader *reader,
			const struct schema_key *key, const struct node *value,
			void *field)
{
	char ***files = field;
	size_t *count =
		(void *)((char *)field - key->offset + key->count_offset);
	struct document_items items;
	int r = document_items_of(reader, key, value, true, &items);

	if (r < 0 || items.count == 0)
		return r;
	*files = calloc(items.count, sizeof(**files));
	if (!*files)
		return -ENOMEM;
	for (const struct node *item = items.first; items.count > 0;
	     items.count--, item = item->next) {
		if (item->kind != NODE_SCALAR || *item->text != '/' ||
		    !text_is_line(item->text, DOCUMENT_FILE_MAX))
			return document_refuse(reader, key, item);
		(*files)[*count] = strdup(item->text);
		if (!(*files)[*count])
			return -ENOMEM;
		++*count;
	}
	return 0;
}
