#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# test_taxii.sh BUILD_DIR - the pages of a TAXII collection become one bundle.
here=$(dirname "$0")
# shellcheck source=tests/support/fetch.sh
. "$here/../support/fetch.sh" "${1:?usage: test_taxii.sh BUILD_DIR}"

# has_six PAGES: the bundle has all objects, in order, each once.
has_six() {
	is "outcome" "0 true new $1" \
		"$status $(field ok) $(field outcome) $(field pages)"
	is "objects" "bundle 2 3 4 5 6 7" "$(jq -r '[.type, (.objects[].id |
		ltrimstr("indicator--"))] | join(" ")' "$work/out/feed")"
	is "date of the last" 2026-11-03 "$(field added_last)"
	is "bytes" "$(stat -c %s "$work/out/feed")" "$(field bytes)"
	is "sha256" "$(sha256sum <"$work/out/feed" | cut -d' ' -f1)" \
		"$(field sha256)"
	left_only feed
}

https objects --taxii
has_six 3
jq -r .id "$work/out/feed" | grep -qE \
	'^bundle--[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$' ||
	fail "the bundle has no good id"
cp "$work/out/feed" "$work/first"
echo "ok: three pages by next"
is "what was asked" "/objects?limit=1000
/objects?next=pg+2%26x&limit=1000
/objects?next=pg+3%26x&limit=1000" \
	"$(jq -r .path "$work/server/requests")"
is "what was accepted" "application/taxii+json;version=2.1" \
	"$(jq -r .headers.accept "$work/server/requests" | sort -u)"

https 'objects-by-date?added_after=2026-11-00&limit=7&match%5Btype%5D=indicator' \
	--taxii
has_six 4
cmp "$work/first" "$work/out/feed" || fail "the same objects, other bytes"
is "the last that was asked" \
	"limit=7&match%5btype%5d=indicator&added_after=2026-11-03" \
	"$(tail -n 1 "$work/server/requests" |
		jq -r '.path | split("?")[1] | ascii_downcase')"
echo "ok: pages by date, the last one empty"

https objects-none --taxii
is "objects of an empty collection" "0 []" \
	"$status $(jq -c .objects "$work/out/feed")"
echo "ok: an empty collection"

https objects --taxii --max-pages 3
has_six 3
https objects --taxii --max-pages 2
failed "more pages than allowed" "more than 2 pages"
https objects-forever --taxii --max-bytes 100000
failed "a bundle that is too long" "longer than 100000 bytes"
https objects-lost --taxii
failed "more, but not where" "page 1: there is more, but not where"
https objects-then-later --taxii
missed "later, after the first page" 3 retry "HTTP 429"
is "seconds to wait" 120 "$(field retry_after_s)"
https objects-damaged --taxii
failed "JSON that is cut" "not a JSON object"
https objects-odd --taxii
failed "an object that is none" "an object is none"
https bomb --taxii
failed "a page that is too long" "longer than 16777216 bytes"
https page --taxii
failed "a web page" "web page"
https objects --taxii --etag '"first"'
refused "an ETag" "not for taxii"
