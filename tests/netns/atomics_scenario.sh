#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# atomics_scenario.sh GROUP WORK - the techniques below WORK/tests, run in a mount
# and a network namespace of their own, on a copy of the root's files without the
# folders of WORK/lacks. For test_atomics.sh.
#
# WORK/tests/ID has `executor`, `command`, `cleanup` and `check`, and gets `code`
# and `out`, or is `skipped`. Each has processes, /tmp, /var/tmp and a home of
# its own, and its command is all that its control group GROUP/ID ever runs. What
# was changed of the copy otherwise is in WORK/changed.
set -u
at_once=6
seconds=20

# in_test COMMAND...: as techniques are run, in their folder.
in_test() {
	env -i PATH="$PATH" HOME=/home/atomic HISTFILE=/home/atomic/.history \
		TMPDIR="$PWD" USER=root LOGNAME=root SHELL=/bin/bash \
		LANG=C.UTF-8 TERM=dumb timeout -k 2 "$seconds" "$@" </dev/null
}

# one GROUP TEST: in a mount namespace of its own.
one() {
	local group=$1 test=$2 executor code=0
	executor=$(<"$test/executor")
	for dir in /tmp /var/tmp /home; do
		mount -t tmpfs -o mode=1777 tmpfs "$dir" || return
	done
	mkdir /home/atomic /tmp/here
	cd /tmp/here || return
	if [ -s "$test/check" ] &&
		! in_test "$executor" -c "$(<"$test/check")" >"$test/out" 2>&1
	then
		touch "$test/skipped"
		return
	fi
	in_test bash "$0" enter "$group" "$executor" "$(<"$test/command")" \
		>"$test/out" 2>&1 || code=$?
	echo "$code" >"$test/code"
	# what it has left in the background ends with this, but not at once
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		[[ "$(<"$group/cgroup.events")" == *"populated 1"* ]] || break
		sleep 0.1
	done
	[ ! -s "$test/cleanup" ] ||
		in_test "$executor" -c "$(<"$test/cleanup")" >>"$test/out" 2>&1
}

case $1 in
one)
	one "$2" "$3"
	exit
	;;
enter)
	echo 0 >"$2/cgroup.procs"
	exec "$3" -c "$4"
	;;
esac

groups=$1 work=$2
# shellcheck source=tests/support/root_copy.sh
. "$work/root_copy.sh"
mapfile -t copy_lacks <"$work/lacks"
enter_copy "$work" || exit 77
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

# What is told does not depend on what this machine has: root needs no sudo but
# one that executes, and what may be missing is there.
printf '#!/bin/sh\nexec "$@"\n' >/usr/local/bin/sudo
chmod 755 /usr/local/bin/sudo
for program in dmidecode lspci; do
	command -v "$program" >/dev/null && continue
	printf '#!/bin/sh\n' >"/usr/sbin/$program"
	chmod 755 "/usr/sbin/$program"
done
for file in /etc/sudoers /etc/default/locale; do
	[ -e "$file" ] || echo '# nothing' >"$file"
done

ip link set lo up
touch "$work/began"
cd "$work/tests" || exit
running=0
# the slow ones first
for test in $(grep -lE 'find /|sleep' -- */command) \
	$(grep -LE 'find /|sleep' -- */command); do
	test=${test%/command}
	[ "$running" -lt "$at_once" ] || wait -n
	[ "$running" -ge "$at_once" ] || running=$((running + 1))
	unshare --mount --pid --fork --mount-proc \
		bash "$0" one "$groups/$test" "$work/tests/$test" &
done
wait
find /changed -newer "$work/began" ! -type d >"$work/changed"
exit 0
