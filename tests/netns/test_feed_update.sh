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

# define PATH [FORMAT [SPAN]]: the feed tried, from there, asked so often at most.
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
		min_interval: ${3:-1s}
	END
	does feed add tried
}

may_be_asked() {
	[ "$(feed soonest)" -le "$(date +%s)" ]
}

# updates OUTCOME WHY: what became of it.
updates() {
	wait_for "the least interval" may_be_asked
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

# Nor is anybody asked sooner than a provider lets it, but by force.
define plain plain 1h
refuses 'feed tried: its provider may be asked again in (1h|59m[0-9]+s) ' \
	feed update tried
refuses 'may be asked again' feed update tried --dry-run
is "nobody was asked" "$before" "$(requests)"
does feed update tried --force
is "one was asked" $((before + 1)) "$(requests)"
does feed update
is "once" $((before + 1)) "$(requests)"
define plain

# A bad answer leaves what is in force, and is told.
for bad in "broken 500" "page web page" "short cut short" \
	"empty no entries|empty" "to-http redirect" "much-later 503|later|again"; do
	define "${bad%% *}"
	status=0
	"$fwctl" --json feed update tried >"$work/said" 2>&1 || status=$?
	is "$bad: status" "$(jq '.feeds[0].outcome | if . == "held" then 0
		else 1 end' "$work/said")" "$status"
	is "$bad: members" 254 "$(feed members)"
	is "$bad: version" 2 "$(feed version)"
	feed why | grep -qE -- "${bad#* }" ||
		fail "$bad: the reason is \"$(feed why)\""
done
# without it half an interval, which is half an hour
due=$(($(feed due) - $(date +%s)))
[ $due -gt 7200 ] || fail "a server that asks for time is asked in $due s"
refuses 'may be asked again in (1d|23h59m)' feed update tried

# Held or refused, it is fetched again, and not said to be unchanged; and what
# was said of another list is not asked of this one.
define plain
updates accepted '^$'
updates unchanged '^$'
does feed update tried --force
is "members in the end" 254 "$(feed members)"

# What is protected or excepted may change while a list does not.
ip -n "$gateway" addr add 198.51.100.77/32 dev wan0
is_own() {
	[ "$(ask '.protected // ""' why 198.51.100.77)" != "" ]
}
wait_for "another address of our own" is_own
is "members with one that is ours by now" 254 "$(feed members)"
has_members() {
	[ "$(feed members)" = "$1" ]
}
updates unchanged '^$'
wait_for "the end of one that is ours" has_members 253
does feed except 198.51.100.78 --feed tried --for 2s
is "members but one that is excepted" 252 "$(feed members)"
has_no_exception() {
	[ "$(ask '.sets[] | select(.name == "tried-except").members' \
		set list)" = 0 ]
}
wait_for "the end of the exception" has_no_exception
ip -n "$gateway" addr del 198.51.100.77/32 dev wan0
is_foreign() {
	! is_own
}
wait_for "the end of our address" is_foreign
updates unchanged '^$'
wait_for "all of it again" has_members 254

# An ETag that is too long to be kept does not keep the list out.
define long-etag
updates accepted '^$'
is "what is remembered of a long ETag" "" "$(ask .etag feed show tried)"
define plain
updates accepted '^$'
updates unchanged '^$'

# A fetcher that is not ours any more: what it says goes to no terminal as it
# is, and may be as long as it likes.
own_fetcher=$PORTCULLIS_FETCHER
export PORTCULLIS_FETCHER=$work/strange
cat >"$PORTCULLIS_FETCHER" <<-'END'
	#!/bin/sh
	printf '{"ok": false, "outcome": "failed", "error": "a\\u001b[2Jb"}\n'
END
chmod +x "$PORTCULLIS_FETCHER"
refuses 'failed: a.*b' feed update tried --force
! grep -q $'\033' "$work/said" || fail "an escape gets to the terminal"
printf '#!/bin/sh\nexec yes "[\\"no end\\","\n' >"$PORTCULLIS_FETCHER"
refuses 'ended without an answer' feed update tried --force
export PORTCULLIS_FETCHER=$own_fetcher
updates unchanged '^$'

# A dry run tells nobody.
wait_for "the least interval" may_be_asked
does feed update tried --dry-run
said 'unchanged'
define broken
state=$(ask '.feeds[0]' feed list)
refuses '500' feed update tried --dry-run
is "after a dry run" "$state" "$(ask '.feeds[0]' feed list)"

# Who is killed on the way leaves nothing behind, and changes nothing.
# hold: fetches what does not come until it may; its pid is left in $held.
hold() {
	define hold
	wait_for "the least interval" may_be_asked
	rm -f "$work/server/go-on"
	"$fwctl" --json feed update tried >"$work/held" 2>&1 &
	held=$!
	others+=("$held")
	wait_for "the fetch" fetches
}
fetches() {
	pgrep -P "$held" >/dev/null &&
		tail -n 1 "$work/server/requests" | grep -q '/hold"'
}
ends_of() {
	wait "$held" || :
}
left_over() {
	find /tmp -maxdepth 1 -name 'fwctl-feed.*' -newer "$work/server/ports"
}
version=$(feed version)
hold
kill -KILL "$held"
ends_of
is "version after a kill of fwctl" "$version" "$(feed version)"
touch "$work/server/go-on"
define plain
updates accepted '^$'
is "nothing is left of who was killed" "" "$(left_over)"

version=$(feed version)
hold
kill -KILL "$(pgrep -P "$held")"
ends_of
grep -q 'ended without an answer' "$work/held" ||
	fail "a fetcher that was killed: $(cat "$work/held")"
is "after a kill of the fetcher" "$version fetch-feed ended without an answer" \
	"$(feed version) $(feed why)"
touch "$work/server/go-on"

# Two at once.
hold
refuses 'another update is under way' feed update tried
printf '198.51.100.%d\n' {60..250} >"$work/list"
does --json feed import tried "$work/list"
is "an import meanwhile" accepted "$(jq -r .outcome "$work/said")"
is "what the server named is of no list of ours" "" \
	"$(ask .etag feed show tried)"
touch "$work/server/go-on"
ends_of
is "the update" "accepted 254" "$(jq -r '.feeds[0].outcome' "$work/held") $(
	feed members)"
hold
does feed drop tried
touch "$work/server/go-on"
ends_of
grep -q 'no feed is called' "$work/held" ||
	fail "a feed dropped on the way: $(cat "$work/held")"
is "no file is left of it" "" "$(ls "$work/state/feeds")"

# Imports at once: each is whole, or told to wait.
define plain
does feed enforce tried
imports=()
for i in 1 2 3 4; do
	seq 1 5000 | awk -v i="$i" '{
		printf "45.%d.%d.%d\n", 80 + i, $1 / 256, $1 % 256 }' \
		>"$work/list$i"
	"$fwctl" feed import tried "$work/list$i" >"$work/said$i" 2>&1 &
	imports+=($!)
done
for i in 1 2 3 4; do
	wait "${imports[i - 1]}" ||
		grep -q 'is being judged: try again' "$work/said$i" ||
		fail "one of many: $(cat "$work/said$i")"
done
# what leaves has its hour
ask 'select(.expires == 0).prefix' set show tried | sort >"$work/found"
for i in 1 2 3 4; do
	! cmp -s "$work/found" <(sort "$work/list$i") || found=$i
done
is "members of one of them" 5000 "$([ -z "${found:-}" ] ||
	wc -l <"$work/found")"
is "and so says the table" drop "$(verdict "45.$((80 + found)).1.1")"
is "nothing is left of fetches" "" "$(find /tmp -maxdepth 1 -name \
	'fwctl-feed.*' -newer "$work/server/ports")"

# Of several documents: the fetcher goes through them all.
define objects taxii
does feed update tried --dry-run
said 'would be held'
updates held '^$'
is "why it is held" shrink "$(jq -r '.feeds[0].findings[0].guard' "$work/said")"
does feed accept tried
is "members of a collection" 6 "$(feed members)"
define manifest.json misp-manifest
updates accepted '^$'
is "entries of three events" 3 "$(jq -r ".feeds[0].entries" "$work/said")"
updates unchanged '^$'

# An indicator ends when it says, also while nothing new is published.
does feed drop tried
define "ending?until=2040-01-01T00:00:00Z" stix
updates accepted '^$'
is "ends" "0 2208988800 0 0" "$(ask .expires set show tried | xargs)"
until=$(($(date +%s) + 15))
define "ending?until=$(date -ud @$until +%FT%TZ)" stix
updates accepted '^$'
has_ended() {
	[ "$(feed members)" = 3 ]
}
wait_for "the end of an indicator" has_ended
[ "$(date +%s)" -ge $until ] || fail "it ended too early"
is "the one that ended" pass "$(ask .verdict why 192.0.2.61)"
updates unchanged '^$'
does feed update tried --force
is "members after all of it again" 3 "$(feed members)"
does feed except 192.0.2.63 --feed tried
is "members less one that is excepted" 2 "$(feed members)"

# One at a time.
exec 9>"$work/feed-update.lock"
flock -n 9
refuses 'another update is under way' feed update
fwd_stop
