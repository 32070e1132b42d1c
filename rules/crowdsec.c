// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/crowdsec.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "rules/base.h"
#include "rules/document_reader.h"
#include "rules/feed.h"
#include "rules/feedfile/feedfile.h"

#define AT(field)    offsetof(struct crowdsec_source, field)
#define TEXT(size)   ((size)-1)
#define DAY_S	     (24u * 3600)
#define PAUSE_MAX_MS 300000u
#define SHARE	     5 /* of a pause, that chance adds or takes */

static const struct schema_key keys[] = {
	{.name = "url",
	 .type = SCHEMA_URL,
	 .is_required = true,
	 .max = TEXT(CROWDSEC_URL_MAX),
	 .offset = AT(url),
	 .help = "Where the local API is, without the path.\n"
		 "It starts with https:// unless it is of this machine, or "
		 "insecure_http says that it need not."},
	{.name = "key_file",
	 .type = SCHEMA_PATH,
	 .max = TEXT(CROWDSEC_FILE_MAX),
	 .fallback = "/etc/portcullis/crowdsec.key",
	 .offset = AT(key_file),
	 .help = "A file of mode 0600 with the key, which cscli bouncers add "
		 "prints.\n"
		 "Each gateway needs a key of its own: what is told with one "
		 "is not told again."},
	{.name = "set",
	 .type = SCHEMA_SET_NAME,
	 .max = TEXT(SET_NAME_MAX),
	 .fallback = "crowdsec",
	 .offset = AT(set),
	 .help = "The set that decisions go to.\n"
		 "It is made if it is not there, and then drops.\n"
		 "Members of another origin than crowdsec stay as they are."},
	{.name = "interval",
	 .type = SCHEMA_SPAN,
	 .min = 1,
	 .max = 3600,
	 .fallback = "10s",
	 .offset = AT(interval_s),
	 .help = "From one question to the next."},
	{.name = "alert_after",
	 .type = SCHEMA_SPAN,
	 .min = 1,
	 .max = 30 * DAY_S,
	 .fallback = "15m",
	 .offset = AT(alert_after_s),
	 .help = "Without a good answer for so long, fwctl status says so."},
	{.name = "decisions_max",
	 .type = SCHEMA_NUMBER,
	 .min = 1,
	 .max = 2000000,
	 .fallback = "200000",
	 .offset = AT(decisions_max),
	 .help = "An answer that would make more of them is refused, and what "
		 "there was stays.\n"
		 "The set is made with room for so many."},
	{.name = "bytes_max",
	 .type = SCHEMA_NUMBER,
	 .min = 1024,
	 .max = FEED_BYTES_MAX,
	 .fallback = "67108864",
	 .offset = AT(bytes_max),
	 .help = "Most bytes of one answer; 50000 decisions are about 7 "
		 "million."},
	{.name = "widest_v4",
	 .type = SCHEMA_NUMBER,
	 .min = 1,
	 .max = 32,
	 .fallback = "16",
	 .offset = AT(widest_v4),
	 .help = "The shortest IPv4 network that is believed; others are left "
		 "out and counted.\n"
		 "A range that somebody bans by hand is rarely wider than a "
		 "provider's /16, and a slip of the pen often is."},
	{.name = "widest_v6",
	 .type = SCHEMA_NUMBER,
	 .min = 1,
	 .max = 128,
	 .fallback = "32",
	 .offset = AT(widest_v6),
	 .help = "The same for IPv6: a provider has a /32."},
	{.name = "insecure_http",
	 .type = SCHEMA_FLAG,
	 .fallback = "false",
	 .offset = AT(may_be_http),
	 .help = "The key and the decisions may go over http to another "
		 "machine, where everybody on the way can read the one and "
		 "write the others."},
};

static const struct schema_mapping mapping = {
	.noun = "file",
	.title = "The file",
	.help = "One mapping of the keys below.",
	.keys = keys,
	.key_count = ARRAY_LEN(keys),
};

static const struct crowdsec_source usual = {
	.key_file = "/etc/portcullis/crowdsec.key",
	.set = "crowdsec",
	.interval_s = 10,
	.alert_after_s = 900,
	.decisions_max = 200000,
	.bytes_max = 64u << 20,
	.widest_v4 = 16,
	.widest_v6 = 32,
};

static struct mark mark_of(const struct document_values *values,
			   const char *name, const struct node *root)
{
	const struct node *value = document_value_of(&mapping, values, name);

	return value ? value->mark : root->mark;
}

/* What the keys say together. */
static int check(const struct crowdsec_source *source, const struct node *root,
		 const struct document_values *values,
		 struct document_note *note)
{
	if (feed_url_is_readable(source->url) && !source->may_be_http)
		return document_note_refuse(
			note, mark_of(values, "url", root),
			"\"%.60s\" is not https, and a key is not sent over "
			"http: \"insecure_http: true\" lets it be",
			source->url);
	if (strpbrk(source->url, "?#"))
		return document_note_refuse(
			note, mark_of(values, "url", root),
			"\"%.60s\": only where it is, nothing behind a '?' or "
			"'#'",
			source->url);
	if (strcmp(source->set, "management") == 0 ||
	    strcmp(source->set, "allow") == 0)
		return document_note_refuse(
			note, mark_of(values, "set", root),
			"the set \"%s\" lets in what is in it", source->set);
	return 0;
}

int crowdsec_source_read(const char *text, size_t len,
			 struct crowdsec_source *ret_source,
			 struct document_note *ret_note)
{
	CLEANUP(tree_freep) struct tree *tree = NULL;
	struct document_reader reader = {.note = ret_note};
	struct crowdsec_source source = usual;
	struct document_values values;
	int r;

	assert(ret_source);
	assert(ret_note);

	r = tree_read(text, len, &tree, ret_note);
	if (r == 0)
		r = document_read_mapping(&reader, &mapping, tree_root(tree),
					  &source, &values);
	if (r == 0)
		r = check(&source, tree_root(tree), &values, ret_note);
	if (r < 0)
		return r;
	*ret_source = source;
	return 0;
}

int crowdsec_source_print_man(FILE *out)
{
	static const struct schema_mapping *const all[] = {&mapping};

	return schema_print_man(all, ARRAY_LEN(all), out);
}

void crowdsec_source_url(const struct crowdsec_source *source, bool is_whole,
			 char url[CROWDSEC_URL_FULL])
{
	size_t len = strlen(source->url);

	while (len > 0 && source->url[len - 1] == '/')
		len--;
	/* otherwise it tells only the decision that ends last of an address, and
	 * nothing of the others once that is deleted */
	(void)snprintf(url, CROWDSEC_URL_FULL,
		       "%.*s/v1/decisions/stream?startup=%s&scopes=ip,range"
		       "&dedup=false",
		       (int)len, source->url, is_whole ? "true" : "false");
}

uint64_t crowdsec_source_pause_ms(const struct crowdsec_source *source,
				  uint32_t failures, uint32_t random)
{
	uint64_t pause_ms = (uint64_t)source->interval_s * 1000;
	uint64_t max_ms = pause_ms > PAUSE_MAX_MS ? pause_ms : PAUSE_MAX_MS;

	for (uint32_t i = 1; i < failures && pause_ms < max_ms; i++)
		pause_ms *= 2;
	if (pause_ms > max_ms)
		pause_ms = max_ms;
	return pause_ms - pause_ms / SHARE +
	       random % (2 * pause_ms / SHARE + 1);
}
