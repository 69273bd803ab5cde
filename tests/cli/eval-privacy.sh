# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# dptext-eval privacy, on few words.
few_index
printf 'a\tthe cat of\nb\tand\na\tto in is it 5 x@example.com\nb\tthat for\n' \
	>few.tsv
eval_few() {
	dptext-eval privacy -x few.dpti -T 1 -e 1,3,600 \
		-m gumbel,exponential,laplace,gumbel-published \
		--train few.tsv --split 4 "$@"
}
eval_few -o table
try 'grep "^# " table | sed "1,2d"'
columns() {
	grep -v '^#' table | cut -f "$1" | tr '\t' '|'
}
# what is simulated differs from run to run
exact() {
	columns "$1" | grep -v laplace
}
try 'columns 2-7'
try 'exact 2,4,8-12'
try 'exact 2,4,13-16'
try 'exact 2,4,17-22'
try 'columns 2,4,23-28'
try 'columns 2,4,29-37'
check 'all rows have all columns' \
	test "$(grep -v '^#' table | awk -F '\t' '{ print NF }' | uniq)" = 38
check 'figures are those of dptext-audit' test \
	"$(grep 'gumbel.verified.1' table | cut -f 11)" = \
	"$(dptext-audit -x few.dpti -e 1 summary |
		sed -n 's/^unchanged, mean over words *//p')"

# What is there already is not measured again: laplace would differ.
cp table again
eval_few -o again 2>/dev/null
check 'a second run leaves the table as it is' cmp table again
head -n 14 table >again
eval_few -o again 2>/dev/null
check 'a table cut short goes on' \
	test "$(grep -v '^#' again | cut -f 1-10)" = \
	"$(grep -v '^#' table | cut -f 1-10)"
check 'from where it was' cmp -n "$(head -n 14 table | wc -c)" table again
eval_few --delta 1e-5 -o again 2>/dev/null
check 'another delta is another configuration' \
	test -z "$(grep ^few table | cut -f 38 | grep -F -f - again)"
try 'dptext-eval privacy -x few.dpti --train few.tsv --split 4 -o few.tsv'
try 'dptext-eval privacy -x few.dpti --train few.tsv --split 4 --delta 1'
try 'dptext-eval privacy -x few.dpti --train few.tsv --split 4 -o no/where'
