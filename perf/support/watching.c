// SPDX-License-Identifier: GPL-2.0-or-later
#include "perf/support/watching.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "perf/support/shell.h"

/* All rules are in one folder: an fwd that is not installed has no others. */
int watching_write(struct gateway *gateway)
{
	const char *data = getenv("PORTCULLIS_DATA");
	int r = shell_run("cp -r '%s/rules/default/detect' '%s/rules' && "
			  "{ [ ! -d '%s/sigma-linux' ] || "
			  "cp -r '%s/sigma-linux' '%s/rules/'; }",
			  PERF_SOURCE_DIR, gateway->dir,
			  data ? data : "/nowhere", data ? data : "/nowhere",
			  gateway->dir);

	return r < 0 ? r
		     : gateway_configure(gateway,
					 "sensor: true\ndetect_shipped: false\n"
					 "detect_rules: %s/rules\n"
					 "alert_file: %s/alerts\n",
					 gateway->dir, gateway->dir);
}

static uint64_t number_of(const json_t *object, const char *name)
{
	return (uint64_t)json_integer_value(json_object_get(object, name));
}

int watching_read(const struct gateway *gateway, struct watching *ret_watching)
{
	json_t *answer;
	int r = gateway_ask(gateway, REQ_DETECT_STATUS, json_object(), &answer);

	if (r < 0)
		return r;
	*ret_watching = (struct watching){
		.rules = number_of(answer, "rules"),
		.asked = number_of(answer, "events"),
		.lost = number_of(answer, "lost"),
	};
	json_decref(answer);
	return 0;
}

/* -1: it is none of them. */
static int place_of(const json_t *entry, const char *const *kinds, size_t count)
{
	const char *name = json_string_value(json_object_get(entry, "kind"));

	for (size_t i = 0; name && i < count; i++)
		if (strcmp(name, kinds[i]) == 0)
			return (int)i;
	return -1;
}

int watching_counts(const struct gateway *gateway, const char *const *kinds,
		    size_t count, struct sensed_count *ret_counts)
{
	const json_t *sensor, *entry;
	json_t *answer;
	size_t i;
	int r = gateway_ask(gateway, REQ_STATUS, json_object(), &answer);

	if (r < 0)
		return r;
	sensor = json_object_get(answer, "sensor");
	if (!sensor) {
		(void)fprintf(stderr, "fwd has no sensor\n");
		json_decref(answer);
		return -ENODATA;
	}
	memset(ret_counts, 0, count * sizeof(*ret_counts));
	json_array_foreach(json_object_get(sensor, "kinds"), i, entry)
	{
		int at = place_of(entry, kinds, count);

		if (at >= 0)
			ret_counts[at] = (struct sensed_count){
				.told = number_of(entry, "seen"),
				.suppressed = number_of(entry, "suppressed"),
				.lost = number_of(entry, "lost"),
			};
	}
	json_decref(answer);
	return 0;
}
