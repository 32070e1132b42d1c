/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * grid.h - rows of cells, printed in aligned columns.
 *
 * A grid can be printed in several goes: titles come once, and columns only
 * grow, so a long list need not be held to be aligned. An empty cell shows as
 * "-"; control characters, which could speak to a terminal, as '?'.
 *
 * Owns		its cells
 * Errors	a cell there is no memory for shows as "?"
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define GRID_COLUMNS_MAX 13

struct grid_column {
	const char *title; /* NULL ends a list */
	bool right; /* numbers */
	size_t width; /* at least; 0: as wide as its cells */
};

struct grid {
	const struct grid_column *columns; /* borrowed */
	size_t column_count;
	size_t widths[GRID_COLUMNS_MAX];
	char **cells;
	size_t cell_count;
	size_t cell_room;
	bool titled; /* the titles were printed */
};

void grid_init(struct grid *grid, const struct grid_column *columns);
void grid_done(struct grid *grid);

/* The next cell; rows fill from the left. */
void grid_text(struct grid *grid, const char *text);
__attribute__((format(printf, 2, 3))) void grid_printf(struct grid *grid,
						       const char *format, ...);

/* Print what was added since the last time, and forget it. */
void grid_print(struct grid *grid, FILE *out);

/* Print `text` with control characters as '?'. */
void grid_put_safely(FILE *out, const char *text);
