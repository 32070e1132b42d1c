// SPDX-License-Identifier: GPL-2.0-or-later
#include "ctl/guarded.h"

#include <inttypes.h>

#include "ctl/answer.h"
#include "ctl/grid.h"

void guarded_print(FILE *out, const json_t *answer)
{
	const json_t *names = answer_list(answer, "guarded_by");
	int64_t guarded = answer_number(answer, "guarded");

	if (guarded == 0)
		return;
	fprintf(out, "left out as protected: %" PRId64 "\n", guarded);
	for (size_t i = 0; i < json_array_size(names); i++) {
		const char *name = json_string_value(json_array_get(names, i));

		fputs("  ", out);
		grid_put_safely(out, name ? name : "");
		fputc('\n', out);
	}
	if (guarded > (int64_t)json_array_size(names))
		fprintf(out, "  and %" PRId64 " more\n",
			guarded - (int64_t)json_array_size(names));
}
