# SPDX-License-Identifier: MIT
# A table for people: accuracy in % on each corpus (tf-idf, trained on
# rewritten text, tested on text as it is) from utility.tsv.
#
#	awk -f eval/utility.awk [-v only='gumbel 2,laplace 10'] utility.tsv
#
# only: these mechanisms at these epsilons, and the original.

BEGIN {
	FS = "\t"
	n = split(only, list, ",")
	for (i = 1; i <= n; i++)
		wanted[list[i]] = 1
}

/^(#|corpus\t)/ || $4 != "epsilon" { next }

$15 != "refused" && ($12 != "tfidf" || $14 != "clean") { next }

{
	row = $2 == "clean" ? "the original" : "`" $2 "`, epsilon " $6
	if (only != "" && $2 != "clean" && !(($2 " " $6) in wanted))
		next
	if (!(row in seen)) {
		seen[row] = 1
		rows[++height] = row
	}
	if (!($1 in column)) {
		column[$1] = 1
		columns[++width] = $1
	}
	holds[row] = $7
	cell[row, $1] = $15 == "refused" ? "undefined" : \
		sprintf($16 == "nan" ? "%.1f" : "%.1f ± %.1f", \
			100 * $15, 100 * $16)
}

END {
	printf "| | holds |"
	for (c = 1; c <= width; c++)
		printf " %s |", columns[c]
	printf "\n|---|---|"
	for (c = 1; c <= width; c++)
		printf "---|"
	print ""
	for (r = 1; r <= height; r++) {
		h = holds[rows[r]]
		printf "| %s | %s |", rows[r], h == "nan" ? "" : \
			sprintf("%.2f", h)
		for (c = 1; c <= width; c++)
			printf " %s |", cell[rows[r], columns[c]]
		print ""
	}
}
