# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# --group-by FIELD accounts in the report for all records of a user together,
# and does not name any.
few_index
export DPTEXT_INDEX=few.dpti
# 300 records of 40 users.
awk 'BEGIN {
	for (i = 0; i < 300; i++) {
		line = ""
		for (k = 0; k < i * 7 % 13; k++)
			line = line "the "
		printf "user%d\t%s\n", i * i % 40, line
	}
}' >records
(printf 'user\ttext\n' && cat records) >text.tsv
(echo user,text && sed 's/\t/,/' records) >text.csv
sed 's/\(.*\)\t\(.*\)/{"by":{"user":"\1"},"text":"\2"}/' records >text.jsonl
groups() {
	sed -n '/"groups"/,/"consistent"/p' r.json
}
rewrite() {
	dptext -q --seed 1 --report r.json "$@" 2>/dev/null >out
}
# What awk makes of the records: groups, most records, most words.
awk -F'\t' '{ r[$1]++; w[$1] += gsub(/the/, "") } END {
	for (u in r) {
		n++
		if (r[u] > x) x = r[u]
		if (w[u] > y) y = w[u]
	}
	print n, x, y
}' records >expected
of_groups() {
	groups | awk '
		/"count"/ && !n { n = $2 }
		/"records"|"words": {|"epsilon"/ { what = $1 }
		/"max"/ { max[what] = $2 }
		END { print n + 0, max["\"records\":"] + 0, max["\"words\":"] + 0 }'
}
rewrite -f tsv -k text --group-by user text.tsv
of_groups | diff expected -
groups >right
sed 's/: [0-9][0-9.]*/: N/; s/\[\[.*\]\]/[...]/' right
for threads in 1 3; do
	rewrite -f tsv -k text --group-by user -T $threads <text.tsv
	groups | cmp - right
	rewrite -f csv -k text --group-by 1 -T $threads text.csv
	groups | cmp - right
	rewrite -f tsv --no-header -k 2 --group-by 1 -T $threads records
	groups | cmp - right
	rewrite -f jsonl -k text --group-by by.user -T $threads text.jsonl
	groups | cmp - right
done
check "no user is named" test "$(grep -c user r.json)" = 0
rewrite -f tsv -k text --group-by text text.tsv
check "the text itself can tell groups apart" test \
	"$(of_groups | cut -d ' ' -f 1)" = 13

echo "Names are values, however they are written"
cat >names.jsonl <<'END'
{"u":"ann","t":"the"}
{"t":"the the","u":"a\u006en"}
{"u":7,"t":"the"}
{"u":7 ,"t":"the"}
{"u":true,"t":"the"}
{"t":"the"}

END
try 'rewrite -f jsonl -k t --group-by "u?" names.jsonl; of_groups'
printf 'u,t\nann,the\n"ann",the\n' >names.csv
try 'rewrite -f csv -k t --group-by u names.csv; of_groups'
try 'rewrite -f tsv -k text --group-by user --budget 5 text.tsv; groups | grep -c "largest_local_dp\": [0-9]"'
try 'rewrite -f jsonl -k t --group-by "u?" --on-error skip names.jsonl; of_groups'

echo "What is wrong"
try 'dptext --report r.json -f jsonl -k t --group-by u names.jsonl | wc -l'
try 'dptext --report r.json -f jsonl -k t --group-by u. names.jsonl'
try 'dptext --report r.json -f csv -k t --group-by v names.csv'
try 'echo "{\"u\":1,\"u\":2,\"t\":\"the\"}" | dptext --report r.json -f jsonl -k t --group-by u'
try 'echo "{\"u\":[],\"t\":\"the\"}" | dptext --report r.json -f jsonl -k t --group-by u'
try 'dptext --report r.json --group-by u names.csv'
try 'dptext -f csv -k t --group-by u names.csv'
try 'dptext --report r.json -f csv --no-header -k 2 --group-by u names.csv'
