# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# The tables of accuracy in the manual are those of the committed results.
table() {
	awk -f "$SRC/eval/utility.awk" -v only="$1" \
		"$SRC/eval/results/utility.tsv"
}
# README's rows, in its order, without white space.
holds() {
	table "$2" | while read -r line; do
		grep -qxF "$line" "$SRC/$1" || echo "not in $1: $line"
	done
}
holds README.md 'gumbel 2,gumbel 3,laplace 2,laplace 3,laplace 10'
holds eval/README.md ''
