// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/config_text.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "daemon/alert/outlet_syslog.h"
#include "daemon/denying.h"
#include "rules/base.h"

#define OFF "none"

static bool is_path_or_off(const char *value)
{
	return *value == '/' || strcmp(value, OFF) == 0;
}

static bool is_file(const char *value)
{
	return is_path_or_off(value) || strcmp(value, "-") == 0;
}

static bool is_syslog(const char *value)
{
	struct syslog_target unused;

	return strcmp(value, OFF) == 0 ||
	       syslog_target_from_text(value, &unused) == 0;
}

/* "/,/tmp": how many paths these are; 0: one of them is none. */
static unsigned int count_paths(const char *value)
{
	unsigned int count = 1;

	for (; *value == '/'; count++) {
		value += strcspn(value, ",");
		if (!*value)
			return count;
		value++;
	}
	return 0;
}

static bool is_places(const char *value)
{
	unsigned int count = count_paths(value);

	return count > 0 && count <= DENYING_PLACES_MAX;
}

static bool is_paths_or_off(const char *value)
{
	return count_paths(value) > 0 || strcmp(value, OFF) == 0;
}

static const struct {
	const char *item;
	bool (*is_right)(const char *value);
	const char *expected;
} forms[] = {
	{"alert_file", is_file, "a path from / on, - or none"},
	{"alert_syslog", is_syslog,
	 "a path from / on, udp:ADDR:PORT with a literal address, or none"},
	{"exec_denylist", is_path_or_off, "a path from / on, or none"},
	{"exec_denylist_places", is_places,
	 "paths from / on, at most 16, with commas between them"},
	{"sensor_paths", is_paths_or_off,
	 "paths from / on, with commas between them, or none"},
};

int config_text_check(const char *item, const char *value, char *note,
		      size_t size)
{
	_Static_assert(DENYING_PLACES_MAX == 16, "as it is said above");

	for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
		if (strcmp(forms[i].item, item) != 0 ||
		    forms[i].is_right(value))
			continue;
		(void)snprintf(note, size, "\"%.60s\" is not %s", value,
			       forms[i].expected);
		return -EINVAL;
	}
	return 0;
}
