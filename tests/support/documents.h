/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * documents.h - firewall.yml in tests: read or refused, and printed.
 */
#pragma once

#include "rules/document.h"
#include "rules/schema.h"

/* Fails the test with the note when it is refused. Read from a copy without a
 * NUL behind it, so that a byte too far is found. */
void read_document(const char *text, struct policy *ret_policy);

/* Fails the test unless it is refused with `r`, on `line`, and the note has
 * `part` in it. */
void assert_document_refused(const char *text, int r, uint32_t line,
			     const char *part);

/* To be freed; fails the test when it cannot be printed. */
char *print_document(const struct policy *policy);

/* The whole file, to be freed; `path` is from the top of the tree. */
char *read_tree_file(const char *path);

/* Every default of the table, written out, key by key. */
void write_schema_defaults(FILE *out, const struct schema_mapping *mapping,
			   const char *indent);
