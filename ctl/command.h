/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * command.h - what fwctl can be told: one table, from which parsing, help,
 * usage errors and completion derive.
 *
 * A command is one word ("status") or two ("set add"). Words and the names of
 * long options may be cut short as long as one name is meant. What a word or
 * a value must look like is its kind, and is checked before a command runs.
 *
 * Errors	-EINVAL, with a sentence that says what would be accepted
 * Threads	no state; any thread
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* The exit status of the program. */
enum outcome {
	OUTCOME_DONE,
	OUTCOME_REFUSED,
	OUTCOME_USAGE,
	OUTCOME_UNREACHABLE, /* no daemon, or it went away */
};

/* What a word or the value of an option is. */
enum kind {
	KIND_FLAG, /* an option without a value */
	KIND_ADDR, /* an address or prefix */
	KIND_ADDRS, /* an address, prefix or range; "-": read them from stdin */
	KIND_ALERT, /* the beginning of the id of an alert */
	KIND_CAPACITY,
	KIND_CAUSE, /* to drop a packet; the daemon knows which there are */
	KIND_CHOICE, /* one of the texts in `choices` */
	KIND_COMMAND, /* a name of this table */
	KIND_EVENTS, /* kinds of events; the daemon knows which there are */
	KIND_FILE, /* a path; "-": stdin or stdout */
	KIND_HEARD, /* how lines are written that another program says */
	KIND_IFACE,
	KIND_MOMENT,
	KIND_NUMBER,
	KIND_POLICY, /* a path of a document; "-": stdin */
	KIND_POLICIES, /* the same, or numbers of revisions */
	KIND_PROCESS, /* a number, or "all" */
	KIND_PACKET, /* as rules/flowtext.h has it */
	KIND_REASON,
	KIND_RULE,
	KIND_RULES, /* a path of detection rules, or of a folder of them */
	KIND_SET,
	KIND_SINCE, /* a time that is past */
	KIND_SOCKET,
	KIND_SPAN,
	KIND_TRIAL, /* a span as well */
	KIND_TALK, /* an address or prefix, or a packet */
	KIND_URL,
	KIND_COUNT,
};

struct kind_spec {
	const char *name; /* as usage lines show it: "ADDR" */
	const char *accepts; /* "an address or ADDRESS/LENGTH" */
	bool (*check)(const char *text); /* NULL: every text will do */
};

extern const struct kind_spec kind_specs[KIND_COUNT];

enum option_id {
	OPTION_ACTION,
	OPTION_ADD,
	OPTION_ALL,
	OPTION_CAPACITY,
	OPTION_CONFIRM,
	OPTION_DRY_RUN,
	OPTION_ENFORCE,
	OPTION_EVENTS, /* --count */
	OPTION_FAMILY,
	OPTION_FEED,
	OPTION_FOR,
	OPTION_FORCE,
	OPTION_HEADER_FILE,
	OPTION_HELP,
	OPTION_IN,
	OPTION_JSON,
	OPTION_KIND,
	OPTION_LEVEL,
	OPTION_LINES,
	OPTION_LOGS,
	OPTION_MODE,
	OPTION_NOTE,
	OPTION_ONCE,
	OPTION_OUT,
	OPTION_PATTERN,
	OPTION_PCAP,
	OPTION_REASON,
	OPTION_REPLACE,
	OPTION_RULE,
	OPTION_SECONDS,
	OPTION_SET,
	OPTION_SHARED,
	OPTION_SINCE,
	OPTION_SNAPLEN,
	OPTION_SOCKET,
	OPTION_SRC,
	OPTION_TEMPLATE,
	OPTION_TO,
	OPTION_TO_FILE,
	OPTION_UNTIL,
	OPTION_WRITE,
	OPTION_COUNT,
};

struct option {
	const char *name; /* without the dashes; NULL ends a list */
	char letter; /* of the short form, or 0 */
	enum option_id id;
	enum kind kind;
	const char *choices; /* "a|b|c" for KIND_CHOICE */
	const char *help;
};

struct argument {
	enum kind kind; /* KIND_FLAG ends a list */
	bool optional;
	bool many; /* only the last one */
	const char *choices;
};

#define ARGUMENTS_MAX 2 /* of one command */

struct session;

struct command {
	const char *name;
	const char *summary; /* one line, no full stop */
	const char *details; /* paragraphs, or NULL */
	struct argument arguments[ARGUMENTS_MAX + 1];
	const struct option *options; /* NULL: only the common ones */
	enum outcome (*run)(struct session *session);
};

extern const struct command command_table[]; /* by name, sorted */
extern const size_t command_count;
extern const struct option command_common_options[];

/* A command line that was understood; points into argv. */
struct invocation {
	const struct command *command;
	const char *values[OPTION_COUNT]; /* NULL: not given; "" for flags */
	const char **words; /* the command's name left out */
	size_t word_count;
};

/*
 * Understand `argv`. `words` has room for argc pointers and backs
 * ret_invocation->words. -EINVAL is told to stderr; --help leaves the words
 * unchecked.
 */
int command_parse(int argc, const char *const *argv, const char **words,
		  struct invocation *ret_invocation);

/*
 * The commands that `count` words mean: one, or those of a group ("set"), as
 * a run of the table. -EINVAL is told to stderr.
 */
int command_find(const char *const *words, size_t count,
		 const struct command **ret_first, size_t *ret_count);

/* Is `text` one of "a|b|c"? */
bool command_choice_is(const char *choices, const char *text);
