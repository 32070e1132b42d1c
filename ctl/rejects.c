// SPDX-License-Identifier: GPL-2.0-or-later
#include "ctl/rejects.h"

#include <inttypes.h>

#include "ctl/answer.h"
#include "ctl/grid.h"

void rejects_print(FILE *out, const json_t *answer)
{
	const json_t *note;
	size_t i;

	json_array_foreach(answer_list(answer, "notes"), i, note)
	{
		fprintf(out, "  line %" PRId64 ": ",
			answer_number(note, "line"));
		grid_put_safely(out, answer_text(note, "why"));
		fputs(": ", out);
		grid_put_safely(out, answer_text(note, "text"));
		fputc('\n', out);
	}
}
