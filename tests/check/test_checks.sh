#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The other checks find what they are for: in a small tree of its own, each
# is quiet before a fault is planted, and names its file and line after.
set -euo pipefail
cd "$(dirname "$0")/../.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
bad=0
declare -A tried

# A tree without a fault, and without git.
plant_tree() {
	rm -rf "$work/tree"
	mkdir -p "$work/tree"/{rules,ctl,daemon/{event,feed,merge,packet},xdp,tests}
	cp -r tests/check tests/support "$work/tree/tests/"
	# C of the support folder includes what this tree does not have
	find "$work/tree/tests/support" -name '*.[ch]' -delete
	cp .clang-format .clang-tidy LICENSE "$work/tree/"
	cat >"$work/tree/rules/a.c" <<'END'
// SPDX-License-Identifier: GPL-2.0-or-later
int answer(int question);
int answer(int question)
{
	int answer = question + 1;

	return answer * 2;
}
END
	cat >"$work/tree/compile_commands.json" <<END
[{"directory": "$work/tree", "file": "rules/a.c",
  "command": "cc -std=gnu17 -c rules/a.c"}]
END
}

# The first line is the licence, so a fault stands in line 2 and after.
source_of() {
	echo '// SPDX-License-Identifier: GPL-2.0-or-later'
	cat
}

runs() {
	bash "$work/tree/tests/check/test_$1.sh" "$work/tree" \
		>"$work/said" 2>&1
}

wrong() {
	echo "$*"
	sed 's/^/	/' "$work/said"
	bad=1
}

# Whether a check can be tried; before its first fault it must be quiet.
try() {
	local r=0
	[ "${tried[$1]-}" = "" ] || return "${tried[$1]}"
	runs "$1" || r=$?
	if [ "$r" = 77 ]; then
		echo "$1: not tried: $(cat "$work/said")"
	elif [ "$r" != 0 ]; then
		wrong "$1 complains about a tree without a fault"
	fi
	tried[$1]=$r
	return "$r"
}

# finds CHECK FILE LINE: plants standard input as FILE, expects FILE:LINE.
finds() {
	plant_tree
	try "$1" || return 0
	cat >"$work/tree/$2"
	if runs "$1"; then
		wrong "$1 does not see the fault in $2"
	elif ! grep -qE "(^|/)$2:$3:" "$work/said"; then
		wrong "$1 does not name $2:$3"
	fi
}

lines() { yes '	x();' | head -n "$1" || true; }

function_of() {
	printf 'void f(void)\n{\n'
	lines $(($1 - 2))
	printf '}\n'
}

finds format rules/b.c 2 < <(source_of <<<'int  x;')
finds tidy rules/a.c 5 < <(source_of <<'END'
int answer(int question);
int answer(int question)
{
	return question / 0;
}
END
)
finds layers rules/b.c 2 < <(source_of <<<'#include "ctl/client.h"')
finds layers ctl/b.c 2 < <(source_of <<<'#include "daemon/merge/ledger.h"')
finds layers ctl/b.c 2 < <(source_of <<<'#include <bpf/bpf.h>')
finds layers daemon/b.c 2 < <(source_of <<<'#include <curl/curl.h>')
finds layers daemon/feed/b.c 2 < <(source_of <<<'#include "xdp/table4.h"')
finds layers daemon/feed/b.c 2 < <(source_of <<<'#include "daemon/packet/a.h"')
finds layers daemon/event/b.c 2 < <(source_of <<<'#include "xdp/abi.h"')
finds layers daemon/merge/b.c 2 < <(source_of <<<'#include "b.h"')
finds layers daemon/merge/b.c 3 < <(source_of <<'END'
/* bpf_map_fd( in a comment is no call */
int fd = bpf_map__fd(map);
END
)
finds layers xdp/b.bpf.c 2 < <(source_of <<<'#include "rules/base.h"')
finds layers rules/b.c 2 < <(source_of <<<'	clock_gettime(0, &ts);')
finds lengths rules/b.c 3 < <(source_of < <(function_of 61))
finds lengths rules/b.c 601 < <(source_of < <(lines 600))
finds lengths rules/b.h 201 < <(source_of < <(lines 200))
finds lengths xdp/stage_b.bpf.h 121 < <(source_of < <(lines 120))
finds spdx rules/b.c 1 <<<'int x;'
finds spdx rules/CMakeLists.txt 1 <<<'fw_library(fw_rules)'
finds spdx tool 1 <<<'#!/bin/sh'
finds spdx LICENSE 1 <<<'All rights reserved.'
finds words rules/b.c 2 < <(source_of <<<'int x; ')
finds words rules/b.c 2 < <(source_of <<<$'int x;\r')
finds words rules/b.c 2 < <(source_of <<<'// TO''DO mend this')
finds words notes.md 1 <<<'see /wor''k/main'
finds words notes.md 1 <<<'as Issu''e 12 says'
finds words notes.md 1 <<<'written in thi''s session'
finds words notes.md 1 <<<'data in ../share''d/data'
# shellcheck disable=SC2016 # the fault is meant to stay as it is
finds shell tool.sh 2 < <(printf '#!/bin/bash\n%s\n' 'cd $1; for f in $(ls); do rm $f; done')
exit $bad
