/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * crowdsec.h - which local API of CrowdSec is asked for decisions, and what is
 * believed of them: crowdsec.yml(5).
 *
 * Times	seconds
 * Errors	as in rules/document.h
 * Threads	no state; any thread
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "rules/document_note.h"
#include "rules/set.h"

#define CROWDSEC_URL_MAX  512 /* bytes with the NUL */
#define CROWDSEC_FILE_MAX 200
#define CROWDSEC_URL_FULL (CROWDSEC_URL_MAX + 64)

/* Asked for whole again after so long, so that nothing wrong stays. */
#define CROWDSEC_WHOLE_S 7200

struct crowdsec_source {
	char url[CROWDSEC_URL_MAX];
	char key_file[CROWDSEC_FILE_MAX];
	char set[SET_NAME_MAX];
	uint32_t interval_s;
	uint32_t alert_after_s; /* without a good answer */
	uint32_t decisions_max;
	uint32_t bytes_max; /* of one answer */
	uint32_t widest_v4, widest_v6; /* shortest length that is believed */
	bool may_be_http; /* also from another machine */
};

/* `ret_note` is written only when the answer is -EINVAL or -E2BIG. */
int crowdsec_source_read(const char *text, size_t len,
			 struct crowdsec_source *ret_source,
			 struct document_note *ret_note);

/* The key reference of crowdsec.yml(5), in mdoc, from one .Ss to the next. */
int crowdsec_source_print_man(FILE *out);

/* Where its stream is: all that holds now, or what changed since it was last
 * asked with the same key. */
void crowdsec_source_url(const struct crowdsec_source *source, bool is_whole,
			 char url[CROWDSEC_URL_FULL]);

/*
 * How long to wait after so many failures in a row: the interval, then twice
 * as long each time up to five minutes; and up to a fifth more or less by
 * `random`, so that many do not come at once.
 */
uint64_t crowdsec_source_pause_ms(const struct crowdsec_source *source,
				  uint32_t failures, uint32_t random);
