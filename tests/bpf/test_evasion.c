// SPDX-License-Identifier: GPL-2.0-or-later
/* Whatever stands around a listed source address, the packet is dropped. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "tests/support/frames.h"
#include "tests/support/rig.h"

#define LISTED4	  "203.0.113.77"
#define LISTED6	  "2001:db8:bad::4d"
#define UNLISTED4 "192.0.2.1"
#define UNLISTED6 "2001:db8:1::1"

#define TWO_TAGS_END 22 /* Ethernet header and two tags, in bytes */
#define WALKED_MAX   8 /* extension headers */

static struct rig rig;
static size_t shortest; /* frame that the kernel can be handed, in bytes */

static const uint16_t tag_sets[][FRAME_TAGS_MAX] = {
	{0},
	{FRAME_8021Q},
	{FRAME_8021AD},
	{FRAME_8021Q, FRAME_8021Q},
	{FRAME_8021AD, FRAME_8021Q},
	{FRAME_8021Q, FRAME_8021AD},
	{FRAME_8021AD, FRAME_8021AD},
	{FRAME_8021Q, FRAME_8021Q, FRAME_8021Q},
	{FRAME_8021AD, FRAME_8021AD, FRAME_8021Q},
};

static const unsigned int option_sets[] = {0, 4, 20, 40};

static const struct chain {
	uint8_t headers[FRAME_CHAIN_MAX];
	unsigned int count;
	unsigned int units;
} chains[] = {
	{.count = 0},
	{{0}, 1, 0},
	{{43}, 1, 0},
	{{44}, 1, 0},
	{{51}, 1, 0},
	{{60}, 1, 0},
	{{0}, 1, 7},
	{{43}, 1, 2},
	{{51}, 1, 1},
	{{60}, 1, 31},
	{{0, 60}, 2, 0},
	{{0, 43, 44}, 3, 1},
	{{44, 44}, 2, 0}, /* the first, then the second is the fragment */
	{{44, 60}, 2, 0},
	{{51, 44, 51}, 3, 0},
	{{60, 0}, 2, 0}, /* hop-by-hop where it may not be */
	{{0, 0, 0}, 3, 0},
	{{0, 60, 43, 44, 51, 60}, 6, 0}, /* RFC 8200's order, all of it */
	{{60, 60, 60, 60, 60, 60, 60}, 7, 0},
	{{60, 60, 60, 60, 60, 60, 60, 60}, 8, 0},
	{{60, 60, 60, 60, 60, 60, 60, 60, 60}, 9, 0},
	{{0, 43, 60, 43, 60, 43, 60, 43, 60, 43, 60, 51}, 12, 1},
};

static const struct frame_spec inner4 = {
	.family = 4,
	.proto = 6,
	.source = UNLISTED4,
};

static const struct frame_spec inner6 = {
	.family = 6,
	.proto = 17,
	.source = UNLISTED6,
};

static const struct upper {
	uint8_t proto;
	const struct frame_spec *inner;
} uppers[] = {
	{6, NULL}, /* TCP */
	{17, NULL}, /* UDP */
	{132, NULL}, /* SCTP */
	{1, NULL}, /* ICMP, also in IPv6 */
	{58, NULL}, /* ICMPv6, also in IPv4 */
	{253, NULL}, /* for experiments: unknown */
	{59, NULL}, /* no next header */
	{50, NULL}, /* ESP */
	{135, NULL}, /* mobility */
	{4, &inner4}, /* IP in IP */
	{41, &inner6}, {17, &inner4}, /* VXLAN */
	{17, &inner6},
};

/* One number of a mixed radix at a time off an index. */
static size_t digit(size_t *index, size_t radix)
{
	size_t value = *index % radix;

	*index /= radix;
	return value;
}

/* Frame number `index` of the product; false when there are no more. */
static bool spec_of(uint8_t family, size_t index, struct frame_spec *ret_spec)
{
	struct frame_spec spec = {.family = family, .payload_bytes = 9};
	const struct upper *upper = &uppers[digit(&index, ARRAY_LEN(uppers))];
	const uint16_t *tags = tag_sets[digit(&index, ARRAY_LEN(tag_sets))];

	spec.proto = upper->proto;
	spec.inner = upper->inner;
	for (int i = 0; i < FRAME_TAGS_MAX; i++)
		spec.tags[i] = tags[i];
	spec.frag = (enum frame_frag)digit(&index, FRAME_FRAG_COUNT);
	if (family == 4) {
		spec.option_bytes =
			option_sets[digit(&index, ARRAY_LEN(option_sets))];
	} else {
		const struct chain *chain =
			&chains[digit(&index, ARRAY_LEN(chains))];

		for (size_t i = 0; i < chain->count; i++)
			spec.chain[i] = chain->headers[i];
		spec.chain_count = chain->count;
		spec.extension_units = chain->units;
	}
	*ret_spec = spec;
	return index == 0;
}

static void describe(const struct frame_spec *spec, size_t len)
{
	(void)fprintf(stderr,
		      "family %d tags %04x %04x %04x options %u chain %zu"
		      "(%d...) units %u fragment %d protocol %d inner %d "
		      "bytes %zu\n",
		      spec->family, spec->tags[0], spec->tags[1], spec->tags[2],
		      spec->option_bytes, spec->chain_count, spec->chain[0],
		      spec->extension_units, (int)spec->frag, spec->proto,
		      spec->inner ? spec->inner->family : 0, len);
}

/* What the first `len` bytes of a frame must come to, from how it was built
 * alone. */
static enum fw_reason reason_of(const struct frame_spec *spec,
				const struct frame *frame, size_t len,
				bool is_listed)
{
	if (spec->tags[2])
		return len < TWO_TAGS_END ? FW_DROP_TRUNCATED : FW_DROP_TAGS;
	if (len < frame->source_end)
		return FW_DROP_TRUNCATED;
	if (is_listed)
		return FW_DROP_LISTED;
	return len < frame->read_end || frame->extension_count > WALKED_MAX
		       ? FW_PASS_UNREADABLE
		       : FW_PASS_UNLISTED;
}

static void set_source(struct frame_spec *spec, bool is_listed)
{
	if (spec->family == 4)
		spec->source = is_listed ? LISTED4 : UNLISTED4;
	else
		spec->source = is_listed ? LISTED6 : UNLISTED6;
}

typedef void frame_fn(const struct frame_spec *spec, const struct frame *frame,
		      bool is_listed);

static void each_frame(uint8_t family, bool is_listed, frame_fn *fn)
{
	static struct frame frame;
	struct frame_spec spec;

	for (size_t i = 0; spec_of(family, i, &spec); i++) {
		set_source(&spec, is_listed);
		frame_build(&spec, &frame);
		fn(&spec, &frame, is_listed);
	}
}

static void has_its_reason(const struct frame_spec *spec,
			   const struct frame *frame, bool is_listed)
{
	enum fw_reason expected = reason_of(spec, frame, frame->len, is_listed);
	enum fw_reason reason;
	uint32_t verdict;

	rig_mark(&rig);
	verdict = rig_run(&rig, frame->data, frame->len);
	reason = rig_reason(&rig, frame->len);
	if (reason != expected || verdict != rig_verdict_of(expected))
		describe(spec, frame->len);
	assert_int_equal(reason, expected);
	assert_int_equal(verdict, rig_verdict_of(expected));
}

static void every_frame_of_a_listed_v4_source_is_dropped(void **state)
{
	(void)state;
	each_frame(4, true, has_its_reason);
}

static void every_frame_of_a_listed_v6_source_is_dropped(void **state)
{
	(void)state;
	each_frame(6, true, has_its_reason);
}

static void the_same_frames_of_an_unlisted_v4_source_pass(void **state)
{
	(void)state;
	each_frame(4, false, has_its_reason);
}

static void the_same_frames_of_an_unlisted_v6_source_pass(void **state)
{
	(void)state;
	each_frame(6, false, has_its_reason);
}

static void check_counted(const struct frame_spec *spec, const size_t *expected)
{
	for (int i = 0; i < FW_REASON_COUNT; i++) {
		struct fw_count counted = rig_counted(&rig, (enum fw_reason)i);

		if (counted.packets != expected[i])
			describe(spec, 0);
		assert_int_equal(counted.packets, expected[i]);
	}
}

/* A payload longer than the last thing that is read tells nothing new. */
static size_t longest_cut(const struct frame *frame)
{
	size_t end = frame->read_end > frame->source_end ? frame->read_end
							 : frame->source_end;

	return end + 2 < frame->len ? end + 2 : frame->len;
}

/* One of each kind of header does: those that are read, and one that is not. */
static bool is_cut(const struct frame_spec *spec)
{
	uint8_t icmp = spec->family == 4 ? 1 : 58;

	return !spec->inner && (spec->proto == 6 || spec->proto == 17 ||
				spec->proto == 253 || spec->proto == icmp);
}

static void has_its_reason_cut_anywhere(const struct frame_spec *spec,
					const struct frame *frame,
					bool is_listed)
{
	size_t expected[FW_REASON_COUNT] = {0};
	size_t longest = longest_cut(frame);

	if (!is_cut(spec))
		return;
	rig_mark(&rig);
	for (size_t len = shortest; len <= longest; len++) {
		enum fw_reason reason = reason_of(spec, frame, len, is_listed);
		uint32_t verdict = rig_run(&rig, frame->data, len);

		if (verdict != rig_verdict_of(reason))
			describe(spec, len);
		assert_int_equal(verdict, rig_verdict_of(reason));
		expected[reason]++;
	}
	check_counted(spec, expected);
}

static void a_listed_v4_source_is_dropped_wherever_cut(void **state)
{
	(void)state;
	each_frame(4, true, has_its_reason_cut_anywhere);
}

static void a_listed_v6_source_is_dropped_wherever_cut(void **state)
{
	(void)state;
	each_frame(6, true, has_its_reason_cut_anywhere);
}

static void an_unlisted_v4_source_passes_unless_cut_before_it(void **state)
{
	(void)state;
	each_frame(4, false, has_its_reason_cut_anywhere);
}

static void an_unlisted_v6_source_passes_unless_cut_before_it(void **state)
{
	(void)state;
	each_frame(6, false, has_its_reason_cut_anywhere);
}

static void is_read_alike(const struct frame_spec *spec,
			  const struct frame *frame, bool is_listed)
{
	struct reading reading;
	struct fw_event event;
	const char *field;
	uint32_t verdict;

	event = rig_event(&rig, frame->data, frame->len, &verdict);
	reader_read(frame->data, frame->len, &reading);
	field = rig_disagreement(&event, &reading);
	if (field) {
		describe(spec, frame->len);
		fail_msg("disagreement on: %s", field);
	}
	assert_int_equal(event.reason, rig_expected(&reading, is_listed));
}

static void both_readers_agree_on_v4(void **state)
{
	(void)state;
	each_frame(4, false, is_read_alike);
	each_frame(4, true, is_read_alike);
}

static void both_readers_agree_on_v6(void **state)
{
	(void)state;
	each_frame(6, false, is_read_alike);
	each_frame(6, true, is_read_alike);
}

/* A frame whose byte 0 of the IP header is changed; the reason it gets. */
static enum fw_reason reason_with_first_byte(uint8_t family, bool is_listed,
					     uint8_t first)
{
	struct frame_spec spec = {.family = family, .proto = 6};
	static struct frame frame;
	uint32_t verdict;
	enum fw_reason reason;

	set_source(&spec, is_listed);
	spec.payload_bytes = 64;
	frame_build(&spec, &frame);
	frame.data[frame.l3] = first;
	rig_mark(&rig);
	verdict = rig_run(&rig, frame.data, frame.len);
	reason = rig_reason(&rig, frame.len);
	assert_int_equal(verdict, rig_verdict_of(reason));
	return reason;
}

static void any_first_byte_that_is_not_ipv4_is_dropped(void **state)
{
	(void)state;
	for (unsigned int first = 0; first < 256; first++) {
		bool is_right = first / 16 == 4 && first % 16 >= 5;
		uint8_t byte = (uint8_t)first;

		assert_int_equal(reason_with_first_byte(4, true, byte),
				 is_right ? FW_DROP_LISTED
					  : FW_DROP_BAD_HEADER);
		assert_int_equal(reason_with_first_byte(4, false, byte),
				 is_right ? FW_PASS_UNLISTED
					  : FW_DROP_BAD_HEADER);
	}
}

static void any_first_byte_that_is_not_ipv6_is_dropped(void **state)
{
	(void)state;
	for (unsigned int first = 0; first < 256; first++) {
		bool is_right = first / 16 == 6;
		uint8_t byte = (uint8_t)first;

		assert_int_equal(reason_with_first_byte(6, true, byte),
				 is_right ? FW_DROP_LISTED
					  : FW_DROP_BAD_HEADER);
		assert_int_equal(reason_with_first_byte(6, false, byte),
				 is_right ? FW_PASS_UNLISTED
					  : FW_DROP_BAD_HEADER);
	}
}

static int setup(void **state)
{
	(void)state;
	rig_init(&rig);
	rig_list(&rig, LISTED4, RIG_DROP);
	rig_list(&rig, LISTED6, RIG_DROP);
	for (shortest = 0; !rig_takes(&rig, shortest); shortest++)
		;
	(void)printf("frames are cut from %zu bytes on\n", shortest);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	rig_done(&rig);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_frame_of_a_listed_v4_source_is_dropped),
		cmocka_unit_test(every_frame_of_a_listed_v6_source_is_dropped),
		cmocka_unit_test(the_same_frames_of_an_unlisted_v4_source_pass),
		cmocka_unit_test(the_same_frames_of_an_unlisted_v6_source_pass),
		cmocka_unit_test(a_listed_v4_source_is_dropped_wherever_cut),
		cmocka_unit_test(a_listed_v6_source_is_dropped_wherever_cut),
		cmocka_unit_test(
			an_unlisted_v4_source_passes_unless_cut_before_it),
		cmocka_unit_test(
			an_unlisted_v6_source_passes_unless_cut_before_it),
		cmocka_unit_test(both_readers_agree_on_v4),
		cmocka_unit_test(both_readers_agree_on_v6),
		cmocka_unit_test(any_first_byte_that_is_not_ipv4_is_dropped),
		cmocka_unit_test(any_first_byte_that_is_not_ipv6_is_dropped),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
