// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/alert/notice_json.h"

#include <assert.h>
#include <endian.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "daemon/alert/ecs.h"
#include "daemon/alert/line.h"
#include "rules/base.h"
#include "rules/detect/event_name.h"

#define TEXTS_MAX      1700 /* of NOTICE_LINE_MAX; the rest is ours */
#define NAME_MAX_BYTES 1024 /* of what an id is made of */
#define TAGS_MAX       5 /* of one rule, of each kind */
#define MOMENT_MAX     40

/* Made once, at random (RFC 9562, 6.6); ids change if it does. */
static const struct uuid space = {{0x5b, 0x1f, 0xc2, 0x70, 0x9e, 0x04, 0x4d,
				   0x66, 0xa8, 0x3d, 0x27, 0xe1, 0x8c, 0x59,
				   0x03, 0xb4}};

const char *notice_step_name(unsigned int number)
{
	return number < DETECT_STEP_COUNT ? detect_step_name(number) : "deny";
}

const char *notice_rule_name(const struct notice *notice)
{
	const struct detect_rule *rule = notice->rule;

	return rule->title && *rule->title ? rule->title
					   : notice_rule_id(notice);
}

const char *notice_rule_id(const struct notice *notice)
{
	const struct detect_rule *rule = notice->rule;

	if (rule->id && *rule->id)
		return rule->id;
	return rule->title ? rule->title : "";
}

struct uuid notice_id(const struct notice_origin *origin,
		      const struct notice *notice)
{
	const struct event *event = notice->event;
	const char *rule = notice_rule_id(notice);
	struct {
		uint8_t boot_id[NOTICE_BOOT_BYTES];
		uint64_t time_be, number_be;
		char rule[NAME_MAX_BYTES];
	} name;
	size_t len = strnlen(rule, sizeof(name.rule));

	memcpy(name.boot_id, origin->boot_id, sizeof(name.boot_id));
	name.time_be = htobe64(event->time_ns);
	name.number_be = htobe64(event->number);
	memcpy(name.rule, rule, len);
	return uuid_make(&space, &name, offsetof(__typeof__(name), rule) + len);
}

static void mask_word(struct pattern *pattern, const struct event *event,
		      enum event_word word)
{
	pattern_add(pattern, " ", 1);
	pattern_add_masked(pattern, event->words[word].bytes,
			   event->words[word].len);
}

static void mask_peer(struct pattern *pattern, const struct event *event)
{
	char text[PREFIX_TEXT_MAX + 8];
	int len;

	if (event->peer.bits == 0)
		return;
	/* a client's port means nothing */
	(void)prefix_to_text(&event->peer, text);
	pattern_add(pattern, " ", 1);
	pattern_add_masked(pattern, text, strlen(text));
	len = snprintf(text, sizeof(text), " %u",
		       event->kind == EVENT_ACCEPT ? event->local_port
						   : event->peer_port);
	pattern_add(pattern, text, (size_t)len);
}

void notice_pattern(const struct notice *notice, struct pattern *ret_pattern)
{
	const struct event *event = notice->event;
	const char *kind = event_kind_name(event->kind);
	const char *rule = notice_rule_id(notice);

	pattern_init(ret_pattern);
	/* first in the id, but its name need not be in the text again */
	pattern_add(ret_pattern, rule, strlen(rule));
	ret_pattern->len = 0;
	pattern_add(ret_pattern, kind, strlen(kind));
	mask_word(ret_pattern, event, EVENT_IMAGE);
	if (event->kind == EVENT_EXEC)
		mask_word(ret_pattern, event, EVENT_COMMAND_LINE);
	if (event->kind == EVENT_LOG)
		mask_word(ret_pattern, event, EVENT_LINE);
	if (event->words[EVENT_PATH].len)
		mask_word(ret_pattern, event, EVENT_PATH);
	mask_peer(ret_pattern, event);
}

/* What stands where, and how much of it. */
struct place {
	enum event_word word;
	const char *key, *name;
	size_t most;
};

static void put_text(struct line *line, const struct notice *notice,
		     const struct place *place)
{
	const struct event_text *word = &notice->event->words[place->word];
	const struct line_text text = {
		.name = place->name,
		.bytes = word->bytes,
		.len = word->len,
		.most = place->most,
		.is_cut = word->is_cut,
	};

	line_text(line, place->key, &text);
}

static void put_string(struct line *line, const char *key, const char *name,
		       const char *string, size_t most)
{
	const struct line_text text = {
		.name = name,
		.bytes = string ? string : "",
		.len = string ? strlen(string) : 0,
		.most = most,
	};

	line_text(line, key, &text);
}

/* What one object has of the event's words, if anything. */
static void put_object(struct line *line, const struct notice *notice,
		       const char *key, const struct place *places,
		       size_t count)
{
	bool has_any = false;

	for (size_t i = 0; i < count; i++)
		has_any |= notice->event->words[places[i].word].len > 0;
	if (!has_any)
		return;
	line_open(line, key, '{');
	for (size_t i = 0; i < count; i++)
		put_text(line, notice, &places[i]);
	line_close(line, '}');
}

static void put_moment(struct line *line, uint64_t wall_ns)
{
	time_t second = (time_t)(wall_ns / 1000000000u);
	char text[MOMENT_MAX] = "";
	struct tm utc;
	size_t len;

	if (!gmtime_r(&second, &utc))
		return;
	len = strftime(text, sizeof(text), "%FT%T", &utc);
	(void)snprintf(text + len, sizeof(text) - len, ".%06" PRIu64 "Z",
		       wall_ns / 1000 % 1000000);
	line_word(line, "@timestamp", text);
}

static void put_list_of_one(struct line *line, const char *key,
			    const char *word)
{
	line_open(line, key, '[');
	line_word(line, NULL, word);
	line_close(line, ']');
}

static void put_event(struct line *line, const struct notice *notice,
		      const struct uuid *id)
{
	const struct event *event = notice->event;
	const struct ecs_kind *kind = ecs_kind(event->kind);
	char text[UUID_TEXT_MAX];

	line_open(line, "event", '{');
	line_word(line, "id", uuid_to_text(id, text));
	line_word(line, "kind", "alert");
	put_list_of_one(line, "category", kind->category);
	put_list_of_one(line, "type", kind->type);
	line_word(line, "action", event_kind_name(event->kind));
	line_number(line, "severity", ecs_severity(notice->rule->level));
	line_word(line, "module", "portcullis");
	line_close(line, '}');
}

static void put_rule(struct line *line, const struct notice *notice)
{
	line_open(line, "rule", '{');
	put_string(line, "id", "rule.id", notice_rule_id(notice), 128);
	put_string(line, "name", "rule.name", notice_rule_name(notice), 160);
	put_string(line, "ruleset", "rule.ruleset", notice->file, 160);
	line_close(line, '}');
}

/* Those tags that are a tactic, or a technique, or one below a technique. */
enum threat {
	THREAT_TACTIC_ID,
	THREAT_TACTIC_NAME,
	THREAT_TECHNIQUE,
	THREAT_SUBTECHNIQUE,
};

static const char *threat_of(const char *tag, enum threat threat,
			     char id[ECS_TECHNIQUE_MAX])
{
	const struct ecs_tactic *tactic = ecs_tactic(tag);

	if (threat == THREAT_TACTIC_ID || threat == THREAT_TACTIC_NAME) {
		if (!tactic)
			return NULL;
		return threat == THREAT_TACTIC_ID ? tactic->id : tactic->name;
	}
	if (!ecs_technique(tag, id))
		return NULL;
	if (threat == THREAT_SUBTECHNIQUE)
		return id[5] ? id : NULL;
	id[5] = '\0';
	return id;
}

static size_t put_threats(struct line *line, const struct detect_rule *rule,
			  const char *key, enum threat threat)
{
	size_t count = 0;

	for (size_t i = 0; i < rule->tag_count && count < TAGS_MAX; i++) {
		char id[ECS_TECHNIQUE_MAX];
		const char *word = threat_of(rule->tags[i], threat, id);

		if (!word)
			continue;
		if (line && count == 0)
			line_open(line, key, '[');
		if (line)
			line_word(line, NULL, word);
		count++;
	}
	if (line && count > 0)
		line_close(line, ']');
	return count;
}

static size_t count_threats(const struct detect_rule *rule, enum threat threat)
{
	return put_threats(NULL, rule, NULL, threat);
}

static void put_technique(struct line *line, const struct detect_rule *rule)
{
	line_open(line, "technique", '{');
	(void)put_threats(line, rule, "id", THREAT_TECHNIQUE);
	if (count_threats(rule, THREAT_SUBTECHNIQUE) > 0) {
		line_open(line, "subtechnique", '{');
		(void)put_threats(line, rule, "id", THREAT_SUBTECHNIQUE);
		line_close(line, '}');
	}
	line_close(line, '}');
}

static void put_threat(struct line *line, const struct detect_rule *rule)
{
	size_t tactics = count_threats(rule, THREAT_TACTIC_ID);
	size_t techniques = count_threats(rule, THREAT_TECHNIQUE);

	if (tactics + techniques == 0)
		return;
	line_open(line, "threat", '{');
	line_word(line, "framework", "MITRE ATT&CK");
	if (tactics > 0) {
		line_open(line, "tactic", '{');
		(void)put_threats(line, rule, "id", THREAT_TACTIC_ID);
		(void)put_threats(line, rule, "name", THREAT_TACTIC_NAME);
		line_close(line, '}');
	}
	if (techniques > 0)
		put_technique(line, rule);
	line_close(line, '}');
}

static void put_parent(struct line *line, const struct notice *notice)
{
	static const struct place executable = {
		EVENT_PARENT_IMAGE, "executable", "process.parent.executable",
		256};
	static const struct place command_line = {
		EVENT_PARENT_COMMAND_LINE, "command_line",
		"process.parent.command_line", 256};

	if (notice->event->parent.pid == 0)
		return;
	line_open(line, "parent", '{');
	line_number(line, "pid", notice->event->parent.pid);
	put_text(line, notice, &executable);
	put_text(line, notice, &command_line);
	line_close(line, '}');
}

static void put_process(struct line *line, const struct notice *notice)
{
	static const struct place places[] = {
		{EVENT_COMM, "name", "process.name", 32},
		{EVENT_IMAGE, "executable", "process.executable", 384},
		{EVENT_COMMAND_LINE, "command_line", "process.command_line",
		 768},
	};
	static const struct place directory = {
		EVENT_DIRECTORY, "working_directory",
		"process.working_directory", 192};

	if (notice->event->process.pid == 0)
		return;
	line_open(line, "process", '{');
	line_number(line, "pid", notice->event->process.pid);
	for (size_t i = 0; i < ARRAY_LEN(places); i++)
		put_text(line, notice, &places[i]);
	if (notice->sha256) {
		line_open(line, "hash", '{');
		line_word(line, "sha256", notice->sha256);
		line_close(line, '}');
	}
	put_parent(line, notice);
	put_text(line, notice, &directory);
	line_close(line, '}');
}

static void put_user(struct line *line, const struct notice *notice)
{
	static const struct place name = {EVENT_USER, "name", "user.name", 64};
	char id[16];

	if (notice->event->process.pid == 0 || notice->event->uid == UINT32_MAX)
		return;
	(void)snprintf(id, sizeof(id), "%u", notice->event->uid);
	line_open(line, "user", '{');
	line_word(line, "id", id);
	put_text(line, notice, &name);
	line_close(line, '}');
}

static const char *transport(uint8_t protocol)
{
	switch (protocol) {
	case IPPROTO_TCP:
		return "tcp";
	case IPPROTO_UDP:
		return "udp";
	case IPPROTO_SCTP:
		return "sctp";
	case IPPROTO_ICMP:
		return "icmp";
	case IPPROTO_ICMPV6:
		return "ipv6-icmp";
	default:
		return NULL;
	}
}

/* Whom it spoke to; who came in is the source. */
static void put_peer(struct line *line, const struct notice *notice)
{
	static const struct place domain = {EVENT_HOSTNAME, "domain",
					    "destination.domain", 256};
	const struct event *event = notice->event;
	const char *name = transport(event->protocol);
	char text[PREFIX_TEXT_MAX];

	if (event->peer.bits == 0)
		return;
	line_open(line, event->kind == EVENT_ACCEPT ? "source" : "destination",
		  '{');
	(void)prefix_to_text(&event->peer, text);
	line_word(line, "ip", text);
	if (event->peer_port)
		line_number(line, "port", event->peer_port);
	put_text(line, notice, &domain);
	line_close(line, '}');
	if (!name)
		return;
	line_open(line, "network", '{');
	line_word(line, "transport", name);
	line_close(line, '}');
}

static void put_steps(struct line *line, const char *key, uint32_t steps)
{
	line_open(line, key, '[');
	for (unsigned int bit = 0; bit < NOTICE_STEP_COUNT; bit++)
		if (steps & 1u << bit)
			line_word(line, NULL, notice_step_name(bit));
	line_close(line, ']');
}

static void put_pattern(struct line *line, const struct pattern *pattern)
{
	const struct line_text text = {
		.name = "portcullis.pattern.text",
		.bytes = pattern->text,
		.len = pattern->len < PATTERN_MAX
			       ? pattern->len
			       : line_whole(pattern->text, PATTERN_MAX),
		.most = 256,
	};
	char id[17];

	(void)snprintf(id, sizeof(id), "%016" PRIx64, pattern->id);
	line_open(line, "pattern", '{');
	line_word(line, "id", id);
	line_text(line, "text", &text);
	line_close(line, '}');
}

static void put_ours(struct line *line, const struct notice *notice,
		     const struct pattern *pattern)
{
	static const struct place places[] = {
		{EVENT_PATH_NEW, "path_new", "portcullis.path_new", 256},
		{EVENT_IMAGE_ASKED, "image_asked", "portcullis.image_asked",
		 128},
		{EVENT_CALL_NAME, "call", "portcullis.call", 32},
		{EVENT_UNIT, "unit", "portcullis.unit", 96},
		{EVENT_CGROUP, "cgroup", "portcullis.cgroup", 128},
		{EVENT_SCORE, "score", "portcullis.score", 512},
	};

	line_open(line, "portcullis", '{');
	line_word(line, "level", detect_level_name(notice->rule->level));
	line_number(line, "count", notice->count);
	put_steps(line, "done", notice->done);
	if (notice->ordered)
		put_steps(line, "ordered", notice->ordered);
	if (notice->withheld)
		put_steps(line, "withheld", notice->withheld);
	if (notice->is_observed)
		line_true(line, "observed");
	if (notice->event->is_asked)
		line_true(line, "asked");
	for (size_t i = 0; i < ARRAY_LEN(places); i++)
		put_text(line, notice, &places[i]);
	put_pattern(line, pattern);
	line_marks(line, "escaped", &line->escaped);
	line_marks(line, "cut", &line->cut);
	line_close(line, '}');
}

static void put_host(struct line *line, const struct notice_origin *origin)
{
	if (!*origin->host)
		return;
	line_open(line, "host", '{');
	put_string(line, "name", "host.name", origin->host, 64);
	line_close(line, '}');
}

static void put_log(struct line *line, const struct notice *notice)
{
	static const struct place logged = {EVENT_LINE, "original",
					    "log.original", 512};
	static const struct place service = {EVENT_SERVICE, "name",
					     "service.name", 64};

	put_object(line, notice, "log", &logged, 1);
	put_object(line, notice, "service", &service, 1);
}

size_t notice_json(const struct notice_origin *origin,
		   const struct notice *notice, const struct uuid *id,
		   const struct pattern *pattern, char bytes[NOTICE_LINE_MAX])
{
	static const struct place container = {EVENT_CONTAINER, "id",
					       "container.id", 80};
	static const struct place file = {EVENT_PATH, "path", "file.path", 384};
	char message[NOTICE_MESSAGE_MAX];
	struct line line;

	assert(notice->rule && notice->event);

	line_init(&line, bytes, NOTICE_LINE_MAX, TEXTS_MAX);
	(void)notice_message(notice, message);
	line_open(&line, NULL, '{');
	put_moment(&line, notice->wall_ns);
	line_open(&line, "ecs", '{');
	line_word(&line, "version", ECS_VERSION);
	line_close(&line, '}');
	put_string(&line, "message", "message", message, 192);
	put_event(&line, notice, id);
	put_rule(&line, notice);
	put_threat(&line, notice->rule);
	put_host(&line, origin);
	put_process(&line, notice);
	put_user(&line, notice);
	put_object(&line, notice, "container", &container, 1);
	put_object(&line, notice, "file", &file, 1);
	put_peer(&line, notice);
	put_log(&line, notice);
	put_ours(&line, notice, pattern);
	line_close(&line, '}');
	return line.len;
}

static void append(char text[NOTICE_MESSAGE_MAX], size_t *len,
		   const char *bytes, size_t count)
{
	*len += line_show(bytes, count, text + *len, NOTICE_MESSAGE_MAX - *len);
}

static void append_string(char text[NOTICE_MESSAGE_MAX], size_t *len,
			  const char *string)
{
	append(text, len, string, strlen(string));
}

/* "TITLE: exec by IMAGE of USER to PEER port 443, 3 times". */
size_t notice_message(const struct notice *notice,
		      char text[NOTICE_MESSAGE_MAX])
{
	const struct event *event = notice->event;
	const struct event_text *image = &event->words[EVENT_IMAGE];
	const struct event_text *user = &event->words[EVENT_USER];
	char peer[PREFIX_TEXT_MAX], more[64];
	size_t len = 0;

	append_string(text, &len, notice_rule_name(notice));
	append_string(text, &len, ": ");
	append_string(text, &len, event_kind_name(event->kind));
	if (image->len) {
		append_string(text, &len, " by ");
		append(text, &len, image->bytes, image->len);
	}
	if (user->len) {
		append_string(text, &len, " of ");
		append(text, &len, user->bytes, user->len);
	}
	if (event->words[EVENT_PATH].len) {
		append_string(text, &len, " on ");
		append(text, &len, event->words[EVENT_PATH].bytes,
		       event->words[EVENT_PATH].len);
	}
	if (event->peer.bits) {
		append_string(text, &len,
			      event->kind == EVENT_ACCEPT ? " from " : " to ");
		append_string(text, &len, prefix_to_text(&event->peer, peer));
	}
	if (event->peer.bits && event->peer_port) {
		(void)snprintf(more, sizeof(more), " port %u",
			       event->peer_port);
		append_string(text, &len, more);
	}
	if (notice->done & NOTICE_DENY)
		append_string(text, &len, ", denied");
	if (notice->count > 1) {
		(void)snprintf(more, sizeof(more), ", %" PRIu64 " times",
			       notice->count);
		append_string(text, &len, more);
	}
	return len;
}
