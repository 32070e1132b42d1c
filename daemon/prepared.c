// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/prepared.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/clock.h"

#define KEPT_S 10

struct prepared {
	uint64_t number;
	uint32_t uid; /* whose comparison it was */
	uint64_t until_s; /* CLOCK_BOOTTIME */
	uint64_t store_version; /* that all of it is as of */
	uint64_t revision;
	char *text;
	size_t len;
	struct judge *judge;
	struct apply_set *sets; /* of the judge's policy */
	size_t set_count;
};

uint64_t prepared_keep(struct daemon *daemon, struct apply *apply)
{
	struct prepared *prepared = calloc(1, sizeof(*prepared));

	assert(apply->judge);

	if (!prepared)
		return 0;
	*prepared = (struct prepared){
		.number = ++daemon->prepared_count,
		.uid = apply->uid,
		.until_s = clock_boot_s() + KEPT_S,
		.store_version = apply->store_version,
		.revision = apply->number,
		.text = TAKE(apply->text),
		.len = apply->len,
		.judge = TAKE(apply->judge),
		.sets = TAKE(apply->sets),
		.set_count = apply->set_count,
	};
	prepared_free(daemon->prepared);
	daemon->prepared = prepared;
	return prepared->number;
}

struct prepared *prepared_claim(struct daemon *daemon, uint64_t number,
				uint32_t uid)
{
	if (!daemon->prepared || daemon->prepared->number != number ||
	    daemon->prepared->uid != uid)
		return NULL;
	return TAKE(daemon->prepared);
}

bool prepared_take(struct prepared *prepared, struct apply *apply)
{
	uint64_t version;

	if (prepared->len != apply->len ||
	    memcmp(prepared->text, apply->text, apply->len) != 0 ||
	    store_version(apply->store, &version) < 0 ||
	    version != prepared->store_version)
		return false;
	apply->number = prepared->revision;
	apply->judge = TAKE(prepared->judge);
	apply->sets = TAKE(prepared->sets);
	apply->set_count = prepared->set_count;
	return true;
}

void prepared_free(struct prepared *prepared)
{
	if (!prepared)
		return;
	judge_free(prepared->judge);
	free(prepared->sets);
	free(prepared->text);
	free(prepared);
}

void prepared_tick(struct daemon *daemon, uint64_t now_s)
{
	if (daemon->prepared && now_s >= daemon->prepared->until_s)
		prepared_free(TAKE(daemon->prepared));
}
