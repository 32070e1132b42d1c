// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/detect/regex_parse.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#define DEPTH_MAX 32

struct parser {
	struct arena *arena;
	const char *start, *at, *end;
	bool is_caseless;
	unsigned int depth;
	struct regex_problem *problem;
};

static int refuse(struct parser *parser, int code, const char *reason)
{
	*parser->problem = (struct regex_problem){
		.reason = reason,
		.offset = (size_t)(parser->at - parser->start),
	};
	return code;
}

static bool sees(const struct parser *parser, char sign)
{
	return parser->at < parser->end && *parser->at == sign;
}

static bool take(struct parser *parser, const char *text)
{
	size_t len = strlen(text);

	if ((size_t)(parser->end - parser->at) < len ||
	    memcmp(parser->at, text, len) != 0)
		return false;
	parser->at += len;
	return true;
}

static int new_node(struct parser *parser, enum regex_kind kind,
		    struct regex_node **ret_node)
{
	struct regex_node *node = arena_cut(parser->arena, sizeof(*node));

	if (!node)
		return -ENOMEM;
	node->kind = kind;
	*ret_node = node;
	return 0;
}

static void add_part(struct regex_node *node, struct regex_node *part)
{
	if (node->last)
		node->last->next = part;
	else
		node->first = part;
	node->last = part;
}

static void set_add(struct byte_set *set, unsigned int byte)
{
	set->words[byte / 64] |= 1ull << byte % 64;
}

static void set_invert(struct byte_set *set)
{
	for (size_t i = 0; i < ARRAY_LEN(set->words); i++)
		set->words[i] = ~set->words[i];
}

static void set_join(struct byte_set *set, const struct byte_set *other)
{
	for (size_t i = 0; i < ARRAY_LEN(set->words); i++)
		set->words[i] |= other->words[i];
}

static void set_fold(struct byte_set *set)
{
	for (unsigned int byte = 'a'; byte <= 'z'; byte++) {
		unsigned int upper = byte - 'a' + 'A';

		if (byte_set_has(set, byte) || byte_set_has(set, upper)) {
			set_add(set, byte);
			set_add(set, upper);
		}
	}
}

static bool is_word(unsigned int byte)
{
	return byte < 0x80 && (isalnum((int)byte) || byte == '_');
}

static bool is_blank(unsigned int byte)
{
	return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

/* \d, \w, \s and their opposites. */
static bool take_kind(char letter, struct byte_set *set)
{
	struct byte_set kind = {{0}};

	for (unsigned int byte = 0; byte < 256; byte++) {
		switch (letter | 0x20) {
		case 'd':
			if (byte >= '0' && byte <= '9')
				set_add(&kind, byte);
			break;
		case 'w':
			if (is_word(byte))
				set_add(&kind, byte);
			break;
		case 's':
			if (is_blank(byte))
				set_add(&kind, byte);
			break;
		default:
			return false;
		}
	}
	if (!(letter & 0x20))
		set_invert(&kind);
	set_join(set, &kind);
	return true;
}

static int hex_digit(char sign)
{
	if (sign >= '0' && sign <= '9')
		return sign - '0';
	sign |= 0x20;
	return sign >= 'a' && sign <= 'f' ? sign - 'a' + 10 : -1;
}

static int take_hex(struct parser *parser, unsigned int *ret_byte)
{
	int high = -1, low = -1;

	if (parser->end - parser->at >= 2) {
		high = hex_digit(parser->at[0]);
		low = hex_digit(parser->at[1]);
	}
	if (high < 0 || low < 0)
		return refuse(parser, -EINVAL, "\\x needs two digits");
	parser->at += 2;
	*ret_byte = (unsigned int)(high * 16 + low);
	return 0;
}

/* After a backslash: one byte. */
static int take_escape(struct parser *parser, unsigned int *ret_byte)
{
	static const char letters[] = "tnrfv", bytes[] = "\t\n\r\f\v";
	const char *found;
	char sign;

	if (parser->at == parser->end)
		return refuse(parser, -EINVAL, "a backslash at the end");
	sign = *parser->at;
	found = memchr(letters, sign, sizeof(letters) - 1);
	if (found) {
		*ret_byte = (unsigned char)bytes[found - letters];
	} else if (sign == 'x') {
		parser->at++;
		return take_hex(parser, ret_byte);
	} else if (sign >= '1' && sign <= '9') {
		return refuse(parser, -ENOTSUP, "a back reference");
	} else if ((sign | 0x20) == 'b') {
		return refuse(parser, -ENOTSUP, "a word boundary");
	} else if (isalnum((unsigned char)sign)) {
		return refuse(parser, -ENOTSUP, "an escape that is not known");
	} else {
		*ret_byte = (unsigned char)sign;
	}
	parser->at++;
	return 0;
}

/* One byte of a class, or a kind of bytes that cannot begin a range. */
static int take_member(struct parser *parser, struct byte_set *set,
		       unsigned int *ret_byte, bool *ret_is_kind)
{
	*ret_is_kind = false;
	if (take(parser, "\\")) {
		*ret_is_kind =
			parser->at < parser->end && take_kind(*parser->at, set);
		if (*ret_is_kind) {
			parser->at++;
			return 0;
		}
		if (sees(parser, 'b'))
			return refuse(parser, -ENOTSUP, "a backspace");
		return take_escape(parser, ret_byte);
	}
	if (parser->at == parser->end)
		return refuse(parser, -EINVAL, "a class without its end");
	if (parser->at + 1 < parser->end && *parser->at == '[' &&
	    strchr(":.=", parser->at[1]))
		return refuse(parser, -ENOTSUP, "a class by its name");
	*ret_byte = (unsigned char)*parser->at++;
	if (*ret_byte >= 0x80)
		return refuse(parser, -ENOTSUP, "a class beyond ASCII");
	return 0;
}

static int take_range(struct parser *parser, struct byte_set *set)
{
	unsigned int first, last;
	bool is_kind;
	int r = take_member(parser, set, &first, &is_kind);

	if (r < 0 || is_kind)
		return r;
	last = first;
	if (sees(parser, '-') && parser->at + 1 < parser->end &&
	    parser->at[1] != ']') {
		parser->at++;
		r = take_member(parser, set, &last, &is_kind);
		if (r < 0)
			return r;
		if (is_kind || last < first)
			return refuse(parser, -EINVAL, "a range without order");
	}
	for (unsigned int byte = first; byte <= last; byte++)
		set_add(set, byte);
	return 0;
}

static int take_class(struct parser *parser, struct byte_set *set)
{
	bool is_inverted = take(parser, "^");
	bool is_first = true;

	while (is_first || !sees(parser, ']')) {
		int r = take_range(parser, set);

		if (r < 0)
			return r;
		is_first = false;
	}
	parser->at++;
	if (parser->is_caseless)
		set_fold(set);
	if (is_inverted)
		set_invert(set);
	return 0;
}

static int take_either(struct parser *parser, struct regex_node **ret_node);

static int take_group(struct parser *parser, struct regex_node **ret_node)
{
	int r;

	if (take(parser, "?") && !take(parser, ":")) {
		if (sees(parser, '=') || sees(parser, '!') || sees(parser, '<'))
			return refuse(parser, -ENOTSUP, "look-around");
		return refuse(parser, -ENOTSUP, "this kind of group");
	}
	if (parser->depth == DEPTH_MAX)
		return refuse(parser, -E2BIG, "too many groups in each other");
	parser->depth++;
	r = take_either(parser, ret_node);
	parser->depth--;
	if (r >= 0 && !take(parser, ")"))
		return refuse(parser, -EINVAL, "a group without its end");
	return r;
}

static int take_escaped(struct parser *parser, struct regex_node *node)
{
	unsigned int byte;
	int r;

	if (take(parser, "A")) {
		node->kind = REGEX_BEGIN;
		return 0;
	}
	if (take(parser, "z")) {
		node->kind = REGEX_END;
		return 0;
	}
	if (parser->at < parser->end && take_kind(*parser->at, &node->set)) {
		parser->at++;
		return 0;
	}
	r = take_escape(parser, &byte);
	if (r < 0)
		return r;
	set_add(&node->set, byte);
	if (parser->is_caseless)
		set_fold(&node->set);
	return 0;
}

static int take_atom(struct parser *parser, struct regex_node **ret_node)
{
	struct regex_node *node;
	int r;

	if (take(parser, "("))
		return take_group(parser, ret_node);
	r = new_node(parser, REGEX_SET, &node);
	if (r < 0)
		return r;
	*ret_node = node;
	if (take(parser, "\\"))
		return take_escaped(parser, node);
	if (take(parser, "["))
		return take_class(parser, &node->set);
	if (take(parser, ".")) {
		set_add(&node->set, '\n');
		set_invert(&node->set);
	} else if (take(parser, "^")) {
		node->kind = REGEX_BEGIN;
	} else if (take(parser, "$")) {
		node->kind = REGEX_END;
	} else if (strchr("*+?", *parser->at)) {
		return refuse(parser, -EINVAL, "nothing to repeat");
	} else {
		set_add(&node->set, (unsigned char)*parser->at++);
		if (parser->is_caseless)
			set_fold(&node->set);
	}
	return 0;
}

static bool take_number(const char **at, const char *end, uint32_t *ret_number)
{
	const char *first = *at;
	uint32_t number = 0;

	while (*at < end && isdigit((unsigned char)**at)) {
		if (number <= REGEX_REPEAT_MAX)
			number = number * 10 + (uint32_t)(**at - '0');
		++*at;
	}
	*ret_number = number;
	return *at > first;
}

/* {m}, {m,} or {m,n}; anything else after a brace is plain text. */
static bool take_count(struct parser *parser, uint32_t *min, uint32_t *max)
{
	const char *at = parser->at + 1, *end = parser->end;

	if (!sees(parser, '{') || !take_number(&at, end, min))
		return false;
	*max = *min;
	if (at < end && *at == ',') {
		at++;
		if (!take_number(&at, end, max))
			*max = REGEX_FOREVER;
	}
	if (at == end || *at != '}')
		return false;
	parser->at = at + 1;
	return true;
}

static int take_repeats(struct parser *parser, struct regex_node **node)
{
	struct regex_node *repeat;
	uint32_t min = 0, max = REGEX_FOREVER;
	int r;

	if (take(parser, "+"))
		min = 1;
	else if (take(parser, "?"))
		max = 1;
	else if (!take(parser, "*") && !take_count(parser, &min, &max))
		return 0;
	if (min > REGEX_REPEAT_MAX ||
	    (max != REGEX_FOREVER && max > REGEX_REPEAT_MAX))
		return refuse(parser, -E2BIG, "more than 1000 repetitions");
	if (max < min)
		return refuse(parser, -EINVAL, "a repetition without order");
	if (sees(parser, '+'))
		return refuse(parser, -ENOTSUP, "possessive repetition");
	(void)take(parser, "?");
	if (sees(parser, '*') || sees(parser, '+') || sees(parser, '?'))
		return refuse(parser, -EINVAL, "a repetition of a repetition");
	r = new_node(parser, REGEX_REPEAT, &repeat);
	if (r < 0)
		return r;
	repeat->min = min;
	repeat->max = max;
	add_part(repeat, *node);
	*node = repeat;
	return 0;
}

static int take_chain(struct parser *parser, struct regex_node **ret_node)
{
	struct regex_node *chain;
	int r = new_node(parser, REGEX_CHAIN, &chain);

	while (r >= 0 && parser->at < parser->end && !sees(parser, '|') &&
	       !sees(parser, ')')) {
		struct regex_node *part = NULL;

		r = take_atom(parser, &part);
		if (r >= 0)
			r = take_repeats(parser, &part);
		if (r >= 0)
			add_part(chain, part);
	}
	if (r >= 0)
		*ret_node = chain;
	return r;
}

static int take_either(struct parser *parser, struct regex_node **ret_node)
{
	struct regex_node *either, *part;
	int r = new_node(parser, REGEX_EITHER, &either);

	if (r < 0)
		return r;
	do {
		r = take_chain(parser, &part);
		if (r < 0)
			return r;
		add_part(either, part);
	} while (take(parser, "|"));
	*ret_node = either;
	return 0;
}

int regex_parse(struct arena *arena, const char *pattern, size_t len,
		bool is_caseless, const struct regex_node **ret_node,
		struct regex_problem *ret_problem)
{
	struct parser parser = {
		.arena = arena,
		.start = pattern,
		.at = pattern,
		.end = pattern + len,
		.is_caseless = is_caseless,
		.problem = ret_problem,
	};
	struct regex_node *node;
	int r;

	if (len > REGEX_BYTES_MAX)
		return refuse(&parser, -E2BIG, "longer than 1024 bytes");
	if (take(&parser, "(?i)"))
		parser.is_caseless = true;
	r = take_either(&parser, &node);
	if (r < 0)
		return r;
	if (parser.at < parser.end)
		return refuse(&parser, -EINVAL, "an end without its group");
	*ret_node = node;
	return 0;
}
