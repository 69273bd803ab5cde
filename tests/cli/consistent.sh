# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# --consistent KEYFILE: the same word, the same replacement, in all runs with
# the key; the key must be a secret.
few_index
export DPTEXT_INDEX=few.dpti
(umask 077 && printf 'a secret of thirty-two bytes, no less\n' >key &&
	printf 'another one of thirty-two bytes, or so\n' >other)
printf 'the of and THE Nobody the\nnobody of, so The and nobody\n' >text
rewrite() {
	dptext -q --consistent key "$@" 2>err
}
# Pairs of a word and what it became, in lower case.
pairs() {
	tr -s ' ,' '\n' <text >in
	tr -s ' ,' '\n' <"$1" | paste in - | sed 's/.*/\L&/' |
		sort -u
}
rewrite text >right
try 'cat err'
check "a word has one replacement" test "$(pairs right | wc -l)" = 5
for threads in 1 3; do
	rewrite -T $threads text >out
	check "another run is the same (-T $threads)" cmp right out
done
for seed in 1 2; do
	rewrite --seed $seed text >out
	check "and does not depend on a seed ($seed)" cmp right out
done
sed 's/.*/{"a":"&"}/; s/Nobody/\\u004eobody/' text |
	rewrite -f jsonl -k a | sed 's/{"a":"//; s/"}//' >out
check "however it is written down" cmp right out
rewrite text text >out
cat right right >twice
check "in all files" cmp twice out
for mechanism in exponential laplace gumbel-published; do
	rewrite -m $mechanism -e 1000 text >out
	rewrite -m $mechanism -e 1000 text >again
	check "$mechanism: one replacement" test "$(pairs out | wc -l)" = 5
	check "$mechanism: another run" cmp out again
done
long() {
	few_vectors | cut -d ' ' -f 1
}
long | rewrite -e 0.5 >out
long | dptext -q --consistent other -e 0.5 2>err >again
check "another key makes another text" test \
	"$(paste out again | awk '$1 == $2' | wc -l)" -lt 20
long | rewrite -e 0.1 >again
check "another epsilon makes another text" test \
	"$(paste out again | awk '$1 == $2' | wc -l)" -lt 20
try 'rewrite --report r.json text >out; grep -e consistent -e unit r.json'
try 'grep -e longest_record -e mean_record r.json'

echo "Keys that are no secret"
head -c 31 key >short && chmod 600 short
head -c 5000 /dev/zero >long && chmod 600 long
cp key open && chmod 640 open
try 'dptext --consistent nowhere text'
try 'dptext --consistent short text'
try 'dptext --consistent long text'
try 'dptext --consistent open text'
try 'dptext --consistent . text'
try 'dptext --consistent /dev/zero text'
try 'dptext --consistent key --budget 3 text'
