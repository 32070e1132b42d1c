// SPDX-License-Identifier: GPL-2.0-or-later
#include "ctl/answer.h"

#include "ctl/grid.h"

const char *answer_text(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

double answer_span(const json_t *object, const char *key)
{
	return json_number_value(json_object_get(object, key));
}

int64_t answer_number(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

bool answer_is(const json_t *object, const char *key)
{
	return json_is_true(json_object_get(object, key));
}

json_t *answer_list(const json_t *object, const char *key)
{
	json_t *list = json_object_get(object, key);

	return json_is_array(list) ? list : NULL;
}

json_t *answer_object(const json_t *object, const char *key)
{
	json_t *found = json_object_get(object, key);

	return json_is_object(found) ? found : NULL;
}

void answer_print_notes(FILE *out, const json_t *object)
{
	const json_t *notes = answer_list(object, "notes");

	for (size_t i = 0; i < json_array_size(notes); i++) {
		const char *text = json_string_value(json_array_get(notes, i));

		fputs("note: ", out);
		grid_put_safely(out, text ? text : "");
		fputc('\n', out);
	}
}
