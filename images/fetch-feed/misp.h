/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * misp.h - the events of a MISP feed, as one response.
 *
 * The URL is that of the manifest, which names each event and says when it was
 * last changed; the events lie beside it. They are taken from the newest on, as
 * many as the request has pages at most: what is older is left out. The answer
 * is as MISP's own, {"response": [{"Event": ...}, ...]}, and the same events are
 * the same bytes. An event that does not come fails all of it.
 */
#pragma once

#include "images/fetch-feed/answer.h"
#include "images/fetch-feed/request.h"
#include "images/fetch-feed/sink.h"
#include "images/fetch-feed/transfer.h"

/* As transfer_get(): 0, TRANSFER_UNCHANGED if the manifest is, or a negative
 * errno with a sentence in the answer. */
int misp_fetch(struct transfer *transfer, const struct request *request,
	       struct sink *sink, struct answer *answer);
