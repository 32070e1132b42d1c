// SPDX-License-Identifier: GPL-2.0-or-later
#include "ctl/command.h"

#include "ctl/cmd.h"
#include "rules/base.h"

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

static const struct option attach_options[] = {
	{"mode", 'm', OPTION_MODE, KIND_CHOICE, "auto|native|generic",
	 "where packets are judged: in the driver, in the generic hook, or "
	 "the best there is (auto, the default)"},
	{"shared", 0, OPTION_SHARED, KIND_FLAG, NULL,
	 "live beside other XDP programs through the libxdp dispatcher"},
	{0},
};

static const struct option add_options[] = {
	{"for", 'f', OPTION_FOR, KIND_SPAN, NULL, "take it out after SPAN"},
	{"reason", 'r', OPTION_REASON, KIND_REASON, NULL,
	 "why; shown by why, set show and log"},
	{"until", 'u', OPTION_UNTIL, KIND_MOMENT, NULL, "take it out at TIME"},
	{0},
};

static const struct option apply_options[] = {
	{"confirm", 'c', OPTION_CONFIRM, KIND_TRIAL, NULL,
	 "go back after SPAN, unless it is confirmed until then"},
	{"dry-run", 0, OPTION_DRY_RUN, KIND_FLAG, NULL,
	 "say what would change, and change nothing"},
	{"note", 'n', OPTION_NOTE, KIND_REASON, NULL, "shown by policy log"},
	{0},
};

static const struct option detect_options[] = {
	{"logs", 0, OPTION_LOGS, KIND_FLAG, NULL,
	 "take rules about lines of a log, too"},
	{0},
};

static const struct option foreign_options[] = {
	{"family", 0, OPTION_FAMILY, KIND_CHOICE, "4|6",
	 "of iptables rules, which do not say it; 4 when not given"},
	{0},
};

static const struct option rollback_options[] = {
	{"confirm", 'c', OPTION_CONFIRM, KIND_TRIAL, NULL,
	 "go back after SPAN, unless it is confirmed until then"},
	{0},
};

static const struct option block_options[] = {
	{"for", 'f', OPTION_FOR, KIND_SPAN, NULL, "take it out after SPAN"},
	{"reason", 'r', OPTION_REASON, KIND_REASON, NULL,
	 "why; shown by why, set show and log"},
	{"set", 0, OPTION_SET, KIND_SET, NULL,
	 "put it into this set, which must have a fitting action"},
	{"until", 'u', OPTION_UNTIL, KIND_MOMENT, NULL, "take it out at TIME"},
	{0},
};

static const struct option unblock_options[] = {
	{"set", 0, OPTION_SET, KIND_SET, NULL,
	 "take it out of this set instead of block"},
	{0},
};

static const struct option capture_options[] = {
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

static const struct option events_options[] = {
	{"count", 'c', OPTION_EVENTS, KIND_NUMBER, NULL, "end after N events"},
	{"kind", 'k', OPTION_KIND, KIND_EVENTS, NULL, "of these kinds"},
	{0},
};

static const struct option explain_options[] = {
	{"in", 0, OPTION_IN, KIND_IFACE, NULL,
	 "the packets of the capture come in there"},
	{"out", 0, OPTION_OUT, KIND_IFACE, NULL,
	 "the packets of the capture go out there"},
	{"pcap", 'p', OPTION_PCAP, KIND_FILE, NULL,
	 "the packets of a capture, pcap or pcapng, a line each"},
	{0},
};

static const struct option feed_add_options[] = {
	{"enforce", 0, OPTION_ENFORCE, KIND_FLAG, NULL,
	 "without a day in shadow first"},
	{0},
};

static const struct option feed_except_options[] = {
	{"feed", 0, OPTION_FEED, KIND_SET, NULL, "the feed"},
	{"for", 'f', OPTION_FOR, KIND_SPAN, NULL, "for SPAN only"},
	{"reason", 'r', OPTION_REASON, KIND_REASON, NULL,
	 "why; shown by set show and log"},
	{"until", 'u', OPTION_UNTIL, KIND_MOMENT, NULL, "up to TIME only"},
	{0},
};

static const struct option feed_import_options[] = {
	{"dry-run", 0, OPTION_DRY_RUN, KIND_FLAG, NULL,
	 "say what would change, and change nothing"},
	{0},
};

static const struct option feed_update_options[] = {
	{"dry-run", 0, OPTION_DRY_RUN, KIND_FLAG, NULL,
	 "say what would change, and change nothing"},
	{"force", 0, OPTION_FORCE, KIND_FLAG, NULL,
	 "all, due or not, and also what the server says is unchanged"},
	{0},
};

static const struct option help_options[] = {
	{"all", 'a', OPTION_ALL, KIND_FLAG, NULL, "every command in full"},
	{0},
};

static const struct option log_options[] = {
	{"lines", 'n', OPTION_LINES, KIND_NUMBER, NULL,
	 "at most N entries; 50 when not given"},
	{0},
};

static const struct option import_options[] = {
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

static const struct option new_options[] = {
	{"action", 0, OPTION_ACTION, KIND_CHOICE, "drop|allow|shadow|none",
	 "what happens to packets from members; drop when not given"},
	{"capacity", 0, OPTION_CAPACITY, KIND_CAPACITY, NULL,
	 "how many members it may hold"},
	{"kind", 0, OPTION_KIND, KIND_CHOICE, "static|dynamic",
	 "a label that is shown, no more"},
	{0},
};

static const struct option show_options[] = {
	{"lines", 'n', OPTION_LINES, KIND_NUMBER, NULL, "at most N members"},
	{0},
};

static const struct option watch_options[] = {
	{"count", 'c', OPTION_EVENTS, KIND_NUMBER, NULL, "end after N events"},
	{0},
};

#define ADDRS                                    \
	{                                        \
		.kind = KIND_ADDRS, .many = true \
	}

const struct command command_table[] = {
	{"allow",
	 "let addresses through whatever a list says",
	 "Adds members to the set allow. Allow wins over drop. The addresses "
	 "are checked before any is sent.",
	 {ADDRS},
	 block_options,
	 cmd_allow},
	{"attach",
	 "judge the packets that arrive on an interface",
	 "An interface that is not there, or goes away, is attached when it "
	 "comes. What was attached stays so when fwd stops.",
	 {{.kind = KIND_IFACE}},
	 attach_options,
	 cmd_attach},
	{"backup",
	 "write sets, members, gates and policy into a file",
	 "The file is whole or absent: it is written beside FILE and then "
	 "renamed. With - it goes to stdout, and the summary to stderr.",
	 {{.kind = KIND_FILE}},
	 NULL,
	 cmd_backup},
	{"block",
	 "drop the packets of addresses",
	 "Adds members to the set block. For many, give - and one entry a line "
	 "on stdin. The addresses are checked before any is sent.",
	 {ADDRS},
	 block_options,
	 cmd_block},
	{"capture",
	 "copy packets that are dropped, or would be",
	 "Those that something in shadow would drop are copied, too. Until it "
	 "is interrupted, or what was asked for is there. At most "
	 "captured_per_second of fwd.yml, and one capture at a time; what is "
	 "lost is told at the end, and in FILE. Packets show what people say, "
	 "so it takes the right to change. With --json, one packet a line.",
	 {{0}},
	 capture_options,
	 cmd_capture},
	{"completion",
	 "print a completion script for a shell",
	 NULL,
	 {{.kind = KIND_CHOICE, .choices = "bash"}},
	 NULL,
	 cmd_completion},
	{"counters",
	 "packets and bytes by reason, by set and by rule",
	 NULL,
	 {{0}},
	 NULL,
	 cmd_counters},
	{"crowdsec resync",
	 "have all decisions of CrowdSec asked for again",
	 "When crowdsec run asks next. Only the difference is changed.",
	 {{0}},
	 NULL,
	 cmd_crowdsec_resync},
	{"crowdsec run",
	 "block what CrowdSec decides, until a signal ends it",
	 "For a unit of systemd. Asks the local API that "
	 "/etc/portcullis/crowdsec.yml (or $PORTCULLIS_CROWDSEC) names for "
	 "decisions, again and again, and has them enforced in a set of their "
	 "own. While the API is away decisions stay until their own end.",
	 {{0}},
	 NULL,
	 cmd_crowdsec_run},
	{"crowdsec status",
	 "which decisions of CrowdSec are in force, and since when",
	 NULL,
	 {{0}},
	 NULL,
	 cmd_crowdsec_status},
	{"detach",
	 "stop judging the packets of an interface",
	 NULL,
	 {{.kind = KIND_IFACE}},
	 NULL,
	 cmd_detach},
	{"detect check",
	 "say of detection rules which load, and why others do not",
	 "RULES is a file of rules (Sigma, Sysguard, sandtrace) or a folder of "
	 "such: *.yml and *.yaml, and all below it. The exit status is 1 when "
	 "one is broken, not when it asks for what this host has no sensor for. With --json, "
	 "one file a line.",
	 {{.kind = KIND_RULES, .many = true}},
	 detect_options,
	 cmd_detect_check},
	{"detect list",
	 "the detection rules that load",
	 "With --json, one rule a line, with authors and tags.",
	 {{.kind = KIND_RULES, .many = true}},
	 detect_options,
	 cmd_detect_list},
	{"detect test",
	 "which detection rules an event meets",
	 "FILE has an event a line, as JSON: \"kind\" says what happened "
	 "(exec, create, connect, ...), and image, command_line, args, path, "
	 "peer, peer_port, uid and others what is known of it. Needs no "
	 "daemon. With --json, one match a line, with the line of its event.",
	 {{.kind = KIND_RULES}, {.kind = KIND_FILE}},
	 detect_options,
	 cmd_detect_test},
	{"doctor",
	 "say what would hinder an interface, and how to mend it",
	 "Without IFACE, all Ethernet interfaces. Nothing is changed.",
	 {{.kind = KIND_IFACE, .optional = true}},
	 NULL,
	 cmd_doctor},
	{"events",
	 "print what the processes of this host do",
	 "As the sensor tells it, until it is interrupted or has printed N "
	 "events. With --json, one event a line. Takes the right to change: "
	 "command lines hold secrets.",
	 {{0}},
	 events_options,
	 cmd_events},
	{"explain",
	 "what would become of a packet, and why",
	 "The packet is run through the code and the tables that judge now, "
	 "and changes nothing: no count, no event, no rate. It need not be "
	 "able to arrive: \"tcp 203.0.113.9 > 198.51.100.7:22 syn in wan0\"; "
	 "\"in\" and \"out\" take an interface or a zone. With --json, one "
	 "packet a line.",
	 {{.kind = KIND_PACKET, .optional = true}},
	 explain_options,
	 cmd_explain},
	{"feed accept",
	 "let in the version of a feed that is held",
	 "What no feed may list is left out all the same.",
	 {{.kind = KIND_SET}},
	 NULL,
	 cmd_feed_accept},
	{"feed add",
	 "turn a feed on, or define it anew",
	 "FEED is the name of a definition in /etc/portcullis/feeds (or "
	 "$PORTCULLIS_FEEDS) or among those that come with Portcullis, or the "
	 "path of one. A feed that drops only counts for a day first.",
	 {{.kind = KIND_FILE}},
	 feed_add_options,
	 cmd_feed_add},
	{"feed diff",
	 "what the version of a feed that is held would change",
	 NULL,
	 {{.kind = KIND_SET}},
	 NULL,
	 cmd_feed_diff},
	{"feed drop",
	 "turn a feed off: what it lists goes",
	 NULL,
	 {{.kind = KIND_SET}},
	 NULL,
	 cmd_feed_drop},
	{"feed enforce",
	 "have a feed do what its definition says",
	 "Before its first day in shadow is over, or after feed shadow.",
	 {{.kind = KIND_SET}},
	 NULL,
	 cmd_feed_enforce},
	{"feed except",
	 "take an address out of a feed, whatever it lists",
	 "The rest of a network stays. It becomes a member of FEED-except.",
	 {{.kind = KIND_ADDR}},
	 feed_except_options,
	 cmd_feed_except},
	{"feed hits",
	 "what met the entries of each feed, and of no other",
	 NULL,
	 {{0}},
	 NULL,
	 cmd_feed_hits},
	{"feed hold",
	 "stop fetching a feed: its version stays",
	 NULL,
	 {{.kind = KIND_SET}},
	 NULL,
	 cmd_feed_hold},
	{"feed import",
	 "have a file judged as a new version of a feed",
	 "As feed update does. With --dry-run nothing is changed.",
	 {{.kind = KIND_SET}, {.kind = KIND_FILE}},
	 feed_import_options,
	 cmd_feed_import},
	{"feed list",
	 "the feeds that are on",
	 NULL,
	 {{0}},
	 NULL,
	 cmd_feed_list},
	{"feed probe",
	 "suggest the format of a list",
	 NULL,
	 {{.kind = KIND_FILE}},
	 NULL,
	 cmd_feed_probe},
	{"feed resume",
	 "fetch a feed again",
	 NULL,
	 {{.kind = KIND_SET}},
	 NULL,
	 cmd_feed_resume},
	{"feed rollback",
	 "go back to the version before",
	 NULL,
	 {{.kind = KIND_SET}},
	 NULL,
	 cmd_feed_rollback},
	{"feed shadow",
	 "have a feed count only, until feed enforce",
	 NULL,
	 {{.kind = KIND_SET}},
	 NULL,
	 cmd_feed_shadow},
	{"feed show",
	 "all about a feed",
	 NULL,
	 {{.kind = KIND_SET}},
	 NULL,
	 cmd_feed_show},
	{"feed update",
	 "fetch feeds that are due, and have them judged",
	 "For a timer or cron. With FEED, that one, due or not. A version that "
	 "is held changes nothing and is no error.",
	 {{.kind = KIND_SET, .optional = true}},
	 feed_update_options,
	 cmd_feed_update},
	{"help",
	 "say what fwctl or one of its commands does",
	 NULL,
	 {{.kind = KIND_COMMAND, .optional = true, .many = true}},
	 help_options,
	 cmd_help},
	{"log",
	 "who changed what, newest first",
	 "With --json, one entry a line.",
	 {{0}},
	 log_options,
	 cmd_log},
	{"policy apply",
	 "have a policy document judge packets",
	 "The document is checked whole first, and what it changes is said, as "
	 "by policy diff. All gates go over to it in one "
	 "step each, and no packet is judged by a mixture. With --confirm it "
	 "is on trial: the policy before judges again when it is not confirmed "
	 "in time, also when fwd has died.",
	 {{.kind = KIND_POLICY}},
	 apply_options,
	 cmd_policy_apply},
	{"policy check",
	 "read a policy document and say what is wrong with it",
	 "Needs no daemon. Sets that rules name and the document does not "
	 "declare are looked for when it is applied.",
	 {{.kind = KIND_POLICY}},
	 NULL,
	 cmd_policy_check},
	{"policy confirm",
	 "keep the policy that is on trial",
	 NULL,
	 {{0}},
	 NULL,
	 cmd_policy_confirm},
	{"policy diff",
	 "what a policy would change, and whom it would cut",
	 "Of POLICY, or in its place of revision N, against the policy in "
	 "force: rules, sets and their members, zones, limits, settings, and "
	 "the live flows that it would drop. Without either, of "
	 "/etc/portcullis/firewall.yml. With N and M, of revision M against "
	 "revision N, documents only. Nothing is changed.",
	 {{.kind = KIND_POLICIES, .optional = true, .many = true}},
	 NULL,
	 cmd_policy_diff},
	{"policy export",
	 "write a policy as a script for nft",
	 "Of the document POLICY, which needs no daemon, or of the policy that "
	 "judges. The script goes to stdout, and what nftables cannot say is "
	 "told on stderr. Members that a set takes from files are not in it.",
	 {{.kind = KIND_CHOICE, .choices = "nftables"},
	  {.kind = KIND_POLICY, .optional = true}},
	 NULL,
	 cmd_policy_export},
	{"policy import",
	 "make a policy document of a ruleset of another firewall",
	 "Needs no daemon, and applies nothing: the document goes to stdout. "
	 "FILE is what nft list ruleset, iptables-save or ipset save printed. "
	 "Each line that did not map is told on stderr with the reason. A FILE "
	 "in which no chain or set is found is refused.",
	 {{.kind = KIND_CHOICE, .choices = "nftables|iptables|ipset"},
	  {.kind = KIND_FILE}},
	 foreign_options,
	 cmd_policy_import},
	{"policy log",
	 "the revisions that are kept, newest first",
	 NULL,
	 {{0}},
	 NULL,
	 cmd_policy_log},
	{"policy rollback",
	 "go back to an earlier policy",
	 "Without N, end the trial that is under way. With N, the document of "
	 "that revision is applied again, as a new revision.",
	 {{.kind = KIND_NUMBER, .optional = true}},
	 rollback_options,
	 cmd_policy_rollback},
	{"policy schema",
	 "print a JSON schema of the document, for editors",
	 "Needs no daemon. An editor that knows it offers keys and marks what "
	 "is wrong; it is installed as firewall.schema.json, too.",
	 {{0}},
	 NULL,
	 cmd_policy_schema},
	{"policy show",
	 "print the document of a revision",
	 "Without N, of the one that judges.",
	 {{.kind = KIND_NUMBER, .optional = true}},
	 NULL,
	 cmd_policy_show},
	{"restore",
	 "bring back sets, members and policy of a backup",
	 "The backup is checked whole before anything is changed. Without a "
	 "policy in it, the one that is there stays.",
	 {{.kind = KIND_FILE}},
	 NULL,
	 cmd_restore},
	{"set add",
	 "put members into a set",
	 "Like block, for any set and whatever its action.",
	 {{.kind = KIND_SET}, ADDRS},
	 add_options,
	 cmd_set_add},
	{"set del",
	 "take members out of a set",
	 NULL,
	 {{.kind = KIND_SET}, ADDRS},
	 NULL,
	 cmd_set_del},
	{"set drop",
	 "do away with a set and its members",
	 NULL,
	 {{.kind = KIND_SET}},
	 NULL,
	 cmd_set_drop},
	{"set export",
	 "write the members of a set as a plain list",
	 "One entry a line, to stdout or FILE; set import reads it back. With "
	 "--json, one member a line, with its evidence.",
	 {{.kind = KIND_SET}, {.kind = KIND_FILE, .optional = true}},
	 NULL,
	 cmd_set_export},
	{"set import",
	 "read a plain list into a set",
	 "One address, ADDRESS/LENGTH, ADDRESS/MASK or FIRST-LAST a line; "
	 "'#' and ';' start a comment; - reads stdin. At most 512 MiB. A set "
	 "that is not there is made.",
	 {{.kind = KIND_SET}, {.kind = KIND_FILE}},
	 import_options,
	 cmd_set_import},
	{"set list",
	 "the sets, with what they hold and have counted",
	 NULL,
	 {{0}},
	 NULL,
	 cmd_set_list},
	{"set new",
	 "make a set, or change what it does and holds",
	 NULL,
	 {{.kind = KIND_SET}},
	 new_options,
	 cmd_set_new},
	{"set show",
	 "the members of a set, with their evidence",
	 "With --json, one member a line.",
	 {{.kind = KIND_SET}},
	 show_options,
	 cmd_set_show},
	{"status",
	 "what is attached, loaded and wrong",
	 NULL,
	 {{0}},
	 NULL,
	 cmd_status},
	{"unblock",
	 "take addresses out of the set block",
	 "Exactly what was put in is taken out: an address inside a blocked "
	 "network stays blocked; why tells.",
	 {ADDRS},
	 unblock_options,
	 cmd_unblock},
	{"version",
	 "the versions of fwctl and of the running fwd",
	 "Needs no daemon.",
	 {{0}},
	 NULL,
	 cmd_version},
	{"watch",
	 "print dropped packets as they are sampled",
	 "Until interrupted, or after N events. With --json, one a line.",
	 {{0}},
	 watch_options,
	 cmd_watch},
	{"why",
	 "what happens to an address, and who said so",
	 "The sets and the live table are both asked, and must agree.",
	 {{.kind = KIND_ADDR}},
	 NULL,
	 cmd_why},
};

const size_t command_count = ARRAY_LEN(command_table);
