// SPDX-License-Identifier: GPL-2.0-or-later
#include "ctl/command_options.h"

/* Every command takes these. */
const struct option command_common_options[] = {
	{"help", 'h', OPTION_HELP, KIND_FLAG, NULL,
	 "say what the command does, and end"},
	{"json", 'j', OPTION_JSON, KIND_FLAG, NULL,
	 "print the daemon's answer as JSON, keys sorted"},
	{"socket", 's', OPTION_SOCKET, KIND_SOCKET, NULL,
	 "where fwd listens (else $PORTCULLIS_SOCKET, else "
	 "/run/portcullis/fwd.sock)"},
	{0},
};

const struct option attach_options[] = {
	{"mode", 'm', OPTION_MODE, KIND_CHOICE, "auto|native|generic",
	 "where packets are judged: in the driver, in the generic hook, or "
	 "the best there is (auto, the default)"},
	{"shared", 0, OPTION_SHARED, KIND_FLAG, NULL,
	 "live beside other XDP programs through the libxdp dispatcher"},
	{0},
};

const struct option add_options[] = {
	{"for", 'f', OPTION_FOR, KIND_SPAN, NULL, "take it out after SPAN"},
	{"reason", 'r', OPTION_REASON, KIND_REASON, NULL,
	 "why; shown by why, set show and log"},
	{"until", 'u', OPTION_UNTIL, KIND_MOMENT, NULL, "take it out at TIME"},
	{0},
};

const struct option alert_forward_options[] = {
	{"header-file", 0, OPTION_HEADER_FILE, KIND_FILE, NULL,
	 "file of mode 0600 with headers of HTTP, one a line: keys belong there"},
	{"template", 0, OPTION_TEMPLATE, KIND_FILE, NULL,
	 "file with the body of a post, in which {{message}} and others stand "
	 "for what the alert has"},
	{"to", 't', OPTION_TO, KIND_URL, NULL,
	 "where to post; http only to this machine. Everyone on the machine can "
	 "read it in the list of processes"},
	{"to-file", 0, OPTION_TO_FILE, KIND_FILE, NULL,
	 "file of mode 0600 with that URL, for one that holds a secret"},
	{0},
};

const struct option alert_list_options[] = {
	{"all", 'a', OPTION_ALL, KIND_FLAG, NULL,
	 "those that are resolved as well"},
	{"level", 'l', OPTION_LEVEL, KIND_CHOICE,
	 "informational|low|medium|high|critical",
	 "those of this level and above"},
	{"lines", 'n', OPTION_LINES, KIND_NUMBER, NULL,
	 "at most N alerts, or N patterns"},
	{"pattern", 'p', OPTION_PATTERN, KIND_FLAG, NULL,
	 "a line for all that differ in numbers, temporary names and addresses "
	 "only"},
	{"since", 0, OPTION_SINCE, KIND_SINCE, NULL,
	 "those of events from TIME on"},
	{0},
};

const struct option alert_mark_options[] = {
	{"reason", 'r', OPTION_REASON, KIND_REASON, NULL,
	 "why; shown by alert show"},
	{0},
};

const struct option alert_watch_options[] = {
	{"count", 'c', OPTION_EVENTS, KIND_NUMBER, NULL, "end after N alerts"},
	{0},
};

const struct option apply_options[] = {
	{"confirm", 'c', OPTION_CONFIRM, KIND_TRIAL, NULL,
	 "go back after SPAN, unless it is confirmed until then"},
	{"dry-run", 0, OPTION_DRY_RUN, KIND_FLAG, NULL,
	 "say what would change, and change nothing"},
	{"note", 'n', OPTION_NOTE, KIND_REASON, NULL, "shown by policy log"},
	{0},
};

const struct option crowdsec_run_options[] = {
	{"once", 0, OPTION_ONCE, KIND_FLAG, NULL,
	 "ask for all decisions, once, and end"},
	{0},
};

const struct option detect_options[] = {
	{"logs", 0, OPTION_LOGS, KIND_FLAG, NULL,
	 "take rules about lines of a log, too"},
	{0},
};

const struct option foreign_options[] = {
	{"family", 0, OPTION_FAMILY, KIND_CHOICE, "4|6",
	 "of iptables rules, which do not say it; 4 when not given"},
	{0},
};

const struct option rollback_options[] = {
	{"confirm", 'c', OPTION_CONFIRM, KIND_TRIAL, NULL,
	 "go back after SPAN, unless it is confirmed until then"},
	{0},
};

const struct option block_options[] = {
	{"for", 'f', OPTION_FOR, KIND_SPAN, NULL, "take it out after SPAN"},
	{"reason", 'r', OPTION_REASON, KIND_REASON, NULL,
	 "why; shown by why, set show and log"},
	{"set", 0, OPTION_SET, KIND_SET, NULL,
	 "put it into this set, which must have a fitting action"},
	{"until", 'u', OPTION_UNTIL, KIND_MOMENT, NULL, "take it out at TIME"},
	{0},
};

const struct option unblock_options[] = {
	{"set", 0, OPTION_SET, KIND_SET, NULL,
	 "take it out of this set instead of block"},
	{0},
};

const struct option capture_options[] = {
	{"count", 'c', OPTION_EVENTS, KIND_NUMBER, NULL, "end after N packets"},
	{"reason", 'r', OPTION_REASON, KIND_CAUSE, NULL,
	 "only those dropped for it; shadow: those that would be"},
	{"rule", 0, OPTION_RULE, KIND_RULE, NULL,
	 "only those the rule drops, or would in shadow"},
	{"seconds", 0, OPTION_SECONDS, KIND_NUMBER, NULL,
	 "end after N seconds"},
	{"snaplen", 0, OPTION_SNAPLEN, KIND_NUMBER, NULL,
	 "keep N bytes of a packet, 16384 at most; 256 when not given"},
	{"src", 0, OPTION_SRC, KIND_ADDR, NULL, "only those from there"},
	{"write", 'w', OPTION_WRITE, KIND_FILE, NULL,
	 "write pcapng into FILE instead of a line each to stdout"},
	{0},
};

const struct option events_options[] = {
	{"count", 'c', OPTION_EVENTS, KIND_NUMBER, NULL, "end after N events"},
	{"kind", 'k', OPTION_KIND, KIND_EVENTS, NULL, "of these kinds"},
	{0},
};

const struct option explain_options[] = {
	{"in", 0, OPTION_IN, KIND_IFACE, NULL,
	 "the packets of the capture come in there"},
	{"out", 0, OPTION_OUT, KIND_IFACE, NULL,
	 "the packets of the capture go out there"},
	{"pcap", 'p', OPTION_PCAP, KIND_FILE, NULL,
	 "the packets of a capture, pcap or pcapng, a line each"},
	{0},
};

const struct option feed_add_options[] = {
	{"enforce", 0, OPTION_ENFORCE, KIND_FLAG, NULL,
	 "without a day in shadow first"},
	{0},
};

const struct option feed_except_options[] = {
	{"feed", 0, OPTION_FEED, KIND_SET, NULL, "the feed; it must be given"},
	{"for", 'f', OPTION_FOR, KIND_SPAN, NULL, "for SPAN only"},
	{"reason", 'r', OPTION_REASON, KIND_REASON, NULL,
	 "why; shown by set show and log"},
	{"until", 'u', OPTION_UNTIL, KIND_MOMENT, NULL, "up to TIME only"},
	{0},
};

const struct option feed_import_options[] = {
	{"dry-run", 0, OPTION_DRY_RUN, KIND_FLAG, NULL,
	 "say what would change, and change nothing"},
	{0},
};

const struct option feed_update_options[] = {
	{"dry-run", 0, OPTION_DRY_RUN, KIND_FLAG, NULL,
	 "say what would change, and change nothing"},
	{"force", 0, OPTION_FORCE, KIND_FLAG, NULL,
	 "all, however soon, and what the server says is unchanged"},
	{0},
};

const struct option help_options[] = {
	{"all", 'a', OPTION_ALL, KIND_FLAG, NULL, "every command in full"},
	{0},
};

const struct option log_options[] = {
	{"lines", 'n', OPTION_LINES, KIND_NUMBER, NULL,
	 "at most N entries; 50 when not given"},
	{0},
};

const struct option import_options[] = {
	{"action", 0, OPTION_ACTION, KIND_CHOICE, "drop|allow|shadow|none",
	 "of the set, when the import makes it; drop when not given"},
	{"add", 0, OPTION_ADD, KIND_FLAG, NULL,
	 "keep the members that the list does not have"},
	{"for", 'f', OPTION_FOR, KIND_SPAN, NULL,
	 "take the members out after SPAN"},
	{"reason", 'r', OPTION_REASON, KIND_REASON, NULL,
	 "why; shown by why, set show and log"},
	{"replace", 0, OPTION_REPLACE, KIND_FLAG, NULL,
	 "make the set what the list says (the default)"},
	{"until", 'u', OPTION_UNTIL, KIND_MOMENT, NULL,
	 "take the members out at TIME"},
	{0},
};

const struct option new_options[] = {
	{"action", 0, OPTION_ACTION, KIND_CHOICE, "drop|allow|shadow|none",
	 "what happens to packets from members; drop when not given"},
	{"capacity", 0, OPTION_CAPACITY, KIND_CAPACITY, NULL,
	 "how many members it may hold"},
	{"kind", 0, OPTION_KIND, KIND_CHOICE, "static|dynamic",
	 "a label that is shown, no more"},
	{0},
};

const struct option show_options[] = {
	{"lines", 'n', OPTION_LINES, KIND_NUMBER, NULL, "at most N members"},
	{0},
};

const struct option watch_options[] = {
	{"count", 'c', OPTION_EVENTS, KIND_NUMBER, NULL, "end after N events"},
	{0},
};
