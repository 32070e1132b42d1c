#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# test_crowdsec.sh BUILD_DIR - decisions of a local API of CrowdSec are enforced,
# and stay so while it is away, odd or broken.
here=$(dirname "$0")
# shellcheck source=tests/support/netns.sh
. "$here/../support/netns.sh" "${1:?usage: test_crowdsec.sh BUILD_DIR}"
# shellcheck source=tests/support/crowdsec.sh
. "$here/../support/crowdsec.sh"
# shellcheck source=tests/support/clock.sh
. "$here/../support/clock.sh" "$1"

api=$work/api
mkdir "$api"
key='key-of-a-gateway'

# api_start [PORT]
api_start() {
	rm -f "$api/port"
	python3 "$top/tests/support/fake_lapi.py" "$api" "$@" 2>"$api/errors" &
	api_pid=$!
	others+=("$api_pid")
	wait_for "the API" test -s "$api/port"
	port=$(cat "$api/port")
}

# decision ID VALUE SPAN [TYPE]
decision() {
	local scope=Ip
	[ "${2#*/}" = "$2" ] || scope=Range
	printf '{"id":%d,"value":"%s","duration":"%s","type":"%s",' \
		"$1" "$2" "$3" "${4:-ban}"
	printf '"scope":"%s","origin":"CAPI","scenario":"crowdsecurity/%s"}' \
		"$scope" ssh-bf
}

# reply DELETED NEW: lists of decisions, with a blank between them; "": null.
reply() {
	local deleted=${1:+[${1// /,}]} fresh=${2:+[${2// /,}]}
	printf '{"deleted":%s,"new":%s}' "${deleted:-null}" "${fresh:-null}"
}

# Renamed, so that no half of it is read.
tell() {
	reply "$2" "$3" >"$api/$1.new"
	mv "$api/$1.new" "$api/$1"
}

told() {
	[ ! -e "$api/changes" ]
}

# change DELETED NEW: told, and taken.
change() {
	tell changes "$1" "$2"
	wait_for "a question" told
	wait_for "changes" has resync false
	polled
}

requests() {
	grep -c "$1" "$api/requests" || true
}

has_requests() {
	[ "$(requests "$1")" -ge "$2" ]
}

# Whatever was being taken has been.
polled() {
	wait_for "a question" has_requests . $(($(requests .) + 1))
}

# goes_wrong MODE WHY: what there is stays, the reason is told, and then all
# is asked for.
goes_wrong() {
	local wholes
	echo "$1" >"$api/mode"
	wait_for "$1" fails_by "$2"
	is "$1: verdict" drop "$(verdict $listed4)"
	wholes=$(requests whole)
	echo good >"$api/mode"
	wait_for "after $1" has failures 0
	[ "$(requests whole)" -gt "$wholes" ] || fail "$1: no whole list after"
	is "$1: members" 3 "$(status members)"
	echo "ok: $1"
}

fails_by() {
	status why | grep -qE -- "$1"
}

fwd_start
api_start
define "$port" $key "alert_after: 4s" "decisions_max: 20" "bytes_max: 100000"
does crowdsec status
said 'nothing was heard'
tell whole "" "$(decision 1 $listed4 1h) $(decision 2 $listed4 4h1.5s) $(
	decision 3 2001:db8:bad::/48 2h) $(decision 4 203.0.113.128/25 3h) $(
	decision 5 192.0.2.7 1h captcha) $(decision 6 192.0.0.0/8 1h) $(
	decision 7 $own4 1h) $(decision 8 198.51.100.0/24 1h) $(
	decision 9 192.0.2.9 -1s)"
now=$(date +%s)
run_start
wait_for "decisions" has members 3
is "listed" drop "$(verdict $listed4)"
is "listed" drop "$(verdict $listed6)"
is "listed" drop "$(verdict 203.0.113.200)"
is "of another type" pass "$(verdict 192.0.2.7)"
is "protected" pass "$(verdict $own4)"
is "too wide" pass "$(verdict 192.0.2.1)"
is "decisions" 6 "$(status decisions)"
is "others, too wide, protected" "1 1 2" \
	"$(status others) $(status too_wide) $(status guarded)"
is "origin" crowdsec "$(claim origin $listed4)"
is "id" 2 "$(claim line $listed4)"
is "reason" "crowdsecurity/ssh-bf (CAPI)" "$(claim reason $listed4)"
ends=$(claim expires $listed4)
[[ $ends -ge $((now + 14401)) && $ends -le $((now + 14461)) ]] ||
	fail "it ends at $ends, it was $now"
refuses 'another one runs' crowdsec run
refuses 'another one runs' crowdsec run --once

# Only the first question is for all; empty ones change nothing.
polled
is "whole questions" 1 "$(requests whole)"
is "taken" 1 "$(grep -c 'all decisions' "$work/run")"

# Several decisions for one address; the same deletion again.
change "$(decision 2 $listed4 -1s)" ""
is "the other decision holds" "drop 1" \
	"$(verdict $listed4) $(claim line $listed4)"
[ "$(claim expires $listed4)" -lt $((now + 3700)) ] ||
	fail "the end is still that of the decision that is deleted"
change "$(decision 2 $listed4 -1s) $(decision 1 $listed4 -1s)" ""
is "none holds" pass "$(verdict $listed4)"
change "$(decision 1 $listed4 -1s) $(decision 2 $listed4 -1s)" \
	"$(decision 10 $listed4 4h)"
is "a new one holds" "drop 10" "$(verdict $listed4) $(claim line $listed4)"
tell whole "" "$(decision 10 $listed4 4h) $(decision 3 2001:db8:bad::/48 2h) $(
	decision 4 203.0.113.128/25 3h)"

# What somebody else put there is not ours to take out.
does set add crowdsec 192.0.2.77
wholes=$(requests whole)
does crowdsec resync
wait_for "all again" has_requests whole $((wholes + 1))
polled
is "a member of others" drop "$(verdict 192.0.2.77)"
does set del crowdsec 192.0.2.77
is "whole lists" 2 "$(requests whole)"
tail -n 1 "$work/run" | grep -q ' 0 added, .* 0 removed' ||
	fail "a whole list that is the same: $(tail -n 1 "$work/run")"

goes_wrong forbidden 'HTTP 403'
goes_wrong short 'cut short'
goes_wrong redirect 'redirects, which is not allowed'
is "followed" 0 "$(requests elsewhere)"
goes_wrong huge 'longer than 100000'

# More than there may be.
held=$(cat "$api/whole")
# shellcheck disable=SC2046 # a list
tell whole "" "$(for i in {30..60}; do decision "$i" "192.0.2.$i" 1h; echo; done |
	xargs -d '\n' echo)"
does crowdsec resync
wait_for "too many" fails_by 'more than 20 decisions'
is "members after too many" 3 "$(status members)"
echo "$held" >"$api/whole"
wait_for "after too many" has failures 0
is "members after that" 3 "$(status members)"

# A whole list that is another: what is in both never passes.
tell whole "" "$(decision 11 $listed4 5h) $(decision 12 192.0.2.12 1h)"
while sleep 0.02; do
	verdict $listed4
done >"$work/verdicts" &
watcher=$!
others+=("$watcher")
does crowdsec resync
wait_for "another list" is_verdict drop 192.0.2.12
wait_for "what is not in it" is_verdict pass 203.0.113.200
is "another decision" 11 "$(claim line $listed4)"
end "$watcher"
is "it was dropped all the time" drop "$(sort -u "$work/verdicts")"

# The API is away: nothing goes, and an alert says so, until it is back.
end "$api_pid"
wait_for "alert" has_alert 'crowdsec: no decisions since .* stay'
is "members without the API" 2 "$(status members)"
is "verdict without the API" drop "$(verdict $listed4)"

# So it is after a start, with no API.
fwd_stop
fwd_start "$shifted_fwd"
is "after a start" "drop 11" "$(verdict $listed4) $(claim line $listed4)"
api_start "$port"
wait_for "the API again" has members 2
wait_for "no failure" has failures 0
wait_for "no alert" has_no_alert

# A clock that is set ahead: a ban of five hours has five to go.
ends_after() {
	[ "$(claim expires $listed4)" -gt "$1" ]
}
set_clock 7200
wait_for "ends by the clock that was set" \
	ends_after $(($(date +%s) + 7200 + 4 * 3600))
set_clock 0

# In a set that does nothing by itself, for a rule may drop what is in it.
run_stop
does set new told --kind dynamic --action none
tell whole "" "$(decision 11 $listed4 5h) $(decision 21 $own4 1h) $(
	decision 22 203.0.113.9 1h)"
define "$port" $key "set: told"
run_start
wait_for "decisions for another set" has decisions 3
is "protected, in a set of no action" "2 1" \
	"$(status members) $(status guarded)"

run_stop

# One question, as cron asks it: for all, and the exit status says how it went.
tell whole "" "$(decision 22 203.0.113.9 1h) $(decision 23 203.0.113.10 1h) $(
	decision 24 203.0.113.11 1h)"
asked=$(requests .)
wholes=$(requests whole)
for i in 1 2; do
	does crowdsec run --once
	said 'all decisions'
	is "questions" "$i $i" \
		"$(($(requests .) - asked)) $(($(requests whole) - wholes))"
	is "members by one question" 3 "$(status members)"
done
echo forbidden >"$api/mode"
refuses 'HTTP 403' crowdsec run --once
fails_by 'HTTP 403' || fail "the reason is $(status why)"
is "members after one that failed" 3 "$(status members)"
echo good >"$api/mode"
does crowdsec run --once
is "failures after one that went well" 0 "$(status failures)"

! grep -q "$key" "$work/run" "$work/log" || fail "the key is in the log"
is "left of fetches" "" "$(ls "$work/cache")"
is "errors of the API" "" "$(cat "$api/errors")"

# Over http to elsewhere only if that is said to be meant.
echo "url: http://192.0.2.1:8080" >"$PORTCULLIS_CROWDSEC"
refuses 'insecure_http' crowdsec run
fwd_stop
