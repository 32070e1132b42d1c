// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/flowtext.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "rules/base.h"
#include "rules/flowtext_word.h"
#include "rules/flowtext_words.h"
#include "rules/policy.h"

#define USUAL_SOURCE_PORT   49152 /* the first dynamic one, RFC 6335 */
#define VLAN_MAX	    4095
#define FRAGMENT_LENGTH_MAX 65520 /* so that all of it has room in 65535 */
#define FLAG_SYN	    2
#define FLAG_ACK	    16

/* What may be said once; where it was said is kept for what is found wrong
 * only when all is known. */
enum item {
	ITEM_PROTOCOL,
	ITEM_SOURCE,
	ITEM_DESTINATION,
	ITEM_FLAGS,
	ITEM_ICMP,
	ITEM_FRAG,
	ITEM_LENGTH,
	ITEM_MAC,
	ITEM_STATE,
	ITEM_DIRECTION,
	ITEM_COUNT,
};

struct parser {
	const char *text;
	const char *at;
	struct flowtext flow;
	struct flowtext_word items[ITEM_COUNT]; /* .at is NULL: not said */
	bool has_source_port, has_destination_port;
	struct flowtext_note *note;
};

typedef int parse_fn(struct parser *parser, struct flowtext_word word);

static int __attribute__((format(printf, 3, 4)))
refuse(struct parser *parser, struct flowtext_word word, const char *format,
       ...)
{
	struct flowtext_note *note = parser->note;
	size_t len = word.len < sizeof(note->word) - 1 ? word.len
						       : sizeof(note->word) - 1;
	va_list args;

	*note = (struct flowtext_note){
		.column = (unsigned int)(word.at - parser->text) + 1};
	for (size_t i = 0; i < len; i++) {
		char c = word.at[i];

		note->word[i] = '?';
		if (c >= 0x20 && c < 0x7f)
			note->word[i] = c;
	}
	va_start(args, format);
	(void)vsnprintf(note->expected, sizeof(note->expected), format, args);
	va_end(args);
	return -EINVAL;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* The next word; of length 0 at the end of the text. */
static struct flowtext_word take(struct parser *parser)
{
	struct flowtext_word word;

	while (is_blank(*parser->at))
		parser->at++;
	word.at = parser->at;
	while (*parser->at && !is_blank(*parser->at))
		parser->at++;
	word.len = (size_t)(parser->at - word.at);
	return word;
}

static int parse_vlan(struct parser *parser, struct flowtext_word word)
{
	struct flowtext_word outer = word, inner;
	unsigned int numbers[FLOWTEXT_TAGS_MAX] = {0};
	bool has_inner = word_split(&outer, '.', &inner);

	if (!word_number(outer, VLAN_MAX, &numbers[0]) ||
	    (has_inner && !word_number(inner, VLAN_MAX, &numbers[1])))
		return refuse(parser, word,
			      "the number of a VLAN, 0 to 4095, or of two: "
			      "OUTER.INNER");
	parser->flow.tag_count = has_inner ? 2 : 1;
	for (size_t i = 0; i < FLOWTEXT_TAGS_MAX; i++)
		parser->flow.vlans[i] = (uint16_t)numbers[i];
	return 0;
}

static int parse_protocol(struct parser *parser, struct flowtext_word word)
{
	struct flowtext *flow = &parser->flow;
	unsigned int number;

	parser->items[ITEM_PROTOCOL] = word;
	if (word_is(word, "ip"))
		return 0;
	flow->has_protocol = true;
	if (flowtext_protocol_of(word.at, word.len, &flow->protocol) == 0)
		return 0;
	if (!word_number(word, UINT8_MAX, &number))
		return refuse(parser, word,
			      "%stcp, udp, sctp, icmp, icmpv6, ip or a number "
			      "to 255",
			      flow->tag_count ? "" : "vlan, ");
	flow->protocol = (uint8_t)number;
	return 0;
}

static int parse_endpoint(struct parser *parser, struct flowtext_word word,
			  struct prefix *ret_address, bool *ret_has_port,
			  uint16_t *ret_port)
{
	struct flowtext *flow = &parser->flow;
	struct flowtext_word address = word, port = {0};
	unsigned int number;
	uint8_t family;

	*ret_has_port = word_split_port(&address, &port);
	family = word_address(address, ret_address);
	if (family == 0)
		return refuse(parser, word,
			      "an address, as 192.0.2.1, 192.0.2.1:443, "
			      "2001:db8::1 or [2001:db8::1]:443");
	if (flow->family && family != flow->family)
		return refuse(parser, word,
			      "an address of IPv%u, as the source",
			      flow->family);
	flow->family = family;
	if (!*ret_has_port)
		return 0;
	if (flowtext_port_of(port.at, port.len, ret_port) == 0)
		return 0;
	if (!word_number(port, UINT16_MAX, &number))
		return refuse(parser, word,
			      "a port of 0 to 65535, or a service, behind the "
			      "colon");
	*ret_port = (uint16_t)number;
	return 0;
}

static int parse_source(struct parser *parser, struct flowtext_word word)
{
	parser->items[ITEM_SOURCE] = word;
	return parse_endpoint(parser, word, &parser->flow.source,
			      &parser->has_source_port,
			      &parser->flow.source_port);
}

static int parse_arrow(struct parser *parser, struct flowtext_word word)
{
	if (!word_is(word, ">"))
		return refuse(parser, word, "> and then the destination");
	return 0;
}

static int parse_destination(struct parser *parser, struct flowtext_word word)
{
	parser->items[ITEM_DESTINATION] = word;
	return parse_endpoint(parser, word, &parser->flow.destination,
			      &parser->has_destination_port,
			      &parser->flow.destination_port);
}

/* TYPE or TYPE/CODE; `word` is what a note is about. */
static bool read_icmp(const struct flowtext *flow, struct flowtext_word word,
		      uint16_t *ret_icmp)
{
	unsigned int number, code_number = 0;
	struct flowtext_word code;
	uint8_t type;

	if (word_split(&word, '/', &code) &&
	    !word_number(code, UINT8_MAX, &code_number))
		return false;
	if (flowtext_icmp_type_of(word.at, word.len, flow->family, &type) < 0) {
		if (!word_number(word, UINT8_MAX, &number))
			return false;
		type = (uint8_t)number;
	}
	*ret_icmp = (uint16_t)((unsigned int)type << 8 | code_number);
	return true;
}

static int parse_icmp(struct parser *parser, struct flowtext_word word)
{
	struct flowtext *flow = &parser->flow;

	if (!read_icmp(flow, word, &flow->icmp))
		return refuse(parser, word,
			      "a type of ICMP as echo-request or 8, and a code "
			      "as 3/1");
	flow->has_icmp = true;
	return 0;
}

static int parse_frag(struct parser *parser, struct flowtext_word word)
{
	for (int i = FRAG_FIRST; i < FRAG_KIND_COUNT; i++) {
		if (word_is(word, frag_kind_name((enum frag_kind)i))) {
			parser->flow.frag = (uint8_t)i;
			return 0;
		}
	}
	return refuse(parser, word, "first or later");
}

static int parse_length(struct parser *parser, struct flowtext_word word)
{
	unsigned int number;

	if (!word_number(word, UINT16_MAX, &number) || number == 0)
		return refuse(parser, word, "bytes, from 1 to 65535");
	parser->flow.length = (uint16_t)number;
	return 0;
}

static int parse_mac(struct parser *parser, struct flowtext_word word)
{
	if (!word_mac(word, &parser->flow.mac))
		return refuse(parser, word, "an address as 02:00:5e:10:00:01");
	parser->flow.has_mac = true;
	return 0;
}

static int parse_state(struct parser *parser, struct flowtext_word word)
{
	for (int i = 0; i < FLOW_STATE_COUNT; i++) {
		if (word_is(word, flow_state_name((enum flow_state)i))) {
			parser->flow.has_state = true;
			parser->flow.state = (uint8_t)i;
			return 0;
		}
	}
	return refuse(parser, word, "new, established, related or invalid");
}

static int parse_where(struct parser *parser, struct flowtext_word word)
{
	char *where = parser->flow.where;

	if (word.len < RULE_NAME_MAX)
		memcpy(where, word.at, word.len);
	if (!policy_name_is_valid(where, RULE_NAME_MAX))
		return refuse(parser, word,
			      "the name of an interface or a zone");
	return 0;
}

struct keyword {
	const char *name;
	enum item item;
	uint8_t direction; /* which it sets; or 0 */
	parse_fn *parse; /* of the word behind it */
};

static const struct keyword keywords[] = {
	{"icmp", ITEM_ICMP, 0, parse_icmp},
	{"frag", ITEM_FRAG, 0, parse_frag},
	{"len", ITEM_LENGTH, 0, parse_length},
	{"mac", ITEM_MAC, 0, parse_mac},
	{"state", ITEM_STATE, 0, parse_state},
	{"in", ITEM_DIRECTION, DIRECTION_IN, parse_where},
	{"out", ITEM_DIRECTION, DIRECTION_OUT, parse_where},
};

/* Flags with commas between. False when one is none. */
static bool read_flags(struct flowtext_word word, uint8_t *ret_flags)
{
	struct flowtext_word rest = word;
	uint8_t flags = 0, flag;
	bool is_more = true;

	while (is_more) {
		word = rest;
		is_more = word_split(&word, ',', &rest);
		if (flowtext_flag_of(word.at, word.len, &flag) < 0)
			return false;
		flags |= flag;
	}
	*ret_flags = flags;
	return true;
}

static int note_item(struct parser *parser, enum item item,
		     struct flowtext_word word)
{
	if (parser->items[item].at)
		return refuse(parser, word, "this only once");
	parser->items[item] = word;
	return 0;
}

/* Flags, or a type of ICMP by its name. */
static int parse_bare(struct parser *parser, struct flowtext_word word)
{
	struct flowtext *flow = &parser->flow;
	bool is_none = word_is(word, "noflags");
	uint8_t flags = 0;

	if (is_none || read_flags(word, &flags)) {
		bool is_first = !flow->has_flags;

		if (!is_first && (is_none || flow->flags == 0))
			return refuse(parser, word, "flags, or noflags alone");
		if (is_first)
			parser->items[ITEM_FLAGS] = word;
		flow->has_flags = true;
		flow->flags |= flags;
		return 0;
	}
	if (word.at[0] >= 'a' && word.at[0] <= 'z' &&
	    read_icmp(flow, word, &flow->icmp)) {
		flow->has_icmp = true;
		return note_item(parser, ITEM_ICMP, word);
	}
	return refuse(parser, word,
		      "in, out, flags as syn,ack, icmp, frag, len, mac or "
		      "state");
}

static int parse_word(struct parser *parser, struct flowtext_word word)
{
	int r;

	for (size_t i = 0; i < ARRAY_LEN(keywords); i++) {
		const struct keyword *keyword = &keywords[i];

		if (!word_is(word, keyword->name))
			continue;
		r = note_item(parser, keyword->item, word);
		if (r < 0)
			return r;
		if (keyword->direction)
			parser->flow.direction = keyword->direction;
		return keyword->parse(parser, take(parser));
	}
	return parse_bare(parser, word);
}

static int check_protocol(struct parser *parser)
{
	const struct flowtext *flow = &parser->flow;
	struct flowtext_word word = parser->items[ITEM_PROTOCOL];
	bool is_extension = flow->protocol == 0 || flow->protocol == 43 ||
			    flow->protocol == 44 || flow->protocol == 51 ||
			    flow->protocol == 60;

	if (!flow->has_protocol)
		return 0;
	if (word_is(word, flow->family == 4 ? "icmpv6" : "icmp"))
		return refuse(parser, word, "%s, as the addresses are of IPv%u",
			      flow->family == 4 ? "icmp" : "icmpv6",
			      flow->family);
	if (flow->family == 6 && is_extension && flow->frag != FRAG_LATER)
		return refuse(parser, word,
			      "a protocol: this number is an extension header");
	return 0;
}

static int check_ports(struct parser *parser)
{
	struct flowtext *flow = &parser->flow;
	bool is_ported = flow->has_protocol &&
			 flowtext_is_ported(flow->protocol) &&
			 flow->frag != FRAG_LATER;

	if (!is_ported && parser->has_source_port)
		return refuse(parser, parser->items[ITEM_SOURCE],
			      "no port: tcp, udp and sctp have them, and no "
			      "later fragment");
	if (!is_ported && parser->has_destination_port)
		return refuse(parser, parser->items[ITEM_DESTINATION],
			      "no port: tcp, udp and sctp have them, and no "
			      "later fragment");
	if (!is_ported)
		return 0;
	if (!parser->has_destination_port)
		return refuse(parser, parser->items[ITEM_DESTINATION],
			      "an address with a port, as %s",
			      flow->family == 4 ? "198.51.100.7:443"
						: "[2001:db8::7]:443");
	flow->has_ports = true;
	if (!parser->has_source_port)
		flow->source_port = USUAL_SOURCE_PORT;
	return 0;
}

static int check_flags(struct parser *parser)
{
	struct flowtext *flow = &parser->flow;
	bool is_tcp = flow->has_protocol && flow->protocol == FLOWTEXT_TCP &&
		      flow->frag != FRAG_LATER;

	if (flow->has_flags && !is_tcp)
		return refuse(parser, parser->items[ITEM_FLAGS],
			      "no flags: tcp has them, and no later fragment");
	if (is_tcp && !flow->has_flags) {
		flow->has_flags = true;
		flow->flags =
			flow->state == FLOW_ESTABLISHED ? FLAG_ACK : FLAG_SYN;
	}
	return 0;
}

static int check_icmp(struct parser *parser)
{
	struct flowtext *flow = &parser->flow;
	bool is_icmp = flow->has_protocol && flow->frag != FRAG_LATER &&
		       flowtext_is_icmp(flow->protocol, flow->family);

	if (flow->has_icmp && !is_icmp)
		return refuse(
			parser, parser->items[ITEM_ICMP],
			"no type: icmp and icmpv6 have them, and no later "
			"fragment");
	if (is_icmp && !flow->has_icmp) {
		flow->has_icmp = true;
		flow->icmp = flow->family == 4 ? 8 << 8 : 128 << 8;
	}
	return 0;
}

/* Last, since it depends on all the others. */
static int check_length(struct parser *parser)
{
	const struct flowtext *flow = &parser->flow;
	struct flowtext_word word = parser->items[ITEM_LENGTH];
	size_t least = flowtext_least_bytes(flow);

	if (flow->length == 0)
		return 0;
	if (flow->length < least)
		return refuse(parser, word, "len %zu at least, for the headers",
			      least);
	if (flow->frag != FRAG_NONE && flow->length > FRAGMENT_LENGTH_MAX)
		return refuse(parser, word, "len %d at most, of a fragment",
			      FRAGMENT_LENGTH_MAX);
	if (flow->frag == FRAG_FIRST && (flow->length - least) % 8 != 0)
		return refuse(parser, word,
			      "len %zu and eights more, of a first fragment",
			      least);
	return 0;
}

static int check_direction(struct parser *parser)
{
	if (parser->flow.direction)
		return 0;
	return refuse(parser, (struct flowtext_word){.at = parser->at},
		      "in or out, and the name of an interface or a zone");
}

static int parse_text(struct parser *parser)
{
	static parse_fn *const heads[] = {parse_protocol, parse_source,
					  parse_arrow, parse_destination};
	static int (*const checks[])(struct parser * parser) = {
		check_direction, check_protocol, check_ports,
		check_flags,	 check_icmp,	 check_length,
	};
	struct flowtext_word word = take(parser);
	int r = 0;

	if (word_is(word, "vlan")) {
		r = parse_vlan(parser, take(parser));
		word = take(parser);
	}
	for (size_t i = 0; i < ARRAY_LEN(heads) && r >= 0; i++) {
		r = heads[i](parser, word);
		word = take(parser);
	}
	for (; word.len > 0 && r >= 0; word = take(parser))
		r = parse_word(parser, word);
	for (size_t i = 0; i < ARRAY_LEN(checks) && r >= 0; i++)
		r = checks[i](parser);
	return r;
}

int flowtext_parse(const char *text, struct flowtext *ret_flow,
		   struct flowtext_note *reterr_note)
{
	struct parser parser = {.text = text, .at = text, .note = reterr_note};
	int r;

	assert(text);
	assert(ret_flow);
	assert(reterr_note);

	if (strnlen(text, FLOWTEXT_MAX) == FLOWTEXT_MAX)
		return refuse(&parser, (struct flowtext_word){.at = text},
			      "a text shorter than %d bytes", FLOWTEXT_MAX);
	r = parse_text(&parser);
	if (r < 0)
		return r;
	*ret_flow = parser.flow;
	return 0;
}
