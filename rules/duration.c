// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/duration.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "rules/base.h"

struct unit {
	char letter;
	uint32_t span_s;
};

static const struct unit units[] = {
	{'w', 7 * 24 * 3600},
	{'d', 24 * 3600},
	{'h', 3600},
	{'m', 60},
	{'s', 1},
};

/* Weeks are read but not written: "90d" says more than "12w6d". */
#define FIRST_PRINTED 1

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Read digits; what is above the longest span stays just above it, so that
 * any number of digits is read without overflow. Returns what follows. */
static const char *read_count(const char *p, uint64_t *ret_count)
{
	uint64_t count = 0;

	for (; is_digit(*p); p++) {
		count = count * 10 + (uint64_t)(*p - '0');
		if (count > DURATION_MAX_S)
			count = DURATION_MAX_S + 1;
	}
	*ret_count = count;
	return p;
}

int duration_from_text(const char *text, uint64_t *ret_s)
{
	const char *p = text;
	size_t next_unit = 0;
	uint64_t total_s = 0;

	assert(text);
	assert(ret_s);

	while (*p != '\0') {
		uint64_t count;

		if (!is_digit(*p))
			return -EINVAL;
		p = read_count(p, &count);
		/* each unit once and the larger first: "30m1h" is a slip */
		while (next_unit < ARRAY_LEN(units) &&
		       units[next_unit].letter != *p)
			next_unit++;
		if (next_unit == ARRAY_LEN(units))
			return -EINVAL;
		total_s += count * units[next_unit++].span_s;
		p++;
	}
	if (p == text)
		return -EINVAL;
	if (total_s == 0 || total_s > DURATION_MAX_S)
		return -ERANGE;
	*ret_s = total_s;
	return 0;
}

/* Does `text` have this shape, where 'd' stands for a digit, '_' for 'T' or a
 * blank, and anything else for itself? */
static bool has_shape(const char *text, const char *shape)
{
	for (; *shape != '\0'; text++, shape++) {
		bool fits = *shape == 'd'   ? is_digit(*text)
			    : *shape == '_' ? *text == 'T' || *text == ' '
					    : *text == *shape;

		if (!fits)
			return false;
	}
	return *text == '\0';
}

static bool is_moment(const char *text)
{
	static const char *const shapes[] = {
		"dddd-dd-dd",		"dddd-dd-dd_dd:dd",
		"dddd-dd-dd_dd:ddZ",	"dddd-dd-dd_dd:dd:dd",
		"dddd-dd-dd_dd:dd:ddZ",
	};

	for (size_t i = 0; i < ARRAY_LEN(shapes); i++) {
		if (has_shape(text, shapes[i]))
			return true;
	}
	return false;
}

static int two_digits(const char *p)
{
	return (p[0] - '0') * 10 + (p[1] - '0');
}

/* Of any time; before 1970 it is negative. */
static int read_moment(const char *text, time_t *ret_s)
{
	struct tm tm = {0};
	struct tm given;
	size_t len;

	if (!is_moment(text))
		return -EINVAL;
	len = strlen(text);
	tm.tm_year = two_digits(text) * 100 + two_digits(text + 2) - 1900;
	tm.tm_mon = two_digits(text + 5) - 1;
	tm.tm_mday = two_digits(text + 8);
	if (len >= strlen("2026-11-25 18:00")) {
		tm.tm_hour = two_digits(text + 11);
		tm.tm_min = two_digits(text + 14);
	}
	if (len >= strlen("2026-11-25 18:00:00"))
		tm.tm_sec = two_digits(text + 17);

	/* timegm() makes a date of anything: February 30 becomes March 2 */
	given = tm;
	*ret_s = timegm(&tm);
	if (given.tm_mon != tm.tm_mon || given.tm_mday != tm.tm_mday ||
	    given.tm_hour != tm.tm_hour || given.tm_min != tm.tm_min ||
	    given.tm_sec != tm.tm_sec)
		return -EINVAL;
	return 0;
}

int moment_from_text(const char *text, uint64_t now_s, uint64_t *ret_s)
{
	time_t moment_s;
	int r;

	assert(text);
	assert(ret_s);

	r = read_moment(text, &moment_s);
	if (r < 0)
		return r;
	if (moment_s <= 0 || (uint64_t)moment_s <= now_s ||
	    (uint64_t)moment_s - now_s > DURATION_MAX_S)
		return -ERANGE;
	*ret_s = (uint64_t)moment_s;
	return 0;
}

int since_from_text(const char *text, uint64_t now_s, uint64_t *ret_s)
{
	uint64_t span_s;
	time_t moment_s;
	int r = duration_from_text(text, &span_s);

	if (r == 0)
		*ret_s = now_s > span_s ? now_s - span_s : 0;
	if (r != -EINVAL)
		return r;
	r = read_moment(text, &moment_s);
	if (r < 0)
		return r;
	if (moment_s <= 0 || (uint64_t)moment_s > now_s)
		return -ERANGE;
	*ret_s = (uint64_t)moment_s;
	return 0;
}

const char *moment_to_text(uint64_t moment_s, char buf[MOMENT_TEXT_MAX])
{
	time_t time = (time_t)moment_s;
	struct tm tm;

	/* gmtime_r() refuses years beyond an int; nobody lives to see them */
	if (moment_s == 0 || moment_s > INT64_MAX || !gmtime_r(&time, &tm) ||
	    strftime(buf, MOMENT_TEXT_MAX, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		(void)snprintf(buf, MOMENT_TEXT_MAX, "never");
	return buf;
}

const char *duration_to_text(uint64_t span_s, char buf[MOMENT_TEXT_MAX])
{
	size_t last = ARRAY_LEN(units) - 1;
	size_t i = FIRST_PRINTED;
	int used;

	while (i < last && span_s < units[i].span_s)
		i++;
	used = snprintf(buf, MOMENT_TEXT_MAX, "%llu%c",
			(unsigned long long)(span_s / units[i].span_s),
			units[i].letter);
	span_s %= units[i].span_s;
	if (i < last && span_s >= units[i + 1].span_s)
		(void)snprintf(
			buf + used, MOMENT_TEXT_MAX - (size_t)used, "%llu%c",
			(unsigned long long)(span_s / units[i + 1].span_s),
			units[i + 1].letter);
	return buf;
}
