# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# What a mechanism does on the whole, as a table and as JSON.
few_index
try 'dptext-audit -x few.dpti summary'
try 'dptext-audit -x few.dpti -m exponential -e 1.5 summary'
try 'dptext-audit -x few.dpti -m exponential -p rate=1 summary'
try 'dptext-audit -x few.dpti -p rate=1 -p scale=inf -p fallback=0 -p kmax=3 \
	summary'
try 'dptext-audit -x few.dpti -m gumbel-published -e 500 summary | head -n 5'
try 'dptext-audit -x few.dpti -m laplace -e 3 summary | numbers'

dptext-audit -x few.dpti --json -e 1.5 summary >json
dptext-audit -x few.dpti -e 1.5 summary >table
try 'wc -l <json'
try 'grep -o "\"[a-z_]*\":" json'
# A figure of the JSON, as it is rounded in the table.
figure() {
	sed -n "s/.*\"$1\":\([-0-9.e+]*\).*/\1/p" json
}
for pair in "epsilon_verified:epsilon," unchanged_mean:over.words \
	unchanged_token_mean:over.tokens distance_mean:expected \
	in_list_mean:among bayes_vulnerability_token:token.prior \
	mutual_information_bits:mutual worst_case_loss:worst-case; do
	value=$(printf '%.6f' "$(figure "${pair%%:*}")")
	check "${pair%%:*} is in the table" \
		grep -q "${pair#*:}.* $value\$" table
done
try 'dptext-audit -x few.dpti --json -m laplace summary | numbers'
