// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/flowtext_words.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "rules/base.h"
#include "rules/services.h"

#define FLOWTEXT_NAME_MAX 64

struct entry {
	uint8_t number;
	const char *name;
};

static const struct entry protocol_words[] = {
	{FLOWTEXT_TCP, "tcp"},	     {FLOWTEXT_UDP, "udp"},
	{FLOWTEXT_SCTP, "sctp"},     {FLOWTEXT_ICMP, "icmp"},
	{FLOWTEXT_ICMPV6, "icmpv6"},
};

/* In the order of their bits. */
static const char *const flag_names[] = {"fin", "syn", "rst", "psh",
					 "ack", "urg", "ece", "cwr"};
_Static_assert(ARRAY_LEN(flag_names) == 8, "");

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
	return number_of(protocol_words, ARRAY_LEN(protocol_words), word, len,
			 ret_protocol);
}

const char *flowtext_protocol_name(uint8_t protocol, unsigned int family)
{
	if ((protocol == FLOWTEXT_ICMP || protocol == FLOWTEXT_ICMPV6) &&
	    !flowtext_is_icmp(protocol, family))
		return NULL;
	return name_of(protocol_words, ARRAY_LEN(protocol_words), protocol);
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

static const struct numbered_names *types_of(unsigned int family)
{
	return family == 4 ? &icmp_types : &icmpv6_types;
}

/* A name of one of the tables that documents are read by. */
static int numbered_of(const struct numbered_names *names, const char *word,
		       size_t len, uint16_t *ret_number)
{
	char name[FLOWTEXT_NAME_MAX];

	if (len >= sizeof(name) || memchr(word, '\0', len))
		return -ENOENT;
	memcpy(name, word, len);
	name[len] = '\0';
	return numbered_find(names, name, ret_number);
}

int flowtext_icmp_type_of(const char *word, size_t len, unsigned int family,
			  uint8_t *ret_type)
{
	uint16_t type;
	int r = numbered_of(types_of(family), word, len, &type);

	if (r == 0)
		*ret_type = (uint8_t)type;
	return r;
}

const char *flowtext_icmp_type_name(uint8_t type, unsigned int family)
{
	return numbered_name(types_of(family), type);
}

int flowtext_port_of(const char *word, size_t len, uint16_t *ret_port)
{
	return numbered_of(&services, word, len, ret_port);
}
