# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# Output that cannot be written is an error.
try 'echo Hello | dptext >&-'
try 'echo Hello | dptext >/dev/full'
try 'dptext -T 1 "$SRC/corpora/sample.txt" >/dev/full'
try 'dptext "$SRC/corpora/sample.txt" >&-'
try 'dptext </dev/null >&-'
try 'dptext </dev/null >/dev/full'
try 'dptext-index info "$DPTEXT_INDEX" >/dev/full'
try 'dptext-index info --json "$DPTEXT_INDEX" >&-'
