/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * taxii.h - the pages of a TAXII 2.1 collection, as one STIX bundle.
 *
 * The URL is that of the collection's objects; filters, added_after among them,
 * stand in its query. Pages are asked for until none is left: by "next", or by
 * the date of the last object where a server sends "more" and no "next". Pages
 * and their size are bounded, and of the bundle its size.
 *
 * The id of the bundle is made from its objects, so the same objects are the
 * same bytes.
 */
#pragma once

#include "images/fetch-feed/answer.h"
#include "images/fetch-feed/request.h"
#include "images/fetch-feed/sink.h"
#include "images/fetch-feed/transfer.h"

/* 0, or a negative errno with a sentence in the answer. */
int taxii_fetch(struct transfer *transfer, const struct request *request,
		struct sink *sink, struct answer *answer);
