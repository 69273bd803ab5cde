# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# How well two words are told apart, worst output first.
few_index
try 'dptext-audit -x few.dpti -e 1.5 --top 4 pair the of'
try 'dptext-audit -x few.dpti -m exponential -p rate=1 --top 1 --json \
	pair the of | numbers'
try 'dptext-audit -x few.dpti pair the of | wc -l'

# No pair loses more than is allowed, and the two orders agree.
figure() {
	sed -n "s/.*\"$1\":\([-0-9.e+]*\).*/\1/p"
}
for mechanism in gumbel exponential; do
	for other in of to what café über; do
		dptext-audit -x few.dpti -m $mechanism -e 1.5 --json \
			pair the "$other" >json
		dptext-audit -x few.dpti -m $mechanism -e 1.5 --json \
			pair "$other" the >back
		allowed=$(figure allowed_loss <json)
		worst=$(figure worst_loss <json)
		check "$mechanism: the, $other" awk \
			"BEGIN { exit !($worst <= $allowed && $worst > 0) }"
		check "$mechanism: $other, the" \
			awk "BEGIN { d = $worst - $(figure worst_loss <back)
				exit !(d < 1e-9 && d > -1e-9) }"
	done
done

# Outputs of one word only.
try 'dptext-audit -x few.dpti -p rate=1 -p scale=1 -p fallback=0 -p kmax=2 \
	--top 2 pair the of'
try 'dptext-audit -x few.dpti -p rate=1 -p scale=1 -p fallback=0 -p kmax=2 \
	--top 2 --json pair the of | grep -c infinite'
