# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# --budget splits what a record may cost over its words, whatever the threads.
few_index
export DPTEXT_INDEX=few.dpti
# Lines of 0 to 29 words, and the same as JSON and as CSV.
awk 'BEGIN {
	split("the of and to in is it that for on", w, " ")
	for (i = 0; i < 400; i++) {
		line = ""
		for (k = 0; k < i * 7 % 30; k++)
			line = line w[(i + k) % 10 + 1] " "
		print line
	}
}' >text
sed 's/.*/{"id":7,"text":"&"}/' text >lines.jsonl
(echo id,text && sed 's/.*/7,"&"/' text) >lines.csv
rewrite() {
	dptext -q --seed 1 --report r.json "$@" 2>/dev/null
}
# Sums up the ladder of r.json: records, words, and the largest cost.
ladder() {
	sed -n '/"ladder"/,/\]/p' r.json | awk -F'[:,]' '
		/records/ { n += $2 } /words/ { w += $2 } / \{/ { rungs++ }
		END { print rungs " rungs, " n " records, " w " words" }'
}
most() {
	sed -n '/"epsilon_per_record"/,/}/s/^ *"max": \(.*\),$/\1/p' r.json
}
rewrite --budget 10 text >right
try ladder
for budget in 0.05 1 10 30 1000; do
	rewrite --budget $budget -e 3 text >out
	check "no record costs more than $budget" awk \
		"BEGIN { exit !($(most) <= $budget + 1e-6) }"
done
for threads in 1 2 4; do
	rewrite --budget 10 -T $threads <text >out
	check "the same with $threads threads" cmp right out
	dd bs=77 if=text status=none | rewrite --budget 10 -T $threads >out
	check "and in pieces" cmp right out
done
rewrite --budget 10 -f jsonl -k text lines.jsonl |
	sed 's/.*"text":"//; s/"}$//' >out
check "JSON Lines are the same" cmp right out
rewrite --budget 10 -f csv -k text lines.csv |
	sed '1d; s/7,"//; s/"$//' >out
check "CSV is the same" cmp right out
rewrite text >plain
rewrite --budget 1000000 text >out
check "a large budget changes nothing" cmp plain out
for mechanism in exponential laplace; do
	rewrite --budget 10 -m $mechanism -T 1 text >right
	rewrite --budget 10 -m $mechanism -T 3 text >out
	check "$mechanism: the same in threads" cmp right out
done
try 'rewrite -v --budget 12 text >out; grep -c . r.json >all && grep -o "per_record_is.*" r.json'
try 'dptext -v --budget 12 text 2>&1 >out | grep budget\\\|record'
try 'dptext -m gumbel-published -e 1000 --budget 10 text'
try 'dptext -p rate=1 -m exponential --budget 10 text'
try 'dptext --budget 0 text'
try 'dptext --budget much text'
try 'dptext --budget -1 text'
