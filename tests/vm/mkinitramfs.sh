#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# mkinitramfs.sh KERNEL_DIR OUT PAYLOAD_DIR - the whole guest as one archive:
# busybox, the programs that tests call, their libraries, the modules of an
# unpacked kernel package, and PAYLOAD_DIR as /payload, whose `run` is started
# by guest_init.
#
# PROGRAMS and MODULES in the environment replace the lists below. A module
# that is built in or unknown to this kernel is left out.
set -euo pipefail

: "${PROGRAMS:=bpftool ip tc ethtool xdp-loader}"
: "${MODULES:=virtio_pci virtio_net veth dummy tun 8021q sch_ingress cls_bpf tcp_diag udp_diag}"

here=$(cd "$(dirname "$0")" && pwd)
kernel=$(realpath "${1:?usage: mkinitramfs.sh KERNEL_DIR OUT PAYLOAD_DIR}")
out=$(realpath -m "${2:?}")
payload=$(realpath "${3:?}")
release=$(basename "$kernel"/lib/modules/*)
modules=$kernel/lib/modules/$release
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT

# Copies the libraries a program is linked with, under the names it asks for.
add_libraries() {
	local library
	{ ldd "$1" 2>/dev/null || true; } | { grep -oE '/[^ )]+' || true; } |
		while IFS= read -r library; do
			[ -e "$root$library" ] ||
				install -D "$(readlink -f "$library")" \
					"$root$library"
		done
}

add_program() {
	local path
	path=$(readlink -f "$(command -v "$1")") || {
		echo "mkinitramfs.sh: no program $1" >&2
		return 1
	}
	install -D "$path" "$root/usr/bin/$1"
	add_libraries "$path"
}

# The files of a module and of what it needs, needed ones first.
module_files() {
	local module line
	for module in $MODULES; do
		line=$(grep -E "/$module\.ko(\.xz)?:" "$modules/modules.dep" ||
			true)
		[ -n "$line" ] || continue
		# modules.dep names the deepest dependency last
		printf '%s\n' ${line#*:} | tac
		echo "${line%%:*}"
	done | awk 'NF && !seen[$0]++'
}

add_modules() {
	local file name
	[ -s "$modules/modules.dep" ] || depmod -b "$kernel" "$release"
	while IFS= read -r file; do
		name=$(basename "${file%.xz}")
		case $file in
		*.xz) xz -dc "$modules/$file" >"$root/modules/$name" ;;
		*) cp "$modules/$file" "$root/modules/$name" ;;
		esac
		echo "$name" >>"$root/modules/order"
	done < <(module_files)
}

# What the dispatcher of libxdp is loaded from, where libxdp looks for it.
add_dispatcher() {
	local object
	for object in /usr/lib/*/bpf/xdp-dispatcher.o \
		/usr/lib/bpf/xdp-dispatcher.o; do
		[ ! -e "$object" ] || install -D "$object" "$root$object"
	done
}

mkdir -p "$root"/{bin,dev,proc,sys,tmp,run,etc,modules,payload,usr/bin,var/lib}
ln -s usr/bin "$root/sbin"
cp "$(command -v busybox)" "$root/bin/busybox"
cp /bin/dash "$root/bin/sh"
add_libraries /bin/dash
for program in $PROGRAMS; do
	add_program "$program"
done
add_modules
add_dispatcher
cp "$here/guest_init" "$root/init"
chmod 755 "$root/init"
cat >"$root/etc/group" <<'END'
root:x:0:
portcullis:x:900:
portcullis-view:x:901:
nogroup:x:65534:
END
cat >"$root/etc/passwd" <<'END'
root:x:0:0:root:/:/bin/sh
portcullis:x:900:900::/:/bin/sh
nobody:x:65534:65534:nobody:/:/bin/sh
END
cp -a "$payload"/. "$root/payload/"
while IFS= read -r program; do
	add_libraries "$program"
done < <(find "$payload" -type f -perm -u+x)
(cd "$root" && find . -print0 | LC_ALL=C sort -z |
	cpio --null -o -H newc --quiet -R 0:0 | gzip -1) >"$out"
