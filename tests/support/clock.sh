# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# clock.sh - a wall clock of fwd that is off. Sourced after netns.sh, with the
# build directory.
# shellcheck disable=SC2154 # what netns.sh sets
clock=$1/tests/netns/clock.so
[ -f "$clock" ] || skip "$clock is not built"
export CLOCK_OFFSET=$work/offset
head -c 8 /dev/zero >"$CLOCK_OFFSET"

# For fwd_start. The sanitizers want to be loaded first, and need not.
shifted_fwd=$work/shifted_fwd
cat >"$shifted_fwd" <<-END
	#!/bin/sh
	export LD_PRELOAD='$clock' ASAN_OPTIONS=verify_asan_link_order=0
	exec '$fwd' "\$@"
END
chmod +x "$shifted_fwd"

# set_clock SECONDS: ahead of the true one; fwd sees it at once.
set_clock() {
	python3 -c "
import mmap, struct, sys
with open(sys.argv[1], 'r+b') as file:
    mmap.mmap(file.fileno(), 8)[0:8] = struct.pack('<q', int(sys.argv[2]))
" "$CLOCK_OFFSET" "$1"
}
