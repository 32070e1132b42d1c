// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/fields.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

int fields_refuse(struct fields *line, const char *problem)
{
	line->problem = problem;
	return -EBADMSG;
}

int fields_take(struct fields *line, char field[FIELD_MAX])
{
	size_t left = (size_t)(line->end - line->at);
	const char *blank = memchr(line->at, ' ', left);
	size_t len = blank ? (size_t)(blank - line->at) : left;

	if (len == 0)
		return fields_refuse(line, "a field is missing");
	if (len >= FIELD_MAX || memchr(line->at, '\0', len))
		return fields_refuse(line, "a field is no text, or too long");

	memcpy(field, line->at, len);
	field[len] = '\0';
	/* a blank at the end of the line is a field that is missing */
	line->at += len;
	if (blank && ++line->at == line->end)
		return fields_refuse(line, "the line ends with a blank");
	return 0;
}

int fields_take_number(struct fields *line, uint64_t max, uint64_t *ret_number)
{
	char field[FIELD_MAX];
	uint64_t number = 0;
	int r;

	r = fields_take(line, field);
	if (r < 0)
		return r;
	if (field[0] == '0' && field[1])
		return fields_refuse(line, "a number starts with 0");
	for (const char *digit = field; *digit; digit++) {
		if (*digit < '0' || *digit > '9')
			return fields_refuse(line, "a number was expected");
		if (__builtin_mul_overflow(number, 10, &number) ||
		    __builtin_add_overflow(number, (uint64_t)(*digit - '0'),
					   &number))
			return fields_refuse(line, "a number is too large");
	}
	if (number > max)
		return fields_refuse(line, "a number is too large");

	*ret_number = number;
	return 0;
}

int fields_end(struct fields *line)
{
	return line->at == line->end
		       ? 0
		       : fields_refuse(line, "there is more on the line");
}
