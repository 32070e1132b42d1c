// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/support/rig.h"

#include <assert.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <cmocka.h>
#include <linux/bpf.h>

#include "rules/document.h"

#define SKIP	       77
#define ETHERNET_LEAST 14 /* the kernel's: no shorter frame is run */
#define EXTENSION_MAX  8
#define ND_HOP_LIMIT   255

/* The smallest tables there are do for a handful of prefixes. */
static const struct maps_config config = {
	.hosts4 = 1,
	.blocks4 = 1,
	.entries6 = 1000,
	.sample_passes = true,
};

static const struct program_config no_policy;

static void put_classes(struct rig *rig)
{
	rig_put_class(rig, RIG_DROP, FW_DROP_LISTED);
	rig_put_class(rig, RIG_ALLOW, FW_PASS_ALLOWED);
	rig_put_class(rig, RIG_SHADOW, FW_PASS_SHADOW);
}

void rig_init(struct rig *rig)
{
	char note[MAPS_NOTE_MAX];
	int r;

	*rig = (struct rig){0};
	r = maps_load(&config, &rig->maps, note);
	if (r == -EPERM) {
		(void)printf("skipped: loading a program (run it as root): "
			     "%s\n",
			     strerror(-r));
		(void)fflush(stdout);
		_Exit(SKIP);
	}
	if (r < 0)
		fail_msg("maps_load: %s: %s", strerror(-r), note);
	r = program_load(rig->maps, &no_policy, &rig->program, note);
	if (r < 0)
		fail_msg("program_load: %s: %s", strerror(-r), note);
	r = table_new(maps_view4(rig->maps), maps_view6(rig->maps),
		      &rig->table);
	assert_int_equal(r, 0);
	policy_init(&rig->policy);
	put_classes(rig);
}

void rig_done(struct rig *rig)
{
	table_free(rig->table);
	program_free(rig->program);
	compiled_free(rig->compiled);
	policy_done(&rig->policy);
	free(rig->counters);
	maps_free(rig->maps);
	*rig = (struct rig){0};
}

static void read_policy(const char *text, struct policy *policy)
{
	struct document_note where = {0};

	if (document_read(text, strlen(text), policy, &where) < 0)
		fail_msg("%u:%u: %s", where.line, where.column, where.text);
}

void rig_policy(struct rig *rig, const char *text)
{
	struct rig before = *rig;
	struct program_config ruled = {.carry = before.program};
	char note[MAPS_NOTE_MAX];

	read_policy(text, &rig->policy);
	assert_int_equal(compile(&rig->policy, &rig->compiled, note), 0);
	rig->counters =
		calloc(rig->policy.rule_count + 1, sizeof(*rig->counters));
	assert_non_null(rig->counters);
	for (size_t i = 0; i < rig->policy.rule_count; i++)
		rig->counters[i] = (uint16_t)i;
	ruled.policy = &rig->policy;
	ruled.compiled = rig->compiled;
	ruled.counters = rig->counters;
	if (program_load(rig->maps, &ruled, &rig->program, note) < 0)
		fail_msg("program_load: %s", note);
	put_classes(rig);
	program_free(before.program);
	compiled_free(before.compiled);
	policy_done(&before.policy);
	free(before.counters);
}

void rig_skip_if_emulated(void)
{
	if (getenv("PORTCULLIS_EMULATED"))
		skip();
}

uint64_t rig_rule_count(const struct rig *rig, uint32_t rule)
{
	struct fw_count *counts = calloc(rule + 1u, sizeof(*counts));
	uint64_t packets;

	assert_non_null(counts);
	assert_int_equal(maps_rule_counts(rig->maps, counts, rule + 1), 0);
	packets = counts[rule].packets;
	free(counts);
	return packets;
}

void rig_list(struct rig *rig, const char *text, uint16_t class_id)
{
	struct prefix prefix;

	assert_int_equal(prefix_from_text(text, strlen(text), &prefix), 0);
	assert_int_equal(table_set(rig->table, &prefix, class_id), 0);
}

void rig_put_class(struct rig *rig, uint16_t class_id, enum fw_reason reason)
{
	const struct program_class class = {
		.reason = reason,
		.set_id = RIG_SET,
	};

	assert_int_equal(program_put_class(rig->program, class_id, &class), 0);
}

/* A frame shorter than the kernel takes is put behind as many bytes of
 * metadata as it lacks. */
static int test_run(const struct rig *rig, const uint8_t *data, size_t len,
		    uint32_t count, uint32_t *ret_verdict)
{
	uint8_t padded[2 * ETHERNET_LEAST] = {0};
	size_t meta =
		len < ETHERNET_LEAST ? (ETHERNET_LEAST - len + 3) / 4 * 4 : 0;
	struct xdp_md context = {
		.data = (uint32_t)meta,
		.data_end = (uint32_t)(meta + len),
	};
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = data,
		    .data_size_in = (uint32_t)len, .repeat = (int)count);
	int r;

	if (meta > 0) {
		memcpy(padded + meta, data, len);
		opts.data_in = padded;
		opts.data_size_in = (uint32_t)(meta + len);
		opts.ctx_in = &context;
		opts.ctx_size_in = sizeof(context);
	}
	r = bpf_prog_test_run_opts(program_gate(rig->program)->fd, &opts);
	if (r < 0)
		return r;
	*ret_verdict = opts.retval;
	return 0;
}

uint32_t rig_verdict_of(enum fw_reason reason)
{
	return reason < FW_REASON_FIRST_DROP ? XDP_PASS : XDP_DROP;
}

bool rig_takes(const struct rig *rig, size_t len)
{
	static const uint8_t zeros[ETHERNET_LEAST];
	uint32_t verdict;

	return len >= ETHERNET_LEAST ||
	       test_run(rig, zeros, len, 1, &verdict) == 0;
}

uint32_t rig_repeat(struct rig *rig, const uint8_t *data, size_t len,
		    uint32_t count)
{
	uint32_t verdict = XDP_ABORTED;
	int r = test_run(rig, data, len, count, &verdict);

	if (r < 0)
		fail_msg("a frame of %zu bytes was not run: %s", len,
			 strerror(-r));
	return verdict;
}

uint32_t rig_run(struct rig *rig, const uint8_t *data, size_t len)
{
	return rig_repeat(rig, data, len, 1);
}

bool rig_run_split(struct rig *rig, const uint8_t *data, size_t len,
		   size_t first, uint32_t *ret_verdict)
{
	struct xdp_md context = {.data_end = (uint32_t)first};
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = data,
		    .data_size_in = (uint32_t)len, .ctx_in = &context,
		    .ctx_size_in = sizeof(context), .repeat = 1);

	if (bpf_prog_test_run_opts(program_gate(rig->program)->fd, &opts) < 0)
		return false;
	*ret_verdict = opts.retval;
	return true;
}

static int keep_event(void *arg, const struct fw_event *event)
{
	struct fw_event *kept = arg;

	*kept = *event;
	return 0;
}

struct fw_event rig_event(struct rig *rig, const uint8_t *data, size_t len,
			  uint32_t *ret_verdict)
{
	struct fw_event event = {0};

	maps_set_credit(rig->maps, 1);
	*ret_verdict = rig_run(rig, data, len);
	assert_int_equal(maps_take_events(rig->maps, keep_event, &event, 2), 1);
	return event;
}

void rig_mark(struct rig *rig)
{
	assert_int_equal(maps_reason_counts(rig->maps, rig->before), 0);
}

struct fw_count rig_counted(const struct rig *rig, enum fw_reason reason)
{
	struct fw_count now[FW_REASON_COUNT];

	assert_int_equal(maps_reason_counts(rig->maps, now), 0);
	return (struct fw_count){
		.packets = now[reason].packets - rig->before[reason].packets,
		.bytes = now[reason].bytes - rig->before[reason].bytes,
	};
}

uint64_t rig_counted_all(const struct rig *rig)
{
	struct fw_count now[FW_REASON_COUNT];
	uint64_t packets = 0;

	assert_int_equal(maps_reason_counts(rig->maps, now), 0);
	for (int i = 0; i < FW_REASON_COUNT; i++)
		packets += now[i].packets - rig->before[i].packets;
	return packets;
}

struct fw_count rig_class_count(const struct rig *rig, uint16_t class_id)
{
	struct fw_count counts[RIG_UNKNOWN + 1];

	assert_true(class_id <= RIG_UNKNOWN);
	assert_int_equal(maps_class_counts(rig->maps, counts, RIG_UNKNOWN + 1),
			 0);
	return counts[class_id];
}

enum fw_reason rig_reason(const struct rig *rig, size_t len)
{
	struct fw_count now[FW_REASON_COUNT];
	enum fw_reason reason = FW_NEXT;
	uint64_t packets = 0;

	assert_int_equal(maps_reason_counts(rig->maps, now), 0);
	for (int i = 0; i < FW_REASON_COUNT; i++) {
		if (now[i].packets == rig->before[i].packets)
			continue;
		packets += now[i].packets - rig->before[i].packets;
		assert_int_equal(now[i].bytes - rig->before[i].bytes, len);
		reason = (enum fw_reason)i;
	}
	assert_int_equal(packets, 1);
	return reason;
}

static bool is_neighbour(const struct reading *reading)
{
	return reading->family == 6 && reading->hop_limit == ND_HOP_LIMIT &&
	       reading->extension_count == 0 && reading->proto == 58 &&
	       reading->has_ports && reading->sport >= 133 &&
	       reading->sport <= 137 && reading->dport == 0;
}

enum fw_reason rig_expected(const struct reading *reading, bool is_listed)
{
	switch (reading->end) {
	case READING_OTHER:
		return FW_PASS_NOT_IP;
	case READING_SHORT:
		return FW_DROP_TRUNCATED;
	case READING_WRONG:
		return FW_DROP_BAD_HEADER;
	case READING_TAGS:
		return FW_DROP_TAGS;
	case READING_WHOLE:
	case READING_STOPPED:
		break;
	}
	if (is_listed)
		return is_neighbour(reading) ? FW_PASS_NEIGHBOUR
					     : FW_DROP_LISTED;
	return reading->end == READING_STOPPED ||
			       reading->extension_count > EXTENSION_MAX
		       ? FW_PASS_UNREADABLE
		       : FW_PASS_UNLISTED;
}

static const char *link_disagreement(const struct fw_event *event,
				     const struct reading *reading)
{
	if (event->tags != reading->tag_count)
		return "number of tags";
	if (memcmp(event->vlan, reading->tags, sizeof(event->vlan)) != 0)
		return "tag";
	if (ntohs(event->proto_be) != reading->ethertype)
		return "ethertype";
	if (event->family != reading->family)
		return "family";
	if (memcmp(event->saddr, reading->source, sizeof(event->saddr)) != 0)
		return "source address";
	if (memcmp(event->daddr, reading->dest, sizeof(event->daddr)) != 0)
		return "destination address";
	return NULL;
}

const char *rig_disagreement(const struct fw_event *event,
			     const struct reading *reading)
{
	const char *field = link_disagreement(event, reading);

	/* The walk has a bound, which the reader has not. */
	if (field || reading->extension_count > EXTENSION_MAX)
		return field;
	/* Where the walk ends before a protocol, neither has to name one. */
	if (reading->end != READING_STOPPED &&
	    event->l4_proto != (reading->proto < 0 ? 255 : reading->proto))
		return "protocol";
	if (event->frag != reading->frag)
		return "fragment";
	if (event->l4_read != reading->has_ports)
		return "presence of ports";
	if (event->sport != reading->sport)
		return "source port";
	if (event->dport != reading->dport)
		return "destination port";
	if (event->tcp_flags != reading->tcp_flags)
		return "TCP flags";
	return NULL;
}
