/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tree.h - a YAML document as a tree of nodes that know where they stand.
 *
 * Only what can be said in one way is let in: one document, no anchors,
 * aliases, tags or directives, no NUL. Whether a scalar had quotes is
 * forgotten: what reads it knows what it wants.
 *
 * Owns		the nodes and their text, until tree_free()
 * Errors	-EINVAL with a note, -E2BIG above a limit with a note, -ENOMEM
 * Threads	no state; any thread
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "rules/base.h"
#include "rules/document_note.h"

#define TREE_BYTES_MAX (8u << 20)
#define TREE_NODES_MAX 1000000u
#define TREE_DEPTH_MAX 16

enum node_kind {
	NODE_SCALAR,
	NODE_LIST,
	NODE_MAPPING, /* its nodes are key, value, key, value, ... */
};

struct node {
	struct mark mark;
	enum node_kind kind;
	uint32_t count; /* nodes in it; of a mapping an even number */
	const char *text; /* of a scalar */
	struct node *first, *last; /* nodes in it */
	struct node *next; /* beside it */
};

struct tree;

/* UTF-8 text, which need not end in NUL. */
int tree_read(const char *text, size_t len, struct tree **ret_tree,
	      struct document_note *ret_note);

void tree_free(struct tree *tree);
DEFINE_CLEANUP(struct tree *, tree_free)

const struct node *tree_root(const struct tree *tree);
