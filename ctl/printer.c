// SPDX-License-Identifier: GPL-2.0-or-later
#include "ctl/printer.h"

#include <assert.h>
#include <errno.h>

static void text_answer(struct printer *printer, const json_t *answer,
			view_fn *view)
{
	view(printer->out, answer);
}

static void text_items(struct printer *printer, const json_t *list,
		       const struct item_view *view)
{
	const json_t *item;
	size_t i;

	if (printer->view != view) {
		grid_done(&printer->grid);
		grid_init(&printer->grid, view->columns);
		printer->view = view;
	}
	for (i = 0; i < json_array_size(list); i++) {
		item = json_array_get(list, i);
		view->fill(&printer->grid, item);
	}
	grid_print(&printer->grid, printer->out);
}

static void text_refusal(struct printer *printer, const json_t *answer)
{
	(void)printer;
	(void)answer;
}

const struct printer_ops printer_text = {
	.answer = text_answer,
	.items = text_items,
	.refusal = text_refusal,
};

static void json_dump_to(FILE *out, const json_t *value, size_t style)
{
	/* a failed write stays with the stream; printer_close() asks it */
	(void)json_dumpf(value, out, JSON_SORT_KEYS | JSON_ENCODE_ANY | style);
	fputc('\n', out);
}

static void json_answer(struct printer *printer, const json_t *answer,
			view_fn *view)
{
	(void)view;
	json_dump_to(printer->out, answer, JSON_INDENT(2));
}

static void json_items(struct printer *printer, const json_t *list,
		       const struct item_view *view)
{
	(void)view;
	for (size_t i = 0; i < json_array_size(list); i++)
		json_dump_to(printer->out, json_array_get(list, i),
			     JSON_COMPACT);
}

static void json_refusal(struct printer *printer, const json_t *answer)
{
	json_dump_to(printer->out, answer, JSON_INDENT(2));
}

const struct printer_ops printer_json = {
	.answer = json_answer,
	.items = json_items,
	.refusal = json_refusal,
};

void printer_init(struct printer *printer, const struct printer_ops *ops,
		  FILE *out)
{
	assert(printer);
	assert(ops);
	assert(out);

	*printer = (struct printer){.ops = ops, .out = out};
}

int printer_close(struct printer *printer)
{
	bool failed = fflush(printer->out) != 0 || ferror(printer->out);

	grid_done(&printer->grid);
	return failed ? -EIO : 0;
}

void printer_answer(struct printer *printer, const json_t *answer,
		    view_fn *view)
{
	printer->ops->answer(printer, answer, view);
}

void printer_items(struct printer *printer, const json_t *list,
		   const struct item_view *view)
{
	printer->ops->items(printer, list, view);
	fflush(printer->out);
}

void printer_refusal(struct printer *printer, const json_t *answer)
{
	printer->ops->refusal(printer, answer);
}
