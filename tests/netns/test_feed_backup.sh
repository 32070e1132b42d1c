#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# test_feed_backup.sh BUILD_DIR - feeds in a backup, and back on a bare machine;
# and the flows that a version would cut.
here=$(dirname "$0")
# shellcheck source=tests/support/netns.sh
. "$here/../support/netns.sh" "${1:?usage: test_feed_backup.sh BUILD_DIR}"

export PORTCULLIS_FEEDS=$work/feeds
mkdir "$PORTCULLIS_FEEDS"

# define NAME: a definition.
define() {
	cat >"$PORTCULLIS_FEEDS/$1.yml" <<-END
		name: $1
		title: Test
		url: https://feeds.example/$1
		format: plain
		class: reputation
		action: drop
		licence: none
		commercial: "yes"
		interval: 1h
		grace: 1s
	END
}

# hosts FIRST LAST [LINE...]
hosts() {
	local i
	for ((i = $1; i <= $2; i++)); do
		echo "45.83.$((i / 256)).$((i % 256))"
	done >"$work/list"
	printf '%s\n' "${@:3}" >>"$work/list"
}

# brings OUTCOME [FEED]
brings() {
	does --json feed import "${2:-tried}" "$work/list"
	is "outcome of the version" "$1" "$(jq -r .outcome "$work/said")"
}

feed() {
	ask ".feeds[] | select(.name == \"${2:-tried}\") | .$1" feed list
}

listed() {
	ask .verdict why "$1"
}

define tried
define other
fwd_start
does attach wan0
does backup "$work/none"
grep -qx 'portcullis-backup 1' "$work/none" || fail "a backup without feeds"
does feed add tried --enforce
does feed add other
hosts 1 300
brings accepted
hosts 1 290 45.90.0.0/24
brings accepted
does feed except 45.90.0.77 --feed tried
does feed hold other
hosts 1 20
brings held
# no member waits for its end, which may come between two backups
nobody_leaves() {
	[ -z "$("$fwctl" --json set show tried |
		jq '.. | .expires? // 0 | select(. > 0)')" ]
}
wait_for "who leaves" nobody_leaves
does backup "$work/with"
grep -qx 'portcullis-backup 3' "$work/with" || fail "a backup with feeds"
refuses 'not a backup' restore <(sed 's/^feed tried/feed untried/' "$work/with")
sed 's/^definition action: drop/definition action: shadow/' "$work/with" \
	>"$work/bad"
seal "$work/bad"
refuses 'definition is not as long' restore "$work/bad"
is "what was refused changed nothing" 2 "$(feed version)"

# On a bare machine.
fwd_stop
rm -rf "$work/state"
fwd_start
is "no feed" 0 "$(ask '.feeds | length' feed list)"
does restore "$work/with"
said '^feeds: 2, '
is "version" 2 "$(feed version)"
is "in force" "drop none drop drop" \
	"$(listed 45.83.0.7) $(listed 45.90.0.77) $(listed 45.90.0.78) $(
		listed 45.83.1.34)"
is "what waits is not in it" 0 "$(feed waiting)"
is "due" true "$(feed due | jq --argjson now "$(date +%s)" '. <= $now')"
is "the other" "true shadow" "$(feed stopped other) $(feed action other)"
is "the server is asked for all of it" "" "$(ask .etag feed show tried)"
does backup "$work/again"
cmp -s <(grep -v '^end' "$work/with") <(grep -v '^end' "$work/again") ||
	fail "another backup: $(diff "$work/with" "$work/again" | head -n 20)"

# An exception works without the bytes of the version, and the next version is
# held against what the backup had.
does feed except 45.90.0.99 --feed tried
is "excepted" "none none drop" \
	"$(listed 45.90.0.77) $(listed 45.90.0.99) $(listed 45.90.0.98)"
refuses 'no version before' feed rollback tried
hosts 1 20
brings held
is "a number that was not given" 4 "$(feed waiting)"
hosts 1 280 45.90.0.0/24
brings accepted
is "what it changed" "0 10" \
	"$(jq -r '"\(.new) \(.gone)"' "$work/said")"
is "the exceptions still hold" "none none drop" \
	"$(listed 45.90.0.77) $(listed 45.90.0.99) $(listed 45.90.0.98)"
is "files" 5 "$(ls "$work/state/feeds/tried")"

# What leaves has a second. After a kill the rest is all there.
has_left() {
	[ "$(feed members)" = 292 ]
}
wait_for "the end of what leaves" has_left
state=$(ask '.feeds[] | del(.busy)' feed list)
does backup "$work/again"
fwd_kill
fwd_start
is "after a restart" "$state" "$(ask '.feeds[] | del(.busy)' feed list)"

# Feeds that the backup does not have go, with their files.
does restore "$work/none"
is "no feed is left" 0 "$(ask '.feeds | length' feed list)"
is "nor a file of one" "" "$(ls "$work/state/feeds")"
is "nothing is listed" pass "$(listed 45.83.0.7)"
does restore "$work/again"
is "and they come again" "5 none" "$(feed version) $(listed 45.90.0.99)"
echo "ok: backup and restore"

# A flow that lives, and what would end it.
cat >"$work/firewall.yml" <<-END
	version: 1
	rules:
	  - {id: known, action: pass, state: established}
	  - {id: out, action: pass, out: any}
	  - {id: in, action: pass, in: any}
END
does --json feed import tried "$work/list" --dry-run
is "flows without a policy" null "$(jq .flows "$work/said")"
does policy apply "$work/firewall.yml"
in_background "$internet" python3 -c '
import socket
s = socket.create_server(("198.51.100.9", 7022))
c, _ = s.accept()
c.sendall(b"hello")
c.recv(9)
c.recv(9)'
cat >"$work/client.py" <<-'END'
	import socket, time
	while True:
	    try:
	        s = socket.create_connection(("198.51.100.9", 7022))
	        break
	    except ConnectionRefusedError:
	        time.sleep(0.1)
	s.recv(5)
	s.sendall(b"x")
	open("/dev/stdout", "w").write("up\n")
	time.sleep(600)
END
in_background "$gateway" python3 "$work/client.py" >"$work/client"
is_up() {
	grep -q up "$work/client"
}
wait_for "a connection" is_up
before=$(feed version)
hosts 1 280 198.51.100.9 198.51.100.1
does feed import tried "$work/list" --dry-run
said '^would be accepted'
said '^  protected: 1 left out'
said '^live flows cut: 1 of 1$'
said '^  tcp 198.51.100.1:[0-9]+ > 198.51.100.9:7022 by set tried'
does --json feed import tried "$work/list" --dry-run
is "in JSON" "1 1 1" "$(jq -r '"\(.flows.cut) \(.flows.seen) \(.protected.own)"' \
	"$work/said")"
is "a dry run changes nothing" "$before" "$(feed version)"
does feed shadow tried
does feed import tried "$work/list" --dry-run
said '^live flows cut: 0 of 1$'
does feed enforce tried
hosts 1 20 198.51.100.9
brings held
does feed diff tried
said '^live flows cut: 1 of 1$'
fwd_stop
