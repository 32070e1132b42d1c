// SPDX-License-Identifier: GPL-2.0-or-later
#include "perf/support/list.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define CLUSTER_COUNT 700 /* of /20s */
#define CLUSTER_BITS  20
#define SITE_COUNT    16 /* /32s with hosts in each, fewer hosts in the last */
#define SITE_BITS     32
#define SHORT_BITS    36

void list_done(struct list *list)
{
	free(list->prefixes);
	*list = (struct list){0};
}

static int list_new(size_t count, struct list *ret_list)
{
	struct prefix *prefixes = calloc(count, sizeof(*prefixes));

	if (!prefixes)
		return -ENOMEM;
	*ret_list = (struct list){.prefixes = prefixes, .count = count};
	return 0;
}

struct prefix list_any_v4(struct dice *dice)
{
	return prefix_of_v4((uint32_t)dice_roll(dice), 32);
}

int list_make_v4(struct dice *dice, size_t count, struct list *ret_list)
{
	int r = list_new(count, ret_list);

	for (size_t i = 0; r == 0 && i < count; i++) {
		uint64_t part = dice_below(dice, 10);
		unsigned int len = 32;

		if (part == 9)
			len = 16 + (unsigned int)dice_below(dice, 8);
		else if (part >= 6)
			len = 24;
		ret_list->prefixes[i] =
			prefix_of_v4((uint32_t)dice_roll(dice), len);
	}
	return r;
}

int list_make_hosts4(struct dice *dice, size_t count, struct list *ret_list)
{
	int r = list_new(count, ret_list);

	for (size_t i = 0; r == 0 && i < count; i++)
		ret_list->prefixes[i] = list_any_v4(dice);
	return r;
}

/* Replace the bits of `prefix` from `first` on with random ones. */
static struct prefix scatter(const struct prefix *prefix, unsigned int first,
			     struct dice *dice)
{
	struct prefix host = {.bits = 128};

	for (unsigned int byte = 0; byte < sizeof(host.addr); byte++) {
		unsigned int keep = first > byte * 8 ? first - byte * 8 : 0;
		uint8_t mask = (uint8_t)(keep >= 8 ? 0xffu : 0xff00u >> keep);

		host.addr[byte] = (uint8_t)((prefix->addr[byte] & mask) |
					    (dice_roll(dice) & ~mask & 0xff));
	}
	return host;
}

struct prefix list_any_v6(struct dice *dice)
{
	const struct prefix unicast = {.addr = {0x20}, .bits = 3};

	return scatter(&unicast, 3, dice);
}

/* One of the /20s; which ones is fixed, whatever else was rolled before. */
static struct prefix any_cluster(struct dice *dice)
{
	struct dice fixed = {.state = dice_below(dice, CLUSTER_COUNT)};

	return list_any_v6(&fixed);
}

/* In one of the /32s that have hosts: the first few of a cluster have most. */
struct prefix list_near_v6(struct dice *dice)
{
	uint64_t cluster = dice_below(dice, CLUSTER_COUNT);
	uint64_t site = dice_below(dice, 1 + dice_below(dice, SITE_COUNT));
	struct dice fixed = {.state = cluster};
	struct prefix where = list_any_v6(&fixed);

	fixed.state = cluster * SITE_COUNT + site;
	where = scatter(&where, CLUSTER_BITS, &fixed);
	return scatter(&where, SITE_BITS, dice);
}

static unsigned int usual_len6(struct dice *dice)
{
	static const struct {
		unsigned int percent;
		unsigned int len;
	} usual[] = {{40, 32}, {20, 29}, {19, 48}, {7, 64}, {4, 40},
		     {3, 36},  {2, 31},	 {2, 44},  {2, 63}, {1, 56}};
	uint64_t at = dice_below(dice, 100);
	size_t i = 0;

	while (at >= usual[i].percent)
		at -= usual[i++].percent;
	return usual[i].len;
}

/* Short ones are anywhere in a cluster, long ones where the hosts are. */
static struct prefix usual_prefix6(struct dice *dice)
{
	unsigned int len = usual_len6(dice);
	struct prefix where;

	if (len > SHORT_BITS) {
		where = list_near_v6(dice);
	} else {
		where = any_cluster(dice);
		where = scatter(&where, CLUSTER_BITS, dice);
	}
	return prefix_widen(&where, len);
}

int list_make_v6(struct dice *dice, size_t hosts, size_t prefixes,
		 struct list *ret_list)
{
	int r = list_new(hosts + prefixes, ret_list);

	for (size_t i = 0; r == 0 && i < hosts + prefixes; i++)
		ret_list->prefixes[i] =
			i < hosts ? list_near_v6(dice) : usual_prefix6(dice);
	return r;
}

int list_write(const struct list *list, const char *path)
{
	FILE *file = fopen(path, "we");

	if (!file)
		return -errno;
	for (size_t i = 0; i < list->count; i++) {
		char text[PREFIX_TEXT_MAX];

		(void)fprintf(file, "%s\n",
			      prefix_to_text(&list->prefixes[i], text));
	}
	return fclose(file) == 0 ? 0 : -errno;
}

struct prefix list_draw(const struct list *list, size_t first, size_t last,
			struct dice *dice)
{
	const struct prefix *prefix =
		&list->prefixes[first + dice_below(dice, last - first)];

	return scatter(prefix, prefix->bits, dice);
}
