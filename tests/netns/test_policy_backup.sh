#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# test_policy_backup.sh BUILD_DIR - a backup brings the policy back.
here=$(dirname "$0")
# shellcheck source=tests/support/netns.sh
. "$here/../support/netns.sh" "${1:?usage: test_policy_backup.sh BUILD_DIR}"

document=$work/firewall.yml

# apply SET MEMBER: who is in it passes from the zone, and nobody else.
apply() {
	cat >"$document" <<-END
		version: 1
		zones: {wan: [wan0]}
		sets:
		  $1: {members: [$2]}
		defaults: {in: drop}
		management: [192.0.2.77]
		rules:
		  - {id: office, action: pass, in: wan, source: '@$1'}
	END
	shift 2
	does policy apply "$document" "$@"
}

# judges_as_saved WHEN: the first policy, with the members that it had.
judges_as_saved() {
	passes $clean4 || fail "$1: the policy of the backup does not judge"
	is_dropped $listed4 || fail "$1: the policy after the backup judges"
	is "$1: members" $clean4 "$(ask .prefix set show office)"
	is "$1: members of the user's" 192.0.2.9 "$(ask .prefix set show own)"
}

# names: of all sets, those that a trial puts beside others too.
names() {
	ask '[.sets[].name] | sort | join(" ")' set list
}

count_arrivals
fwd_start
does attach wan0
does set add management $control4
does set new own --action none
does set add own 192.0.2.9
does backup "$work/without"
! grep -q ^policy "$work/without" || fail "a policy before there is one"

# What came after the backup goes, and the user's own set of a name that the
# policy after it declares is his again, with all that is in it.
apply office $clean4 --note first
does set del management 192.0.2.77
does backup "$work/saved"
grep -q '^policy .* first$' "$work/saved" || fail "no policy in the backup"
saved_names=$(names)
does set drop own
apply own $listed4
passes $listed4 || fail "the second policy does not judge"
does restore "$work/saved"
said "in force, as revision 3"
said "management: 1 members that the backup does not have stay"
is "management" "192.0.2.77 $control4" \
	"$(ask .prefix set show management | sort | xargs)"
judges_as_saved "after the restore"
is "sets" "$saved_names" "$(names)"
is "revision" 3 "$(ask .policy.revision status)"
is "note" "restored from backup" "$(ask '.revisions[0].note' policy log)"
does policy show
said "@office"
fwd_kill
fwd_start
judges_as_saved "after a start"
is "sets after a start" "$saved_names" "$(names)"
has_no_alert || fail "alert: $(ask '.alerts[].text' status)"

# A trial is not ended by the way, and what it tries is in no backup.
apply office $listed4 --confirm 1h
passes $listed4 || fail "the trial does not judge"
does backup "$work/meanwhile"
grep -q 'office\.4 ' "$work/meanwhile" || fail "no version of a set"
refuses "on trial: confirm it or roll it back" restore "$work/saved"
passes $listed4 || fail "a refused restore has ended the trial"
does policy confirm
does restore "$work/meanwhile"
judges_as_saved "a backup of a trial"
is "sets" "$saved_names" "$(names)"

# Without a policy in it, the one that is there stays.
does restore "$work/without"
! grep -q "in force" "$work/said" || fail "a policy of nowhere"
is "revision" 5 "$(ask .policy.revision status)"
is "what was restored" 0 "$(ask .revision restore "$work/without")"
is_dropped $clean4 || fail "the policy went with the sets"

refuses "the backup that came along: it is empty" restore /dev/null

# One that does not read is told, and the rest is there.
apply office $listed4
sed "s/action: pass/action: pour/" "$work/saved" >"$work/odd"
seal "$work/odd"
refuses "not in force, the one before is: 8:.*pour" restore "$work/odd"
is "members of the user's" 192.0.2.9 "$(ask .prefix set show own)"
is "members" $clean4 "$(ask .prefix set show office)"
is "revision" 6 "$(ask .policy.revision status)"
passes $clean4 || fail "the members of the backup do not judge"

# One that reads and does not load, by more networks than the tables of the
# packet path have room for: the one before judges, now and after a start.
python3 - "$work/saved" "$work/large" <<-'END'
	import sys
	lines = open(sys.argv[1]).read().splitlines()
	large = ["text   - id: large", "text     action: drop",
	         "text     destination:"]
	large += ["text       - %d.%d.1.1" % (1 + i // 256, i % 256)
	          for i in range(16500)]
	at = lines.index("text rules:") + 1
	lines[at:at] = large
	text = [line[5:] + "\n" for line in lines if line.startswith("text ")]
	for i, line in enumerate(lines):
	    if line.startswith("policy "):
	        words = line.split(" ")
	        words[1] = str(len("".join(text)))
	        lines[i] = " ".join(words)
	open(sys.argv[2], "w").write("\n".join(lines) + "\n")
END
seal "$work/large"
before=$(ask .policy.revision status)
refuses "not in force, the one before is" restore "$work/large"
is "revision" "$before" "$(ask .policy.revision status)"
passes $clean4 || fail "the policy before does not judge"
is "members of the user's" 192.0.2.9 "$(ask .prefix set show own)"
fwd_kill
fwd_start
is "revision after a start" "$before" "$(ask .policy.revision status)"
passes $clean4 || fail "the policy before does not judge after a start"

fwd_stop
echo "ok: a backup brings the policy back"
