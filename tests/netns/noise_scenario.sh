#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# noise_scenario.sh TREE GROUP WORK DEBS - what test_detect_noise.sh has happen,
# in a mount and a network namespace of its own, on a copy of the root's files.
# Which parts could run is in WORK/done; what they said in WORK/PART.out.
# shellcheck disable=SC2317 # part calls functions by their names
set -u
tree=$1 group=$2 work=$3 debs=$4
export DEBIAN_FRONTEND=noninteractive LC_ALL=C
unset CCACHE_DIR CMAKE_C_COMPILER_LAUNCHER

# part NAME: run the function of this name in the group of this name.
part() {
	if (
		echo "$BASHPID" >"$group/$1/cgroup.procs"
		"do_$1"
	) >"$work/$1.out" 2>&1 </dev/null; then
		echo "$1" >>"$work/done"
	else
		echo "$1 failed:"
		tail -n 5 "$work/$1.out"
	fi
}

do_package() {
	dpkg -i "$work/noise.deb" && dpkg -P portcullis-noise
}

do_apt() {
	apt-get install -y --no-install-recommends "$work/noise.deb" &&
		apt-get purge -y portcullis-noise
}

# A part of rules/: what compilers do is the same for each file.
do_build() {
	local objects
	cmake -G Ninja -S "$tree" -B /var/tmp/noise -Wno-dev &&
		mapfile -t objects < <(ninja -C /var/tmp/noise -t targets all |
			sed -n 's/^\(rules.*\.o\): .*/\1/p' | head -n 24) &&
		[ "${#objects[@]}" = 24 ] &&
		ninja -C /var/tmp/noise -j1 "${objects[@]}"
}

do_login() {
	su - noise -c 'id; ls -l; sudo -n true; true' &&
		su -s /bin/sh nobody -c true
}

# Keys are put where they belong before; that is not a login.
prepare_ssh() {
	mkdir -p /run/sshd /home/noise/.ssh /root/.ssh
	ssh-keygen -q -t ed25519 -N '' -f /root/.ssh/id_noise
	ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/noise_key
	cp /root/.ssh/id_noise.pub /home/noise/.ssh/authorized_keys
	chown -R noise: /home/noise/.ssh
	chmod 700 /home/noise/.ssh
	usermod -p '*' noise
}

do_ssh() {
	/usr/sbin/sshd -p 2222 -h /etc/ssh/noise_key -o PidFile=/run/noise.pid &&
		command ssh -p 2222 -i /root/.ssh/id_noise -o BatchMode=yes \
			-o StrictHostKeyChecking=no noise@127.0.0.1 'id; ls' &&
		command ssh -tt -p 2222 -i /root/.ssh/id_noise \
			-o BatchMode=yes -o StrictHostKeyChecking=no \
			noise@127.0.0.1 'bash -lc id'
	code=$?
	kill "$(cat /run/noise.pid)"
	return "$code"
}

do_cron() {
	run-parts /etc/cron.hourly
	run-parts /etc/cron.daily
	run-parts /etc/cron.weekly
	true
}

# What must be told, or nothing would be.
do_control() {
	cat /etc/shadow
}

# shellcheck source=tests/support/root_copy.sh
. "$tree/tests/support/root_copy.sh"
enter_copy "$tree" "$work" || exit 77
ip link set lo up
echo 'APT::Periodic::RandomSleep "0";' >/etc/apt/apt.conf.d/99noise
if [ -n "$debs" ]; then
	printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
	chmod 755 /usr/sbin/policy-rc.d
	dpkg -i "$debs"/*.deb >"$work/debs.out" 2>&1 || tail "$work/debs.out"
fi
useradd -m -s /bin/bash noise
for name in package apt build login; do
	part "$name"
done
if [ -x /usr/sbin/sshd ]; then
	prepare_ssh
	part ssh
fi
part cron
part control
exit 0
