# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# Utility: a table, the same whatever the threads; rows that are there stay.
set -- -m exponential,gumbel-published -e 1,2 --seeds 2

dptext-eval utility "$@" -T 1 >one.tsv 2>one.err
grep -v -e '^# dptext' -e '^# index' one.tsv | sed 's/	[^	]*$/	CONFIG/' | numbers
numbers <one.err

# Without what differs from run to run.
same() {
	cut -f 1-18,20 "$1"
}

dptext-eval utility "$@" -T 2 -o two.tsv 2>two.err
same one.tsv >one
same two.tsv >two
check 'threads do not matter' cmp one two

# A figure that no measurement gives: it is not measured again.
awk -F '\t' -v OFS='\t' '$2 == "clean" { $15 = "0.1234" } { print }' \
	two.tsv >marked.tsv
dptext-eval utility "$@" -o marked.tsv 2>/dev/null
check 'what is there stays' grep -q 0.1234 marked.tsv
dptext-eval utility "$@" --seeds 1 -o marked.tsv 2>/dev/null
check 'but not for another number of seeds' \
	sh -c '! grep -q 0.1234 marked.tsv'

# Rows of other corpora stay, and what else is not asked for.
dptext-eval utility -m exponential -e 1 --corpus reviews --seeds 1 \
	-o two.tsv
dptext-eval utility -m exponential -e 2 --seeds 2 -o two.tsv
cut -f 1,2 two.tsv | grep -v '^#' | sort | uniq -c | sed 's/^ *//'
grep -c '# command' two.tsv

try 'dptext-eval utility --features mean --seeds 1 | grep -v "^#" |
	cut -f 1-3,12-14'
few_index
printf '%s\tthe word and %s\n' a one b two a three b four a he b she >t.tsv
try 'dptext-eval utility -x few.dpti --train t.tsv --split 3 --seeds 1 \
	-m exponential --equal unchanged --at 0.4 --features tfidf |
	grep -v "^#" | cut -f 1,2,4,5,12-14'
