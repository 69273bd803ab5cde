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

# Any other byte: found out, or not drawn from and the output as it was.
echo 'the one that was not' >text
dptext -q -x few.dpti --seed 1 text >good 2>/dev/null
at=3 tried=0 found=0 harmless=0 other=0
while [ $at -lt "$size" ]; do
	patch $at '\252'
	if dptext -q -x bad --seed 1 text >out 2>err; then
		if cmp -s out good; then
			harmless=$((harmless + 1))
		else
			other=$((other + 1))
		fi
	elif ! grep -q '^dptext: bad: index is ' err; then
		other=$((other + 1))
	fi
	dptext-index verify bad >/dev/null 2>&1 || found=$((found + 1))
	tried=$((tried + 1))
	at=$((at + size / 97))
done
check "$tried bytes tried" test $other = 0
check "some are not drawn from" test $harmless -gt 0
check "some are" test $harmless -lt $tried
check "verify finds all but the unused" test $found -gt 90

# A row is checked when it is drawn from: what went before is put out.
patch $(($(od -An -t u8 -j 320 -N 8 few.dpti) + 40 * 40 * 4)) '\252'
yes 'the one' | head -n 30000 >text
try 'dptext -q -T 1 -x bad text | wc -l'
echo 'über' >>text
try 'dptext -q -T 1 -x bad text >out'
check "lines before it are there" test "$(wc -l <out)" -gt 10000
check "and whole" test "$(tail -c 1 out | od -An -t x1)" = " 0a"
head -c 32 /dev/urandom >key && chmod 600 key
try 'dptext -q -x bad --consistent key text'
try 'dptext -q -x bad -m laplace text'
try 'dptext-audit -x bad'
