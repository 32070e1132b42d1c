// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/feedfile/json.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <yajl/yajl_parse.h>

#include "rules/base.h"

/* Bytes given to the parser at a time. A token over several pieces is looked
 * at again with each of them, so they are not small. */
#define PIECE_BYTES    (1u << 20)
#define PATH_MAX_BYTES ((JSON_DEPTH_MAX + 1) * (JSON_KEY_MAX + 4))

static const char why_deep[] = "nested too deep";
static const char why_many[] = "too many values";
static const char why_long[] = "a string is too long";
static const char why_cut[] = "ends in the middle";
static const char why_invalid[] = "not valid JSON";

struct reader {
	yajl_handle parser;
	const struct json_sink *sink;
	struct json_report *report;
	int r; /* why a callback has stopped the parser */
	uint32_t line;
	size_t line_offset;
	uint32_t values;
	bool has_ended; /* all of the text has been given */
	size_t quiet_bytes; /* given since the parser last called us */
	size_t depth;
	size_t bases[JSON_DEPTH_MAX]; /* lengths of the containers' paths */
	size_t path_len;
	char path[PATH_MAX_BYTES];
};

static void parser_free(yajl_handle parser)
{
	if (parser)
		yajl_free(parser);
}

DEFINE_CLEANUP(yajl_handle, parser_free)

static int stop(struct reader *reader, int r, const char *why)
{
	reader->r = r;
	reader->report->why = why;
	return 0;
}

/* The parser goes on when its callback answers 1. */
static int give(struct reader *reader, enum json_type type, struct span text)
{
	struct json_value value = {
		.type = type,
		.text = text,
		.line = reader->line,
		.line_offset = reader->line_offset,
	};
	int r;

	reader->quiet_bytes = 0;
	if (reader->has_ended)
		return stop(reader, -ENODATA, why_cut);
	if (++reader->values > JSON_VALUES_MAX)
		return stop(reader, -EBADMSG, why_many);
	if (span_len(text) > JSON_STRING_MAX)
		return stop(reader, -EBADMSG, why_long);
	r = reader->sink->value(reader->sink->arg, reader->path, &value);
	return r < 0 ? stop(reader, r, NULL) : 1;
}

static int give_bare(struct reader *reader, enum json_type type)
{
	return give(reader, type, span_of(""));
}

static int on_null(void *arg)
{
	return give_bare(arg, JSON_NULL);
}

static int on_boolean(void *arg, int is_true)
{
	return give_bare(arg, is_true ? JSON_TRUE : JSON_FALSE);
}

static int on_number(void *arg, const char *text, size_t len)
{
	return give(arg, JSON_NUMBER, (struct span){text, text + len});
}

static int on_string(void *arg, const unsigned char *text, size_t len)
{
	const char *chars = (const char *)text;

	return give(arg, JSON_STRING, (struct span){chars, chars + len});
}

static int enter(struct reader *reader, enum json_type type)
{
	if (reader->depth == JSON_DEPTH_MAX)
		return stop(reader, -EBADMSG, why_deep);
	if (!give_bare(reader, type))
		return 0;
	reader->bases[reader->depth++] = reader->path_len;
	return 1;
}

static void set_path_len(struct reader *reader, size_t len)
{
	reader->path_len = len;
	reader->path[len] = '\0';
}

/* The path is that of the container that has just ended. */
static void leave(struct reader *reader)
{
	reader->quiet_bytes = 0;
	set_path_len(reader, reader->bases[--reader->depth]);
}

static int on_array(void *arg)
{
	struct reader *reader = arg;

	if (!enter(reader, JSON_ARRAY))
		return 0;
	memcpy(reader->path + reader->path_len, "[]", sizeof("[]"));
	reader->path_len += strlen("[]");
	return 1;
}

static int on_array_end(void *arg)
{
	leave(arg);
	return 1;
}

static int on_object(void *arg)
{
	return enter(arg, JSON_OBJECT);
}

static int on_object_end(void *arg)
{
	struct reader *reader = arg;
	int r;

	leave(reader);
	r = reader->sink->end(reader->sink->arg, reader->path);
	return r < 0 ? stop(reader, r, NULL) : 1;
}

static int on_key(void *arg, const unsigned char *key, size_t len)
{
	struct reader *reader = arg;
	size_t kept = len < JSON_KEY_MAX ? len : JSON_KEY_MAX;

	reader->quiet_bytes = 0;
	set_path_len(reader, reader->bases[reader->depth - 1]);
	if (reader->path_len > 0)
		reader->path[reader->path_len++] = '.';
	for (size_t i = 0; i < kept; i++) {
		char c = (char)key[i];

		if (c <= 0x20 || c == 0x7f || strchr(".[]", c))
			c = '?';
		reader->path[reader->path_len++] = c;
	}
	if (kept < len || len == 0)
		reader->path[reader->path_len++] = '?';
	set_path_len(reader, reader->path_len);
	return 1;
}

static const yajl_callbacks callbacks = {
	.yajl_null = on_null,
	.yajl_boolean = on_boolean,
	.yajl_number = on_number,
	.yajl_string = on_string,
	.yajl_start_map = on_object,
	.yajl_map_key = on_key,
	.yajl_end_map = on_object_end,
	.yajl_start_array = on_array,
	.yajl_end_array = on_array_end,
};

/* The next line with its end, or as much of it as the parser is given. */
static struct span take_piece(struct span *left)
{
	size_t len = span_len(*left);
	struct span piece = {left->at, NULL};
	const char *feed;

	if (len > PIECE_BYTES)
		len = PIECE_BYTES;
	feed = memchr(left->at, '\n', len);
	piece.end = feed ? feed + 1 : left->at + len;
	left->at = piece.end;
	return piece;
}

/* What the parser's status means, at `piece` or at the end. */
static int judge(struct reader *reader, yajl_status status, struct span piece)
{
	size_t used = yajl_get_bytes_consumed(reader->parser);

	if (status == yajl_status_ok)
		return 0;
	reader->report->at = piece;
	/* it has taken what it does not like */
	if (used > 0 && used <= span_len(piece))
		reader->report->at.at += used - 1;
	if (status == yajl_status_client_canceled)
		return reader->r;
	reader->report->why = why_invalid;
	return -EBADMSG;
}

static int feed_parser(struct reader *reader, struct span text)
{
	const char *start = text.at;
	int r = 0;

	while (r == 0 && !span_is_empty(text)) {
		struct span piece = take_piece(&text);
		yajl_status status;

		if (piece.at == start || piece.at[-1] == '\n') {
			reader->report->lines = ++reader->line;
			reader->line_offset = (size_t)(piece.at - start);
		}
		reader->quiet_bytes += span_len(piece);
		status = yajl_parse(reader->parser,
				    (const unsigned char *)piece.at,
				    span_len(piece));
		r = judge(reader, status, piece);
		if (r == 0 &&
		    reader->quiet_bytes > JSON_STRING_MAX + PIECE_BYTES) {
			reader->report->why = why_long;
			reader->report->at = piece;
			r = -EBADMSG;
		}
	}
	return r;
}

/* A string that has begun behind the last value is not an error to the parser:
 * more might come. So the quote that would end it is given. */
static bool is_complete(struct reader *reader)
{
	if (yajl_complete_parse(reader->parser) != yajl_status_ok)
		return false;
	reader->has_ended = true;
	return yajl_parse(reader->parser, (const unsigned char *)"\"", 1) ==
	       yajl_status_ok;
}

int json_read(struct span text, const struct json_sink *sink,
	      struct json_report *ret_report)
{
	CLEANUP(freep) struct reader *reader = calloc(1, sizeof(*reader));
	CLEANUP(parser_freep) yajl_handle parser = NULL;
	int r;

	assert(sink);
	assert(ret_report);

	*ret_report = (struct json_report){0};
	if (!reader)
		return -ENOMEM;
	parser = yajl_alloc(&callbacks, NULL, reader);
	if (!parser)
		return -ENOMEM;
	reader->parser = parser;
	reader->sink = sink;
	reader->report = ret_report;
	if (sink->has_many)
		(void)yajl_config(parser, yajl_allow_multiple_values, 1);
	r = feed_parser(reader, text);
	if (r < 0)
		return r;
	if (is_complete(reader))
		return 0;
	ret_report->why = why_cut;
	ret_report->at = (struct span){text.end, text.end};
	return reader->r < 0 ? reader->r : -ENODATA;
}
