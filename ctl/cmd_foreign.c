// SPDX-License-Identifier: GPL-2.0-or-later
/* policy import, policy export: rulesets of others. */
#include "ctl/cmd.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/answer.h"
#include "ctl/policy_file.h"
#include "ctl/session.h"
#include "rules/document.h"
#include "rules/foreign/ipset.h"
#include "rules/foreign/iptables.h"
#include "rules/foreign/nft_print.h"
#include "rules/foreign/nftables.h"

/* A document or script in the making. */
struct product {
	FILE *stream;
	char *text;
	size_t len;
};

static int product_open(struct product *ret_product)
{
	struct product *product = ret_product;

	product->stream = open_memstream(&product->text, &product->len);
	return product->stream ? 0 : -ENOMEM;
}

/* The text is whole after that. */
static int product_end(struct product *product)
{
	FILE *stream = TAKE(product->stream);

	return stream && fclose(stream) < 0 ? -ENOMEM : 0;
}

static void product_done(struct product *product)
{
	(void)product_end(product);
	free(product->text);
}

static const char *kind_of(const struct foreign_note *note)
{
	return note->kind == NOTE_LEFT_OUT ? "left out" : "differs";
}

/* To stderr: "FILE:LINE: left out: REASON: TEXT". */
static void tell_note(const char *path, const struct foreign_note *note)
{
	if (note->line == 0 && note->text[0] == '\0')
		(void)fprintf(stderr, "%s: %s: %s\n", path, kind_of(note),
			      note->reason);
	else if (note->line > 0)
		(void)fprintf(stderr, "%s:%u: %s: %s: %s\n", path, note->line,
			      kind_of(note), note->reason, note->text);
	else
		(void)fprintf(stderr, "%s: %s: %s: %s\n", path, note->text,
			      kind_of(note), note->reason);
}

/* In the order of lines, what is of none last; on one line as discovered. */
static int note_cmp(const void *a, const void *b)
{
	const struct foreign_note *x = *(const struct foreign_note *const *)a;
	const struct foreign_note *y = *(const struct foreign_note *const *)b;

	if (x->line != y->line)
		return x->line - 1 < y->line - 1 ? -1 : 1;
	return x < y ? -1 : x > y;
}

/* To be freed; NULL without memory, and of a report without notes. */
static const struct foreign_note **
notes_in_order(const struct foreign_report *report)
{
	size_t count = report->note_count;
	const struct foreign_note **notes =
		count > 0 ? calloc(count, sizeof(struct foreign_note *)) : NULL;

	for (size_t i = 0; notes && i < count; i++)
		notes[i] = &report->notes[i];
	if (notes)
		qsort(notes, count, sizeof(struct foreign_note *), note_cmp);
	return notes;
}

static json_t *json_of_report(const struct foreign_report *report)
{
	CLEANUP(freep)
	const struct foreign_note **notes = notes_in_order(report);
	json_t *list = json_array();

	for (size_t i = 0; notes && i < report->note_count; i++)
		(void)json_array_append_new(
			list,
			json_pack("{s:s, s:I, s:s, s:s}", "kind",
				  kind_of(notes[i]), "line",
				  (json_int_t)notes[i]->line, "reason",
				  notes[i]->reason, "text", notes[i]->text));
	return list;
}

static void tell_report(const char *path, const struct foreign_report *report)
{
	CLEANUP(freep)
	const struct foreign_note **notes = notes_in_order(report);
	uint64_t left_out = report->totals[NOTE_LEFT_OUT];
	uint64_t differs = report->totals[NOTE_DIFFERS];

	for (size_t i = 0; notes && i < report->note_count; i++)
		tell_note(path, notes[i]);
	if (left_out + differs > report->note_count)
		(void)fprintf(stderr, "%s: %" PRIu64 " more are not listed\n",
			      path, left_out + differs - report->note_count);
	if (left_out + differs > 0)
		(void)fprintf(stderr,
			      "%s: left out: %" PRIu64 ", differs: %" PRIu64
			      "\n",
			      path, left_out, differs);
}

/* `text` to stdout and the report to stderr; both in one answer as JSON. */
static enum outcome put_product(struct session *session, const char *path,
				const struct product *product,
				const struct foreign_report *report)
{
	CLEANUP(json_decrefp) json_t *answer = NULL;

	if (!session->json) {
		(void)fwrite(product->text, 1, product->len,
			     session->printer.out);
		tell_report(path, report);
		return OUTCOME_DONE;
	}
	answer = json_pack("{s:b, s:s%, s:o, s:I, s:I}", "ok", 1, "text",
			   product->text, product->len, "notes",
			   json_of_report(report), "left_out",
			   (json_int_t)report->totals[NOTE_LEFT_OUT], "differs",
			   (json_int_t)report->totals[NOTE_DIFFERS]);
	if (!answer)
		return session_refuse(session, -EILSEQ,
				      "the text is not valid UTF-8");
	printer_answer(&session->printer, answer, NULL);
	return OUTCOME_DONE;
}

static int read_foreign(struct session *session, const struct policy_text *text,
			struct policy *policy, struct foreign_report *report)
{
	const char *format = session_word(session, 0);
	const char *family = session_value(session, OPTION_FAMILY);

	if (strcmp(format, "nftables") == 0)
		return nftables_read(text->base, text->len, policy, report);
	if (strcmp(format, "ipset") == 0)
		return ipset_read(text->base, text->len, policy, report);
	return iptables_read(text->base, text->len,
			     family && *family == '6' ? 6 : 4, policy, report);
}

/* What the first line that says something is of, or NULL. */
static const char *guess_format(const struct policy_text *text)
{
	static const struct {
		const char *start, *format;
	} starts[] = {
		{"*", "iptables-save"},
		{"{", "JSON"},
		{"[", "JSON"},
		{"create ", "ipset save"},
		{"table ", "nftables"},
		{"add table ", "nftables"},
		{"flush ", "nftables"},
		{"chain ", "nftables"},
		{"version:", "a policy of this firewall"},
	};
	const char *at = text->base, *end = at ? at + text->len : NULL;

	while (at < end && (*at == '#' || *at == '\n')) {
		const char *line_end = memchr(at, '\n', (size_t)(end - at));

		at = line_end ? line_end + 1 : end;
	}
	for (size_t i = 0; i < ARRAY_LEN(starts); i++) {
		size_t len = strlen(starts[i].start);

		if ((size_t)(end - at) >= len &&
		    memcmp(at, starts[i].start, len) == 0)
			return starts[i].format;
	}
	return NULL;
}

/* A document of nothing would let everything pass. */
static enum outcome refuse_foreign(struct session *session, const char *path,
				   const struct policy_text *text)
{
	const char *guess = guess_format(text);

	return session_refuse(
		session, -EINVAL, "%s: no chain or set of %s is in it%s%s",
		path, session_word(session, 0), guess ? "; it looks like " : "",
		guess ? guess : "");
}

/* One that document_print() refuses is told with what was read so far: it
 * would be no document. */
static enum outcome print_policy(struct session *session, const char *path,
				 const struct policy *policy,
				 const struct foreign_report *report)
{
	CLEANUP(product_done) struct product product = {0};
	int r = product_open(&product);

	if (r == 0)
		r = document_print(policy, product.stream);
	if (r == 0)
		r = product_end(&product);
	if (r == 0)
		return put_product(session, path, &product, report);
	tell_report(path, report);
	return session_refuse(session, r,
			      r == -EINVAL ? "%s: a document cannot say what "
					     "was read"
					   : "%s: out of memory",
			      path);
}

/* Needs no daemon. */
enum outcome cmd_policy_import(struct session *session)
{
	const char *path = session_word(session, 1);
	CLEANUP(policy_text_done) struct policy_text text = {0};
	CLEANUP(foreign_report_done) struct foreign_report report = {0};
	CLEANUP(policy_done) struct policy policy;
	enum outcome outcome;
	int r;

	policy_init(&policy);
	if (session_has(session, OPTION_FAMILY) &&
	    strcmp(session_word(session, 0), "iptables") != 0)
		return session_misused(session,
				       "--family is only for iptables");
	outcome = policy_text_read(session, path, &text);
	if (outcome != OUTCOME_DONE)
		return outcome;
	r = read_foreign(session, &text, &policy, &report);
	if (r < 0)
		return session_refuse(session, r, "cannot import %s: %s", path,
				      strerror(-r));
	if (report.understood_count == 0)
		return refuse_foreign(session, path, &text);
	return print_policy(session, path, &policy, &report);
}

/* Of a file, which needs no daemon, or of what is in force. */
enum outcome cmd_policy_export(struct session *session)
{
	const char *path = session_word(session, 1);
	CLEANUP(policy_file_done) struct policy_file file = {.fd = -1};
	CLEANUP(product_done) struct product product = {0};
	CLEANUP(foreign_report_done) struct foreign_report report = {0};
	enum outcome outcome = path ? policy_file_read(session, path, &file)
				    : policy_file_current(session, &file);
	int r;

	if (outcome != OUTCOME_DONE)
		return outcome;
	r = product_open(&product);
	if (r == 0)
		r = nftables_print(&file.policy, product.stream, &report);
	if (r == 0)
		r = product_end(&product);
	if (r < 0)
		return session_refuse(session, r, "cannot export: %s",
				      strerror(-r));
	return put_product(session, path ? path : "policy", &product, &report);
}
