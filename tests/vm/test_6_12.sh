#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The kernel side works on Debian's kernel 6.12, as it does on this one.
exec bash "$(dirname "$0")/run.sh" 6.12 "${1:?usage: test_6_12.sh BUILD_DIR}"
