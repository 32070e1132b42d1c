# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A copy of the root's files to work on, thrown away in the end; sourced.

# Folders that are not in the copy.
copy_lacks=()

# leave_out UPPER: as overlay has it, a device 0:0 hides what is below.
leave_out() {
	for dir in "${copy_lacks[@]}"; do
		mkdir -p "$1${dir%/*}" && mknod "$1$dir" c 0 0 || return
	done
}

# enter_copy DIR...: in a mount namespace of its own, make the copy the root. Each
# DIR is there as it is, and so are /dev, /proc and /sys. What is changed of the
# copy is below /changed. 77: it cannot be.
enter_copy() {
	mount --make-rprivate / &&
		mount -t tmpfs copy /mnt &&
		mkdir /mnt/upper /mnt/under /mnt/root &&
		leave_out /mnt/upper &&
		mount -t overlay overlay /mnt/root \
			-o lowerdir=/,upperdir=/mnt/upper,workdir=/mnt/under ||
		return 77
	for dir in /dev /proc /sys "$@"; do
		mkdir -p "/mnt/root$dir"
		mount --rbind "$dir" "/mnt/root$dir" || return 77
	done
	# not /mnt itself: the copy's is below it
	mkdir -p /mnt/root/old /mnt/root/changed
	mount --bind /mnt/upper /mnt/root/changed || return 77
	cd /mnt/root && pivot_root . old && umount -l /old && cd /
}
