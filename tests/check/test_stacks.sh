#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# test_stacks.sh BUILD_DIR - what kernel 6.1 allows a BPF program for its chain
# of calls is kept. Later kernels round frames to less and would not tell.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
build=${1:?usage: test_stacks.sh BUILD_DIR}
limit=512

command -v llvm-objdump >/dev/null || {
	echo "skipped: llvm-objdump is not installed"
	exit 77
}
found=$(python3 "$here/../support/stack_depth.py" "$build"/xdp/*.bpf.o)
echo "$found"
[ "$(wc -l <<<"$found")" -ge 4 ]
# the walk over rules is seen as the chain that it is
grep -q 'firewall.bpf.o [0-9]* firewall' <<<"$found"
awk -v limit=$limit '$2 > limit || $2 < 16 { bad = 1 } END { exit bad }' \
	<<<"$found"
