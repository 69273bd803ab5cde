# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# The tables in the manual are those of the committed results.
# holds README TABLE [ONLY]: the rows of eval/TABLE.awk are in README.
holds() {
	awk -f "$SRC/eval/$2.awk" -v only="${3-}" \
		"$SRC/eval/results/$2.tsv" | while read -r line; do
		grep -qxF "$line" "$SRC/$1" || echo "not in $1: $line"
	done
}
holds README.md utility 'gumbel 2,gumbel 3,laplace 2,laplace 3,laplace 10'
holds eval/README.md utility
holds eval/README.md attack
