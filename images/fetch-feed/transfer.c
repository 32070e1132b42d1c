// SPDX-License-Identifier: GPL-2.0-or-later
#include "images/fetch-feed/transfer.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include <curl/curl.h>

#include "images/fetch-feed/explain.h"
#include "images/fetch-feed/place.h"
#include "images/fetch-feed/url.h"
#include "rules/base.h"

#define REDIRECTS_MAX	  3
#define CONNECT_S	  10
#define STALL_BYTES_PER_S 100L
#define RETRY_AFTER_MAX_S (7 * 86400L)
#define STATUS_OK	  200
#define STATUS_UNCHANGED  304

/* What the body of a status other than 200 is answered with. */
#define FAULT_NO_BODY (-ECANCELED)

struct transfer {
	CURL *easy;
	const struct request *request;
	const char *key;
	struct place home; /* where the key may go */
	int64_t deadline_ms;

	/* of the answer that comes in now */
	struct body *body;
	bool is_named; /* by the request: its validators are of this one */
	bool has_begun;
	int fault; /* of the body: 0 or a negative errno */
};

DEFINE_CLEANUP(struct curl_slist *, curl_slist_free_all)

static int64_t now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

static const char *header_of(const struct transfer *transfer, const char *name)
{
	struct curl_header *header;

	return curl_easy_header(transfer->easy, name, 0, CURLH_HEADER, -1,
				&header) == CURLHE_OK
		       ? header->value
		       : "";
}

static long status_of(const struct transfer *transfer)
{
	long status = 0;

	(void)curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE,
				&status);
	return status;
}

static bool is_markup(const char *content_type)
{
	return strncasecmp(content_type, "text/html", 9) == 0 ||
	       strncasecmp(content_type, "application/xhtml", 17) == 0;
}

/* With all headers there: is it what was asked for? */
static int begin(struct transfer *transfer)
{
	const char *encoding = header_of(transfer, "Content-Encoding");
	curl_off_t length = -1;
	bool is_packed;

	transfer->has_begun = true;
	if (status_of(transfer) != STATUS_OK)
		return FAULT_NO_BODY;
	if (!transfer->body->allows_markup &&
	    is_markup(header_of(transfer, "Content-Type")))
		return -EILSEQ;
	is_packed = strcasecmp(encoding, "gzip") == 0 ||
		    strcasecmp(encoding, "x-gzip") == 0;
	if (*encoding && !is_packed && strcasecmp(encoding, "identity") != 0)
		return -ENOTSUP;
	(void)curl_easy_getinfo(transfer->easy,
				CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
	if (length > 0 && (uint64_t)length > transfer->body->max_bytes)
		return -EFBIG;
	return body_start(transfer->body, is_packed);
}

/* Called by libcurl; less than `count` ends the transfer. */
static size_t take_bytes(char *bytes, size_t size, size_t count, void *arg)
{
	struct transfer *transfer = arg;
	int r = 0;

	(void)size; /* is 1 */
	if (!transfer->has_begun)
		r = begin(transfer);
	if (r == 0)
		r = body_put(transfer->body, bytes, count);
	transfer->fault = r;
	return r == 0 ? count : 0;
}

static int set_up(CURL *easy, const struct request *request,
		  const struct transfer_files *files)
{
	const char *schemes = request->allow_http ? "https,http" : "https";
	struct curl_blob ca = {
		.data = files->ca,
		.len = files->ca_bytes,
		.flags = CURL_BLOB_NOCOPY,
	};
	unsigned code = 0;

	code |= curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, schemes);
	code |= curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	code |= curl_easy_setopt(easy, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
	code |= curl_easy_setopt(easy, CURLOPT_HTTP_VERSION,
				 (long)CURL_HTTP_VERSION_1_1);
	code |= curl_easy_setopt(easy, CURLOPT_SSLVERSION,
				 (long)CURL_SSLVERSION_TLSv1_2);
	code |= curl_easy_setopt(easy, CURLOPT_HTTP_CONTENT_DECODING, 0L);
	code |= curl_easy_setopt(easy, CURLOPT_HEADEROPT,
				 (long)CURLHEADER_SEPARATE);
	code |= curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	code |= curl_easy_setopt(easy, CURLOPT_USERAGENT,
				 "portcullis/" PORTCULLIS_VERSION);
	code |= curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	code |= curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_S);
	code |= curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT,
				 STALL_BYTES_PER_S);
	code |= curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME,
				 request->stall_s);
	code |= curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_bytes);
	if (files->ca) {
		code |= curl_easy_setopt(easy, CURLOPT_CAINFO, NULL);
		code |= curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
		code |= curl_easy_setopt(easy, CURLOPT_CAINFO_BLOB, &ca);
	}
	return code == 0 ? 0 : -ENOTSUP;
}

int transfer_new(const struct request *request,
		 const struct transfer_files *files,
		 struct transfer **ret_transfer)
{
	struct transfer *transfer;
	int r;

	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return -ENOMEM;
	transfer = calloc(1, sizeof(*transfer));
	if (!transfer)
		return -ENOMEM;
	transfer->request = request;
	transfer->key = files->key;
	transfer->deadline_ms = now_ms() + request->timeout_s * 1000LL;
	transfer->easy = curl_easy_init();
	r = transfer->easy ? set_up(transfer->easy, request, files) : -ENOMEM;
	if (r == 0)
		r = place_from_url(request->url, &transfer->home);
	if (r == 0)
		(void)curl_easy_setopt(transfer->easy, CURLOPT_WRITEDATA,
				       transfer);
	if (r < 0)
		transfer_free(transfer);
	else
		*ret_transfer = transfer;
	return r;
}

void transfer_free(struct transfer *transfer)
{
	if (!transfer)
		return;
	curl_easy_cleanup(transfer->easy);
	free(transfer);
	curl_global_cleanup();
}

/* One more header; NULL: no value, no header. */
static int add_header(struct curl_slist **list, const char *name,
		      const char *value)
{
	CLEANUP(freep) char *line = NULL;
	struct curl_slist *longer;

	if (!value)
		return 0;
	if (asprintf(&line, "%s: %s", name, value) < 0) {
		line = NULL;
		return -ENOMEM;
	}
	longer = curl_slist_append(*list, line);
	if (!longer)
		return -ENOMEM;
	*list = longer;
	return 0;
}

static int make_headers(const struct transfer *transfer,
			const struct place *place, struct curl_slist **ret_list)
{
	CLEANUP(curl_slist_free_allp) struct curl_slist *list = NULL;
	const struct request *request = transfer->request;
	int r = add_header(&list, "Accept-Encoding", "gzip");

	if (r == 0 && request->taxii)
		r = add_header(&list, "Accept",
			       "application/taxii+json;version=2.1");
	if (r == 0 && transfer->is_named)
		r = add_header(&list, "If-None-Match", request->etag);
	/* RFC 9110, 13.1.3: a server that knows the ETag ignores the date */
	if (r == 0 && transfer->is_named)
		r = add_header(&list, "If-Modified-Since",
			       request->modified_since);
	if (r == 0 && transfer->key && place_is_same(place, &transfer->home))
		r = add_header(&list, request->header, transfer->key);
	if (r == 0)
		*ret_list = TAKE(list);
	return r;
}

/* Ask once, redirects not followed. 0: an answer came, of any status. */
static int ask(struct transfer *transfer, const char *url,
	       const struct place *place, struct answer *answer)
{
	CLEANUP(curl_slist_free_allp) struct curl_slist *headers = NULL;
	const int64_t left_ms = transfer->deadline_ms - now_ms();
	CURLcode code = CURLE_OPERATION_TIMEDOUT;

	if (make_headers(transfer, place, &headers) < 0)
		return answer_fail(answer, -ENOMEM, "no memory");
	transfer->has_begun = false;
	transfer->fault = 0;
	(void)curl_easy_setopt(transfer->easy, CURLOPT_HTTPHEADER, headers);
	(void)curl_easy_setopt(transfer->easy, CURLOPT_TIMEOUT_MS,
			       (long)left_ms);
	if (left_ms > 0) {
		code = curl_easy_setopt(transfer->easy, CURLOPT_URL, url);
		if (code == CURLE_OK)
			code = curl_easy_perform(transfer->easy);
	}
	(void)curl_easy_setopt(transfer->easy, CURLOPT_HTTPHEADER, NULL);
	answer->http_status = left_ms > 0 ? status_of(transfer) : 0;
	if (transfer->fault < 0 && transfer->fault != FAULT_NO_BODY)
		return explain_fault(transfer->fault, place, transfer->body,
				     answer);
	if (code != CURLE_OK && transfer->fault != FAULT_NO_BODY)
		return explain_code(transfer->easy, code, place, answer);
	return 0;
}

static bool is_redirect(long status)
{
	return status == 301 || status == 302 || status == 303 ||
	       status == 307 || status == 308;
}

/* Where the answer leads to, if that is allowed. The caller frees *ret_url. */
static int follow(const struct transfer *transfer, const char *base,
		  const struct place *from, char **ret_url,
		  struct place *ret_place, struct answer *answer)
{
	CLEANUP(freep) char *url = NULL;
	char label[PLACE_LABEL_MAX];
	int r;

	(void)place_label(from, label);
	r = url_follow(base, header_of(transfer, "Location"), &url);
	if (r == 0)
		r = place_from_url(url, ret_place);
	if (r < 0)
		return answer_fail(answer, r,
				   "%s redirects to what is not https", label);
	if (!place_is_encrypted(ret_place) &&
	    (place_is_encrypted(from) || !transfer->request->allow_http))
		return answer_fail(answer, -EPROTONOSUPPORT,
				   "%s redirects to http", label);
	*ret_url = TAKE(url);
	return 0;
}

static void note_headers(const struct transfer *transfer, struct answer *answer)
{
	answer_field(answer->content_type, header_of(transfer, "Content-Type"));
	if (transfer->request->taxii) {
		answer_field(answer->added_last,
			     header_of(transfer, "X-TAXII-Date-Added-Last"));
		return;
	}
	if (!transfer->is_named)
		return;
	answer_field(answer->etag, header_of(transfer, "ETag"));
	answer_field(answer->last_modified,
		     header_of(transfer, "Last-Modified"));
}

/* An answer that is no redirect. */
static int judge(struct transfer *transfer, const struct place *place,
		 struct answer *answer)
{
	const struct request *request = transfer->request;
	curl_off_t after_s = 0;
	int r = 0;

	if (answer->http_status == STATUS_UNCHANGED && transfer->is_named &&
	    (request->etag || request->modified_since)) {
		note_headers(transfer, answer);
		return TRANSFER_UNCHANGED;
	}
	if (answer->http_status != STATUS_OK) {
		(void)curl_easy_getinfo(transfer->easy, CURLINFO_RETRY_AFTER,
					&after_s);
		if (after_s > RETRY_AFTER_MAX_S)
			after_s = RETRY_AFTER_MAX_S;
		return explain_status((long)after_s, place, answer);
	}
	if (!transfer->has_begun) /* it is empty */
		r = begin(transfer);
	if (r == 0)
		r = body_end(transfer->body);
	if (r < 0)
		return explain_fault(r, place, transfer->body, answer);
	note_headers(transfer, answer);
	return 0;
}

/* Ask, and follow where that leads. 0: an answer came that is no redirect, from
 * *place. */
static int ask_around(struct transfer *transfer, const char *url,
		      struct place *place, struct answer *answer)
{
	char label[PLACE_LABEL_MAX];
	char *owned_url = NULL; /* where a redirect led */
	int redirects = 0;
	int r;

	for (;;) {
		CLEANUP(freep) char *last_url = owned_url;
		const char *here = last_url ? last_url : url;
		struct place from = *place;

		owned_url = NULL;
		r = ask(transfer, here, &from, answer);
		if (r < 0 || !is_redirect(answer->http_status))
			return r;
		if (transfer->request->no_redirects)
			return answer_fail(answer, -ELOOP,
					   "%s redirects, which is not allowed",
					   place_label(&from, label));
		if (redirects++ == REDIRECTS_MAX)
			return answer_fail(answer, -ELOOP,
					   "%s redirects once too often",
					   place_label(&from, label));
		r = follow(transfer, here, &from, &owned_url, place, answer);
		if (r < 0)
			return r;
	}
}

int transfer_get(struct transfer *transfer, const char *url, struct body *body,
		 struct answer *answer)
{
	struct place place = transfer->home;
	int r;

	transfer->body = body;
	transfer->is_named = strcmp(url, transfer->request->url) == 0;
	r = ask_around(transfer, url, &place, answer);
	if (r == 0)
		r = judge(transfer, &place, answer);
	body_done(body);
	transfer->body = NULL;
	return r;
}
