// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/support/crossing.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>

#include "rules/base.h"

#define SENT_MARK	7 /* test_nftables.sh: nothing else goes out */
#define ANSWER_WITHIN_S 60 /* so that what is broken does not hang */
#define RECORDS		65536

struct record {
	bool has[RECORDS];
};

static void enter(const struct crossing *crossing, enum crossing_place place)
{
	assert_return_code(setns(crossing->spaces[place], CLONE_NEWNET), errno);
}

static void leave(const struct crossing *crossing)
{
	enter(crossing, CROSSING_FAR);
}

void crossing_open(const char *const spaces[CROSSING_PLACES],
		   struct crossing *ret_crossing)
{
	cpu_set_t set;

	*ret_crossing = (struct crossing){
		.far_ours = -1,
		.far_theirs = -1,
		.ours = -1,
		.theirs = -1,
		.raw4 = {-1, -1},
		.raw6 = {-1, -1},
	};
	for (int i = 0; i < CROSSING_PLACES; i++) {
		char path[128];

		(void)snprintf(path, sizeof(path), "/run/netns/%s", spaces[i]);
		ret_crossing->spaces[i] = open(path, O_RDONLY | O_CLOEXEC);
		assert_return_code(ret_crossing->spaces[i], errno);
	}
	leave(ret_crossing);
	/* on one CPU frames stay in order */
	CPU_ZERO(&set);
	CPU_SET((size_t)(sysconf(_SC_NPROCESSORS_ONLN) - 1), &set);
	assert_return_code(sched_setaffinity(0, sizeof(set), &set), errno);
}

/* It gets ARP only: what is sent to see that all before it has gone. */
static int packet_socket(const char *ifname)
{
	const struct timeval within = {.tv_sec = ANSWER_WITHIN_S};
	struct sockaddr_ll at = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ARP),
		.sll_ifindex = (int)if_nametoindex(ifname),
	};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

	assert_return_code(fd, errno);
	assert_int_not_equal(at.sll_ifindex, 0);
	assert_return_code(bind(fd, (struct sockaddr *)&at, sizeof(at)), errno);
	assert_return_code(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &within,
				      sizeof(within)),
			   errno);
	return fd;
}

static int raw_socket(int family, const char *ifname)
{
	const int mark = SENT_MARK;
	int fd = socket(family, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);

	assert_return_code(fd, errno);
	assert_return_code(setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, ifname,
				      (socklen_t)strlen(ifname) + 1),
			   errno);
	assert_return_code(
		setsockopt(fd, SOL_SOCKET, SO_MARK, &mark, sizeof(mark)),
		errno);
	return fd;
}

static void replace(int *fd, int by)
{
	if (*fd >= 0)
		(void)close(*fd);
	*fd = by;
}

void crossing_use(struct crossing *crossing, const char *ifname)
{
	char far[2][IFNAMSIZ];
	int *packet[] = {&crossing->ours, &crossing->theirs};

	crossing->ifname = ifname;
	(void)snprintf(far[0], IFNAMSIZ, "o-%s", ifname);
	(void)snprintf(far[1], IFNAMSIZ, "n-%s", ifname);
	replace(&crossing->far_ours, packet_socket(far[0]));
	replace(&crossing->far_theirs, packet_socket(far[1]));
	for (int i = 0; i < 2; i++) {
		enter(crossing, i == 0 ? CROSSING_OURS : CROSSING_THEIRS);
		replace(packet[i], packet_socket(ifname));
		replace(&crossing->raw4[i], raw_socket(AF_INET, ifname));
		replace(&crossing->raw6[i], raw_socket(AF_INET6, ifname));
		crossing->ifindexes[i] = (int)if_nametoindex(ifname);
	}
	leave(crossing);
}

static void set_check(uint8_t *ip, size_t len)
{
	uint32_t sum = 0;

	ip[10] = 0;
	ip[11] = 0;
	for (size_t i = 0; i + 1 < len; i += 2)
		sum += (uint32_t)ip[i] << 8 | ip[i + 1];
	sum = (sum & 0xffff) + (sum >> 16);
	sum = ~((sum & 0xffff) + (sum >> 16));
	ip[10] = (uint8_t)(sum >> 8);
	ip[11] = (uint8_t)sum;
}

bool crossing_number(struct invent_frame *frame, uint16_t number)
{
	uint8_t *data = frame->data, *ip = data + ETH_HLEN;
	static const uint8_t to[ETH_ALEN] = {2, 0, 0, 0, 1, 1};
	size_t header;

	memcpy(data, to, sizeof(to));
	while (frame->len > ETH_HLEN + 4 &&
	       ((data[12] == 0x81 && !data[13]) ||
		(data[12] == 0x88 && data[13] == 0xa8))) {
		frame->len -= 4;
		memmove(data + 12, data + 16, frame->len - 12);
	}
	if (frame->len >= ETH_HLEN + 20 && data[12] == 0x08 && !data[13]) {
		ip[4] = (uint8_t)(number >> 8);
		ip[5] = (uint8_t)number;
		header = (size_t)(ip[0] & 15) * 4;
		set_check(ip, header + ETH_HLEN <= frame->len ? header : 20);
		return true;
	}
	if (frame->len < ETH_HLEN + 40 || data[12] != 0x86 || data[13] != 0xdd)
		return false;
	ip[1] &= 0xf0;
	ip[2] = (uint8_t)(number >> 8);
	ip[3] = (uint8_t)number;
	return true;
}

/* One ARP frame, from one end of a pair to the other. */
static void send_marker(int from, int to)
{
	uint8_t frame[60] = {255, 255, 255, 255, 255, 255, 2,
			     0,	  0,   0,   0,	 9,   8,   6};
	uint8_t got[60];

	assert_int_equal(send(from, frame, sizeof(frame), 0), sizeof(frame));
	do
		assert_return_code(recv(to, got, sizeof(got), 0), errno);
	while (got[11] != frame[11]);
}

/* The first may overtake what it shares a batch with, the second is sent when
 * that batch is being finished. */
static void settle(int from, int to)
{
	send_marker(from, to);
	send_marker(from, to);
}

static void send_in(int fd, const struct crossing_frame *frames, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct invent_frame *frame = &frames[i].frame;

		if (frames[i].direction != DIRECTION_IN)
			continue;
		while (send(fd, frame->data, frame->len, 0) < 0)
			assert_int_equal(errno, ENOBUFS);
	}
}

/* What is dropped on its way is told the socket too. */
static bool is_taken(ssize_t sent)
{
	return sent >= 0 || errno == EPERM || errno == ENOBUFS;
}

/* True unless the socket does not take it. */
static bool send_out(const struct crossing *crossing, int which,
		     const struct invent_frame *frame)
{
	const uint8_t *ip = frame->data + ETH_HLEN;
	size_t len = frame->len - ETH_HLEN;
	struct sockaddr_in to4 = {.sin_family = AF_INET};
	struct sockaddr_in6 to6 = {
		.sin6_family = AF_INET6,
		.sin6_scope_id = (uint32_t)crossing->ifindexes[which],
	};

	if (frame->data[12] == 0x08) {
		memcpy(&to4.sin_addr, ip + 16, sizeof(to4.sin_addr));
		return is_taken(sendto(crossing->raw4[which], ip, len, 0,
				       (struct sockaddr *)&to4, sizeof(to4)));
	}
	memcpy(&to6.sin6_addr, ip + 24, sizeof(to6.sin6_addr));
	return is_taken(sendto(crossing->raw6[which], ip, len, 0,
			       (struct sockaddr *)&to6, sizeof(to6)));
}

static char *read_all(FILE *from)
{
	char *text = NULL;
	size_t room = 0, len = 0, got;

	do {
		char *more = realloc(text, room += 65536);

		assert_non_null(more);
		text = more;
		got = fread(text + len, 1, room - len - 1, from);
		len += got;
	} while (got > 0);
	text[len] = '\0';
	return text;
}

char *crossing_run(const struct crossing *crossing, enum crossing_place place,
		   const char *command)
{
	FILE *from;
	char *text;
	int status;

	enter(crossing, place);
	from = popen(command, "re");
	leave(crossing);
	assert_non_null(from);
	text = read_all(from);
	status = pclose(from);
	if (status != 0) {
		(void)fputs(text, stderr);
		fail_msg("%s: status %d", command, status);
	}
	return text;
}

/* All numbers in set NAME of a listing. */
static void read_set(const char *listing, const char *name,
		     struct record *record)
{
	char head[128];
	const char *at, *end;

	(void)snprintf(head, sizeof(head), "set %s {", name);
	at = strstr(listing, head);
	if (!at) {
		fail_msg("no set %s in: %.500s", name, listing);
		return;
	}
	at += strlen(head);
	end = strstr(at, "\t}");
	at = strstr(at, "elements = {");
	assert_non_null(end);
	if (!at || at > end)
		return;
	for (at += strlen("elements = {"); *at != '}';) {
		char *next;
		unsigned long number = strtoul(at, &next, 0);

		if (next == at) {
			at++;
			continue;
		}
		assert_true(number < RECORDS);
		record->has[number] = true;
		at = next;
	}
}

/* Both families' sets of a name. */
static void read_sets(const char *listing, const char *name,
		      struct record *record)
{
	char half[64];

	memset(record, 0, sizeof(*record));
	for (int family = 4; family <= 6; family += 2) {
		(void)snprintf(half, sizeof(half), "%s%d", name, family);
		read_set(listing, half, record);
	}
}

/* In the order of struct records. */
static const struct {
	enum crossing_place place;
	const char *family;
	const char *name;
} sources[] = {
	{CROSSING_OURS, "netdev", "passed_in"},
	{CROSSING_THEIRS, "inet", "saw_in"},
	{CROSSING_THEIRS, "inet", "passed_in"},
	{CROSSING_OURS, "inet", "saw_out"},
	{CROSSING_THEIRS, "inet", "saw_out"},
	{CROSSING_FAR, "netdev", "passed_out"},
	{CROSSING_THEIRS, "inet", "passed_out"},
};

struct records {
	struct record all[ARRAY_LEN(sources)];
};

static void forget_records(const struct crossing *crossing)
{
	char command[160];

	for (size_t i = 0; i < ARRAY_LEN(sources); i++) {
		(void)snprintf(command, sizeof(command),
			       "nft 'flush set %s rec %s4;"
			       "flush set %s rec %s6'",
			       sources[i].family, sources[i].name,
			       sources[i].family, sources[i].name);
		free(crossing_run(crossing, sources[i].place, command));
	}
}

static void read_records(const struct crossing *crossing,
			 struct records *records)
{
	for (size_t i = 0; i < ARRAY_LEN(sources); i++) {
		char command[64];
		char *listing;

		(void)snprintf(command, sizeof(command),
			       "nft list table %s rec", sources[i].family);
		listing = crossing_run(crossing, sources[i].place, command);
		read_sets(listing, sources[i].name, &records->all[i]);
		free(listing);
	}
}

static void note(const struct records *records,
		 const struct crossing_frame *frames, size_t count,
		 struct crossed *crossed)
{
	const struct record *all = records->all;

	for (size_t i = 0; i < count; i++) {
		bool is_in = frames[i].direction == DIRECTION_IN;
		size_t n = i + 1;

		crossed[i].ours_passed = all[is_in ? 0 : 5].has[n];
		crossed[i].theirs_passed = all[is_in ? 2 : 6].has[n];
		crossed[i].theirs_saw = all[is_in ? 1 : 4].has[n];
		crossed[i].ours_saw = !is_in && all[3].has[n];
	}
}

void crossing_send(const struct crossing *crossing,
		   const struct crossing_frame *frames, size_t count,
		   struct crossed *ret_crossed)
{
	static struct records records;

	assert_true(count <= CROSSING_FRAMES_MAX);
	forget_records(crossing);
	send_in(crossing->far_ours, frames, count);
	settle(crossing->far_ours, crossing->ours);
	send_in(crossing->far_theirs, frames, count);
	settle(crossing->far_theirs, crossing->theirs);
	for (size_t i = 0; i < count; i++) {
		ret_crossed[i].is_sent = frames[i].direction == DIRECTION_IN;
		if (!ret_crossed[i].is_sent)
			ret_crossed[i].is_sent =
				send_out(crossing, 0, &frames[i].frame) &&
				send_out(crossing, 1, &frames[i].frame);
	}
	settle(crossing->ours, crossing->far_ours);
	read_records(crossing, &records);
	note(&records, frames, count, ret_crossed);
}
