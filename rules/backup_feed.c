// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/backup_feed.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define VERSION_MAX (UINT64_MAX >> 1) /* others follow it */

struct change backup_feed(const struct backup *backup, size_t index)
{
	const struct backup_feed *feed;

	assert(backup);
	assert(index < backup->feed_count);

	feed = &backup->feeds[index];
	return (struct change){
		.kind = CHANGE_FEED_PUT,
		.feed_put = {.name = feed->name,
			     .state = &feed->state,
			     .text = feed->text,
			     .len = feed->len},
	};
}

int backup_take_name(struct fields *line, char name[SET_NAME_MAX])
{
	char field[FIELD_MAX];
	int r;

	r = fields_take(line, field);
	if (r < 0)
		return r;
	if (!set_name_is_storable(field))
		return fields_refuse(line, "not a name of a set");

	memcpy(name, field, strlen(field) + 1);
	return 0;
}

static int take_flag(struct fields *line, bool *ret_flag)
{
	uint64_t number = 0;
	int r = fields_take_number(line, 1, &number);

	if (r == 0)
		*ret_flag = number;
	return r;
}

static int take_count(struct fields *line, uint32_t *ret_count)
{
	uint64_t number = 0;
	int r = fields_take_number(line, UINT32_MAX, &number);

	if (r == 0)
		*ret_count = (uint32_t)number;
	return r;
}

static int take_feed_state(struct fields *line, struct feed_state *state)
{
	int r = fields_take_number(line, VERSION_MAX, &state->version);

	if (r == 0)
		r = fields_take_number(line, VERSION_MAX, &state->newest);
	if (r == 0)
		r = take_count(line, &state->entries);
	if (r == 0)
		r = fields_take_number(line, UINT64_MAX, &state->accepted_s);
	if (r == 0)
		r = fields_take_number(line, UINT64_MAX, &state->times.good_s);
	if (r == 0)
		r = fields_take_number(line, UINT64_MAX,
				       &state->shadow_until_s);
	if (r == 0)
		r = take_flag(line, &state->is_stopped);
	if (r == 0)
		r = take_flag(line, &state->is_dead);
	if (r == 0)
		r = take_count(line, &state->accepted_count);
	if (r == 0)
		r = take_count(line, &state->held_count);
	if (r == 0 && state->version > state->newest)
		r = fields_refuse(line, "a version that never came");
	return r;
}

int backup_take_feed(struct fields *line, struct backup_feed *feed)
{
	uint64_t bytes = 0;
	int r = backup_take_name(line, feed->name);

	if (r == 0 && !set_name_is_valid(feed->name))
		r = fields_refuse(line, "not a name of a feed");
	if (r == 0)
		r = take_feed_state(line, &feed->state);
	if (r == 0)
		r = fields_take_number(line, FEED_TEXT_MAX - 1, &bytes);
	if (r == 0)
		r = fields_end(line);
	if (r == 0 && bytes == 0)
		r = fields_refuse(line, "a feed without a definition");
	feed->len = (size_t)bytes;
	return r;
}

int backup_add_feed(struct backup *backup, const struct backup_feed *feed,
		    struct fields *line)
{
	size_t count = backup->feed_count;
	struct backup_feed *feeds;

	if (count > 0 && strcmp(backup->feeds[count - 1].name, feed->name) >= 0)
		return fields_refuse(line, "feeds are not in order of names");
	feeds = reallocarray(backup->feeds, count + 1, sizeof(*feeds));
	if (!feeds)
		return -ENOMEM;
	backup->feeds = feeds;
	feeds[backup->feed_count++] = *feed;
	return 0;
}
