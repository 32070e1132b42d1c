/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * answer.h - what became of a request, as one JSON object.
 *
 * An answer starts as failed, so whatever forgets to say otherwise has failed.
 * No text in it holds the path or query of a URL, or a key: places are named by
 * place_label(), and what a server said only if it is short printable ASCII.
 */
#pragma once

#include <stdint.h>

#define ANSWER_ERROR_MAX 512
#define ANSWER_FIELD_MAX 512

enum outcome {
	OUTCOME_NEW,
	OUTCOME_UNCHANGED,
	OUTCOME_RETRY, /* the server asks to come again later */
	OUTCOME_FAILED,
	OUTCOME_COUNT,
};

struct answer {
	enum outcome outcome;
	long http_status; /* 0: there was none */
	long retry_after_s; /* -1: the server did not say */
	uint64_t bytes; /* of the output */
	unsigned page_count; /* of TAXII, or events of MISP */
	char sha256[65]; /* of the output, lower-case hex */
	char etag[ANSWER_FIELD_MAX]; /* empty: the server sent none */
	char last_modified[ANSWER_FIELD_MAX];
	char content_type[ANSWER_FIELD_MAX];
	char added_last[ANSWER_FIELD_MAX]; /* X-TAXII-Date-Added-Last */
	char error[ANSWER_ERROR_MAX];
};

extern const struct answer answer_start;

/* The reason why it failed; `error` is returned, for the caller to pass on. */
__attribute__((format(printf, 3, 4))) int
answer_fail(struct answer *answer, int error, const char *format, ...);

/* Copy what a server sent; all of it or, if it is not fit to be shown,
 * nothing. */
void answer_field(char field[ANSWER_FIELD_MAX], const char *text);

/* One line on standard output. -EIO when it could not be written. */
int answer_print(const struct answer *answer);
