# SPDX-License-Identifier: MIT
# What tests/bench has measured, from its files sizes, values and rows, as tab-
# separated values; or with table=1 to be read on a terminal.

# Column 2, 3 or 4 of sizes (bytes, words, operations), of all words of command.
function amount(command, column,    i, n, word, sum) {
	n = split(command, word, " ")
	for (i = 1; i <= n; i++)
		sum += size[word[i], column]
	return sum
}

# A value is in nanoseconds, or in bytes if the unit is MB.
function convert(value, unit, command) {
	if (unit == "ns/word")
		return value / amount(command, 3)
	if (unit == "MB/s")
		return 1000 * amount(command, 2) / value
	if (unit == "GFLOP/s")
		return amount(command, 4) / value
	return value / (unit == "s" ? 1e9 : 1e6)
}

# Sorts the values of key into sorted, and returns their number.
function sort(key, unit, command,    i, j, x) {
	for (i = 1; i <= count[key]; i++) {
		x = convert(value[key, i], unit, command)
		for (j = i - 1; j > 0 && sorted[j] > x; j--)
			sorted[j + 1] = sorted[j]
		sorted[j + 1] = x
	}
	return count[key]
}

function summarise(i,    name, source, n) {
	name = row[i, 1]
	source = row[i, 3] ~ /^= / ? substr(row[i, 3], 3) : name
	row[i, 3] = command[source]
	n = runs[i] = sort(name in count ? name : source, row[i, 4], row[i, 3])
	if (!n)
		return
	lowest[i] = sorted[1]
	highest[i] = sorted[n]
	median[i] = (sorted[int((n + 1) / 2)] + sorted[int(n / 2) + 1]) / 2
	of_name[name] = median[i]
}

function full(x) {
	return x == "" ? "-" : sprintf("%.7g", x)
}

function short(x) {
	return x == "" ? "-" : sprintf(x >= 100 ? "%.0f" : x >= 10 ? "%.1f" : \
		x >= 1 ? "%.2f" : "%.3f", x)
}

function print_row(i,    against, ratio) {
	against = row[i, 5] in command ? row[i, 5] : "-"
	ratio = median[i] != "" && of_name[against] ? \
		median[i] / of_name[against] : ""
	if (!table) {
		print row[i, 1], row[i, 3], row[i, 4], full(median[i]), \
			full(lowest[i]), full(highest[i]), runs[i], \
			full(ratio), against, row[i, 6]
		return
	}
	against = against == "-" ? "" : against
	printf "%-20s%7s %-7s%8s%8s%7s %s%s\n", row[i, 1], \
		short(median[i]), row[i, 4], short(lowest[i]), \
		short(highest[i]), against == "" ? "" : short(ratio), \
		against, row[i, 6] == "-" ? "" : " (" row[i, 6] ")"
}

BEGIN {
	FS = OFS = "\t"
}
FILENAME == "sizes" {
	for (i = 2; i <= 4; i++)
		size[$1, i] = $i
}
FILENAME == "values" {
	value[$1, ++count[$1]] = $2
}
FILENAME == "rows" {
	rows++
	for (i = 1; i <= 6; i++)
		row[rows, i] = $i
	command[$1] = $3
}
END {
	for (i = 1; i <= rows; i++)
		summarise(i)
	if (table)
		printf "%-20s%7s %-7s%8s%8s%7s %s\n", "row", "median", \
			"unit", "lowest", "highest", "ratio", "to (target)"
	else
		print "name", "measured", "unit", "median", "lowest", \
			"highest", "runs", "ratio", "reference", "target"
	for (i = 1; i <= rows; i++)
		print_row(i)
}
