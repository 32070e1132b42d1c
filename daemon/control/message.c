// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/control/message.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "rules/base.h"

#define ANSWER_GUESS_BYTES 4096 /* most answers fit and are written once */
#define NAME_SHOWN_MAX	   64 /* bytes of an unknown name in a refusal */

/*
 * Values and depth of a text that may be JSON. Where it stops being JSON the
 * parser stops too, so up to there both agree on what is within a string.
 */
struct cost {
	size_t values;
	size_t depth;
	size_t depth_max;
};

static void cost_add(struct cost *cost, char c)
{
	switch (c) {
	case '{':
	case '[':
		cost->values++;
		cost->depth++;
		if (cost->depth > cost->depth_max)
			cost->depth_max = cost->depth;
		break;
	case '}':
	case ']':
		cost->depth -= cost->depth > 0;
		break;
	case ',':
		cost->values++;
		break;
	default:
		break;
	}
}

static struct cost cost_of(const char *body, size_t len_bytes)
{
	struct cost cost = {0};
	bool in_string = false;

	for (size_t i = 0; i < len_bytes; i++) {
		if (body[i] == '"')
			in_string = !in_string;
		else if (!in_string)
			cost_add(&cost, body[i]);
		else if (body[i] == '\\')
			i++;
	}
	return cost;
}

static int check_cost(const char *body, size_t len_bytes,
		      struct refusal *reterr_refusal)
{
	struct cost cost = cost_of(body, len_bytes);

	if (cost.depth_max > MESSAGE_DEPTH_MAX)
		return refusal_set(reterr_refusal, -EINVAL,
				   "the request is nested %zu deep; at most %d "
				   "is read",
				   cost.depth_max, MESSAGE_DEPTH_MAX);
	if (cost.values > MESSAGE_VALUES_MAX)
		return refusal_set(reterr_refusal, -E2BIG,
				   "the request has more than %d values; send "
				   "at most %d members at a time",
				   MESSAGE_VALUES_MAX, WIRE_PAGE_MAX);
	return 0;
}

static int check_version(const json_t *args, struct refusal *reterr_refusal)
{
	const json_t *version = json_object_get(args, "v");

	if (!json_is_integer(version))
		return refusal_set(reterr_refusal, -EPROTONOSUPPORT,
				   "the request has no protocol version: "
				   "\"v\": %d is needed",
				   WIRE_VERSION);
	if (json_integer_value(version) != WIRE_VERSION)
		return refusal_set(reterr_refusal, -EPROTONOSUPPORT,
				   "protocol version %" JSON_INTEGER_FORMAT
				   " is not spoken here, only %d",
				   json_integer_value(version), WIRE_VERSION);
	return 0;
}

static int read_name(const json_t *args, struct refusal *reterr_refusal,
		     enum request *ret_request)
{
	const char *name = json_string_value(json_object_get(args, "do"));
	enum request request;

	if (!name)
		return refusal_set(reterr_refusal, -EINVAL,
				   "the request has no name: \"do\" must be a "
				   "text");
	request = request_from_name(name);
	if (request == REQ_COUNT)
		return refusal_set(reterr_refusal, -EOPNOTSUPP,
				   "there is no request \"%.*s\"",
				   NAME_SHOWN_MAX, name);

	*ret_request = request;
	return 0;
}

static int parse(const char *body, size_t len_bytes,
		 struct refusal *reterr_refusal, json_t **ret_args)
{
	json_error_t why;
	json_t *args =
		json_loadb(body, len_bytes, JSON_REJECT_DUPLICATES, &why);

	if (!args)
		return refusal_set(reterr_refusal, -EINVAL,
				   "the request is not JSON: %s at byte %d",
				   why.text, why.position);
	if (!json_is_object(args)) {
		json_decref(args);
		return refusal_set(reterr_refusal, -EINVAL,
				   "the request is not a JSON object");
	}

	*ret_args = args;
	return 0;
}

/* A refusal may quote what a client sent, cut anywhere: JSON needs UTF-8. */
static json_t *text_to_json(const char text[REFUSAL_TEXT_MAX])
{
	char ascii[REFUSAL_TEXT_MAX];
	json_t *json = json_string(text);

	if (json)
		return json;

	for (size_t i = 0; i < sizeof(ascii); i++) {
		ascii[i] = text[i];
		if (text[i] == '\0')
			break;
		if ((unsigned char)text[i] >= 0x80)
			ascii[i] = '?';
	}
	return json_string(ascii);
}

static void bytes_freep(uint8_t **bytes)
{
	free(*bytes);
}

static int encode(const json_t *json, struct frame_out *ret_frame)
{
	CLEANUP(bytes_freep) uint8_t *bytes = NULL;
	size_t room = ANSWER_GUESS_BYTES;
	size_t len = 0;

	do {
		uint8_t *more;

		if (len > room)
			room = len;
		more = realloc(bytes, WIRE_HEAD_BYTES + room);
		if (!more)
			return -ENOMEM;
		bytes = more;
		len = json_dumpb(json, (char *)bytes + WIRE_HEAD_BYTES, room,
				 JSON_COMPACT);
		if (len == 0)
			return -ENOMEM;
		if (len > WIRE_FRAME_MAX)
			return -EMSGSIZE;
	} while (len > room);

	wire_head_put(bytes, (uint32_t)len);
	*ret_frame = (struct frame_out){
		.bytes = TAKE(bytes),
		.len_bytes = WIRE_HEAD_BYTES + len,
	};
	return 0;
}

int refusal_vset(struct refusal *refusal, int error, const char *format,
		 va_list args)
{
	assert(refusal);
	assert(error < 0);

	refusal->error = error;
	(void)vsnprintf(refusal->text, sizeof(refusal->text), format, args);
	return error;
}

int refusal_set(struct refusal *refusal, int error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)refusal_vset(refusal, error, format, args);
	va_end(args);
	return error;
}

int message_read(const char *body, size_t len_bytes,
		 struct refusal *reterr_refusal, enum request *ret_request,
		 json_t **ret_args)
{
	enum request request = REQ_COUNT;
	json_t *args = NULL;
	int r;

	assert(body);
	assert(reterr_refusal);
	assert(ret_request);
	assert(ret_args);

	r = check_cost(body, len_bytes, reterr_refusal);
	if (r < 0)
		return r;
	r = parse(body, len_bytes, reterr_refusal, &args);
	if (r < 0)
		return r;
	r = check_version(args, reterr_refusal);
	if (r == 0)
		r = read_name(args, reterr_refusal, &request);
	if (r < 0) {
		json_decref(args);
		return r;
	}

	*ret_request = request;
	*ret_args = args;
	return 0;
}

int message_write(json_t *answer, struct frame_out *ret_frame)
{
	json_t *json = answer ? answer : json_object();
	int r = -ENOMEM;

	assert(ret_frame);
	assert(!answer || json_is_object(answer));

	if (json && json_object_set_new(json, "ok", json_true()) == 0)
		r = encode(json, ret_frame);
	json_decref(json);
	return r;
}

int message_write_refusal(const struct refusal *refusal,
			  struct frame_out *ret_frame)
{
	json_t *json;
	int r;

	assert(refusal);
	assert(refusal->error < 0);
	assert(ret_frame);

	json = json_pack("{s:b, s:i, s:o}", "ok", 0, "errno", -refusal->error,
			 "error", text_to_json(refusal->text));
	if (!json)
		return -ENOMEM;
	r = encode(json, ret_frame);
	json_decref(json);
	return r;
}
