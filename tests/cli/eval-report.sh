# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# dptext-eval report: one page, of whatever tables there are.
few_index
printf 'a\tthe of and to\nb\tin is it that\na\tof for on\nb\tto was with\n%s' \
	"$(printf 'a\tand the of in\nb\tis it to\na\tfor the and\nb\tas at by\n')" \
	>few.tsv
mkdir results
dptext-eval attack -x few.dpti -T 1 -e 1,3 -m gumbel,laplace \
	--train few.tsv --split 3 --name '<i>&"few"' -o results/attack.tsv
dptext-eval privacy -x few.dpti -T 1 -e 1,3 -m gumbel,exponential \
	--train few.tsv --split 3 --name '<i>&"few"' >results/privacy.tsv
try 'dptext-eval report -o page.html results'
# what is on the page, without the tags
text() {
	sed 's/<[^>]*>//g' page.html | grep "$@"
}
try 'text "is missing"'
try 'text -c "^dptext-eval attack -e 1,3"'
try 'grep -c "<h3>&lt;i&gt;&amp;&quot;few&quot;</h3>" page.html'
check 'no text is markup' test "$(grep -c '<i>' page.html)" = 0
check 'only the tables beside it are linked' test \
	"$(grep -o ' \(src\|href\)="[^"#]*"' page.html | sort -u | tr -d '\n')" = \
	' href="attack.tsv" href="privacy.tsv"'
check 'nothing is loaded' \
	test "$(grep -o 'https*:[^"]*' page.html | sort -u)" = \
	http://www.w3.org/1999/xlink
for tag in section figure svg table tr td li g; do
	check "every <$tag> ends" \
		test "$(grep -o "<${tag}[ >]" page.html | wc -l)" = \
		"$(grep -o "</$tag>" page.html | wc -l)"
done
check 'colours are those of the page' \
	test "$(grep -c 'rgb(  *1,' page.html)" = 0
check 'ids are there once' \
	test -z "$(grep -o "id=[\"'][^\"']*" page.html | tr "'" '"' | sort | uniq -d)"
dptext-eval report results >again.html
check 'standard output has the same' cmp -s page.html again.html

mkdir empty
try 'dptext-eval report empty | sed "s/<[^>]*>//g" | grep -c "is missing"'
printf '# note\na\tb\n1\t2\na\tb\n3\n' >empty/utility.tsv
echo before >kept
try 'dptext-eval report -o kept empty'
printf 'a\tb\n1\t\0\n' >empty/utility.tsv
try 'dptext-eval report -o kept empty'
try 'cat kept'
try 'dptext-eval report nowhere'
try 'dptext-eval report'
try 'PATH=$BUILD dptext-eval report -o kept results'
