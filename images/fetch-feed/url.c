// SPDX-License-Identifier: GPL-2.0-or-later
#include "images/fetch-feed/url.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#include "rules/base.h"

DEFINE_CLEANUP(CURLU *, curl_url_cleanup)

static int copy_url(CURLU *parts, char **ret_url)
{
	char *url = NULL;
	char *copy;

	if (curl_url_get(parts, CURLUPART_URL, &url, 0) != CURLUE_OK)
		return -EINVAL;
	copy = strdup(url);
	curl_free(url);
	if (!copy)
		return -ENOMEM;
	*ret_url = copy;
	return 0;
}

static bool has_name(const char *parameter, const char *name)
{
	const size_t count = strlen(name);

	return strncmp(parameter, name, count) == 0 &&
	       strchr("=&", parameter[count]); /* or its end */
}

/* Take all parameters of this name out. Was there one? */
static bool leave_out(char *query, const char *name)
{
	const char *from = query;
	char *to = query;
	bool found = false;

	while (*from) {
		const size_t count = strcspn(from, "&");
		const bool is_it = has_name(from, name);

		if (!is_it) {
			if (to != query)
				*to++ = '&';
			memmove(to, from, count);
			to += count;
		}
		found |= is_it;
		from += count + (from[count] == '&');
	}
	*to = '\0';
	return found;
}

static int put_in(CURLU *parts, const char *name, const char *value)
{
	CLEANUP(freep) char *pair = NULL;

	if (asprintf(&pair, "%s=%s", name, value) < 0) {
		pair = NULL;
		return -ENOMEM;
	}
	return curl_url_set(parts, CURLUPART_QUERY, pair,
			    CURLU_APPENDQUERY | CURLU_URLENCODE) == CURLUE_OK
		       ? 0
		       : -EINVAL;
}

static int change(const char *url, const char *name, const char *value,
		  bool keeps, char **ret_url)
{
	CLEANUP(curl_url_cleanupp) CURLU *parts = curl_url();
	char *query = NULL;
	bool found = false;
	int r = 0;

	if (!parts)
		return -ENOMEM;
	if (curl_url_set(parts, CURLUPART_URL, url, 0) != CURLUE_OK)
		return -EINVAL;
	if (curl_url_get(parts, CURLUPART_QUERY, &query, 0) == CURLUE_OK) {
		found = leave_out(query, name);
		if (found && !keeps &&
		    curl_url_set(parts, CURLUPART_QUERY, *query ? query : NULL,
				 0) != CURLUE_OK)
			r = -EINVAL;
		curl_free(query);
	}
	if (r == 0 && !(found && keeps))
		r = put_in(parts, name, value);
	return r < 0 ? r : copy_url(parts, ret_url);
}

int url_follow(const char *base, const char *location, char **ret_url)
{
	CLEANUP(curl_url_cleanupp) CURLU *parts = curl_url();

	if (!parts)
		return -ENOMEM;
	if (!*location ||
	    curl_url_set(parts, CURLUPART_URL, base, 0) != CURLUE_OK ||
	    curl_url_set(parts, CURLUPART_URL, location,
			 CURLU_NON_SUPPORT_SCHEME | CURLU_URLENCODE) !=
		    CURLUE_OK)
		return -EINVAL;
	return copy_url(parts, ret_url);
}

int url_set(const char *url, const char *name, const char *value,
	    char **ret_url)
{
	return change(url, name, value, false, ret_url);
}

int url_add(const char *url, const char *name, const char *value,
	    char **ret_url)
{
	return change(url, name, value, true, ret_url);
}
