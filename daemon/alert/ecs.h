/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ecs.h - our kinds, levels and tags in the words of the Elastic Common Schema
 * and of ATT&CK.
 *
 * Threads	constants; any thread
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rules/detect/event.h"
#include "rules/detect/rule.h"

#define ECS_VERSION "8.17"

/* event.category and event.type. */
struct ecs_kind {
	const char *category, *type;
};

const struct ecs_kind *ecs_kind(enum event_kind kind);

/* event.severity, as Elastic's own rules have it. */
uint64_t ecs_severity(enum detect_level level);

/* Severities of syslog (RFC 5424, 6.2.1), which the journal has as well. */
unsigned int ecs_priority(enum detect_level level);

/* A tactic of ATT&CK, by its tag "attack.execution"; NULL: none. */
struct ecs_tactic {
	const char *tag; /* without "attack." */
	const char *id; /* "TA0002" */
	const char *name; /* "Execution" */
};

const struct ecs_tactic *ecs_tactic(const char *tag);

#define ECS_TECHNIQUE_MAX 10 /* "T1059.004" with the NUL */

/* A technique, by its tag "attack.t1059.004". `ret_id` gets "T1059.004". */
bool ecs_technique(const char *tag, char ret_id[ECS_TECHNIQUE_MAX]);
