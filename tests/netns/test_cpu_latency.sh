#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# test_cpu_latency.sh BUILD_DIR - processors sleep no deeper than fwd.yml says,
# as long as fwd runs; where that cannot be had, it goes on and says so.
#
# In mount points of its own: it puts something else in the device's place.
device=/dev/cpu_dma_latency
if [ -z "${CPU_LATENCY_ALONE:-}" ]; then
	exec env CPU_LATENCY_ALONE=1 unshare -m bash "$0" "$@"
fi
here=$(dirname "$0")
# shellcheck source=tests/support/netns.sh
. "$here/../support/netns.sh" "${1:?usage: test_cpu_latency.sh BUILD_DIR}"

[ -c $device ] || skip "this kernel has no $device"

# bound: the least of all wishes, in microseconds.
bound() {
	od -An -td4 -N4 $device | tr -d ' '
}

told() {
	ask '.alerts[] | select(.text | startswith("cpu_latency_us")).text' status
}

before=$(bound)
[ "$before" -gt 7 ] || skip "somebody else wishes for $before us here"

fwd_start
is "bound without a wish" "$before" "$(bound)"
fwd_stop
fwd_start --set cpu_latency_us=7
is "bound while fwd runs" 7 "$(bound)"
is "alert" "" "$(told)"
fwd_stop
is "bound after it" "$before" "$(bound)"
fwd_start --set cpu_latency_us=0
is "bound of none at all" 0 "$(bound)"
fwd_kill
is "bound after an end that was not expected" "$before" "$(bound)"
echo "ok: a wish is fwd's, and ends with it"

mount --bind /dev/full $device
fwd_start --set cpu_latency_us=7
is "alert" "cpu_latency_us has no effect: $device: No space left on device" \
	"$(told)"
fwd_stop
echo "ok: without the device fwd goes on, and says so"
