#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Every C file is as clang-format would write it.
set -euo pipefail
cd "$(dirname "$0")/../.."
. tests/support/tree.sh
need_tool clang-format

mapfile -t files < <(c_files)
[ "${#files[@]}" -gt 0 ] || { echo "no C files found"; exit 1; }
clang-format --dry-run -Werror --style=file "${files[@]}"
