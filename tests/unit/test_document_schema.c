// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What is told about firewall.yml: defaults, examples, manual and JSON schema
 * say what the reader does.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "rules/base.h"
#include "rules/compile.h"
#include "rules/schema.h"
#include "tests/support/documents.h"
#include "tests/support/policies.h"

#define V "version: 1\n"

/* A text of many parts, grown at its end. */
struct text {
	char *bytes;
	size_t len;
	FILE *out;
};

static void text_start(struct text *text)
{
	text->out = open_memstream(&text->bytes, &text->len);
	assert_non_null(text->out);
}

static void text_end(struct text *text)
{
	assert_int_equal(fclose(text->out), 0);
}

static void a_default_written_out_changes_nothing(void **state)
{
	struct policy policy, fresh;
	struct text text = {0};

	(void)state;
	text_start(&text);
	(void)fputs(V, text.out);
	write_schema_defaults(text.out, &schema_document, "");
	text_end(&text);
	policy_init(&fresh);
	read_document(text.bytes, &policy);
	assert_same_policy(&policy, &fresh);
	policy_done(&policy);
	free(text.bytes);
}

static void defaults_of_sets_and_limits_change_nothing(void **state)
{
	struct policy shortly, fully;
	struct text text = {0};

	(void)state;
	text_start(&text);
	(void)fputs(V "sets:\n  a:\n", text.out);
	write_schema_defaults(text.out, &schema_set, "    ");
	(void)fputs("limits:\n  b:\n    rate: 1/s\n", text.out);
	write_schema_defaults(text.out, &schema_limit, "    ");
	(void)fputs("rules:\n- id: c\n  action: drop\n", text.out);
	write_schema_defaults(text.out, &schema_rule, "  ");
	text_end(&text);
	read_document(text.bytes, &fully);
	read_document(V "sets: {a: {}}\nlimits: {b: {rate: 1/s}}\n"
			"rules: [{id: c, action: drop}]\n",
		      &shortly);
	assert_same_policy(&fully, &shortly);
	policy_done(&fully);
	policy_done(&shortly);
	free(text.bytes);
}

static void the_examples_load_and_drop_by_default(void **state)
{
	static const char *const paths[] = {"rules/default/web-host.yml",
					    "rules/default/gateway.yml",
					    "rules/default/dns-server.yml"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		char *text = read_tree_file(paths[i]);
		struct policy policy, back;
		struct compiled *compiled;
		char note[COMPILE_NOTE_MAX];
		char *printed;

		read_document(text, &policy);
		assert_int_equal(policy.default_in, VERDICT_DROP);
		assert_true(policy.management_count > 0);
		/* a ping after the first answer is of a flow */
		assert_string_equal(policy.rules[0].id, "ping-rate");
		assert_string_equal(policy.rules[1].id, "ping6-rate");
		assert_string_equal(policy.rules[2].id, "established");
		printed = print_document(&policy);
		read_document(printed, &back);
		assert_same_policy(&policy, &back);
		if (compile(&policy, &compiled, note) < 0)
			fail_msg("%s: %s", paths[i], note);
		compiled_free(compiled);
		policy_done(&back);
		policy_done(&policy);
		free(printed);
		free(text);
	}
}

static void the_manual_has_the_keys_of_the_table(void **state)
{
	char *page = read_tree_file("docs/man/firewall.yml.5");
	struct text keys = {0};

	(void)state;
	text_start(&keys);
	assert_int_equal(document_print_man(keys.out), 0);
	text_end(&keys);
	if (!strstr(page, keys.bytes))
		fail_msg("docs/man/firewall.yml.5 lacks\n%s", keys.bytes);
	free(keys.bytes);
	free(page);
}

static void the_example_of_the_manual_loads(void **state)
{
	char *page = read_tree_file("docs/man/firewall.yml.5");
	char *start = strstr(page, "\nversion: 1\n");
	struct policy policy;
	char *end;

	(void)state;
	assert_non_null(start);
	end = strstr(start, "\n.Ed");
	assert_non_null(end);
	end[1] = '\0';
	read_document(start, &policy);
	assert_int_equal(policy.rule_count, 3);
	policy_done(&policy);
	free(page);
}

static void assert_described(const json_t *object,
			     const struct schema_mapping *mapping)
{
	const json_t *properties = json_object_get(object, "properties");

	assert_true(
		json_is_false(json_object_get(object, "additionalProperties")));
	assert_int_equal(json_object_size(properties), mapping->key_count);
	for (size_t i = 0; i < mapping->key_count; i++) {
		const char *name = mapping->keys[i].name;
		const json_t *value = json_object_get(properties, name);

		if (!json_is_string(json_object_get(value, "description")) ||
		    json_array_size(json_object_get(value, "allOf")) != 1)
			fail_msg("%s is not described", name);
	}
}

static void the_json_schema_has_every_key(void **state)
{
	struct text text = {0};
	json_error_t error;
	json_t *schema, *parts;

	(void)state;
	text_start(&text);
	assert_int_equal(document_print_schema(text.out), 0);
	text_end(&text);
	schema = json_loads(text.bytes, JSON_REJECT_DUPLICATES, &error);
	if (!schema)
		fail_msg("line %d: %s", error.line, error.text);
	parts = json_object_get(schema, "$defs");
	assert_described(schema, &schema_document);
	for (size_t i = 1; i < schema_mapping_count; i++)
		assert_described(
			json_object_get(parts, schema_mappings[i]->noun),
			schema_mappings[i]);
	json_decref(schema);
	free(text.bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_default_written_out_changes_nothing),
		cmocka_unit_test(defaults_of_sets_and_limits_change_nothing),
		cmocka_unit_test(the_examples_load_and_drop_by_default),
		cmocka_unit_test(the_manual_has_the_keys_of_the_table),
		cmocka_unit_test(the_example_of_the_manual_loads),
		cmocka_unit_test(the_json_schema_has_every_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
