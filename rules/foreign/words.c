// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/foreign/words.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "rules/base.h"

struct word {
	const char *name;
	uint16_t value;
};

/* The first name of a value is the one that is written. */
static const struct word protocols[] = {
	{"icmp", 1},	 {"igmp", 2},	     {"ipencap", 4}, {"ipip", 4},
	{"tcp", 6},	 {"udp", 17},	     {"dccp", 33},   {"ipv6", 41},
	{"gre", 47},	 {"esp", 50},	     {"ah", 51},     {"ipv6-icmp", 58},
	{"icmpv6", 58},	 {"icmp6", 58},	     {"ospf", 89},   {"pim", 103},
	{"comp", 108},	 {"vrrp", 112},	     {"sctp", 132},  {"udplite", 136},
	{"ipcomp", 108}, {"ipv6-nonxt", 59}, {NULL, 0},
};

static const struct word services[] = {
	{"ftp-data", 20},	{"ftp", 21},	      {"ssh", 22},
	{"telnet", 23},		{"smtp", 25},	      {"domain", 53},
	{"bootps", 67},		{"bootpc", 68},	      {"tftp", 69},
	{"http", 80},		{"www", 80},	      {"kerberos", 88},
	{"pop3", 110},		{"sunrpc", 111},      {"ntp", 123},
	{"netbios-ns", 137},	{"netbios-dgm", 138}, {"netbios-ssn", 139},
	{"imap2", 143},		{"imap", 143},	      {"snmp", 161},
	{"bgp", 179},		{"ldap", 389},	      {"https", 443},
	{"microsoft-ds", 445},	{"isakmp", 500},      {"syslog", 514},
	{"submission", 587},	{"ldaps", 636},	      {"dhcpv6-client", 546},
	{"dhcpv6-server", 547}, {"imaps", 993},	      {"pop3s", 995},
	{"openvpn", 1194},	{"nfs", 2049},	      {"mysql", 3306},
	{"ipsec-nat-t", 4500},	{"sip", 5060},	      {"mdns", 5353},
	{"postgresql", 5432},	{"http-alt", 8080},   {NULL, 0},
};

static const struct word icmp_types[] = {
	{"echo-reply", 0},
	{"pong", 0},
	{"destination-unreachable", 3},
	{"source-quench", 4},
	{"redirect", 5},
	{"echo-request", 8},
	{"ping", 8},
	{"router-advertisement", 9},
	{"router-solicitation", 10},
	{"time-exceeded", 11},
	{"ttl-exceeded", 11},
	{"parameter-problem", 12},
	{"timestamp-request", 13},
	{"timestamp-reply", 14},
	{"info-request", 15},
	{"info-reply", 16},
	{"address-mask-request", 17},
	{"address-mask-reply", 18},
	{NULL, 0},
};

static const struct word icmp_codes[] = {
	{"net-unreachable", 0},
	{"host-unreachable", 1},
	{"prot-unreachable", 2},
	{"port-unreachable", 3},
	{"frag-needed", 4},
	{"net-prohibited", 9},
	{"host-prohibited", 10},
	{"admin-prohibited", 13},
	{NULL, 0},
};

static const struct word icmpv6_types[] = {
	{"destination-unreachable", 1},
	{"packet-too-big", 2},
	{"time-exceeded", 3},
	{"parameter-problem", 4},
	{"echo-request", 128},
	{"echo-reply", 129},
	{"mld-listener-query", 130},
	{"mld-listener-report", 131},
	{"mld-listener-done", 132},
	{"mld-listener-reduction", 132},
	{"nd-router-solicit", 133},
	{"router-solicitation", 133},
	{"nd-router-advert", 134},
	{"router-advertisement", 134},
	{"nd-neighbor-solicit", 135},
	{"neighbour-solicitation", 135},
	{"neighbor-solicitation", 135},
	{"nd-neighbor-advert", 136},
	{"neighbour-advertisement", 136},
	{"neighbor-advertisement", 136},
	{"nd-redirect", 137},
	{"redirect", 137},
	{"router-renumbering", 138},
	{"ind-neighbor-solicit", 141},
	{"ind-neighbor-advert", 142},
	{"mld2-listener-report", 143},
	{NULL, 0},
};

static const struct word icmpv6_codes[] = {
	{"no-route", 0},
	{"admin-prohibited", 1},
	{"addr-unreachable", 3},
	{"port-unreachable", 4},
	{"policy-fail", 5},
	{"reject-route", 6},
	{NULL, 0},
};

static const struct word tcp_flags[] = {
	{"fin", 1},   {"syn", 2},  {"rst", 4},	{"psh", 8},
	{"ack", 16},  {"urg", 32}, {"ecn", 64}, {"ece", 64},
	{"cwr", 128}, {"none", 0}, {"all", 63}, {NULL, 0},
};

static const struct word days[] = {
	{"Monday", 1},	{"Tuesday", 2},	  {"Wednesday", 4}, {"Thursday", 8},
	{"Friday", 16}, {"Saturday", 32}, {"Sunday", 64},   {"Mon", 1},
	{"Tue", 2},	{"Wed", 4},	  {"Thu", 8},	    {"Fri", 16},
	{"Sat", 32},	{"Sun", 64},	  {NULL, 0},
};

static const struct word no_words[] = {{NULL, 0}};

static const struct word *const tables[] = {
	[WORD_NUMBER] = no_words,
	[WORD_PROTOCOL] = protocols,
	[WORD_SERVICE] = services,
	[WORD_ICMP_TYPE] = icmp_types,
	[WORD_ICMP_CODE] = icmp_codes,
	[WORD_ICMPV6_TYPE] = icmpv6_types,
	[WORD_ICMPV6_CODE] = icmpv6_codes,
	[WORD_TCP_FLAG] = tcp_flags,
	[WORD_DAY] = days,
};
_Static_assert(ARRAY_LEN(tables) == WORD_KIND_COUNT, "");

int number_read(const char *text, size_t len, uint64_t max, uint64_t *ret_value)
{
	uint64_t value = 0;

	if (len == 0 || len > 19)
		return -EINVAL;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return -EINVAL;
		value = value * 10 + (uint64_t)(text[i] - '0');
	}
	if (value > max)
		return -EINVAL;
	*ret_value = value;
	return 0;
}

int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int hex_read(const char *text, size_t len, uint32_t max,
		    uint32_t *ret_value)
{
	uint32_t value = 0;

	if (len < 3 || len > 9 || text[0] != '0' || text[1] != 'x')
		return -EINVAL;
	for (size_t i = 2; i < len; i++) {
		int digit = hex_digit(text[i]);

		if (digit < 0)
			return -EINVAL;
		value = value << 4 | (uint32_t)digit;
	}
	if (value > max)
		return -EINVAL;
	*ret_value = value;
	return 0;
}

int word_read(enum word_kind kind, const char *text, size_t len, uint32_t max,
	      uint32_t *ret_value)
{
	uint64_t number;

	assert(kind < WORD_KIND_COUNT);

	for (const struct word *word = tables[kind]; word->name; word++) {
		if (strlen(word->name) == len && word->value <= max &&
		    strncasecmp(word->name, text, len) == 0) {
			*ret_value = word->value;
			return 0;
		}
	}
	if (number_read(text, len, max, &number) < 0)
		return hex_read(text, len, max, ret_value);
	*ret_value = (uint32_t)number;
	return 0;
}

const char *word_name(enum word_kind kind, uint32_t value)
{
	for (const struct word *word = tables[kind]; word->name; word++) {
		if (word->value == value)
			return word->name;
	}
	return NULL;
}
