// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/config.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <yaml.h>

#include "daemon/config_text.h"
#include "daemon/cpu_latency.h"
#include "rules/base.h"
#include "rules/detect/rule.h"
#include "rules/wire.h"

#define ITEMS_MAX 64 /* of a file; more than there are names */

enum item_type {
	ITEM_TEXT,
	ITEM_NUMBER,
	ITEM_BOOL,
	ITEM_LEVEL,
	ITEM_STEPS,
};

struct item {
	const char *name;
	const char *help;
	size_t offset;
	enum item_type type;
	uint32_t min, max; /* of a number */
	bool is_live;
};

#define AT(field) offsetof(struct config, field)

static const struct item items[] = {
	{"allow_shared",
	 "let gates share an interface through libxdp (keeps CAP_SYS_ADMIN)",
	 AT(allow_shared), ITEM_BOOL, 0, 0, false},
	{"blocks4",
	 "room for IPv4 networks of length 25 to 28, counted as /28s",
	 AT(blocks4), ITEM_NUMBER, 1, 30000000, false},
	{"captured_per_second",
	 "packets copied for fwctl capture, at most; 0: none may be",
	 AT(captured_per_second), ITEM_NUMBER, 0, 5000, true},
	{"change_group", "group whose members may change things",
	 AT(change_group), ITEM_TEXT, 0, 0, false},
	{"cpu_latency_us",
	 "how long processors may take to wake, at most; 0: they never sleep",
	 AT(cpu_latency_us), ITEM_NUMBER, 0, CPU_LATENCY_ANY, false},
	{"detect_block",
	 "do what detection rules that block say; false: only tell",
	 AT(detect_block), ITEM_BOOL, 0, 0, false},
	{"detect_blocks_per_minute", "how often detection may act, at most",
	 AT(detect_blocks_per_minute), ITEM_NUMBER, 0, 10000, true},
	{"detect_logs",
	 "take rules about lines of logs, and lines from fwctl detect hear",
	 AT(detect_logs), ITEM_BOOL, 0, 0, true},
	{"detect_rules", "folder of detection rules of this site",
	 AT(detect_rules), ITEM_TEXT, 0, 0, true},
	{"detect_shipped", "take the detection rules that are shipped, too",
	 AT(detect_shipped), ITEM_BOOL, 0, 0, true},
	{"detect_steps",
	 "what a block may do: table, refuse, cut, end, quarantine",
	 AT(detect_steps), ITEM_STEPS, 0, 0, false},
	{"entries6", "room for IPv6 addresses and networks", AT(entries6),
	 ITEM_NUMBER, 1, 15000000, false},
	{"events_per_second", "drop events passed on to watchers, at most",
	 AT(events_per_second), ITEM_NUMBER, 0, 100000, true},
	{"exec_denylist",
	 "list of SHA-256 digests of programs that may not run, or none",
	 AT(exec_denylist), ITEM_TEXT, 0, 0, false},
	{"exec_denylist_places",
	 "file systems that it holds for, by a path on each",
	 AT(exec_denylist_places), ITEM_TEXT, 0, 0, false},
	{"hosts4", "room for single IPv4 addresses", AT(hosts4), ITEM_NUMBER, 1,
	 30000000, false},
	{"log_level", "err, warning, notice, info or debug", AT(log_level),
	 ITEM_LEVEL, 0, 0, true},
	{"pin_dir", "directory on a bpffs for what outlives the daemon",
	 AT(pin_dir), ITEM_TEXT, 0, 0, false},
	{"realtime", "run under SCHED_FIFO, where the system lets",
	 AT(realtime), ITEM_BOOL, 0, 0, false},
	{"resolvers", "list of well-known resolvers, which no feed blocks",
	 AT(resolvers), ITEM_TEXT, 0, 0, false},
	{"sandbox", "filter system calls after the start (seccomp)",
	 AT(sandbox), ITEM_BOOL, 0, 0, false},
	{"sensor", "see what the processes of this host do", AT(sensor),
	 ITEM_BOOL, 0, 0, false},
	{"sensor_hostnames",
	 "learn from packets of DNS by which names peers are known",
	 AT(sensor_hostnames), ITEM_BOOL, 0, 0, false},
	{"sensor_paths",
	 "paths whose reading is told, too, with commas; / at its end: all below",
	 AT(sensor_paths), ITEM_TEXT, 0, 0, false},
	{"socket", "control socket", AT(socket), ITEM_TEXT, 0, 0, false},
	{"state_dir", "directory of the store", AT(state_dir), ITEM_TEXT, 0, 0,
	 false},
	{"store_mib", "MiB the store may grow to", AT(store_mib), ITEM_NUMBER,
	 8, 65536, false},
	{"view_group", "group whose members may look", AT(view_group),
	 ITEM_TEXT, 0, 0, false},
	{"alert_file",
	 "file that gets alerts, a line of JSON each; - is stdout",
	 AT(alert_file), ITEM_TEXT, 0, 0, false},
	{"alert_journal", "tell alerts to the journal of systemd",
	 AT(alert_journal), ITEM_BOOL, 0, 0, false},
	{"alert_syslog", "syslog that is told alerts: /dev/log, udp:ADDR:PORT",
	 AT(alert_syslog), ITEM_TEXT, 0, 0, false},
};

const struct config config_defaults = {
	.state_dir = "/var/lib/portcullis",
	.pin_dir = "/sys/fs/bpf/portcullis",
	.socket = WIRE_SOCKET_PATH,
	.resolvers = PORTCULLIS_DATADIR "/resolvers.txt",
	.change_group = "portcullis",
	.view_group = "portcullis-view",
	.alert_file = "none",
	.exec_denylist = "none",
	.exec_denylist_places = "/,/tmp,/dev/shm",
	.alert_syslog = "none",
	.store_mib = 4096,
	.hosts4 = 1500000,
	.blocks4 = 400000,
	.entries6 = 900000,
	.events_per_second = 1000,
	.captured_per_second = 1000,
	.cpu_latency_us = CPU_LATENCY_ANY,
	.log_level = LOG_LEVEL_NOTICE,
	.allow_shared = false,
	.realtime = true,
	.sandbox = true,
	.alert_journal = false,
	.sensor = false,
	.sensor_hostnames = true,
	.sensor_paths = "none",
	.detect_block = false,
	.detect_shipped = true,
	.detect_logs = false,
	.detect_steps = DETECT_STEPS_DEFAULT,
	.detect_blocks_per_minute = 60,
	.detect_rules = "/etc/portcullis/detect",
};

static const struct item *item_named(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(items); i++)
		if (strcmp(items[i].name, name) == 0)
			return &items[i];
	return NULL;
}

static int put_text(const struct item *item, char *field, const char *value,
		    char *note)
{
	if (!*value || strlen(value) >= CONFIG_PATH_MAX) {
		(void)snprintf(note, CONFIG_NOTE_MAX,
			       "expected a text of 1 to %d bytes",
			       CONFIG_PATH_MAX - 1);
		return -EINVAL;
	}
	if (config_text_check(item->name, value, note, CONFIG_NOTE_MAX) < 0)
		return -EINVAL;
	memcpy(field, value, strlen(value) + 1);
	return 0;
}

static int put_number(const struct item *item, uint32_t *field,
		      const char *value, char *note)
{
	char *end;
	unsigned long long number;

	errno = 0;
	number = strtoull(value, &end, 10);
	if (errno || *end || *value < '0' || *value > '9' ||
	    number < item->min || number > item->max) {
		(void)snprintf(note, CONFIG_NOTE_MAX,
			       "\"%.60s\" is not a number from %u to %u", value,
			       item->min, item->max);
		return -EINVAL;
	}
	*field = (uint32_t)number;
	return 0;
}

static int put_bool(bool *field, const char *value, char *note)
{
	if (strcmp(value, "true") != 0 && strcmp(value, "false") != 0) {
		(void)snprintf(note, CONFIG_NOTE_MAX,
			       "\"%.60s\" is neither true nor false", value);
		return -EINVAL;
	}
	*field = *value == 't';
	return 0;
}

/* "table,refuse": names with a comma between them. */
static int put_steps(uint32_t *field, const char *value, char *note)
{
	uint32_t steps = 0;

	while (*value) {
		size_t len = strcspn(value, ",");
		unsigned int step = 0;

		while (step < DETECT_STEP_COUNT &&
		       (strlen(detect_step_name(step)) != len ||
			memcmp(detect_step_name(step), value, len) != 0))
			step++;
		if (step == DETECT_STEP_COUNT)
			break;
		steps |= 1u << step;
		value += len + (value[len] == ',');
	}
	if (*value || steps == 0) {
		(void)snprintf(note, CONFIG_NOTE_MAX,
			       "\"%.60s\" is not a list of table, refuse, cut, "
			       "end and quarantine, with commas between them",
			       value);
		return -EINVAL;
	}
	*field = steps;
	return 0;
}

static int put(const struct item *item, struct config *config,
	       const char *value, char *note)
{
	void *field = (char *)config + item->offset;

	switch (item->type) {
	case ITEM_TEXT:
		return put_text(item, field, value, note);
	case ITEM_NUMBER:
		return put_number(item, field, value, note);
	case ITEM_BOOL:
		return put_bool(field, value, note);
	case ITEM_STEPS:
		return put_steps(field, value, note);
	case ITEM_LEVEL:
	default:
		if (log_level_from_text(value, field) == 0)
			return 0;
		(void)snprintf(note, CONFIG_NOTE_MAX,
			       "\"%.60s\" is not err, warning, notice, info "
			       "or debug",
			       value);
		return -EINVAL;
	}
}

struct pair {
	char *name;
	char *value;
	size_t line; /* from 1 */
};

struct document {
	struct pair pairs[ITEMS_MAX];
	size_t count;
};

static void document_done(struct document *document)
{
	for (size_t i = 0; i < document->count; i++) {
		free(document->pairs[i].name);
		free(document->pairs[i].value);
	}
}

static int refuse(char *note, const char *path, size_t line, const char *why)
{
	(void)snprintf(note, CONFIG_NOTE_MAX, "%.150s:%zu: %.200s", path, line,
		       why);
	return -EINVAL;
}

/* The scalar that comes next, copied; *ret_text is NULL at the map's end. */
static int next_scalar(yaml_parser_t *parser, char **ret_text, size_t *ret_line)
{
	yaml_event_t event;
	int r = -EINVAL;

	if (!yaml_parser_parse(parser, &event)) {
		*ret_line = parser->problem_mark.line + 1;
		return -EINVAL;
	}
	*ret_line = event.start_mark.line + 1;
	if (event.type == YAML_SCALAR_EVENT && !event.data.scalar.anchor) {
		*ret_text = strdup((const char *)event.data.scalar.value);
		r = *ret_text ? 0 : -ENOMEM;
	} else if (event.type == YAML_MAPPING_END_EVENT) {
		*ret_text = NULL;
		r = 0;
	}
	yaml_event_delete(&event);
	return r;
}

/* -ENOMSG: another event comes next. */
static int skip_event(yaml_parser_t *parser, yaml_event_type_t wanted,
		      size_t *ret_line)
{
	yaml_event_t event;
	bool is_it;

	if (!yaml_parser_parse(parser, &event)) {
		*ret_line = parser->problem_mark.line + 1;
		return -EINVAL;
	}
	*ret_line = event.start_mark.line + 1;
	is_it = event.type == wanted;
	yaml_event_delete(&event);
	return is_it ? 0 : -ENOMSG;
}

static int read_pairs(yaml_parser_t *parser, const char *path,
		      struct document *document, char *note)
{
	for (;;) {
		struct pair *pair = &document->pairs[document->count];
		size_t line;
		int r;

		if (document->count == ITEMS_MAX)
			return refuse(note, path,
				      document->pairs[ITEMS_MAX - 1].line + 1,
				      "too many items");
		r = next_scalar(parser, &pair->name, &pair->line);
		if (r < 0)
			return refuse(note, path, pair->line,
				      "expected \"name: value\"");
		if (!pair->name)
			return 0;
		r = next_scalar(parser, &pair->value, &line);
		if (r < 0 || !pair->value) {
			free(pair->name);
			return refuse(note, path, line,
				      "expected a plain value");
		}
		document->count++;
	}
}

/* Nothing may follow the mapping: it would be left out unread. */
static int read_end(yaml_parser_t *parser, const char *path, char *note)
{
	size_t line;
	int r = skip_event(parser, YAML_DOCUMENT_END_EVENT, &line);

	if (r == 0)
		r = skip_event(parser, YAML_STREAM_END_EVENT, &line);
	return r == 0 ? 0
		      : refuse(note, path, line,
			       "expected one mapping, and nothing after it");
}

static int read_events(yaml_parser_t *parser, const char *path,
		       struct document *document, char *note)
{
	size_t line;
	int r = skip_event(parser, YAML_STREAM_START_EVENT, &line);

	if (r == 0)
		r = skip_event(parser, YAML_DOCUMENT_START_EVENT, &line);
	if (r == -ENOMSG)
		return 0; /* an empty file says nothing */
	if (r == 0)
		r = skip_event(parser, YAML_MAPPING_START_EVENT, &line);
	if (r < 0)
		return refuse(note, path, line,
			      "expected lines of \"name: value\"");
	r = read_pairs(parser, path, document, note);
	return r < 0 ? r : read_end(parser, path, note);
}

static int read_document(FILE *file, const char *path,
			 struct document *document, char *note)
{
	yaml_parser_t parser;
	int r;

	if (!yaml_parser_initialize(&parser))
		return -ENOMEM;
	yaml_parser_set_input_file(&parser, file);
	r = read_events(&parser, path, document, note);
	yaml_parser_delete(&parser);
	return r;
}

static bool differs(const struct item *item, const struct config *a,
		    const struct config *b)
{
	const char *field_a = (const char *)a + item->offset;
	const char *field_b = (const char *)b + item->offset;

	switch (item->type) {
	case ITEM_TEXT:
		return strcmp(field_a, field_b) != 0;
	case ITEM_BOOL:
		return memcmp(field_a, field_b, sizeof(bool)) != 0;
	case ITEM_NUMBER:
	case ITEM_LEVEL:
	case ITEM_STEPS:
	default:
		return memcmp(field_a, field_b, sizeof(uint32_t)) != 0;
	}
}

/* One name more in "a, b, c", as far as there is room. */
static void append_name(char list[CONFIG_NOTE_MAX], const char *name)
{
	size_t len = strlen(list);

	(void)snprintf(list + len, CONFIG_NOTE_MAX - len, "%s%s",
		       len ? ", " : "", name);
}

static int apply(const struct document *document, const char *path,
		 bool only_live, struct config *config, char *note)
{
	struct config fresh = *config;
	char waiting[CONFIG_NOTE_MAX] = "";

	for (size_t i = 0; i < document->count; i++) {
		const struct pair *pair = &document->pairs[i];
		const struct item *item = item_named(pair->name);
		char why[CONFIG_NOTE_MAX];
		struct config tried = fresh;

		if (!item) {
			(void)snprintf(why, sizeof(why),
				       "unknown item \"%.60s\" (fwd --help "
				       "lists them)",
				       pair->name);
			return refuse(note, path, pair->line, why);
		}
		for (size_t j = 0; j < i; j++)
			if (strcmp(document->pairs[j].name, pair->name) == 0)
				return refuse(note, path, pair->line,
					      "item given twice");
		if (put(item, &tried, pair->value, why) < 0)
			return refuse(note, path, pair->line, why);
		if (only_live && !item->is_live &&
		    differs(item, config, &tried)) {
			append_name(waiting, item->name);
			continue;
		}
		fresh = tried;
	}
	*config = fresh;
	if (*waiting)
		(void)snprintf(note, CONFIG_NOTE_MAX,
			       "%.150s: for the next start only: %.200s", path,
			       waiting);
	return 0;
}

int config_read(const char *path, bool only_live, struct config *config,
		char note[CONFIG_NOTE_MAX])
{
	struct document document = {0};
	FILE *file;
	int r;

	assert(path);
	assert(config);

	note[0] = '\0';
	file = fopen(path, "re");
	if (!file) {
		r = -errno;
		(void)snprintf(note, CONFIG_NOTE_MAX, "%s: %s", path,
			       strerror(-r));
		return r;
	}
	r = read_document(file, path, &document, note);
	(void)fclose(file);
	if (r == 0)
		r = apply(&document, path, only_live, config, note);
	document_done(&document);
	return r;
}

int config_set(const char *assignment, struct config *config,
	       char note[CONFIG_NOTE_MAX])
{
	const char *equals = strchr(assignment, '=');
	const struct item *item = NULL;
	char name[64];
	char why[CONFIG_NOTE_MAX];

	if (equals && (size_t)(equals - assignment) < sizeof(name)) {
		memcpy(name, assignment, (size_t)(equals - assignment));
		name[equals - assignment] = '\0';
		item = item_named(name);
	}
	if (!item) {
		(void)snprintf(note, CONFIG_NOTE_MAX,
			       "--set \"%.60s\": expected NAME=VALUE with one "
			       "of the names that fwd --help lists",
			       assignment);
		return -EINVAL;
	}
	if (put(item, config, equals + 1, why) < 0) {
		(void)snprintf(note, CONFIG_NOTE_MAX, "--set %s: %.300s", name,
			       why);
		return -EINVAL;
	}
	return 0;
}

static void print_steps(uint32_t steps, FILE *out)
{
	const char *between = "";

	for (unsigned int step = 0; step < DETECT_STEP_COUNT; step++) {
		if (!(steps >> step & 1))
			continue;
		(void)fprintf(out, "%s%s", between, detect_step_name(step));
		between = ",";
	}
}

static void print_default(const struct item *item, FILE *out)
{
	const char *field = (const char *)&config_defaults + item->offset;
	uint32_t number;
	bool flag;

	switch (item->type) {
	case ITEM_TEXT:
		(void)fputs(field, out);
		return;
	case ITEM_NUMBER:
		memcpy(&number, field, sizeof(number));
		(void)fprintf(out, "%u", number);
		return;
	case ITEM_BOOL:
		memcpy(&flag, field, sizeof(flag));
		(void)fputs(flag ? "true" : "false", out);
		return;
	case ITEM_STEPS:
		memcpy(&number, field, sizeof(number));
		print_steps(number, out);
		return;
	case ITEM_LEVEL:
	default:
		(void)fputs(log_level_name(config_defaults.log_level), out);
		return;
	}
}

void config_help(FILE *out)
{
	for (size_t i = 0; i < ARRAY_LEN(items); i++) {
		(void)fprintf(
			out, "  %-18s %s%s\n  %-18s default: ", items[i].name,
			items[i].help,
			items[i].is_live ? "; reload applies it" : "", "");
		print_default(&items[i], out);
		(void)fputc('\n', out);
	}
}
