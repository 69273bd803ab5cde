# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# Fields between tabs, where quotes are like any other character.
few_index
rewrite() {
	as_they_are -q -x few.dpti "$@"
}
printf 'id\ttext\n1\t"the of\n\n2\tto be\tor\n' >table
try 'rewrite -f tsv -k text table | without_words'
sed 3d table | cut -f 1,2 >table2
try 'rewrite -f tsv -k 2 table2 | without_words'
rewrite -f tsv --no-header -k 2 <"$SRC/corpora/reviews.tsv" >out
cut -f 1 "$SRC/corpora/reviews.tsv" >before
cut -f 1 out | cmp - before
cut -f 2 "$SRC/corpora/reviews.tsv" | without_words >before
cut -f 2 out | without_words | cmp - before
