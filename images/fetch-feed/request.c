// SPDX-License-Identifier: GPL-2.0-or-later
#include "images/fetch-feed/request.h"

#include <assert.h>
#include <errno.h>
#include <getopt.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#include "images/fetch-feed/input.h"
#include "images/fetch-feed/place.h"
#include "images/fetch-feed/text.h"
#include "rules/base.h"

#define REQUEST_BYTES_MAX (64 << 10)
#define TEXT_BYTES_MAX	  8192

enum kind {
	KIND_TEXT,
	KIND_NUMBER,
	KIND_FLAG,
};

struct item {
	const char *name;
	enum kind kind;
	size_t offset;
	const char *value_name;
	const char *help;
	long least, most, usual; /* of a number */
};

#define TEXT(name, field, value, help)                                         \
	{                                                                      \
		name, KIND_TEXT, offsetof(struct request, field), value, help, \
			0, 0, 0                                                \
	}
#define FLAG(name, field, help)                                               \
	{                                                                     \
		name, KIND_FLAG, offsetof(struct request, field), NULL, help, \
			0, 0, 0                                               \
	}
#define NUMBER(name, field, value, help, least, most, usual)               \
	{                                                                  \
		name, KIND_NUMBER, offsetof(struct request, field), value, \
			help, least, most, usual                           \
	}

static const struct item items[] = {
	TEXT("url", url, "URL", "what to fetch"),
	TEXT("output", output, "FILE", "what to write, once it is whole"),
	TEXT("etag", etag, "ETAG", "only if it is no longer this one"),
	TEXT("modified-since", modified_since, "DATE",
	     "only if it is newer, a date as HTTP has it"),
	TEXT("header", header, "NAME", "header that takes the key"),
	TEXT("key-file", key_file, "FILE",
	     "file with the key, of mode 0600, of root or the caller"),
	TEXT("ca-file", ca_file, "FILE", "whom to trust, PEM"),
	TEXT("user", user, "NAME", "who to become, if started as root"),
	NUMBER("max-bytes", max_bytes, "N", "most bytes, unpacked", 1, 1L << 32,
	       64L << 20),
	NUMBER("timeout", timeout_s, "SECONDS", "for all of it", 1, 86400, 300),
	NUMBER("stall", stall_s, "SECONDS",
	       "give up when slower than 100 B/s for so long", 1, 3600, 30),
	NUMBER("max-pages", max_pages, "N",
	       "most pages of TAXII, or events of MISP", 1, 100000, 1000),
	FLAG("allow-http", allow_http, "URLs may be http"),
	FLAG("allow-markup", allow_markup, "HTML and XML are no error"),
	FLAG("no-redirects", no_redirects, "a redirect is an error"),
	FLAG("taxii", taxii, "a TAXII 2.1 collection, to a STIX bundle"),
	FLAG("misp", misp, "a manifest of MISP, to its events"),
};

/* The field of an item; its type goes by the kind. */
static void *field_of(struct request *request, const struct item *item)
{
	return (char *)request + item->offset;
}

static int set_text(struct request *request, const struct item *item,
		    const char *value, struct answer *answer)
{
	char **field = field_of(request, item);
	char *copy;

	if (!*value || strlen(value) > TEXT_BYTES_MAX)
		return answer_fail(answer, -EINVAL,
				   "%s: a text of 1 to %d bytes is expected",
				   item->name, TEXT_BYTES_MAX);
	copy = strdup(value);
	if (!copy)
		return answer_fail(answer, -ENOMEM, "no memory");
	free(*field);
	*field = copy;
	return 0;
}

static int set_number(struct request *request, const struct item *item,
		      const char *value, struct answer *answer)
{
	long *field = field_of(request, item);
	char *end;
	long number;

	errno = 0;
	number = strtol(value, &end, 10);
	if (errno != 0 || end == value || *end || number < item->least ||
	    number > item->most)
		return answer_fail(answer, -EINVAL,
				   "%s: a number from %ld to %ld is expected",
				   item->name, item->least, item->most);
	*field = number;
	return 0;
}

/* `value` is NULL where there is none. */
static int set_item(struct request *request, const struct item *item,
		    const char *value, struct answer *answer)
{
	if (item->kind == KIND_FLAG && value)
		return answer_fail(answer, -EINVAL, "%s takes no value",
				   item->name);
	if (item->kind == KIND_FLAG) {
		*(bool *)field_of(request, item) = true;
		return 0;
	}
	if (!value)
		return answer_fail(answer, -EINVAL, "%s needs a value",
				   item->name);
	return item->kind == KIND_TEXT
		       ? set_text(request, item, value, answer)
		       : set_number(request, item, value, answer);
}

static const struct item *item_by_name(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(items); i++) {
		if (strcmp(items[i].name, name) == 0)
			return &items[i];
	}
	return NULL;
}

/* `were_said`: which items stood on lines before. A file is written by a
 * program, so one that says two things of one item is not what it meant. */
static int read_line(struct request *request, char *line, unsigned number,
		     bool *were_said, struct answer *answer)
{
	const struct item *item;
	const char *name;

	line += strspn(line, " \t");
	name = strsep(&line, " \t");
	item = item_by_name(name);
	if (!*name || *name == '#')
		return 0;
	if (!item)
		return answer_fail(answer, -EINVAL,
				   "request file, line %u: unknown name",
				   number);
	if (were_said[item - items])
		return answer_fail(answer, -EINVAL,
				   "request file, line %u: %s is said twice",
				   number, item->name);
	were_said[item - items] = true;
	if (line)
		line += strspn(line, " \t");
	return set_item(request, item, line, answer);
}

static int read_file(struct request *request, const char *path,
		     struct answer *answer)
{
	CLEANUP(freep) char *text = NULL;
	bool were_said[ARRAY_LEN(items)] = {false};
	char *rest, *line;
	size_t count;
	unsigned number = 0;
	int r;

	r = strcmp(path, "-") == 0
		    ? input_read_fd(STDIN_FILENO, REQUEST_BYTES_MAX, &text,
				    &count)
		    : input_read(path, INPUT_SECRET, REQUEST_BYTES_MAX, &text,
				 &count);
	if (r == -EPERM)
		return answer_fail(
			answer, r,
			"request file: must be of mode 0600 and owned by root or the caller");
	if (r < 0)
		return answer_fail(answer, r, "request file: %s", strerror(-r));
	if (strlen(text) != count)
		return answer_fail(answer, -EINVAL, "request file: not text");
	rest = text;
	while ((line = strsep(&rest, "\n")) && r == 0)
		r = read_line(request, line, ++number, were_said, answer);
	return r;
}

static int check_url(const struct request *request, struct answer *answer)
{
	struct place place;
	int r = place_from_url(request->url, &place);

	if (r == -EPERM)
		return answer_fail(
			answer, r,
			"url: user and password do not belong there, see key-file");
	if (r == -EPROTONOSUPPORT)
		return answer_fail(answer, r, "url: not https");
	if (r < 0)
		return answer_fail(answer, r, "url: not a URL");
	if (!request->allow_http && !place_is_encrypted(&place))
		return answer_fail(answer, -EPROTONOSUPPORT,
				   "url: http is not allowed");
	return 0;
}

/* RFC 9110, 5.6.2: what a name of a header is made of. */
static bool is_token(const char *text)
{
	static const char allowed[] =
		"!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"
		"ABCDEFGHIJKLMNOPQRSTUVWXYZ";

	return strspn(text, allowed) == strlen(text);
}

static int check(const struct request *request, struct answer *answer)
{
	if (!request->url)
		return answer_fail(answer, -EINVAL, "url is missing");
	if (!request->output)
		return answer_fail(answer, -EINVAL, "output is missing");
	if (!request->header != !request->key_file)
		return answer_fail(answer, -EINVAL,
				   "header and key-file go together");
	if (request->header && !is_token(request->header))
		return answer_fail(answer, -EINVAL,
				   "header: not a name of a header");
	if (request->taxii && request->misp)
		return answer_fail(answer, -EINVAL,
				   "taxii and misp: only one of them");
	if (request->taxii && (request->etag || request->modified_since))
		return answer_fail(
			answer, -EINVAL,
			"etag and modified-since are not for taxii, see added_after");
	if (request->etag && !text_is_printable(request->etag))
		return answer_fail(answer, -EINVAL, "etag: not an ETag");
	if (request->modified_since &&
	    (!text_is_printable(request->modified_since) ||
	     curl_getdate(request->modified_since, NULL) < 0))
		return answer_fail(answer, -EINVAL,
				   "modified-since: not a date of HTTP");
	return check_url(request, answer);
}

static int fill_usual(struct request *request, struct answer *answer)
{
	for (size_t i = 0; i < ARRAY_LEN(items); i++) {
		if (items[i].kind == KIND_NUMBER)
			*(long *)field_of(request, &items[i]) = items[i].usual;
	}
	return set_text(request, item_by_name("user"), "portcullis-feed",
			answer);
}

enum {
	CODE_REQUEST = ARRAY_LEN(items),
	CODE_HELP,
	CODE_VERSION,
	CODE_COUNT,
};

static void fill_options(struct option options[CODE_COUNT + 1])
{
	static const struct option others[] = {
		{"request", required_argument, NULL, CODE_REQUEST},
		{"help", no_argument, NULL, CODE_HELP},
		{"version", no_argument, NULL, CODE_VERSION},
		{0},
	};

	for (size_t i = 0; i < ARRAY_LEN(items); i++)
		options[i] = (struct option){
			.name = items[i].name,
			.has_arg = items[i].kind == KIND_FLAG
					   ? no_argument
					   : required_argument,
			.val = (int)i,
		};
	memcpy(options + CODE_REQUEST, others, sizeof(others));
}

static int take_option(int code, struct request *request,
		       enum request_want *want, struct answer *answer)
{
	switch (code) {
	case CODE_REQUEST:
		return read_file(request, optarg, answer);
	case CODE_HELP:
		*want = REQUEST_HELP;
		return 0;
	case CODE_VERSION:
		*want = REQUEST_VERSION;
		return 0;
	case '?':
		return answer_fail(answer, -EINVAL,
				   "wrong usage, see fetch-feed --help");
	default:
		return set_item(request, &items[code], optarg, answer);
	}
}

int request_read(int argc, char **argv, struct request *request,
		 enum request_want *ret_want, struct answer *answer)
{
	struct option options[CODE_COUNT + 1];
	enum request_want want = REQUEST_RUN;
	int code;
	int r = fill_usual(request, answer);

	fill_options(options);
	opterr = 0; /* what it would print may be a secret */
	while (r == 0 && want == REQUEST_RUN &&
	       (code = getopt_long(argc, argv, "", options, NULL)) != -1)
		r = take_option(code, request, &want, answer);
	if (r == 0 && want == REQUEST_RUN && optind < argc)
		r = answer_fail(answer, -EINVAL,
				"wrong usage, see fetch-feed --help");
	if (r == 0 && want == REQUEST_RUN)
		r = check(request, answer);
	if (r == 0)
		*ret_want = want;
	return r;
}

void request_done(struct request *request)
{
	for (size_t i = 0; i < ARRAY_LEN(items); i++) {
		if (items[i].kind == KIND_TEXT)
			free(*(char **)field_of(request, &items[i]));
	}
	*request = (struct request){0};
}

void request_help(FILE *file)
{
	char left[64];

	(void)fprintf(
		file,
		"usage: fetch-feed --url URL --output FILE [OPTION...]\n"
		"       fetch-feed --request FILE [OPTION...]\n"
		"       fetch-feed --version | --help\n"
		"\n"
		"Fetches one feed and answers one JSON object.\n"
		"\n"
		"  --request FILE             lines \"NAME VALUE\", names as below; - is stdin\n");
	for (size_t i = 0; i < ARRAY_LEN(items); i++) {
		const struct item *item = &items[i];

		(void)snprintf(left, sizeof(left), "--%s %s", item->name,
			       item->value_name ? item->value_name : "");
		(void)fprintf(file, "  %-26s %s", left, item->help);
		if (item->kind == KIND_NUMBER)
			(void)fprintf(file, " (%ld)", item->usual);
		(void)fputc('\n', file);
	}
}
