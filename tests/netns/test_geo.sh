#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# test_geo.sh BUILD_DIR - rules that name countries and autonomous systems.
#
# From databases of its own; and, where PORTCULLIS_DATA names a directory with
# them, from the lists in feeds/country-herrbischoff and the tables in feeds/bgp.
here=$(dirname "$0")
# shellcheck source=tests/support/netns.sh
. "$here/../support/netns.sh" "${1:?usage: test_geo.sh BUILD_DIR}"
make_mmdb=$1/tests/netns/make_mmdb
[ -x "$make_mmdb" ] || skip "make_mmdb is not built"

document=$work/firewall.yml
countries=$work/countries.mmdb
systems=$work/systems.mmdb

# write_document RULE: one rule, and everything else passes.
write_document() {
	cat >"$document" <<-END
		version: 1
		management: [$control4]
		geo: {country: $countries, asn: $systems}
		rules:
		  - {id: geo, action: drop, $1}
	END
}

# rule_packets ID
rule_packets() {
	ask ".rules[] | select(.id == \"$1\").packets" counters
}

sets() {
	ask '[.sets[] | select(.kind == "geo") | "\(.name) \(.members)"] | join(", ")' \
		set list
}

# reason SET ADDRESS
reason() {
	ask "select(.prefix == \"$2\").reason" set show "$1"
}

# judged PACKET
judged() {
	ask '.reason + if .rule then " " + .rule else "" end' explain "$1"
}

count_arrivals
fwd_start
does attach wan0

# Two countries. The addresses of this machine, its next hop and its manager are
# in the one that is dropped, as they may be.
"$make_mmdb" "$countries" 203.0.113.0/24=CN 2001:db8:bad::/48=CN \
	198.51.100.0/24=CN $clean4=DE
"$make_mmdb" "$systems" 203.0.113.0/24=64496 198.51.100.2=64497
write_document "source: geo:CN"
does policy check "$document"
does policy diff "$document"
said "geo:CN"
does policy apply "$document"
is_dropped $listed4 || fail "a country that is dropped passes"
passes $clean4 || fail "another country is dropped"
is "who manages, of a country that is dropped" allowed \
	"$(judged "udp $control4:9 > $own4:7000 in wan0")"
is "packets of the rule" 3 "$(rule_packets geo)"
case $(judged "tcp [$listed6]:9 > [$own6]:22 syn in wan0") in
*" geo") ;;
*) fail "IPv6 of the country is judged by another rule" ;;
esac
case $(sets) in
"geo:CN "[0-9]*) ;;
*) fail "sets of kind geo: $(sets)" ;;
esac
is "reason of a member" "policy: Test-Country built 2026-10-26" \
	"$(reason geo:CN 203.0.113.0/24)"
does why $listed4
said "geo:CN"
said "Test-Country built 2026-10-26"

# Nobody else writes to it, or takes it away.
refuses "what a database lists" set add geo:CN 192.0.2.1
refuses "what a database lists" block 192.0.2.1 --set geo:CN
refuses "names it" set drop geo:CN
"$fwctl" set export geo:CN >"$work/export"
grep -q '^203.0.113.0/24' "$work/export" || fail "an export is short"
refuses "what a database lists" set import geo:CN "$work/export"
refuses "is no name for a set" set new geo:DE
echo "ok: a country is dropped"

# What a document may not say changes nothing, and is told with its place.
write_document "source: geo:XX"
refuses "$document:5:37: \"geo:XX\" is no country" policy apply "$document"
write_document "source: asn:0"
refuses "$document:5:37: \"asn:0\" is no autonomous system" \
	policy check "$document"
write_document "source: geo:FR"
refuses "5:37: no network of geo:FR .* they list 2 countries: CN, DE" \
	policy apply "$document"
sed -i '/^geo:/d' "$document"
refuses "$document:4:37: nothing lists the networks of geo:FR" \
	policy apply "$document"
write_document "source: geo:CN"
head -c 300 "$countries" >"$work/cut.mmdb"
sed -i "s|$countries|$work/cut.mmdb|" "$document"
refuses "cut.mmdb: not a MaxMind DB file" policy apply "$document"
is_dropped $listed4 || fail "a policy that was refused has changed something"
is "revisions" 1 "$(ask .current policy log)"
echo "ok: what is refused"

# All but a country, and a system among others.
write_document "source: {not: [geo:DE, 192.0.2.0/24]}"
does policy apply "$document"
is_dropped $listed4 || fail "what is not of the country passes"
passes $clean4 || fail "the country is dropped"
write_document "source: ['@block', asn:64496]"
does policy apply "$document"
is_dropped $listed4 || fail "a system that is dropped passes"
passes $clean4 || fail "another system is dropped"
is "sets by now" "asn:64496 1" "$(sets)"
echo "ok: negated, and systems"

# A new database is read by the next apply of the same document.
"$make_mmdb" "$systems" 198.51.100.2=64496
does policy apply "$document"
passes $listed4 || fail "what the database does not list is dropped"
is_dropped $clean4 || fail "what the database lists passes"

# It needs no database to go on, or to be what it was.
rm "$systems"
"$fwctl" backup "$work/backup" >/dev/null || fail "no backup"
fwd_kill
is_dropped $clean4 || fail "without fwd the country passes"
fwd_start
is_dropped $clean4 || fail "after a start the country passes"
is "sets after a start" "asn:64496 1" "$(sets)"
does restore "$work/backup"
is "sets after a restore" "asn:64496 1" "$(sets)"
is_dropped $clean4 || fail "after a restore the country passes"
refuses "systems.mmdb: No such file" policy apply "$document"
write_document "source: 203.0.113.0/24"
does policy apply "$document"
is "sets when no rule names one" "" "$(sets)"
passes $clean4 || fail "a set that is gone still drops"
fwd_stop
echo "ok: a new database, none, and a policy without"

data=${PORTCULLIS_DATA:-/nonexistent}/feeds
[ -d "$data/country-herrbischoff" ] && [ -d "$data/bgp" ] ||
	skip "PORTCULLIS_DATA names no lists of countries and systems"

# Real lists, which need more room.
in_gateway "$fwd" --config "$work/fwd.yml" --unload >/dev/null 2>&1 || true
rm -rf "$work/state"
mkdir "$work/state"
sed -i '/^\(hosts4\|blocks4\|entries6\):/d' "$work/fwd.yml"
fwd_start
does attach wan0
cat >"$document" <<-END
	version: 1
	management: [$control4]
	geo:
	  country: $data/country-herrbischoff
	  asn: [$data/bgp/asn-ipv4-ranges.csv.gz, $data/bgp/asn-ipv6-ranges.csv.gz]
	rules:
	  - {id: china, action: drop, source: geo:CN}
	  - {id: system, action: drop, source: asn:13335}
	  - {id: others, action: count}
END
does policy apply "$document"
four=$(cat "$data/country-herrbischoff/ipv4/cn.cidr" \
	"$data/country-herrbischoff/ipv6/cn.cidr" | grep -vc '^#')
is "members of geo:CN" "$four" "$(ask \
	'.sets[] | select(.name == "geo:CN").members' set list)"
china=$(head -n 1 "$data/country-herrbischoff/ipv4/cn.cidr")
china=${china%.*}.7
ip -n "$internet" addr add "$china/32" dev peer0
ip -n "$internet" addr add 1.0.0.7/32 dev peer0
before=$(rule_packets others)
send "$china" 5
send 1.0.0.7 4
send $listed4 3
wait_for "packets of others" sh -c "[ \"\$('$fwctl' --json counters | jq \
	'.rules[] | select(.id == \"others\").packets')\" -ge $((before + 3)) ]"
is "packets of $china" 5 "$(rule_packets china)"
is "packets of AS 13335" 4 "$(rule_packets system)"
fwd_stop
echo "ok: real lists"
