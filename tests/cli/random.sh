# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# Without --seed no two runs are alike, and no two lines of one run.
head -n 30 "$SRC/corpora/sample.txt" >text
for mechanism in gumbel exponential laplace; do
	dptext -m $mechanism -e 2 text >a
	dptext -m $mechanism -e 2 text >b
	check "two runs of $mechanism differ" test "$(cmp a b 2>&1)" != ""
	check "and differ from the text" \
		test "$(cmp a text 2>&1)" != ""
	yes "we will see about that one when the time comes" | head -n 20 |
		dptext -m $mechanism -e 2 | sort -u >lines
	check "equal lines become different ones" \
		test "$(wc -l <lines)" -gt 15
done
