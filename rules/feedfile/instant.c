// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/feedfile/instant.h"

#include <errno.h>

#include "rules/base.h"

#define DAY_S	 86400ull
#define NS_PER_S 1000000000ull
/* A hundred years; what is longer is as long. */
#define SPAN_MAX_NS (100ull * 365 * DAY_S * NS_PER_S)

/* Take exactly `digits` of them, and the mark behind. */
static bool take_digits(struct span *text, size_t digits, char mark,
			uint64_t *ret_number)
{
	struct span number = {text->at, text->at + digits};

	if (span_len(*text) <= digits || text->at[digits] != mark ||
	    !span_take_number(&number, ret_number) || !span_is_empty(number))
		return false;
	text->at += digits + 1;
	return true;
}

/* Days from 1970-01-01, in years that begin in March, so that the day that is
 * there or not is the last one. */
static uint64_t days_of(uint64_t year, uint64_t month, uint64_t day)
{
	uint64_t y = month > 2 ? year : year - 1;
	uint64_t m = month > 2 ? month - 3 : month + 9;

	return y * 365 + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day -
	       1 - 719468;
}

static uint64_t days_in(uint64_t year, uint64_t month)
{
	return (month == 12 ? days_of(year + 1, 1, 1)
			    : days_of(year, month + 1, 1)) -
	       days_of(year, month, 1);
}

int instant_from_text(struct span text, uint64_t *ret_s)
{
	uint64_t year, month, day, hour, minute, second;
	uint64_t part = 0;
	bool has_part;

	if (!take_digits(&text, 4, '-', &year) ||
	    !take_digits(&text, 2, '-', &month) ||
	    !take_digits(&text, 2, 'T', &day) ||
	    !take_digits(&text, 2, ':', &hour) ||
	    !take_digits(&text, 2, ':', &minute))
		return -EINVAL;
	has_part = span_len(text) > 2 && text.at[2] == '.';
	if (!take_digits(&text, 2, has_part ? '.' : 'Z', &second))
		return -EINVAL;
	if (has_part &&
	    (!span_take_number(&text, &part) || !span_is(text, "Z")))
		return -EINVAL;
	if (!has_part && !span_is_empty(text))
		return -EINVAL;
	if (month < 1 || month > 12 || hour > 23 || minute > 59 || second > 60)
		return -EINVAL;
	if (year < 1970)
		return -ERANGE;
	if (day < 1 || day > days_in(year, month))
		return -EINVAL;
	*ret_s = days_of(year, month, day) * DAY_S + hour * 3600 + minute * 60 +
		 second + (has_part && part > 0);
	return 0;
}

/* Returns how long a unit is in ns, 0 if there is none. */
static uint64_t take_unit(struct span *text)
{
	static const struct {
		const char *name;
		uint64_t ns;
	} units[] = {
		{"h", 3600 * NS_PER_S},
		{"ms", 1000000}, /* before "m" */
		{"m", 60 * NS_PER_S},
		{"s", NS_PER_S},
		{"us", 1000},
		{"\xc2\xb5s", 1000}, /* micro sign, */
		{"\xce\xbcs", 1000}, /* and Greek mu */
		{"ns", 1},
	};

	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		if (!span_starts(*text, units[i].name))
			continue;
		text->at += strlen(units[i].name);
		return units[i].ns;
	}
	return 0;
}

/* Take "58.561277483s" in ns, or SPAN_MAX_S if it is as long or longer. */
static bool take_part(struct span *text, uint64_t *ret_ns)
{
	uint64_t whole, unit;
	struct span digits = {text->at, text->at};

	if (!span_take_number(text, &whole))
		return false;
	if (span_starts(*text, ".")) {
		digits.at = ++text->at;
		while (text->at < text->end && *text->at >= '0' &&
		       *text->at <= '9')
			text->at++;
		digits.end = text->at;
	}
	unit = take_unit(text);
	if (unit == 0)
		return false;
	if (whole >= SPAN_MAX_NS / unit) {
		*ret_ns = SPAN_MAX_NS;
		return true;
	}
	*ret_ns = whole * unit;
	for (unit /= 10; digits.at < digits.end && unit > 0; unit /= 10)
		*ret_ns += unit * (uint64_t)(*digits.at++ - '0');
	return true;
}

int instant_span_from_text(struct span text, uint64_t *ret_s)
{
	bool is_negative = span_starts(text, "-");
	uint64_t total_ns = 0;
	uint64_t part_ns;

	text.at += is_negative;
	if (span_is_empty(text))
		return -EINVAL;
	while (!span_is_empty(text)) {
		if (!take_part(&text, &part_ns))
			return -EINVAL;
		total_ns += part_ns;
		if (total_ns > SPAN_MAX_NS)
			total_ns = SPAN_MAX_NS;
	}
	*ret_s = is_negative ? 0 : (total_ns + NS_PER_S - 1) / NS_PER_S;
	return 0;
}
