#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# test_feeds.sh BUILD_DIR - a feed from its definition to dropped packets: what
# is believed, what is held, what nobody may list.
here=$(dirname "$0")
# shellcheck source=tests/support/netns.sh
. "$here/../support/netns.sh" "${1:?usage: test_feeds.sh BUILD_DIR}"

export PORTCULLIS_FEEDS=$work/feeds
mkdir "$PORTCULLIS_FEEDS"
printf '9.9.9.9\n' >"$work/resolvers"
echo "resolvers: $work/resolvers" >>"$work/fwd.yml"

# define NAME [LINE...]: a definition, with more keys than it must have.
define() {
	{
		printf 'name: %s\ntitle: Test\n' "$1"
		printf 'url: https://feeds.example/%s\nformat: plain\n' "$1"
		printf 'class: reputation\naction: drop\nlicence: none\n'
		printf 'commercial: "yes"\ninterval: 1h\n'
		printf '%s\n' "${@:2}"
	} >"$PORTCULLIS_FEEDS/$1.yml"
}

# version FIRST LAST [LINE...]: a list of so many numbered addresses, and lines.
version() {
	local i
	for ((i = $1; i <= $2; i++)); do
		echo "45.83.$((i / 256)).$((i % 256))"
	done >"$work/list"
	printf '%s\n' "${@:3}" >>"$work/list"
}

# brings OUTCOME: the list becomes a version, and that of it.
brings() {
	does --json feed import tried "$work/list"
	is "outcome of the version" "$1" "$(jq -r .outcome "$work/said")"
}

feed() {
	ask ".feeds[] | select(.name == \"${2:-tried}\") | .$1" feed list
}

listed() {
	ask .verdict why "$1"
}

define tried 'grace: 1s'
fwd_start
printf '# of today\n192.0.2.1\n192.0.2.2\n' | gzip >"$work/packed"
is "what is unpacked and looked at" plain "$(ask .format feed probe \
	"$work/packed")"
head -c 40 "$work/packed" >"$work/broken"
refuses 'ends|cut|middle' feed probe "$work/broken"
does attach wan0

define tried-except
refuses 'exceptions of a feed' feed add tried-except
does backup "$work/without"
refuses 'no feed is called "tried"' feed import tried /dev/null
refuses 'cannot read' feed add nowhere
does feed add tried
is "a new feed" shadow "$(feed action)"
refuses 'set tried is what feed tried lists' set add tried 192.0.2.1
refuses 'set tried is what feed tried lists' set drop tried
refuses 'set tried is what feed tried lists' set new tried --action allow
printf 'version: 1\nsets: {tried: {members: [192.0.2.1]}}\n' >"$work/p.yml"
refuses 'p.yml:2: set tried is what feed tried lists' policy apply "$work/p.yml"

# What the definition does not drop is made to drop by no decision, and says so.
define quiet
sed -i 's/^action: .*/action: shadow/' "$PORTCULLIS_FEEDS/quiet.yml"
refuses 'quiet: its definition says "action: shadow"' feed add quiet --enforce
does feed add quiet
refuses 'quiet: its definition says "action: shadow"' feed enforce quiet
define quiet
does feed add quiet --enforce
does feed enforce quiet
does feed drop quiet
define good
sed -i 's/^class: .*/class: allow/; s/^action: .*/action: none/' \
	"$PORTCULLIS_FEEDS/good.yml"
does feed add good
refuses 'good is of class allow: it never drops' feed enforce good
does feed drop good

# A first version, and what it may not list.
version 1 1000 9.9.9.9 $own4 10.0.0.0/8 $listed4
brings accepted
is "members without resolver, own and private" 1001 "$(feed members)"
is "in shadow" shadow "$(listed 45.83.0.7)"
is "a resolver" pass "$(listed 9.9.9.9)"
does why 45.83.3.232
said 'feed +0 +1000 .*version 1$'
does feed enforce tried
is "enforced" drop "$(listed 45.83.0.7)"

# What is not believed changes nothing, and an alert says so.
before=$(feed version)
: >"$work/list"
brings held
version 1 400
brings held
version 1 1700
brings held
echo '<html><body>Too many requests</body></html>' >"$work/list"
brings refused
version 1 1000 0.0.0.0/1
brings held
is "files" "$before $(feed waiting)" "$(find "$work/state/feeds/tried" -type f \
	-printf '%f\n' | sort | xargs)"
is "version in force" "$before" "$(feed version)"
is "members" 1001 "$(feed members)"
wait_for "an alert, with its feed" has_alert '^feed tried: .*(held|refused)'
does feed show tried
said 'why +'

# A person lets one in; one is gone back to.
version 1 400
brings held
does --json feed diff tried
is "what it would change" "would be accepted 0 601" \
	"$(jq -r '"\(.outcome) \(.new) \(.gone)"' "$work/said")"
is "members before accept" 1001 "$(feed members)"
does feed accept tried
is "members after accept" 400 "$(feed members)"
does feed rollback tried
is "members after rollback" 1001 "$(feed members)"
refuses 'no version waits' feed accept tried

# What is excepted meanwhile does not break a row of three that agree.
brings held
brings held
does feed except 192.0.2.77 --feed tried
brings accepted
does feed rollback tried
is "members after another rollback" 1001 "$(feed members)"
refuses 'no feed is called "typo"' feed except 192.0.2.77 --feed typo
is "no set is made for it" 0 \
	"$(ask '[.sets[] | select(.name == "typo-except")] | length' set list)"

# A small change comes in by itself; what is the same changes nothing.
version 11 1010
brings accepted
is "added and leaving" "10 11" \
	"$(jq -r '"\(.added) \(.leaving)"' "$work/said")"
has_alert tried && fail "an alert stands"
brings accepted
is "no change" "0 0" "$(jq -r '"\(.added) \(.leaving)"' "$work/said")"

# Without the list of resolvers an alert says so, until it is there again.
mv "$work/resolvers" "$work/resolvers.away"
brings accepted
has_alert 'resolvers cannot be read' || fail "no alert about resolvers"
fwd_stop
fwd_start
has_alert 'resolvers cannot be read' || fail "no alert after a start"
mv "$work/resolvers.away" "$work/resolvers"
brings accepted
has_alert resolvers && fail "an alert stands"

# An exception is cut out of what lists it, and ends.
version 11 1010 45.90.0.0/24
brings accepted
is "a network" drop "$(listed 45.90.0.77)"
does feed except 45.90.0.77 --feed tried --reason "a customer"
is "the exception" none "$(listed 45.90.0.77)"
is "beside it" drop "$(listed 45.90.0.78)"
brings accepted
is "the exception, after a new version" none "$(listed 45.90.0.77)"
does set del tried-except 45.90.0.77
brings accepted
is "no exception any more" drop "$(listed 45.90.0.77)"

# Nor is what is protected listed by a network around it: the resolver, which
# nothing else would allow, and our own address.
version 11 1010 9.9.9.0/24 198.51.100.0/24
brings accepted
is "around a resolver" "pass drop drop" \
	"$(listed 9.9.9.9) $(listed 9.9.9.8) $(listed 9.9.9.10)"
is "around our own" "pass pass drop" \
	"$(listed $own4) $(listed $clean4) $(listed 198.51.100.200)"
brings accepted
is "the same again is no change" "0 0 0 0" \
	"$(jq -r '"\(.new) \(.gone) \(.added) \(.removed)"' "$work/said")"
version 11 1010 45.90.0.0/24
brings accepted

# What is gone stays for a while, where the feed says so.
define tried 'grace: 1h'
does feed add tried
version 11 1000
brings accepted
is "leaving" "0 11" \
	"$(jq -r '"\(.removed) \(.leaving)"' "$work/said")"
is "what left" drop "$(listed 45.90.0.77)"
is "and has an end" true \
	"$(ask '.claims[0].expires > 0' why 45.90.0.77)"

# But not if somebody says meanwhile that it is good.
version 11 1000 45.91.0.0/24 45.92.0.0/24
brings accepted
does set add tried-except 45.91.0.7
version 11 1000
brings accepted
is "excepted, and it would have stayed" "none drop" \
	"$(listed 45.91.0.7) $(listed 45.92.0.7)"
does set del tried-except 45.91.0.7

# A dry run changes nothing.
before=$(feed version)
version 11 1200
does --json feed import tried "$work/list" --dry-run
is "dry run" "would be accepted" "$(jq -r .outcome "$work/said")"
is "version" "$before" "$(feed version)"

# nobody_leaves: no member is about to; others have an hour.
nobody_leaves() {
	[ -z "$("$fwctl" --json set show tried |
		jq '.. | .expires? // 0 | select(. > 0 and . < now + 600)')" ]
}

# All of it is there again after a kill.
wait_for "who leaves" nobody_leaves
state=$(ask '.feeds[] | del(.busy)' feed list)
fwd_kill
fwd_start
is "after a restart" "$state" "$(ask '.feeds[] | del(.busy)' feed list)"
is "and listed" drop "$(listed 45.83.0.77)"

# What it lists was judged for what it is.
sed -i 's/^class: .*/class: allow/; s/^action: .*/action: none/' \
	"$PORTCULLIS_FEEDS/tried.yml"
refuses 'judged as of class reputation' feed add tried
define tried 'grace: 1h'

# A restore that knows nothing of the feed takes it away.
does restore "$work/without"
refuses 'no feed is called "tried"' feed import tried "$work/list"
is "no file is left after a restore" "" "$(ls "$work/state/feeds")"
does feed add tried --enforce
version 1 1000
brings accepted

does feed hits
does feed hold tried
is "stopped" true "$(feed stopped)"
does feed drop tried
is "no feed" 0 "$(ask '.feeds | length' feed list)"
is "nothing is listed" pass "$(listed 45.83.0.77)"
is "no file is left" "" "$(ls "$work/state/feeds")"

# What fails for no fault of the list is told, and waits for its next time.
define tried 'expected: {min: 1, max: 5000000}'
does feed add tried
is "room for what is expected" 10000000 \
	"$(ask '.sets[] | select(.name == "tried") | .capacity' set list)"
rmdir "$work/state/feeds"
touch "$work/state/feeds"
refuses 'feed tried: ' feed import tried "$work/list"
is "failures" 1 "$(feed failures)"
is "when it is due" true "$(feed '"due" as $d | .due' |
	jq --argjson now "$(date +%s)" '. > $now')"
feed why | grep -q 'could not be let in' || fail "the reason: $(feed why)"
wait_for "an alert of it" has_alert 'could not be let in'
rm "$work/state/feeds"
brings accepted
is "failures after a version" 0 "$(feed failures)"
fwd_stop
