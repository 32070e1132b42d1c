// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/packet/table.h"

#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct table {
	struct fw_view4 view4;
	struct fw_view6 view6;
	struct table4 *table4;
	struct table6 *table6;
};

int table_new(const struct fw_view4 *view4, const struct fw_view6 *view6,
	      struct table **ret_table)
{
	CLEANUP(table_freep) struct table *table = NULL;
	int r;

	assert(view4);
	assert(view6);
	assert(ret_table);

	table = calloc(1, sizeof(*table));
	if (!table)
		return -ENOMEM;
	table->view4 = *view4;
	table->view6 = *view6;
	r = table4_new(view4, &table->table4);
	if (r < 0)
		return r;
	r = table6_new(view6, &table->table6);
	if (r < 0)
		return r;

	*ret_table = TAKE(table);
	return 0;
}

void table_free(struct table *table)
{
	if (!table)
		return;

	table4_free(table->table4);
	table6_free(table->table6);
	free(table);
}

void table_prepare(struct table *table, size_t prefixes,
		   const struct pool_touch *touch)
{
	assert(table);

	if (prefixes >= TABLE_MANY)
		table4_prepare(table->table4, touch);
}

static struct fw_key6 key_of(const struct prefix *prefix)
{
	uint64_t half[2];

	memcpy(half, prefix->addr, sizeof(half));
	return (struct fw_key6){
		.hi = be64toh(half[0]),
		.lo = be64toh(half[1]),
	};
}

int table_set(struct table *table, const struct prefix *prefix,
	      uint16_t class_id)
{
	assert(table);
	assert(prefix);

	if (prefix_is_v4(prefix))
		return table4_set(table->table4, prefix_addr_v4(prefix),
				  prefix_len(prefix), class_id);
	return table6_set(table->table6, key_of(prefix), prefix->bits,
			  class_id);
}

/* A prefix around all of IPv4 is no cover for an IPv4 one: the parts of the
 * table do not meet. */
static unsigned int cover_len_of(const struct prefix *prefix,
				 const struct prefix *cover)
{
	if (!cover || prefix_is_v4(cover) != prefix_is_v4(prefix))
		return 0;
	return prefix_len(cover);
}

void table_clear(struct table *table, const struct prefix *prefix,
		 const struct prefix *cover, uint16_t cover_class)
{
	unsigned int cover_len;

	assert(table);
	assert(prefix);

	cover_len = cover_len_of(prefix, cover);
	if (cover_len == 0)
		cover_class = 0;
	if (prefix_is_v4(prefix))
		table4_clear(table->table4, prefix_addr_v4(prefix),
			     prefix_len(prefix), cover_len, cover_class);
	else
		table6_clear(table->table6, key_of(prefix), prefix->bits,
			     cover_len, cover_class);
}

void table_expect(const struct table *table, const struct prefix *prefix)
{
	assert(table);
	assert(prefix);

	if (prefix_is_v4(prefix))
		table4_expect(table->table4, prefix_addr_v4(prefix),
			      prefix_len(prefix));
}

uint16_t table_lookup(const struct table *table, const struct prefix *prefix)
{
	assert(table);
	assert(prefix);

	if (prefix_is_v4(prefix))
		return (uint16_t)fw_lookup4(&table->view4,
					    prefix_addr_v4(prefix));
	return (uint16_t)fw_lookup6(&table->view6, key_of(prefix));
}

/* Each /32 that has anything longer in it takes an entry of its own. */
static void need_hub(struct table_need *need, const struct prefix *prefix)
{
	uint64_t hub = (key_of(prefix).hi >> (64 - FW_HUB6_LEVEL)) + 1;

	if (prefix->bits <= FW_HUB6_LEVEL || hub == need->last_hub)
		return;
	need->last_hub = hub;
	need->entries6++;
}

void table_need_add(struct table_need *need, const struct prefix *prefix)
{
	if (prefix_is_v4(prefix)) {
		need->hosts4 += table4_hosts_of(prefix_len(prefix));
		need->blocks4 += table4_blocks_of(prefix_len(prefix));
	} else {
		need->entries6 += table6_entries_of(prefix->bits);
		need_hub(need, prefix);
	}
}

struct table_usage table_usage(const struct table *table)
{
	assert(table);

	return (struct table_usage){
		.v4 = table4_usage(table->table4),
		.v6 = table6_usage(table->table6),
	};
}
