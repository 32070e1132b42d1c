/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * order.h - where alerts are posted, and how.
 *
 * Said by the first lines of standard input, "NAME VALUE", up to an empty one:
 * url or url-file, header-file, template, ca-file, user. So none of it is on a
 * command line, where everyone on the machine could read it. What follows are
 * alerts.
 *
 * Owns		its texts
 * Errors	negative errno, with a sentence that holds no path of a URL and no
 *		key
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "images/fetch-feed/place.h"

#define ORDER_HEADERS_MAX 16
#define ORDER_NOTE_MAX	  256

struct order {
	char *url; /* said, or what is in the file */
	char *url_file;
	char *header_file, *template_file, *ca_file, *user;
	struct place place; /* of the URL */

	/* What is in the files. */
	char *headers[ORDER_HEADERS_MAX]; /* "Name: value" */
	size_t header_count;
	char *template; /* NULL: there is none */
	char *ca;
	size_t ca_bytes;
};

/* One line of it, without its end. */
int order_take_line(struct order *order, const char *line,
		    char note[ORDER_NOTE_MAX]);

/* Is all there that is needed? Reads the files, as who started it. */
int order_settle(struct order *order, char note[ORDER_NOTE_MAX]);

void order_done(struct order *order);
