# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# dptext-eval attack, on few words.
few_index
awk 'BEGIN {
	split("the of and to in is it that for on", word)
	for (i = 0; i < 60; i++) {
		printf "%s\t", i % 3 ? "odd" : "even"
		for (k = 0; k < 6; k++)
			printf "%s ", word[(i * 7 + k * k * 3) % 10 + 1]
		print i % 4 ? "then nobody" : "have"
	}
}' >few.tsv
eval_few() {
	dptext-eval attack -x few.dpti -T 1 --train few.tsv --split 3 "$@"
}
eval_few -e 1,3 -m gumbel,laplace,gumbel-published -o table
try 'grep "^# " table | sed "1,2d"'
try 'grep -v "^#" table | cut -f 2-8,14,20,26,32,38'
check 'all rows have all columns' \
	test "$(grep -v '^#' table | awk -F '\t' '{ print NF }' | uniq)" = 63
eval_few -e 1,3 -m gumbel,laplace,gumbel-published -T 2 -o again 2>again.err
check 'threads do not matter' \
	test "$(cut -f 1-61,63 table)" = "$(cut -f 1-61,63 again)"
check 'the seed does' \
	test "$(eval_few --seed 2 | tail -n 1 | cut -f 8-61)" != \
	"$(eval_few --seed 3 | tail -n 1 | cut -f 8-61)"

# What is there already is not measured again.
cp again whole
eval_few -e 1,3 -m gumbel,laplace,gumbel-published -o again 2>>again.err
check 'a second run leaves the table as it is' cmp whole again
sed '$d' whole | sed '$d' | sed '$d' |
	awk -F '\t' -v OFS='\t' '/\tgumbel\t/ { $8 = "0.1234" } { print }' >again
eval_few -e 1,3 -m gumbel,laplace,gumbel-published -o again 2>>again.err
try 'grep -v "^#" again | cut -f 2,4,8'
eval_few -m gumbel --seed 2 -e 1 -o again
try 'grep -c -e "# command" again; grep -v "^#" again | cut -f 2,4,8'
try 'dptext-eval attack -x few.dpti --train few.tsv --split 3 -o few.tsv'
try 'dptext-eval attack -x few.dpti --train none.tsv --split 2'
try 'dptext-eval attack -x few.dpti --train few.tsv --split 3 --records 0'
try 'dptext-eval attack -x few.dpti --train few.tsv --split 3 few.tsv'
printf 'a\tnobody\nb\tnothing\nb\tnever\na\tnone\n' >outside.tsv
try 'dptext-eval attack -x few.dpti --train outside.tsv --split 2'
