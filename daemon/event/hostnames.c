// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/event/hostnames.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/event/aging.h"
#include "rules/detect/sip.h"
#include "rules/dns.h"

#define PORT_DNS     53
#define PROTOCOL_UDP 17
#define UDP_BYTES    8
#define V4_BYTES     20
#define V6_BYTES     40
#define V4_FRAGMENT  0x3fff /* more of them, or not the first */

struct named {
	struct prefix address;
	uint64_t heard_ns;
	char name[DNS_NAME_MAX];
};

struct asked {
	uint64_t hash;
	uint64_t asked_ns; /* 0: it was answered */
};

struct hostnames {
	struct aging names, questions;
	struct named *named;
	struct asked *asked;
	uint64_t seed[2];
	struct hostnames_usage usage;
};

/* A datagram of DNS. */
struct datagram {
	bool is_to_server;
	const uint8_t *bytes;
	size_t len;
};

int hostnames_new(const uint64_t seed[2], struct hostnames **ret_names)
{
	CLEANUP(hostnames_freep) struct hostnames *names = NULL;

	assert(ret_names);

	names = calloc(1, sizeof(*names));
	if (!names || aging_init(&names->names, HOSTNAMES_MAX) < 0 ||
	    aging_init(&names->questions, HOSTNAMES_ASKED) < 0)
		return -ENOMEM;
	names->named = calloc(HOSTNAMES_MAX + 1, sizeof(*names->named));
	names->asked = calloc(HOSTNAMES_ASKED + 1, sizeof(*names->asked));
	if (!names->named || !names->asked)
		return -ENOMEM;
	memcpy(names->seed, seed, sizeof(names->seed));
	*ret_names = TAKE(names);
	return 0;
}

void hostnames_free(struct hostnames *names)
{
	if (!names)
		return;
	aging_done(&names->names);
	aging_done(&names->questions);
	free(names->named);
	free(names->asked);
	free(names);
}

static uint16_t read16(const uint8_t *bytes)
{
	return (uint16_t)(bytes[0] << 8 | bytes[1]);
}

/* Where UDP begins; 0: it does not. */
static size_t udp_of(const uint8_t *packet, size_t len)
{
	size_t header;

	if (len < V4_BYTES)
		return 0;
	if (packet[0] >> 4 == 4) {
		header = (size_t)(packet[0] & 15) * 4;
		if (header < V4_BYTES || packet[9] != PROTOCOL_UDP ||
		    (read16(packet + 6) & V4_FRAGMENT))
			return 0;
	} else {
		header = V6_BYTES;
		if (packet[0] >> 4 != 6 || packet[6] != PROTOCOL_UDP)
			return 0;
	}
	return len >= header + UDP_BYTES ? header : 0;
}

static bool read_datagram(const uint8_t *packet, size_t len,
			  struct datagram *ret_datagram)
{
	size_t at = udp_of(packet, len);
	const uint8_t *udp = packet + at;
	uint16_t source, destination;
	size_t said;

	if (at == 0)
		return false;
	source = read16(udp);
	destination = read16(udp + 2);
	said = read16(udp + 4);
	if ((source != PORT_DNS && destination != PORT_DNS) ||
	    said < UDP_BYTES || said > len - at)
		return false;
	*ret_datagram = (struct datagram){
		.is_to_server = destination == PORT_DNS,
		.bytes = udp + UDP_BYTES,
		.len = said - UDP_BYTES,
	};
	return true;
}

static uint64_t hash_of_question(const struct hostnames *names, uint64_t socket,
				 const struct dns_message *message)
{
	struct sip sip = sip_begin(names->seed);

	sip_word(&sip, socket);
	sip_word(&sip, (uint64_t)message->id << 16 | message->type);
	sip_text(&sip, message->name, strlen(message->name));
	return sip_half(&sip, 0xff);
}

static uint64_t hash_of_address(const struct hostnames *names,
				const struct prefix *address)
{
	struct sip sip = sip_begin(names->seed);

	sip_text(&sip, (const char *)address->addr, sizeof(address->addr));
	return sip_half(&sip, 0xee);
}

static struct asked *find_asked(struct hostnames *names, uint64_t hash)
{
	uint32_t at = aging_first(&names->questions, hash);

	while (at && names->asked[at].hash != hash)
		at = aging_next(&names->questions, at);
	return at ? &names->asked[at] : NULL;
}

static void remember_question(struct hostnames *names, uint64_t hash,
			      uint64_t now_ns)
{
	struct asked *asked = find_asked(names, hash);

	names->usage.questions++;
	if (!asked)
		asked = &names->asked[aging_put(&names->questions, hash)];
	*asked = (struct asked){hash, now_ns ? now_ns : 1};
}

/* Once: the next one that says so is nobody's. */
static bool take_question(struct hostnames *names, uint64_t hash,
			  uint64_t now_ns)
{
	struct asked *asked = find_asked(names, hash);
	bool is_due = asked && asked->asked_ns &&
		      now_ns <= asked->asked_ns + HOSTNAME_ASKED_NS;

	if (asked)
		asked->asked_ns = 0;
	return is_due;
}

static uint32_t find_name(const struct hostnames *names, uint64_t hash,
			  const struct prefix *address)
{
	uint32_t at = aging_first(&names->names, hash);

	while (at && prefix_cmp(&names->named[at].address, address) != 0)
		at = aging_next(&names->names, at);
	return at;
}

/* Addresses are told before it is known that the message is whole. */
struct answer {
	struct prefix addresses[16];
	size_t count;
};

static void keep_address(void *arg, const struct prefix *address)
{
	struct answer *answer = arg;

	if (answer->count < ARRAY_LEN(answer->addresses))
		answer->addresses[answer->count++] = *address;
}

static void learn(struct hostnames *names, const struct prefix *address,
		  const char *name, uint64_t now_ns)
{
	uint64_t hash = hash_of_address(names, address);
	uint32_t at = find_name(names, hash, address);

	if (at)
		aging_touch(&names->names, at);
	else
		at = aging_put(&names->names, hash);
	names->named[at].address = *address;
	names->named[at].heard_ns = now_ns;
	memcpy(names->named[at].name, name, DNS_NAME_MAX);
}

void hostnames_hear(struct hostnames *names, uint64_t socket,
		    const uint8_t *packet, size_t len, uint64_t now_ns)
{
	struct dns_message message = {0};
	struct answer answer = {0};
	struct datagram datagram;
	uint64_t hash;

	if (!read_datagram(packet, len, &datagram) ||
	    dns_read(datagram.bytes, datagram.len, &message, keep_address,
		     &answer) < 0 ||
	    message.is_answer == datagram.is_to_server || !*message.name)
		return;
	hash = hash_of_question(names, socket, &message);
	if (!message.is_answer) {
		remember_question(names, hash, now_ns);
		return;
	}
	if (!take_question(names, hash, now_ns)) {
		names->usage.unasked++;
		return;
	}
	names->usage.answers++;
	for (size_t i = 0; i < answer.count; i++)
		learn(names, &answer.addresses[i], message.name, now_ns);
}

struct event_text hostnames_of(const struct hostnames *names,
			       const struct prefix *address, uint64_t now_ns)
{
	uint32_t at =
		find_name(names, hash_of_address(names, address), address);
	const struct named *named = &names->named[at];

	if (!at || now_ns > named->heard_ns + HOSTNAME_KEPT_NS)
		return (struct event_text){0};
	return (struct event_text){named->name, (uint32_t)strlen(named->name),
				   false};
}

struct hostnames_usage hostnames_usage(const struct hostnames *names)
{
	struct hostnames_usage usage = names->usage;

	usage.count = names->names.count;
	return usage;
}
