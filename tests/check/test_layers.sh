#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Who may include whom, and who may call what. Arrows point down: a module
# that is not named on the right of its line does not exist for it.
set -euo pipefail
shopt -s inherit_errexit
cd "$(dirname "$0")/../.."
. tests/support/tree.sh

# LAYER: what its files may include, as prefixes. Its own folder is always
# allowed; "daemon/*" is each folder without a line of its own.
allowed='
rules
xdp
ctl		rules/
images		rules/
daemon/packet	rules/ daemon/merge/ xdp/abi.h xdp/table4.h xdp/table6.h \
		xdp/bits.h xdp/flow.h xdp/nets.h xdp/policy.h xdp/trace.h \
		.skel.h
daemon/enforce	rules/ daemon/merge/ daemon/event/ xdp/denied.h xdp/refuse.h \
		.skel.h
daemon/event	rules/ daemon/merge/ xdp/sensor.h .skel.h
daemon/*	rules/ daemon/merge/ xdp/abi.h
daemon		rules/ daemon/merge/ xdp/abi.h xdp/trace.h
'

# These connect the modules, so they see all of them: of the daemon the files
# of its own folder, which are its requests and the order of its start.
knows_all='^(daemon/[^/]+\.[ch]|tests/.*|perf/.*)$'

# FILES, but not FILES, must not contain TEXT, because. Fields end at tabs;
# "\b" is not for every awk, so a word begins after BEGIN's class.
forbidden='
^rules/	^$	^#include <(bpf/|xdp/|sys/socket\.h|event2/|syslog\.h)	rules/ is pure
^rules/	^$	BEGIN(clock_gettime|time|gettimeofday|socket|syslog)\(	rules/ is pure
^ctl/	^$	^#include <(bpf/|xdp/)	only the daemon touches BPF
^(rules|ctl|daemon)/	^$	^#include <curl/	only images/ speaks HTTP
^(rules|ctl|daemon)/	^daemon/(packet|enforce|event)/	BEGINbpf_map_[a-z_]+ *\(	only daemon/packet, enforce and event call bpf_map_*
'

included() {
	c_files | tr '\n' '\0' | xargs -0 -r grep -nHE '^ *# *include *"' || true
}

# Prints each include that the table does not allow.
wrong_includes() {
	included | awk -v allowed="$allowed" -v knows_all="$knows_all" '
	function layer_of(file) {
		if (match(file, /^daemon\/[^\/]+\//))
			return substr(file, 1, RLENGTH - 1)
		return substr(file, 1, index(file, "/") - 1)
	}
	function own(layer, path) {
		if (layer == "daemon")
			return path ~ /^daemon\/[^\/]+\.h$/
		return index(path, layer "/") == 1
	}
	function permitted(layer, path, n, i, list) {
		if (own(layer, path))
			return 1
		n = split(table[layer], list, " ")
		for (i = 1; i <= n; i++) {
			if (list[i] == ".skel.h" && path ~ /^[^\/]+\.skel\.h$/)
				return 1
			if (index(path, list[i]) == 1)
				return 1
		}
		return 0
	}
	BEGIN {
		gsub(/\\\n/, " ", allowed)
		rows = split(allowed, row, "\n")
		for (r = 1; r <= rows; r++) {
			n = split(row[r], field, /[ \t]+/)
			if (!n)
				continue
			table[field[1]] = " "
			for (i = 2; i <= n; i++)
				table[field[1]] = table[field[1]] field[i] " "
		}
	}
	{
		split($0, part, ":")
		file = part[1]
		path = $0
		sub(/^[^"]*"/, "", path)
		sub(/".*/, "", path)
		if (file ~ knows_all)
			next
		layer = layer_of(file)
		if (!(layer in table) && layer ~ /^daemon\//)
			table[layer] = table["daemon/*"]
		if (!(layer in table))
			printf "%s:%s: no layer knows this file\n", file, part[2]
		else if (!permitted(layer, path))
			printf "%s:%s: %s must not include \"%s\"\n", file, \
				part[2], layer, path
	}'
}

# Prints each line whose code, comments left out, holds what is forbidden.
wrong_text() {
	c_files | { grep -E '^(rules|ctl|daemon)/' || true; } |
		tr '\n' '\0' | FORBIDDEN=$forbidden xargs -0 -r awk '
	BEGIN {
		rows = split(ENVIRON["FORBIDDEN"], row, "\n")
		for (r = 1; r <= rows; r++) {
			if (split(row[r], field, "\t") < 4)
				continue
			n++
			where[n] = field[1]
			but[n] = field[2]
			text[n] = field[3]
			sub(/BEGIN/, "(^|[^a-zA-Z0-9_])", text[n])
			why[n] = field[4]
		}
	}
	FNR == 1 {
		inside = 0
		for (i = 1; i <= n; i++)
			due[i] = FILENAME ~ where[i] && FILENAME !~ but[i]
	}
	{
		line = $0
		if (inside) {
			if (!sub(/^.*\*\//, "", line))
				next
			inside = 0
		}
		gsub(/\/\*[^*]*\*\//, "", line)
		sub(/\/\/.*/, "", line)
		if (sub(/\/\*.*/, "", line))
			inside = 1
		for (i = 1; i <= n; i++)
			if (due[i] && line ~ text[i])
				printf "%s:%d: %s\n", FILENAME, FNR, why[i]
	}'
}

wrong=$(
	wrong_includes
	wrong_text
)
[ -z "$wrong" ] || {
	echo "$wrong"
	exit 1
}
