#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Our scripts give shellcheck no reason for a warning.
set -euo pipefail
cd "$(dirname "$0")/../.."
. tests/support/tree.sh
need_tool shellcheck

mapfile -t files < <(shell_files)
[ "${#files[@]}" -gt 0 ] || { echo "no scripts found"; exit 1; }
shellcheck -S warning -x -f gcc "${files[@]}"
