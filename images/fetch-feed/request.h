/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * request.h - what is to be fetched, and within which bounds.
 *
 * Said by options, or by the lines of a request file, "NAME VALUE" with the
 * names of the options, each once; of options said twice the last counts. They
 * can be read by everyone on the machine while the program runs: a URL that holds
 * a secret comes in a file or on standard input.
 *
 * Owns		its texts
 * Errors	negative errno, with a sentence in the answer that names the
 *		item and never its value
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "images/fetch-feed/answer.h"

struct request {
	char *url;
	char *output;
	char *etag; /* validators of what the caller has */
	char *modified_since;
	char *header; /* name of the header that takes the key */
	char *key_file;
	char *ca_file;
	char *user;
	long max_bytes;
	long timeout_s;
	long stall_s; /* slower than 100 bytes a second for so long */
	long max_pages;
	bool allow_http;
	bool allow_markup;
	bool no_redirects;
	bool taxii;
	bool misp;
};

enum request_want {
	REQUEST_RUN,
	REQUEST_HELP,
	REQUEST_VERSION,
};

/* Read the options, and the request file they name. *request starts empty and
 * is to be ended by request_done() also when this fails. */
int request_read(int argc, char **argv, struct request *request,
		 enum request_want *ret_want, struct answer *answer);
void request_done(struct request *request);

void request_help(FILE *file);
