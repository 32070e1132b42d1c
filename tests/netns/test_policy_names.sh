#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# test_policy_names.sh BUILD_DIR - no policy judges in silence by a set that is
# not there, and no restore puts out who is let in.
here=$(dirname "$0")
# shellcheck source=tests/support/netns.sh
. "$here/../support/netns.sh" "${1:?usage: test_policy_names.sh BUILD_DIR}"

document=$work/firewall.yml

# without LINES FILE: a backup less the lines that match, with its end again.
without() {
	python3 - "$1" "$2" <<-'END'
		import re, sys, zlib
		body = b"".join(l for l in open(sys.argv[2], "rb")
		                if not re.match(sys.argv[1].encode() + b"|end ", l))
		sys.stdout.buffer.write(
		    body + b"end %d %08x\n" % (body.count(b"\n"), zlib.crc32(body)))
	END
}

# apply RULE [OPTION...]: beside the declared set, one rule.
apply() {
	cat >"$document" <<-END
		version: 1
		zones: {wan: [wan0]}
		sets:
		  office: {members: [192.0.2.1], action: none}
		rules:
		  - $1
	END
	shift
	does policy apply "$document" "$@"
}

cookies() {
	in_gateway sh -c "echo $1 >/proc/sys/net/ipv4/tcp_syncookies"
}

count_arrivals
fwd_start
does attach wan0
does set add management $control4
does set new bad --action none
does set add bad $listed4
does set new other --action none
does backup "$work/nothing"
bad=$(ask '.sets[] | select(.name == "bad").id' set list)

# What a policy is about stays, in force and on trial.
apply "{id: bad, action: drop, in: wan, source: '@bad'}"
is_dropped $listed4 || fail "the rule does not drop"
refuses "set bad: rule bad names it .line 6 of policy revision 1" set drop bad
refuses "set office: line 4 of policy revision 1 declares it" set drop office
does backup "$work/saved"
apply "{id: others, action: drop, in: wan, destination: '@other'}" --confirm 1h
refuses "set other: rule others names it .line 6 of policy revision 2" \
	set drop other
refuses "set bad: rule bad names it .line 6 of policy revision 1" set drop bad
does policy rollback
does set drop other

# A policy that would judge by what is not in its backup does not come in.
without "set $bad bad |member $bad " "$work/saved" >"$work/odd"
refuses "not in force.*: line 6: rule bad names @bad, and the backup has no" \
	restore "$work/odd"
is "revision" 1 "$(ask .policy.revision status)"
office=$(ask '.sets[] | select(.name == "office").id' set list)
without "set $office office |member $office " "$work/saved" >"$work/odd"
refuses "not in force.*: line 4: set office is declared, and the backup has no" \
	restore "$work/odd"
does restore "$work/saved"
has_no_alert || fail "alert: $(ask '.alerts[].text' status)"
is_dropped $listed4 || fail "the policy of the backup does not judge"

# One that stays while its set goes is told, after a start too.
without "set $bad bad |member $bad " "$work/nothing" >"$work/odd"
does restore "$work/odd"
has_alert "rule bad names @bad, and there is no such set" ||
	fail "no alert of a set that a restore has taken"
fwd_kill
fwd_start
has_alert "rule bad names @bad, and there is no such set" ||
	fail "no alert of a set that is not there at a start"
does set new bad --action none
wait_for "an alert of the other" has_alert "declares @office"
does policy apply "$document"
wait_for "the end of the alert" has_no_alert

# A set is the user's when a policy only names what the one before declared.
cat >"$document" <<-END
	version: 1
	rules:
	  - {id: office, action: drop, source: '@office'}
END
does policy apply "$document"
is "members" 192.0.2.1 "$(ask .prefix set show office)"

# A set that only a policy on trial declares judges with it.
cat >"$document" <<-END
	version: 1
	sets:
	  fresh: {members: [$listed4], action: none}
	rules:
	  - {id: fresh, action: pass, source: '@fresh'}
	defaults: {in: drop}
END
does policy apply "$document" --confirm 1h
passes $listed4 || fail "a set that is new does not judge on trial"
is_dropped $clean4 || fail "it has others in it"
does policy rollback

# SYN cookies are asked for by a restore as by an apply.
cookies 2
apply "{id: web, action: syncookie, in: wan, protocol: tcp,
        destination: $own4, destination_port: 80}"
does backup "$work/cookies"
does restore "$work/cookies"
cookies 1
refuses "not in force.*: line 6: rule web: action syncookie needs" \
	restore "$work/cookies"
cookies 2

# Who may manage the machine stays, whatever the backup and its policy say.
printf 'version: 1\ndefaults: {in: drop}\n' >"$document"
does policy apply "$document"
does backup "$work/strict"
printf 'version: 1\n' >"$document"
does policy apply "$document"
does set add management $clean4
does set del management $control4
does restore "$work/strict"
said "management: 1 members that the backup does not have stay"
is "management" "$clean4 $control4" \
	"$(ask .prefix set show management | sort | xargs)"
passes $clean4 || fail "a restore has put out who is in management"
is_dropped $listed4 || fail "the policy of the backup does not judge"
does set del management $clean4
does set add management $clean4
does restore "$work/nothing"
passes $clean4 || fail "a restore without a policy has put somebody out"
fwd_stop
echo "ok: no policy judges by what is not there"
