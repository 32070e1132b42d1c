#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# boot.sh KERNEL_DIR INITRAMFS LOG - boot once under software emulation.
#
# The console goes to LOG. The exit status is the one the guest reports; 125
# when it reported none (it crashed, or TIMEOUT_S passed). MEMORY_MIB, TIMEOUT_S
# and LSM, the kernel's security modules, come from the environment.
#
# One virtual CPU: with two, the emulator now and then misses the moment when
# the kernel patches its own code, and the guest dies of an int3 oops. With
# one that is rare; it says nothing about the program under test, so exactly
# that signature is tried once more.
set -uo pipefail

: "${MEMORY_MIB:=1024}" "${TIMEOUT_S:=700}"
# LSM programs load without `bpf` in this list, and then never run.
: "${LSM:=landlock,lockdown,yama,integrity,apparmor,bpf}"
kernel=${1:?usage: boot.sh KERNEL_DIR INITRAMFS LOG}
initramfs=${2:?}
log=${3:?}

options="console=ttyS0 quiet panic=-1 oops=panic tsc=reliable no_timer_check nokaslr"
options+=" mitigations=off lsm=$LSM"

boot() {
	timeout -k 5 "$TIMEOUT_S" qemu-system-x86_64 \
		-accel tcg -machine q35 -cpu max -smp 1 -m "$MEMORY_MIB" \
		-nodefaults -no-reboot -display none -monitor none \
		-serial stdio -kernel "$kernel"/boot/vmlinuz-* \
		-initrd "$initramfs" -append "$options" \
		</dev/null 2>&1 | tr -d '\r' >"$log"
}

status_of_guest() {
	sed -n 's/^.*guest-status \([0-9]*\)$/\1/p' "$log" | tail -n 1
}

boot
status=$(status_of_guest)
if [ -z "$status" ] && grep -qE 'int3: 0000 \[#' "$log"; then
	echo "boot.sh: the emulator's int3 oops, once more"
	cp "$log" "$log.int3"
	boot
	status=$(status_of_guest)
fi
exit "${status:-125}"
