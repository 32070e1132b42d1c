// SPDX-License-Identifier: GPL-2.0-or-later
/* Random commits against a plain model in memory: the store holds the same. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rules/store.h"
#include "tests/support/scratch.h"

#define ROUNDS	      400
#define CHANGES_MAX   40
#define MEMBERS_MAX   4096
#define FEED_COUNT    3
#define FEED_TEXT     "name: feed\nand whatever stands there\n"
#define REASON_COUNT  5
#define PREFIX_COUNT  60
#define MAP_BYTES     (16u << 20)
#define SET_ID_LIMIT  8 /* sets 1..7, of which 4..7 come and go */
#define DEFAULT_SEEDS 4
#define TEXT_BYTES    30000 /* several parts */

struct model {
	bool has_set[SET_ID_LIMIT];
	struct set sets[SET_ID_LIMIT];
	struct {
		uint8_t set_id;
		struct member member;
	} members[MEMBERS_MAX];
	size_t member_count;
	struct attachment attachments[4];
	size_t attachment_count;
	struct {
		struct revision revision;
		const char *text;
	} revisions[REVISIONS_KEPT + 1]; /* oldest first */
	size_t revision_count;
	uint64_t current;
	struct pending pending;
	struct {
		bool is_there;
		struct feed_state state;
		uint32_t text_len;
	} feeds[FEED_COUNT];
	uint64_t seq;
	bool has_changed; /* anything, by the commit under way */
};

static uint64_t random_state;
static size_t feed_draws;

/* Marsaglia's xorshift64: the same everywhere for the same seed. */
static uint32_t draw(uint32_t below)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (uint32_t)(random_state >> 32) % below;
}

static const char *const reasons[REASON_COUNT] = {
	"", "scan", "list of others", "gr\xc3\xbc\xc3\x9f", "scans",
};

/* Few, so that they meet again; of both families and all lengths. */
static struct prefix draw_prefix(void)
{
	struct prefix prefix = {0};
	uint32_t n = draw(PREFIX_COUNT);

	if (n % 2)
		return prefix_of_v4(n * 0x01234567u, n % 33);
	prefix.addr[0] = (uint8_t)(n % 4 ? 0x20 : 0);
	prefix.addr[1] = (uint8_t)n;
	prefix.bits = (uint8_t)(16 + n % 113);
	return prefix;
}

static uint64_t last_number(const struct model *model)
{
	return model->revision_count
		       ? model->revisions[model->revision_count - 1]
				 .revision.number
		       : 0;
}

/* One that is there, or none; seldom one that never was. */
static uint64_t draw_number(const struct model *model)
{
	if (draw(32) == 0)
		return last_number(model) + 1;
	if (model->revision_count == 0 || draw(8) == 0)
		return 0;
	return model->revisions[draw((uint32_t)model->revision_count)]
		.revision.number;
}

/* Any bytes; what starts elsewhere is another text. */
static const char *draw_text(uint32_t len)
{
	static uint8_t bytes[2 * TEXT_BYTES];

	for (uint32_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 2654435761u >> 24);
	return (const char *)bytes + draw(sizeof(bytes) - len);
}

/* The revision is to outlive the change. */
static void draw_revision_put(const struct model *model,
			      struct revision *revision, struct change *change)
{
	*revision = (struct revision){
		.number = last_number(model) + (draw(16) ? 1 : draw(3) * 2),
		.time_s = draw(UINT32_MAX),
		.uid = draw(3) * 1000,
		.text_bytes = 1 + draw(draw(3) ? 100 : TEXT_BYTES),
	};
	(void)snprintf(revision->note, sizeof(revision->note), "%s",
		       reasons[draw(REASON_COUNT)]);
	change->revision_put = (struct revision_put){
		.revision = revision,
		.text = draw_text(revision->text_bytes),
	};
}

static void draw_pending(const struct model *model, struct change *change)
{
	struct pending pending = {
		.number = draw_number(model),
		.fallback = draw_number(model),
		.deadline_ns = (uint64_t)draw(UINT32_MAX) << draw(32),
	};

	for (size_t i = 0; i < BOOT_ID_BYTES; i++)
		pending.boot_id[i] = (uint8_t)draw(256);
	change->pending = pending;
	if (pending.number != 0)
		return;
	change->kind = CHANGE_REVISION_CURRENT;
	change->revision_number = pending.fallback;
}

static const char *const feed_names[FEED_COUNT] = {"a", "feed", "feed-2"};

static size_t feed_index(const char *name)
{
	for (size_t i = 0; i < FEED_COUNT; i++)
		if (strcmp(feed_names[i], name) == 0)
			return i;
	return FEED_COUNT;
}

/* The state outlives the commit. */
static void draw_feed(struct change *change)
{
	static struct feed_state states[CHANGES_MAX];
	struct feed_state *state = &states[feed_draws++ % CHANGES_MAX];

	*state = (struct feed_state){
		.newest = draw(9),
		.times = {.tried_s = draw(UINT32_MAX), .failures = draw(9)},
		.memory = {.held = draw(99), .agreed = draw(3)},
	};
	state->version = draw((uint32_t)state->newest + 1);
	(void)snprintf(state->why, sizeof(state->why), "%s",
		       reasons[draw(REASON_COUNT)]);
	change->feed_put = (struct feed_put){
		.name = feed_names[draw(FEED_COUNT)],
		.state = state,
		.text = FEED_TEXT,
		.len = draw(sizeof(FEED_TEXT)),
	};
}

/* Most changes can be made: one that cannot fails its whole commit. */
static struct change draw_change(const struct model *model,
				 struct revision *revision)
{
	struct change change = {
		.kind = draw(8) ? draw(2) : draw(CHANGE_COUNT),
		.set_id = (uint8_t)(1 + draw(SET_ID_LIMIT - 1)),
	};

	if (!model->has_set[change.set_id] && draw(64))
		change.set_id = SET_ID_BLOCK;
	if (change.set_id < SET_ID_FIRST_FREE && draw(64) &&
	    change.kind == CHANGE_SET_DEL)
		change.kind = CHANGE_SET_PUT;
	if (change.kind == CHANGE_SET_PUT)
		change.set_id = (uint8_t)(1 + draw(SET_ID_LIMIT - 1));

	switch (change.kind) {
	case CHANGE_MEMBER_PUT:
	case CHANGE_MEMBER_DEL:
		change.member.prefix = draw_prefix();
		change.member.evidence = (struct evidence){
			.origin = (uint8_t)draw(ORIGIN_COUNT),
			.uid = draw(3) * 1000,
			.line = draw(1u << 20),
			.created_s = draw(UINT32_MAX),
			.expires_s = draw(2) * (uint64_t)draw(UINT32_MAX) * 9,
			.reason = reasons[draw(REASON_COUNT)],
		};
		break;
	case CHANGE_SET_PUT:
		change.set = (struct set){
			.id = change.set_id,
			.action = (uint8_t)draw(SET_ACTION_COUNT),
			.kind = (uint8_t)draw(SET_KIND_COUNT),
			.capacity = draw(1000),
		};
		(void)snprintf(change.set.name, SET_NAME_MAX, "set-%u",
			       draw(100));
		break;
	case CHANGE_REVISION_PUT:
		draw_revision_put(model, revision, &change);
		break;
	case CHANGE_REVISION_CURRENT:
		change.revision_number = draw_number(model);
		break;
	case CHANGE_REVISION_PENDING:
		draw_pending(model, &change);
		break;
	case CHANGE_FEED_PUT:
	case CHANGE_FEED_DEL:
		draw_feed(&change);
		break;
	default: /* SET_DEL has its id */
		(void)snprintf(change.attachment.ifname, IFNAME_MAX, "eth%u",
			       draw(4));
		change.attachment.mode = (uint8_t)draw(3);
	}
	return change;
}

static void forget_member(struct model *model, size_t i)
{
	model->members[i] = model->members[--model->member_count];
}

static size_t find_member(const struct model *model,
			  const struct change *change)
{
	size_t i = 0;

	while (i < model->member_count &&
	       (model->members[i].set_id != change->set_id ||
		prefix_cmp(&model->members[i].member.prefix,
			   &change->member.prefix) != 0))
		i++;
	return i;
}

static size_t find_attachment(const struct model *model,
			      const struct change *change)
{
	size_t i = 0;

	while (i < model->attachment_count &&
	       strcmp(model->attachments[i].ifname,
		      change->attachment.ifname) != 0)
		i++;
	return i;
}

static int model_drop(struct model *model, uint8_t set_id)
{
	if (set_id < SET_ID_FIRST_FREE)
		return -EPERM;
	if (!model->has_set[set_id])
		return -ENOENT;
	for (size_t i = model->member_count; i-- > 0;) {
		if (model->members[i].set_id == set_id)
			forget_member(model, i);
	}
	model->has_set[set_id] = false;
	return 0;
}

static bool model_has_number(const struct model *model, uint64_t number)
{
	size_t i = 0;

	while (i < model->revision_count &&
	       model->revisions[i].revision.number != number)
		i++;
	return number == 0 || i < model->revision_count;
}

static int model_put_revision(struct model *model,
			      const struct revision_put *put)
{
	size_t i = model->revision_count, oldest = 0;

	if (put->revision->number != last_number(model) + 1)
		return -EEXIST;
	model->revisions[i].revision = *put->revision;
	model->revisions[i].text = put->text;
	if (++model->revision_count <= REVISIONS_KEPT)
		return 0;

	for (;; oldest++) {
		uint64_t number = model->revisions[oldest].revision.number;

		if (number != model->current &&
		    number != model->pending.number &&
		    number != model->pending.fallback)
			break;
	}
	memmove(&model->revisions[oldest], &model->revisions[oldest + 1],
		(i - oldest) * sizeof(model->revisions[0]));
	model->revision_count--;
	return 0;
}

static int model_apply_revision(struct model *model,
				const struct change *change)
{
	switch (change->kind) {
	case CHANGE_REVISION_PUT:
		return model_put_revision(model, &change->revision_put);
	case CHANGE_REVISION_CURRENT:
		if (!model_has_number(model, change->revision_number))
			return -ENOENT;
		model->current = change->revision_number;
		model->pending = (struct pending){0};
		return 0;
	default:
		if (!model_has_number(model, change->pending.number) ||
		    !model_has_number(model, change->pending.fallback))
			return -ENOENT;
		model->pending = change->pending;
		return 0;
	}
}

static int model_apply(struct model *model, const struct change *change)
{
	size_t i;

	model->has_changed |= change->kind != CHANGE_MEMBER_DEL;
	switch (change->kind) {
	case CHANGE_MEMBER_PUT:
		if (!model->has_set[change->set_id])
			return -ENOENT;
		i = find_member(model, change);
		assert_true(i < MEMBERS_MAX);
		model->members[i].set_id = change->set_id;
		model->members[i].member = change->member;
		model->member_count += i == model->member_count;
		return 0;
	case CHANGE_MEMBER_DEL:
		i = find_member(model, change);
		model->has_changed |= i < model->member_count;
		if (i < model->member_count)
			forget_member(model, i);
		return 0;
	case CHANGE_SET_PUT:
		model->has_set[change->set.id] = true;
		model->sets[change->set.id] = change->set;
		return 0;
	case CHANGE_SET_DEL:
		return model_drop(model, change->set_id);
	case CHANGE_ATTACHMENT_PUT:
		i = find_attachment(model, change);
		model->attachments[i] = change->attachment;
		model->attachment_count += i == model->attachment_count;
		return 0;
	case CHANGE_REVISION_PUT:
	case CHANGE_REVISION_CURRENT:
	case CHANGE_REVISION_PENDING:
		return model_apply_revision(model, change);
	case CHANGE_FEED_PUT:
	case CHANGE_FEED_DEL:
		i = feed_index(change->feed_put.name);
		model->feeds[i].is_there = change->kind == CHANGE_FEED_PUT;
		model->feeds[i].state = *change->feed_put.state;
		model->feeds[i].text_len = (uint32_t)change->feed_put.len;
		return 0;
	default:
		i = find_attachment(model, change);
		if (i < model->attachment_count)
			model->attachments[i] =
				model->attachments[--model->attachment_count];
		return 0;
	}
}

/* What is visited, held against the model, one after the other. */
struct check {
	const struct model *model;
	size_t count;
	uint8_t last_set;
	struct prefix last_prefix;
	char last_name[IFNAME_MAX];
};

static int check_set(void *arg, const struct set *set)
{
	struct check *check = arg;

	assert_true(set->id > check->last_set && set->id < SET_ID_LIMIT);
	assert_true(check->model->has_set[set->id]);
	assert_memory_equal(set, &check->model->sets[set->id], sizeof(*set));
	check->last_set = set->id;
	check->count++;
	return 0;
}

static int check_member(void *arg, uint8_t set_id, const struct member *member)
{
	struct check *check = arg;
	const struct change wanted = {.set_id = set_id, .member = *member};
	size_t i = find_member(check->model, &wanted);
	const struct evidence *a = &member->evidence, *b;

	assert_true(i < check->model->member_count);
	b = &check->model->members[i].member.evidence;
	assert_int_equal(a->origin, b->origin);
	assert_int_equal(a->uid, b->uid);
	assert_int_equal(a->line, b->line);
	assert_true(a->created_s == b->created_s);
	assert_true(a->expires_s == b->expires_s);
	assert_string_equal(a->reason, b->reason);

	assert_true(check->count == 0 || set_id > check->last_set ||
		    (set_id == check->last_set &&
		     prefix_cmp(&check->last_prefix, &member->prefix) < 0));
	check->last_set = set_id;
	check->last_prefix = member->prefix;
	check->count++;
	return 0;
}

static int check_attachment(void *arg, const struct attachment *wish)
{
	struct check *check = arg;
	const struct change wanted = {.attachment = *wish};
	size_t i = find_attachment(check->model, &wanted);

	assert_true(i < check->model->attachment_count);
	assert_memory_equal(wish, &check->model->attachments[i], sizeof(*wish));
	assert_true(strcmp(check->last_name, wish->ifname) < 0);
	memcpy(check->last_name, wish->ifname, sizeof(check->last_name));
	check->count++;
	return 0;
}

static int check_feed(void *arg, const struct feed_put *feed)
{
	struct check *check = arg;
	size_t i = feed_index(feed->name);

	uint8_t a[FEED_STATE_MAX], b[FEED_STATE_MAX];
	size_t bytes = feed_state_put(a, feed->state);

	assert_true(i < FEED_COUNT && check->model->feeds[i].is_there);
	assert_int_equal(feed_state_put(b, &check->model->feeds[i].state),
			 bytes);
	assert_memory_equal(a, b, bytes); /* a struct has holes */
	assert_int_equal(feed->len, check->model->feeds[i].text_len);
	assert_memory_equal(feed->text, FEED_TEXT, feed->len);
	check->count++;
	return 0;
}

static int check_revision(void *arg, const struct revision *revision)
{
	struct check *check = arg;
	size_t i = check->model->revision_count - ++check->count;

	assert_true(i < REVISIONS_KEPT);
	assert_memory_equal(revision, &check->model->revisions[i].revision,
			    sizeof(*revision));
	return 0;
}

static void assert_same_policy(struct store *store, const struct model *model)
{
	struct check check = {.model = model};
	struct pending pending;
	uint64_t number;
	size_t len;
	char *text;

	assert_int_equal(store_each_revision(store, check_revision, &check), 0);
	assert_int_equal(check.count, model->revision_count);
	for (size_t i = 0; i < model->revision_count; i++) {
		const struct revision *revision = &model->revisions[i].revision;

		assert_int_equal(store_revision_text(store, revision->number,
						     &text, &len),
				 0);
		assert_int_equal(len, revision->text_bytes);
		assert_memory_equal(text, model->revisions[i].text, len);
		free(text);
	}
	assert_int_equal(store_revision_last(store, &number), 0);
	assert_int_equal(number, last_number(model));
	assert_int_equal(store_policy_state(store, &number, &pending), 0);
	assert_int_equal(number, model->current);
	assert_memory_equal(&pending, &model->pending, sizeof(pending));
}

static void assert_same(struct store *store, const struct model *model)
{
	struct check sets = {.model = model}, members = sets,
		     attachments = sets, feeds = sets;
	struct store_usage usage;
	size_t set_count = 0, feed_count = 0;

	for (unsigned int id = 0; id < SET_ID_LIMIT; id++)
		set_count += model->has_set[id];
	assert_int_equal(store_each_set(store, check_set, &sets), 0);
	assert_int_equal(sets.count, set_count);
	assert_int_equal(store_each_member(store, 0, check_member, &members),
			 0);
	assert_int_equal(members.count, model->member_count);
	assert_int_equal(
		store_each_attachment(store, check_attachment, &attachments),
		0);
	assert_int_equal(attachments.count, model->attachment_count);
	assert_int_equal(store_each_feed(store, check_feed, &feeds), 0);
	for (size_t i = 0; i < FEED_COUNT; i++)
		feed_count += model->feeds[i].is_there;
	assert_int_equal(feeds.count, feed_count);
	assert_same_policy(store, model);
	assert_int_equal(store_usage(store, &usage), 0);
	assert_int_equal(usage.member_count, model->member_count);
	assert_int_equal(usage.journal_seq, model->seq);
}

static void run(struct scratch *scratch)
{
	static struct model model, after;
	static struct revision revisions[CHANGES_MAX];
	struct change changes[CHANGES_MAX];

	model = (struct model){0};
	for (size_t i = 0; i < ARRAY_LEN(set_builtins); i++) {
		model.has_set[set_builtins[i].id] = true;
		model.sets[set_builtins[i].id] = set_builtins[i];
	}
	for (unsigned int round = 0; round < ROUNDS; round++) {
		size_t count = draw(CHANGES_MAX);
		int r = 0;

		after = model;
		after.has_changed = count == 0;
		for (size_t i = 0; i < count; i++) {
			changes[i] = draw_change(&after, &revisions[i]);
			if (r == 0)
				r = model_apply(&after, &changes[i]);
		}
		after.seq += after.has_changed;
		assert_int_equal(scratch_commit(scratch, changes, count), r);
		if (r == 0)
			model = after;
		if (draw(20) == 0)
			scratch_reopen(scratch, MAP_BYTES);
		if (draw(20) == 0)
			store_trim(scratch->store);
		if (draw(5) == 0)
			assert_same(scratch->store, &model);
	}
	assert_same(scratch->store, &model);
	assert_true(model.seq > ROUNDS / 2);
	assert_true(last_number(&model) > 2ul * REVISIONS_KEPT);
}

static void the_store_holds_what_a_plain_model_holds(void **state)
{
	const char *given = getenv("SEED");
	uint64_t first = given ? strtoull(given, NULL, 10) : 1;
	struct scratch scratch;

	(void)state;
	for (uint64_t seed = first; seed < first + DEFAULT_SEEDS; seed++) {
		print_message("SEED=%llu\n", (unsigned long long)seed);
		random_state = seed * 0x9e3779b97f4a7c15u;
		scratch_init(&scratch, MAP_BYTES);
		run(&scratch);
		scratch_done(&scratch);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_store_holds_what_a_plain_model_holds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
