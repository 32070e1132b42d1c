/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * diff_view.h - what a policy would change, as text.
 */
#pragma once

#include <stdio.h>

#include <jansson.h>

/* The answer to policy-diff, against the policy in force. */
void diff_view(FILE *out, const json_t *answer);

/* Of its flows, those that would be cut. */
void diff_view_flows(FILE *out, const json_t *flows);

/* The same of two revisions, which have no flows. */
void diff_view_documents(FILE *out, const json_t *answer);
