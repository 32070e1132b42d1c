// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/flowtext_words.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "rules/base.h"

struct entry {
	uint8_t number;
	const char *name;
};

static const struct entry protocols[] = {
	{FLOWTEXT_TCP, "tcp"},	     {FLOWTEXT_UDP, "udp"},
	{FLOWTEXT_SCTP, "sctp"},     {FLOWTEXT_ICMP, "icmp"},
	{FLOWTEXT_ICMPV6, "icmpv6"},
};

/* In the order of their bits. */
static const char *const flag_names[] = {"fin", "syn", "rst", "psh",
					 "ack", "urg", "ece", "cwr"};
_Static_assert(ARRAY_LEN(flag_names) == 8, "");

static const struct entry icmp_types[] = {
	{0, "echo-reply"},	     {3, "destination-unreachable"},
	{4, "source-quench"},	     {5, "redirect"},
	{8, "echo-request"},	     {9, "router-advertisement"},
	{10, "router-solicitation"}, {11, "time-exceeded"},
	{12, "parameter-problem"},   {13, "timestamp-request"},
	{14, "timestamp-reply"},     {15, "info-request"},
	{16, "info-reply"},	     {17, "address-mask-request"},
	{18, "address-mask-reply"},
};

static const struct entry icmpv6_types[] = {
	{1, "destination-unreachable"}, {2, "packet-too-big"},
	{3, "time-exceeded"},		{4, "parameter-problem"},
	{128, "echo-request"},		{129, "echo-reply"},
	{130, "mld-listener-query"},	{131, "mld-listener-report"},
	{132, "mld-listener-done"},	{133, "nd-router-solicit"},
	{134, "nd-router-advert"},	{135, "nd-neighbor-solicit"},
	{136, "nd-neighbor-advert"},	{137, "nd-redirect"},
	{138, "router-renumbering"},	{141, "ind-neighbor-solicit"},
	{142, "ind-neighbor-advert"},	{143, "mld2-listener-report"},
};

static bool is_word(const char *word, size_t len, const char *name)
{
	return strlen(name) == len && memcmp(word, name, len) == 0;
}

static int number_of(const struct entry *entries, size_t count,
		     const char *word, size_t len, uint8_t *ret_number)
{
	for (size_t i = 0; i < count; i++) {
		if (is_word(word, len, entries[i].name)) {
			*ret_number = entries[i].number;
			return 0;
		}
	}
	return -ENOENT;
}

static const char *name_of(const struct entry *entries, size_t count,
			   uint8_t number)
{
	for (size_t i = 0; i < count; i++) {
		if (entries[i].number == number)
			return entries[i].name;
	}
	return NULL;
}

int flowtext_protocol_of(const char *word, size_t len, uint8_t *ret_protocol)
{
	return number_of(protocols, ARRAY_LEN(protocols), word, len,
			 ret_protocol);
}

const char *flowtext_protocol_name(uint8_t protocol, unsigned int family)
{
	if ((protocol == FLOWTEXT_ICMP || protocol == FLOWTEXT_ICMPV6) &&
	    !flowtext_is_icmp(protocol, family))
		return NULL;
	return name_of(protocols, ARRAY_LEN(protocols), protocol);
}

int flowtext_flag_of(const char *word, size_t len, uint8_t *ret_flag)
{
	for (unsigned int i = 0; i < ARRAY_LEN(flag_names); i++) {
		if (is_word(word, len, flag_names[i])) {
			*ret_flag = (uint8_t)(1u << i);
			return 0;
		}
	}
	return -ENOENT;
}

const char *flowtext_flag_name(unsigned int i)
{
	assert(i < ARRAY_LEN(flag_names));

	return flag_names[i];
}

int flowtext_icmp_type_of(const char *word, size_t len, unsigned int family,
			  uint8_t *ret_type)
{
	if (family == 4)
		return number_of(icmp_types, ARRAY_LEN(icmp_types), word, len,
				 ret_type);
	return number_of(icmpv6_types, ARRAY_LEN(icmpv6_types), word, len,
			 ret_type);
}

const char *flowtext_icmp_type_name(uint8_t type, unsigned int family)
{
	if (family == 4)
		return name_of(icmp_types, ARRAY_LEN(icmp_types), type);
	return name_of(icmpv6_types, ARRAY_LEN(icmpv6_types), type);
}
