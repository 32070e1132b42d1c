// SPDX-License-Identifier: GPL-2.0-or-later
#include "perf/support/flood.h"

#include <bpf/bpf.h>

#include "perf/support/testrun.h"

#define BATCH_FRAMES 64

static void *run(void *arg)
{
	struct flood *flood = arg;
	uint8_t frame[TESTRUN_FRAME_BYTES];
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame,
		    .data_size_in = sizeof(frame),
		    .repeat = (int)flood->at_once,
		    .flags = BPF_F_TEST_XDP_LIVE_FRAMES,
		    .batch_size = BATCH_FRAMES);

	(void)testrun_pin();
	testrun_frame(frame);
	while (!atomic_load(&flood->is_over)) {
		if (bpf_prog_test_run_opts(flood->program_fd, &opts) < 0)
			break;
		flood->frames += flood->at_once;
	}
	return NULL;
}

int flood_start(struct flood *flood, int program_fd, uint32_t at_once)
{
	flood->program_fd = program_fd;
	flood->at_once = at_once;
	flood->frames = 0;
	atomic_store(&flood->is_over, false);
	return -pthread_create(&flood->thread, NULL, run, flood);
}

void flood_stop(struct flood *flood)
{
	atomic_store(&flood->is_over, true);
	(void)pthread_join(flood->thread, NULL);
}
