/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * detect_rules.h - detection rules that the command line names.
 */
#pragma once

#include <jansson.h>

#include "ctl/session.h"
#include "rules/detect/folder.h"

/* The rules of a file or a folder. With --logs those about lines of a log
 * load too. A failure was told. */
enum outcome detect_rules_read(struct session *session, const char *path,
			       struct detect_folder *ret_folder);

/* The same; how many files are refused is told, and why the first is. */
enum outcome detect_rules_read_loud(struct session *session, const char *path,
				    struct detect_folder *ret_folder);

/* Those that the command line has at this place, which is to be there. What is
 * refused is told as a warning. */
enum outcome detect_rules_load(struct session *session, size_t at,
			       struct detect_folder *ret_folder);

json_t *detect_rules_json(const struct detect_rule *rule);
