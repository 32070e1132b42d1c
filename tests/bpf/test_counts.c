// SPDX-License-Identifier: GPL-2.0-or-later
/* Counters: by reason and by class, on every CPU, whatever happens to the
 * class meanwhile. */
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>
#include <linux/bpf.h>

#include "tests/support/frames.h"
#include "tests/support/rig.h"

#define LISTED	"203.0.113.1"
#define ALLOWED "203.0.113.2"
#define LISTED6 "2001:db8:bad::1"

#define BURST	    1000
#define REDEFINED   2000 /* times, while packets run */
#define SPEC_BYTES  64
#define THREADS_MAX 2

static struct rig rig;

static struct frame frame_from(uint8_t family, const char *source)
{
	struct frame frame;

	frame_build(&(struct frame_spec){.family = family,
					 .proto = 253,
					 .source = source,
					 .payload_bytes = SPEC_BYTES},
		    &frame);
	return frame;
}

static void run(const struct frame *frame, uint32_t count)
{
	(void)rig_repeat(&rig, frame->data, frame->len, count);
}

static void a_packet_is_counted_by_reason_and_class_with_its_bytes(void **state)
{
	struct frame frame = frame_from(4, LISTED);
	struct fw_count before = rig_class_count(&rig, RIG_DROP);
	struct fw_count after;

	(void)state;
	rig_mark(&rig);
	run(&frame, BURST);
	after = rig_class_count(&rig, RIG_DROP);
	assert_int_equal(after.packets - before.packets, BURST);
	assert_int_equal(after.bytes - before.bytes, BURST * frame.len);
	assert_int_equal(rig_counted(&rig, FW_DROP_LISTED).packets, BURST);
	assert_int_equal(rig_counted(&rig, FW_DROP_LISTED).bytes,
			 BURST * frame.len);
	assert_int_equal(rig_counted_all(&rig), BURST);
}

static void both_families_share_the_count_of_a_class(void **state)
{
	struct frame frame4 = frame_from(4, LISTED);
	struct frame frame6 = frame_from(6, LISTED6);
	struct fw_count before = rig_class_count(&rig, RIG_DROP);
	struct fw_count after;

	(void)state;
	run(&frame4, 3);
	run(&frame6, 4);
	after = rig_class_count(&rig, RIG_DROP);
	assert_int_equal(after.packets - before.packets, 7);
	assert_int_equal(after.bytes - before.bytes,
			 3 * frame4.len + 4 * frame6.len);
}

static void each_class_has_its_own_count(void **state)
{
	struct frame frame = frame_from(4, ALLOWED);
	struct fw_count dropped = rig_class_count(&rig, RIG_DROP);
	struct fw_count allowed = rig_class_count(&rig, RIG_ALLOW);

	(void)state;
	run(&frame, 5);
	assert_int_equal(rig_class_count(&rig, RIG_DROP).packets,
			 dropped.packets);
	assert_int_equal(rig_class_count(&rig, RIG_ALLOW).packets,
			 allowed.packets + 5);
}

static void what_is_in_no_set_counts_for_no_class(void **state)
{
	struct frame frame = frame_from(4, "192.0.2.1");

	(void)state;
	rig_mark(&rig);
	run(&frame, 5);
	assert_int_equal(rig_counted(&rig, FW_PASS_UNLISTED).packets, 5);
	assert_int_equal(rig_class_count(&rig, 0).packets, 0);
}

static void neighbour_discovery_counts_for_the_class_it_passes_by(void **state)
{
	struct fw_count before = rig_class_count(&rig, RIG_DROP);
	struct frame frame;

	(void)state;
	frame_build(&(struct frame_spec){.family = 6,
					 .proto = 58,
					 .source = LISTED6,
					 .hop_limit = 255,
					 .icmp_type = 135},
		    &frame);
	rig_mark(&rig);
	run(&frame, 2);
	assert_int_equal(rig_counted(&rig, FW_PASS_NEIGHBOUR).packets, 2);
	assert_int_equal(rig_class_count(&rig, RIG_DROP).packets,
			 before.packets + 2);
}

static void *run_on_cpu(void *arg)
{
	struct frame frame = frame_from(4, LISTED);
	const size_t *cpu = arg;
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(*cpu, &set);
	(void)sched_setaffinity(0, sizeof(set), &set);
	run(&frame, BURST);
	return NULL;
}

static void counts_are_the_sum_over_all_cpus(void **state)
{
	long online = sysconf(_SC_NPROCESSORS_ONLN);
	size_t count = online < THREADS_MAX ? 1 : THREADS_MAX;
	struct fw_count before = rig_class_count(&rig, RIG_DROP);
	pthread_t threads[THREADS_MAX];
	size_t cpus[THREADS_MAX];

	(void)state;
	rig_mark(&rig);
	for (size_t i = 0; i < count; i++) {
		cpus[i] = i;
		assert_int_equal(
			pthread_create(&threads[i], NULL, run_on_cpu, &cpus[i]),
			0);
	}
	for (size_t i = 0; i < count; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);

	assert_int_equal(rig_counted(&rig, FW_DROP_LISTED).packets,
			 count * BURST);
	assert_int_equal(rig_class_count(&rig, RIG_DROP).packets,
			 before.packets + count * BURST);
}

static void a_redefined_class_decides_from_the_next_packet_on(void **state)
{
	struct frame frame = frame_from(4, LISTED);

	(void)state;
	rig_put_class(&rig, RIG_DROP, FW_PASS_SHADOW);
	assert_int_equal(rig_run(&rig, frame.data, frame.len), XDP_PASS);
	rig_put_class(&rig, RIG_DROP, FW_DROP_LISTED);
	assert_int_equal(rig_run(&rig, frame.data, frame.len), XDP_DROP);
}

static void redefining_a_class_keeps_its_count(void **state)
{
	struct frame frame = frame_from(4, LISTED);
	struct fw_count before = rig_class_count(&rig, RIG_DROP);

	(void)state;
	run(&frame, 3);
	rig_put_class(&rig, RIG_DROP, FW_PASS_SHADOW);
	run(&frame, 4);
	rig_put_class(&rig, RIG_DROP, FW_DROP_LISTED);
	assert_int_equal(rig_class_count(&rig, RIG_DROP).packets,
			 before.packets + 7);
}

static atomic_bool is_enough;

static void *run_until_enough(void *arg)
{
	struct frame frame = frame_from(4, LISTED);
	uint64_t *count = arg;

	while (!atomic_load(&is_enough)) {
		run(&frame, 100);
		*count += 100;
	}
	return NULL;
}

/* Dropped or shadowed, never anything else, and none is missing. */
static void no_packet_is_lost_while_a_class_is_redefined(void **state)
{
	pthread_t thread;
	uint64_t count = 0;

	(void)state;
	rig_mark(&rig);
	atomic_store(&is_enough, false);
	assert_int_equal(
		pthread_create(&thread, NULL, run_until_enough, &count), 0);
	for (int i = 0; i < REDEFINED; i++) {
		rig_put_class(&rig, RIG_DROP,
			      i % 2 ? FW_DROP_LISTED : FW_PASS_SHADOW);
		(void)sched_yield();
	}
	atomic_store(&is_enough, true);
	assert_int_equal(pthread_join(thread, NULL), 0);

	assert_int_equal(rig_counted_all(&rig), count);
	assert_int_equal(rig_counted(&rig, FW_DROP_LISTED).packets +
				 rig_counted(&rig, FW_PASS_SHADOW).packets,
			 count);
}

static int setup(void **state)
{
	(void)state;
	rig_init(&rig);
	rig_list(&rig, LISTED, RIG_DROP);
	rig_list(&rig, LISTED6, RIG_DROP);
	rig_list(&rig, ALLOWED, RIG_ALLOW);
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
		cmocka_unit_test(
			a_packet_is_counted_by_reason_and_class_with_its_bytes),
		cmocka_unit_test(both_families_share_the_count_of_a_class),
		cmocka_unit_test(each_class_has_its_own_count),
		cmocka_unit_test(what_is_in_no_set_counts_for_no_class),
		cmocka_unit_test(
			neighbour_discovery_counts_for_the_class_it_passes_by),
		cmocka_unit_test(counts_are_the_sum_over_all_cpus),
		cmocka_unit_test(
			a_redefined_class_decides_from_the_next_packet_on),
		cmocka_unit_test(redefining_a_class_keeps_its_count),
		cmocka_unit_test(no_packet_is_lost_while_a_class_is_redefined),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
