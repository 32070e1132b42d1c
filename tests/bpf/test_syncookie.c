// SPDX-License-Identifier: GPL-2.0-or-later
/* A rule of action syncookie: what is answered and with what, whose ACK is let
 * in, what else is dropped. In a network namespace with two services of its
 * own, for it is the kernel's sockets that are asked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <bpf/bpf.h>
#include <cmocka.h>
#include <linux/bpf.h>

#include "rules/base.h"
#include "tests/support/flow_maps.h"
#include "tests/support/rig.h"
#include "tests/support/sandbox.h"
#include "tests/support/segment.h"
#include "tests/support/service.h"
#include "tests/support/wire.h"

#define DESERTED   81
#define CLIENT_SEQ 0xfffffffeu /* its successor wraps */
#define LOOP_MSS4  65495 /* lo takes 65,536 bytes: what MSS can say, less */

static const char policy_text[] = "version: 1\n"
				  "defaults: {in: drop}\n"
				  "rules:\n"
				  "  - {id: guard, action: syncookie, "
				  "protocol: tcp, "
				  "destination_port: [80, 81, 443]}\n";

static int open_services(void **state)
{
	(void)state;
	service_allow_cookies(2);
	service_start();
	return 0;
}

static int close_services(void **state)
{
	(void)state;
	service_stop();
	return 0;
}

static int setup(void **state)
{
	static struct rig rig;

	rig_init(&rig);
	rig_policy(&rig, policy_text);
	flow_maps_clear(program_gate(rig.program)->fd);
	*state = &rig;
	return 0;
}

static int teardown(void **state)
{
	rig_done(*state);
	return 0;
}

static struct segment from_client(uint8_t family, uint8_t flags)
{
	return (struct segment){
		.family = family,
		.protocol = SEG_TCP,
		.from = segment_end(family, 1, 40000),
		.to = segment_end(family, 2, SERVICE_PORT),
		.flags = flags,
		.seq = CLIENT_SEQ,
	};
}

/* What the program says; *wire is what it leaves. */
static uint32_t judge(struct rig *rig, struct wire *wire)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = wire->data,
		    .data_size_in = (uint32_t)wire->len, .data_out = wire->data,
		    .data_size_out = sizeof(wire->data), .repeat = 1);

	assert_int_equal(
		bpf_prog_test_run_opts(program_gate(rig->program)->fd, &opts),
		0);
	assert_int_equal(opts.data_size_out, wire->len);
	return opts.retval;
}

static uint32_t verdict_of(struct rig *rig, const struct segment *segment)
{
	struct wire wire = wire_of(segment, 4);

	return judge(rig, &wire);
}

static size_t flows_open(const struct rig *rig)
{
	return flow_maps_count(program_gate(rig->program)->fd, "flows");
}

static size_t flows_known(const struct rig *rig)
{
	return flows_open(rig) +
	       flow_maps_count(program_gate(rig->program)->fd, "opening");
}

/* The answer, and nothing but the answer, to what was in `syn`. */
static void assert_answer(const struct wire *syn, const struct wire *answer,
			  uint8_t family, size_t options)
{
	const uint8_t *asked = syn->data + syn->l4;
	const uint8_t *tcp = answer->data + syn->l4;
	size_t at = syn->l4 - (family == 4 ? 8 : 32),
	       bytes = family == 4 ? 4 : 16;

	assert_memory_equal(answer->data, syn->data + 6, 6);
	assert_memory_equal(answer->data + 6, syn->data, 6);
	assert_memory_equal(answer->data + at, syn->data + at + bytes, bytes);
	assert_memory_equal(answer->data + at + bytes, syn->data + at, bytes);
	assert_int_equal(wire_get16(tcp), wire_get16(asked + 2));
	assert_int_equal(wire_get16(tcp + 2), wire_get16(asked));
	assert_int_equal(wire_get32(tcp + 8), CLIENT_SEQ + 1);
	assert_int_equal(tcp[12], (20 + options) << 2);
	assert_int_equal(tcp[13], SEG_SYN | SEG_ACK);
	if (options >= 4)
		assert_true(tcp[20] == 2 && tcp[21] == 4 &&
			    wire_get16(tcp + 22) >= 1220);
	for (size_t i = options >= 4 ? 4 : 0; i < options; i++)
		assert_int_equal(tcp[20 + i], 1);
	assert_true(wire_sums_are_right(answer, family, 20 + options));
}

static void a_syn_is_answered_in_place(void **state)
{
	for (uint8_t family = 4; family <= 6; family += 2) {
		struct segment segment = from_client(family, SEG_SYN);
		struct wire syn = wire_of(&segment, 4), answer = syn;

		assert_int_equal(judge(*state, &answer), XDP_TX);
		assert_answer(&syn, &answer, family, 4);
		assert_int_equal(answer.data[WIRE_IP + (family == 4 ? 8 : 7)],
				 64);
	}
}

static void options_of_every_length_are_answered(void **state)
{
	for (uint8_t family = 4; family <= 6; family += 2) {
		for (size_t options = 0; options <= 40; options += 4) {
			struct segment segment = from_client(family, SEG_SYN);
			struct wire syn = wire_of(&segment, options);
			struct wire answer = syn;

			assert_int_equal(judge(*state, &answer), XDP_TX);
			assert_answer(&syn, &answer, family, options);
		}
	}
}

static void the_interface_says_how_much_it_takes(void **state)
{
	struct segment segment = from_client(4, SEG_SYN);
	struct wire wire = wire_of(&segment, 4);

	assert_int_equal(judge(*state, &wire), XDP_TX);
	assert_in_range(wire_get16(wire.data + wire.l4 + 22), LOOP_MSS4,
			LOOP_MSS4 + 1);
}

static void urgency_and_congestion_do_not_come_back(void **state)
{
	struct segment segment =
		from_client(4, SEG_SYN | SEG_URG | SEG_PSH | 0xc0);
	struct wire syn = wire_of(&segment, 4), answer = syn;

	assert_int_equal(judge(*state, &answer), XDP_TX);
	assert_answer(&syn, &answer, 4, 4);
	assert_int_equal(answer.data[WIRE_IP + 1], 0);
}

static void data_in_a_syn_is_not_sent_back_as_data(void **state)
{
	struct segment segment = from_client(4, SEG_SYN);
	struct wire syn = wire_of(&segment, 4), answer;

	memset(syn.data + syn.len, 0x77, 50);
	syn.len += 50;
	wire_put16(syn.data + WIRE_IP + 2, syn.len - WIRE_IP);
	answer = syn;
	assert_int_equal(judge(*state, &answer), XDP_TX);
	assert_answer(&syn, &answer, 4, 4);
	assert_int_equal(wire_get16(answer.data + WIRE_IP + 2), 20 + 24);
}

static void tags_stay_as_they_are(void **state)
{
	static const uint8_t tags[] = {0x88, 0xa8, 0x20, 5, 0x81, 0, 0, 7};

	for (size_t bytes = 4; bytes <= sizeof(tags); bytes += 4) {
		struct segment segment = from_client(4, SEG_SYN);
		struct wire syn = wire_of(&segment, 8), answer;

		memmove(syn.data + 12 + bytes, syn.data + 12, syn.len - 12);
		memcpy(syn.data + 12, tags + sizeof(tags) - bytes, bytes);
		syn.len += bytes;
		syn.l4 += bytes;
		answer = syn;
		assert_int_equal(judge(*state, &answer), XDP_TX);
		assert_memory_equal(answer.data + 12,
				    tags + sizeof(tags) - bytes, bytes);
		assert_answer(&syn, &answer, 4, 8);
	}
}

static void a_syn_leaves_nothing_behind(void **state)
{
	struct segment segment = from_client(4, SEG_SYN);
	struct rig *rig = *state;

	rig_mark(rig);
	assert_int_equal(verdict_of(rig, &segment), XDP_TX);
	assert_int_equal(rig_counted(rig, FW_DROP_ANSWERED).packets, 1);
	assert_int_equal(rig_counted_all(rig), 1);
	assert_int_equal(flows_known(rig), 0);
}

static void what_is_told_of_a_syn_is_the_syn(void **state)
{
	struct segment segment = from_client(4, SEG_SYN);
	struct wire wire = wire_of(&segment, 4);
	uint32_t verdict;
	struct fw_event event =
		rig_event(*state, wire.data, wire.len, &verdict);

	assert_int_equal(verdict, XDP_TX);
	assert_int_equal(event.reason, FW_DROP_ANSWERED);
	assert_int_equal(event.counter, 0);
	assert_memory_equal(event.head, wire.data, wire.len);
}

/* The number that the gate answered with. */
static uint32_t cookie_for(struct rig *rig, uint8_t family)
{
	struct segment segment = from_client(family, SEG_SYN);
	struct wire wire = wire_of(&segment, 4);

	assert_int_equal(judge(rig, &wire), XDP_TX);
	return wire_get32(wire.data + wire.l4 + 4);
}

/* What a client sends then. */
static struct segment third(struct rig *rig, uint8_t family, uint8_t flags)
{
	struct segment segment = from_client(family, flags);

	segment.seq = CLIENT_SEQ + 1;
	segment.ack = cookie_for(rig, family) + 1;
	return segment;
}

static void an_ack_with_the_cookie_opens_a_flow(void **state)
{
	struct rig *rig = *state;

	for (uint8_t family = 4; family <= 6; family += 2) {
		struct segment ack = third(rig, family, SEG_ACK);
		struct segment data = ack;

		flow_maps_clear(program_gate(rig->program)->fd);
		assert_int_equal(verdict_of(rig, &ack), XDP_PASS);
		assert_int_equal(flows_open(rig), 1);
		data.seq += 1000;
		data.ack += 5000;
		data.flags |= SEG_PSH;
		assert_int_equal(verdict_of(rig, &data), XDP_PASS);
		assert_int_equal(flows_known(rig), 1);
	}
}

static void a_cookie_with_a_fin_opens_a_flow_that_ends(void **state)
{
	struct rig *rig = *state;
	struct segment fin = third(rig, 4, SEG_ACK | SEG_FIN);

	assert_int_equal(verdict_of(rig, &fin), XDP_PASS);
	assert_int_equal(flows_open(rig), 1);
}

static void assert_refused(struct rig *rig, const struct wire *wire)
{
	struct wire copy = *wire;

	rig_mark(rig);
	assert_int_equal(judge(rig, &copy), XDP_DROP);
	assert_int_equal(rig_counted(rig, FW_DROP_COOKIE).packets, 1);
	assert_memory_equal(copy.data, wire->data, wire->len);
	assert_int_equal(flows_known(rig), 0);
}

static void assert_segment_refused(struct rig *rig,
				   const struct segment *segment)
{
	struct wire wire = wire_of(segment, 4);

	assert_refused(rig, &wire);
}

static void a_cookie_is_good_for_its_own_connection_only(void **state)
{
	struct rig *rig = *state;
	const struct segment right = third(rig, 4, SEG_ACK);
	struct segment wrong = right;

	wrong.ack += 4; /* up to 3 on, or back, it is of another MSS */
	assert_segment_refused(rig, &wrong);
	wrong = right;
	wrong.seq += 4;
	assert_segment_refused(rig, &wrong);
	wrong = right;
	wrong.from.port++;
	assert_segment_refused(rig, &wrong);
	wrong = right;
	wrong.from.addr[3]++;
	assert_segment_refused(rig, &wrong);
	wrong = right;
	wrong.to.addr[3]++;
	assert_segment_refused(rig, &wrong);
}

static void other_flags_are_dropped(void **state)
{
	static const uint8_t flags[] = {
		0,
		SEG_FIN,
		SEG_RST,
		SEG_RST | SEG_ACK,
		SEG_SYN | SEG_ACK,
		SEG_SYN | SEG_FIN,
		SEG_SYN | SEG_RST,
		SEG_SYN | SEG_ACK | SEG_RST,
		SEG_PSH,
	};
	struct rig *rig = *state;
	struct segment segment = third(rig, 4, SEG_ACK);

	for (size_t i = 0; i < ARRAY_LEN(flags); i++) {
		segment.flags = flags[i];
		assert_segment_refused(rig, &segment);
	}
}

static void where_nobody_listens_nobody_answers(void **state)
{
	struct segment segment = from_client(4, SEG_SYN);

	segment.to.port = DESERTED;
	assert_segment_refused(*state, &segment);
	segment.flags = SEG_ACK;
	assert_segment_refused(*state, &segment);
	segment = from_client(6, SEG_SYN);
	segment.to.port = SERVICE_PORT4;
	assert_segment_refused(*state, &segment);
}

static void fragments_are_not_answered(void **state)
{
	rig_policy(*state, "version: 1\n"
			   "defaults: {in: drop}\n"
			   "rules:\n"
			   "  - {id: guard, action: syncookie, "
			   "protocol: tcp}\n");
	for (uint8_t family = 4; family <= 6; family += 2) {
		struct segment segment = from_client(family, SEG_SYN);

		segment.frag = SEGMENT_FIRST;
		assert_segment_refused(*state, &segment);
		segment.frag = SEGMENT_LATER;
		assert_segment_refused(*state, &segment);
	}
}

static void headers_before_tcp_are_not_answered(void **state)
{
	struct segment segment = from_client(4, SEG_SYN);
	struct wire wire = wire_of(&segment, 4);

	memmove(wire.data + wire.l4 + 4, wire.data + wire.l4,
		wire.len - wire.l4);
	memset(wire.data + wire.l4, 1, 4);
	wire.len += 4;
	wire.data[WIRE_IP] = 0x46;
	wire_put16(wire.data + WIRE_IP + 2, wire.len - WIRE_IP);
	assert_refused(*state, &wire);

	segment = from_client(6, SEG_SYN);
	wire = wire_of(&segment, 4);
	memmove(wire.data + wire.l4 + 8, wire.data + wire.l4,
		wire.len - wire.l4);
	memset(wire.data + wire.l4, 0, 8);
	wire.data[wire.l4] = SEG_TCP;
	wire.data[WIRE_IP + 6] = 60;
	wire.len += 8;
	wire_put16(wire.data + WIRE_IP + 4, wire.len - WIRE_IP - 40);
	assert_refused(*state, &wire);
}

static void a_header_length_that_lies_is_not_answered(void **state)
{
	struct segment segment = from_client(4, SEG_SYN);
	struct wire wire = wire_of(&segment, 8);

	for (unsigned int words = 0; words < 16; words++) {
		wire.data[wire.l4 + 12] = (uint8_t)(words << 4);
		if (words < 5 || words > 7)
			assert_refused(*state, &wire);
	}
	segment = third(*state, 4, SEG_ACK);
	wire = wire_of(&segment, 40);
	wire.data[wire.l4 + 12] = 0;
	assert_refused(*state, &wire);
}

static void a_cut_header_is_not_answered(void **state)
{
	struct segment segment = from_client(4, SEG_SYN);
	struct wire wire = wire_of(&segment, 40);

	for (wire.len--; wire.len >= wire.l4 + 20; wire.len--)
		assert_refused(*state, &wire);
	wire = wire_of(&segment, 40);
	wire_put16(wire.data + WIRE_IP + 2, 20 + 59); /* the rest is padding */
	assert_refused(*state, &wire);
}

static void groups_are_not_answered(void **state)
{
	struct segment segment = from_client(4, SEG_SYN);
	struct wire wire = wire_of(&segment, 4);

	wire.data[0] |= 1;
	assert_refused(*state, &wire);
	wire = wire_of(&segment, 4);
	wire.data[6] |= 1;
	assert_refused(*state, &wire);
}

static void addresses_of_nobody_are_not_answered(void **state)
{
	static const uint8_t firsts[] = {0, 127, 224, 255};

	for (size_t i = 0; i < ARRAY_LEN(firsts); i++) {
		struct segment segment = from_client(4, SEG_SYN);

		segment.from.addr[0] = firsts[i];
		assert_segment_refused(*state, &segment);
		segment = from_client(4, SEG_SYN);
		segment.to.addr[0] = firsts[i];
		assert_segment_refused(*state, &segment);
	}
	for (int i = 0; i < 2; i++) {
		struct segment segment = from_client(6, SEG_SYN);

		memset(segment.from.addr, 0, 15);
		segment.from.addr[0] = i ? 0xff : 0;
		assert_segment_refused(*state, &segment);
		segment.to = segment.from;
		segment.from = segment_end(6, 1, 40000);
		segment.to.port = SERVICE_PORT;
		assert_segment_refused(*state, &segment);
	}
}

static void without_cookies_nothing_gets_in(void **state)
{
	struct segment segment = from_client(4, SEG_SYN);

	service_allow_cookies(1);
	assert_segment_refused(*state, &segment);
	service_allow_cookies(0);
	assert_segment_refused(*state, &segment);
	service_allow_cookies(2);
}

static void a_rule_in_shadow_answers_nothing(void **state)
{
	struct segment segment = from_client(4, SEG_SYN);
	struct wire wire = wire_of(&segment, 4), copy = wire;
	struct rig *rig = *state;

	rig_policy(rig, "version: 1\n"
			"rules:\n"
			"  - {id: guard, action: syncookie, shadow: true, "
			"protocol: tcp}\n");
	assert_int_equal(judge(rig, &copy), XDP_PASS);
	assert_memory_equal(copy.data, wire.data, wire.len);
	assert_int_equal(rig_rule_count(rig, 0), 1);
}

static void rules_before_it_come_first(void **state)
{
	struct segment segment = from_client(4, SEG_SYN);
	struct rig *rig = *state;

	rig_policy(rig, "version: 1\n"
			"defaults: {in: drop}\n"
			"rules:\n"
			"  - {id: few, action: limit, protocol: tcp, "
			"limit: {rate: 1/day}}\n"
			"  - {id: friend, action: pass, source: 10.0.0.9}\n"
			"  - {id: guard, action: syncookie, protocol: tcp}\n");
	assert_int_equal(verdict_of(rig, &segment), XDP_TX);
	assert_int_equal(verdict_of(rig, &segment), XDP_DROP);
	assert_int_equal(rig_rule_count(rig, 2), 1);
}

#define ON_A_RIG(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_A_RIG(a_syn_is_answered_in_place),
		ON_A_RIG(options_of_every_length_are_answered),
		ON_A_RIG(the_interface_says_how_much_it_takes),
		ON_A_RIG(urgency_and_congestion_do_not_come_back),
		ON_A_RIG(data_in_a_syn_is_not_sent_back_as_data),
		ON_A_RIG(tags_stay_as_they_are),
		ON_A_RIG(a_syn_leaves_nothing_behind),
		ON_A_RIG(what_is_told_of_a_syn_is_the_syn),
		ON_A_RIG(an_ack_with_the_cookie_opens_a_flow),
		ON_A_RIG(a_cookie_with_a_fin_opens_a_flow_that_ends),
		ON_A_RIG(a_cookie_is_good_for_its_own_connection_only),
		ON_A_RIG(other_flags_are_dropped),
		ON_A_RIG(where_nobody_listens_nobody_answers),
		ON_A_RIG(fragments_are_not_answered),
		ON_A_RIG(headers_before_tcp_are_not_answered),
		ON_A_RIG(a_header_length_that_lies_is_not_answered),
		ON_A_RIG(a_cut_header_is_not_answered),
		ON_A_RIG(groups_are_not_answered),
		ON_A_RIG(addresses_of_nobody_are_not_answered),
		ON_A_RIG(without_cookies_nothing_gets_in),
		ON_A_RIG(a_rule_in_shadow_answers_nothing),
		ON_A_RIG(rules_before_it_come_first),
	};

	sandbox_enter();
	return cmocka_run_group_tests(tests, open_services, close_services);
}
