#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# test_fwctl.sh BUILD_DIR - fwctl against a daemon that knows canned answers.
#
# A transcript of each group below must be what fwctl_GROUP.ok says: the
# command, what it printed ("! " before lines of stderr), its exit status when
# it is not 0, and ("> ") what it asked the daemon. GOLDEN_UPDATE=1 writes the
# files instead.
set -u
here=$(cd "$(dirname "$0")" && pwd)
fwctl=${1:?usage: test_fwctl.sh BUILD_DIR}/ctl/fwctl
fwctl=$(realpath "$fwctl") || exit 1
command -v python3 >/dev/null || { echo "no python3"; exit 77; }

work=$(mktemp -d)
daemon=
stop() {
	if [ -n "$daemon" ]; then
		kill "$daemon" 2>/dev/null
		wait "$daemon" 2>/dev/null
	fi
	rm -rf "$work"
}
trap stop EXIT
cd "$work" || exit 1
unset PORTCULLIS_SOCKET
export TZ=America/New_York LC_ALL=C
mkdir bin
ln -s "$fwctl" bin/fwctl
PATH=$work/bin:$PATH

python3 "$here/../support/fake_fwd.py" fwd.sock "$here/fwctl_answers.json" \
	asked &
daemon=$!
for _ in $(seq 200); do
	[ -S fwd.sock ] && break
	sleep 0.05
done
[ -S fwd.sock ] || { echo "the fake daemon did not start"; exit 1; }

# run 'COMMAND LINE': one entry of the transcript.
run() {
	local before status
	before=$(wc -l <asked)
	echo "\$ $1"
	bash -c "$1" >out 2>err </dev/null
	status=$?
	cat out
	sed 's/^/! /' err
	[ "$status" -eq 0 ] || echo "[exit $status]"
	# times that depend on now are not the test's business
	tail -n +"$((before + 1))" asked |
		sed -E 's/"expires": [0-9]+/"expires": SOON/; s/^/> /'
	echo
}

group_feed() {
	run 'fwctl feed diff tried'
	run 'fwctl feed import tried /dev/null --dry-run'
	run 'fwctl feed except 203.0.113.7 --feed tried'
	run 'fwctl feed except 203.0.113.7 --feed tried --json'
	run 'fwctl feed except 203.0.113.8 --feed busy'
}

group_gate() {
	run 'fwctl status'
	run 'fwctl --json status'
	run 'fwctl doctor wan0'
	run 'fwctl doctor'
	run 'fwctl doctor gone0'
	run 'fwctl doctor gone0 --json'
	run 'fwctl attach wan0'
	run 'fwctl attach wan0 --shared --mode generic'
	run 'fwctl attach --mode=native wan0 -j'
	run 'fwctl attach taken0'
	run 'fwctl detach wan0'
	run 'fwctl counters'
	run 'fwctl counters --json'
}

group_member() {
	run 'fwctl block 192.0.2.1'
	run 'fwctl block 192.0.2.1 --json'
	run 'fwctl block 192.0.2.1 2001:db8::/32 192.0.2.4-192.0.2.7 --for 1h --reason "a scan"'
	run 'fwctl allow 192.0.2.1 --until "$(($(date +%Y) + 1))-01-01"'
	run 'fwctl block 192.0.2.1 --set feed'
	run 'fwctl block 192.0.2.1 --set allow'
	run 'fwctl allow 192.0.2.1 --set feed'
	run 'fwctl block 198.51.100.7/24'
	run 'fwctl block 203.0.113.1'
	run 'fwctl block 203.0.113.1 --json'
	run 'fwctl unblock 192.0.2.1 192.0.2.9'
	run 'fwctl unblock 192.0.2.1 --set feed --json'
	run 'fwctl unblock 192.0.2.2 192.0.2.4-192.0.2.7'
	run 'fwctl set add nosuch 192.0.2.1'
	run 'fwctl set add busy 192.0.2.1'
	run 'fwctl set del feed 192.0.2.0/24'
	run 'printf "# a comment\n192.0.2.1\n\n2001:db8::1 ; trailing\n" | fwctl block -'
	run 'printf "192.0.2.1\nbad.example\n" | fwctl block -'
	run 'printf "<html>\n" | fwctl block -'
	run 'printf "# nothing\n" | fwctl block -'
	run 'for i in {1..5000}; do echo 10.0.$((i / 250)).$((i % 250)); done | fwctl block - --json'
	run 'for i in {1..5000}; do echo 10.0.$((i / 250)).$((i % 250)); done | fwctl set add small -'
	run 'fwctl why 192.0.2.1'
	run 'fwctl why 192.0.2.1 --json'
	run 'fwctl why 192.0.2.2'
	run 'fwctl why 192.0.2.3'
	run 'fwctl why 192.0.2.9'
	run 'fwctl why 2001:db8::/32'
}

# capture HEX: of this link, one ARP frame, as a classic capture.
capture() {
	printf '\xd4\xc3\xb2\xa1\x02\0\x04\0\0\0\0\0\0\0\0\0'
	printf '\xff\xff\0\0%b\0\0\0' "\\x$1"
	printf '\0\0\0\0\0\0\0\0\x0e\0\0\0\x0e\0\0\0'
	printf '\xff\xff\xff\xff\xff\xff\x02\0\0\0\0\x01\x08\x06'
}

group_explain() {
	run "fwctl explain 'tcp 203.0.113.9:4711 > 198.51.100.7:22 syn in wan0'"
	run "fwctl explain 'tcp 203.0.113.9:4711 > 198.51.100.7:22 syn in wan0' --json"
	run "fwctl explain 'udp 192.0.2.1 > 198.51.100.7:53 out wan0 state new'"
	run "fwctl explain 'tcp 192.0.2.1 > 198.51.100.7:22 in gone0'"
	run "fwctl explain 'tcp 192.0.2.1 > 198.51.100.7 in wan0'"
	run "fwctl explain 'tcp 192.0.2.1 > 198.51.100.7:22'"
	run 'fwctl explain'
	run "fwctl explain 'ip 192.0.2.1 > 192.0.2.2 in wan0' --in wan0"
	capture 01 >frames
	run 'fwctl explain --pcap frames --in wan1'
	run 'fwctl explain --pcap frames --out wan1 --json'
	run 'fwctl explain --pcap frames'
	run 'fwctl explain --pcap frames --in wan1 --out wan1'
	capture 71 >cooked
	run 'fwctl explain --pcap cooked --in wan1'
	head -c 50 frames >short
	run 'fwctl explain --pcap short --in wan1'
	run 'fwctl explain --pcap absent --in wan1'
	run 'fwctl why "tcp 192.0.2.7:443 > 198.51.100.7:51000"'
	run 'fwctl why "tcp 192.0.2.7:443 > 198.51.100.7:51000" --json'
	run 'fwctl why "udp 198.51.100.7 > 192.0.2.8:53 out wan0"'
	run 'fwctl why "tcp 192.0.2.7 > 198.51.100"'
	run 'fwctl why 192.0.2.300'
}

group_set() {
	run 'fwctl set list'
	run 'fwctl set list --json'
	run 'fwctl set show feed'
	run 'fwctl set show feed --json'
	run 'fwctl set show feed -n 1'
	run 'fwctl set show nosuch'
	run 'fwctl set export feed'
	run 'fwctl set export feed --json'
	run 'fwctl set export feed list.txt && cat list.txt'
	run 'fwctl set export nosuch absent.txt; ls absent.txt*'
	run 'fwctl set new trial --action shadow --kind static --capacity 1000'
	run 'fwctl set new feed'
	run 'fwctl set drop trial'
	printf '192.0.2.1\n192.0.2.2\n' >list
	run 'fwctl set import feed list'
	run 'fwctl set import feed list --json'
	run 'fwctl set import feed - --add --reason "by hand" --for 7d <list'
	run 'fwctl set import feed list --action allow'
	run 'fwctl set import new-good list --action shadow'
	run 'fwctl set import new-bad list'
	run 'fwctl set import feed absent'
	run 'fwctl set import feed .'
	truncate -s 513M long
	run 'fwctl set import feed long'
	run 'fwctl set import feed list --add --replace'
}

group_policy() {
	printf 'version: 1\nrules: [{id: ssh, action: drop}]\n' >policy.yml
	run 'fwctl policy diff policy.yml'
	run 'fwctl policy diff - <policy.yml --json'
	run 'fwctl policy diff 4'
	run 'fwctl policy diff 3 4'
	run 'fwctl policy diff 9'
	run 'fwctl policy diff policy.yml 4'
	run 'fwctl policy diff 1 2 3'
	run 'fwctl policy diff 99999999999999999999 1'
	run 'fwctl policy diff 0'
	run 'fwctl policy diff gone.yml'
	run 'fwctl policy apply policy.yml --dry-run'
	run 'fwctl policy apply policy.yml --confirm 60s --note "to see"'
	run 'fwctl policy apply policy.yml --json'
	run 'fwctl policy diff policy.yml'
	run 'fwctl policy diff policy.yml'
	# busy for as long as it is asked
	run 'fwctl policy apply policy.yml' | uniq
}

# Each command whose last word may be left out, without it; policy diff then
# reads what this machine has in /etc.
group_bare() {
	local line
	while IFS= read -r line; do
		run "fwctl $line"
		run "fwctl $line --json"
	done < <(fwctl help | sed -nE 's/^  ([a-z][^[]*) \[.*/\1/p' |
		sed 's/NAME/feed/; /^policy diff$/d; /^help$/d')
}

group_foreign() {
	cat >rules.nft <<-'END'
	table inet t {
		set office { type ipv4_addr; elements = { 192.0.2.1 }; }
		chain out { type filter hook output priority 0; meta mark 3 drop
		}
		chain c { type filter hook input priority 0; policy drop;
		tcp dport 22 limit rate 3/second accept
		meta mark 3 accept
		tcp dport 80 accept
		}
	}
	END
	printf '*filter\n:INPUT DROP [0:0]\n-A INPUT -j ACCEPT\nCOMMIT\n' >rules.ipt
	run 'fwctl policy import nftables rules.nft'
	run 'fwctl policy import nftables rules.nft --json | head -c 150'
	run 'fwctl policy import iptables rules.nft'
	run 'fwctl policy import nftables rules.ipt --json'
	run "echo '{\"nftables\": []}' | fwctl policy import nftables -"
	run 'fwctl policy import ipset - </dev/null'
	run 'fwctl policy schema | head -n 4'
	run 'fwctl policy import iptables rules.ipt | tail -n 4'
}

# logins COUNT STATUS: as sshd begins and ends its processes, one every five
# seconds; STATUS is that of the one that nobody has logged in to yet.
logins() {
	local i sshd
	for ((i = 0; i < $1; i++)); do
		sshd='"image": "/usr/sbin/sshd", "peer": "203.0.113.7"'
		sshd+=", \"peer_port\": $((40000 + i)), \"local_port\": 22"
		sshd+=", \"time_us\": $((1796011200000000 + i * 5000000))"
		printf '{"kind": "accept", "user": "root", %s}\n' "$sshd"
		printf '{"kind": "setuid", "user": "root", "flags": 100, %s}\n' \
			"$sshd"
		printf '{"kind": "exit", "user": "sshd", "result": %d, %s}\n' \
			$(($2 << 8)) "$sshd"
		# the session, when the client has gone, and who began it
		printf '{"kind": "exit", "user": "%s", "result": 65280, %s}\n' \
			noise "$sshd" root "$sshd"
	done
}

group_detect() {
	cp -r "$here/../data/sigma" rules
	printf 'title: T\nlogsource: {product: linux}\n' >broken.yml
	printf '%s\n' 'title: T' \
		'logsource: {product: linux, category: process_creation}' \
		'detection: {s: {Hashes: x}, condition: s}' >field.yml
	printf '%s\n' '{"kind": "exec", "image": "/usr/bin/dash",' \
		' "image_asked": "/bin/sh", "args": ["sh", "-c", "id"],' \
		' "parent_image": "/usr/sbin/nginx"}' | tr -d '\n' >events
	printf '\n\n%s\n' '{"kind": "connect", "peer": "198.51.100.7",' \
		'"peer_port": 4444}' | tr '\n' ' ' >connect
	{ echo; echo; cat connect; } >>events
	run 'fwctl detect check rules field.yml'
	run 'fwctl detect check --logs rules/log_lines.yml'
	run 'fwctl detect check broken.yml'
	run 'fwctl detect check nothing'
	: >empty.yml
	printf '%s\n' 'rules:' \
		'  - {name: r, event: exec, action: alert}' >no-version.yml
	run 'fwctl detect check empty.yml no-version.yml'
	printf '%s\n' 'version: 1' 'rules:' \
		'  - {name: dead, event: exec, match: {port: 5}}' \
		'  - {name: long, event: connect, action: block, ttl: 60d,' \
		'     match: {port: 5}}' \
		'  - {name: read, event: open, action: alert,' \
		'     match: {filename: [/etc/shadow, "/srv/key?"]}}' \
		'  - {name: read, event: open, action: alert}' \
		>odd.yml
	run 'fwctl detect check odd.yml'
	run 'fwctl --json detect check odd.yml'
	run 'fwctl detect plan odd.yml'
	run 'fwctl --json detect check rules/odd_port.yml field.yml'
	run 'fwctl detect list rules'
	run 'fwctl --json detect list --logs rules/log_lines.yml'
	printf '%s\n' 'version: 1' 'rules:' \
		'  - {name: shell, id: x-1, level: high, event: exec, action: block,' \
		'     tags: [attack.execution, attack.t1059.004],' \
		'     steps: [table, end], ttl: 90m, observe: true}' \
		'  - {name: ends, event: exit, action: block, steps: [table],' \
		'     ttl_grows: {by: 2, until: 2d}, match: {status: 255}}' \
		'  - {name: talk, event: [connect, exec], action: block,' \
		'     tags: [attack.t1095], steps: [table]}' >blocks.yml
	run 'fwctl --json detect list blocks.yml'
	run 'fwctl detect list blocks.yml broken.yml'
	mkdir two
	cp broken.yml two/a.yml
	cp field.yml two/b.yml
	run 'fwctl detect list two'
	run 'fwctl detect coverage broken.yml field.yml'
	run 'fwctl --json detect plan broken.yml'
	run 'fwctl detect coverage blocks.yml rules'
	run 'fwctl --json detect coverage blocks.yml'
	run 'fwctl detect plan rules/files.yml blocks.yml'
	run 'fwctl --json detect plan blocks.yml'
	run 'fwctl detect test rules events'
	run 'fwctl --json detect test rules/odd_port.yml events'
	run "echo '{\"imge\": \"x\"}' | fwctl detect test field.yml -"
	run "echo '{\"kind\": \"exec\", \"imge\": \"x\"}' | fwctl detect test field.yml -"
	run 'fwctl --json detect test field.yml events'
	run 'fwctl detect test rules'
	for _ in all drops before tells off; do
		run 'fwctl detect status'
	done
	run 'fwctl detect scores'
	run 'fwctl detect scores'
	for _ in clean broken folder before digests denylist; do
		run 'fwctl detect reload'
	done
	run 'fwctl detect release 4711'
	run 'fwctl detect release all'
	run 'fwctl detect release 0'
	cp "$here/../data/detect/chains.yml" "$here/../data/detect/chains.json" .
	run 'fwctl detect list chains.yml'
	run 'fwctl detect test chains.yml connect'
	run 'fwctl detect replay chains.yml chains.json'
	run 'fwctl --json detect replay chains.yml chains.json | tee once'
	run 'fwctl --json detect replay chains.yml chains.json | cmp once -'
	run "echo '{\"kind\": \"exec\", \"asked\": 1}' | fwctl detect replay chains.yml -"
	printf '%s\n' 'version: 1' 'rules:' \
		'  - {name: r, event: exec, action: alert, renotify: 2s}' >again.yml
	for at in 1 2 4; do
		printf '{"kind": "exec", "comm": "x", "time_us": %d}\n' \
			${at}000000
	done >often
	run 'fwctl detect replay again.yml often'
	cp "$here/../../rules/default/detect/guessing.yml" .
	{ logins 20 0; logins 5 255; } >quiet
	logins 7 255 >guessed
	run 'fwctl detect replay guessing.yml quiet'
	run 'fwctl detect replay guessing.yml guessed'
	run 'fwctl detect offences'
	run 'fwctl --json detect offences'
	run 'fwctl detect forgive 192.0.2.9'
	run 'fwctl detect forgive 192.0.2.7'
}

group_flow() {
	run 'fwctl watch --count 3'
	run 'fwctl watch --count 2 --json'
	run 'fwctl events --count 6'
	run 'fwctl events -c 1 --json'
	run 'fwctl events --kind loss,execs'
	run 'fwctl log'
	run 'fwctl log -n 1'
	run 'fwctl log --json'
	run 'fwctl backup saved && cat saved && stat -c %a saved; ls saved*'
	run 'fwctl backup -'
	run 'fwctl backup absent/saved'
	run 'fwctl backup /dev/null && test -c /dev/null'
	run 'fwctl restore saved'
	run 'fwctl restore - --json <saved'
	run 'fwctl restore absent'
	run 'fwctl status >/dev/full'
}

group_alert() {
	run 'fwctl alert list'
	run 'fwctl alert list --json'
	run 'fwctl alert list --all'
	run 'fwctl alert list --lines 1'
	run 'fwctl alert list --level high --since 2001-01-01 --lines 1'
	run 'fwctl alert list --level loud'
	run 'fwctl alert list --since tomorrow'
	run 'fwctl alert list --since 9999-01-01'
	run 'fwctl alert list --help'
	run 'fwctl alert list --pattern'
	run 'fwctl alert list --pattern -n 1'
	run 'fwctl alert list --all --pattern -n 1'
	run 'fwctl alert list --all --pattern --json'
	run 'fwctl alert show 369e'
	run 'fwctl alert show 369e --json'
	run 'fwctl alert show 91a3'
	run 'fwctl alert show ffff'
	run 'fwctl alert show nothing'
	run 'fwctl alert ack 0d89 --reason mine'
	run 'fwctl alert resolve 886313e1-3b'
	run 'fwctl alert resolve 886313e1-3b --json'
	run 'fwctl alert ack ffff 0d89 eeee 369e'
	run 'fwctl alert ack ffff 0d89 --json'
	run 'fwctl alert ack 0d89 nothing'
	run 'fwctl alert resolve 0d89 dead 369e'
	run 'fwctl alert watch --count 2'
	run 'fwctl alert watch --count 1 --json'
	run 'fwctl alert status'
	run 'fwctl alert status --json'
	run 'fwctl alert forward'
	run 'fwctl alert forward --to ftp://192.0.2.1/'
	run 'fwctl alert forward --to https://192.0.2.1/ --to-file url'
}

group_usage() {
	run 'fwctl'
	run 'fwctl help'
	run 'fwctl help block'
	run 'fwctl set import --help'
	run 'fwctl help set'
	run 'fwctl help set add more'
	run 'fwctl help status more'
	run 'fwctl blok 192.0.2.1'
	run 'fwctl frobnicate'
	run 'fwctl set'
	run 'fwctl set lst'
	run 'fwctl set frob'
	run 'fwctl policy chek'
	run 'fwctl policy frob'
	run 'fwctl help policy diff'
	run 'fwctl s'
	run 'fwctl stat --jso'
	run 'fwctl set import feed list --re'
	run 'fwctl status more'
	run 'fwctl block'
	run 'fwctl block 192.0.2'
	run 'fwctl block 010.0.0.1'
	run 'fwctl block 192.0.2.9-192.0.2.1'
	run 'fwctl block 192.0.2.1 --for 5'
	run 'fwctl block 192.0.2.1 --for 99999d'
	run 'fwctl policy apply policy.yml --confirm 400d'
	run 'fwctl policy rollback 3 --confirm 25h'
	run 'fwctl block 192.0.2.1 --until 2001-01-01'
	run 'fwctl block 192.0.2.1 --for 1h --until 2001-01-01'
	run 'fwctl block 192.0.2.1 --for 1h --for 2h'
	run 'fwctl block 192.0.2.1 --reason "$(printf "a\001b")"'
	run 'fwctl block 192.0.2.1 --set Feed'
	run 'fwctl block -x'
	run 'fwctl block 192.0.2.1 --json=yes'
	run 'fwctl --for 1h block 192.0.2.1'
	run 'fwctl attach wan0 --mode fast'
	run 'fwctl attach an/iface'
	run 'fwctl log -n 0'
	run 'fwctl set new x --capacity 16000001'
	run 'fwctl completion zsh'
	run 'fwctl block -- -'
}

# complete WORD...: what bash would offer for the last word.
complete_words() {
	echo "complete: ${*@Q}"
	# shellcheck disable=SC1090
	(
		. <(fwctl completion bash)
		COMP_WORDS=(fwctl "$@")
		COMP_CWORD=$#
		_fwctl
		echo "${COMPREPLY[*]}"
	)
	echo
}

group_completion() {
	complete_words ''
	complete_words un
	complete_words set ''
	complete_words set show m
	complete_words set show feed ''
	complete_words set import feed fwd.s
	complete_words set import feed list --re
	complete_words set import --action ''
	complete_words block --for 1h --set f
	complete_words block -f 1h --s
	complete_words alert list --le
	complete_words alert list -l ''
	complete_words detect check --lo
	complete_words attach --mode g
	complete_words attach lo
	complete_words help wa
	complete_words completion ''
	complete_words --socket fwd.s
}

group_absent() {
	run 'fwctl --socket nowhere.sock block 192.0.2.1'
	run 'fwctl --socket nowhere.sock status --json'
	run 'PORTCULLIS_SOCKET=nowhere.sock fwctl status'
	run 'fwctl --socket list status'
	run 'fwctl --socket nowhere.sock version'
	run 'fwctl --socket nowhere.sock version --json'
	run 'fwctl --socket nowhere.sock policy rollback'
	run 'fwctl --socket nowhere.sock policy show'
	run 'fwctl version'
	run 'fwctl block 203.0.113.2'
	run 'fwctl block 203.0.113.3'
	run 'fwctl block 203.0.113.4'
	run 'fwctl block 203.0.113.5'
}

failed=0
for group in alert feed gate member explain set policy bare foreign detect flow usage completion absent; do
	export PORTCULLIS_SOCKET=fwd.sock
	ok=$here/fwctl_$group.ok
	"group_$group" >"$group.txt"
	if [ -n "${GOLDEN_UPDATE:-}" ]; then
		cp "$group.txt" "$ok"
	elif ! diff -u "$ok" "$group.txt"; then
		echo "FAILED: $group differs from $ok"
		failed=1
	fi
done
exit "$failed"
