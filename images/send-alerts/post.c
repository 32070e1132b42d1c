// SPDX-License-Identifier: GPL-2.0-or-later
#include "images/send-alerts/post.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <curl/curl.h>

#define CONNECT_S 10L

struct post {
	CURLM *multi;
	CURL *easy;
	struct curl_slist *headers;
	const struct order *order;
	bool runs;
};

/* NOLINTNEXTLINE(readability-non-const-parameter): as libcurl has it */
static size_t throw_away(char *bytes, size_t size, size_t count, void *arg)
{
	(void)bytes;
	(void)arg;
	return size * count;
}

static bool is_loopback(const struct sockaddr *address)
{
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;

	if (address->sa_family == AF_INET) {
		memcpy(&v4, address, sizeof(v4));
		return ntohl(v4.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
	}
	if (address->sa_family != AF_INET6)
		return false;
	memcpy(&v6, address, sizeof(v6));
	return IN6_IS_ADDR_LOOPBACK(&v6.sin6_addr);
}

/* Rule 1. */
static curl_socket_t open_socket(void *arg, curlsocktype purpose,
				 struct curl_sockaddr *address)
{
	const struct post *post = arg;

	(void)purpose;
	if (!place_is_encrypted(&post->order->place) &&
	    !is_loopback(&address->addr))
		return CURL_SOCKET_BAD;
	return socket(address->family, address->socktype | SOCK_CLOEXEC,
		      address->protocol);
}

static int add_header(struct post *post, const char *line)
{
	struct curl_slist *longer = curl_slist_append(post->headers, line);

	if (!longer)
		return -ENOMEM;
	post->headers = longer;
	return 0;
}

static bool has_type(const struct order *order)
{
	static const char name[] = "content-type:";

	for (size_t i = 0; i < order->header_count; i++)
		if (strncasecmp(order->headers[i], name, sizeof(name) - 1) == 0)
			return true;
	return false;
}

static int make_headers(struct post *post)
{
	const struct order *order = post->order;
	/* a server need not say that it wants the body */
	int r = add_header(post, "Expect:");

	if (r == 0 && !has_type(order))
		r = add_header(post, "Content-Type: application/json");
	for (size_t i = 0; r == 0 && i < order->header_count; i++)
		r = add_header(post, order->headers[i]);
	return r;
}

static int set_up(struct post *post)
{
	const struct order *order = post->order;
	CURL *easy = post->easy;
	struct curl_blob ca = {
		.data = order->ca,
		.len = order->ca_bytes,
		.flags = CURL_BLOB_NOCOPY,
	};
	unsigned code = 0;

	code |= curl_easy_setopt(easy, CURLOPT_URL, order->url);
	code |= curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR,
				 order->place.scheme);
	code |= curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	code |= curl_easy_setopt(easy, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
	code |= curl_easy_setopt(easy, CURLOPT_HTTP_VERSION,
				 (long)CURL_HTTP_VERSION_1_1);
	code |= curl_easy_setopt(easy, CURLOPT_SSLVERSION,
				 (long)CURL_SSLVERSION_TLSv1_2);
	code |= curl_easy_setopt(easy, CURLOPT_USERAGENT,
				 "portcullis/" PORTCULLIS_VERSION);
	code |= curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	code |= curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, CONNECT_S);
	code |= curl_easy_setopt(easy, CURLOPT_TIMEOUT, (long)POST_TIMEOUT_S);
	code |= curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, throw_away);
	code |= curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
	code |= curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, post);
	code |= curl_easy_setopt(easy, CURLOPT_HTTPHEADER, post->headers);
	/* to this machine there is no way round */
	if (!place_is_encrypted(&order->place))
		code |= curl_easy_setopt(easy, CURLOPT_PROXY, "");
	if (order->ca) {
		code |= curl_easy_setopt(easy, CURLOPT_CAINFO, NULL);
		code |= curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
		code |= curl_easy_setopt(easy, CURLOPT_CAINFO_BLOB, &ca);
	}
	return code == 0 ? 0 : -ENOTSUP;
}

static int fill(struct post *post)
{
	int r;

	post->multi = curl_multi_init();
	post->easy = curl_easy_init();
	if (!post->multi || !post->easy)
		return -ENOMEM;
	r = make_headers(post);
	return r < 0 ? r : set_up(post);
}

int post_new(const struct order *order, struct post **ret_post)
{
	struct post *post;
	int r;

	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return -ENOMEM;
	post = calloc(1, sizeof(*post));
	if (!post)
		return -ENOMEM;
	post->order = order;
	r = fill(post);
	if (r < 0)
		post_free(post);
	else
		*ret_post = post;
	return r;
}

void post_free(struct post *post)
{
	if (!post)
		return;
	if (post->runs)
		(void)curl_multi_remove_handle(post->multi, post->easy);
	curl_easy_cleanup(post->easy);
	if (post->multi)
		(void)curl_multi_cleanup(post->multi);
	curl_slist_free_all(post->headers);
	free(post);
	curl_global_cleanup();
}

int post_begin(struct post *post, const char *body, size_t len)
{
	unsigned code = 0;

	assert(!post->runs);

	code |= curl_easy_setopt(post->easy, CURLOPT_POST, 1L);
	code |= curl_easy_setopt(post->easy, CURLOPT_POSTFIELDSIZE_LARGE,
				 (curl_off_t)len);
	code |= curl_easy_setopt(post->easy, CURLOPT_POSTFIELDS, body);
	if (code != 0 ||
	    curl_multi_add_handle(post->multi, post->easy) != CURLM_OK)
		return -ENOMEM;
	post->runs = true;
	return 0;
}

static enum post_result judge_status(struct post *post,
				     struct post_answer *answer)
{
	curl_off_t after_s = 0;
	long status = 0;

	(void)curl_easy_getinfo(post->easy, CURLINFO_RESPONSE_CODE, &status);
	(void)curl_easy_getinfo(post->easy, CURLINFO_RETRY_AFTER, &after_s);
	answer->status = status;
	answer->retry_after_s = after_s > 0 ? (uint64_t)after_s : 0;
	if (status >= 200 && status < 300)
		return POST_DONE;
	(void)snprintf(answer->why, sizeof(answer->why), "status %ld", status);
	/* RFC 9110, 15.5.9; RFC 8470; RFC 6585: not now */
	if (status == 408 || status == 425 || status == 429 || status >= 500)
		return POST_RETRY;
	return POST_REFUSED;
}

static enum post_result judge(struct post *post, CURLcode code,
			      struct post_answer *answer)
{
	*answer = (struct post_answer){0};
	if (code == CURLE_OK)
		return judge_status(post, answer);
	/* its own words hold no URL */
	(void)snprintf(answer->why, sizeof(answer->why), "%s",
		       code == CURLE_COULDNT_CONNECT &&
				       !place_is_encrypted(&post->order->place)
			       ? "could not connect to it on this machine"
			       : curl_easy_strerror(code));
	return POST_RETRY;
}

enum post_result post_turn(struct post *post, int fd, int wait_ms,
			   struct post_answer *ret_answer)
{
	struct curl_waitfd input = {.fd = fd, .events = CURL_WAIT_POLLIN};
	const struct CURLMsg *message;
	int running = 0, left;

	(void)curl_multi_poll(post->multi, &input, fd >= 0, wait_ms, NULL);
	if (!post->runs)
		return POST_RUNS;
	(void)curl_multi_perform(post->multi, &running);
	message = curl_multi_info_read(post->multi, &left);
	if (!message || message->msg != CURLMSG_DONE)
		return POST_RUNS;
	post->runs = false;
	(void)curl_multi_remove_handle(post->multi, post->easy);
	return judge(post, message->data.result, ret_answer);
}
