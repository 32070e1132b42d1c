// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/event/arguments.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PLACES 16

struct place {
	uint64_t start_ns;
	uint64_t time_ns; /* of the execution */
	uint32_t pid; /* 0: not in use */
	uint32_t len;
	uint64_t turn;
	char bytes[FW_ARGS_BYTES];
};

struct arguments {
	uint64_t turn;
	struct place places[PLACES];
};

int arguments_new(struct arguments **ret_arguments)
{
	assert(ret_arguments);

	*ret_arguments = calloc(1, sizeof(**ret_arguments));
	return *ret_arguments ? 0 : -ENOMEM;
}

void arguments_free(struct arguments *arguments)
{
	free(arguments);
}

static bool is_of(const struct place *place, const struct fw_sensed *head)
{
	return place->pid == head->pid && place->start_ns == head->start_ns &&
	       place->time_ns == head->time_ns;
}

static struct place *find(struct arguments *arguments,
			  const struct fw_sensed *head)
{
	for (size_t i = 0; i < PLACES; i++)
		if (is_of(&arguments->places[i], head))
			return &arguments->places[i];
	return NULL;
}

static struct place *begin(struct arguments *arguments,
			   const struct fw_sensed *head)
{
	struct place *place = &arguments->places[0];

	for (size_t i = 1; i < PLACES; i++)
		if (arguments->places[i].turn < place->turn)
			place = &arguments->places[i];
	place->pid = head->pid;
	place->start_ns = head->start_ns;
	place->time_ns = head->time_ns;
	place->len = 0;
	place->turn = ++arguments->turn;
	return place;
}

void arguments_put(struct arguments *arguments, const struct sensed *record)
{
	const struct event_text *text = &record->texts[FW_TEXT_ARGS];
	struct place *place = find(arguments, &record->head);

	if (!place)
		place = begin(arguments, &record->head);
	/* one before it was lost, or the record lies */
	if (record->head.count != (uint64_t)place->len + FW_TEXT_BYTES ||
	    text->len > sizeof(place->bytes) - place->len)
		return;
	if (text->len)
		memcpy(place->bytes + place->len, text->bytes, text->len);
	place->len += text->len;
}

struct event_text arguments_take(struct arguments *arguments,
				 const struct fw_sensed *exec)
{
	struct place *place = find(arguments, exec);

	if (!place)
		return (struct event_text){0};
	place->pid = 0;
	place->turn = 0;
	return (struct event_text){
		.bytes = place->bytes,
		.len = place->len,
		.is_cut =
			exec->args_bytes > (uint64_t)place->len + FW_TEXT_BYTES,
	};
}
