// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/schema.h"

#include "rules/base.h"

#define STRING(pattern) "{\"type\": \"string\", \"pattern\": \"" pattern "\"}"
#define NUMBER_OR_STRING(max, pattern)                                \
	"{\"anyOf\": [{\"type\": \"integer\", \"minimum\": 0, "       \
	"\"maximum\": " max "}, {\"type\": \"string\", \"pattern\": " \
	"\"" pattern "\"}]}"

const struct schema_form schema_forms[SCHEMA_TYPE_COUNT] = {
	[SCHEMA_VERSION] = {"version", "1", "{\"const\": 1}", SHAPE_ONE},
	[SCHEMA_ZONES] = {"interface",
			  "the name of an interface of at most 15 bytes, or "
			  "its start and \"*\"",
			  STRING("^[^/:*\\\\s\\\"\\\\\\\\]{1,15}\\\\*?$"),
			  SHAPE_NAMED_ITEMS},
	[SCHEMA_PREFIXES] = {"network",
			     "an address, a network like 192.0.2.0/24, or a "
			     "range like 192.0.2.1-192.0.2.9",
			     STRING("^[0-9a-fA-F:./-]+$"), SHAPE_ITEMS},
	[SCHEMA_SETS] = {"set", NULL, NULL, SHAPE_NAMED},
	[SCHEMA_LIMITS] = {"limit", NULL, NULL, SHAPE_NAMED},
	[SCHEMA_GROUP] = {"mapping", NULL, NULL, SHAPE_ONE},
	[SCHEMA_RULES] = {"rule", NULL, NULL, SHAPE_LIST},
	[SCHEMA_WORD] = {"word", NULL, NULL, SHAPE_ONE},
	[SCHEMA_WORDS] = {"word", NULL, NULL, SHAPE_ITEMS},
	[SCHEMA_FLAG] = {"truth value", "true or false",
			 "{\"type\": \"boolean\"}", SHAPE_ONE},
	[SCHEMA_NUMBER] = {"number", NULL, NULL, SHAPE_ONE},
	[SCHEMA_SPAN] = {"span of time", NULL, NULL, SHAPE_ONE},
	[SCHEMA_FILES] = {"file",
			  "an absolute path of at most 4095 bytes, without "
			  "control characters",
			  STRING("^/"), SHAPE_ITEMS},
	[SCHEMA_RATE] = {"rate",
			 "a count or bytes (B, kB, MB, GB, KiB, MiB, GiB) for "
			 "each s, minute, hour or day, at most 10000000000 a "
			 "second, like 100/s, 10/minute or 5 MB/s",
			 STRING("^[1-9][0-9]* ?([kMG]?B|[KMG]iB)?/"
				"(s|second|minute|hour|day)$"),
			 SHAPE_ONE},
	[SCHEMA_BURST] = {"burst", "a number from 1 to 10000000000",
			  "{\"type\": \"integer\", \"minimum\": 1, "
			  "\"maximum\": 10000000000}",
			  SHAPE_ONE},
	[SCHEMA_ID] = {"id",
		       "letters, digits, \"-\", \"_\" and \".\", at most 47, "
		       "starting with a letter or digit",
		       STRING("^[A-Za-z0-9][A-Za-z0-9_.-]{0,46}$"), SHAPE_ONE},
	[SCHEMA_COMMENT] = {"comment",
			    "a line of text of at most 255 bytes, without "
			    "control characters",
			    "{\"type\": \"string\", \"maxLength\": 255}",
			    SHAPE_ONE},
	[SCHEMA_LIMIT] = {"limit",
			  "the name of one of the limits, or a mapping like "
			  "one of them",
			  STRING("^[A-Za-z0-9][A-Za-z0-9_.-]{0,30}$"),
			  SHAPE_ONE},
	[SCHEMA_IN] = {"zone", "any, or the name of a zone",
		       STRING("^[A-Za-z0-9][A-Za-z0-9_.-]{0,30}$"),
		       SHAPE_ITEMS},
	[SCHEMA_OUT] = {"zone", "any, or the name of a zone",
			STRING("^[A-Za-z0-9][A-Za-z0-9_.-]{0,30}$"),
			SHAPE_ITEMS},
	[SCHEMA_INTERFACES] = {"interface",
			       "the name of an interface of at most 15 bytes, "
			       "or its start and \"*\"",
			       STRING("^[^/:*\\\\s\\\"\\\\\\\\]{1,15}\\\\*?$"),
			       SHAPE_ITEMS},
	[SCHEMA_FAMILY] = {"family", "ipv4 or ipv6",
			   "{\"enum\": [\"ipv4\", \"ipv6\"]}", SHAPE_ONE},
	[SCHEMA_ADDRESSES] = {"address",
			      "an address, a network like 192.0.2.0/24, a "
			      "range like 192.0.2.1-192.0.2.9, \"@\" and the "
			      "name of a set, a country like geo:CN, or an "
			      "autonomous system like asn:64496",
			      STRING("^([0-9a-fA-F:./-]+|@[a-z][a-z0-9-]*|"
				     "geo:[A-Z]{2}|asn:[1-9][0-9]{0,9})$"),
			      SHAPE_ITEMS},
	[SCHEMA_PROTOCOLS] = {"protocol",
			      "a number 0-255, a range 1-50 or a name (tcp, "
			      "udp, icmp, icmpv6, esp, ...)",
			      NUMBER_OR_STRING("255", "^[a-z0-9-]+$"),
			      SHAPE_ITEMS},
	[SCHEMA_PORTS] = {"port",
			  "a number 0-65535, a range 1000-2000 or a name "
			  "(http, ssh, ...)",
			  NUMBER_OR_STRING("65535", "^[a-z0-9-]+$"),
			  SHAPE_ITEMS},
	[SCHEMA_TCP_FLAGS] =
		{"set of TCP flags",
		 "flags like \"syn,!ack\" (set, and not set), or which ones "
		 "are set of which, like \"syn/syn,ack,rst\"; there are fin, "
		 "syn, rst, psh, ack, urg, ece, cwr, none and all",
		 STRING("^[a-z!,/]+$"), SHAPE_ITEMS},
	[SCHEMA_ICMP] = {"ICMP type",
			 "a name (echo-request, destination-unreachable, ...), "
			 "a type 0-255, a code of it like 3/4, or codes 3/0-3",
			 NUMBER_OR_STRING("255", "^[a-z0-9/-]+$"), SHAPE_ITEMS},
	[SCHEMA_ICMPV6] = {"ICMPv6 type",
			   "a name (echo-request, packet-too-big, ...), a type "
			   "0-255, a code of it like 1/4, or codes 1/0-3",
			   NUMBER_OR_STRING("255", "^[a-z0-9/-]+$"),
			   SHAPE_ITEMS},
	[SCHEMA_LENGTHS] = {"length", "a number 0-65535 or a range 40-100",
			    NUMBER_OR_STRING("65535", "^[0-9]+(-[0-9]+)?$"),
			    SHAPE_ITEMS},
	[SCHEMA_VLANS] = {"VLAN", "a number 0-4095, a range 10-20 or none",
			  NUMBER_OR_STRING("4095", "^([0-9]+(-[0-9]+)?|none)$"),
			  SHAPE_ITEMS},
	[SCHEMA_MACS] = {"MAC address", "an address like 02:00:5e:10:00:01",
			 STRING("^([0-9a-fA-F]{2}:){5}[0-9a-fA-F]{2}$"),
			 SHAPE_ITEMS},
	[SCHEMA_WINDOWS] = {"span of a day", NULL, NULL, SHAPE_ITEMS},
	[SCHEMA_DAYS] = {"day",
			 "mon, tue, wed, thu, fri, sat, sun or a span like "
			 "mon-fri",
			 STRING("^[a-z]{3}(-[a-z]{3})?$"), SHAPE_ITEMS},
	[SCHEMA_MINUTE] = {"time of day", "a time from 00:00 to 24:00",
			   STRING("^[0-2][0-9]:[0-5][0-9]$"), SHAPE_ONE},
	[SCHEMA_SET_NAME] = {"name",
			     "lower-case letters, digits and \"-\", starting "
			     "with a letter",
			     STRING("^[a-z][a-z0-9-]{0,30}$"), SHAPE_ONE},
	[SCHEMA_TEXT] = {"line of text", "text without control characters",
			 "{\"type\": \"string\", \"minLength\": 1}", SHAPE_ONE},
	[SCHEMA_URL] = {"URL",
			"an address like https://example.com/list.txt, without "
			"blanks, a user or a fragment",
			STRING("^https?://[^/@#]+(/[^#]*)?$"), SHAPE_ONE},
	[SCHEMA_PATH] = {"file", "an absolute path, without control characters",
			 STRING("^/"), SHAPE_ONE},
	[SCHEMA_HEADER] = {"header", "the name of a header, like Auth-Key",
			   STRING("^[A-Za-z0-9-]+$"), SHAPE_ONE},
};
