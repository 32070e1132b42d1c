# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# crowdsec.sh - what the scripts about CrowdSec share. Sourced after netns.sh,
# with the build directory.
# shellcheck disable=SC2154 # what netns.sh sets
id -u nobody >/dev/null 2>&1 || skip "there is no user nobody"
export PORTCULLIS_FETCHER=$work/fetcher
export PORTCULLIS_CROWDSEC=$work/crowdsec.yml
cat >"$PORTCULLIS_FETCHER" <<-END
	#!/bin/sh
	exec $1/images/fetch-feed/fetch_feed_bare "\$@" --user nobody
END
chmod +x "$PORTCULLIS_FETCHER"
chmod 755 "$work"
mkdir "$work/cache"
export CACHE_DIRECTORY=$work/cache
runner=

# define PORT KEY [LINE...]: where the API is.
define() {
	(umask 077 && echo "$2" >"$work/key")
	printf '%s\n' "url: http://127.0.0.1:$1" "key_file: $work/key" \
		"interval: 1s" "${@:3}" >"$PORTCULLIS_CROWDSEC"
}

run_start() {
	"$fwctl" crowdsec run >>"$work/run" 2>&1 &
	runner=$!
	others+=("$runner")
}

# As a service manager stops it.
run_stop() {
	local status=0
	kill -TERM "$runner"
	wait "$runner" || status=$?
	is "status of the runner" 0 "$status"
}

# status FIELD: of the decisions.
status() {
	ask ".$1" crowdsec status
}

# has FIELD VALUE
has() {
	[ "$(status "$1")" = "$2" ]
}

# is_verdict VERDICT ADDRESS
is_verdict() {
	[ "$(verdict "$2")" = "$1" ]
}

# claim FIELD ADDRESS: of its member.
claim() {
	ask ".claims[0].$1" why "$2"
}
