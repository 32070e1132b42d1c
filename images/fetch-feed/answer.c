// SPDX-License-Identifier: GPL-2.0-or-later
#include "images/fetch-feed/answer.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "images/fetch-feed/text.h"
#include "rules/base.h"

const struct answer answer_start = {
	.outcome = OUTCOME_FAILED,
	.retry_after_s = -1,
};

static const char *const outcome_names[] = {
	[OUTCOME_NEW] = "new",
	[OUTCOME_UNCHANGED] = "unchanged",
	[OUTCOME_RETRY] = "retry",
	[OUTCOME_FAILED] = "failed",
};
_Static_assert(ARRAY_LEN(outcome_names) == OUTCOME_COUNT, "");

int answer_fail(struct answer *answer, int error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vsnprintf(answer->error, sizeof(answer->error), format, args);
	va_end(args);
	text_make_printable(answer->error);
	answer->outcome = OUTCOME_FAILED;
	return error;
}

void answer_field(char field[ANSWER_FIELD_MAX], const char *text)
{
	const size_t count = strlen(text);

	*field = '\0';
	if (count < ANSWER_FIELD_MAX && text_is_printable(text))
		memcpy(field, text, count + 1);
}

static int add(json_t *object, const char *name, json_t *value)
{
	return json_object_set_new(object, name, value);
}

static int add_text(json_t *object, const char *name, const char *text)
{
	return *text ? add(object, name, json_string(text)) : 0;
}

static int add_found(json_t *object, const struct answer *answer)
{
	int r = 0;

	if (answer->outcome == OUTCOME_NEW) {
		r |= add(object, "bytes",
			 json_integer((json_int_t)answer->bytes));
		r |= add_text(object, "sha256", answer->sha256);
	}
	r |= add_text(object, "etag", answer->etag);
	r |= add_text(object, "last_modified", answer->last_modified);
	r |= add_text(object, "content_type", answer->content_type);
	if (answer->page_count > 0)
		r |= add(object, "pages", json_integer(answer->page_count));
	r |= add_text(object, "added_last", answer->added_last);
	return r;
}

static int add_missed(json_t *object, const struct answer *answer)
{
	int r = 0;

	if (answer->retry_after_s >= 0)
		r |= add(object, "retry_after_s",
			 json_integer(answer->retry_after_s));
	r |= add(object, "error", json_string(answer->error));
	return r;
}

int answer_print(const struct answer *answer)
{
	const bool ok = answer->outcome == OUTCOME_NEW ||
			answer->outcome == OUTCOME_UNCHANGED;
	json_t *object = json_object();
	int r = 0;

	r |= add(object, "ok", json_boolean(ok));
	r |= add_text(object, "outcome", outcome_names[answer->outcome]);
	if (answer->http_status > 0)
		r |= add(object, "http", json_integer(answer->http_status));
	r |= ok ? add_found(object, answer) : add_missed(object, answer);
	if (r == 0)
		r = json_dumpf(object, stdout, JSON_COMPACT);
	json_decref(object);
	if (r < 0 || putchar('\n') == EOF || fflush(stdout) == EOF)
		return -EIO;
	return 0;
}
