/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * report.h - what a measuring program prints: a table for people, or with
 * --json one object a line.
 *
 * The first line says machine, kernel, command and date. Then a row each:
 *
 *	{"name","value","unit","min","median","max","n"}
 *
 * and "baseline" and "ratio" where there is one; a row that could not be
 * measured is {"name","skipped"} with the reason; a remark is {"note"}. Rows
 * are written as they come.
 */
#pragma once

#include <stdbool.h>

#include "perf/support/sample.h"

struct report {
	bool json;
	bool quick; /* the program ends within a minute */
	int missed; /* rows that missed their target */
};

struct row {
	const char *name;
	const char *unit;
	const struct sample *sample;
	const double *value; /* NULL: the median of `sample` */
	const char *baseline; /* NULL: none */
	const struct sample *ratios; /* to the baseline, round by round */
	double at_most; /* target for the value; 0: none */
	double at_least; /* target for the value; 0: none */
	double at_least_ratio; /* target for the ratio; 0: none */
	double at_most_ratio; /* target for the ratio; 0: none */
};

/* Reads the arguments; an unknown one ends the program with status 2. */
void report_begin(struct report *ret_report, int argc, char **argv);

/* The same for a program that knows an option more; was it given? */
bool report_begin_with(struct report *ret_report, int argc, char **argv,
		       const char *option);

/* How it was measured, a line that readers of the rows need. */
__attribute__((format(printf, 2, 3))) void report_note(struct report *report,
						       const char *format, ...);

void report_row(struct report *report, const struct row *row);

void report_skip(struct report *report, const char *name, const char *reason);

/* Ends the table. A missed target is printed, and is no failure. */
void report_end(const struct report *report);
