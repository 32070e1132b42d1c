// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Two judges agree: the packet path and the oracle, on random packets under
 * random policies, in verdict, reason, rule, and what is counted. What explains
 * said the same before, and which rules would count it, and changed nothing.
 *
 *	property.judges [--seconds N | --policies N] [--packets N] [--seed N]
 *
 * A disagreement is told with its seed and shrunk: rules are taken out as long
 * as the judges go on to disagree about the packet.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <bpf/bpf.h>
#include <cmocka.h>
#include <linux/pkt_cls.h>

#include "daemon/merge/ledger.h"
#include "daemon/packet/maps.h"
#include "daemon/packet/program.h"
#include "daemon/packet/table.h"
#include "rules/compile.h"
#include "rules/oracle.h"
#include "tests/support/bench_maps.h"
#include "tests/support/explained.h"
#include "tests/support/flow_maps.h"
#include "tests/support/flow_model.h"
#include "tests/support/invent.h"
#include "tests/support/payer.h"
#include "tests/support/run_options.h"
#include "tests/support/sandbox.h"
#include "tests/support/service.h"
#include "tests/support/talkers.h"

#define LOOPBACK      1 /* what a test run takes for the interface */
#define ELSEWHERE     2 /* what is asked about, of the same name */
#define MEMBERS_MAX   24
#define BATCHES	      4
#define EXPLAIN_EVERY 4 /* packets */
/* With sanitizers it is slow; the two builds have 300 between them. */
#ifdef __SANITIZE_ADDRESS__
#define POLICIES   50
#define FIRST_SEED 20261129
#else
#define POLICIES   250
#define FIRST_SEED 20261179
#endif
#define PACKETS	  10000
#define FIRST_SET 10 /* id of invent_sets[0] */

static const enum set_action set_actions[INVENT_SETS] = {
	SET_NONE, SET_NONE, SET_NONE, SET_SHADOW, SET_DROP, SET_ALLOW,
};

struct held {
	struct prefix prefix;
	unsigned int set; /* index into invent_sets */
};

struct bench {
	struct maps *maps;
	struct table *table;
	struct ledger *ledger;
	struct held held[MEMBERS_MAX];
	size_t held_count;

	bool has_states;
	struct talkers talkers;
	struct flow_model model;

	struct policy policy;
	struct compiled *compiled;
	struct program *program;
	struct explainer *explainer;
	uint16_t counters[COMPILE_SLOTS_MAX];
	const char *ifname;
	uint64_t matched[COMPILE_SLOTS_MAX]; /* by the oracle */
	struct fw_count before[COMPILE_SLOTS_MAX];
	struct fw_event event;
	struct fw_trace trace; /* of the same packet */
	size_t matches; /* of it, by the oracle */
	struct payers payers;
	size_t asked; /* packets so far: the explainer is asked of some */
};

static int sink_set(void *arg, const struct prefix *prefix, uint16_t class_id)
{
	struct bench *bench = arg;

	return table_set(bench->table, prefix, class_id);
}

static void sink_clear(void *arg, const struct prefix *prefix,
		       const struct prefix *cover, uint16_t class_id)
{
	struct bench *bench = arg;

	table_clear(bench->table, prefix, cover, class_id);
}

static enum fw_reason reason_of(const struct class_info *info)
{
	static const enum fw_reason reasons[SET_ACTION_COUNT] = {
		[SET_ALLOW] = FW_PASS_ALLOWED,
		[SET_DROP] = FW_DROP_LISTED,
		[SET_SHADOW] = FW_PASS_SHADOW,
		[SET_NONE] = FW_NEXT,
	};

	return reasons[info->action];
}

static int sink_define(void *arg, uint16_t class_id,
		       const struct class_info *info)
{
	struct bench *bench = arg;
	struct program_class class = {
		.reason = reason_of(info),
		.set_id = info->set_id,
	};

	if (!bench->program)
		return 0;
	for (size_t i = 0; i < bench->compiled->set_count; i++) {
		unsigned int set =
			(unsigned int)(bench->compiled->set_names[i][0] - 'a');

		if (set_mask_has(&info->sets, (uint8_t)(FIRST_SET + set)))
			class.sets.words[i / 64] |= 1ull << (i % 64);
	}
	return program_put_class(bench->program, class_id, &class);
}

static const struct ledger_sink sink = {
	.set = sink_set,
	.clear = sink_clear,
	.define = sink_define,
};

static void begin(struct bench *bench)
{
	bench->maps = bench_maps_load();
	assert_int_equal(table_new(maps_view4(bench->maps),
				   maps_view6(bench->maps), &bench->table),
			 0);
	assert_int_equal(ledger_new(&sink, bench, &bench->ledger), 0);
	for (unsigned int i = 0; i < INVENT_SETS; i++) {
		struct set set = {
			.id = (uint8_t)(FIRST_SET + i),
			.action = (uint8_t)set_actions[i],
			.capacity = 1000,
		};

		(void)snprintf(set.name, sizeof(set.name), "%s",
			       invent_sets[i]);
		assert_int_equal(ledger_put_set(bench->ledger, &set), 0);
	}
	for (size_t i = 0; i < ARRAY_LEN(bench->counters); i++)
		bench->counters[i] = (uint16_t)i;
}

static void end(struct bench *bench)
{
	ledger_free(bench->ledger);
	table_free(bench->table);
	maps_free(bench->maps);
}

static void load_policy(struct bench *bench)
{
	char note[MAPS_NOTE_MAX];
	uint16_t last = classes_last(ledger_classes(bench->ledger));
	int r = compile(&bench->policy, &bench->compiled, note);

	if (r < 0)
		fail_msg("compile: %s: %s", strerror(-r), note);
	r = program_load(bench->maps,
			 &(struct program_config){
				 .policy = &bench->policy,
				 .compiled = bench->compiled,
				 .counters = bench->counters,
			 },
			 &bench->program, note);
	if (r < 0)
		fail_msg("program_load: %s: %s", strerror(-r), note);
	for (uint16_t i = 1; i <= last; i++) {
		struct class_info info =
			classes_info(ledger_classes(bench->ledger), i);

		assert_int_equal(sink_define(bench, i, &info), 0);
	}
	assert_int_equal(explainer_open(bench->program, &bench->explainer), 0);
}

static void put_gates(struct bench *bench)
{
	assert_int_equal(
		program_put_gate(bench->program, LOOPBACK, bench->ifname), 0);
	assert_int_equal(
		program_put_gate(bench->program, ELSEWHERE, bench->ifname), 0);
}

static void unload_policy(struct bench *bench)
{
	explainer_free(TAKE(bench->explainer));
	program_free(TAKE(bench->program));
	compiled_free(TAKE(bench->compiled));
}

/* Other members than before. */
static void deal_members(struct bench *bench, struct dice *dice)
{
	while (bench->held_count > 0) {
		struct held *held = &bench->held[--bench->held_count];

		assert_int_equal(
			ledger_withdraw(bench->ledger,
					(uint8_t)(FIRST_SET + held->set),
					&held->prefix),
			0);
	}
	for (size_t i = dice_below(dice, MEMBERS_MAX); i > 0; i--) {
		struct member member = {.prefix = invent_prefix(dice),
					.evidence.reason = ""};
		unsigned int set = (unsigned int)dice_below(dice, INVENT_SETS);
		struct evidence there;

		if (prefix_has_all_v4(&member.prefix) ||
		    ledger_get(bench->ledger, (uint8_t)(FIRST_SET + set),
			       &member.prefix, &there) == 0)
			continue;
		assert_int_equal(ledger_claim(bench->ledger,
					      (uint8_t)(FIRST_SET + set),
					      &member, 0),
				 0);
		bench->held[bench->held_count++] =
			(struct held){member.prefix, set};
	}
}

static bool is_member(void *arg, const char *set, const struct prefix *address)
{
	const struct bench *bench = arg;

	for (size_t i = 0; i < bench->held_count; i++)
		if (strcmp(invent_sets[bench->held[i].set], set) == 0 &&
		    prefix_covers(&bench->held[i].prefix, address))
			return true;
	return false;
}

static enum set_action action_of(void *arg, const struct prefix *address)
{
	enum set_action strongest = SET_NONE;

	for (size_t i = 0; i < INVENT_SETS; i++)
		if (set_actions[i] < strongest &&
		    is_member(arg, invent_sets[i], address))
			strongest = set_actions[i];
	return strongest;
}

static bool is_within(void *arg, size_t rule, const struct packet *packet)
{
	struct bench *bench = arg;

	return payers_charge(
		&bench->payers, rule,
		&bench->policy.limits[bench->policy.rules[rule].limit], packet);
}

static void note_match(void *arg, size_t rule)
{
	struct bench *bench = arg;

	bench->matched[rule]++;
	bench->matches++;
}

static int keep_event(void *arg, const struct fw_event *event)
{
	struct fw_event *kept = arg;

	*kept = *event;
	return 0;
}

/* Asked ahead of it, for what is judged may be charged. */
static void explain(struct bench *bench, const struct invent_frame *frame,
		    uint8_t direction)
{
	const struct explainer_question question = {
		.frame = frame->data,
		.len = frame->len,
		.is_out = direction == DIRECTION_OUT,
		.ifindex = ELSEWHERE,
		.flow = FW_TRACE_FLOW_LIVE,
	};

	explained_ask(bench->explainer, &question, &bench->trace);
}

/* What the kernel's program says, whose event is in bench->event. */
static enum verdict run(struct bench *bench, const struct invent_frame *frame,
			uint8_t direction)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame->data,
		    .data_size_in = (uint32_t)frame->len, .repeat = 1);
	bool is_out = direction == DIRECTION_OUT;
	int fd = is_out ? program_egress_fd(bench->program)
			: program_gate(bench->program)->fd;

	maps_set_credit(bench->maps, 1);
	if (bpf_prog_test_run_opts(fd, &opts) < 0)
		fail_msg("a frame of %zu bytes, direction %d, was not run: %s",
			 frame->len, direction, strerror(errno));
	assert_int_equal(
		maps_take_events(bench->maps, keep_event, &bench->event, 2), 1);
	if (is_out)
		return opts.retval == TC_ACT_SHOT ? VERDICT_DROP : VERDICT_PASS;
	assert_int_equal(opts.retval == XDP_TX,
			 bench->event.reason == FW_DROP_ANSWERED);
	return opts.retval == XDP_PASS ? VERDICT_PASS : VERDICT_DROP;
}

struct opinion {
	struct packet packet;
	struct oracle_answer answer;
	enum fw_reason reason;
	enum verdict verdict; /* the kernel's */
};

/* Were rules asked, who are all that ask about states? */
static bool is_remembered(const struct opinion *opinion)
{
	return opinion->answer.verdict == VERDICT_PASS &&
	       (opinion->answer.passed == ORACLE_RULE ||
		opinion->answer.passed == ORACLE_ESSENTIAL ||
		opinion->answer.passed == ORACLE_DEFAULT);
}

/* Do both say the same of this packet? */
static bool agree(struct bench *bench, const struct invent_frame *frame,
		  uint8_t direction, struct opinion *ret_opinion)
{
	const struct oracle_world world = {
		.is_member = is_member,
		.action_of = action_of,
		.is_within = is_within,
		.is_welcome = service_welcomes,
		.arg = bench,
	};
	struct opinion opinion;
	enum packet_reading reading =
		packet_read(frame->data, frame->len, &opinion.packet);
	bool by_rule, is_explained;

	opinion.packet.direction = direction;
	opinion.packet.state = FLOW_STATE_COUNT;
	if (bench->has_states && reading == PACKET_READ)
		opinion.packet.state = (uint8_t)flow_model_state(
			&bench->model, &opinion.packet, frame->data,
			frame->len);
	(void)snprintf(opinion.packet.ifname, sizeof(opinion.packet.ifname),
		       "%s", bench->ifname);
	bench->matches = 0;
	is_explained = bench->asked++ % EXPLAIN_EVERY == 0;
	if (is_explained)
		explain(bench, frame, direction);
	opinion.answer = oracle_judge(&bench->policy, &opinion.packet, reading,
				      &world, note_match);
	opinion.reason = explained_reason(&opinion.answer, &opinion.packet);
	opinion.verdict = run(bench, frame, direction);
	if (bench->has_states && is_remembered(&opinion))
		flow_model_learn(&bench->model, &opinion.packet, frame->data,
				 frame->len);
	by_rule = explained_by_rule(&opinion.answer);
	*ret_opinion = opinion;
	return opinion.verdict == opinion.answer.verdict &&
	       bench->event.reason == opinion.reason &&
	       (!is_explained || explained_agrees(&bench->trace, &bench->event,
						  bench->matches)) &&
	       bench->event.counter ==
		       (by_rule ? opinion.answer.rule : FW_RULE_NONE);
}

static void tell(const struct bench *bench, const struct invent_frame *frame,
		 const struct opinion *opinion)
{
	(void)fprintf(stderr,
		      "oracle: verdict %d reason %d rule %zu; kernel: verdict "
		      "%d reason %d rule %d; explained: reason %d rule %d; "
		      "direction %d, interface %s\n"
		      "state %d; frame:",
		      (int)opinion->answer.verdict, (int)opinion->reason,
		      opinion->answer.rule, (int)opinion->verdict,
		      bench->event.reason, bench->event.counter,
		      bench->trace.reason, bench->trace.rule,
		      opinion->packet.direction, bench->ifname,
		      opinion->packet.state);
	for (size_t i = 0; i < frame->len; i++)
		(void)fprintf(stderr, " %02x", frame->data[i]);
	(void)fprintf(stderr, "\nrules:");
	for (size_t i = 0; i < bench->policy.rule_count; i++)
		(void)fprintf(stderr, " %s (%s)", bench->policy.rules[i].id,
			      rule_action_name(
				      (enum rule_action)bench->policy.rules[i]
					      .action));
	(void)fprintf(stderr, "\n");
}

static bool agree_without(struct bench *bench, size_t index,
			  const struct invent_frame *frame, uint8_t direction)
{
	struct policy *policy = &bench->policy;
	struct rule rule = policy->rules[index];
	size_t behind = policy->rule_count - index - 1;
	struct opinion opinion;
	bool agreed;

	memmove(&policy->rules[index], &policy->rules[index + 1],
		behind * sizeof(rule));
	policy->rule_count--;
	unload_policy(bench);
	load_policy(bench);
	put_gates(bench);
	agreed = agree(bench, frame, direction, &opinion);
	if (!agreed) {
		rule_done(&rule);
		return false;
	}
	memmove(&policy->rules[index + 1], &policy->rules[index],
		behind * sizeof(rule));
	policy->rules[index] = rule;
	policy->rule_count++;
	return true;
}

/* As few rules as they disagree about, told, and the end. */
static void shrink(struct bench *bench, const struct invent_frame *frame,
		   uint8_t direction)
{
	struct opinion opinion;

	for (size_t i = bench->policy.rule_count; i-- > 0;)
		(void)agree_without(bench, i, frame, direction);
	unload_policy(bench);
	load_policy(bench);
	put_gates(bench);
	(void)agree(bench, frame, direction, &opinion);
	tell(bench, frame, &opinion);
}

static void counts_agree(struct bench *bench, uint64_t seed)
{
	struct fw_count *now = calloc(COMPILE_SLOTS_MAX, sizeof(*now));

	assert_non_null(now);
	assert_int_equal(maps_rule_counts(bench->maps, now, COMPILE_SLOTS_MAX),
			 0);
	for (size_t i = 0; i < bench->policy.rule_count; i++)
		if (now[i].packets - bench->before[i].packets !=
		    bench->matched[i])
			fail_msg("seed %llu: rule %zu counted %llu, the oracle "
				 "%llu",
				 (unsigned long long)seed, i,
				 (unsigned long long)(now[i].packets -
						      bench->before[i].packets),
				 (unsigned long long)bench->matched[i]);
	memcpy(bench->before, now, sizeof(bench->before));
	free(now);
}

static void flows_agree(const struct bench *bench, uint64_t seed)
{
	const struct flow_model *model = &bench->model;
	int fd = program_gate(bench->program)->fd;
	size_t open = flow_maps_count(fd, "flows");
	size_t all = open + flow_maps_count(fd, "opening");

	/* where no rule asks about states, none are remembered */
	if (all && (open != flow_model_open(model) || all != model->flow_count))
		fail_msg("seed %llu: %zu of %zu flows are open, in the model "
			 "%zu of %zu",
			 (unsigned long long)seed, open, all,
			 flow_model_open(model), model->flow_count);
}

/* A frame without an IP header in it cannot be handed to tc in a test. */
static uint8_t invent_direction(struct dice *dice,
				const struct invent_frame *frame)
{
	struct packet packet;

	if (packet_read(frame->data, frame->len, &packet) == PACKET_MALFORMED)
		return DIRECTION_IN;
	return dice_below(dice, 3) ? DIRECTION_IN : DIRECTION_OUT;
}

static void judge_batch(struct bench *bench, struct dice *dice, size_t packets,
			uint64_t seed)
{
	bench->ifname = invent_ifnames[dice_below(dice, INVENT_IFNAMES)];
	put_gates(bench);
	for (size_t i = 0; i < packets; i++) {
		struct invent_frame frame;
		struct opinion opinion;
		uint8_t direction;

		if (bench->has_states && dice_below(dice, 4))
			talkers_next(dice, &bench->talkers, &frame);
		else
			invent_frame(dice, &frame);
		direction = invent_direction(dice, &frame);
		if (agree(bench, &frame, direction, &opinion))
			continue;
		tell(bench, &frame, &opinion);
		/* a flow has gone on meanwhile: no packet is judged twice */
		if (!bench->has_states)
			shrink(bench, &frame, direction);
		fail_msg("seed %llu, packet %zu", (unsigned long long)seed, i);
	}
}

/* One policy, and so many packets under it. */
static void judge_policy(struct bench *bench, uint64_t seed, size_t packets)
{
	struct dice dice = {.state = seed};
	const struct invent_config config = {
		.rules_max = dice_below(&dice, 4) ? 24 : 400,
		.has_limits = dice_below(&dice, 3) == 0,
		.has_states = seed % 2,
		.has_cookies = seed % 4 == 1,
	};

	invent_policy(&dice, &config, &bench->policy);
	memset(bench->matched, 0, sizeof(bench->matched));
	bench->payers.count = 0;
	bench->has_states = config.has_states;
	if (config.has_states)
		bench->policy.thresholds = flow_model_thresholds();
	load_policy(bench);
	if (config.has_states) {
		flow_maps_clear(program_gate(bench->program)->fd);
		talkers_begin(&dice, &bench->talkers);
	}
	for (int i = 0; i < BATCHES; i++) {
		deal_members(bench, &dice);
		judge_batch(bench, &dice, packets / BATCHES, seed);
	}
	counts_agree(bench, seed);
	flows_agree(bench, seed);
	unload_policy(bench);
	policy_done(&bench->policy);
	flow_model_done(&bench->model);
}

static struct run_options options;

static void the_packet_path_and_the_oracle_agree(void **state)
{
	static struct bench bench;
	time_t start = time(NULL);
	uint64_t done = 0;

	(void)state;
	service_allow_cookies(2);
	service_start();
	begin(&bench);
	for (; !run_is_over(&options, done, start); done++)
		judge_policy(&bench, options.seed + done, options.packets);
	end(&bench);
	service_stop();
	(void)printf("%llu policies of %llu packets, seeds from %llu\n",
		     (unsigned long long)done,
		     (unsigned long long)options.packets,
		     (unsigned long long)options.seed);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_packet_path_and_the_oracle_agree),
	};

	options = (struct run_options){
		.policies = POLICIES, .packets = PACKETS, .seed = FIRST_SEED};
	run_options_read(argc, argv, &options);
	sandbox_enter();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
