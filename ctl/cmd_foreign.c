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
	if (note->line > 0)
		(void)fprintf(stderr, "%s:%u: %s: %s: %s\n", path, note->line,
			      kind_of(note), note->reason, note->text);
	else
		(void)fprintf(stderr, "%s: %s: %s: %s\n", path, note->text,
			      kind_of(note), note->reason);
}

static json_t *json_of_report(const struct foreign_report *report)
{
	json_t *list = json_array();

	for (size_t i = 0; i < report->note_count; i++) {
		const struct foreign_note *note = &report->notes[i];

		(void)json_array_append_new(
			list,
			json_pack("{s:s, s:I, s:s, s:s}", "kind", kind_of(note),
				  "line", (json_int_t)note->line, "reason",
				  note->reason, "text", note->text));
	}
	return list;
}

static void tell_report(const char *path, const struct foreign_report *report)
{
	uint64_t total =
		report->totals[NOTE_LEFT_OUT] + report->totals[NOTE_DIFFERS];

	for (size_t i = 0; i < report->note_count; i++)
		tell_note(path, &report->notes[i]);
	if (total > report->note_count)
		(void)fprintf(stderr, "%s: %" PRIu64 " more are not listed\n",
			      path, total - report->note_count);
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
