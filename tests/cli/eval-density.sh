# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# Tables of an embedding alone.
few_index
density() {
	dptext-eval density -q -x few.dpti --neighbours 4 "$@" >table || return
	grep -v '^#' table
}
try 'density -m density -e 1 | cut -f 1,3,4,6,7,9'
check 'lonely words stay' awk '
	$1 == "knn" && $6 == 1 { lonely = $10 }
	$1 == "knn" && $6 == 10 { crowded = $10 }
	END { exit !(lonely > crowded) }' table
try 'density --table chains --words he,she --draws 4000 -e 2 | cut -f 1,2,4,5'
check 'chains meet' awk '
	$1 == "he" || $1 == "she" { n++; bad += $7 > 1.1 }
	END { exit n != 2 || bad }' table
try 'density --table truncation -e 3 | cut -f 1,2,4-9'
try 'density --table nonsense'
try 'density --table chains --words nobody'
try 'dptext-eval density -q -x few.dpti --neighbours 41'
try 'density --draws 2'
try 'density file'
try 'density -o nowhere/out.tsv'
