// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/support/captures.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pcap/pcap.h>

#define PATH_BYTES     512
#define ETHERNET_BYTES 14

static bool is_taken(int link)
{
	return link == DLT_EN10MB || link == DLT_RAW || link == DLT_IPV4 ||
	       link == DLT_IPV6;
}

static size_t wrap(int link, const uint8_t *packet, size_t len,
		   uint8_t frame[ETHERNET_BYTES + CAPTURE_BYTES_MAX])
{
	size_t header = link == DLT_EN10MB ? 0 : ETHERNET_BYTES;
	bool is_v6 = link == DLT_IPV6 ||
		     (link == DLT_RAW && len > 0 && packet[0] / 16 == 6);

	if (len > CAPTURE_BYTES_MAX)
		len = CAPTURE_BYTES_MAX;
	memset(frame, 0, header);
	if (header > 0) {
		frame[12] = is_v6 ? 0x86 : 0x08;
		frame[13] = is_v6 ? 0xdd : 0x00;
	}
	memcpy(frame + header, packet, len);
	return header + len;
}

static void each_packet(const char *file, pcap_t *pcap, capture_fn *fn,
			struct captures *captures)
{
	static uint8_t frame[ETHERNET_BYTES + CAPTURE_BYTES_MAX];
	struct pcap_pkthdr *header;
	const uint8_t *packet;
	size_t number = 0;

	/* Many files end in the middle of a packet; that is their end. */
	while (pcap_next_ex(pcap, &header, &packet) == 1) {
		captures->packets++;
		fn(file, ++number, frame,
		   wrap(pcap_datalink(pcap), packet, header->caplen, frame));
	}
}

static void read_file(const char *folder, const char *name, capture_fn *fn,
		      struct captures *captures)
{
	char error[PCAP_ERRBUF_SIZE];
	char path[PATH_BYTES];
	const char *link;
	pcap_t *pcap;

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	pcap = pcap_open_offline(path, error);
	if (!pcap) {
		(void)printf("  not opened: %s: %s\n", name, error);
		captures->unreadable++;
		return;
	}
	if (is_taken(pcap_datalink(pcap))) {
		captures->files++;
		each_packet(name, pcap, fn, captures);
	} else {
		link = pcap_datalink_val_to_name(pcap_datalink(pcap));
		(void)printf("  neither Ethernet nor IP: %s: %s\n", name,
			     link ? link : "a link without a name");
		captures->other_links++;
	}
	pcap_close(pcap);
}

static int is_capture(const struct dirent *entry)
{
	return strstr(entry->d_name, ".pcap") != NULL;
}

int captures_each(const char *folder, capture_fn *fn, struct captures *captures)
{
	struct dirent **entries;
	int count;

	assert(folder);
	assert(fn);
	assert(captures);

	count = scandir(folder, &entries, is_capture, alphasort);
	if (count < 0)
		return -errno;
	for (int i = 0; i < count; i++) {
		read_file(folder, entries[i]->d_name, fn, captures);
		free(entries[i]);
	}
	free(entries);
	return 0;
}
