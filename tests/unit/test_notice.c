// SPDX-License-Identifier: GPL-2.0-or-later
/* A notice as a line of JSON, and its id. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "daemon/alert/ecs.h"
#include "daemon/alert/line.h"
#include "daemon/alert/notice_json.h"
#include "rules/base.h"

#define WALL_NS 1796011200123456789ull /* 2026-11-30T04:00:00.123456789Z */
#define LONG	9000

static const struct notice_origin origin = {
	.boot_id = {1, 2, 3},
	.host = "gateway",
};

static const char *const tags[] = {"attack.execution", "attack.t1059.004",
				   "attack.Defense_Evasion", "attack.g0016",
				   "detection.threat-hunting"};

static const char expected_exec[] =
	"{\"@timestamp\":\"2026-11-30T04:00:00.123456Z\",\"ecs\":{\"version\":\"8.17\"},"
	"\"message\":\"Odd \\\"shell\\\": exec by /usr/bin/dash of www-data, 3 times\","
	"\"event\":{\"id\":\"369ecf4c-e8ed-51cd-8eb7-b3615c030174\",\"kind\":\"alert\",\"category\":[\"process\"],\"type\":[\"start\"],\"action\":\"exec\",\"severity\":73,\"module\":\"portcullis\"},"
	"\"rule\":{\"id\":\"0d894093-71bc-43c3-8c4d-ecfc28dcf5d9\",\"name\":\"Odd \\\"shell\\\"\",\"ruleset\":\"/etc/portcullis/detect/shell.yml\"},"
	"\"threat\":{\"framework\":\"MITRE ATT&CK\",\"tactic\":{\"id\":[\"TA0002\",\"TA0005\"],\"name\":[\"Execution\",\"Defense Evasion\"]},"
	"\"technique\":{\"id\":[\"T1059\"],\"subtechnique\":{\"id\":[\"T1059.004\"]}}},"
	"\"host\":{\"name\":\"gateway\"},"
	"\"process\":{\"pid\":4711,\"executable\":\"/usr/bin/dash\",\"command_line\":\"sh -c \\\"echo\\u0009\\\\\\\"\",\"hash\":{\"sha256\":\"00ff\"},"
	"\"parent\":{\"pid\":17,\"executable\":\"/usr/sbin/nginx\"}},"
	"\"user\":{\"id\":\"33\",\"name\":\"www-data\"},"
	"\"portcullis\":{\"level\":\"high\",\"count\":3,"
	"\"done\":[\"table\",\"end\"],\"ordered\":[\"cut\"],\"withheld\":[\"quarantine\"],\"observed\":true,"
	"\"pattern\":{\"id\":\"a879a302d2e6e98f\",\"text\":\"exec /usr/bin/dash sh -c \\\"echo\\u0009\\\\\\\"\"}}}";

static const struct detect_rule rule = {
	.id = "0d894093-71bc-43c3-8c4d-ecfc28dcf5d9",
	.title = "Odd \"shell\"",
	.level = DETECT_HIGH,
	.tags = tags,
	.tag_count = ARRAY_LEN(tags),
};

static struct event_text text_of(const char *bytes)
{
	return (struct event_text){.bytes = bytes,
				   .len = (uint32_t)strlen(bytes)};
}

static struct event event_of_exec(void)
{
	struct event event = {
		.kind = EVENT_EXEC,
		.number = 7,
		.time_ns = 42,
		.process = {.pid = 4711, .start_ns = 40},
		.parent = {.pid = 17, .start_ns = 1},
		.uid = 33,
	};

	event.words[EVENT_IMAGE] = text_of("/usr/bin/dash");
	event.words[EVENT_COMMAND_LINE] = text_of("sh -c \"echo\t\\\"");
	event.words[EVENT_USER] = text_of("www-data");
	event.words[EVENT_PARENT_IMAGE] = text_of("/usr/sbin/nginx");
	return event;
}

static const char *line_of(const struct notice *notice)
{
	static char line[NOTICE_LINE_MAX];
	struct uuid id = notice_id(&origin, notice);
	struct pattern pattern;
	size_t len;

	notice_pattern(notice, &pattern);
	len = notice_json(&origin, notice, &id, &pattern, line);
	assert_int_equal(len, strlen(line));
	return line;
}

/* The caller frees it. */
static json_t *parsed(const struct notice *notice)
{
	json_error_t error;
	json_t *json =
		json_loads(line_of(notice), JSON_REJECT_DUPLICATES, &error);

	if (!json)
		fail_msg("%s: %s", error.text, line_of(notice));
	return json;
}

static const char *text_in(const json_t *json, const char *object,
			   const char *key)
{
	return json_string_value(
		json_object_get(json_object_get(json, object), key));
}

static void an_id_is_the_known_one(void **state)
{
	/* RFC 9562, A.4: of the name space of DNS */
	static const struct uuid dns = {{0x6b, 0xa7, 0xb8, 0x10, 0x9d, 0xad,
					 0x11, 0xd1, 0x80, 0xb4, 0x00, 0xc0,
					 0x4f, 0xd4, 0x30, 0xc8}};
	struct uuid uuid = uuid_make(&dns, "www.example.com", 15);
	char text[UUID_TEXT_MAX];

	(void)state;
	assert_string_equal(uuid_to_text(&uuid, text),
			    "2ed6657d-e927-568b-95e1-2665a8aea6a2");
	/* of a length for which one block more is begun */
	uuid = uuid_make(&dns, "0123456789012345678901234567890123456789abc",
			 43);
	assert_string_equal(uuid_to_text(&uuid, text),
			    "5663ba9e-b12d-5335-8ba7-94759c88bab4");
}

static void an_id_is_of_the_event_and_the_rule(void **state)
{
	struct event event = event_of_exec(), other = event;
	struct detect_rule untitled = {.id = "", .title = "Another"};
	struct notice notice = {.rule = &rule, .event = &event};
	struct uuid id = notice_id(&origin, &notice);
	struct uuid again;

	(void)state;
	notice.count = 17;
	again = notice_id(&origin, &notice);
	assert_memory_equal(&id, &again, sizeof(id));
	other.number++;
	notice.event = &other;
	again = notice_id(&origin, &notice);
	assert_memory_not_equal(&id, &again, sizeof(id));
	other = event;
	other.time_ns++; /* of another run of fwd */
	again = notice_id(&origin, &notice);
	assert_memory_not_equal(&id, &again, sizeof(id));
	other = event;
	notice.rule = &untitled;
	again = notice_id(&origin, &notice);
	assert_memory_not_equal(&id, &again, sizeof(id));
}

static void an_execution_is_told_byte_for_byte(void **state)
{
	struct event event = event_of_exec();
	const struct notice notice = {
		.rule = &rule,
		.event = &event,
		.count = 3,
		.done = DETECT_STEP_TABLE | DETECT_STEP_END,
		.ordered = DETECT_STEP_CUT,
		.withheld = DETECT_STEP_QUARANTINE,
		.wall_ns = WALL_NS,
		.file = "/etc/portcullis/detect/shell.yml",
		.sha256 = "00ff",
		.is_observed = true,
	};

	(void)state;
	assert_string_equal(line_of(&notice), expected_exec);
}

static void a_connection_has_a_destination(void **state)
{
	struct event event = {
		.kind = EVENT_CONNECT,
		.process = {.pid = 4711},
		.peer_port = 443,
		.protocol = 6,
		.is_asked = true,
	};
	const struct notice notice = {.rule = &rule, .event = &event};
	json_t *json;

	(void)state;
	assert_int_equal(prefix_from_text("2001:db8::1", 11, &event.peer), 0);
	event.words[EVENT_HOSTNAME] = text_of("c2.example");
	json = parsed(&notice);
	assert_string_equal(text_in(json, "destination", "ip"), "2001:db8::1");
	assert_string_equal(text_in(json, "destination", "domain"),
			    "c2.example");
	assert_string_equal(text_in(json, "network", "transport"), "tcp");
	assert_true(json_is_true(
		json_object_get(json_object_get(json, "portcullis"), "asked")));
	json_decref(json);
	event.kind = EVENT_ACCEPT;
	json = parsed(&notice);
	assert_string_equal(text_in(json, "source", "ip"), "2001:db8::1");
	assert_null(json_object_get(json, "destination"));
	json_decref(json);
}

static const char *marked(const json_t *json, const char *list, size_t at)
{
	return json_string_value(json_array_get(
		json_object_get(json_object_get(json, "portcullis"), list),
		at));
}

static void bad_bytes_are_escaped_and_named(void **state)
{
	struct event event = event_of_exec();
	const struct notice notice = {.rule = &rule, .event = &event};
	json_t *json;

	(void)state;
	event.words[EVENT_COMMAND_LINE] = (struct event_text){
		.bytes = "a\\b \xff\0 \xc3\xa4 \xed\xa0\x80", .len = 13};
	json = parsed(&notice);
	assert_string_equal(text_in(json, "process", "command_line"),
			    "a\\\\b \\xff\\x00 \xc3\xa4 \\xed\\xa0\\x80");
	assert_string_equal(marked(json, "escaped", 0), "process.command_line");
	/* that of the pattern has it as well */
	assert_string_equal(marked(json, "escaped", 1),
			    "portcullis.pattern.text");
	assert_null(marked(json, "cut", 0));
	json_decref(json);
}

static void a_good_text_is_as_it_was(void **state)
{
	static const char text[] = "\x01\x1f\x7f\"\\ \xe2\x82\xac"
				   "\xf0\x9f\x94\xa5 \\xff";
	struct event event = event_of_exec();
	const struct notice notice = {.rule = &rule, .event = &event};
	json_t *json;

	(void)state;
	event.words[EVENT_COMMAND_LINE] = text_of(text);
	json = parsed(&notice);
	assert_string_equal(text_in(json, "process", "command_line"), text);
	assert_null(marked(json, "escaped", 0));
	json_decref(json);
}

/* Everything there is, each as long as it can be, and as bad. */
static void a_line_is_never_too_long(void **state)
{
	static const unsigned char bytes[] = {'a', '"', 0xff, 1, '\\'};
	static char text[LONG + 1];
	static const char *many[40];
	struct detect_rule longest = {.id = text, .title = text, .tags = many};
	struct event event = event_of_exec();
	const struct notice notice = {
		.rule = &longest,
		.event = &event,
		.count = UINT64_MAX,
		.done = 31,
		.ordered = 31,
		.withheld = 31,
		.wall_ns = UINT64_MAX,
		.file = text,
		.is_observed = true,
	};

	(void)state;
	longest.tag_count = ARRAY_LEN(many);
	for (size_t i = 0; i < ARRAY_LEN(many); i++)
		many[i] = i % 2 ? "attack.resource-development"
				: "attack.t1059.004";
	event.peer.bits = 128;
	memset(event.peer.addr, 0xab, sizeof(event.peer.addr));
	event.peer_port = 65535;
	event.protocol = 58;
	event.is_asked = true;
	event.process.pid = event.parent.pid = event.uid = UINT32_MAX;
	for (size_t i = 0; i < ARRAY_LEN(bytes); i++) {
		memset(text, bytes[i], LONG);
		for (int word = 0; word < EVENT_WORD_COUNT; word++)
			event.words[word] = text_of(text);
		for (int kind = 0; kind < EVENT_KIND_COUNT; kind++) {
			json_t *json;

			event.kind = (enum event_kind)kind;
			json = parsed(&notice);
			assert_string_equal(marked(json, "cut", 0), "message");
			assert_string_equal(marked(json, "cut", LINE_MARKS_MAX),
					    "others");
			json_decref(json);
		}
	}
}

static void a_text_is_cut_between_characters(void **state)
{
	char text[1201];
	struct event event = event_of_exec();
	const struct notice notice = {.rule = &rule, .event = &event};
	json_t *json;

	(void)state;
	for (size_t i = 0; i < 1200; i += 3)
		memcpy(text + i, "\xe2\x82\xac", 3);
	text[1200] = '\0';
	event.words[EVENT_COMMAND_LINE] = text_of(text);
	json = parsed(&notice);
	assert_int_equal(strlen(text_in(json, "process", "command_line")) % 3,
			 0);
	assert_string_equal(marked(json, "cut", 0), "process.command_line");
	assert_null(marked(json, "escaped", 0));
	json_decref(json);
}

/* Texts of any bytes: what comes out is always read back. */
static void any_bytes_make_json(void **state)
{
	static const unsigned char some[] = {'a',  '"',	 '\\', 0,    0x1f, 0x7f,
					     0x80, 0xc3, 0xa4, 0xe2, 0x82, 0xac,
					     0xed, 0xf0, 0x9f, 0xff, '\n', 'x'};
	struct event event = event_of_exec();
	const struct notice notice = {.rule = &rule, .event = &event};
	uint32_t random = 7;

	(void)state;
	for (int round = 0; round < 3000; round++) {
		char text[64];
		size_t len = (size_t)round % sizeof(text);
		json_t *json;

		for (size_t i = 0; i < len; i++) {
			random = random * 1664525u + 1013904223u;
			text[i] = (char)some[(random >> 16) % sizeof(some)];
		}
		event.words[EVENT_COMMAND_LINE] = (struct event_text){
			.bytes = text, .len = (uint32_t)len};
		event.words[EVENT_IMAGE] = event.words[EVENT_COMMAND_LINE];
		json = parsed(&notice);
		assert_null(strchr(line_of(&notice), '\n'));
		json_decref(json);
	}
}

static void the_same_deed_is_the_same_pattern(void **state)
{
	struct event event = event_of_exec();
	struct detect_rule other_rule = rule;
	struct notice notice = {.rule = &rule, .event = &event};
	struct pattern one, other;

	(void)state;
	event.words[EVENT_COMMAND_LINE] = text_of("kill 17");
	notice_pattern(&notice, &one);
	event.words[EVENT_COMMAND_LINE] = text_of("kill 4711");
	event.process.pid++;
	event.number++;
	notice_pattern(&notice, &other);
	assert_int_equal(one.id, other.id);
	other_rule.id = "another";
	notice.rule = &other_rule;
	notice_pattern(&notice, &other);
	assert_int_not_equal(one.id, other.id);
}

static void tags_of_attack_are_read(void **state)
{
	char id[ECS_TECHNIQUE_MAX];

	(void)state;
	assert_string_equal(ecs_tactic("attack.command-and-control")->id,
			    "TA0011");
	assert_string_equal(ecs_tactic("attack.command_and_control")->name,
			    "Command and Control");
	assert_null(ecs_tactic("attack.exec"));
	assert_null(ecs_tactic("execution"));
	assert_true(ecs_technique("attack.t1059.004", id));
	assert_string_equal(id, "T1059.004");
	assert_true(ecs_technique("attack.T1059", id));
	assert_string_equal(id, "T1059");
	assert_false(ecs_technique("attack.t105", id));
	assert_false(ecs_technique("attack.t1059x004", id));
	assert_false(ecs_technique("attack.g0016", id));
	assert_false(ecs_technique("cve.2021.4034", id));
}

static void every_kind_has_a_category(void **state)
{
	(void)state;
	for (int kind = 0; kind < EVENT_KIND_COUNT; kind++) {
		assert_non_null(ecs_kind((enum event_kind)kind)->category);
		assert_non_null(ecs_kind((enum event_kind)kind)->type);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_id_is_the_known_one),
		cmocka_unit_test(an_id_is_of_the_event_and_the_rule),
		cmocka_unit_test(an_execution_is_told_byte_for_byte),
		cmocka_unit_test(a_connection_has_a_destination),
		cmocka_unit_test(bad_bytes_are_escaped_and_named),
		cmocka_unit_test(a_good_text_is_as_it_was),
		cmocka_unit_test(a_line_is_never_too_long),
		cmocka_unit_test(a_text_is_cut_between_characters),
		cmocka_unit_test(any_bytes_make_json),
		cmocka_unit_test(the_same_deed_is_the_same_pattern),
		cmocka_unit_test(tags_of_attack_are_read),
		cmocka_unit_test(every_kind_has_a_category),
	};

	return cmocka_run_group_tests_name("notice", tests, NULL, NULL);
}
