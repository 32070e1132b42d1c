/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * told.h - a notice that was put, as those see it who pass it on or keep it.
 *
 * All texts are UTF-8 of one line.
 *
 * Times	nanoseconds since 1970
 * Threads	a value; any thread
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "daemon/alert/uuid.h"
#include "rules/detect/rule.h"

enum told_text {
	TOLD_JSON, /* notice_json.h */
	TOLD_MESSAGE,
	TOLD_RULE_ID,
	TOLD_RULE_NAME,
	TOLD_EXECUTABLE,
	TOLD_PEER, /* of a connection; "": there is none */
	TOLD_DONE, /* "table,cut" */
	TOLD_TEXT_COUNT,
};

struct told {
	uint64_t seq;
	struct uuid id;
	uint64_t pattern;
	uint64_t wall_ns;
	uint64_t count;
	uint32_t pid;
	enum detect_level level;
	/* Each has a NUL behind it; they live as long as who gave it says. */
	const char *texts[TOLD_TEXT_COUNT];
	uint32_t lens[TOLD_TEXT_COUNT];
};
