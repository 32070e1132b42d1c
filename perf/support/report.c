// SPDX-License-Identifier: GPL-2.0-or-later
#include "perf/support/report.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>

#include <jansson.h>

#include "rules/base.h"

#define TEXT_MAX 256
#define NOTE_MAX 1024

/* The processor's name and how many of them are on-line. */
static void machine_name(char text[TEXT_MAX])
{
	FILE *file = fopen("/proc/cpuinfo", "re");
	char line[TEXT_MAX];
	char model[TEXT_MAX] = "unknown processor";

	while (file && fgets(line, sizeof(line), file)) {
		const char *colon = strchr(line, ':');

		if (strncmp(line, "model name", 10) != 0 || !colon)
			continue;
		(void)snprintf(model, sizeof(model), "%s", colon + 2);
		model[strcspn(model, "\n")] = '\0';
		break;
	}
	if (file)
		(void)fclose(file);
	(void)snprintf(text, TEXT_MAX, "%.200s, %ld CPUs", model,
		       sysconf(_SC_NPROCESSORS_ONLN));
}

static void put_json(json_t *object)
{
	char *text = json_dumps(object, JSON_COMPACT | JSON_PRESERVE_ORDER |
						JSON_REAL_PRECISION(6));

	(void)printf("%s\n", text ? text : "{}");
	(void)fflush(stdout);
	free(text);
	json_decref(object);
}

static void print_header(const struct report *report, const char *command)
{
	char machine[TEXT_MAX];
	char date[TEXT_MAX];
	time_t now = time(NULL);
	struct utsname name;
	struct tm utc;

	machine_name(machine);
	(void)uname(&name);
	(void)gmtime_r(&now, &utc);
	(void)strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%SZ", &utc);

	if (report->json) {
		put_json(json_pack("{ss ss ss ss}", "machine", machine,
				   "kernel", name.release, "command", command,
				   "date", date));
		return;
	}
	(void)printf("machine  %s\nkernel   %s\ncommand  %s\ndate     %s\n\n",
		     machine, name.release, command, date);
	(void)printf("%-30s %10s %-5s %10s %10s %4s %7s  %s\n", "row", "value",
		     "unit", "min", "max", "n", "ratio", "target");
	(void)fflush(stdout);
}

static void usage(char **argv, const char *wrong, const char *option)
{
	(void)fprintf(stderr,
		      "%s: unknown argument '%s'\n"
		      "usage: %s [--quick] [--json]%s%s%s\n",
		      argv[0], wrong, argv[0], option ? " [" : "",
		      option ? option : "", option ? "]" : "");
	exit(2);
}

bool report_begin_with(struct report *ret_report, int argc, char **argv,
		       const char *option)
{
	struct report report = {0};
	char command[TEXT_MAX] = "";
	size_t used = 0;
	bool given = false;

	for (int i = 0; i < argc; i++) {
		if (used < sizeof(command))
			used += (size_t)snprintf(command + used,
						 sizeof(command) - used, "%s%s",
						 i ? " " : "", argv[i]);
		if (i > 0 && strcmp(argv[i], "--quick") == 0)
			report.quick = true;
		else if (i > 0 && strcmp(argv[i], "--json") == 0)
			report.json = true;
		else if (i > 0 && option && strcmp(argv[i], option) == 0)
			given = true;
		else if (i > 0)
			usage(argv, argv[i], option);
	}
	print_header(&report, command);
	*ret_report = report;
	return given;
}

void report_begin(struct report *ret_report, int argc, char **argv)
{
	(void)report_begin_with(ret_report, argc, argv, NULL);
}

void report_note(struct report *report, const char *format, ...)
{
	char text[NOTE_MAX];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (report->json)
		put_json(json_pack("{ss}", "note", text));
	else
		(void)printf("# %s\n", text);
	(void)fflush(stdout);
}

static double value_of(const struct row *row)
{
	return row->value ? *row->value : sample_median(row->sample);
}

static void row_json(const struct row *row)
{
	json_t *object = json_pack(
		"{ss sf ss sf sf sf si}", "name", row->name, "value",
		value_of(row), "unit", row->unit, "min",
		sample_min(row->sample), "median", sample_median(row->sample),
		"max", sample_max(row->sample), "n", row->sample->count);

	if (row->baseline) {
		(void)json_object_set_new(object, "baseline",
					  json_string(row->baseline));
		(void)json_object_set_new(
			object, "ratio", json_real(sample_median(row->ratios)));
	}
	put_json(object);
}

static bool target_met(const struct row *row)
{
	if (row->at_most > 0 && value_of(row) > row->at_most)
		return false;
	if (row->at_least > 0 && value_of(row) < row->at_least)
		return false;
	if (row->ratios && row->at_most_ratio > 0 &&
	    sample_median(row->ratios) > row->at_most_ratio)
		return false;
	return !row->ratios || row->at_least_ratio <= 0 ||
	       sample_median(row->ratios) >= row->at_least_ratio;
}

/* A row may have one for its value and one for its ratio. */
static void target_text(const struct row *row, char text[TEXT_MAX])
{
	size_t used = 0;

	text[0] = '\0';
	if (row->at_most > 0)
		used += (size_t)snprintf(text, TEXT_MAX, "<= %g ",
					 row->at_most);
	if (row->at_least > 0)
		used += (size_t)snprintf(text + used, TEXT_MAX - used, ">= %g ",
					 row->at_least);
	if (row->at_least_ratio > 0)
		used += (size_t)snprintf(text + used, TEXT_MAX - used,
					 ">= %g of %.64s ", row->at_least_ratio,
					 row->baseline);
	if (row->at_most_ratio > 0)
		used += (size_t)snprintf(text + used, TEXT_MAX - used,
					 "<= %g of %.64s ", row->at_most_ratio,
					 row->baseline);
	if (used > 0)
		text[used - 1] = '\0';
}

static void row_table(const struct row *row)
{
	char target[TEXT_MAX];
	char ratio[TEXT_MAX] = "";

	if (row->baseline)
		(void)snprintf(ratio, sizeof(ratio), "%.3f",
			       sample_median(row->ratios));
	target_text(row, target);
	(void)printf("%-30s %10.2f %-5s %10.2f %10.2f %4d %7s  %s%s\n",
		     row->name, value_of(row), row->unit,
		     sample_min(row->sample), sample_max(row->sample),
		     row->sample->count, ratio, target,
		     target_met(row) ? "" : "  MISSED");
	(void)fflush(stdout);
}

void report_row(struct report *report, const struct row *row)
{
	if (!target_met(row))
		report->missed++;
	if (report->json)
		row_json(row);
	else
		row_table(row);
}

void report_skip(struct report *report, const char *name, const char *reason)
{
	if (report->json)
		put_json(json_pack("{ss ss}", "name", name, "skipped", reason));
	else
		(void)printf("%-30s skipped: %s\n", name, reason);
	(void)fflush(stdout);
}

void report_end(const struct report *report)
{
	if (!report->json)
		(void)printf("\n%d targets missed\n", report->missed);
}
