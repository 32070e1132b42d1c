// SPDX-License-Identifier: GPL-2.0-or-later
/* crowdsec.yml: what is read, refused, and made of it. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rules/base.h"
#include "rules/crowdsec.h"
#include "tests/support/documents.h"

static struct crowdsec_source read_good(const char *text)
{
	struct crowdsec_source source;
	struct document_note note = {0};

	if (crowdsec_source_read(text, strlen(text), &source, &note) != 0)
		fail_msg("%s: %s", text, note.text);
	return source;
}

static void a_file_with_the_url_alone_has_every_default(void **state)
{
	struct crowdsec_source source = read_good("url: http://127.0.0.1:8080");

	(void)state;
	assert_string_equal(source.set, "crowdsec");
	assert_string_equal(source.key_file, "/etc/portcullis/crowdsec.key");
	assert_int_equal(source.interval_s, 10);
	assert_int_equal(source.alert_after_s, 900);
	assert_int_equal(source.decisions_max, 200000);
	assert_int_equal(source.bytes_max, 67108864);
	assert_int_equal(source.widest_v4, 16);
	assert_int_equal(source.widest_v6, 32);
	assert_false(source.may_be_http);
}

static void every_key_is_read(void **state)
{
	struct crowdsec_source source =
		read_good("url: http://10.0.0.1:8080\nkey_file: /k\nset: cs\n"
			  "interval: 1m\nalert_after: 1h\ndecisions_max: 5\n"
			  "bytes_max: 4096\nwidest_v4: 24\nwidest_v6: 48\n"
			  "insecure_http: true\n");

	(void)state;
	assert_string_equal(source.url, "http://10.0.0.1:8080");
	assert_string_equal(source.key_file, "/k");
	assert_string_equal(source.set, "cs");
	assert_int_equal(source.interval_s, 60);
	assert_int_equal(source.alert_after_s, 3600);
	assert_int_equal(source.decisions_max, 5);
	assert_int_equal(source.bytes_max, 4096);
	assert_int_equal(source.widest_v4, 24);
	assert_int_equal(source.widest_v6, 48);
	assert_true(source.may_be_http);
}

static void what_makes_no_sense_is_refused_with_a_reason(void **state)
{
	static const struct {
		const char *text, *says;
	} cases[] = {
		{"set: crowdsec", "url"},
		{"url: http://10.0.0.1:8080", "insecure_http"},
		{"url: http://localhost.example.com", "insecure_http"},
		{"url: https://[::1]:8080/?startup=true", "'?'"},
		{"url: https://[::1]\nset: management", "lets in"},
		{"url: https://[::1]\nset: allow", "lets in"},
		{"url: https://[::1]\ninterval: 0s", "no span of time"},
		{"url: https://[::1]\nkey: secret", "key"},
		{"url: https://[::1]\nwidest_v4: 0", "from 1 to 32"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct crowdsec_source source;
		struct document_note note = {0};

		assert_int_equal(crowdsec_source_read(cases[i].text,
						      strlen(cases[i].text),
						      &source, &note),
				 -EINVAL);
		if (!strstr(note.text, cases[i].says))
			fail_msg("%s: %s", cases[i].text, note.text);
	}
}

static void the_stream_is_asked_for_as_the_api_has_it(void **state)
{
	struct crowdsec_source source =
		read_good("url: http://127.0.0.1:8080/lapi//");
	char url[CROWDSEC_URL_FULL];

	(void)state;
	crowdsec_source_url(&source, true, url);
	assert_string_equal(
		url, "http://127.0.0.1:8080/lapi/v1/decisions/stream?startup="
		     "true&scopes=ip,range&dedup=false");
	crowdsec_source_url(&source, false, url);
	assert_non_null(strstr(url, "?startup=false&"));
}

static void pauses_double_to_five_minutes_give_or_take_a_fifth(void **state)
{
	struct crowdsec_source source = read_good("url: http://127.0.0.1:8080");
	static const uint64_t pauses_s[] = {10, 10, 20, 40, 80, 160, 300, 300};
	uint64_t least = UINT64_MAX, most = 0;

	(void)state;
	for (uint32_t i = 0; i < ARRAY_LEN(pauses_s); i++)
		for (uint32_t random = 0; random < 100000; random += 37) {
			uint64_t pause_ms =
				crowdsec_source_pause_ms(&source, i, random);

			assert_in_range(pause_ms, pauses_s[i] * 800,
					pauses_s[i] * 1200);
			if (i == 0 && pause_ms < least)
				least = pause_ms;
			if (i == 0 && pause_ms > most)
				most = pause_ms;
		}
	assert_true(least < 8100 && most > 11900);
	source.interval_s = 3600;
	assert_in_range(crowdsec_source_pause_ms(&source, UINT32_MAX, 0),
			3600 * 800, 3600 * 1200);
}

/* The reference in a page is what is printed here. */
static void the_page_has_every_key(void **state)
{
	CLEANUP(freep) char *page = read_tree_file("docs/man/crowdsec.yml.5");
	CLEANUP(freep) char *keys = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&keys, &len);

	(void)state;
	assert_non_null(out);
	assert_int_equal(crowdsec_source_print_man(out), 0);
	assert_int_equal(fclose(out), 0);
	if (!strstr(page, keys))
		fail_msg("docs/man/crowdsec.yml.5 lacks:\n%s", keys);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_with_the_url_alone_has_every_default),
		cmocka_unit_test(every_key_is_read),
		cmocka_unit_test(what_makes_no_sense_is_refused_with_a_reason),
		cmocka_unit_test(the_stream_is_asked_for_as_the_api_has_it),
		cmocka_unit_test(
			pauses_double_to_five_minutes_give_or_take_a_fifth),
		cmocka_unit_test(the_page_has_every_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
