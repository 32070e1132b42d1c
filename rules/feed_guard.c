// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/feed_guard.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

#include "rules/base.h"
#include "rules/feed_sweep.h"

#define V4_ADDRESSES ((uint64_t)1 << 32)

/* Of lists of whole ranges: what is no change, a network of length 12, or 28 of
 * IPv6; and how much they may list at all. Of the IPv6 that registries have,
 * three fifths are nobody's yet. */
#define SLACK_ADDRESSES	  ((uint64_t)1 << 20)
#define SLACK_NETS	  ((uint64_t)1 << 36)
#define RANGES_PERCENT	  50u
#define RANGES_PERCENT_V6 80u

/* What may not be listed. */
enum kept {
	KEPT_PROTECTED,
	KEPT_RESOLVERS,
	KEPT_SPECIAL,
	KEPT_COUNT,
};

/* A version being judged. */
struct judging {
	const struct feed_version *version;
	struct feed_judgement *judgement;
	struct feed_sweep kept[KEPT_COUNT];
	struct feed_sweep before;
	struct feed_extent extent;
	struct feed_extent was, is, both; /* listed before, now, either way */
	size_t before_next; /* of those before, that is not yet in them */
	uint32_t hits; /* entries that meet anything kept */
	uint32_t everything; /* entries of all addresses */
	uint32_t below_v4, below_v6; /* entries shorter than the floor */
	uint32_t after; /* what would be listed */
	struct prefix shortest_v4, shortest_v6; /* of those */
};

static const char *const guard_names[] = {
	[FEED_GUARD_DEAD] = "dead",
	[FEED_GUARD_EMPTY] = "empty",
	[FEED_GUARD_CUT] = "cut",
	[FEED_GUARD_STATED] = "stated",
	[FEED_GUARD_REJECTS] = "rejects",
	[FEED_GUARD_EVERYTHING] = "everything",
	[FEED_GUARD_FLOOR_V4] = "floor-v4",
	[FEED_GUARD_FLOOR_V6] = "floor-v6",
	[FEED_GUARD_COVERAGE] = "coverage",
	[FEED_GUARD_PROTECTED_HITS] = "protected-hits",
	[FEED_GUARD_PROTECTED_SHARE] = "protected-share",
	[FEED_GUARD_EXPECTED] = "expected",
	[FEED_GUARD_SHRINK] = "shrink",
	[FEED_GUARD_GROW] = "grow",
};
_Static_assert(ARRAY_LEN(guard_names) == FEED_GUARD_COUNT, "");

static const char *const outcome_names[] = {
	[FEED_OUTCOME_ACCEPTED] = "accepted",
	[FEED_OUTCOME_HELD] = "held",
	[FEED_OUTCOME_DEAD] = "dead",
};
_Static_assert(ARRAY_LEN(outcome_names) == FEED_OUTCOME_COUNT, "");

static bool is_broad(const struct judging *judging)
{
	return feed_class_is_broad(
		(enum feed_class)judging->version->feed->class);
}

static bool is_allow(const struct judging *judging)
{
	return judging->version->feed->class == FEED_CLASS_ALLOW;
}

static const struct feed_limits *limits_of(const struct judging *judging)
{
	return &judging->version->feed->limits;
}

/* How an entry meets what is kept: bits of enum feed_mark. */
static unsigned int meet(struct judging *judging, const struct prefix *prefix)
{
	struct feed_judgement *judgement = judging->judgement;
	uint32_t *const hits[] = {
		[KEPT_PROTECTED] = &judgement->hits_protected,
		[KEPT_RESOLVERS] = &judgement->hits_resolvers,
		[KEPT_SPECIAL] = &judgement->hits_special,
	};
	unsigned int marks = 0;

	for (size_t i = 0; i < KEPT_COUNT; i++) {
		unsigned int met = feed_sweep_step(&judging->kept[i], prefix);

		*hits[i] += met != 0;
		marks |= met;
	}
	judging->hits += marks != 0;
	return marks;
}

/* No set may hold a network that has all of IPv4 in it. Lists of whole ranges
 * have such ones of IPv6, and lose them; nobody means every address. */
static unsigned int find_everything(struct judging *judging,
				    const struct prefix *prefix)
{
	if (!prefix_has_all_v4(prefix))
		return 0;
	if (prefix_len(prefix) == 0 || !is_broad(judging))
		judging->everything++;
	return FEED_MARK_LEFT_OUT;
}

static void find_widest(struct feed_widest *widest, const struct prefix *prefix)
{
	uint32_t at = widest->count;

	if (at == FEED_WIDEST && widest->prefixes[--at].bits <= prefix->bits)
		return;
	for (; at > 0 && widest->prefixes[at - 1].bits > prefix->bits; at--)
		widest->prefixes[at] = widest->prefixes[at - 1];
	widest->prefixes[at] = *prefix;
	if (widest->count < FEED_WIDEST)
		widest->count++;
}

static void find_short(struct judging *judging, const struct prefix *prefix)
{
	const struct feed_limits *limits = limits_of(judging);
	bool is_v4 = prefix_is_v4(prefix);
	uint32_t *count = is_v4 ? &judging->below_v4 : &judging->below_v6;
	struct prefix *shortest =
		is_v4 ? &judging->shortest_v4 : &judging->shortest_v6;

	if (prefix_len(prefix) >= (is_v4 ? limits->floor_v4 : limits->floor_v6))
		return;
	if (*count == 0 || prefix->bits < shortest->bits)
		*shortest = *prefix;
	++*count;
}

/* What is listed before it in order was before. */
static void walk_before(struct judging *judging, const struct prefix *up_to)
{
	const struct feed_prefixes *before = &judging->before.over;

	for (; judging->before_next < before->count; judging->before_next++) {
		const struct prefix *at =
			feed_prefix_at(before, judging->before_next);

		if (up_to && prefix_cmp(at, up_to) > 0)
			return;
		if (prefix_has_all_v4(at))
			continue; /* no set has one */
		feed_extent_add(&judging->was, at);
		feed_extent_add(&judging->both, at);
	}
}

/* Against what is listed now. */
static void walk_after(struct judging *judging, const struct prefix *prefix)
{
	struct feed_judgement *judgement = judging->judgement;

	judging->after++;
	if (is_broad(judging)) {
		walk_before(judging, prefix);
		feed_extent_add(&judging->is, prefix);
		feed_extent_add(&judging->both, prefix);
	}
	(void)feed_sweep_step(&judging->before, prefix);
	if (feed_sweep_has(&judging->before, prefix))
		return;
	judgement->added++;
	find_widest(prefix_is_v4(prefix) ? &judgement->widest_v4
					 : &judgement->widest_v6,
		    prefix);
}

/* Count what one entry is. */
static unsigned int walk_entry(struct judging *judging,
			       const struct prefix *prefix)
{
	struct feed_judgement *judgement = judging->judgement;
	unsigned int marks = find_everything(judging, prefix);

	if (!is_allow(judging))
		marks |= meet(judging, prefix);
	if (marks & FEED_MARK_LEFT_OUT) {
		judgement->left_out++;
		return marks;
	}
	judgement->around += (marks & FEED_MARK_AROUND) != 0;
	judgement->entries++;
	feed_extent_add(&judging->extent, prefix);
	find_short(judging, prefix);
	if (!judging->version->after)
		walk_after(judging, prefix);
	return marks;
}

static void walk(struct judging *judging, uint8_t *marks)
{
	const struct feed_prefixes *entries = &judging->version->entries;
	const struct feed_prefixes *after = judging->version->after;
	struct feed_judgement *judgement = judging->judgement;

	for (size_t i = 0; i < entries->count; i++) {
		const struct prefix *prefix = feed_prefix_at(entries, i);
		unsigned int mark;

		assert(i == 0 ||
		       prefix_cmp(feed_prefix_at(entries, i - 1), prefix) < 0);
		mark = walk_entry(judging, prefix);
		if (marks)
			marks[i] = (uint8_t)mark;
	}
	for (size_t i = 0; after && i < after->count; i++)
		walk_after(judging, feed_prefix_at(after, i));
	walk_before(judging, NULL);
	judgement->removed = (uint32_t)judging->before.over.count -
			     (judging->after - judgement->added);
	judgement->addresses_v4 = judging->extent.addresses_v4;
	judgement->nets_v6 = judging->extent.nets_v6;
}

static void fail(const struct judging *judging, enum feed_guard guard,
		 double figure, double limit, const char *format, ...)
	__attribute__((format(printf, 5, 6)));

static void fail(const struct judging *judging, enum feed_guard guard,
		 double figure, double limit, const char *format, ...)
{
	struct feed_judgement *judgement = judging->judgement;
	struct feed_finding *finding =
		&judgement->findings[judgement->finding_count++];
	va_list args;

	finding->guard = guard;
	finding->figure = figure;
	finding->limit = limit;
	va_start(args, format);
	(void)vsnprintf(finding->text, sizeof(finding->text), format, args);
	va_end(args);
}

static double percent(uint64_t part, uint64_t whole)
{
	return 100.0 * (double)part / (double)whole;
}

static bool is_above(uint64_t part, uint64_t whole, uint32_t percent_max)
{
	return part * 100 > whole * percent_max;
}

/* Against what it says of itself. */
static void check_stated(const struct judging *judging)
{
	const struct feed_reading *reading = &judging->version->reading;

	if (!reading->has_stated || reading->stated_matches)
		return;
	if (reading->stated == reading->counted)
		fail(judging, FEED_GUARD_STATED, (double)reading->counted,
		     (double)reading->stated,
		     "it has other bytes than it says");
	else
		fail(judging, FEED_GUARD_STATED, (double)reading->counted,
		     (double)reading->stated,
		     "it says that it has %llu entries, and has %llu",
		     (unsigned long long)reading->stated,
		     (unsigned long long)reading->counted);
}

static void check_reading(const struct judging *judging)
{
	const struct feed_reading *reading = &judging->version->reading;
	uint32_t entries = judging->judgement->entries;
	uint32_t max = limits_of(judging)->rejects;
	uint64_t lines = (uint64_t)reading->accepted + reading->rejected;

	if (reading->has_notice && entries == 0)
		fail(judging, FEED_GUARD_DEAD, 0, 1,
		     "it says that it is no longer kept, and has no entries");
	if (entries == 0 && !judging->version->feed->may_be_empty)
		fail(judging, FEED_GUARD_EMPTY, 0, 1,
		     "it has no entries that could be listed");
	if (reading->is_cut)
		fail(judging, FEED_GUARD_CUT, 0, 1,
		     "it does not end as its format does: it was cut short");
	check_stated(judging);
	if (is_above(reading->rejected, lines, max))
		fail(judging, FEED_GUARD_REJECTS,
		     percent(reading->rejected, lines), max,
		     "%u of %llu lines were not understood: %.1f %%, at most "
		     "%u %% may be so",
		     reading->rejected, (unsigned long long)lines,
		     percent(reading->rejected, lines), max);
}

static void check_floor(const struct judging *judging, enum feed_guard guard,
			uint32_t count, const struct prefix *shortest,
			uint32_t floor)
{
	char text[PREFIX_TEXT_MAX];

	if (count > 0)
		fail(judging, guard, prefix_len(shortest), floor,
		     "%u entries are wider than /%u, the widest is %s", count,
		     floor, prefix_to_text(shortest, text));
}

/* How much is missing, or new, of what a list of whole ranges had before. */
struct spread {
	const char *what, *how;
	uint64_t whole, part, slack;
	uint32_t max; /* % */
};

static bool check_spread(const struct judging *judging,
			 const struct spread *spread)
{
	double share;

	if (spread->part <= spread->slack || judging->before.over.count == 0)
		return false;
	if (spread->whole == 0) {
		fail(judging, FEED_GUARD_COVERAGE, 100, spread->max,
		     "it lists %s, and had none of them before", spread->what);
		return true;
	}
	share = percent(spread->part, spread->whole);
	if (share <= spread->max)
		return false;
	fail(judging, FEED_GUARD_COVERAGE, share, spread->max,
	     "of %s listed before, %.1f %% are %s, at most %u %% may be",
	     spread->what, share, spread->how, spread->max);
	return true;
}

static void check_spreads(const struct judging *judging)
{
	const struct feed_extent *was = &judging->was, *is = &judging->is,
				 *both = &judging->both;
	const struct feed_limits *limits = limits_of(judging);
	const struct spread spreads[] = {
		{"IPv4 addresses", "new", was->addresses_v4,
		 both->addresses_v4 - was->addresses_v4, SLACK_ADDRESSES,
		 limits->grow},
		{"IPv4 addresses", "missing", was->addresses_v4,
		 both->addresses_v4 - is->addresses_v4, SLACK_ADDRESSES,
		 limits->shrink},
		{"IPv6 networks in use", "new", was->used_v6,
		 both->used_v6 - was->used_v6, SLACK_NETS, limits->grow},
		{"IPv6 networks in use", "missing", was->used_v6,
		 both->used_v6 - is->used_v6, SLACK_NETS, limits->shrink},
	};

	for (size_t i = 0; i < ARRAY_LEN(spreads); i++)
		if (check_spread(judging, &spreads[i]))
			return;
}

/* A list of whole ranges has few entries, and each may be half the Internet: it
 * is measured by the addresses. */
static void check_ranges(const struct judging *judging)
{
	uint64_t addresses = judging->is.addresses_v4;
	uint64_t nets = judging->is.used_v6;

	if (is_above(addresses, V4_ADDRESSES, RANGES_PERCENT))
		fail(judging, FEED_GUARD_COVERAGE,
		     percent(addresses, V4_ADDRESSES), RANGES_PERCENT,
		     "it lists %.1f %% of all IPv4 addresses, at most %u %% "
		     "may be listed",
		     percent(addresses, V4_ADDRESSES), RANGES_PERCENT);
	else if (is_above(nets >> 8, FEED_USED_V6 >> 8, RANGES_PERCENT_V6))
		fail(judging, FEED_GUARD_COVERAGE, percent(nets, FEED_USED_V6),
		     RANGES_PERCENT_V6,
		     "it lists %.1f %% of the IPv6 networks in use, at most "
		     "%u %% may be listed",
		     percent(nets, FEED_USED_V6), RANGES_PERCENT_V6);
	else if (judging->judgement->entries > 0)
		check_spreads(judging);
}

static void check_width(const struct judging *judging)
{
	const struct feed_limits *limits = limits_of(judging);
	uint64_t addresses = judging->judgement->addresses_v4;
	uint64_t nets = judging->judgement->nets_v6;
	uint32_t everything =
		judging->everything + judging->version->reading.everything;

	if (everything > 0)
		fail(judging, FEED_GUARD_EVERYTHING, everything, 0,
		     "%u entries list every address", everything);
	if (is_broad(judging)) {
		check_ranges(judging);
		return;
	}
	check_floor(judging, FEED_GUARD_FLOOR_V4, judging->below_v4,
		    &judging->shortest_v4, limits->floor_v4);
	check_floor(judging, FEED_GUARD_FLOOR_V6, judging->below_v6,
		    &judging->shortest_v6, limits->floor_v6);
	if (is_above(addresses, V4_ADDRESSES, limits->coverage))
		fail(judging, FEED_GUARD_COVERAGE,
		     percent(addresses, V4_ADDRESSES), limits->coverage,
		     "it lists %.1f %% of all IPv4 addresses, at most %u %% "
		     "may be listed",
		     percent(addresses, V4_ADDRESSES), limits->coverage);
	if (is_above(nets >> 8, FEED_USED_V6 >> 8, limits->coverage))
		fail(judging, FEED_GUARD_COVERAGE, percent(nets, FEED_USED_V6),
		     limits->coverage,
		     "it lists %.1f %% of the IPv6 networks in use, at most "
		     "%u %% may be listed",
		     percent(nets, FEED_USED_V6), limits->coverage);
}

static void check_protected(const struct judging *judging)
{
	const struct feed_limits *limits = limits_of(judging);
	size_t all = judging->version->entries.count;

	if (is_broad(judging))
		return;
	if (judging->hits > limits->protected_hits)
		fail(judging, FEED_GUARD_PROTECTED_HITS, judging->hits,
		     limits->protected_hits,
		     "%u entries list what is protected, at most %u may",
		     judging->hits, limits->protected_hits);
	if (is_above(judging->hits, all, limits->protected_share))
		fail(judging, FEED_GUARD_PROTECTED_SHARE,
		     percent(judging->hits, all), limits->protected_share,
		     "%.1f %% of its entries list what is protected, at most "
		     "%u %% may",
		     percent(judging->hits, all), limits->protected_share);
}

/* Against what is expected of a first version. */
static void check_expected(const struct judging *judging)
{
	const struct feed *feed = judging->version->feed;
	uint32_t now = judging->judgement->entries;

	if (now < feed->expected_min || now > feed->expected_max)
		fail(judging, FEED_GUARD_EXPECTED, now,
		     now < feed->expected_min ? feed->expected_min
					      : feed->expected_max,
		     "%u entries, from %u to %u are expected of a first version",
		     now, feed->expected_min, feed->expected_max);
}

/* Entries of the last accepted version. */
static uint64_t entries_before(const struct judging *judging)
{
	uint32_t said = judging->version->before_entries;

	return said ? said : judging->before.over.count;
}

/* Of those, how many are to be there still. */
static uint64_t entries_left(const struct judging *judging)
{
	uint64_t before = entries_before(judging);
	uint64_t left = judging->before.over.count;

	return judging->version->can_end && left < before ? left : before;
}

/* Against the last accepted version. */
static void check_change(const struct judging *judging)
{
	const struct feed_limits *limits = limits_of(judging);
	uint64_t before = entries_before(judging);
	uint64_t left = entries_left(judging);
	uint64_t now = judging->judgement->entries;

	if (left > now + FEED_SLACK &&
	    is_above(left - now, left, limits->shrink))
		fail(judging, FEED_GUARD_SHRINK, percent(left - now, left),
		     limits->shrink,
		     "%llu entries after %llu: %.1f %% fewer, at most %u %% "
		     "may be missing",
		     (unsigned long long)now, (unsigned long long)left,
		     percent(left - now, left), limits->shrink);
	if (now > before + FEED_SLACK &&
	    is_above(now - before, before, limits->grow))
		fail(judging, FEED_GUARD_GROW, percent(now - before, before),
		     limits->grow,
		     "%llu entries after %llu: %.1f %% more, at most %u %% "
		     "may be new",
		     (unsigned long long)now, (unsigned long long)before,
		     percent(now - before, before), limits->grow);
}

static void check_volume(const struct judging *judging)
{
	if (judging->judgement->entries == 0 &&
	    judging->version->feed->may_be_empty)
		return;
	if (entries_before(judging) == 0)
		check_expected(judging);
	else
		check_change(judging);
}

static bool has_only_volume(const struct feed_judgement *judgement)
{
	/* findings are in the order of the guards, and those come last */
	return judgement->findings[0].guard >= FEED_GUARD_EXPECTED;
}

/* Are there enough of one size in a row? */
static bool agree(struct feed_memory *memory, uint32_t entries)
{
	uint64_t apart = entries > memory->held ? entries - memory->held
						: memory->held - entries;

	if (memory->agreed == 0 ||
	    is_above(apart, memory->held, FEED_AGREED_PERCENT))
		*memory = (struct feed_memory){.held = entries};
	memory->agreed++;
	return memory->agreed >= FEED_AGREED;
}

static void decide(struct feed_judgement *judgement, struct feed_memory *memory)
{
	if (judgement->finding_count == 0) {
		judgement->outcome = FEED_OUTCOME_ACCEPTED;
	} else if (judgement->findings[0].guard == FEED_GUARD_DEAD) {
		judgement->outcome = FEED_OUTCOME_DEAD;
	} else if (!has_only_volume(judgement)) {
		judgement->outcome = FEED_OUTCOME_HELD;
	} else if (agree(memory, judgement->entries)) {
		judgement->outcome = FEED_OUTCOME_ACCEPTED;
		judgement->is_forgiven = true;
	} else {
		judgement->outcome = FEED_OUTCOME_HELD;
		return;
	}
	*memory = (struct feed_memory){0};
}

void feed_judge(const struct feed_version *version, struct feed_memory *memory,
		uint8_t *ret_marks, struct feed_judgement *ret_judgement)
{
	struct judging judging = {
		.version = version,
		.judgement = ret_judgement,
		.kept[KEPT_PROTECTED].over = version->protected,
		.kept[KEPT_RESOLVERS].over = version->resolvers,
		.before.over = version->before,
	};

	assert(memory);
	assert(version->entries.count <= UINT32_MAX);

	if (!is_broad(&judging))
		judging.kept[KEPT_SPECIAL].over = feed_special;
	*ret_judgement = (struct feed_judgement){0};
	walk(&judging, ret_marks);
	ret_judgement->has_notice =
		version->reading.has_notice && ret_judgement->entries > 0;
	check_reading(&judging);
	check_width(&judging);
	check_protected(&judging);
	check_volume(&judging);
	decide(ret_judgement, memory);
}

const char *feed_guard_name(enum feed_guard guard)
{
	assert(guard < FEED_GUARD_COUNT);

	return guard_names[guard];
}

const char *feed_outcome_name(enum feed_outcome outcome)
{
	assert(outcome < FEED_OUTCOME_COUNT);

	return outcome_names[outcome];
}
