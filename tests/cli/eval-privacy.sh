# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# dptext-eval privacy, on few words.
few_index
printf 'a\tthe cat of\nb\tand\na\tto in is it 5 x@example.com\nb\tthat for\n' \
	>few.tsv
dptext-eval privacy -x few.dpti -T 1 -e 1,3,600 \
	-m gumbel,exponential,laplace,gumbel-published \
	--train few.tsv --split 4 -o table
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
	test "$(grep -v '^#' table | awk -F '\t' '{ print NF }' | uniq)" = 37
check 'figures are those of dptext-audit' test \
	"$(grep 'gumbel.verified.1' table | cut -f 11)" = \
	"$(dptext-audit -x few.dpti -e 1 summary |
		sed -n 's/^unchanged, mean over words *//p')"
try 'dptext-eval privacy -x few.dpti --train few.tsv --split 4 --delta 1'
try 'dptext-eval privacy -x few.dpti --train few.tsv --split 4 -o no/where'
