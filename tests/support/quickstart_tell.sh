# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# quickstart_tell.sh - what ./quickstart says.
#
# Sourced by ./quickstart.
#
# shellcheck disable=SC2154 # names are shared with who sources this

# progress WHAT: one line that is written over, where somebody watches.
progress() {
	[ ! -t 2 ] || printf '\r\033[K[%3ds] %s ...' "$SECONDS" "$1" >&2
}

progress_end() { [ ! -t 2 ] || printf '\r\033[K' >&2; }

commas() {
	local n=$1
	while [[ $n =~ ^([0-9]+)([0-9]{3}.*)$ ]]; do
		n=${BASH_REMATCH[1]},${BASH_REMATCH[2]}
	done
	echo "$n"
}

# The rows, columns as wide as they need to be, numbers to the right.
print_table() {
	awk -F '\t' '
	function commas(s, n) {
		if (s !~ /^[0-9]+/)
			return s
		match(s, /^[0-9]+/)
		n = substr(s, 1, RLENGTH)
		s = substr(s, RLENGTH + 1)
		for (; length(n) > 3; n = substr(n, 1, length(n) - 3))
			s = "," substr(n, length(n) - 2) s
		return n s
	}
	{
		for (i = 1; i <= NF; i++) {
			if ($i !~ /[0-9]\.[0-9]/)
				$i = commas($i)
			cell[NR, i] = $i
			if (length($i) > width[i])
				width[i] = length($i)
		}
	}
	END {
		for (r = 1; r <= NR; r++) {
			line = ""
			for (i = 1; i <= NF; i++) {
				form = i >= 3 && i <= 5 ? "%" : "%-"
				form = form width[i] "s  "
				line = line sprintf(form, cell[r, i])
			}
			sub(/ +$/, "", line)
			print line
		}
	}' <<<"WHAT	FROM	SENT	ARRIVED	DROPPED	WHY	HOW FAST	COST
$(cat "$scratch/rows")"
}

# A busy machine is a slow one; the reader should know which this was.
tell_load() {
	local load cores
	read -r load _ </proc/loadavg
	cores=$(nproc)
	[ "${load%.*}" -le "$cores" ] || echo "(The machine was busy: load" \
		"$load on $cores cores; alone, it would be faster.)"
}

tell_what() {
	local of_core=$((flood_rate * flood_ns / 10000))
	cat <<END
Portcullis stood on wan0, the outer interface of a gateway between an internet
and a LAN: three network namespaces of this machine, joined by veth. The list
is tests/data/ipsum.txt, addresses that public blocklists name. The clean
sources are the listed ones' next neighbours that are not listed.

    \$ fwctl attach wan0
$(sed 's/^/    /' <<<"$attach_said")
    \$ fwctl set import ipsum tests/data/ipsum.txt
    $(commas "$entries") addresses, from file to enforced in $import_ms ms
    \$ fwctl why $worst
$(sed 's/^/    /' <<<"$why_said")

$(print_table)

SENT is what the sources sent; ARRIVED what the server in the LAN received,
counted by the server itself; DROPPED and WHY are the firewall's counters.

A connection from $talker was talking, $live_before lines answered in a
second, when it was blocked: \`fwctl block\` took $live_block_ms ms, stored durably, of
which the daemon needed $live_enforced_us us to have it in the kernel's table. Of what
was said after that, $live_while lines were answered until \`fwctl unblock\`. Then it
went on within $live_resumed_ms ms, and in the end $(commas "$live_answered") of $(commas "$live_total") lines
had their answers.

The flood came from every address of the list in turn, as fast as one core
could make it: $(commas $((flood_rate * 1000))) packets a second dropped. The firewall's
program took $flood_ns ns a packet, $of_core % of that core; the rest is the generator
and the virtual cable. Of the clean datagrams in it, $(commas "$clean_arrived") of $(commas "$clean_sent")
came through.
END
	tell_load
	[ "$flood_lost" = 0 ] || echo "$(commas "$flood_lost") of the flood's" \
		"datagrams were lost in the cable's queue, before the gateway."
}

tell_real() {
	cat <<'END'

On a real interface, here eth1 (look first, then attach, then make sure):

    sudo cmake --build build/release
    sudo cmake --install build/release
    sudo systemd-sysusers
    sudo systemctl daemon-reload
    sudo systemctl enable --now portcullis
    sudo fwctl doctor eth1          # what would hinder it, and how to mend it
    sudo fwctl set add management ADDRESS   # yours: it can never be blocked
    sudo fwctl attach eth1
    sudo fwctl status               # "attached", verified: yes
    sudo fwctl set import ipsum tests/data/ipsum.txt
    sudo fwctl counters

Without systemd, in place of the three lines before `doctor`:

    sudo groupadd --system portcullis        # may change
    sudo groupadd --system portcullis-view   # may look
    sudo mkdir -p /run/portcullis
    mountpoint -q /sys/fs/bpf ||
        sudo mount -t bpf -o mode=700 bpf /sys/fs/bpf
    sudo fwd                        # stays in the foreground

To take it off again:

    sudo fwctl detach eth1          # one interface; the lists stay
    sudo systemctl disable --now portcullis   # what is attached keeps dropping
    sudo fwd --unload               # every gate and pin gone
END
}

tell_kept() {
	cat <<END

All of it is still running. To look around, as root:

    export PORTCULLIS_SOCKET=$PORTCULLIS_SOCKET
    $fwctl status
    $fwctl counters
    $fwctl watch
    nsenter --net=/run/netns/$prefix-internet \\
        ping -c 3 -I $worst $SERVER     # listed: no answer
    $fwctl allow $worst
    $fwctl unblock --set allow $worst

and when you have seen enough:

    sudo ./quickstart --clean
END
}

tell() {
	local sentence
	tell_what
	if [ "${#broken[@]}" != 0 ]; then
		echo
		for sentence in "${broken[@]}"; do
			echo "NOT AS PROMISED: $sentence."
		done
		return
	fi
	tell_real
	echo
	echo "Everything behaved as promised, in $((SECONDS - made_s)) s after the build."
	if [ -n "$keep" ]; then
		tell_kept
	else
		echo "Nothing is left behind."
	fi
}
