#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The kernel side works on Debian's kernel 6.1, as it does on this one.
exec bash "$(dirname "$0")/run.sh" 6.1 "${1:?usage: test_6_1.sh BUILD_DIR}"
