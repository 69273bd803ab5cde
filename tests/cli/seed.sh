# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# --seed is never silent: what it makes is not private.
try 'dptext --seed 1 </dev/null'
try 'dptext -q --seed 1 </dev/null'
echo "Did you lock the back door?" >line
for i in 1 2 3; do cat line; done >lines
dptext -q -m exponential --seed 1 lines 2>/dev/null >a
dptext -q -m exponential --seed 1 lines 2>/dev/null >b
dptext -q -m exponential --seed 3 lines 2>/dev/null >c
check "one seed, one output" cmp a b
check "another seed, another output" test "$(cmp a c 2>&1)" != ""
check "equal lines are drawn for one by one" \
	test "$(sort -u a | wc -l)" = 3
