/* SPDX-License-Identifier: GPL-2.0-or-later */
/* crowdsec_view.h - the answers about CrowdSec's decisions, as text. */
#pragma once

#include <stdio.h>

#include <jansson.h>

void crowdsec_view_status(FILE *out, const json_t *answer);
void crowdsec_view_resync(FILE *out, const json_t *answer);

/* A reply that was taken. */
void crowdsec_view_taken(FILE *out, const json_t *answer);
