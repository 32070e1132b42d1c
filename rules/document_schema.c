// SPDX-License-Identifier: GPL-2.0-or-later
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "rules/document.h"
#include "rules/schema.h"

#define SPAN_PATTERN "^([0-9]+w)?([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?$"

static void put_string(FILE *out, const char *text)
{
	(void)fputc('"', out);
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\')
			(void)fputc('\\', out);
		(void)fputc(*text == '\n' ? ' ' : *text, out);
	}
	(void)fputc('"', out);
}

static void put_words(FILE *out, const struct schema_words *words)
{
	(void)fputs("{\"enum\": [", out);
	for (unsigned int i = 0; i < words->count; i++) {
		(void)fputs(i > 0 ? ", " : "", out);
		put_string(out, words->name(i));
	}
	(void)fputs("]}", out);
}

/* One value, whatever stands around it. */
static void put_one(FILE *out, const struct schema_key *key)
{
	const char *json = schema_forms[key->type].json;

	if (json && key->mapping)
		(void)fprintf(out,
			      "{\"anyOf\": [%s, {\"$ref\": \"#/$defs/%s\"}]}",
			      json, key->mapping->noun);
	else if (json)
		(void)fputs(json, out);
	else if (key->mapping)
		(void)fprintf(out, "{\"$ref\": \"#/$defs/%s\"}",
			      key->mapping->noun);
	else if (key->words)
		put_words(out, key->words);
	else if (key->type == SCHEMA_SPAN)
		(void)fputs("{\"type\": \"string\", \"pattern\": "
			    "\"" SPAN_PATTERN "\"}",
			    out);
	else
		(void)fprintf(out,
			      "{\"type\": \"integer\", \"minimum\": %u, "
			      "\"maximum\": %u}",
			      key->min, key->max);
}

static void put_items(FILE *out, const struct schema_key *key)
{
	(void)fputs("{\"anyOf\": [", out);
	put_one(out, key);
	(void)fputs(", {\"type\": \"array\", \"items\": ", out);
	put_one(out, key);
	(void)fputs("}]}", out);
}

static void put_shape(FILE *out, const struct schema_key *key)
{
	switch (schema_forms[key->type].shape) {
	case SHAPE_ITEMS:
		put_items(out, key);
		return;
	case SHAPE_LIST:
		(void)fputs("{\"type\": \"array\", \"items\": ", out);
		put_one(out, key);
		(void)fputc('}', out);
		return;
	case SHAPE_NAMED:
		(void)fputs("{\"type\": \"object\", \"additionalProperties\": ",
			    out);
		put_one(out, key);
		(void)fputc('}', out);
		return;
	case SHAPE_NAMED_ITEMS:
		(void)fputs("{\"type\": \"object\", \"additionalProperties\": ",
			    out);
		put_items(out, key);
		(void)fputc('}', out);
		return;
	case SHAPE_ONE:
	default:
		put_one(out, key);
		return;
	}
}

static void put_value(FILE *out, const struct schema_key *key)
{
	if (!key->is_negatable) {
		put_shape(out, key);
		return;
	}
	(void)fputs("{\"anyOf\": [", out);
	put_shape(out, key);
	(void)fputs(", {\"type\": \"object\", \"properties\": {\"not\": ", out);
	put_shape(out, key);
	(void)fputs("}, \"required\": [\"not\"], "
		    "\"additionalProperties\": false}]}",
		    out);
}

/* "[a, b]" in YAML, with the quotes that JSON needs. */
static void put_default_list(FILE *out, const char *text)
{
	(void)fputc('[', out);
	for (text++; *text != ']'; text += strspn(text, ", ")) {
		size_t len = strcspn(text, ",]");

		(void)fprintf(out, "\"%.*s\"%s", (int)len, text,
			      text[len] == ',' ? ", " : "");
		text += len;
	}
	(void)fputc(']', out);
}

static void put_default(FILE *out, const struct schema_key *key)
{
	const char *text = key->fallback;

	if (!text)
		return;
	(void)fputs("\"default\": ", out);
	if (*text == '[')
		put_default_list(out, text);
	else if (*text == '{' || key->type == SCHEMA_NUMBER ||
		 key->type == SCHEMA_FLAG)
		(void)fputs(text, out);
	else
		put_string(out, text);
	(void)fputs(", ", out);
}

static void put_required(FILE *out, const struct schema_mapping *mapping)
{
	const char *before = "";

	(void)fputs("\"required\": [", out);
	for (size_t i = 0; i < mapping->key_count; i++) {
		if (!mapping->keys[i].is_required)
			continue;
		(void)fputs(before, out);
		put_string(out, mapping->keys[i].name);
		before = ", ";
	}
	(void)fputs("],\n", out);
}

/* The members of an object that describes the mapping. */
static void put_mapping(FILE *out, const struct schema_mapping *mapping)
{
	if (mapping->help) {
		(void)fputs("\"description\": ", out);
		put_string(out, mapping->help);
		(void)fputs(",\n", out);
	}
	(void)fputs("\"type\": \"object\",\n\"additionalProperties\": false,\n",
		    out);
	put_required(out, mapping);
	(void)fputs("\"properties\": {\n", out);
	for (size_t i = 0; i < mapping->key_count; i++) {
		const struct schema_key *key = &mapping->keys[i];

		(void)fprintf(out, "\t\"%s\": {\"description\": ", key->name);
		put_string(out, key->help);
		(void)fputs(", ", out);
		put_default(out, key);
		(void)fputs("\"allOf\": [", out);
		put_value(out, key);
		(void)fputs(i + 1 < mapping->key_count ? "]},\n" : "]}\n", out);
	}
	(void)fputs("}", out);
}

int document_print_schema(FILE *out)
{
	const char *before = "";

	assert(out);

	(void)fputs("{\n\"$schema\": "
		    "\"https://json-schema.org/draft/2020-12/schema\",\n"
		    "\"title\": \"firewall.yml\",\n",
		    out);
	put_mapping(out, &schema_document);
	(void)fputs(",\n\"$defs\": {", out);
	for (size_t i = 0; i < schema_mapping_count; i++) {
		if (schema_mappings[i] == &schema_document)
			continue;
		(void)fprintf(out, "%s\n\"%s\": {\n", before,
			      schema_mappings[i]->noun);
		put_mapping(out, schema_mappings[i]);
		(void)fputs("\n}", out);
		before = ",";
	}
	(void)fputs("\n}\n}\n", out);
	return ferror(out) ? -EIO : 0;
}
