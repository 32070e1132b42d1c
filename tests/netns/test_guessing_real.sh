#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# test_guessing_real.sh BUILD_DIR - keys are tried at the sshd that is installed:
# what test_guessing.sh takes for granted of it.
set -eu
if [ -z "${GUESSING_INSIDE:-}" ] && [ "$(id -u)" = 0 ]; then
	exec env GUESSING_INSIDE=1 unshare --mount --propagation private \
		bash "$0" "$@"
fi
here=$(dirname "$0")
# shellcheck source=tests/support/netns.sh
. "$here/../support/netns.sh" "${1:?usage: test_guessing_real.sh BUILD_DIR}"
# shellcheck source=tests/support/guessing.sh
. "$here/../support/guessing.sh"

for tool in ssh ssh-keygen sshd; do
	PATH=$PATH:/usr/sbin command -v "$tool" >/dev/null ||
		skip "$tool is not installed"
done

sshd=$(PATH=$PATH:/usr/sbin command -v sshd)
made_run=
# shellcheck disable=SC2317 # the trap calls it
finish() {
	local status=$?
	set +e
	[ -z "$made_run" ] || rmdir /run/sshd
	(exit "$status")
	cleanup
}
trap finish EXIT

# Nothing of it is seen outside but /run/sshd, which goes if it was not there.
make_sshd() {
	mkdir -p "$work/ssh"
	[ -d /run/sshd ] || { mkdir -m 755 /run/sshd && made_run=1; }
	(umask 077 && sed 's/^root:[^:]*/root:*/' /etc/shadow >"$work/shadow")
	mount --bind "$work/shadow" /etc/shadow
	for key in host right wrong; do
		ssh-keygen -q -t ed25519 -N '' -f "$work/ssh/$key"
	done
	cp "$work/ssh/right.pub" "$work/ssh/allowed"
	chmod 755 "$work" "$work/ssh"
	cat >"$work/ssh/config" <<-EOF
		Port 2222
		HostKey $work/ssh/host
		PidFile none
		AuthorizedKeysFile $work/ssh/allowed
		StrictModes no
		UsePAM no
		PermitRootLogin prohibit-password
		PasswordAuthentication no
	EOF
	# where sshd itself would refuse who has failed before
	! "$sshd" -t -f "$work/ssh/config" -o PerSourcePenalties=no \
		2>/dev/null || echo "PerSourcePenalties no" >>"$work/ssh/config"
}

# by_key KEY SOURCE
by_key() {
	in_internet timeout 60 ssh -F none -p 2222 -b "$2" \
		-i "$work/ssh/$1" -o IdentitiesOnly=yes -o BatchMode=yes \
		-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null \
		"root@$own4" true </dev/null >"$work/ssh/said" 2>&1
}

guess() {
	! by_key wrong "$1" || fail "a wrong key logs in"
}

log_in() {
	by_key right "$1" || fail "the right key: $(cat "$work/ssh/said")"
}

listens() {
	in_gateway ss -Hltn | grep -q ':2222 '
}

make_sshd_user
make_sshd
in_background "$gateway" "$sshd" -D -f "$work/ssh/config" -E "$work/ssh/log"
wait_for "sshd" listens
run_guessing
