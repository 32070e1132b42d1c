// SPDX-License-Identifier: GPL-2.0-or-later
#include "images/fetch-feed/place.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <curl/curl.h>

#include "images/fetch-feed/text.h"
#include "rules/base.h"

DEFINE_CLEANUP(CURLU *, curl_url_cleanup)

static int copy_part(CURLU *parts, CURLUPart part, char *to, size_t size)
{
	char *text = NULL;
	int r = -EINVAL;

	if (curl_url_get(parts, part, &text, CURLU_DEFAULT_PORT) == CURLUE_OK &&
	    strlen(text) < size) {
		memcpy(to, text, strlen(text) + 1);
		r = 0;
	}
	curl_free(text);
	return r;
}

int place_from_url(const char *url, struct place *ret_place)
{
	CLEANUP(curl_url_cleanupp) CURLU *parts = curl_url();
	struct place place;
	CURLUcode code;

	if (!parts)
		return -ENOMEM;
	if (!text_is_printable(url) || strchr(url, ' '))
		return -EINVAL;
	code = curl_url_set(parts, CURLUPART_URL, url,
			    CURLU_DISALLOW_USER | CURLU_NON_SUPPORT_SCHEME);
	if (code == CURLUE_USER_NOT_ALLOWED)
		return -EPERM;
	if (code != CURLUE_OK)
		return -EINVAL;
	if (copy_part(parts, CURLUPART_SCHEME, place.scheme,
		      sizeof(place.scheme)) < 0 ||
	    (strcmp(place.scheme, "http") != 0 &&
	     strcmp(place.scheme, "https") != 0))
		return -EPROTONOSUPPORT;
	if (copy_part(parts, CURLUPART_HOST, place.host, sizeof(place.host)) <
		    0 ||
	    copy_part(parts, CURLUPART_PORT, place.port, sizeof(place.port)) <
		    0)
		return -EINVAL;
	*ret_place = place;
	return 0;
}

const char *place_label(const struct place *place, char label[PLACE_LABEL_MAX])
{
	const char *usual = place_is_encrypted(place) ? "443" : "80";

	if (strcmp(place->port, usual) == 0)
		(void)snprintf(label, PLACE_LABEL_MAX, "%s://%s", place->scheme,
			       place->host);
	else
		(void)snprintf(label, PLACE_LABEL_MAX, "%s://%s:%s",
			       place->scheme, place->host, place->port);
	return label;
}

bool place_is_same(const struct place *a, const struct place *b)
{
	return strcmp(a->scheme, b->scheme) == 0 &&
	       strcasecmp(a->host, b->host) == 0 &&
	       strcmp(a->port, b->port) == 0;
}

bool place_is_encrypted(const struct place *place)
{
	return strcmp(place->scheme, "https") == 0;
}
