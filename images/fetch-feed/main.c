// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fetch-feed - fetches one feed over HTTPS, and is the only program of
 * Portcullis that talks to the world outside.
 *
 * Privileges, in this order:
 *
 *	1. as the caller: read the request, the key and the certificates, make
 *	   the file beside the output, start the keeper that will name it;
 *	2. become an unprivileged user, without groups and capabilities, and
 *	   never gain any again;
 *	3. bound memory, descriptors and the size of files;
 *	4. set up libcurl;
 *	5. filter system calls;
 *	6. look up the first name, and read the first byte of a stranger.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "images/fetch-feed/answer.h"
#include "images/fetch-feed/confine.h"
#include "images/fetch-feed/input.h"
#include "images/fetch-feed/misp.h"
#include "images/fetch-feed/output.h"
#include "images/fetch-feed/request.h"
#include "images/fetch-feed/sink.h"
#include "images/fetch-feed/taxii.h"
#include "images/fetch-feed/text.h"
#include "images/fetch-feed/transfer.h"
#include "rules/base.h"

#define KEY_BYTES_MAX (8 << 10)
#define CA_BYTES_MAX  (4 << 20)

enum exit_status {
	EXIT_DONE, /* new or unchanged */
	EXIT_FAILED,
	EXIT_USAGE,
	EXIT_RETRY,
};

static int read_key(const char *path, char **ret_key, struct answer *answer)
{
	CLEANUP(freep) char *key = NULL;
	size_t count;
	int r = input_read(path, INPUT_SECRET, KEY_BYTES_MAX, &key, &count);

	if (r == -EPERM)
		return answer_fail(
			answer, r,
			"key-file: must be of mode 0600 and owned by root or the caller");
	if (r < 0)
		return answer_fail(answer, r, "key-file: %s", strerror(-r));
	if (strlen(key) != count)
		return answer_fail(answer, -EINVAL, "key-file: not text");
	key[strcspn(key, "\r\n")] = '\0';
	if (!*key || !text_is_printable(key))
		return answer_fail(answer, -EINVAL,
				   "key-file: its first line is no key");
	*ret_key = TAKE(key);
	return 0;
}

static int read_files(const struct request *request,
		      struct transfer_files *files, struct answer *answer)
{
	int r = 0;

	if (request->key_file)
		r = read_key(request->key_file, &files->key, answer);
	if (r < 0 || !request->ca_file)
		return r;
	r = input_read(request->ca_file, INPUT_OPEN, CA_BYTES_MAX, &files->ca,
		       &files->ca_bytes);
	return r < 0 ? answer_fail(answer, r, "ca-file: %s", strerror(-r)) : 0;
}

static int confine(const struct request *request, struct answer *answer)
{
	int r = confine_user(request->user);

	if (r == -ENOENT)
		return answer_fail(answer, r, "user: there is no %s",
				   request->user);
	if (r == -EINVAL)
		return answer_fail(answer, r, "user: %s is root",
				   request->user);
	if (r < 0)
		return answer_fail(answer, r,
				   "privileges could not be dropped: %s",
				   strerror(-r));
	r = confine_resources(request->max_bytes);
	return r < 0 ? answer_fail(answer, r, "limits could not be set: %s",
				   strerror(-r))
		     : 0;
}

static int take_feed(void *arg, const char *bytes, size_t count)
{
	return sink_write(arg, bytes, count);
}

static int fetch_plain(struct transfer *transfer, const struct request *request,
		       struct sink *sink, struct answer *answer)
{
	struct body body = {
		.allows_markup = request->allow_markup,
		.max_bytes = (uint64_t)request->max_bytes,
		.take = take_feed,
		.arg = sink,
	};

	return transfer_get(transfer, request->url, &body, answer);
}

static int fetch(const struct request *request,
		 const struct transfer_files *files, struct sink *sink,
		 struct answer *answer)
{
	CLEANUP(transfer_freep) struct transfer *transfer = NULL;
	int r = transfer_new(request, files, &transfer);

	if (r < 0)
		return answer_fail(answer, r, "libcurl could not be set up");
	r = confine_calls();
	if (r < 0)
		return answer_fail(answer, r,
				   "system calls could not be filtered: %s",
				   strerror(-r));
	if (request->taxii)
		return taxii_fetch(transfer, request, sink, answer);
	if (request->misp)
		return misp_fetch(transfer, request, sink, answer);
	return fetch_plain(transfer, request, sink, answer);
}

static int keep(const struct sink *sink, struct output *output,
		struct answer *answer)
{
	unsigned char digest[SINK_DIGEST_BYTES];
	int r = sink_digest(sink, digest);

	if (r == 0)
		r = output_keep(output);
	if (r < 0)
		return answer_fail(answer, r, "output: %s", strerror(-r));
	for (size_t i = 0; i < sizeof(digest); i++)
		(void)snprintf(answer->sha256 + 2 * i, 3, "%02x", digest[i]);
	answer->bytes = sink->bytes;
	answer->outcome = OUTCOME_NEW;
	return 0;
}

static int run(const struct request *request,
	       const struct transfer_files *files, struct output *output,
	       struct answer *answer)
{
	struct sink sink;
	int r = output_open(request->output, output);

	if (r < 0)
		return answer_fail(answer, r, "output: %s", strerror(-r));
	r = confine(request, answer);
	if (r < 0)
		return r;
	r = sink_init(&sink, output->fd, (uint64_t)request->max_bytes);
	if (r < 0)
		(void)answer_fail(answer, r, "no memory");
	if (r == 0)
		r = fetch(request, files, &sink, answer);
	if (r == TRANSFER_UNCHANGED)
		answer->outcome = OUTCOME_UNCHANGED;
	if (r == 0)
		r = keep(&sink, output, answer);
	sink_done(&sink);
	return r;
}

static enum exit_status status_of(const struct answer *answer)
{
	switch (answer->outcome) {
	case OUTCOME_NEW:
	case OUTCOME_UNCHANGED:
		return EXIT_DONE;
	case OUTCOME_RETRY:
		return EXIT_RETRY;
	default:
		return EXIT_FAILED;
	}
}

static enum exit_status fetch_feed(int argc, char **argv,
				   struct request *request,
				   struct transfer_files *files)
{
	struct answer answer = answer_start;
	struct output output = OUTPUT_NONE;
	enum request_want want = REQUEST_RUN;
	enum exit_status status;

	if (request_read(argc, argv, request, &want, &answer) < 0)
		return answer_print(&answer) < 0 ? EXIT_FAILED : EXIT_USAGE;
	if (want == REQUEST_HELP)
		request_help(stdout);
	if (want == REQUEST_VERSION)
		(void)printf("fetch-feed %s\n", PORTCULLIS_VERSION);
	if (want != REQUEST_RUN)
		return EXIT_DONE;
	if (read_files(request, files, &answer) == 0)
		(void)run(request, files, &output, &answer);
	output_close(&output);
	status = status_of(&answer);
	return answer_print(&answer) < 0 ? EXIT_FAILED : status;
}

int main(int argc, char **argv)
{
	struct request request = {0};
	struct transfer_files files = {0};
	enum exit_status status;

	(void)signal(SIGPIPE, SIG_IGN);
	status = fetch_feed(argc, argv, &request, &files);
	request_done(&request);
	free(files.key);
	free(files.ca);
	return (int)status;
}
