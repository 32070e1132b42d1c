// SPDX-License-Identifier: GPL-2.0-or-later
/* attach, detach, doctor: the interfaces. */
#include "ctl/cmd.h"

#include <string.h>

#include "ctl/answer.h"
#include "ctl/session.h"

static void view_attach(FILE *out, const json_t *answer)
{
	const char *mode = answer_text(answer, "mode");
	const char *note = answer_text(answer, "note");

	grid_put_safely(out, answer_text(answer, "iface"));
	if (!strcmp(mode, "none"))
		fprintf(out, ": not attached yet, %s\n",
			answer_text(answer, "share"));
	else
		fprintf(out, ": attached, mode %s, %s\n", mode,
			answer_text(answer, "share"));
	if (*note) {
		fputs("  note: ", out);
		grid_put_safely(out, note);
		fputc('\n', out);
	}
}

enum outcome cmd_attach(struct session *session)
{
	const char *mode = session_value(session, OPTION_MODE);
	bool shared = session_has(session, OPTION_SHARED);

	return session_show(session, REQ_ATTACH,
			    json_pack("{s:s, s:s, s:s}", "iface",
				      session_word(session, 0), "mode",
				      mode ? mode : "auto", "share",
				      shared ? "shared" : "exclusive"),
			    view_attach);
}

static void view_detach(FILE *out, const json_t *answer)
{
	grid_put_safely(out, answer_text(answer, "iface"));
	fputs(": detached\n", out);
}

enum outcome cmd_detach(struct session *session)
{
	return session_show(
		session, REQ_DETACH,
		json_pack("{s:s}", "iface", session_word(session, 0)),
		view_detach);
}

static void print_findings(FILE *out, const json_t *findings)
{
	for (size_t i = 0; i < json_array_size(findings); i++) {
		const json_t *finding = json_array_get(findings, i);
		const char *mend = answer_text(finding, "mend");

		fprintf(out, "  %-9s", answer_text(finding, "level"));
		grid_put_safely(out, answer_text(finding, "what"));
		fputc('\n', out);
		if (*mend) {
			fprintf(out, "  %9s-> ", "");
			grid_put_safely(out, mend);
			fputc('\n', out);
		}
	}
}

static void view_doctor(FILE *out, const json_t *answer)
{
	const json_t *ifaces = answer_list(answer, "ifaces");

	fputs("host\n", out);
	print_findings(out, answer_list(answer, "host"));
	for (size_t i = 0; i < json_array_size(ifaces); i++) {
		const json_t *iface = json_array_get(ifaces, i);

		fputc('\n', out);
		grid_put_safely(out, answer_text(iface, "iface"));
		fprintf(out, ": driver %s, MTU %lld bytes\n",
			answer_text(iface, "driver"),
			(long long)answer_number(iface, "mtu"));
		print_findings(out, answer_list(iface, "findings"));
	}
}

enum outcome cmd_doctor(struct session *session)
{
	bool named = session->invocation->word_count > 0;

	return session_show(session, REQ_DOCTOR,
			    json_pack("{s:s*}", "iface",
				      named ? session_word(session, 0) : NULL),
			    view_doctor);
}
