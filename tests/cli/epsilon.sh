# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# What is kept is never worse than what was asked for, and close to it where
# --max-unchanged is not what limits it.
few_index
verified() {
	dptext -x few.dpti -m exponential "$@" -v </dev/null 2>&1 |
		sed -n 's/.*epsilon \([0-9.]*\) a word.*/\1/p'
}
for epsilon in 0.000001 0.001 0.1 0.123 0.5 0.777 1 1.5 2 3.21 10; do
	kept=$(verified -e $epsilon --max-unchanged 1)
	check "-e $epsilon is kept and used" awk \
		"BEGIN { exit !($kept <= $epsilon && $kept > 0.99 * $epsilon) }"
done
for share in 0.05 0.1 0.25 0.5 0.9; do
	dptext -x few.dpti -m exponential -e 1000 --max-unchanged $share \
		-v </dev/null 2>err
	kept=$(sed -n 's/.*: \([0-9.]*\) % of the tokens.*/\1/p' err)
	check "--max-unchanged $share is kept" awk \
		"BEGIN { exit !($kept <= 100 * $share && $kept > 95 * $share) }"
done
