// SPDX-License-Identifier: GPL-2.0-or-later
#include "images/fetch-feed/explain.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include <openssl/x509_vfy.h>

#include "rules/base.h"

struct named_status {
	long status;
	const char *text;
};

static const struct named_status statuses[] = {
	{304, "unchanged, though nobody asked"},
	{400, "bad request"},
	{401, "the key is missing or refused"},
	{403, "forbidden"},
	{404, "not found"},
	{406, "not available in this form"},
	{407, "the proxy wants a password"},
	{410, "gone for good"},
	{429, "asked too often"},
	{451, "unavailable for legal reasons"},
	{500, "error of the server"},
	{502, "error behind the server"},
	{503, "out of service"},
	{504, "no answer behind the server"},
};

/* libcurl itself compares the name, and OpenSSL has no reason for it then. */
static int explain_certificate(CURL *easy, const char *label,
			       struct answer *answer)
{
	long verified = X509_V_OK;

	(void)curl_easy_getinfo(easy, CURLINFO_SSL_VERIFYRESULT, &verified);
	return answer_fail(answer, -EKEYREJECTED,
			   "%s: its certificate is not accepted: %s", label,
			   verified == X509_V_OK ||
					   verified == X509_V_ERR_UNSPECIFIED
				   ? "it is for another name"
				   : X509_verify_cert_error_string(verified));
}

static int explain_connect(CURL *easy, const char *label, struct answer *answer)
{
	long error = 0;

	(void)curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &error);
	if (error <= 0)
		return answer_fail(answer, -ECONNREFUSED, "%s: no connection",
				   label);
	return answer_fail(answer, -(int)error, "%s: no connection: %s", label,
			   strerror((int)error));
}

int explain_code(CURL *easy, CURLcode code, const struct place *place,
		 struct answer *answer)
{
	char label[PLACE_LABEL_MAX];

	(void)place_label(place, label);
	switch (code) {
	case CURLE_COULDNT_RESOLVE_HOST:
		return answer_fail(answer, -ENOENT, "%s: no such host", label);
	case CURLE_COULDNT_CONNECT:
		return explain_connect(easy, label, answer);
	case CURLE_OPERATION_TIMEDOUT:
		return answer_fail(answer, -ETIMEDOUT, "%s: took too long",
				   label);
	case CURLE_PARTIAL_FILE:
	case CURLE_GOT_NOTHING:
	case CURLE_RECV_ERROR:
		return answer_fail(answer, -EPIPE, "%s: answer was cut short",
				   label);
	case CURLE_PEER_FAILED_VERIFICATION:
		return explain_certificate(easy, label, answer);
	default:
		return answer_fail(answer, -EIO, "%s: %s", label,
				   curl_easy_strerror(code));
	}
}

int explain_fault(int fault, const struct place *place, const struct body *body,
		  struct answer *answer)
{
	char label[PLACE_LABEL_MAX];

	(void)place_label(place, label);
	switch (fault) {
	case -EFBIG:
		return answer_fail(answer, fault,
				   "%s: longer than %" PRIu64 " bytes", label,
				   body->max_bytes);
	case -EBADMSG:
		return answer_fail(
			answer, fault,
			"%s: its gzip stream is damaged or cut short", label);
	case -EILSEQ:
		return answer_fail(
			answer, fault,
			"%s: sent a web page or XML where a feed is expected",
			label);
	case -ENOTSUP:
		return answer_fail(
			answer, fault,
			"%s: sent an encoding that was not asked for", label);
	default:
		return answer_fail(answer, fault, "%s: not stored: %s", label,
				   strerror(-fault));
	}
}

int explain_status(long after_s, const struct place *place,
		   struct answer *answer)
{
	const char *text = "not what was asked for";
	char label[PLACE_LABEL_MAX];
	int r;

	for (size_t i = 0; i < ARRAY_LEN(statuses); i++) {
		if (statuses[i].status == answer->http_status)
			text = statuses[i].text;
	}
	r = answer_fail(answer, -EPROTO, "%s: HTTP %ld, %s",
			place_label(place, label), answer->http_status, text);
	if (answer->http_status == 429 || answer->http_status == 503) {
		answer->outcome = OUTCOME_RETRY;
		if (after_s > 0)
			answer->retry_after_s = after_s;
	}
	return r;
}
