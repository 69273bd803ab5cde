# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# The density prior: a promise as good as the others', and what it is made of.
few_index
echo 'The one who was there is not so what all have' >text
try 'dptext -x few.dpti --seed 1 -m density -e 2 text'
try 'dptext -x few.dpti --seed 1 -m density -p rate=1 -p power=1 text'
try 'dptext-audit -x few.dpti -m density -e 1.5 summary'
try 'dptext-audit -x few.dpti -m density -p rate=1 -p power=0 summary | head -n 2'
try 'dptext-audit -x few.dpti -m exponential -p rate=1 summary | head -n 2'
try 'dptext -x few.dpti -m density -p power=1 text'
try 'dptext -x few.dpti -m density -p rate=1 -p power=9 text'
try 'dptext -x few.dpti -m density -p rate=1 -p bandwidth=0 text'

kept_files() {
	find "$XDG_CACHE_HOME" -type f
}
dptext -x few.dpti --seed 1 -m density -e 1.77 text >first 2>&1
check 'the setting and the densities are kept' \
	test "$(kept_files | grep -c -e density-2-12-1.77 -e kde-)" = 2
for file in $(kept_files); do
	printf X | dd of="$file" bs=1 seek=100 conv=notrunc 2>/dev/null
done
dptext -x few.dpti --seed 1 -m density -e 1.77 text >again 2>&1
check 'the same if they are damaged' cmp first again
