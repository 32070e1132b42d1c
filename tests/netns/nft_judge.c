// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * nft_judge - fwd and nftables judge the same packets by the same policies.
 *
 *	nft_judge [--policies N | --seconds N] [--packets N] [--seed N]
 *
 * Started by test_nftables.sh, in the world that it makes. Of what invent.h
 * invents, rules that nftables cannot say are taken out: those that the
 * exporter leaves out, and before that conditions on fragments, tags, the
 * sender's card on the way out, and what documents do not have: zones of rules
 * for both directions, ::/0, flags among none. Members of sets are no wider than /8 and /47
 * and not link-local, so that they hold nothing that fwd protects.
 * There are no limits and no states. Packets have no tags, and are IP.
 *
 * Where the two differ by their nature (docs/policy.md) the oracle has to say
 * so of the packet, and how often that was is printed. A frame lost on its way
 * looks like one dropped: what does not agree is sent again before it counts.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rules/document.h"
#include "rules/foreign/nft_print.h"
#include "rules/oracle.h"
#include "tests/support/crossing.h"
#include "tests/support/invent.h"
#include "tests/support/run_options.h"

#define POLICIES       30
#define PACKETS	       2000
#define FIRST_SEED     20261129
#define RULES_MAX      40
#define MEMBERS_MAX    6 /* of a set */
#define TRIES	       3
#define COMPARED_LEAST 0.7 /* of all packets */
#define ETHERNET_BYTES 14

/* Why the two may differ about a packet. */
enum difference {
	DIFFERENCE_NONE,
	DIFFERENCE_KERNEL, /* refused by the IP stack's own checks */
	DIFFERENCE_UNREADABLE, /* breaks off behind its addresses */
	DIFFERENCE_FRAGMENT, /* a later one: nftables reads ports from it */
	DIFFERENCE_AUTH, /* an authentication header in IPv6: nftables takes it
			    for the protocol */
	DIFFERENCE_NEIGHBOUR, /* neighbour discovery from a listed source, where
				 it is not essential */
	DIFFERENCE_COUNT,
};

static const char *const difference_names[] = {
	[DIFFERENCE_NONE] = "compared",
	[DIFFERENCE_KERNEL] = "not valid to the IP stack",
	[DIFFERENCE_UNREADABLE] = "unreadable behind their addresses",
	[DIFFERENCE_FRAGMENT] = "later fragments",
	[DIFFERENCE_AUTH] = "IPv6 with an authentication header",
	[DIFFERENCE_NEIGHBOUR] = "neighbour discovery of listed sources",
};
_Static_assert(ARRAY_LEN(difference_names) == DIFFERENCE_COUNT, "");

struct bench {
	struct crossing crossing;
	const char *fwctl;
	const char *work;
	struct policy policy;
	const char *ifname;
	struct crossing_frame *frames;
	struct crossed *crossed;
	size_t count;
	uint64_t totals[DIFFERENCE_COUNT];
	uint64_t dropped; /* of those compared */
};

/* What is known of one packet without either judge. */
struct opinion {
	struct packet packet;
	struct oracle_answer answer;
	enum difference difference;
};

static struct run_options options;

static bool is_one_of(struct dice *dice, unsigned int count)
{
	return dice_below(dice, count) == 0;
}

/* Policies. */

static struct prefix invent_member(struct dice *dice)
{
	struct prefix prefix;

	do
		prefix = invent_prefix(dice);
	while (prefix_is_v4(&prefix)
		       ? prefix_len(&prefix) < 8
		       : prefix.bits < 47 || prefix.addr[0] == 0xfe);
	return prefix;
}

static void declare_sets(struct dice *dice, struct policy *policy)
{
	static const enum set_action actions[INVENT_SETS] = {
		SET_NONE, SET_NONE, SET_NONE, SET_SHADOW, SET_DROP, SET_ALLOW,
	};

	policy->sets = calloc(INVENT_SETS, sizeof(*policy->sets));
	assert_non_null(policy->sets);
	policy->set_count = INVENT_SETS;
	for (size_t i = 0; i < INVENT_SETS; i++) {
		struct policy_set *set = &policy->sets[i];

		set->set.kind = SET_STATIC;
		set->set.action = (uint8_t)actions[i];
		set->set.capacity = 1000;
		(void)snprintf(set->set.name, sizeof(set->set.name), "%s",
			       invent_sets[i]);
		set->members = calloc(MEMBERS_MAX, sizeof(*set->members));
		assert_non_null(set->members);
		set->member_count = dice_below(dice, MEMBERS_MAX + 1);
		for (size_t k = 0; k < set->member_count; k++)
			set->members[k] = invent_member(dice);
	}
}

static void forget_ranges(struct match_ranges *match)
{
	free(match->ranges);
	*match = (struct match_ranges){0};
}

/* A document has no network of both families. */
static void restrict_address(struct match_address *match)
{
	static const struct prefix global = {.addr = {0x20}, .bits = 3};

	for (size_t i = 0; i < match->prefix_count; i++)
		if (prefix_has_all_v4(&match->prefixes[i]) &&
		    !prefix_is_v4(&match->prefixes[i]))
			match->prefixes[i] = global;
}

/* What documents or nftables cannot say. */
static void restrict_rule(struct rule *rule)
{
	static const struct flags syn = {.mask = 2, .value = 2};

	restrict_address(&rule->source);
	restrict_address(&rule->destination);
	for (size_t i = 0; i < rule->flags.count; i++)
		if (rule->flags.flags[i].mask == 0)
			rule->flags.flags[i] = syn;
	rule->frags = 0;
	forget_ranges(&rule->ranges[RANGE_VLAN]);
	if (rule->zones.count > 0 && rule->directions == 3)
		rule->directions = DIRECTION_IN;
	if (rule->macs.count > 0)
		rule->directions = DIRECTION_IN;
}

static bool is_left_out(const struct foreign_report *report, const char *id)
{
	for (size_t i = 0; i < report->note_count; i++)
		if (report->notes[i].kind == NOTE_LEFT_OUT &&
		    strcmp(report->notes[i].text, id) == 0)
			return true;
	return false;
}

/* Take out the rules that the exporter leaves out. */
static void keep_exported(struct policy *policy)
{
	struct foreign_report report = {0};
	FILE *nowhere = fopen("/dev/null", "we");
	size_t kept = 0;

	assert_non_null(nowhere);
	assert_int_equal(nftables_print(policy, nowhere, &report), 0);
	(void)fclose(nowhere);
	for (size_t i = 0; i < policy->rule_count; i++) {
		if (is_left_out(&report, policy->rules[i].id))
			rule_done(&policy->rules[i]);
		else
			policy->rules[kept++] = policy->rules[i];
	}
	policy->rule_count = kept;
	foreign_report_done(&report);
}

/* As a document, and what a reader makes of that. */
static void write_document(struct bench *bench)
{
	struct document_note where = {0};
	char path[256], *text = NULL;
	size_t len = 0;
	FILE *memory = open_memstream(&text, &len);
	FILE *file;

	assert_non_null(memory);
	assert_int_equal(document_print(&bench->policy, memory), 0);
	assert_int_equal(fclose(memory), 0);
	(void)snprintf(path, sizeof(path), "%s/firewall.yml", bench->work);
	file = fopen(path, "we");
	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, len, file), len);
	assert_int_equal(fclose(file), 0);
	policy_done(&bench->policy);
	if (document_read(text, len, &bench->policy, &where) < 0)
		fail_msg("%u:%u: %s in: %s", where.line, where.column,
			 where.text, text);
	free(text);
}

static void make_policy(struct bench *bench, struct dice *dice)
{
	const struct invent_config config = {.rules_max = RULES_MAX};

	invent_policy(dice, &config, &bench->policy);
	declare_sets(dice, &bench->policy);
	for (size_t i = 0; i < bench->policy.rule_count; i++)
		restrict_rule(&bench->policy.rules[i]);
	keep_exported(&bench->policy);
	write_document(bench);
}

static void load_policy(const struct bench *bench)
{
	char command[1024];

	(void)snprintf(command, sizeof(command),
		       "'%s' policy apply '%s/firewall.yml' 2>&1", bench->fwctl,
		       bench->work);
	free(crossing_run(&bench->crossing, CROSSING_FAR, command));
	(void)snprintf(command, sizeof(command),
		       "'%s' policy export nftables '%s/firewall.yml' "
		       ">'%s/policy.nft' 2>'%s/notes' && "
		       "nft -f '%s/policy.nft' 2>&1",
		       bench->fwctl, bench->work, bench->work, bench->work,
		       bench->work);
	free(crossing_run(&bench->crossing, CROSSING_THEIRS, command));
}

/* The third judge. */

static bool is_member(void *arg, const char *name, const struct prefix *address)
{
	const struct policy *policy = arg;

	for (size_t i = 0; i < policy->set_count; i++) {
		const struct policy_set *set = &policy->sets[i];

		for (size_t k = 0; k < set->member_count; k++)
			if (strcmp(set->set.name, name) == 0 &&
			    prefix_covers(&set->members[k], address))
				return true;
	}
	return false;
}

static enum set_action action_of(void *arg, const struct prefix *address)
{
	const struct policy *policy = arg;
	enum set_action strongest = SET_NONE;

	for (size_t i = 0; i < policy->set_count; i++) {
		const struct set *set = &policy->sets[i].set;

		if (set->action < strongest &&
		    is_member(arg, set->name, address))
			strongest = (enum set_action)set->action;
	}
	return strongest;
}

static size_t word_at(const struct invent_frame *frame, size_t at)
{
	return (size_t)frame->data[at] << 8 | frame->data[at + 1];
}

/* ip_rcv() and ip6_rcv() look at these before prerouting. */
static bool is_refused4(const struct invent_frame *frame)
{
	size_t header = (size_t)(frame->data[ETHERNET_BYTES] & 15) * 4;
	size_t total = word_at(frame, ETHERNET_BYTES + 2);

	return frame->data[ETHERNET_BYTES] >> 4 != 4 || header < 20 ||
	       total < header || total > frame->len - ETHERNET_BYTES;
}

/* It parses hop-by-hop options; only those of nothing but padding are sure. */
static bool has_bad_options(const struct invent_frame *frame)
{
	static const uint8_t padding[7];
	size_t at = ETHERNET_BYTES + 40;

	return frame->data[ETHERNET_BYTES + 6] == 0 &&
	       (frame->len < at + 8 ||
		memcmp(frame->data + at + 1, padding, sizeof(padding)) != 0);
}

static bool is_refused6(const struct invent_frame *frame)
{
	const uint8_t *ip = frame->data + ETHERNET_BYTES;
	size_t payload = word_at(frame, ETHERNET_BYTES + 4);

	/* a multicast source; a group of this interface or of no scope */
	return ip[0] >> 4 != 6 || ip[8] == 0xff ||
	       (ip[24] == 0xff && (ip[25] & 15) <= 1) ||
	       payload > frame->len - ETHERNET_BYTES - 40 ||
	       has_bad_options(frame);
}

/* Is there one among the headers of IPv6, or the start of one? */
static bool has_auth(const struct invent_frame *frame)
{
	size_t at = ETHERNET_BYTES + 40;
	uint8_t next = frame->data[ETHERNET_BYTES + 6];

	while ((next == 0 || next == 43 || next == 44 || next == 60) &&
	       at + 8 <= frame->len) {
		size_t units = next == 44 ? 0 : frame->data[at + 1];

		next = frame->data[at];
		at += 8 + 8 * units;
	}
	return frame->data[12] != 0x08 && next == 51;
}

static bool is_refused(const struct invent_frame *frame)
{
	return frame->data[12] == 0x08 ? is_refused4(frame)
				       : is_refused6(frame);
}

static struct opinion think(struct bench *bench,
			    const struct crossing_frame *sent)
{
	const struct oracle_world world = {
		.is_member = is_member,
		.action_of = action_of,
		.arg = &bench->policy,
	};
	struct opinion opinion = {0};
	enum packet_reading reading =
		packet_read(sent->frame.data, sent->frame.len, &opinion.packet);

	opinion.packet.direction = sent->direction;
	opinion.packet.state = FLOW_STATE_COUNT;
	(void)snprintf(opinion.packet.ifname, sizeof(opinion.packet.ifname),
		       "%s", bench->ifname);
	opinion.answer = oracle_judge(&bench->policy, &opinion.packet, reading,
				      &world, NULL);
	if (is_refused(&sent->frame))
		opinion.difference = DIFFERENCE_KERNEL;
	else if (reading == PACKET_UNREADABLE)
		opinion.difference = DIFFERENCE_UNREADABLE;
	else if (opinion.packet.frag == FRAG_LATER)
		opinion.difference = DIFFERENCE_FRAGMENT;
	else if (has_auth(&sent->frame))
		opinion.difference = DIFFERENCE_AUTH;
	else if (opinion.answer.end == ORACLE_NEIGHBOUR &&
		 !(bench->policy.essentials & ESSENTIAL_NEIGHBOUR))
		opinion.difference = DIFFERENCE_NEIGHBOUR;
	return opinion;
}

/* Packets. */

/* As it is it can be sent by a raw socket, which fills in some lengths. */
static bool is_whole(const struct invent_frame *frame)
{
	struct packet packet;

	return packet_read(frame->data, frame->len, &packet) == PACKET_READ &&
	       !is_refused(frame) &&
	       (packet.family == 6 || word_at(frame, ETHERNET_BYTES + 2) ==
					      frame->len - ETHERNET_BYTES);
}

/* Four bytes are left behind the addresses, and its lengths say so. */
static void cut_short(struct invent_frame *frame, uint16_t number)
{
	bool is_v4 = frame->data[12] == 0x08;
	size_t header =
		is_v4 ? (size_t)(frame->data[ETHERNET_BYTES] & 15) * 4 : 40;
	size_t at = ETHERNET_BYTES + (is_v4 ? 2 : 4);

	if (is_refused(frame) || frame->len < ETHERNET_BYTES + header + 4)
		return;
	frame->len = ETHERNET_BYTES + header + 4;
	frame->data[at] = 0;
	frame->data[at + 1] = (uint8_t)(is_v4 ? header + 4 : 4);
	(void)crossing_number(frame, number);
}

static void invent_frames(struct bench *bench, struct dice *dice)
{
	for (size_t i = 0; i < bench->count; i++) {
		struct crossing_frame *frame = &bench->frames[i];

		do
			invent_frame(dice, &frame->frame);
		while (!crossing_number(&frame->frame, (uint16_t)(i + 1)));
		if (is_one_of(dice, 40))
			cut_short(&frame->frame, (uint16_t)(i + 1));
		frame->direction = is_one_of(dice, 3) && is_whole(&frame->frame)
					   ? DIRECTION_OUT
					   : DIRECTION_IN;
	}
}

/* Did nothing come to nftables, as nothing should? */
static bool is_unseen(const struct opinion *opinion,
		      const struct crossed *crossed)
{
	return !crossed->theirs_saw && !crossed->theirs_passed &&
	       (opinion->difference == DIFFERENCE_KERNEL || !crossed->is_sent);
}

static bool agree(const struct opinion *opinion, const struct crossed *crossed)
{
	bool passes = opinion->answer.verdict == VERDICT_PASS;

	if (is_unseen(opinion, crossed))
		return true;
	if (!crossed->theirs_saw || crossed->ours_passed != passes)
		return false;
	return opinion->difference != DIFFERENCE_NONE ||
	       crossed->ours_passed == crossed->theirs_passed;
}

static void tell(const struct bench *bench, size_t i,
		 const struct opinion *opinion)
{
	const struct crossing_frame *sent = &bench->frames[i];
	const struct crossed *crossed = &bench->crossed[i];

	(void)fprintf(stderr,
		      "packet %zu on %s, direction %d: ours %s, nftables %s%s, "
		      "oracle %s (end %d, rule %s)%s\nframe:",
		      i, bench->ifname, sent->direction,
		      crossed->ours_passed ? "passed" : "dropped",
		      crossed->theirs_passed ? "passed" : "dropped",
		      crossed->theirs_saw ? "" : " without seeing it",
		      verdict_name(opinion->answer.verdict),
		      (int)opinion->answer.end,
		      opinion->answer.end == ORACLE_RULE
			      ? bench->policy.rules[opinion->answer.rule].id
			      : "none",
		      crossed->is_sent ? "" : ", not sent");
	for (size_t k = 0; k < sent->frame.len; k++)
		(void)fprintf(stderr, " %02x", sent->frame.data[k]);
	(void)fprintf(stderr, "\n");
}

/* The first that the judges do not agree about, or `count`. */
static size_t find_disagreement(struct bench *bench,
				struct opinion *ret_opinion)
{
	for (size_t i = 0; i < bench->count; i++) {
		struct opinion opinion = think(bench, &bench->frames[i]);

		if (agree(&opinion, &bench->crossed[i]))
			continue;
		*ret_opinion = opinion;
		return i;
	}
	return bench->count;
}

static void count(struct bench *bench)
{
	for (size_t i = 0; i < bench->count; i++) {
		struct opinion opinion = think(bench, &bench->frames[i]);

		bench->totals[is_unseen(&opinion, &bench->crossed[i])
				      ? DIFFERENCE_KERNEL
				      : opinion.difference]++;
		bench->dropped += opinion.difference == DIFFERENCE_NONE &&
				  !bench->crossed[i].ours_passed;
	}
}

static void judge_packets(struct bench *bench, uint64_t seed)
{
	struct opinion opinion;
	size_t at = 0;

	for (int i = 0; i < TRIES; i++) {
		crossing_send(&bench->crossing, bench->frames, bench->count,
			      bench->crossed);
		at = find_disagreement(bench, &opinion);
		if (at == bench->count)
			break;
	}
	if (at == bench->count) {
		count(bench);
		return;
	}
	tell(bench, at, &opinion);
	free(crossing_run(&bench->crossing, CROSSING_FAR,
			  "cat \"$JUDGE_WORK/firewall.yml\" "
			  "\"$JUDGE_WORK/policy.nft\" >&2"));
	fail_msg("seed %llu, packet %zu", (unsigned long long)seed, at);
}

static void judge_policy(struct bench *bench, uint64_t seed)
{
	struct dice dice = {.state = seed};

	make_policy(bench, &dice);
	load_policy(bench);
	bench->ifname = invent_ifnames[dice_below(&dice, INVENT_IFNAMES)];
	crossing_use(&bench->crossing, bench->ifname);
	invent_frames(bench, &dice);
	judge_packets(bench, seed);
	policy_done(&bench->policy);
}

static void begin(struct bench *bench)
{
	const char *const spaces[] = {
		[CROSSING_OURS] = getenv("JUDGE_OURS"),
		[CROSSING_THEIRS] = getenv("JUDGE_THEIRS"),
		[CROSSING_FAR] = getenv("JUDGE_FAR"),
	};

	bench->fwctl = getenv("JUDGE_FWCTL");
	bench->work = getenv("JUDGE_WORK");
	assert_non_null(bench->fwctl);
	assert_non_null(bench->work);
	crossing_open(spaces, &bench->crossing);
	bench->count = options.packets;
	bench->frames = calloc(bench->count, sizeof(*bench->frames));
	bench->crossed = calloc(bench->count, sizeof(*bench->crossed));
	assert_non_null(bench->frames);
	assert_non_null(bench->crossed);
}

static void report(const struct bench *bench, uint64_t done)
{
	uint64_t all = done * bench->count;

	(void)printf("%llu policies of %zu packets, seeds from %llu\n",
		     (unsigned long long)done, bench->count,
		     (unsigned long long)options.seed);
	for (int i = 0; i < DIFFERENCE_COUNT; i++)
		(void)printf("%10llu %s\n",
			     (unsigned long long)bench->totals[i],
			     difference_names[i]);
	(void)printf("%10llu of those compared dropped\n",
		     (unsigned long long)bench->dropped);
	assert_true((double)bench->totals[DIFFERENCE_NONE] >=
		    COMPARED_LEAST * (double)all);
}

static void the_packet_path_and_nftables_agree(void **state)
{
	static struct bench bench;
	time_t start = time(NULL);
	uint64_t done = 0;

	(void)state;
	begin(&bench);
	for (; !run_is_over(&options, done, start); done++)
		judge_policy(&bench, options.seed + done);
	report(&bench, done);
	free(bench.frames);
	free(bench.crossed);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_packet_path_and_nftables_agree),
	};

	options = (struct run_options){
		.policies = POLICIES, .packets = PACKETS, .seed = FIRST_SEED};
	run_options_read(argc, argv, &options);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
