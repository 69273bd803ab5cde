# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# Words are replaced one by one; every byte between them stays, and so does
# the number of lines.
few_index
cp "$SRC/corpora/sample.txt" text
{
	printf 'tabs\tand  blanks \r\n\n \n\t\n...\n'
	printf '"quoted" (in brackets), user@example.com, http://a.b/c?d=e#f\n'
	printf '日本語。ελληνικά, русский-текст; العربية ½ ² € 🙄\n'
	printf "'tis the writers' it's o'clock' ''x'' don''t a’b ’c d’\n"
} >>text
without_words <text >before
for mechanism in gumbel exponential laplace; do
	for epsilon in 0.1 2 20; do
		as_they_are -q -x few.dpti -m $mechanism -e $epsilon text |
			without_words >after
		check "$mechanism, -e $epsilon" cmp before after
	done
done
dptext -q text >out
check "as many lines with the default index" \
	test "$(wc -l <text)" = "$(wc -l <out)"
