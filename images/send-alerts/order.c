// SPDX-License-Identifier: GPL-2.0-or-later
#include "images/send-alerts/order.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "images/fetch-feed/input.h"
#include "images/fetch-feed/text.h"
#include "images/send-alerts/body.h"
#include "rules/base.h"

#define URL_BYTES_MAX	   (8u << 10)
#define HEADER_BYTES_MAX   (16u << 10)
#define TEMPLATE_BYTES_MAX (64u << 10)
#define CA_BYTES_MAX	   (4u << 20)
#define USER_DEFAULT	   "portcullis-feed"

__attribute__((format(printf, 3, 4))) static int
fail(char note[ORDER_NOTE_MAX], int error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vsnprintf(note, ORDER_NOTE_MAX, format, args);
	va_end(args);
	return error;
}

static char **field_of(struct order *order, const char *name, size_t len)
{
	const struct {
		const char *name;
		char **field;
	} fields[] = {
		{"url", &order->url},
		{"url-file", &order->url_file},
		{"header-file", &order->header_file},
		{"template", &order->template_file},
		{"ca-file", &order->ca_file},
		{"user", &order->user},
	};

	for (size_t i = 0; i < ARRAY_LEN(fields); i++)
		if (strlen(fields[i].name) == len &&
		    memcmp(fields[i].name, name, len) == 0)
			return fields[i].field;
	return NULL;
}

int order_take_line(struct order *order, const char *line,
		    char note[ORDER_NOTE_MAX])
{
	size_t len = strcspn(line, " ");
	char **field = field_of(order, line, len);

	if (!field || *field || line[len] != ' ' || !line[len + 1])
		return fail(note, -EINVAL,
			    "a line of the order is not understood");
	*field = strdup(line + len + 1);
	return *field ? 0 : fail(note, -ENOMEM, "no memory");
}

/* One line: what is behind it would be in no URL. */
static int read_url(struct order *order, char *note)
{
	size_t bytes, len;
	int r;

	if (order->url)
		return fail(note, -EINVAL, "url and url-file: one is enough");
	r = input_read(order->url_file, INPUT_SECRET, URL_BYTES_MAX,
		       &order->url, &bytes);
	if (r == -EPERM)
		return fail(note, r,
			    "url-file: must be of mode 0600 and owned by root "
			    "or the caller");
	if (r < 0)
		return fail(note, r, "url-file: %s", strerror(-r));
	len = strcspn(order->url, "\r\n");
	if (len + strspn(order->url + len, "\r\n") != bytes)
		return fail(note, -EINVAL, "url-file: expected one line");
	order->url[len] = '\0';
	return 0;
}

/* http shows what is said to everyone on the way; only on this machine there
 * is none. What a name leads to is asked again when it is connected to. */
static int check_url(struct order *order, char *note)
{
	int r = order->url ? place_from_url(order->url, &order->place)
			   : -ENOENT;

	if (r == -ENOENT)
		return fail(note, r, "where to is missing");
	if (r == -EPERM)
		return fail(note, r,
			    "the URL holds a user or password: these belong "
			    "into a header file");
	if (r < 0)
		return fail(note, r, "where to is not a URL of https or http");
	return 0;
}

/* RFC 9110, 5.6.2 and 5.5: a token, a colon, what shows. */
static bool is_header(const char *line)
{
	static const char token[] =
		"!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"
		"ABCDEFGHIJKLMNOPQRSTUVWXYZ";
	size_t len = strspn(line, token);

	return len > 0 && line[len] == ':' && text_is_printable(line);
}

static int read_headers(struct order *order, char *note)
{
	CLEANUP(freep) char *text = NULL;
	char *rest, *line;
	size_t bytes;
	int r = input_read(order->header_file, INPUT_SECRET, HEADER_BYTES_MAX,
			   &text, &bytes);

	if (r == -EPERM)
		return fail(note, r,
			    "header-file: must be of mode 0600 and owned by "
			    "root or the caller");
	if (r < 0)
		return fail(note, r, "header-file: %s", strerror(-r));
	rest = text;
	for (unsigned number = 1; (line = strsep(&rest, "\n")); number++) {
		line[strcspn(line, "\r")] = '\0';
		if (!*line || *line == '#')
			continue;
		if (!is_header(line))
			return fail(note, -EINVAL,
				    "header-file, line %u: expected \"Name: "
				    "value\"",
				    number);
		if (order->header_count == ORDER_HEADERS_MAX)
			return fail(note, -E2BIG,
				    "header-file: more than %d headers",
				    ORDER_HEADERS_MAX);
		order->headers[order->header_count] = strdup(line);
		if (!order->headers[order->header_count++])
			return fail(note, -ENOMEM, "no memory");
	}
	return 0;
}

static int read_template(struct order *order, char *note)
{
	size_t bytes;
	int r = input_read(order->template_file, INPUT_OPEN, TEMPLATE_BYTES_MAX,
			   &order->template, &bytes);

	if (r < 0)
		return fail(note, r, "template: %s", strerror(-r));
	if (strlen(order->template) != bytes ||
	    body_check_template(order->template) < 0)
		return fail(note, -EINVAL,
			    "template: a place is not {{NAME}} with a name of "
			    "lower-case letters, digits, '_', '.' and '@'");
	return 0;
}

int order_settle(struct order *order, char note[ORDER_NOTE_MAX])
{
	int r = order->url_file ? read_url(order, note) : 0;

	if (r == 0)
		r = check_url(order, note);
	if (r == 0 && !order->user)
		order->user = strdup(USER_DEFAULT);
	if (r == 0 && !order->user)
		r = fail(note, -ENOMEM, "no memory");
	if (r == 0 && order->header_file)
		r = read_headers(order, note);
	if (r == 0 && order->template_file)
		r = read_template(order, note);
	if (r < 0 || !order->ca_file)
		return r;
	r = input_read(order->ca_file, INPUT_OPEN, CA_BYTES_MAX, &order->ca,
		       &order->ca_bytes);
	return r < 0 ? fail(note, r, "ca-file: %s", strerror(-r)) : 0;
}

void order_done(struct order *order)
{
	free(order->url);
	free(order->url_file);
	free(order->header_file);
	free(order->template_file);
	free(order->ca_file);
	free(order->user);
	for (size_t i = 0; i < order->header_count; i++)
		free(order->headers[i]);
	free(order->template);
	free(order->ca);
	*order = (struct order){0};
}
