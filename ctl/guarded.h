/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * guarded.h - the part of an answer that says what was left out as protected.
 */
#pragma once

#include <stdio.h>

#include <jansson.h>

/* Nothing when nothing was. */
void guarded_print(FILE *out, const json_t *answer);
