#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# test_places.sh BUILD_DIR - redirects lead where they may, and certificates are
# looked at.
here=$(dirname "$0")
# shellcheck source=tests/support/fetch.sh
. "$here/../support/fetch.sh" "${1:?usage: test_places.sh BUILD_DIR}"

asked() {
	wc -l <"$work/server/requests"
}

https 'chain?left=3'
arrived "three redirects"

before=$(asked)
https plain --no-redirects
arrived "none, and none allowed"
https 'chain?left=1' --no-redirects
failed "a redirect that is not allowed" "redirects, which is not allowed"
is "requests: a redirect that is not allowed" 2 $(($(asked) - before))

before=$(asked)
https 'chain?left=4'
failed "four redirects" "redirects once too often"
is "requests: four redirects" 4 $(($(asked) - before))

before=$(asked)
https to-http
failed "from https to http" "redirects to http"
https to-http --allow-http
failed "from https to http, though http is allowed" "redirects to http"
https to-file
failed "to a file" "redirects to what is not https"
https to-other
failed "to ftp" "redirects to what is not https"
https to-user
failed "to a URL with a password" "redirects to what is not https"
https to-nowhere
failed "to nowhere" "redirects to what is not https"
is "requests: one for each" 6 $(($(asked) - before))

http 'chain?left=3'
arrived "from http to http"
http to-https --ca-file "$work/ca.pem"
arrived "from http to https"
http to-file
failed "from http to a file" "redirects to what is not https"

run --url "$secure/plain"
failed "an authority that is not known" "certificate is not accepted"
https to-other-name
failed "another name" "127\.0\.0\.1:.* for another name"

# its end is its beginning
make_certificate past localhost 0
has_ended() {
	! openssl x509 -in "$work/past.pem" -noout -checkend 0 >"$work/openssl"
}
wait_for "end of a certificate" has_ended
start_server "$work/late" past
https plain
failed "a certificate that has ended" "certificate has expired"
is "requests without a certificate" 0 "$(wc -l <"$work/late/requests")"
