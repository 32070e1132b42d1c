// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Feeds in JSON: what is taken from which object, what is skipped, and what
 * JSON is refused as a whole.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rules/base.h"
#include "rules/feedfile/json.h"
#include "rules/member.h"
#include "tests/support/feeds.h"

#define DROP                                                                \
	"{\"cidr\":\"192.0.2.0/24\",\"sblid\":\"SBL1\",\"rir\":\"arin\"}\n" \
	"{\"cidr\":\"2001:db8::\\/32\",\"sblid\":\"SBL2\"}\n"
#define DROP_END                                                   \
	DROP "{\"type\":\"metadata\",\"timestamp\":1,\"size\":93," \
	     "\"records\":2,\"copyright\":\"x\"}\n"

static void spamhaus_is_whole_with_its_records_and_size(void **state)
{
	struct feed_seen seen = feed_parsed(FEED_SPAMHAUS_JSONL, DROP_END);

	(void)state;
	assert_int_equal(strlen(DROP), 93);
	assert_feed(FEED_SPAMHAUS_JSONL, DROP_END,
		    "1:192.0.2.0/24 2:2001:db8::/32");
	assert_true(seen.report.stated_matches);
	assert_int_equal(seen.report.stated_count, 2);
	assert_int_equal(seen.report.stated_bytes, 93);
	assert_feed_cuts(FEED_SPAMHAUS_JSONL, DROP_END, strlen(DROP_END) - 1);
	seen = feed_parsed(FEED_SPAMHAUS_JSONL, DROP);
	assert_int_equal(seen.r, 0);
	assert_true(seen.report.has_end_mark);
}

static void a_trailer_that_is_wrong_or_early_is_no_end(void **state)
{
	static const char *const texts[] = {
		DROP "{\"type\":\"metadata\",\"size\":92,\"records\":2}\n",
		DROP "{\"type\":\"metadata\",\"size\":93,\"records\":3}\n",
		DROP "{\"type\":\"metadata\",\"size\":93}\n",
		DROP "{\"type\":\"metadata\",\"size\":93,\"records\":2e0}\n",
		DROP_END "{\"cidr\":\"192.0.2.0/24\"}\n",
		"\n" DROP_END,
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct feed_seen seen =
			feed_parsed(FEED_SPAMHAUS_JSONL, texts[i]);

		assert_int_equal(seen.r, 0);
		assert_true(seen.report.accepted >= 2);
		assert_false(seen.report.stated_matches);
		assert_false(seen.report.is_whole);
	}
}

static void a_record_without_a_good_address_is_a_reject(void **state)
{
	(void)state;
	assert_feed_reject(FEED_SPAMHAUS_JSONL,
			   "{\"cidr\":\"192.0.2.1\"}\n{\"cidr\":1}\n", 2,
			   "no address in the record");
	assert_feed_reject(FEED_SPAMHAUS_JSONL,
			   "{\"cidr\":\"192.0.2.1\"}\n{\"x\":\"192.0.2.2\"}\n",
			   2, "no address in the record");
	assert_feed_reject(FEED_FEODO_JSON,
			   "[{\"ip_address\":\"192.0.2.1\"},\n"
			   "{\"ip_address\":\"192.0.2\"}]",
			   2, "not an address, network or range");
	assert_feed_reject(FEED_FEODO_JSON,
			   "[{\"ip_address\":\"192.0.2.1\"},\n17]", 2,
			   "not an object");
	assert_feed_reject(FEED_FEODO_JSON,
			   "[{\"ip_address\":\"192.0.2.1\"},\n"
			   "{\"ip_address\":\"192.0.2.1\\u0000\"}]",
			   2, "not an address, network or range");
}

static void only_the_field_at_its_place_counts(void **state)
{
	(void)state;
	assert_feed(FEED_FEODO_JSON,
		    "[{\"x\":{\"ip_address\":\"192.0.2.9\"},"
		    "\"ip_address\":\"192.0.2.1\",\"port\":443}]",
		    "1:192.0.2.1");
	assert_feed(FEED_FEODO_JSON, "[]", "");
	/* keys that look like a path are none */
	assert_feed(FEED_MISP_EVENT,
		    "{\"Event\":{\"Attribute[]\":{\"type\":\"ip-src\","
		    "\"to_ids\":true,\"value\":\"192.0.2.1\"}}}",
		    "");
}

#define ATTRIBUTE(type, value, more) \
	"{\"type\":\"" type "\",\"value\":\"" value "\"," more "}"

static void an_event_gives_addresses_that_are_meant_for_detection(void **state)
{
	static const char text[] = "{\"Event\":{\"info\":\"x\",\"Attribute\":[\n" ATTRIBUTE("ip-dst", "192.0.2.1", "\"to_ids\":true") ",\n" ATTRIBUTE(
		"ip-dst|port", "192.0.2.2|443",
		"\"to_ids\":"
		"true") ",\n" ATTRIBUTE("ip-src", "192.0.2.3",
					"\"to_ids\":false") ",\n" ATTRIBUTE("ip-src",
									    "192.0.2.4",
									    "\"to_ids\":true,\"deleted\":true") ",\n" ATTRIBUTE("domain|ip",
																"a.example|192.0.2.5",
																"\"to_ids\":true") ",\n" ATTRIBUTE("md5",
																				   "192.0.2.6",
																				   "\"to_ids\":true") "],\n"
																						      "\"Object\":[{\"Attribute\":[\n" ATTRIBUTE(
																							      "ip-src",
																							      "2001:db8::1",
																							      "\"to_ids\":true") "]}]}}";
	struct feed_options options = {.format = FEED_MISP_EVENT};
	struct feed_seen seen = {0};

	(void)state;
	assert_feed(FEED_MISP_EVENT, text,
		    "2:192.0.2.1 3:192.0.2.2 9:2001:db8::1");
	options.misp_types = FEED_MISP_IP_SRC | FEED_MISP_DOMAIN_IP;
	feed_read_bytes(&options, text, strlen(text), &seen);
	assert_string_equal(seen.text, "6:192.0.2.5 9:2001:db8::1");
	assert_int_equal(seen.report.skipped[FEED_SKIP_REVOKED], 2);
	assert_int_equal(seen.report.skipped[FEED_SKIP_TYPE], 3);
}

static void a_response_has_many_events(void **state)
{
	(void)state;
	assert_feed(
		FEED_MISP_EVENT,
		"{\"response\":[{\"Event\":{\"Attribute\":[" ATTRIBUTE(
			"ip-dst", "192.0.2.1",
			"\"to_ids\":true") "]}},\n{\"Event\":"
					   "{\"Object\":[{\"Attribute\":[" ATTRIBUTE(
						   "ip-src", "192.0.2.2",
						   "\"to_ids\":true") "]}]}}]}",
		"1:192.0.2.1 2:192.0.2.2");
	assert_feed(FEED_MISP_EVENT, "{\"response\":[]}", "");
	assert_feed_refused(FEED_MISP_EVENT, "{\"response\":[\"no\"]}",
			    FEED_INSTEAD_JSON_OTHER);
	assert_feed_refused(FEED_MISP_EVENT, "{\"response\":\"no\"}",
			    FEED_INSTEAD_JSON_OTHER);
}

#define UUID "5d0092c5-5f74-4287-9642-33f4c354e56d"

struct events {
	int count;
	char uuid[FEED_UUID_LEN + 1];
	uint64_t timestamp_s;
};

static int take_event(void *arg, const char uuid[FEED_UUID_LEN + 1],
		      uint64_t timestamp_s)
{
	struct events *events = arg;

	events->count++;
	memcpy(events->uuid, uuid, sizeof(events->uuid));
	events->timestamp_s = timestamp_s;
	return 0;
}

static int no_entry(void *arg, const struct feed_entry *entry)
{
	(void)arg;
	(void)entry;
	fail_msg("an entry");
	return 0;
}

static void a_manifest_gives_the_names_of_events(void **state)
{
	const struct feed_options options = {
		.format = FEED_MISP_MANIFEST,
		.event_fn = take_event,
	};
	static const char text[] =
		"{\"" UUID "\":{\"info\":\"x\",\"timestamp\":\"1787390000\","
		"\"Tag\":[{\"timestamp\":\"1\"}]},\n"
		"\"../../" UUID "\":{\"timestamp\":\"1\"}}";
	struct events events = {0};
	struct feed_report report;

	(void)state;
	assert_int_equal(feedfile_read(&options, text, strlen(text), no_entry,
				       &events, &report),
			 0);
	assert_int_equal(events.count, 1);
	assert_string_equal(events.uuid, UUID);
	assert_int_equal(events.timestamp_s, 1787390000);
	assert_int_equal(report.events, 1);
	assert_int_equal(report.rejected, 1);
	assert_int_equal(report.notes[0].line, 2);
	assert_feed(FEED_MISP_MANIFEST, "{}", "");
	assert_feed_refused(FEED_MISP_MANIFEST, "{\"message\":\"no\"}",
			    FEED_INSTEAD_JSON_ERROR);
}

static void a_warninglist_of_networks_allows(void **state)
{
	(void)state;
	assert_feed(FEED_MISP_WARNINGLIST,
		    "{\"list\":[\"192.0.2.0/24\",\n\"2001:db8::1\"],"
		    "\"matching_attributes\":[\"ip-src\"],\"type\":\"cidr\"}",
		    "1:192.0.2.0/24+ 2:2001:db8::1+");
	assert_feed_refused(FEED_MISP_WARNINGLIST,
			    "{\"list\":[\"192.0.2.1\"],\"type\":\"string\"}",
			    FEED_INSTEAD_JSON_OTHER);
	assert_feed_refused(FEED_MISP_WARNINGLIST, "{\"list\":[\"192.0.2.1\"]}",
			    FEED_INSTEAD_JSON_OTHER);
	assert_feed_reject(FEED_MISP_WARNINGLIST,
			   "{\"type\":\"cidr\",\"list\":[\"192.0.2.1\",\n{}]}",
			   2, "no address in the record");
}

static void a_stream_adds_for_a_time_and_deletes(void **state)
{
	static const char text[] =
		"{\"deleted\":[{\"duration\":\"-1.2s\",\"id\":1,\"scope\":"
		"\"Ip\",\"type\":\"ban\",\"value\":\"203.0.113.9\"}],\n\"new\":[\n"
		"{\"duration\":\"59m58.5s\",\"id\":2,\"scope\":\"Range\","
		"\"type\":\"ban\",\"value\":\"198.51.100.0/24\"},\n"
		"{\"duration\":\"3h\",\"scope\":\"Country\",\"type\":\"ban\","
		"\"value\":\"ZZ\"},\n"
		"{\"duration\":\"3h\",\"scope\":\"Ip\",\"type\":\"captcha\","
		"\"value\":\"192.0.2.1\"},\n"
		"{\"duration\":\"-3s\",\"scope\":\"ip\",\"type\":\"ban\","
		"\"value\":\"192.0.2.2\"}]}";
	struct feed_seen seen = feed_parsed(FEED_CROWDSEC_STREAM, text);

	(void)state;
	assert_feed(FEED_CROWDSEC_STREAM, text,
		    "1:203.0.113.9- 3:198.51.100.0/24<1787003599");
	assert_int_equal(seen.report.skipped[FEED_SKIP_TYPE], 2);
	assert_int_equal(seen.report.skipped[FEED_SKIP_EXPIRED], 1);
	assert_feed(FEED_CROWDSEC_STREAM, "{\"deleted\":null,\"new\":null}",
		    "");
	assert_feed_refused(FEED_CROWDSEC_STREAM,
			    "{\"message\":\"access forbidden\"}",
			    FEED_INSTEAD_JSON_ERROR);
	assert_feed_reject(FEED_CROWDSEC_STREAM,
			   "{\"new\":[{\"duration\":\"1h\",\"scope\":\"Ip\","
			   "\"type\":\"ban\",\"value\":\"192.0.2.1\"},\n"
			   "{\"duration\":\"soon\",\"scope\":\"Ip\","
			   "\"type\":\"ban\",\"value\":\"192.0.2.1\"}]}",
			   2, "not a duration");
}

struct reason {
	char text[REASON_MAX];
};

static int keep_reason(void *arg, const struct feed_entry *entry)
{
	struct reason *reason = arg;

	assert_true(reason_is_valid(entry->reason));
	(void)snprintf(reason->text, sizeof(reason->text), "%s", entry->reason);
	return 0;
}

/* Of a decision with these fields. */
static const char *reason_of(const char *fields)
{
	static struct reason reason;
	const struct feed_options options = {.format = FEED_CROWDSEC_STREAM};
	struct feed_report report;
	char text[1024];

	reason.text[0] = '\0';
	(void)snprintf(text, sizeof(text),
		       "{\"new\":[{\"duration\":\"1h\",\"scope\":\"Ip\","
		       "\"type\":\"ban\",\"value\":\"192.0.2.1\"%s}]}",
		       fields);
	assert_int_equal(feedfile_read(&options, text, strlen(text),
				       keep_reason, &reason, &report),
			 0);
	assert_int_equal(report.accepted, 1);
	return reason.text;
}

static void a_decision_says_why_and_where_it_is_from(void **state)
{
	char fields[700], long_name[301];

	(void)state;
	assert_string_equal(reason_of(",\"scenario\":\"a/ssh-bf\","
				      "\"origin\":\"CAPI\""),
			    "a/ssh-bf (CAPI)");
	assert_string_equal(reason_of(",\"scenario\":\"a\""), "a");
	assert_string_equal(reason_of(""), "");
	assert_string_equal(reason_of(",\"scenario\":\"a\\u001b[31mb\","
				      "\"origin\":\"x\\ny\""),
			    "a?[31mb (x?y)");
	memset(long_name, 'n', 300);
	long_name[300] = '\0';
	(void)snprintf(fields, sizeof(fields),
		       ",\"scenario\":\"%s\",\"origin\":\"%s\"", long_name,
		       long_name);
	assert_int_equal(strlen(reason_of(fields)), 200 + 40 + 3);
}

static void every_json_feed_is_refused_when_cut_anywhere(void **state)
{
	static const struct {
		enum feed_format format;
		const char *text;
	} feeds[] = {
		{FEED_FEODO_JSON, "[{\"ip_address\":\"192.0.2.1\"}]"},
		{FEED_MISP_EVENT,
		 "{\"Event\":{\"Attribute\":[{\"type\":\"ip-src\","
		 "\"to_ids\":true,\"value\":\"192.0.2.1\"}]}}"},
		{FEED_MISP_MANIFEST, "{\"" UUID "\":{\"timestamp\":\"1\"}}"},
		{FEED_MISP_WARNINGLIST,
		 "{\"type\":\"cidr\",\"list\":[\"192.0.2.1\"]}"},
		{FEED_STIX, "{\"type\":\"bundle\",\"objects\":[]}"},
		{FEED_TAXII, "{\"more\":false,\"objects\":[]}"},
		{FEED_CROWDSEC_STREAM, "{\"new\":[],\"deleted\":null}"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(feeds); i++)
		assert_feed_cuts(feeds[i].format, feeds[i].text,
				 strlen(feeds[i].text));
}

static void json_that_is_something_else_is_refused(void **state)
{
	struct feed_seen seen =
		feed_parsed(FEED_STIX, "{\"title\":\"Not\\tallowed\"}");

	(void)state;
	assert_int_equal(seen.report.instead, FEED_INSTEAD_JSON_ERROR);
	assert_string_equal(seen.report.notes[0].text, "Not?allowed");
	assert_feed_refused(FEED_FEODO_JSON, "{\"a\":1}",
			    FEED_INSTEAD_JSON_OTHER);
	assert_feed_refused(FEED_FEODO_JSON,
			    "[{\"ip_address\":\"192.0.2.1\"},]",
			    FEED_INSTEAD_JSON_BROKEN);
	assert_feed_refused(FEED_FEODO_JSON, "[] []", FEED_INSTEAD_JSON_BROKEN);
	assert_feed_refused(FEED_FEODO_JSON, "[{\"ip_address\":\"192.0.2.1\"}",
			    FEED_INSTEAD_JSON_CUT);
	assert_feed_refused(FEED_FEODO_JSON, "[\"\xff\"]",
			    FEED_INSTEAD_JSON_BROKEN);
}

static void nothing_may_begin_behind_the_end(void **state)
{
	static const char *const ends[] = {
		"\"", "\"}", "\"]", "\"\\", "[", "1", "t", "\"\"", "x", ",",
	};
	char text[512];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
		(void)snprintf(text, sizeof(text), "[] %s", ends[i]);
		assert_int_equal(feed_parsed(FEED_FEODO_JSON, text).r,
				 -EBADMSG);
		(void)snprintf(text, sizeof(text), "%s%s", DROP_END, ends[i]);
		assert_false(
			feed_parsed(FEED_SPAMHAUS_JSONL, text).report.is_whole);
	}
	assert_feed(FEED_FEODO_JSON, "[] \n\t\r\n", "");
}

static void where_json_is_broken_is_told(void **state)
{
	struct feed_seen seen = feed_parsed(
		FEED_FEODO_JSON, "[\n{\"ip_address\":\"192.0.2.1\"},\n{x}]");

	(void)state;
	assert_int_equal(seen.report.notes[0].line, 3);
	assert_string_equal(seen.report.notes[0].text, "x}]");
	assert_string_equal(seen.report.notes[0].why, "not valid JSON");
}

static int ignore_value(void *arg, const char *path,
			const struct json_value *value)
{
	(void)value;
	if (strlen(path) > *(size_t *)arg)
		*(size_t *)arg = strlen(path);
	return 0;
}

static int ignore_end(void *arg, const char *path)
{
	(void)arg;
	(void)path;
	return 0;
}

/* Without a NUL behind it. */
static size_t put(char *to, const char *text)
{
	size_t len = strlen(text);

	for (size_t i = 0; i < len; i++)
		to[i] = text[i];
	return len;
}

static int read_json(const char *text, size_t len, struct json_report *report)
{
	size_t longest = 0;
	const struct json_sink sink = {ignore_value, ignore_end, &longest,
				       false};

	return json_read((struct span){text, text + len}, &sink, report);
}

static void json_has_limits(void **state)
{
	size_t room = (JSON_STRING_MAX + 16ul) * 2;
	char *text = malloc(room);
	struct json_report report;

	(void)state;
	assert_non_null(text);
	memset(text, '[', JSON_DEPTH_MAX);
	memset(text + JSON_DEPTH_MAX, ']', JSON_DEPTH_MAX);
	assert_int_equal(read_json(text, 2l * JSON_DEPTH_MAX, &report), 0);
	memset(text, '[', room);
	assert_int_equal(read_json(text, room, &report), -EBADMSG);
	assert_string_equal(report.why, "nested too deep");
	/* a string, as it is and as one that never ends */
	memset(text, 'x', room);
	put(text, "[\"");
	put(text + 2 + JSON_STRING_MAX, "\"]");
	assert_int_equal(read_json(text, JSON_STRING_MAX + 4l, &report), 0);
	put(text + 2 + JSON_STRING_MAX, "x\"]");
	assert_int_equal(read_json(text, JSON_STRING_MAX + 5l, &report),
			 -EBADMSG);
	assert_string_equal(report.why, "a string is too long");
	memset(text + 2, 'x', room - 2);
	assert_int_equal(read_json(text, room, &report), -EBADMSG);
	assert_string_equal(report.why, "a string is too long");
	free(text);
}

static void json_has_a_limit_of_values(void **state)
{
	size_t len = 2ul * JSON_VALUES_MAX + 4;
	char *text = malloc(len);
	struct json_report report;

	(void)state;
	assert_non_null(text);
	for (size_t i = 0; i < len; i++)
		text[i] = i % 2 ? '1' : ',';
	text[0] = '[';
	assert_int_equal(read_json(text, len, &report), -EBADMSG);
	assert_string_equal(report.why, "too many values");
	free(text);
}

static void the_longest_path_has_room(void **state)
{
	char text[JSON_DEPTH_MAX * 80] = "";
	struct json_report report;
	size_t used = 0;

	(void)state;
	for (int i = 0; i < JSON_DEPTH_MAX; i++) {
		used += put(text + used, "{\"");
		memset(text + used, 'k', JSON_KEY_MAX + 5);
		used += JSON_KEY_MAX + 5;
		used += put(text + used, "\":");
	}
	text[used++] = '1';
	memset(text + used, '}', JSON_DEPTH_MAX);
	assert_int_equal(read_json(text, used + JSON_DEPTH_MAX, &report), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(spamhaus_is_whole_with_its_records_and_size),
		cmocka_unit_test(a_trailer_that_is_wrong_or_early_is_no_end),
		cmocka_unit_test(a_record_without_a_good_address_is_a_reject),
		cmocka_unit_test(only_the_field_at_its_place_counts),
		cmocka_unit_test(
			an_event_gives_addresses_that_are_meant_for_detection),
		cmocka_unit_test(a_response_has_many_events),
		cmocka_unit_test(a_manifest_gives_the_names_of_events),
		cmocka_unit_test(a_warninglist_of_networks_allows),
		cmocka_unit_test(a_stream_adds_for_a_time_and_deletes),
		cmocka_unit_test(a_decision_says_why_and_where_it_is_from),
		cmocka_unit_test(every_json_feed_is_refused_when_cut_anywhere),
		cmocka_unit_test(json_that_is_something_else_is_refused),
		cmocka_unit_test(nothing_may_begin_behind_the_end),
		cmocka_unit_test(where_json_is_broken_is_told),
		cmocka_unit_test(json_has_limits),
		cmocka_unit_test(json_has_a_limit_of_values),
		cmocka_unit_test(the_longest_path_has_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
