// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/support/witness.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "rules/detect/fold.h"
#include "rules/detect/regex_parse.h"
#include "rules/detect/view.h"
#include "tests/support/detect_oracle.h"

#define TRIES	  400
#define SPOILS	  4000
#define WANTS_MAX 256
#define TEXT_MAX  4096

struct text {
	char bytes[TEXT_MAX];
	uint32_t len;
};

/* What is asked of one text of the event. */
struct wants {
	const struct detect_node *tests[WANTS_MAX];
	uint32_t count;
};

struct maker {
	const struct detect_view *view;
	uint64_t random;
	struct wants wants[SOURCE_COUNT];
	struct text text;
};

static uint32_t draw(uint64_t *random, uint32_t below)
{
	assert(below > 0);

	*random ^= *random << 13;
	*random ^= *random >> 7;
	*random ^= *random << 17;
	return (uint32_t)(*random >> 32) % below;
}

static void put(struct text *text, const char *bytes, size_t len)
{
	if (len > TEXT_MAX - text->len)
		len = TEXT_MAX - text->len;
	if (len > 0)
		memcpy(text->bytes + text->len, bytes, len);
	text->len += (uint32_t)len;
}

static void put_byte_of(struct text *text, const struct byte_set *set)
{
	static const char good[] = "a1 -/_.A\"";
	unsigned int byte = 0;

	for (size_t i = 0; i < sizeof(good) - 1; i++) {
		if (byte_set_has(set, (unsigned char)good[i])) {
			put(text, &good[i], 1);
			return;
		}
	}
	while (byte < 255 && !byte_set_has(set, byte))
		byte++;
	put(text, &(char){(char)byte}, 1);
}

/* A text that the expression is met by. */
static void put_regex(struct maker *maker, const struct regex_node *node)
{
	const struct regex_node *part = node->first;
	uint32_t count = 0;

	switch (node->kind) {
	case REGEX_SET:
		put_byte_of(&maker->text, &node->set);
		break;
	case REGEX_CHAIN:
		for (; part; part = part->next)
			put_regex(maker, part);
		break;
	case REGEX_EITHER:
		for (; part; part = part->next)
			count++;
		count = draw(&maker->random, count);
		for (part = node->first; part && count > 0; count--)
			part = part->next;
		if (part)
			put_regex(maker, part);
		break;
	case REGEX_REPEAT:
		for (count = 0; count < node->min; count++)
			put_regex(maker, part);
		break;
	default:
		break;
	}
}

static void put_test(struct maker *maker, const struct detect_node *test)
{
	const struct regex_node *node;
	struct arena arena = {NULL};
	struct regex_problem problem;
	char address[PREFIX_TEXT_MAX];

	if (test->match == DETECT_REGEX) {
		if (regex_parse(&arena, test->text, test->len, false, &node,
				&problem) == 0)
			put_regex(maker, node);
		arena_done(&arena);
	} else if (test->match == DETECT_CIDR) {
		struct prefix first = test->prefix;

		first.bits = 128;
		prefix_to_text(&first, address);
		put(&maker->text, address, strlen(address));
	} else if (test->match == DETECT_PRESENT) {
		put(&maker->text, "x", 1);
	}
	if (test->match > DETECT_WILD)
		return;
	for (uint32_t i = 0; i < test->len; i++)
		put(&maker->text,
		    test->text[i] == WILD_ANY || test->text[i] == WILD_ONE
			    ? "x"
			    : &test->text[i],
		    1);
}

static bool is_at_start(const struct detect_node *test)
{
	return test->match == DETECT_EQUALS || test->match == DETECT_STARTS ||
	       test->match == DETECT_CIDR ||
	       (test->match == DETECT_WILD && test->text[0] != WILD_ANY);
}

static bool is_at_end(const struct detect_node *test)
{
	return test->match == DETECT_ENDS ||
	       (test->match == DETECT_WILD && test->text[0] == WILD_ANY &&
		test->text[test->len - 1] != WILD_ANY);
}

/* All that is wanted of a text, in the order of its places. */
static void put_wants(struct maker *maker, const struct wants *wants)
{
	bool may_lead = true;

	maker->text.len = 0;
	for (int turn = 0; turn < 3; turn++) {
		for (uint32_t i = 0; i < wants->count; i++) {
			const struct detect_node *test = wants->tests[i];
			int place = is_at_start(test) ? 0
				    : is_at_end(test) ? 2
						      : 1;

			if (place != turn)
				continue;
			if (place == 1 && maker->text.len > 0 &&
			    draw(&maker->random, 2))
				put(&maker->text, " ", 1);
			if (place > 0 && maker->text.len == 0 && may_lead &&
			    draw(&maker->random, 2))
				put(&maker->text, "/x", 2);
			may_lead = false;
			put_test(maker, test);
		}
	}
}

static void want(struct maker *maker, const struct detect_node *node, bool is)
{
	bool is_all = node->op == DETECT_AND ? is : !is;
	const struct detect_node *part;
	uint32_t count = 0, chosen;

	if (node->op == DETECT_NOT) {
		want(maker, node->first, !is);
	} else if (node->op == DETECT_SAME) {
		want(maker, node->first, is);
	} else if (node->op == DETECT_TEST) {
		const struct detect_field *field =
			detect_field_of(maker->view, node->field);
		struct wants *wants;

		if (!is || !field || !field->sources[0])
			return;
		wants = &maker->wants[field->sources[0]];
		if (wants->count < WANTS_MAX)
			wants->tests[wants->count++] = node;
	} else {
		for (part = node->first; part; part = part->next)
			count++;
		chosen = count ? draw(&maker->random, count) : 0;
		for (part = node->first; part; part = part->next) {
			if (is_all || chosen-- == 0)
				want(maker, part, is);
		}
	}
}

static uint64_t number_of(const struct text *text, int base)
{
	char digits[32] = "";

	memcpy(digits, text->bytes,
	       text->len < sizeof(digits) ? text->len : sizeof(digits) - 1);
	return strtoull(digits, NULL, base);
}

static struct event_text keep(struct witness *witness, const char *bytes,
			      size_t len)
{
	return (struct event_text){
		.bytes = arena_copy(&witness->arena, bytes, len),
		.len = (uint32_t)len,
	};
}

static void set_number(struct event *event, unsigned int source,
		       const struct text *text)
{
	uint64_t number = number_of(text, 10);

	if (source >= SOURCE_CALL_ARG && source < SOURCE_UID)
		event->call_args[source - SOURCE_CALL_ARG] =
			number_of(text, 16);
	else if (source == SOURCE_UID)
		event->uid = (uint32_t)number;
	else if (source == SOURCE_EUID)
		event->euid = (uint32_t)number;
	else if (source == SOURCE_LOGIN_UID)
		event->login_uid = (uint32_t)number;
	else if (source == SOURCE_PEER_PORT)
		event->peer_port = (uint16_t)number;
	else if (source == SOURCE_LOCAL_PORT)
		event->local_port = (uint16_t)number;
	else if (source == SOURCE_PEER)
		(void)prefix_from_text(text->bytes, text->len, &event->peer);
	else if (source == SOURCE_FLAGS)
		event->flags = number;
	else if (source == SOURCE_EXIT_STATUS)
		event->result = (int32_t)number << 8;
	else if (source == SOURCE_NEW_PEER)
		event->is_new_peer = text->len == 4; /* "true" */
	else if (source >= SOURCE_STDIN && source <= SOURCE_STDERR)
		event->flags |= 1ull << (source - SOURCE_STDIN);
}

static void set_log_value(struct witness *witness, unsigned int source,
			  const struct text *text)
{
	struct event_text *line = &witness->event.words[EVENT_LINE];
	char longer[TEXT_MAX * 2];
	int len =
		snprintf(longer, sizeof(longer), "%.*s%s%s%.*s", (int)line->len,
			 line->len ? line->bytes : "", line->len ? " " : "",
			 source == SOURCE_LOG_USER   ? "USER="
			 : source == SOURCE_LOG_TYPE ? "type="
						     : "unit=",
			 (int)text->len, text->bytes);

	*line = keep(witness, longer, (size_t)len);
}

static void set_source(struct witness *witness, unsigned int source,
		       const struct text *text)
{
	struct event *event = &witness->event;
	struct event_text kept = keep(witness, text->bytes, text->len);
	unsigned int arg = source - SOURCE_ARG;

	if (source >= SOURCE_LOG_USER) {
		set_log_value(witness, source, text);
	} else if (source == SOURCE_CALL) {
		event->words[EVENT_CALL_NAME] = kept;
	} else if (source >= SOURCE_CALL_ARG) {
		set_number(event, source, text);
	} else if (source < SOURCE_ARG) {
		event->words[source - SOURCE_WORD] = kept;
	} else {
		for (unsigned int i = event->arg_count; i < arg; i++)
			event->args[i] = keep(witness, "x", 1);
		event->args[arg] = kept;
		event->arg_count = arg + 1;
	}
}

static void set_plain(struct witness *witness)
{
	static const struct {
		enum event_word word;
		const char *text;
	} words[] = {
		{EVENT_IMAGE, "/usr/bin/one"},
		{EVENT_IMAGE_ASKED, "/bin/other"},
		{EVENT_DIRECTORY, "/srv"},
		{EVENT_COMM, "one"},
		{EVENT_USER, "someone"},
		{EVENT_PARENT_IMAGE, "/usr/sbin/three"},
		{EVENT_PARENT_COMMAND_LINE, "three"},
		{EVENT_PATH, "/srv/file"},
		{EVENT_PATH_NEW, "/srv/new"},
		{EVENT_SERVICE, "four"},
	};
	struct event *event = &witness->event;

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		event->words[words[i].word] =
			keep(witness, words[i].text, strlen(words[i].text));
	event->uid = event->euid = event->login_uid = 1000;
	event->process.pid = 4242;
	event->parent.pid = 4241;
	event->peer = prefix_of_v4(0xc6120009, 32); /* 198.18.0.9 */
	event->peer_port = 443;
	event->protocol = 6;
}

/* The arguments of an exec are its command line, unless that is set. */
static void join_args(struct witness *witness)
{
	struct event *event = &witness->event;
	struct text line = {.len = 0};

	if (event->words[EVENT_COMMAND_LINE].len > 0)
		return;
	for (uint32_t i = 0; i < event->arg_count; i++) {
		put(&line, " ", i > 0);
		put(&line, event->args[i].bytes, event->args[i].len);
	}
	event->words[EVENT_COMMAND_LINE] = keep(witness, line.bytes, line.len);
}

static void fill(struct maker *maker, uint32_t kinds, struct witness *witness)
{
	uint32_t fit = maker->view->kinds & kinds;

	witness->event.kind = (enum event_kind)__builtin_ctz(fit);
	set_plain(witness);
	for (unsigned int source = 0; source < SOURCE_COUNT; source++) {
		if (maker->wants[source].count == 0)
			continue;
		put_wants(maker, &maker->wants[source]);
		set_source(witness, source, &maker->text);
	}
	join_args(witness);
}

int witness_make(const struct detect_rule *rule, uint32_t kinds, uint64_t seed,
		 struct witness *ret_witness)
{
	struct maker *maker = calloc(1, sizeof(*maker));
	uint64_t random = seed * 0x9e3779b97f4a7c15u + 1;
	int r = maker ? -ENOENT : -ENOMEM;

	kinds &= rule->kinds;
	for (int turn = 0; r == -ENOENT && turn < TRIES; turn++) {
		uint32_t first = draw(&random, (uint32_t)detect_view_count);

		for (size_t i = 0; r < 0 && i < detect_view_count; i++) {
			const struct detect_view *view =
				&detect_views[(first + i) % detect_view_count];
			struct witness witness = {.arena = {NULL}};

			if (view->category != rule->category ||
			    !(view->kinds & kinds) ||
			    detect_fold(rule->condition, view) == DETECT_FALSE)
				continue;
			*maker = (struct maker){.view = view, .random = random};
			want(maker, rule->condition, true);
			fill(maker, kinds, &witness);
			random = maker->random;
			if (detect_oracle(rule, &witness.event)) {
				*ret_witness = witness;
				r = 0;
			} else {
				witness_done(&witness);
			}
		}
	}
	free(maker);
	return r;
}

static struct event_text *any_text(struct event *event, uint64_t *random)
{
	uint32_t index = draw(random, EVENT_WORD_COUNT + event->arg_count);

	return index < EVENT_WORD_COUNT
		       ? &event->words[index]
		       : &event->args[index - EVENT_WORD_COUNT];
}

static void change_number(struct event *event, uint64_t *random)
{
	uint32_t change = 1 + draw(random, 3);

	switch (draw(random, 7)) {
	case 0:
		event->uid += change;
		break;
	case 1:
		event->euid += change;
		break;
	case 2:
		event->call_args[draw(random, EVENT_CALL_ARGS_MAX)] += change;
		break;
	case 3:
		event->peer_port = (uint16_t)(event->peer_port + change);
		break;
	case 4:
		event->local_port = (uint16_t)(event->local_port + change);
		break;
	case 5:
		event->kind = draw(random, EVENT_KIND_COUNT);
		break;
	default:
		event->peer.addr[12 + draw(random, 4)] ^= (uint8_t)(1 + change);
		break;
	}
}

void witness_mutate(struct witness *witness, uint64_t *random)
{
	struct event_text *text = any_text(&witness->event, random);
	struct text changed = {.len = 0};
	uint32_t at, cut;

	if (draw(random, 8) == 0)
		change_number(&witness->event, random);
	if (text->len == 0)
		return;
	at = draw(random, text->len);
	cut = 1 + draw(random, text->len - at);
	put(&changed, text->bytes, at);
	switch (draw(random, 5)) {
	case 0: /* another byte */
		put(&changed, "x /-.*?A" + draw(random, 8), 1);
		put(&changed, text->bytes + at + 1, text->len - at - 1);
		break;
	case 1: /* capitals */
		for (uint32_t i = at; i < text->len; i++) {
			char byte = text->bytes[i];

			byte ^= byte >= 'a' && byte <= 'z' ? 0x20 : 0;
			put(&changed, &byte, 1);
		}
		break;
	case 2: /* a piece less */
		put(&changed, text->bytes + at + cut, text->len - at - cut);
		break;
	case 3: /* a piece twice */
		put(&changed, text->bytes + at, cut);
		put(&changed, text->bytes + at, text->len - at);
		break;
	default: /* something in it */
		put(&changed, "zz", 1 + draw(random, 2));
		put(&changed, text->bytes + at, text->len - at);
		break;
	}
	*text = keep(witness, changed.bytes, changed.len);
}

int witness_spoil(const struct detect_rule *rule, uint64_t seed,
		  struct witness *witness)
{
	uint64_t random = seed * 0x9e3779b97f4a7c15u + 2;
	struct event whole = witness->event;

	for (int turn = 0; turn < SPOILS; turn++) {
		witness->event = whole;
		witness_mutate(witness, &random);
		if (!detect_oracle(rule, &witness->event))
			return 0;
	}
	return -ENOENT;
}

void witness_done(struct witness *witness)
{
	arena_done(&witness->arena);
}
