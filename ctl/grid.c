// SPDX-License-Identifier: GPL-2.0-or-later
#include "ctl/grid.h"

#include <assert.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "rules/base.h"

void grid_init(struct grid *grid, const struct grid_column *columns)
{
	assert(grid);
	assert(columns);

	*grid = (struct grid){.columns = columns};
	while (columns[grid->column_count].title) {
		const struct grid_column *column = &columns[grid->column_count];
		size_t len = strlen(column->title);

		assert(grid->column_count < GRID_COLUMNS_MAX);
		grid->widths[grid->column_count++] =
			len > column->width ? len : column->width;
	}
}

static void drop_cells(struct grid *grid)
{
	for (size_t i = 0; i < grid->cell_count; i++)
		free(grid->cells[i]);
	grid->cell_count = 0;
}

void grid_done(struct grid *grid)
{
	drop_cells(grid);
	free(grid->cells);
	grid->cells = NULL;
	grid->cell_room = 0;
}

/* C0, DEL, and C1 in UTF-8: what a terminal would obey. */
static bool is_control(const unsigned char *at)
{
	return at[0] < 0x20 || at[0] == 0x7f ||
	       (at[0] == 0xc2 && at[1] >= 0x80 && at[1] < 0xa0);
}

static void make_safe(char *text)
{
	unsigned char *to = (unsigned char *)text;

	for (const unsigned char *at = to; *at; at++) {
		bool control = is_control(at);

		if (control && at[0] == 0xc2)
			at++;
		*to++ = control ? '?' : *at;
	}
	*to = '\0';
}

/* Columns that `text` takes: characters, not bytes. */
static size_t text_width(const char *text)
{
	size_t width = 0;

	for (; *text; text++)
		width += ((unsigned char)*text & 0xc0) != 0x80;
	return width;
}

/* Takes `text`, which may be NULL. */
static void add_cell(struct grid *grid, char *text)
{
	size_t column = grid->cell_count % grid->column_count;
	size_t width;

	if (grid->cell_count == grid->cell_room) {
		size_t room = grid->cell_room ? 2 * grid->cell_room : 64;
		void *cells =
			reallocarray(grid->cells, room, sizeof(*grid->cells));

		if (!cells) {
			free(text);
			return;
		}
		grid->cells = cells;
		grid->cell_room = room;
	}
	if (text)
		make_safe(text);
	width = text ? text_width(text) : 1;
	if (width > grid->widths[column])
		grid->widths[column] = width;
	grid->cells[grid->cell_count++] = text;
}

void grid_text(struct grid *grid, const char *text)
{
	assert(grid);
	assert(text);

	add_cell(grid, strdup(*text ? text : "-"));
}

void grid_printf(struct grid *grid, const char *format, ...)
{
	char *text = NULL;
	va_list args;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	va_end(args);
	add_cell(grid, text);
}

static void print_cell(const struct grid *grid, size_t column, const char *text,
		       FILE *out)
{
	bool is_last = column + 1 == grid->column_count;
	size_t width = text_width(text);
	int pad = (int)(grid->widths[column] > width
				? grid->widths[column] - width
				: 0);

	if (grid->columns[column].right)
		fprintf(out, "%*s%s", pad, "", text);
	else
		fprintf(out, "%s%*s", text, is_last ? 0 : pad, "");
	fputs(is_last ? "\n" : "  ", out);
}

void grid_print(struct grid *grid, FILE *out)
{
	assert(grid->column_count > 0);

	if (!grid->titled) {
		for (size_t i = 0; i < grid->column_count; i++)
			print_cell(grid, i, grid->columns[i].title, out);
	}
	grid->titled = true;
	for (size_t i = 0; i < grid->cell_count; i++) {
		const char *text = grid->cells[i];

		print_cell(grid, i % grid->column_count, text ? text : "?",
			   out);
	}
	drop_cells(grid);
}

void grid_put_safely(FILE *out, const char *text)
{
	char *copy = strdup(text);

	if (copy) {
		make_safe(copy);
		fputs(copy, out);
	}
	free(copy);
}
