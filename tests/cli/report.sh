# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# --report says what was guaranteed and done, as JSON; a run that could not
# start leaves none.
few_index
export DPTEXT_INDEX=few.dpti
printf 'The man by the door was you.\n\nIt is so.\nNobody knows.\n' >text
# What follows the name of a key in r.json.
of() {
	sed -n "s/^ *\"$1\": \"\{0,1\}\([^\",]*\)\"\{0,1\},\{0,1\}$/\1/p" r.json
}
# The same of the distribution of words.
of_words() {
	sed -n '/"words_per_record"/,/}/p' r.json |
		sed -n "s/^ *\"$1\": \(.*[^,]\),\{0,1\}$/\1/p"
}
report() {
	rm -f r.json
	dptext -q --seed 1 --report r.json "$@" 2>/dev/null
}
is_json() {
	! command -v python3 >/dev/null ||
		python3 -m json.tool "$1" >/dev/null
}

report -m gumbel text >out
check "it is JSON" is_json r.json
sed -e 's/: "[^"]*"/: "..."/' -e 's/: [0-9][0-9.e+-]*/: N/' \
	-e 's/\[\[.*\]\]/[...]/' r.json
try 'of mechanism; of guarantee; of epsilon_requested; of epsilon_unit'
try 'of records; of words; of replaced; of unchanged; of outside_vocabulary'
try 'of_words max; of_words mean; of_words median; of_words intervals'
try 'of delta; of per_word_is; of warning'
check "the bytes are those of the files" \
	test "$(of bytes_in) $(of bytes_out)" = \
	"$(wc -c <text) $(wc -c <out)"
check "the index is the one used" \
	test "$(of index_checksum)" = \
	"$(dptext-index info --json few.dpti | tr ',' '\n' |
		sed -n 's/.*"checksum": *"\([^"]*\)".*/\1/p')"
check "the losses of 7 words add up" awk "BEGIN {
	b = $(of basic | head -n 1) - 7 * $(of per_word); exit b * b > 1e-20
}"

cp r.json once
for threads in 1 3; do
	report -m gumbel -T $threads text >out
	check "the same run, the same report (-T $threads)" cmp once r.json
done
cp text again
report -m gumbel text - text <again >out
check "files are counted together" \
	test "$(of records) $(of words | head -n 1) $(of_words max)" = "12 36 7"
try 'dptext -m exponential -e 0.5 --report r.json --delta 0.01 text | wc -l'
try 'of reproducible; of warning; of delta; of epsilon_requested'
try 'report -p rate=1.5 -p scale=inf -p fallback=0.5 text | wc -l'
try 'of epsilon_requested; of max_unchanged; of scale'
try 'report -m laplace text | wc -l'
try 'of epsilon_verified; of per_word_is; of max_unchanged'
try 'report -m exponential -e 0.001 --delta 0.5 text | wc -l'
check "a delta can save something" awk "BEGIN {
	exit !($(of optimal | head -n 1) < $(of basic | head -n 1))
}"
try 'report </dev/null'
try 'of words; of_words max; of_words mean; of basic'

echo "A run that fails half way"
printf 'One of us.\nNot one.\n\300\nNobody.\n' >bad
try 'report bad | wc -l; of complete; of records; of bytes_in'
try 'report text >/dev/full'
try 'of complete; of records'
try 'report text nowhere | wc -l; of complete; of records'

echo "A run that could not start, or a report that cannot be written"
rm -f r.json
try 'dptext --report r.json -m nothing text'
try 'dptext --report r.json -x nowhere text'
try 'dptext --report r.json --delta 0 text'
try 'dptext --report r.json --delta 1 text'
try 'dptext --report r.json --delta much text'
try 'dptext --delta 0.5 text'
try 'ls r.json 2>/dev/null'
try 'dptext --report nowhere/r.json text | wc -l; exit $?'
try 'dptext --report nowhere/r.json text >out'
wc -l <out
try 'dptext --report /dev/null text >out'
