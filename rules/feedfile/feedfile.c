// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/feedfile/feedfile.h"

#include <assert.h>
#include <errno.h>

#include "rules/base.h"
#include "rules/feedfile/formats.h"
#include "rules/feedfile/sniff.h"

struct format {
	const char *name;
	feed_read_fn *read;
	bool is_json;
	uint32_t line_bytes; /* the longest line of text; 0: PLAIN_LINE_MAX */
};

#define TABLE_LINE_MAX 8192 /* tables hold URLs and lists of tags */

static const struct format formats[] = {
	[FEED_PLAIN] = {"plain", read_plain},
	[FEED_PLAIN_SCORE] = {"plain-score", read_plain_score},
	[FEED_CSV] = {"csv", read_csv, .line_bytes = TABLE_LINE_MAX},
	[FEED_P2P] = {"p2p", read_p2p},
	[FEED_DSHIELD] = {"dshield", read_dshield},
	[FEED_DSHIELD_API] = {"dshield-api", read_dshield_api},
	[FEED_SPAMHAUS_JSONL] = {"spamhaus-jsonl", read_spamhaus_jsonl,
				 .is_json = true},
	[FEED_SPAMHAUS_TEXT] = {"spamhaus-text", read_spamhaus_text},
	[FEED_FEODO_JSON] = {"feodo-json", read_feodo_json, .is_json = true},
	[FEED_FEODO_CSV] = {"feodo-csv", read_feodo_csv,
			    .line_bytes = TABLE_LINE_MAX},
	[FEED_THREATFOX_CSV] = {"threatfox-csv", read_threatfox_csv,
				.line_bytes = TABLE_LINE_MAX},
	[FEED_URLHAUS_CSV] = {"urlhaus-csv", read_urlhaus_csv,
			      .line_bytes = TABLE_LINE_MAX},
	[FEED_TOR_EXIT_ADDRESSES] = {"tor-exit-addresses",
				     read_tor_exit_addresses},
	[FEED_FIREHOL_NETSET] = {"firehol-netset", read_firehol_netset},
	[FEED_MISP_EVENT] = {"misp-event", read_misp_event, .is_json = true},
	[FEED_MISP_MANIFEST] = {"misp-manifest", read_misp_manifest,
				.is_json = true},
	[FEED_MISP_WARNINGLIST] = {"misp-warninglist", read_misp_warninglist,
				   .is_json = true},
	[FEED_STIX] = {"stix", read_stix, .is_json = true},
	[FEED_TAXII] = {"taxii", read_taxii, .is_json = true},
	[FEED_RPZ] = {"rpz", read_rpz},
	[FEED_CROWDSEC_STREAM] = {"crowdsec-stream", read_crowdsec_stream,
				  .is_json = true},
	[FEED_BOGON] = {"bogon", read_bogon},
};

_Static_assert(ARRAY_LEN(formats) == FEED_FORMAT_COUNT, "");

static const char *const instead_texts[] = {
	[FEED_INSTEAD_NONE] = "of its format",
	[FEED_INSTEAD_EMPTY] = "an empty file",
	[FEED_INSTEAD_HTML] = "an HTML or XML page",
	[FEED_INSTEAD_JSON] = "JSON in place of text",
	[FEED_INSTEAD_TEXT] = "text in place of JSON",
	[FEED_INSTEAD_GZIP] = "gzip that was not decoded",
	[FEED_INSTEAD_ZIP] = "a zip archive that was not unpacked",
	[FEED_INSTEAD_BINARY] = "no text: it has NUL bytes",
	[FEED_INSTEAD_LONG_LINES] = "no list: a line is too long",
	[FEED_INSTEAD_MESSAGE] = "text without one entry",
	[FEED_INSTEAD_JSON_ERROR] = "an error message in JSON",
	[FEED_INSTEAD_JSON_OTHER] = "JSON of another kind",
	[FEED_INSTEAD_JSON_BROKEN] = "no valid JSON",
	[FEED_INSTEAD_JSON_CUT] = "JSON that ends in the middle",
};

_Static_assert(ARRAY_LEN(instead_texts) == FEED_INSTEAD_COUNT, "");

/* Is no line longer? Looks at one line of many; of lines that end in CR and
 * are as long as may be it does not know. */
static bool has_short_lines(struct span text, uint32_t line_bytes)
{
	while (span_len(text) > line_bytes) {
		const char *feed =
			memrchr(text.at, '\n', (size_t)line_bytes + 1);

		if (!feed)
			return false;
		text.at = feed + 1;
	}
	return true;
}

/* Look at all lines before the first entry is given out. */
static int check_lines(struct feed_scan *scan, struct span text,
		       uint32_t line_bytes)
{
	bool has_nul = memchr(text.at, '\0', span_len(text));
	struct span line;

	if (!has_nul && has_short_lines(text, line_bytes))
		return 0;
	for (uint32_t number = 1; span_take_line(&text, &line); number++) {
		if (has_nul && memchr(line.at, '\0', span_len(line)))
			return scan_refuse(scan, FEED_INSTEAD_BINARY, number,
					   line);
		if (span_len(line) > line_bytes)
			return scan_refuse(scan, FEED_INSTEAD_LONG_LINES,
					   number, line);
	}
	return 0;
}

static int check_text(struct feed_scan *scan, struct span text,
		      const struct format *format)
{
	enum feed_instead instead = sniff(text, format->is_json);
	uint32_t line_bytes = format->line_bytes;

	if (instead)
		return scan_refuse(scan, instead, 1, text);
	if (format->is_json)
		return 0;
	return check_lines(scan, text,
			   line_bytes ? line_bytes : PLAIN_LINE_MAX);
}

/* Nothing but rejects: what the server said, and no list. */
static bool is_message(const struct feed_report *report)
{
	uint32_t good = report->accepted + report->events;

	for (size_t i = 0; i < FEED_SKIP_COUNT; i++)
		good += report->skipped[i];
	return report->rejected > 0 && good == 0;
}

int feedfile_read(const struct feed_options *options, const char *text,
		  size_t len, feed_entry_fn *fn, void *arg,
		  struct feed_report *ret_report)
{
	struct feed_scan scan = {
		.options = options,
		.fn = fn,
		.arg = arg,
		.report = ret_report,
	};
	const struct format *format;
	struct span left = {text, text + len};
	int r;

	assert(options);
	assert(options->format < FEED_FORMAT_COUNT);
	assert(text || len == 0);
	assert(fn);
	assert(ret_report);

	*ret_report = (struct feed_report){0};
	if (len > FEED_BYTES_MAX)
		return -EFBIG;
	format = &formats[options->format];
	span_skip_byte_order_marks(&left);
	r = check_text(&scan, left, format);
	if (r < 0)
		return r;
	r = format->read(&scan, left);
	if (r < 0)
		return r;
	if (is_message(ret_report)) {
		ret_report->instead = FEED_INSTEAD_MESSAGE;
		ret_report->is_whole = false;
		ret_report->notes[0].why =
			feedfile_instead_text(FEED_INSTEAD_MESSAGE);
		return -EBADMSG;
	}
	return 0;
}

bool feedfile_has_ends(enum feed_format format)
{
	return format == FEED_STIX || format == FEED_TAXII ||
	       format == FEED_CROWDSEC_STREAM;
}

const char *feedfile_format_name(enum feed_format format)
{
	assert(format < FEED_FORMAT_COUNT);

	return formats[format].name;
}

int feedfile_format_from_name(const char *name, enum feed_format *ret_format)
{
	assert(name);
	assert(ret_format);

	for (size_t i = 0; i < ARRAY_LEN(formats); i++) {
		if (strcmp(formats[i].name, name) == 0) {
			*ret_format = (enum feed_format)i;
			return 0;
		}
	}
	return -ENOENT;
}

const char *feedfile_instead_text(enum feed_instead instead)
{
	assert(instead < FEED_INSTEAD_COUNT);

	return instead_texts[instead];
}
