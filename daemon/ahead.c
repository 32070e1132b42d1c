// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/ahead.h"

#include <stdlib.h>

struct touching {
	struct job job; /* first: the worker's view of it */
	void *at;
	size_t bytes;
};

static void run(struct job *job)
{
	struct touching *touching = (struct touching *)job;

	pool_touch_now.fn(NULL, touching->at, touching->bytes);
}

static void done(struct job *job)
{
	free(job);
}

/* Without memory for this there is none to bring in either. */
static void touch(void *arg, void *at, size_t bytes)
{
	struct touching *touching = calloc(1, sizeof(*touching));

	if (!touching)
		return;
	*touching = (struct touching){
		.job = {.run = run, .done = done},
		.at = at,
		.bytes = bytes,
	};
	worker_submit(arg, &touching->job);
}

struct pool_touch ahead_touch(struct worker *worker)
{
	return (struct pool_touch){.fn = touch, .arg = worker};
}
