// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Any bytes as packets of DNS: names that are told are lines of plain text, and
 * what is learnt is of a single address.
 */
#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "daemon/event/hostnames.h"
#include "rules/dns.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(void *arg, const struct prefix *address)
{
	(void)arg;
	assert(address->bits == 128);
}

/* Behind each length of two bytes a packet. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint64_t seed[2] = {1, 2};
	struct dns_message message = {0};
	struct hostnames *names;
	int r = dns_read(data, size, &message, check, NULL);

	assert(r == 0 || r == -EBADMSG);
	assert(memchr(message.name, '\0', sizeof(message.name)));
	for (const char *at = message.name; *at; at++)
		assert(*at > ' ' && *at <= '~');
	if (hostnames_new(seed, &names) < 0)
		return 0;
	for (uint64_t now_ns = 0; size > 2; now_ns++) {
		size_t len = (size_t)(data[0] << 8 | data[1]) % (size - 1);

		hostnames_hear(names, 1, data + 2,
			       len > size - 2 ? size - 2 : len, now_ns);
		data += 2 + (len > size - 2 ? size - 2 : len);
		size -= 2 + (len > size - 2 ? size - 2 : len);
	}
	hostnames_free(names);
	return 0;
}
