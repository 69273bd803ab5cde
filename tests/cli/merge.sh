# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# dptext-audit merge makes one report of those of shards.
few_index
export DPTEXT_INDEX=few.dpti
awk 'BEGIN {
	print "user\ttext"
	for (i = 0; i < 90; i++) {
		line = "so"
		for (k = 0; k < i * 7 % 13; k++)
			line = line " the"
		print "user" i % 7 "\t" line
	}
}' >all.tsv
shard() {
	(head -n 1 all.tsv && sed "1d" all.tsv | sed -n "$1") >shard.tsv
	dptext -q -f tsv -k text --report "$2" shard.tsv >/dev/null
}
# What does not depend on chance.
figures() {
	sed -e '/"reports"/d' -e '/"replaced"/d' -e '/"unchanged"/d' \
		-e '/"bytes_/d' "$1"
}
shard 1,30p 1.json
shard 31,35p 2.json
shard 36,90p 3.json
shard 1,90p whole.json
try 'dptext-audit -o merged.json merge 1.json 2.json 3.json'
figures merged.json >merged
figures whole.json >whole
check "it is the report of all" cmp whole merged
dptext-audit -o some.json merge 3.json 1.json
dptext-audit -o again.json merge 2.json some.json
check "in any order" cmp merged.json again.json
try 'grep \"reports\" merged.json'
dptext-audit -o one.json merge 1.json
check "one report stays as it is" cmp one.json 1.json

echo "Groups cannot be told across runs: bounds"
for i in 1 2; do
	dptext -q -f tsv -k text --group-by user --seed $i --report $i.json \
		all.tsv 2>/dev/null >/dev/null
done
try 'dptext-audit -o merged.json merge 1.json 2.json; sed -n "/groups/,/warning/p" merged.json | sed "/_at_most/!s/[0-9.][0-9.]*/N/; s/\(epsilon_at_most.*\)\..*/\1/"'

echo "What is not merged"
dptext -q -e 1 --report e.json <all.tsv >/dev/null
dptext -q -m laplace --report m.json <all.tsv >/dev/null
dptext -q --budget 9 --report b.json <all.tsv >/dev/null
dptext -q --report p.json <all.tsv >/dev/null
dptext -q --report d.json --delta 0.1 <all.tsv >/dev/null
few_vectors | head -n 40 >fewer.txt
dptext-index build -q -o fewer.dpti fewer.txt
dptext -q -x fewer.dpti --report x.json <all.tsv >/dev/null
head -c 500 p.json >cut.json
for other in e m b d x 1 cut; do
	try "dptext-audit -o no.json merge p.json $other.json"
done
try 'dptext-audit -o no.json merge nowhere'
try 'dptext-audit -o no.json merge all.tsv'
try 'dptext-audit -o nowhere/no.json merge p.json'
try 'dptext-audit -o no.json merge'
try 'dptext-audit merge p.json'
try 'dptext-audit -o no.json summary'
try 'ls no.json 2>/dev/null'
