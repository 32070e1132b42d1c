#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# test_feed_update.sh BUILD_DIR - feeds are fetched from a server, good and bad,
# and what it says is remembered.
here=$(dirname "$0")
# shellcheck source=tests/support/netns.sh
. "$here/../support/netns.sh" "${1:?usage: test_feed_update.sh BUILD_DIR}"

id -u nobody >/dev/null 2>&1 || skip "there is no user nobody"
export PORTCULLIS_FEEDS=$work/feeds PORTCULLIS_FETCHER=$work/fetcher
mkdir "$PORTCULLIS_FEEDS" "$work/server"
cat >"$PORTCULLIS_FETCHER" <<-END
	#!/bin/sh
	exec $1/images/fetch-feed/fetch_feed_bare "\$@" --user nobody
END
chmod +x "$PORTCULLIS_FETCHER"

has_ports() {
	[ -s "$work/server/ports" ]
}

python3 "$top/tests/support/feed_server.py" "$work/server" \
	>/dev/null 2>"$work/server/errors" &
others+=($!)
wait_for "the server" has_ports
read -r port _ <"$work/server/ports"

# define PATH [FORMAT]: the feed tried, from there.
define() {
	cat >"$PORTCULLIS_FEEDS/tried.yml" <<-END
		name: tried
		title: Test
		url: http://localhost:$port/$1
		format: ${2:-plain}
		class: reputation
		action: drop
		licence: none
		commercial: "yes"
		interval: 1h
		insecure_http: true
	END
	does feed add tried
}

# updates OUTCOME WHY: what became of it.
updates() {
	does --json feed update tried
	is "outcome" "$1" "$(jq -r '.feeds[0].outcome' "$work/said")"
	jq -r '.feeds[0].why' "$work/said" | grep -qE -- "$2" ||
		fail "expected \"$2\" in: $(cat "$work/said")"
}

feed() {
	ask ".feeds[] | .$1" feed list
}

requests() {
	wc -l <"$work/server/requests"
}

chmod 755 "$work"
fwd_start
define plain
updates accepted '^$'
# 256, less our own address and the next hop
is "members" 254 "$(feed members)"
updates unchanged '^$'
grep -q 'if-none-match' "$work/server/requests" || fail "no ETag was asked"

# Due is what was not asked for within its interval.
before=$(requests)
does feed update
is "nothing is due" "$before" "$(requests)"

# A bad answer leaves what is in force, and is told.
for bad in "broken 500" "page web page" "short ." "later 429|later|again" \
	"empty no entries|empty"; do
	define "${bad%% *}"
	does --json feed update tried
	is "$bad: members" 254 "$(feed members)"
	is "$bad: version" 1 "$(feed version)"
	feed why | grep -qE -- "${bad#* }" ||
		fail "$bad: the reason is \"$(feed why)\""
done
is "a server that asks for time gets it" true "$(feed '"due" as $d | .due' |
	jq --argjson now "$(date +%s)" '. > $now')"

# Held or refused, it is fetched again, and not said to be unchanged; and what
# was said of another list is not asked of this one.
define plain
updates accepted '^$'
updates unchanged '^$'
does feed update tried --force
is "members in the end" 254 "$(feed members)"
is "nothing is left of fetches" "" "$(find /tmp -maxdepth 1 -name \
	'fwctl-feed.*' -newer "$work/server/ports")"

# Of several documents: the fetcher goes through them all.
define objects taxii
updates held '^$'
is "why it is held" shrink "$(jq -r '.feeds[0].findings[0].guard' "$work/said")"
does feed accept tried
is "members of a collection" 6 "$(feed members)"
define manifest.json misp-manifest
updates accepted '^$'
is "entries of three events" 3 "$(jq -r ".feeds[0].entries" "$work/said")"
updates unchanged '^$'

# One at a time.
exec 9<"$work"
flock -n 9
refuses 'another update is under way' feed update
fwd_stop
