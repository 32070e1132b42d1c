// SPDX-License-Identifier: GPL-2.0-or-later
/* explain: what would become of a packet, and why. */
#include "ctl/cmd.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "ctl/answer.h"
#include "ctl/bulk.h"
#include "ctl/explain_item.h"
#include "ctl/explain_view.h"
#include "ctl/session.h"
#include "rules/flowtext.h"
#include "rules/pcap.h"

#define BATCH_MAX   16 /* packets of one request, as fwd takes them */
#define BATCH_BYTES 400000 /* of their frames, so that it fits as digits */
#define FRAME_MAX   65549

/* Packets on their way to the daemon, and what came of those before. */
struct explain {
	struct session *session;
	bool is_capture;
	json_t *packets; /* of the request */
	size_t bytes;
	uint64_t numbers[BATCH_MAX];
	struct packet read[BATCH_MAX];
	bool is_ip[BATCH_MAX];
	uint64_t passed, dropped, refused; /* by the daemon's answers */
	enum outcome outcome;
};

/* The state it was judged by, if it had one. */
static void take_state(const json_t *packet, struct flowtext *flow)
{
	const char *state =
		answer_text(answer_object(packet, "parsed"), "state");

	flow->has_state = false;
	for (unsigned int i = 0; i < FLOW_STATE_COUNT; i++) {
		if (strcmp(state, flow_state_name((enum flow_state)i)) != 0)
			continue;
		flow->has_state = true;
		flow->state = (uint8_t)i;
	}
}

/* "tcp 192.0.2.1:1 > ..."; of what has no addresses, what it is. */
static const char *text_of(const struct explain *explain, size_t at,
			   const json_t *packet, char text[FLOWTEXT_MAX])
{
	struct packet named = explain->read[at];
	const char *iface = answer_text(packet, "iface");
	struct flowtext flow;

	(void)snprintf(named.ifname, sizeof(named.ifname), "%s", iface);
	if (explain->is_ip[at]) {
		flowtext_of_packet(&named, &flow);
		take_state(packet, &flow);
		flow.length = 0; /* the bytes of the frame are told */
		flow.has_mac = false;
		return flowtext_print(&flow, text);
	}
	(void)snprintf(text, FLOWTEXT_MAX, "ethertype 0x%04x %s %s",
		       named.ethertype, answer_text(packet, "direction"),
		       iface);
	return text;
}

static void count(struct explain *explain, const json_t *packet)
{
	if (json_object_get(packet, "error"))
		explain->refused++;
	else if (strcmp(answer_text(packet, "verdict"), "drop") == 0)
		explain->dropped++;
	else
		explain->passed++;
}

static void show(struct explain *explain, json_t *packets)
{
	FILE *out = explain->session->printer.out;
	char text[FLOWTEXT_MAX];
	json_t *packet;
	size_t i;

	json_array_foreach(packets, i, packet)
	{
		if (i >= BATCH_MAX)
			break;
		count(explain, packet);
		if (explain->is_capture)
			(void)json_object_set_new(
				packet, "number",
				json_integer((json_int_t)explain->numbers[i]));
		if (explain->session->json)
			continue;
		(void)text_of(explain, i, packet, text);
		if (explain->is_capture)
			explain_view_line(out, text, packet);
		else
			explain_view_whole(out, text, packet);
	}
	if (explain->session->json)
		printer_items(&explain->session->printer, packets, NULL);
}

/* Ask about what is gathered. */
static int flush(struct explain *explain)
{
	CLEANUP(json_decrefp) json_t *answer = NULL;
	json_t *args;

	if (json_array_size(explain->packets) == 0)
		return 0;
	args = json_pack("{s:o}", "packets", TAKE(explain->packets));
	explain->packets = json_array();
	explain->bytes = 0;
	explain->outcome =
		session_ask(explain->session, REQ_EXPLAIN, args, -1, &answer);
	if (explain->outcome != OUTCOME_DONE)
		return -ECANCELED;
	show(explain, answer_list(answer, "packets"));
	return 0;
}

static int add(struct explain *explain, const uint8_t *frame, size_t len,
	       const struct explain_place *place)
{
	size_t at = json_array_size(explain->packets);
	enum packet_reading reading =
		packet_read(frame, len, &explain->read[at]);
	json_t *item = explain_item(frame, len, place);

	explain->read[at].direction = place->direction;
	explain->is_ip[at] =
		reading == PACKET_READ || reading == PACKET_UNREADABLE;
	explain->bytes += len;
	return json_array_append_new(explain->packets, item) < 0 ? -ENOMEM : 0;
}

static enum outcome explain_text(struct explain *explain, const char *text)
{
	struct session *session = explain->session;
	CLEANUP(freep) uint8_t *frame = NULL;
	struct flowtext_note note = {0};
	struct flowtext flow;
	struct explain_place place;
	size_t len;
	int r;

	if (flowtext_parse(text, &flow, &note) < 0)
		return session_misused(session,
				       "column %u, \"%s\": expected %s",
				       note.column, note.word, note.expected);
	frame = malloc(FLOWTEXT_FRAME_MAX);
	r = frame ? flowtext_frame(&flow, frame, FLOWTEXT_FRAME_MAX, &len)
		  : -ENOMEM;
	place = (struct explain_place){
		.name = flow.where,
		.direction = flow.direction,
		.state = flow.has_state
				 ? flow_state_name((enum flow_state)flow.state)
				 : NULL,
	};
	if (r == 0)
		r = add(explain, frame, len, &place);
	if (r < 0)
		return session_refuse(session, r, "no frame: %s", strerror(-r));
	(void)flush(explain);
	return explain->outcome;
}

static const char *link_name(uint16_t link)
{
	switch (link) {
	case 0:
	case 108:
		return "BSD loopback";
	case 105:
	case 127:
		return "802.11";
	case 113:
	case 276:
		return "Linux cooked (of tcpdump -i any)";
	case PCAP_LINK_RAW:
	case PCAP_LINK_IPV4:
	case PCAP_LINK_IPV6:
		return "raw IP";
	default:
		return "not Ethernet";
	}
}

/* As the options say, or the capture. */
static struct explain_place place_of(const struct explain *explain,
				     const struct pcap_packet *packet)
{
	const char *in = session_value(explain->session, OPTION_IN);
	const char *out = session_value(explain->session, OPTION_OUT);

	if (in || out)
		return (struct explain_place){
			.name = in ? in : out,
			.direction = in ? DIRECTION_IN : DIRECTION_OUT,
		};
	return (struct explain_place){
		.name = packet->ifname,
		.direction = packet->direction,
	};
}

static int refuse_packet(struct explain *explain,
			 const struct pcap_packet *packet, const char *why)
{
	explain->outcome =
		session_refuse(explain->session, -EINVAL,
			       "packet %" PRIu64 ": %s", packet->number, why);
	return -ECANCELED;
}

static int take_packet(void *arg, const struct pcap_packet *packet)
{
	struct explain *explain = arg;
	const struct explain_place place = place_of(explain, packet);
	char why[96];
	int r = 0;

	if (packet->link != PCAP_LINK_ETHERNET) {
		(void)snprintf(why, sizeof(why),
			       "its link is %s (type %u), expected Ethernet",
			       link_name(packet->link), packet->link);
		return refuse_packet(explain, packet, why);
	}
	if (!*place.name || !place.direction)
		return refuse_packet(explain, packet,
				     "the capture does not say where it was: "
				     "say --in or --out IFACE");
	if (packet->captured_bytes == 0 || packet->captured_bytes > FRAME_MAX)
		return refuse_packet(explain, packet,
				     "expected a frame of 1 to 65549 bytes");
	if (json_array_size(explain->packets) == BATCH_MAX ||
	    explain->bytes + packet->captured_bytes > BATCH_BYTES)
		r = flush(explain);
	if (r < 0)
		return r;
	explain->numbers[json_array_size(explain->packets)] = packet->number;
	return add(explain, packet->bytes, packet->captured_bytes, &place);
}

static enum outcome read_capture(struct explain *explain, const char *path,
				 const uint8_t *bytes, size_t len)
{
	struct session *session = explain->session;
	struct pcap_report report;
	int r = pcap_each_packet(bytes, len, take_packet, explain, &report);

	if (explain->outcome != OUTCOME_DONE || flush(explain) < 0)
		return explain->outcome;
	if (!session->json)
		fprintf(session->printer.out,
			"%" PRIu64 " packets: %" PRIu64 " pass, %" PRIu64
			" drop, %" PRIu64 " not run\n",
			explain->passed + explain->dropped + explain->refused,
			explain->passed, explain->dropped, explain->refused);
	if (r < 0)
		return session_refuse(session, r, "%s: byte %zu: %s", path,
				      report.offset,
				      report.why ? report.why : strerror(-r));
	return OUTCOME_DONE;
}

static enum outcome explain_capture(struct explain *explain, const char *path)
{
	CLEANUP(closep) int fd = -1;
	enum outcome outcome;
	struct stat stat = {0};
	void *base;
	int r = bulk_from_file(path, &fd);

	if (r == 0 && fstat(fd, &stat) < 0)
		r = -errno;
	if (r == 0 && stat.st_size == 0)
		r = -ENODATA;
	if (r < 0)
		return session_refuse(explain->session, r, "%s: %s", path,
				      bulk_error(r));
	base = mmap(NULL, (size_t)stat.st_size, PROT_READ, MAP_SHARED, fd, 0);
	if (base == MAP_FAILED)
		return session_refuse(explain->session, -errno, "%s: %s", path,
				      strerror(errno));
	outcome = read_capture(explain, path, base, (size_t)stat.st_size);
	(void)munmap(base, (size_t)stat.st_size);
	return outcome;
}

enum outcome cmd_explain(struct session *session)
{
	const char *path = session_value(session, OPTION_PCAP);
	const char *text = session->invocation->word_count
				   ? session_word(session, 0)
				   : NULL;
	bool has_in = session_has(session, OPTION_IN);
	bool has_out = session_has(session, OPTION_OUT);
	struct explain explain = {
		.session = session,
		.is_capture = path != NULL,
		.outcome = OUTCOME_DONE,
	};
	enum outcome outcome;

	if (!text == !path)
		return session_misused(session,
				       "expected a packet, or --pcap FILE");
	if (text && (has_in || has_out))
		return session_misused(session,
				       "--in and --out are for --pcap: the "
				       "packet says so itself");
	if (has_in && has_out)
		return session_misused(session,
				       "expected --in or --out, not both");
	explain.packets = json_array();
	outcome = text ? explain_text(&explain, text)
		       : explain_capture(&explain, path);
	json_decref(explain.packets);
	return outcome;
}
