# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# One line for each epsilon.
few_index
try 'dptext-audit -x few.dpti dial 0.5 2 8'
try 'dptext-audit -x few.dpti -m exponential dial 1.5'
try 'dptext-audit -x few.dpti dial | cut -d" " -f1'
dptext-audit -x few.dpti --json dial 0.5 2 >json
try 'grep -o "\"epsilon_requested\":[0-9.]*" json'
check "a list" grep -q '^\[{' json
check "to its end" test "$(tail -n 1 json)" = ']'
dptext-audit -x few.dpti --json -e 0.5 summary >one
printf '[%s\n' "$(cat one)" >first
head -n 1 json >line
check "the same as the summary" cmp first line
try 'dptext-audit -x few.dpti -m gumbel-published dial 0.5'
