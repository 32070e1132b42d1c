#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# test_crowdsec_real.sh BUILD_DIR - the local API of Debian's CrowdSec, on
# loopback: its decisions are enforced, and end as it says.
here=$(dirname "$0")
# shellcheck source=tests/support/netns.sh
. "$here/../support/netns.sh" "${1:?usage: test_crowdsec_real.sh BUILD_DIR}"
# shellcheck source=tests/support/crowdsec.sh
. "$here/../support/crowdsec.sh"

root=$(bash "$top/tests/support/fetch_crowdsec.sh") || skip "there is no CrowdSec"
api=$work/api
port=

# is_reason REASON ADDRESS
is_reason() {
	[ "$(claim reason "$2")" = "$1" ]
}

# A port nobody listens on; the API cannot choose one.
free_port() {
	python3 -c 'import socket
s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

write_api() {
	mkdir -p "$api/data" "$api/hub" "$api/notifications" "$api/plugins"
	echo 'simulation: false' >"$api/simulation.yaml"
	echo '{}' >"$api/hub/.index.json"
	cat >"$api/profiles.yaml" <<-END
		name: none
		filters:
		  - "false"
		on_success: break
	END
	cat >"$api/config.yaml" <<-END
		common: {daemonize: false, log_media: stdout, log_level: info, working_dir: .}
		config_paths:
		  config_dir: $api
		  data_dir: $api/data
		  simulation_path: $api/simulation.yaml
		  hub_dir: $api/hub
		  index_path: $api/hub/.index.json
		  notification_dir: $api/notifications
		  plugin_dir: $api/plugins
		cscli: {output: raw}
		db_config: {type: sqlite, db_path: $api/data/crowdsec.db, use_wal: false}
		api:
		  client: {insecure_skip_verify: false, credentials_path: $api/credentials.yaml}
		  server:
		    listen_uri: 127.0.0.1:$port
		    profiles_path: $api/profiles.yaml
		prometheus: {enabled: false}
	END
}

cscli() {
	"$root/usr/bin/cscli" -c "$api/config.yaml" "$@" 2>>"$work/cscli" ||
		fail "cscli $*: $(tail -n 5 "$work/cscli")"
}

answers() {
	(exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null
}

api_start() {
	"$root/usr/bin/crowdsec" -c "$api/config.yaml" -no-cs \
		>>"$work/crowdsec" 2>&1 &
	api_pid=$!
	others+=("$api_pid")
	wait_for "CrowdSec" answers
}

port=$(free_port)
write_api
cscli machines add gateway --password none-of-it --force \
	--file "$api/credentials.yaml" -u "http://127.0.0.1:$port" >/dev/null
api_start
fwd_start
define "$port" "$(cscli bouncers add gateway -o raw)" "alert_after: 3s"
now=$(date +%s)
cscli decisions add --ip $listed4 --duration 4h --reason by-hand >/dev/null
cscli decisions add --range 203.0.113.128/25 --duration 1h >/dev/null
cscli decisions add --ip 192.0.2.7 --duration 1h --type captcha >/dev/null
cscli decisions add --range 198.51.100.0/24 --duration 1h >/dev/null

run_start
wait_for "its decisions" has members 2
is "an address" drop "$(verdict $listed4)"
is "a range" drop "$(verdict 203.0.113.200)"
is "what is ours" pass "$(verdict $own4)"
is "captchas" 1 "$(status others)"
is "protected" 1 "$(status guarded)"
is "origin" crowdsec "$(claim origin $listed4)"
is "reason" "by-hand (cscli)" "$(claim reason $listed4)"
ends=$(claim expires $listed4)
[[ $ends -ge $((now + 14390)) && $ends -le $(($(date +%s) + 14410)) ]] ||
	fail "it ends at $ends, it was $now"

# What changes comes by itself; of several decisions the one that is left holds.
cscli decisions add --ip $listed4 --duration 1h --reason shorter >/dev/null
long=$(claim line $listed4)
cscli decisions delete --id "$long" >/dev/null
wait_for "the other decision" is_reason "shorter (cscli)" $listed4
is "it is still dropped" drop "$(verdict $listed4)"
cscli decisions add --ip $listed6 --duration 1h --reason by-hand >/dev/null
wait_for "a new decision" is_verdict drop $listed6
cscli decisions delete --ip $listed4 >/dev/null
wait_for "a deleted decision" is_verdict pass $listed4

# Away and back again.
end "$api_pid"
wait_for "failures" has_alert 'crowdsec: no decisions since'
is "verdict without the API" drop "$(verdict $listed6)"
api_start
wait_for "the API again" has failures 0
wait_for "no alert" has_no_alert
is "members" 2 "$(status members)"
run_stop
fwd_stop
