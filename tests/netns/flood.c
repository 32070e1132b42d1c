// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * flood - send UDP datagrams as fast as the kernel can, from many sources.
 *
 * The kernel makes the frames itself (BPF_F_TEST_XDP_LIVE_FRAMES) and puts
 * them on the wire behind IFACE, sources of LISTED in turn, in an order that
 * does not follow the file's; one frame in 1024 has a source of CLEAN. Given
 * the id of an XDP program, it also tells how often that ran meanwhile and how
 * long: the kernel keeps these figures only as long as we ask it to, so nothing
 * is left switched on, however this ends.
 *
 * Prints one JSON object: frames sent, how many of them clean, microseconds,
 * and of the program runs and nanoseconds.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/udp.h>
#include <netinet/ether.h>

#include "flood.skel.h"

#include "rules/base.h"
#include "tests/netns/flood.h"

#define FRAME_BYTES   60
#define BURST_FRAMES  (1u << 15)
#define SOURCE_PORT   40000
#define ADDRESSES_MAX (1u << 20)

struct arguments {
	const char *ifname;
	const char *to_mac;
	const char *to_address;
	uint16_t to_port;
	const char *listed_path;
	const char *clean_path;
	double seconds;
	uint32_t program_id; /* 0: none to be watched */
};

struct result {
	uint64_t sent;
	uint64_t took_ns;
	uint64_t runs;
	uint64_t run_ns;
};

struct addresses {
	uint32_t *be;
	size_t count;
};

static int complain(int r, const char *what)
{
	(void)fprintf(stderr, "flood: %s: %s\n", what, strerror(-r));
	return r;
}

/* The IPv4 address at the start of each line; other lines are passed over. */
static int read_addresses(const char *path, struct addresses *addresses)
{
	FILE *file = fopen(path, "re");
	char line[256];

	if (!file)
		return complain(-errno, path);
	addresses->be = calloc(ADDRESSES_MAX, sizeof(*addresses->be));
	while (addresses->be && addresses->count < ADDRESSES_MAX &&
	       fgets(line, sizeof(line), file)) {
		line[strcspn(line, " \t\r\n")] = '\0';
		if (inet_pton(AF_INET, line,
			      &addresses->be[addresses->count]) == 1)
			addresses->count++;
	}
	(void)fclose(file);
	if (!addresses->be)
		return complain(-ENOMEM, path);
	return addresses->count > 0 ? 0 : complain(-ENODATA, path);
}

/* Any order will do that is not the list's and the same each time. */
static void shuffle(struct addresses *addresses)
{
	uint64_t state = 1;

	for (size_t i = addresses->count - 1; i > 0; i--) {
		uint32_t kept = addresses->be[i];
		size_t j;

		state = state * 6364136223846793005u + 1442695040888963407u;
		j = (size_t)((state >> 33) % (i + 1));
		addresses->be[i] = addresses->be[j];
		addresses->be[j] = kept;
	}
}

static int fill_sources(const struct arguments *args, uint32_t *sources_be)
{
	struct addresses listed = {0};
	struct addresses clean = {0};
	int r = read_addresses(args->listed_path, &listed);

	if (r == 0)
		r = read_addresses(args->clean_path, &clean);
	if (r == 0)
		shuffle(&listed);
	for (uint32_t i = 0, n = 0; r == 0 && i < FLOOD_SOURCE_COUNT; i++) {
		if (i % FLOOD_CLEAN_EVERY == FLOOD_CLEAN_EVERY - 1)
			sources_be[i] = clean.be[n++ % clean.count];
		else
			sources_be[i] = listed.be[i % listed.count];
	}
	free(listed.be);
	free(clean.be);
	return r;
}

/* A frame, and what the kernel side puts into each. */
static int make_frame(const struct arguments *args, struct flood *skel,
		      uint8_t *frame)
{
	const size_t ip_bytes = FRAME_BYTES - sizeof(struct ethhdr);
	struct ethhdr eth = {.h_proto = htons(ETH_P_IP)};
	struct iphdr ip = {
		.version = 4,
		.ihl = 5,
		.tot_len = htons((uint16_t)ip_bytes),
		.ttl = 64,
		.protocol = IPPROTO_UDP,
	};
	struct udphdr udp = {
		.source = htons(SOURCE_PORT),
		.dest = htons(args->to_port),
		.len = htons((uint16_t)(ip_bytes - sizeof(ip))),
	};
	struct ether_addr mac;
	uint16_t words[sizeof(ip) / 2];

	if (!ether_aton_r(args->to_mac, &mac))
		return complain(-EINVAL, args->to_mac);
	if (inet_pton(AF_INET, args->to_address, &ip.daddr) != 1)
		return complain(-EINVAL, args->to_address);
	memcpy(eth.h_dest, &mac, sizeof(mac));
	eth.h_source[0] = 2; /* locally administered */
	memcpy(frame, &eth, sizeof(eth));
	memcpy(frame + sizeof(eth), &ip, sizeof(ip));
	memcpy(frame + sizeof(eth) + sizeof(ip), &udp, sizeof(udp));

	memcpy(words, &ip, sizeof(ip));
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		skel->bss->ip_sum += words[i];
	memcpy(&skel->bss->link_header, &eth, sizeof(eth));
	memcpy(&skel->bss->ip_header, &ip, sizeof(ip));
	return 0;
}

static uint64_t now_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static int send_frames(const struct flood *skel, const uint8_t *frame,
		       double seconds, struct result *result)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame,
		    .data_size_in = FRAME_BYTES, .repeat = BURST_FRAMES,
		    .flags = BPF_F_TEST_XDP_LIVE_FRAMES);
	uint64_t start_ns = now_ns();

	do {
		int r = bpf_prog_test_run_opts(
			bpf_program__fd(skel->progs.flood), &opts);

		if (r < 0)
			return complain(r, "send");
		result->sent += BURST_FRAMES;
		result->took_ns = now_ns() - start_ns;
	} while ((double)result->took_ns < seconds * 1e9);
	return 0;
}

static int read_runs(int program_fd, uint64_t *ret_runs, uint64_t *ret_ns)
{
	struct bpf_prog_info info = {0};
	uint32_t info_bytes = sizeof(info);
	int r = bpf_obj_get_info_by_fd(program_fd, &info, &info_bytes);

	if (r < 0)
		return complain(r, "read the program's figures");
	*ret_runs = info.run_cnt;
	*ret_ns = info.run_time_ns;
	return 0;
}

/* As send_frames(), with an eye on a program. */
static int send_watched(const struct flood *skel, const uint8_t *frame,
			const struct arguments *args, struct result *result)
{
	CLEANUP(closep)
	int program_fd = bpf_prog_get_fd_by_id(args->program_id);
	CLEANUP(closep) int stats_fd = bpf_enable_stats(BPF_STATS_RUN_TIME);
	uint64_t runs, run_ns;
	int r;

	if (program_fd < 0)
		return complain(program_fd, "find the program");
	if (stats_fd < 0)
		return complain(stats_fd, "have the kernel take times");
	r = read_runs(program_fd, &runs, &run_ns);
	if (r == 0)
		r = send_frames(skel, frame, args->seconds, result);
	if (r == 0)
		r = read_runs(program_fd, &result->runs, &result->run_ns);
	result->runs -= runs;
	result->run_ns -= run_ns;
	return r;
}

static int run(const struct arguments *args, struct result *result)
{
	uint8_t frame[FRAME_BYTES] = {0};
	struct flood *skel = flood__open_and_load();
	int r;

	if (!skel)
		return complain(-errno, "load the generator");
	skel->bss->target = if_nametoindex(args->ifname);
	r = skel->bss->target ? 0 : complain(-errno, args->ifname);
	if (r == 0)
		r = make_frame(args, skel, frame);
	if (r == 0)
		r = fill_sources(args, skel->bss->sources_be);
	if (r == 0)
		r = args->program_id
			    ? send_watched(skel, frame, args, result)
			    : send_frames(skel, frame, args->seconds, result);
	flood__destroy(skel);
	return r;
}

/* A number from 0 to `max`, all of the text. */
static bool read_number(const char *text, double max, double *ret_number)
{
	char *end;
	double number = strtod(text, &end);

	if (end == text || *end || !(number >= 0 && number <= max))
		return false;
	*ret_number = number;
	return true;
}

int main(int argc, char **argv)
{
	struct result result = {0};
	struct arguments args;
	double port, seconds, program_id = 0;

	if (argc < 8 || argc > 9 || !read_number(argv[4], 65535, &port) ||
	    !read_number(argv[7], 3600, &seconds) ||
	    (argc == 9 && !read_number(argv[8], 4294967295.0, &program_id))) {
		(void)fprintf(stderr, "usage: flood IFACE MAC ADDRESS PORT "
				      "LISTED CLEAN SECONDS [PROGRAM-ID]\n");
		return 2;
	}
	args = (struct arguments){
		.ifname = argv[1],
		.to_mac = argv[2],
		.to_address = argv[3],
		.to_port = (uint16_t)port,
		.listed_path = argv[5],
		.clean_path = argv[6],
		.seconds = seconds,
		.program_id = (uint32_t)program_id,
	};
	if (run(&args, &result) < 0)
		return 1;
	(void)printf("{\"sent\": %llu, \"clean\": %llu, \"us\": %llu, "
		     "\"runs\": %llu, \"run_ns\": %llu}\n",
		     (unsigned long long)result.sent,
		     (unsigned long long)(result.sent / FLOOD_CLEAN_EVERY),
		     (unsigned long long)(result.took_ns / 1000),
		     (unsigned long long)result.runs,
		     (unsigned long long)result.run_ns);
	return 0;
}
