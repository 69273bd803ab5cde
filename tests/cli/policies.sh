# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# What the mechanism does not see, and what passes through: it is said once.
few_index
all() {
	dptext -q -x few.dpti --seed 1 -e 1000 --max-unchanged 1 "$@" 2>.all
	all_code=$?
	sed '/--seed/d' .all >&2
	return $all_code
}
digits() {
	tr '0-9' '#'
}
cat >text <<'END'
It is at Anna.B@example.org or @anna, and by https://x.org/a?b=1. So is www.y.org!
It is +44 20 7946 0018 or 555-1234; not 4111 1111 1111 1111.
She was at 6:15 on the 1st, in the 1990's: 1,234.50, so3, 6by; ٣.
The secretivexyz one.
END
try 'all text | digits | tr -d "\200-\377"'
check "digits are drawn anew" test "$(all text | tr -cd 0-9)" != \
	"$(tr -cd 0-9 <text)"
try 'all --numbers mask text | tail -n 2 | head -n 1'
try 'all --numbers keep text | tail -n 2 | head -n 1'
try 'all --masks none --numbers keep --oov mask text | head -n 2'
try 'all --masks email,url text | digits | head -n 2'
check "a word of no vocabulary is replaced" \
	test "$(all text | tail -n 1 | wc -w)" = 3
try 'all --oov mask text | tail -n 1'
try 'all --oov drop text | tail -n 1'
try 'all --oov keep text | tail -n 1'
try 'echo "THE Osloxyz İzmirxyz" | all --oov keep --case lower'

echo "Public words"
printf 'Secretivexyz\r\n\nDON\342\200\231T\n' >public
rare() {
	dptext -q -x few.dpti -m exponential -e 0.01 "$@"
}
printf 'secretivexyz SECRETIVEXYZ don\342\200\231t secretive\n' >kept
try 'rare --keep public kept |
	cut -d " " -f 1-3'
check "words of grammar stay" \
	test "$(echo "the of and" | rare --stopwords keep 2>/dev/null)" = \
	"the of and"

echo "JSON and CSV"
printf '%s\n' '{"t":"a\u0040b.c, \u0031\u0032"}' >json
try 'all -f jsonl -k t json | digits'
try 'echo "\"a@b.c \"\"12\"\"\",x" | all -f csv --no-header -k 1 | digits'

echo "The report"
all --report r.json --oov keep --numbers mask --masks none text >out 2>&1
sed -n '/policies/,/passes/p; /outside_voc/,/}/p' r.json

echo "Bad usage"
try 'dptext --oov what'
try 'dptext --numbers 1'
try 'dptext --masks email,what'
try 'dptext --masks ""'
try 'dptext --case upper'
try 'dptext --stopwords drop'
try 'dptext --keep nowhere </dev/null'
echo 'two words' >bad
try 'dptext --keep bad </dev/null'
printf 'a\n\300\n' >bad
try 'dptext --keep bad </dev/null'

echo "Threads"
for n in 1 2 3 4 5 6 7 8 9; do cat text text text; done >long
for threads in 2 3; do
	check "the same with $threads" test \
		"$(dptext -q -x few.dpti --seed 1 -T 1 long 2>&1 | cksum)" = \
		"$(dptext -q -x few.dpti --seed 1 -T $threads long 2>&1 | cksum)"
done
