// SPDX-License-Identifier: GPL-2.0-or-later
#include "perf/support/testrun.h"

#include <arpa/inet.h>
#include <errno.h>
#include <sched.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/udp.h>

#define BATCH_FRAMES 64 /* as many as a driver takes at once (NAPI) */

int testrun_pin(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET((size_t)(sysconf(_SC_NPROCESSORS_ONLN) - 1), &set);
	return sched_setaffinity(0, sizeof(set), &set) < 0 ? -errno : 0;
}

void testrun_alone(bool is_on)
{
	const struct sched_param param = {.sched_priority = is_on ? 1 : 0};

	(void)sched_setscheduler(0, is_on ? SCHED_FIFO : SCHED_OTHER, &param);
}

uint16_t testrun_checksum(const struct iphdr *ip)
{
	uint16_t words[sizeof(*ip) / 2];
	uint32_t sum = 0;

	memcpy(words, ip, sizeof(words));
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		sum += words[i];
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

void testrun_frame(uint8_t frame[TESTRUN_FRAME_BYTES])
{
	const size_t ip_bytes = TESTRUN_FRAME_BYTES - sizeof(struct ethhdr);
	struct ethhdr eth = {
		.h_dest = {2, 0, 0, 0, 0, 1},
		.h_source = {2, 0, 0, 0, 0, 2},
		.h_proto = htons(ETH_P_IP),
	};
	struct iphdr ip = {
		.version = 4,
		.ihl = 5,
		.tot_len = htons((uint16_t)ip_bytes),
		.ttl = 64,
		.protocol = IPPROTO_UDP,
		.saddr = htonl(0xc0000201),
		.daddr = htonl(0xc6336401),
	};
	struct udphdr udp = {
		.source = htons(40000),
		.dest = htons(9),
		.len = htons((uint16_t)(ip_bytes - sizeof(ip))),
	};

	ip.check = testrun_checksum(&ip);
	memset(frame, 0, TESTRUN_FRAME_BYTES);
	memcpy(frame, &eth, sizeof(eth));
	memcpy(frame + sizeof(eth), &ip, sizeof(ip));
	memcpy(frame + sizeof(eth) + sizeof(ip), &udp, sizeof(udp));
}

int testrun_do(int program_fd, uint32_t repeat, struct testrun *ret_run)
{
	uint8_t frame[TESTRUN_FRAME_BYTES];
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame,
		    .data_size_in = sizeof(frame), .repeat = (int)repeat);
	int r;

	testrun_frame(frame);
	testrun_alone(true);
	r = bpf_prog_test_run_opts(program_fd, &opts);
	testrun_alone(false);
	if (r < 0)
		return r;
	*ret_run =
		(struct testrun){.ns = opts.duration, .verdict = opts.retval};
	return 0;
}

int testrun_judge(int program_fd, uint32_t source, uint32_t *ret_verdict)
{
	uint8_t frame[TESTRUN_FRAME_BYTES];
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame,
		    .data_size_in = sizeof(frame), .repeat = 1);
	struct iphdr ip;
	int r;

	testrun_frame(frame);
	memcpy(&ip, frame + sizeof(struct ethhdr), sizeof(ip));
	ip.saddr = htonl(source);
	ip.check = 0;
	ip.check = testrun_checksum(&ip);
	memcpy(frame + sizeof(struct ethhdr), &ip, sizeof(ip));
	r = bpf_prog_test_run_opts(program_fd, &opts);
	if (r < 0)
		return r;
	*ret_verdict = opts.retval;
	return 0;
}

static double seconds_now(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int testrun_live(int program_fd, uint32_t frames, double *ret_s)
{
	uint8_t frame[TESTRUN_FRAME_BYTES];
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame,
		    .data_size_in = sizeof(frame), .repeat = (int)frames,
		    .flags = BPF_F_TEST_XDP_LIVE_FRAMES,
		    .batch_size = BATCH_FRAMES);
	double start_s, took_s;
	int r;

	testrun_frame(frame);
	testrun_alone(true);
	start_s = seconds_now();
	r = bpf_prog_test_run_opts(program_fd, &opts);
	took_s = seconds_now() - start_s;
	testrun_alone(false);
	if (r == 0)
		*ret_s = took_s;
	return r;
}
