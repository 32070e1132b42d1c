// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/feed_read.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "daemon/clock.h"
#include "daemon/feed_files.h"
#include "daemon/feed_known.h"
#include "daemon/import_plan.h"

_Static_assert(offsetof(struct standing, prefix) == 0, "find_before()");

static int add_member(void *arg, uint8_t set_id, const struct member *member)
{
	struct feed_read *read = arg;

	(void)set_id;
	return standings_add(&read->import->standings, member);
}

static int add_exception(void *arg, uint8_t set_id, const struct member *member)
{
	struct feed_intake *intake = arg;
	uint64_t until_s = member->evidence.expires_s;

	(void)set_id;
	if (until_s && until_s <= intake->now_s)
		return 0;
	return prefix_list_add(&intake->exceptions, &member->prefix);
}

static int read_protected(struct feed_read *read)
{
	struct feed_intake *intake = &read->intake;
	int r = 0;

	for (size_t i = 0; i < guard_count(read->guard) && r == 0; i++)
		r = prefix_list_add(&intake->protected,
				    &guard_entry(read->guard, i)->prefix);
	if (r == 0)
		r = feed_known_servers("", &intake->protected);
	/* without it the version is judged all the same, and an alert says so */
	if (r == 0)
		read->resolvers_r = feed_known_resolvers(
			read->config->resolvers, &intake->resolvers);
	if (read->resolvers_r == -ENOMEM)
		r = -ENOMEM;
	prefix_list_sort(&intake->protected);
	prefix_list_sort(&intake->resolvers);
	return r;
}

/* What leaves is no longer in the list. Mostly there is none. */
static int find_before(struct feed_read *read)
{
	const struct standings *standings = &read->import->standings;
	size_t leaving = 0;
	int r = 0;

	read->intake.before = (struct feed_prefixes){
		.prefixes = (const void *)standings->list,
		.count = standings->count,
		.step = sizeof(*standings->list),
	};
	for (size_t i = 0; i < standings->count; i++)
		leaving += is_leaving(&standings->list[i]);
	if (leaving == 0)
		return 0;
	for (size_t i = 0; i < standings->count && r == 0; i++)
		if (!is_leaving(&standings->list[i]))
			r = prefix_list_add(&read->before,
					    &standings->list[i].prefix);
	read->intake.before = (struct feed_prefixes){
		.prefixes = read->before.list,
		.count = read->before.count,
	};
	return r;
}

/* When it is read anew, its members keep their ends. */
static int find_ends(struct feed_read *read)
{
	const struct standings *standings = &read->import->standings;
	int r = 0;

	for (size_t i = 0; i < standings->count && r == 0; i++) {
		const struct standing *member = &standings->list[i];

		if (!is_leaving(member))
			r = feed_ends_add(&read->intake.ends, member->expires_s,
					  member->line);
	}
	return r;
}

static int read_store(struct feed_read *read)
{
	int r;

	standings_reserve(&read->import->standings, read->members);
	r = store_each_member(read->store, read->import->set.id, add_member,
			      read);
	if (r == 0)
		r = find_before(read);
	if (r == 0 && read->is_of_set)
		r = find_ends(read);
	if (r == 0 && read->except_id)
		r = store_each_member(read->store, read->except_id,
				      add_exception, &read->intake);
	return r;
}

static int map_version(struct feed_read *read)
{
	int r = feed_files_map(read->config->state_dir, read->feed->name,
			       read->number, &read->bytes, &read->len);

	if (r < 0)
		(void)snprintf(read->why, sizeof(read->why),
			       "version %llu is not kept (%s)",
			       (unsigned long long)read->number, strerror(-r));
	return r;
}

/* What nobody may let in. */
static bool has_everything(const struct feed_judgement *judgement)
{
	for (uint32_t i = 0; i < judgement->finding_count; i++)
		if (judgement->findings[i].guard == FEED_GUARD_EVERYTHING)
			return true;
	return false;
}

static int judge(struct feed_read *read)
{
	struct feed_intake *intake = &read->intake;
	const struct feed_judgement *judgement = &intake->judgement;
	int r;

	intake->feed = read->feed;
	if (!read->is_of_set)
		intake->bytes = read->bytes ? read->bytes : "";
	intake->len = read->len;
	r = feed_intake_run(intake);
	if (r < 0)
		(void)snprintf(read->why, sizeof(read->why), "%s", intake->why);
	read->is_accepted =
		r == 0 &&
		(read->is_new ? judgement->outcome == FEED_OUTCOME_ACCEPTED
			      : !has_everything(judgement));
	return r;
}

static void plan(struct feed_read *read)
{
	struct feed_intake *intake = &read->intake;

	read->import->never = intake->never.list;
	read->import->never_count = intake->never.count;
	read->import->listed = intake->listed;
	intake->listed = (struct listed_array){0};
	read->plan_r = import_plan(read->import);
}

int feed_read_run(struct feed_read *read)
{
	uint64_t from_ns = clock_mono_ns();
	int r = read->is_new ? 0 : map_version(read);

	/* a restore brings the members, and not what they were read from */
	if (r == -ENOENT && read->is_again) {
		read->is_of_set = true;
		r = 0;
	}
	if (r == 0)
		r = read_protected(read);
	if (r == 0)
		r = read_store(read);
	read->set_ns = clock_take_span(&from_ns);
	if (r == 0)
		r = judge(read);
	/* the version is judged all the same */
	if (r == 0 && read->revision)
		read->cuts_r = feed_cuts_new(read->store, read->revision,
					     &read->import->set,
					     &read->intake.listed, &read->cuts);
	from_ns = clock_mono_ns();
	if (r == 0 && read->is_accepted && !read->is_dry)
		plan(read);
	read->plan_ns = clock_take_span(&from_ns);
	prefix_list_done(&read->before);
	return r;
}

int feed_read_file(struct feed_read *read)
{
	uint64_t from_ns = clock_mono_ns();
	int r = feed_files_write(read->config->state_dir, read->feed->name,
				 read->number, read->bytes, read->len);

	read->file_ns = clock_take_span(&from_ns);
	return r;
}

void feed_read_done(struct feed_read *read)
{
	feed_intake_done(&read->intake);
	feed_cuts_free(read->cuts);
	guard_free(read->guard);
	if (read->bytes)
		(void)munmap(read->bytes, read->len);
}
