#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# test_denylist.sh BUILD_DIR - fwd itself on Debian's kernel 6.12, which allows
# LSM programs: where `bpf` is in lsm=, the kernel refuses a listed program by
# itself, and says so; where it is not, fwd says that, and refuses by fanotify
# alone.
set -euo pipefail

here=$(dirname "$0")
build=${1:?usage: test_denylist.sh BUILD_DIR}
for modules in lockdown,yama,apparmor,bpf lockdown,yama,apparmor; do
	r=0
	LSM=$modules TIMEOUT_S=120 "$BASH" "$here/run.sh" 6.12 "$build" \
		"$here/guest_denylist" || r=$?
	[ "$r" = 0 ] || {
		echo "with lsm=$modules: $r"
		exit "$r"
	}
done
