// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * feed-probe: which format a list has. It needs no state of ours; it is asked
 * here because what unpacks a list is large, and fwctl is quick because it does
 * not load that.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "daemon/bulk.h"
#include "daemon/requests.h"
#include "daemon/worker.h"
#include "rules/feedfile/decode.h"
#include "rules/feedfile/feedfile.h"

#define TEXT_BYTES_MAX (64u << 20)

struct probing {
	struct job job; /* first: the worker's view of it */
	struct call *call;
	char *bytes; /* NULL: it is empty */
	size_t len;
	int r;
	const char *why; /* static */
	struct feed_probe found;
};

static void probe(struct job *job)
{
	struct probing *probing = (struct probing *)job;
	CLEANUP(decoded_done) struct decoded text = {0};

	probing->r = decode(probing->bytes ? probing->bytes : "", probing->len,
			    TEXT_BYTES_MAX, &text, &probing->why);
	if (probing->r == 0)
		probing->found = feedfile_probe(text.text, text.len);
}

static void answer(struct job *job)
{
	struct probing *probing = (struct probing *)job;
	const struct feed_probe *found = &probing->found;
	json_t *text;

	if (probing->r < 0) {
		call_refuse(probing->call, probing->r, "%s", probing->why);
	} else {
		text = json_pack("{s:s*, s:s}", "format",
				 found->is_known
					 ? feedfile_format_name(found->format)
					 : NULL,
				 "why", found->why);
		if (found->is_known && found->format == FEED_CSV)
			(void)json_object_set_new(text, "column",
						  json_integer(found->column));
		call_done(probing->call, text);
	}
	if (probing->bytes)
		(void)munmap(probing->bytes, probing->len);
	free(probing);
}

void request_feed_probe(struct daemon *daemon, struct call *call)
{
	struct probing *probing = calloc(1, sizeof(*probing));

	if (!probing) {
		call_refuse(call, -ENOMEM, "out of memory");
		return;
	}
	probing->job.run = probe;
	probing->job.done = answer;
	probing->call = call;
	if (bulk_map_any(call, "list", &probing->bytes, &probing->len) < 0) {
		free(probing);
		return;
	}
	worker_submit(daemon->worker, &probing->job);
}
