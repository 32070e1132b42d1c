/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * answer.h - reading a JSON answer of the daemon without trusting it.
 *
 * What is absent, or of another type, reads as "", 0, false or an empty list:
 * fwctl shows what it was told and never fails over what it was not.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <jansson.h>

/* Borrowed; lives as long as `object`. */
const char *answer_text(const json_t *object, const char *key);
int64_t answer_number(const json_t *object, const char *key);

/* Whole or not, as spans are. */
double answer_span(const json_t *object, const char *key);
bool answer_is(const json_t *object, const char *key);

/* A line for each of its notes. */
void answer_print_notes(FILE *out, const json_t *object);

/* Borrowed; NULL, which jansson reads as an empty one, when absent. */
json_t *answer_list(const json_t *object, const char *key);
json_t *answer_object(const json_t *object, const char *key);
