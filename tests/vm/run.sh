#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# run.sh SERIES BUILD_DIR [SCRIPT] - run the bpf tests and the attachment steps,
# or SCRIPT alone with fwd and fwctl beside it, inside Debian's kernel of SERIES
# (6.1, 6.12).
#
# The programs are those of the release build: sanitizers under emulation
# cost minutes. When BUILD_DIR is another build, the release build beside it
# is taken. ONLY in the environment, as "sensor* enforce", leaves all others of
# bpf.* out, and the attachment steps. Exit status 77, with the reason, when
# something is missing.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
tree=$(cd "$here/../.." && pwd)
: "${ONLY:=*}"
series=${1:?usage: run.sh SERIES BUILD_DIR}
build=$(realpath "${2:?}")
script=${3:-}

skip() {
	echo "skipped: $*"
	exit 77
}

has_sanitizers() {
	grep -qE '^CMAKE_C_FLAGS:.*-fsanitize=' "$1/CMakeCache.txt" 2>/dev/null
}

is_wanted() {
	local pattern patterns
	read -ra patterns <<<"$ONLY"
	for pattern in "${patterns[@]}"; do
		# shellcheck disable=SC2053 # it is a pattern
		[[ $1 != $pattern ]] || return 0
	done
	return 1
}

# Without debug information, which is most of their size.
copy_daemon() {
	local program
	for program in daemon/fwd ctl/fwctl; do
		[ -x "$build/$program" ] || continue
		strip --strip-debug -o "$payload/${program##*/}" \
			"$build/$program"
	done
}

# Likewise, into $payload/bpf.
copy_tests() {
	local program count=0
	mkdir "$payload/bpf"
	for program in "$build"/tests/bpf.*; do
		[ -f "$program" ] && [ -x "$program" ] || continue
		is_wanted "${program##*/bpf.}" || continue
		strip --strip-debug -o "$payload/bpf/${program##*/}" "$program"
		count=$((count + 1))
	done
	[ "$count" -gt 0 ] || skip "no tests/bpf.{$ONLY} in $build"
	clang -target bpf -mcpu=v3 -g -O2 -Wall -Werror -idirafter \
		"/usr/include/$(gcc -print-multiarch)" \
		-c "$here/foreign.bpf.c" -o "$payload/foreign.bpf.o"
	[ "$ONLY" != "*" ] || cp "$here/guest_attach.sh" "$payload/"
}

# Tests read their data under the path that was compiled in.
copy_data() {
	[ -d "$tree/tests/data" ] || return 0
	mkdir -p "$payload/data"
	cp -a "$tree/tests/data/." "$payload/data/"
	echo "$tree/tests/data" >"$payload/data_path"
}

for tool in qemu-system-x86_64 busybox cpio strip clang bpftool ip tc ethtool \
	xdp-loader; do
	command -v "$tool" >/dev/null || skip "$tool is not installed"
done
if has_sanitizers "$build"; then
	[ -d "$build/../release/tests" ] ||
		skip "$build has sanitizers, and there is no release build"
	build=$(realpath "$build/../release")
fi
kernel=$("$BASH" "$here/fetch_kernels.sh" "$series" 2>&1) || {
	r=$?
	echo "$kernel"
	exit "$r"
}
kernel=$(tail -n 1 <<<"$kernel")

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
payload=$work/payload
mkdir "$payload"
copy_daemon
if [ -n "$script" ]; then
	[ -x "$payload/fwd" ] && [ -x "$payload/fwctl" ] ||
		skip "fwd and fwctl are not built in $build"
	cp "$script" "$payload/run"
else
	copy_tests
	copy_data
	cp "$here/guest_run" "$payload/run"
fi
chmod 755 "$payload/run"
"$BASH" "$here/mkinitramfs.sh" "$kernel" "$work/initramfs.gz" "$payload"

r=0
"$BASH" "$here/boot.sh" "$kernel" "$work/initramfs.gz" "$work/log" || r=$?
sed -n '/guest-ready/,$p' "$work/log"
[ "$r" != 125 ] || {
	tail -n 60 "$work/log"
	echo "the guest reported nothing"
}
[ "$r" != 77 ] || skip "nothing passed in the guest, see above"
exit "$r"
