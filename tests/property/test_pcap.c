// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The reader of captures against libpcap, over every capture below
 * PORTCULLIS_DATA: the same packets with the same bytes and times.
 */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>
#include <pcap/pcap.h>

#include "rules/base.h"
#include "rules/pcap.h"

#define SKIP	   77
#define PATH_BYTES 1024

struct comparison {
	const char *path;
	pcap_t *other;
	uint64_t packets;
};

static const char *root;

static int compare(void *arg, const struct pcap_packet *packet)
{
	struct comparison *comparison = arg;
	struct pcap_pkthdr *header;
	const uint8_t *bytes;
	uint64_t time_ns;

	comparison->packets++;
	if (pcap_next_ex(comparison->other, &header, &bytes) != 1)
		fail_msg("%s packet %llu: libpcap has none", comparison->path,
			 (unsigned long long)packet->number);
	time_ns = (uint64_t)header->ts.tv_sec * 1000000000u +
		  (uint64_t)header->ts.tv_usec;
	if (header->caplen > packet->captured_bytes ||
	    header->len != packet->original_bytes ||
	    memcmp(bytes, packet->bytes, header->caplen) != 0)
		fail_msg("%s packet %llu: other bytes", comparison->path,
			 (unsigned long long)packet->number);
	/* of times that a file cannot mean they make different things */
	if (packet->has_time && header->ts.tv_sec >= 0 &&
	    header->ts.tv_usec >= 0 && header->ts.tv_usec < 1000000000 &&
	    time_ns != packet->time_ns)
		fail_msg("%s packet %llu: time %llu, not %llu",
			 comparison->path, (unsigned long long)packet->number,
			 (unsigned long long)packet->time_ns,
			 (unsigned long long)time_ns);
	return 0;
}

/* As much memory as the file is long, so that a byte too far is found. */
static uint8_t *read_bytes(const char *path, size_t *ret_len)
{
	FILE *file = fopen(path, "re");
	struct stat status = {0};
	uint8_t *bytes;

	if (!file || fstat(fileno(file), &status) < 0)
		fail_msg("cannot read %s", path);
	*ret_len = (size_t)status.st_size;
	bytes = malloc(*ret_len + !*ret_len);
	assert_non_null(bytes);
	assert_int_equal(fread(bytes, 1, *ret_len, file), *ret_len);
	(void)fclose(file);
	return bytes;
}

static uint64_t compare_file(const char *path)
{
	char error[PCAP_ERRBUF_SIZE];
	struct comparison comparison = {.path = path};
	struct pcap_report report;
	struct pcap_pkthdr *header;
	const uint8_t *rest;
	uint8_t *bytes;
	size_t len;
	int r;

	comparison.other = pcap_open_offline_with_tstamp_precision(
		path, PCAP_TSTAMP_PRECISION_NANO, error);
	bytes = read_bytes(path, &len);
	if (comparison.other) {
		r = pcap_each_packet(bytes, len, compare, &comparison, &report);
		if (pcap_next_ex(comparison.other, &header, &rest) == 1)
			fail_msg("%s: ended after %llu packets at %zu: %d, %s",
				 path, (unsigned long long)report.packets,
				 report.offset, r, report.why);
		pcap_close(comparison.other);
	}
	free(bytes);
	return comparison.packets;
}

static int is_capture(const struct dirent *entry)
{
	return strstr(entry->d_name, ".pcap") != NULL;
}

static void captures_are_read_as_libpcap_does(void **state)
{
	static const char *const folders[] = {"tcpdump-pcaps", "evasion-pcaps",
					      "ddos-pcaps"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(folders); i++) {
		char folder[PATH_BYTES / 2], path[PATH_BYTES];
		struct dirent **entries;
		uint64_t packets = 0;
		int count;

		(void)snprintf(folder, sizeof(folder), "%s/%s", root,
			       folders[i]);
		count = scandir(folder, &entries, is_capture, alphasort);
		assert_true(count > 0);
		for (int n = 0; n < count; n++) {
			(void)snprintf(path, sizeof(path), "%s/%s", folder,
				       entries[n]->d_name);
			packets += compare_file(path);
			free(entries[n]);
		}
		free(entries);
		(void)printf("  %s: %d files, %llu packets\n", folders[i],
			     count, (unsigned long long)packets);
		assert_true(packets > 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(captures_are_read_as_libpcap_does),
	};

	root = getenv("PORTCULLIS_DATA");
	if (!root || !*root) {
		(void)printf("skipped: PORTCULLIS_DATA does not name a folder "
			     "of captures\n");
		return SKIP;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
