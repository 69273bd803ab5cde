# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# A line of 100 MB is a line.
size=100000000
[ -z "$SANITIZED" ] || size=1000000
few_index
line() {
	yes '17:45, 20931; 6:15 -- 1,234,567.89 (42) {3} <5> 99 % [2017 + 31 = 2048 / 365] ... Did it?' |
		tr '\n' ' ' | head -c $size
}
line | as_they_are -x few.dpti -m exponential -e 2 -v 2>err |
	tr -cd '0-9\n' | cksum >a
line | tr -cd '0-9\n' | cksum >b
check "all that is no word is kept" cmp a b
check "one line" grep -q ' 1 lines, ' err

# One word of that size, and one made up of many short parts.
try 'yes | tr -d "\n" | head -c $size | dptext -q | wc -lw'
try 'yes "y'\''" | tr -d "\n" | head -c $size | dptext -q | wc -lw'
