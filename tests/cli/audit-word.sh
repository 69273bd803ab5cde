# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# What a word becomes, most likely first.
few_index
try 'dptext-audit -x few.dpti -e 1.5 --top 5 word the'
try 'dptext-audit -x few.dpti -m exponential -p rate=1 --top 3 word café'
try 'dptext-audit -x few.dpti -m exponential -p rate=1 --top 2 --json \
	word café | numbers'
try 'dptext-audit -x few.dpti word the | wc -l'
try 'dptext-audit -x few.dpti --top 1000 word the | wc -l'

# All words are there; their probabilities fall and sum to 1.
for mechanism in gumbel exponential; do
	dptext-audit -x few.dpti -m $mechanism --json word the |
		grep -o '"p":[^,]*' | cut -d: -f2 >p
	try 'wc -l <p'
	check "$mechanism: they fall" sort -c -g -r p
	check "$mechanism: they sum to 1" awk \
		'{ sum += $1 } END { exit !(sum > 1 - 1e-9 && sum < 1 + 1e-9) }' p
done

# A word with odd characters stays one JSON string.
printf 'a"\\ 1 0\nb 0 1\nc 1 1\n' >odd.txt
dptext-index build -q -o odd.dpti odd.txt
try 'dptext-audit -x odd.dpti -m exponential -p rate=1 --json --top 1 \
	word "a\"\\" | numbers'
