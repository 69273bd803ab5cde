# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# What goes with what, and strings that a NUL byte ends.
few_index
try 'dptext -f xml'
try 'dptext -f csv'
try 'dptext -f tsv'
try 'dptext -f jsonl'
try 'dptext -k 1'
try 'dptext -f nul -k 1'
try 'dptext --no-header'
try 'dptext -f jsonl --no-header -k a'
try 'dptext -f csv --no-header -k name'
# shellcheck disable=SC2046
try 'dptext -f csv $(seq -f "-k %g" 65)'

printf 'the of\nand\0to\0\0in the' >strings
try 'as_they_are -q -x few.dpti -f nul strings | without_words | od -c'
tr '\n\0' '\0\n' <strings >lines
dptext -x few.dpti --seed 1 lines 2>/dev/null | tr '\n\0' '\0\n' >a
dptext -x few.dpti --seed 1 -f nul strings 2>/dev/null >b
check "the same as lines" cmp a b
try 'printf 1 >one; as_they_are -q -f nul one one one | od -c'
try 'as_they_are -q one one one | od -c'
