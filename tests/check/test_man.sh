#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The man page of fwctl has every command and option that its help has, and no
# other; which items of fwd.yml a reload applies is the same wherever it is said;
# mandoc has nothing to say about our man pages.
set -euo pipefail
build=$(realpath "${1:?usage: test_man.sh BUILD_DIR}")
cd "$(dirname "$0")/../.."
. tests/support/tree.sh
need_tool mandoc
failed=0

# Whether other pages are installed on this machine is not the page's fault.
for page in docs/man/*.[1-8]; do
	complaints=$(mandoc -T lint "$page" 2>/dev/null |
		grep -v 'referenced manual not found' || true)
	if [ -n "$complaints" ]; then
		echo "$complaints"
		failed=1
	fi
done

# What a page or the help names, one a line: "block --for", "set add".
from_help() {
	"$build/ctl/fwctl" help --all | awk '
		/^usage: fwctl \[OPTION\.\.\.\] COMMAND/ { next }
		/^usage: fwctl / {
			sub(/^usage: fwctl (\[OPTION\.\.\.\] )?/, "")
			command = $1 == "set" ? $1 " " $2 : $1
			print command
		}
		command && /^  (-., |    )--/ {
			sub(/^ *(-., )?/, "")
			name = $1
			if (name !~ /^--(help|json|socket)$/)
				print command, name
		}' | sort -u
}

# Options stand in the .It of their command (short or long), or in the list
# below it; block and allow share theirs.
from_page() {
	awk '
		/^\.It (Xo )?Ic / {
			sub(/^\.It (Xo )?Ic /, "")
			command = $1 == "set" ? $1 " " $2 : $1
			print command
		}
		/^\.Ss|^\.Sh/ { command = "" }
		command && /^\.It Fl|^\.Fl . , Fl Fl|^\.Op Fl Fl/ {
			rest = $0
			while (match(rest, /Fl Fl [a-z][a-z-]*/)) {
				name = substr(rest, RSTART + 6, RLENGTH - 6)
				print command, "--" name
				if (command == "allow")
					print "block --" name
				rest = substr(rest, RSTART + RLENGTH)
			}
		}' docs/man/fwctl.1 | sort -u
}

diff <(from_help) <(from_page) || {
	echo "docs/man/fwctl.1: < is in the help only, > in the page only"
	failed=1
}
for option in help json socket; do
	grep -q "^\.It Fl ., Fl Fl $option\|^\.It Fl . , Fl Fl $option" \
		docs/man/fwctl.1 || {
		echo "docs/man/fwctl.1: --$option is missing"
		failed=1
	}
done

# live FILE AWK: the items that it says are live are those of the help.
live() {
	diff <("$build/daemon/fwd" --help | sed -n 's/^  \([a-z_0-9]*\) .*; reload applies it$/\1/p' |
		sort) <(awk "$2" "$1" | sort) || {
		echo "$1: < is live by fwd --help only, > by the file only"
		failed=1
	}
}
# shellcheck disable=SC2016 # for awk
live docs/man/fwd.yml.5 '/^\.It Cm/ { name = $3 } /^Live\.$/ { print name }'
# shellcheck disable=SC2016 # for awk
live docs/man/fwd.8 '/^\.It Dv SIGHUP/ { here = 1 } /^A file with/ { here = 0 }
	here && /^\.Cm/ { print $2 }'
live images/fwd.yml '/^$/ { here = 0 } /^# Live\./ { here = 1 }
	here && sub(/^#/, "") && sub(/:.*/, "") && /^[a-z_0-9]+$/'
# shellcheck disable=SC2016 # backquotes of the page
live docs/operations.md '/^A reload reads/ { here = 1 } /^the items that/ { here = 0 }
	here { while (match($0, /`[a-z]+_[a-z_]+`/)) {
		print substr($0, RSTART + 1, RLENGTH - 2)
		$0 = substr($0, RSTART + RLENGTH)
	} }'
exit "$failed"
