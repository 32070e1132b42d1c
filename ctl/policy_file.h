/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * policy_file.h - a policy document that the user named, read and checked as
 * the daemon will.
 *
 * Owns		the copy it sends on, and what was read from it
 */
#pragma once

#include <jansson.h>

#include "ctl/session.h"
#include "rules/compile.h"
#include "rules/policy.h"

struct policy_file {
	int fd; /* a sealed copy, for the daemon */
	struct policy policy;
	struct compiled *compiled; /* NULL: nothing was read */
};

/* Refusals are told, with file, line and column. `path` "-" is stdin. */
enum outcome policy_file_read(struct session *session, const char *path,
			      struct policy_file *ret_file);
void policy_file_done(struct policy_file *file);

/* The same of the policy that judges, as the daemon keeps it. */
enum outcome policy_file_current(struct session *session,
				 struct policy_file *ret_file);

/* A file that the user named, whatever is in it. */
struct policy_text {
	char *base; /* mapped; NULL: empty */
	size_t len;
};

/* Refusals are told. `path` "-" is stdin. */
enum outcome policy_text_read(struct session *session, const char *path,
			      struct policy_text *ret_text);
void policy_text_done(struct policy_text *text);

/* Put what is in `fd` into the answer, as "text". */
int policy_file_text(int fd, json_t *answer);
