#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# An installation has everything it promises and runs from where it is; the
# pages and the example of the configuration name every item that `fwd --help`
# prints, with its default, and no other; the unit starts what was installed.
set -euo pipefail
shopt -s inherit_errexit
build=$(realpath "${1:?usage: test_install.sh BUILD_DIR}")
cd "$(dirname "$0")/../.."

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
bad=0

wrong() {
	echo "$*"
	bad=1
}

# PATH below the prefix, one a line.
promised='
bin/fwctl
libexec/portcullis/fetch-feed
libexec/portcullis/send-alerts
sbin/fwd
lib/systemd/system/portcullis-alert-forward.service
lib/systemd/system/portcullis-crowdsec.service
lib/systemd/system/portcullis-feed.service
lib/systemd/system/portcullis-feed.timer
lib/systemd/system/portcullis.service
lib/sysusers.d/portcullis.conf
share/bash-completion/completions/fwctl
share/doc/portcullis/CHANGELOG.md
share/doc/portcullis/LICENSE
share/doc/portcullis/README.md
share/doc/portcullis/docs/architecture.md
share/doc/portcullis/docs/operations.md
share/doc/portcullis/examples/cron.d/portcullis-crowdsec
share/doc/portcullis/examples/cron.d/portcullis-feed
share/doc/portcullis/examples/dns-server.yml
share/doc/portcullis/examples/fwd.yml
share/doc/portcullis/examples/gateway.yml
share/doc/portcullis/examples/web-host.yml
share/man/man1/fwctl.1
share/man/man5/crowdsec.yml.5
share/man/man5/feed.yml.5
share/man/man5/firewall.yml.5
share/man/man5/fwd.yml.5
share/man/man8/fetch-feed.8
share/man/man8/fwd.8
share/portcullis/detect/credentials.yml
share/man/man8/send-alerts.8
share/portcullis/feeds/spamhaus-drop.yml
share/portcullis/firewall.schema.json
share/portcullis/resolvers.txt
'

# A build of one preset may have everything but one broken test: what cannot
# be installed says so itself.
DESTDIR=$root cmake --install "$build" >"$root/said" 2>&1 || {
	cat "$root/said"
	exit 1
}
prefix=$(sed -n 's/^CMAKE_INSTALL_PREFIX:PATH=//p' "$build/CMakeCache.txt")
here=$root$prefix

for path in $promised; do
	[ -s "$here/$path" ] || wrong "$prefix/$path was not installed"
done
[ "$bad" = 0 ] || exit 1

outside=$(find "$root" -type f ! -path "$here/*" ! -path "$root/said")
[ -z "$outside" ] || wrong "installed outside the prefix: $outside"

# Relative links, with whatever is after a # cut off.
while IFS=: read -r page link; do
	[ -e "$(dirname "$page")/$link" ] ||
		wrong "${page#"$here/"} links to $link, which was not installed"
done < <(find "$here/share/doc" -name '*.md' -exec \
	grep -oHE '\]\([^)#]+' {} + | sed 's/](//' | grep -v ':http')

"$here/sbin/fwd" --version | grep -q '^fwd [0-9]' ||
	wrong "fwd --version has no version"
"$here/bin/fwctl" --socket "$root/none" version | grep -q '^fwctl [0-9]' ||
	wrong "fwctl version has no version"
"$here/bin/fwctl" --help >/dev/null || wrong "fwctl --help failed"
bash -n "$here/share/bash-completion/completions/fwctl" ||
	wrong "bash does not read the completion"
"$here/libexec/portcullis/fetch-feed" --version |
	grep -q '^fetch-feed [0-9]' || wrong "fetch-feed --version has no version"
grep -q "^ExecStart=$prefix/bin/fwctl feed update$" \
	"$here/lib/systemd/system/portcullis-feed.service" ||
	wrong "portcullis-feed.service does not start $prefix/bin/fwctl"
grep -q "^ExecStart=$prefix/bin/fwctl crowdsec run$" \
	"$here/lib/systemd/system/portcullis-crowdsec.service" ||
	wrong "portcullis-crowdsec.service does not start $prefix/bin/fwctl"
grep -q "^ExecStart=$prefix/sbin/fwd$" \
	"$here/lib/systemd/system/portcullis.service" ||
	wrong "portcullis.service does not start $prefix/sbin/fwd"

# forwards FILES: what becomes of portcullis-alert-forward where /etc/portcullis
# has these, by what the unit asks for.
forwards() {
	rm -rf "${root:?}/etc"
	mkdir -p "$root/etc/portcullis"
	local file lines
	for file in $1; do
		touch "$root/etc/portcullis/$file"
	done
	mapfile -t lines < <(sed -nE "s,^((Condition|Assert)[A-Za-z]*=\|?)/,\1$root/,p" \
		"$here/lib/systemd/system/portcullis-alert-forward.service")
	systemd-analyze condition "${lines[@]}" >"$root/said" 2>&1 || true
	if grep -q '^Conditions failed' "$root/said"; then
		echo skipped
	elif grep -q '^Asserts failed' "$root/said"; then
		echo fails
	else
		echo starts
	fi
}
if command -v systemd-analyze >/dev/null; then
	[ "$(forwards "")" = skipped ] ||
		wrong "alert-forward is not skipped where nobody wants it"
	[ "$(forwards "alert-forward.env")" = fails ] ||
		wrong "alert-forward does not fail without a URL"
	[ "$(forwards "alert-forward.url alert-forward.env")" = starts ] ||
		wrong "alert-forward does not start with a URL"
fi

grep -q "^\.It Pa $prefix/share/portcullis/feeds$" \
	"$here/share/man/man5/feed.yml.5" ||
	wrong "feed.yml.5 does not say that definitions are below $prefix"

# "name default", one a line, sorted.
items_of_help() {
	"$here/sbin/fwd" --help | awk '
		!listed { listed = /^Items of the file/; next }
		/^  [a-z]/ { name = $1 }
		/ default: / {
			sub(/.* default: /, "")
			print name, $0
		}' | sort
}

items_of_page() {
	sed -nE 's/^\.It Cm ([a-z_0-9]+) Pq (.*)$/\1 \2/p' "$1" | sort
}

items_of_example() {
	sed -nE 's/^#([a-z_0-9]+): (.*)$/\1 \2/p' "$1" | sort
}

items_of_help >"$root/help"
[ -s "$root/help" ] || wrong "fwd --help lists no items"

# same NAME FILE: standard input against the help.
same() {
	diff "$root/help" - || wrong "$1: < is in fwd --help, > in the file"
}
same fwd.8 < <(items_of_page "$here/share/man/man8/fwd.8")
same fwd.yml.5 < <(items_of_page "$here/share/man/man5/fwd.yml.5")
same fwd.yml < <(items_of_example \
	"$here/share/doc/portcullis/examples/fwd.yml")

# With every '#' taken away it is a configuration.
sed -E 's/^#([a-z_0-9]+:)/\1/' \
	"$here/share/doc/portcullis/examples/fwd.yml" >"$root/fwd.yml"
"$here/sbin/fwd" --config "$root/fwd.yml" --check ||
	wrong "fwd refuses the example"

# "name" of items that the help says a reload applies, and the pages call live.
live_of_help() {
	"$here/sbin/fwd" --help | awk '/; reload applies it/ { print $1 }' | sort
}

live_of_page() {
	awk '/^\.It Cm / { name = $3 } /^Live\.$/ { print name }' "$1" | sort
}
diff <(live_of_help) <(live_of_page "$here/share/man/man5/fwd.yml.5") ||
	wrong "fwd.yml.5: < is live by fwd --help, > by the page"

# Options of fetch-feed, "name default", and of its page.
fetcher_of_help() {
	"$here/libexec/portcullis/fetch-feed" --help | sed -nE \
		's/^  --([a-z-]+).* \(([0-9]+)\)$/\1 \2/p; t
		 s/^  --([a-z-]+).*/\1/p' | sort
}

fetcher_of_page() {
	sed -nE 's/^\.It Fl Fl ([a-z-]+).* Pq ([0-9]+)$/\1 \2/p; t
		 s/^\.It Fl Fl ([a-z-]+).*/\1/p' "$1" |
		grep -vE '^(help|version)$' | sort
}
diff <(fetcher_of_help) \
	<(fetcher_of_page "$here/share/man/man8/fetch-feed.8") ||
	wrong "fetch-feed.8: < is in fetch-feed --help, > in the page"

# Options of the program and of its page.
options_of_help() {
	"$here/sbin/fwd" --help | sed '/^$/q' | grep -oE -- '--[a-z]+' | sort -u
}

options_of_page() {
	sed -nE 's/^\.It Fl Fl ([a-z]+).*/--\1/p' "$1" | sort -u
}
diff <(options_of_help) <(options_of_page "$here/share/man/man8/fwd.8") ||
	wrong "fwd.8: < is in fwd --help, > in the page"
exit $bad
