# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# A file that is not a whole index is refused, whatever is done to it.
few_index
size=$(wc -c <few.dpti)
try 'dptext -x nowhere'
try 'dptext -x .'
try 'dptext -x /dev/null'
try ': >empty; dptext -x empty'
try 'echo Not an index >text; dptext -x text; dptext-index info text'
try 'dptext-index verify text'
try 'head -c 64 few.dpti >short; dptext -x short'
try 'head -c 1000 few.dpti >short; dptext -x short'
try 'head -c $((size - 1)) few.dpti >short; dptext -x short'
try '{ cat few.dpti; echo; } >long; dptext -x long'

# Writes a byte at an offset.
patch() {
	cp few.dpti bad
	printf "$2" | dd of=bad bs=1 seek="$1" conv=notrunc 2>/dev/null
}
try 'patch 0 X; dptext -x bad'
try 'patch 8 "\377"; dptext -x bad'
try 'patch 12 "\377"; dptext -x bad'
try 'patch 40 "\377"; dptext -x bad'
try 'patch 100 "\377"; dptext -x bad'
try 'patch $((size - 5)) "\125"; dptext -x bad'

# Any other byte: found out, or of no meaning and the index as good as ever.
echo 'the one that was not' >text
dptext -q -x few.dpti --seed 1 text >good 2>/dev/null
at=3 found=0 harmless=0 other=0
while [ $at -lt "$size" ]; do
	patch $at '\252'
	if dptext -q -x bad --seed 1 text >out 2>err; then
		if cmp -s out good; then
			harmless=$((harmless + 1))
		else
			other=$((other + 1))
		fi
	elif grep -q '^dptext: bad: index is ' err; then
		found=$((found + 1))
	else
		other=$((other + 1))
	fi
	at=$((at + size / 97))
done
check "$((found + harmless)) bytes tried" test $other = 0
check "most were found out" test $found -gt 90
