// SPDX-License-Identifier: GPL-2.0-or-later
/* why: what happens to an address or a flow, and whose it is. */
#include "ctl/cmd.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/answer.h"
#include "ctl/explain_item.h"
#include "ctl/explain_view.h"
#include "ctl/member_view.h"
#include "ctl/process_view.h"
#include "ctl/session.h"
#include "rules/base.h"
#include "rules/duration.h"
#include "rules/flowtext.h"

static void print_claims(FILE *out, const json_t *claims)
{
	struct grid grid;

	if (json_array_size(claims) == 0) {
		fputs("in no set\n", out);
		return;
	}
	grid_init(&grid, claim_view.columns);
	for (size_t i = 0; i < json_array_size(claims); i++)
		claim_view.fill(&grid, json_array_get(claims, i));
	grid_print(&grid, out);
	grid_done(&grid);
}

static void print_offence(FILE *out, const json_t *offence)
{
	char until[MOMENT_TEXT_MAX], forgotten[MOMENT_TEXT_MAX];

	if (!offence)
		return;
	fprintf(out,
		"bans by detection: %" PRId64
		", the last until %s, forgotten %s\n",
		answer_number(offence, "bans"),
		moment_to_text((uint64_t)answer_number(offence, "until"),
			       until),
		moment_to_text((uint64_t)answer_number(offence, "forgotten"),
			       forgotten));
}

static void print_alert(FILE *out, const json_t *answer)
{
	const json_t *alert = answer_object(answer, "alert");

	if (!alert)
		return;
	/* a fwd of before has not said */
	fputs(json_is_false(json_object_get(alert, "blocks"))
		      ? "found by rule "
		      : "blocked by rule ",
	      out);
	grid_put_safely(out, answer_text(alert, "rule"));
	fprintf(out, ": alert %.8s of %s%s\n", answer_text(alert, "id"),
		answer_text(alert, "time"),
		json_is_false(json_object_get(alert, "blocks"))
			? ", and not blocked by it"
			: "");
}

static void print_dropped(FILE *out, const json_t *answer)
{
	const json_t *list = answer_list(answer, "dropped");
	const json_t *item;
	size_t i;

	json_array_foreach(list, i, item)
	{
		fprintf(out,
			"set %s has dropped %" PRId64 " packets, %" PRId64
			" bytes\n",
			answer_text(item, "set"),
			answer_number(item, "packets"),
			answer_number(item, "bytes"));
	}
}

static void print_address(FILE *out, const json_t *answer)
{
	const char *verdict = answer_text(answer, "verdict");
	const char *from_table = answer_text(answer, "from_table");
	const char *guard = answer_text(answer, "protected");

	fprintf(out, "%s: %s (class %" PRId64 ")\n",
		answer_text(answer, "address"), verdict,
		answer_number(answer, "class"));
	if (strcmp(verdict, "none") == 0)
		fputs("its sets do nothing by themselves, rules of a policy "
		      "may\n",
		      out);
	if (strcmp(verdict, from_table) != 0)
		fprintf(out,
			"WARNING: the live table says %s; the sets say %s\n",
			from_table, verdict);
	if (*guard) {
		fputs("protected: ", out);
		grid_put_safely(out, guard);
		fputc('\n', out);
	}
	print_claims(out, answer_list(answer, "claims"));
	print_offence(out, answer_object(answer, "offence"));
	print_dropped(out, answer);
}

static void view_address(FILE *out, const json_t *answer)
{
	const json_t *talks = answer_list(answer, "talks");

	print_address(out, answer);
	print_alert(out, answer);
	if (!answer_is(answer, "sensor"))
		fputs("who has talked to it is not known: the sensor is off\n",
		      out);
	else if (talks && json_array_size(talks) == 0)
		fputs("no process is known to have talked to it\n", out);
	else
		process_view_talks(out, talks);
}

/* What judges the packet tells of its addresses itself. */
static void view_flow(FILE *out, const json_t *answer)
{
	const json_t *packet = answer_object(answer, "packet");
	const json_t *source = answer_object(answer, "source");
	const json_t *destination = answer_object(answer, "destination");
	const char *flow = answer_text(answer, "flow");
	char text[PROCESS_TEXT_MAX];

	if (packet) {
		explain_view_whole(out, flow, packet);
		print_dropped(out, source);
		print_dropped(out, destination);
	} else {
		fprintf(out, "%s\nno gate judges it\n", flow);
		print_address(out, source);
		print_address(out, destination);
	}
	print_alert(out, answer);
	fputs("process: ", out);
	if (answer_is(answer, "sensor"))
		grid_put_safely(
			out,
			process_text(answer_object(answer, "process"), text));
	else
		fputs("not known: the sensor is off", out);
	fputc('\n', out);
}

static json_t *args_of(const struct flowtext *flow)
{
	char source[PREFIX_TEXT_MAX], destination[PREFIX_TEXT_MAX];
	json_t *args = json_pack(
		"{s:s, s:s, s:i, s:i, s:i}", "source",
		prefix_to_text(&flow->source, source), "destination",
		prefix_to_text(&flow->destination, destination), "protocol",
		(int)flow->protocol, "source_port", (int)flow->source_port,
		"destination_port", (int)flow->destination_port);

	if (flow->direction)
		(void)json_object_set_new(
			args, "direction",
			json_string(flow->direction == DIRECTION_OUT ? "out"
								     : "in"));
	return json_pack("{s:o}", "flow", args);
}

/* The daemon has said where it comes or goes, if the text has not. */
static enum outcome judge(struct session *session, struct flowtext *flow,
			  json_t *answer)
{
	CLEANUP(freep) uint8_t *frame = NULL;
	CLEANUP(json_decrefp) json_t *judged = NULL;
	const char *iface = answer_text(answer, "iface");
	bool is_out = strcmp(answer_text(answer, "direction"), "out") == 0;
	const struct explain_place place = {
		.name = flow->direction ? flow->where : iface,
		.direction = is_out ? DIRECTION_OUT : DIRECTION_IN,
		.state = flow->has_state
				 ? flow_state_name((enum flow_state)flow->state)
				 : NULL,
	};
	enum outcome outcome;
	size_t len = 0;
	int r;

	if (!*place.name)
		return OUTCOME_DONE;
	frame = malloc(FLOWTEXT_FRAME_MAX);
	r = frame ? flowtext_frame(flow, frame, FLOWTEXT_FRAME_MAX, &len)
		  : -ENOMEM;
	if (r < 0)
		return session_refuse(session, r, "no frame: %s", strerror(-r));
	outcome = session_ask(session, REQ_EXPLAIN,
			      json_pack("{s:[o]}", "packets",
					explain_item(frame, len, &place)),
			      -1, &judged);
	if (outcome == OUTCOME_DONE)
		(void)json_object_set(
			answer, "packet",
			json_array_get(answer_list(judged, "packets"), 0));
	return outcome;
}

/* Where it comes or goes may be left out here: then it is not said. */
static int parse_flow(const char *text, struct flowtext *ret_flow,
		      struct flowtext_note *reterr_note)
{
	struct flowtext_note note;
	char whole[FLOWTEXT_MAX];
	int r = flowtext_parse(text, ret_flow, reterr_note);

	if (r == 0 || *reterr_note->word)
		return r;
	if (snprintf(whole, sizeof(whole), "%s in any", text) >=
		    (int)sizeof(whole) ||
	    flowtext_parse(whole, ret_flow, &note) < 0)
		return r;
	ret_flow->direction = 0;
	ret_flow->where[0] = '\0';
	return 0;
}

static enum outcome why_flow(struct session *session, const char *text)
{
	CLEANUP(json_decrefp) json_t *answer = NULL;
	struct flowtext_note note = {0};
	struct flowtext flow;
	enum outcome outcome;

	if (parse_flow(text, &flow, &note) < 0)
		return session_misused(session,
				       "column %u, \"%s\": expected %s",
				       note.column, note.word, note.expected);
	outcome = session_ask(session, REQ_WHY, args_of(&flow), -1, &answer);
	if (outcome == OUTCOME_DONE)
		outcome = judge(session, &flow, answer);
	if (outcome != OUTCOME_DONE)
		return outcome;
	(void)json_object_set_new(answer, "flow", json_string(text));
	printer_answer(&session->printer, answer, view_flow);
	return OUTCOME_DONE;
}

enum outcome cmd_why(struct session *session)
{
	const char *text = session_word(session, 0);

	if (strchr(text, ' '))
		return why_flow(session, text);
	return session_show(session, REQ_WHY,
			    json_pack("{s:s}", "address", text), view_address);
}
