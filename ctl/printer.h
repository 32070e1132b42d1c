/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * printer.h - answers, as text for people or as JSON for programs.
 *
 * The JSON printer prints what the daemon said, whole, keys sorted; it knows
 * nothing of commands, so nothing can be missing. The text printer shows it
 * through the views that a command brings. Lists that may be long come in
 * pages; as JSON they are one object a line.
 *
 * Owns		nothing of the answers it is lent
 * Errors	kept by the stream; printer_close() tells
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include <jansson.h>

#include "ctl/grid.h"

/* An answer as text. */
typedef void view_fn(FILE *out, const json_t *answer);

/* The items of a list as rows. */
struct item_view {
	const struct grid_column *columns;
	void (*fill)(struct grid *grid, const json_t *item); /* one row */
};

struct printer;

struct printer_ops {
	void (*answer)(struct printer *printer, const json_t *answer,
		       view_fn *view);
	void (*items)(struct printer *printer, const json_t *list,
		      const struct item_view *view);
	void (*refusal)(struct printer *printer, const json_t *answer);
};

struct printer {
	const struct printer_ops *ops;
	FILE *out;
	struct grid grid; /* of the list under way */
	const struct item_view *view; /* of it, or NULL */
};

extern const struct printer_ops printer_text;
extern const struct printer_ops printer_json;

void printer_init(struct printer *printer, const struct printer_ops *ops,
		  FILE *out);

/* -EIO when something of what was printed did not get out. */
int printer_close(struct printer *printer);

/* One whole answer. */
void printer_answer(struct printer *printer, const json_t *answer,
		    view_fn *view);

/* One page of a list; at once visible to whoever reads. */
void printer_items(struct printer *printer, const json_t *list,
		   const struct item_view *view);

/* What was refused: nothing as text, for stderr has it. */
void printer_refusal(struct printer *printer, const json_t *answer);
