# SPDX-License-Identifier: MIT
# Rows for the manual from attack.tsv: what is unchanged and what is guessed
# for each mechanism and epsilon; settings with the same figures in one row.
#
#	awk -f eval/attack.awk attack.tsv

function best(names, among, i, n, most) {
	n = split(names, among, " ")
	most = 0
	for (i = 1; i <= n; i++)
		if ($at[among[i]] != "nan" && $at[among[i]] > most)
			most = $at[among[i]] + 0
	return most
}

function figures() {
	return sprintf("%.1f | %.1f | %.2f | %.1f / %.1f", 100 * $at["same"],
		100 * best("same nearest prior unigram viterbi bigram"),
		$at["member_auc"],
		best("exposure_unigram_once exposure_bigram_once"),
		best("exposure_unigram_often exposure_bigram_often"))
}

function holds(epsilon, guarantee) {
	if (epsilon != "nan")
		return sprintf("%.2f", epsilon)
	return guarantee == "none" ? "" : "none"
}

BEGIN {
	FS = "\t"
}

/^#/ {
	next
}

$1 == "corpus" {
	for (i = 1; i <= NF; i++)
		at[$i] = i
	next
}

$at["channel"] != "refused" {
	asked = $at["epsilon_requested"]
	key = $at["mechanism"] "\t" asked
	if (($1, key) in seen)
		next
	seen[$1, key] = 1
	if (!(key in lead)) {
		order[++keys] = key
		lead[key] = $at["mechanism"] " (" $at["guarantee"] ") | "
		eps[key] = asked == "nan" ? "" : asked
		rest[key] = "| " holds($at["epsilon_verified"], $at["guarantee"])
	}
	rest[key] = rest[key] " | " figures()
}

END {
	for (k = 1; k <= keys; k++) {
		key = order[k]
		row = lead[key] SUBSEP rest[key]
		if (!(row in asks))
			rows[++n] = row
		else
			asks[row] = asks[row] ", "
		asks[row] = asks[row] eps[key]
	}
	for (k = 1; k <= n; k++) {
		split(rows[k], part, SUBSEP)
		print "| " part[1] asks[rows[k]] " " part[2] " |"
	}
}
