# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# The index used when none is named: that of the environment, or the one
# beside the program.
few_index
mkdir bin
cp "$BUILD/dptext" bin
cp few.dpti bin/default.dpti
vocabulary() {
	yes the | head -n 2000 | bin/dptext -m exponential -e 0.01 "$@" |
		sort -u | wc -l
}
try '(unset DPTEXT_INDEX; vocabulary)'
try '(DPTEXT_INDEX=; vocabulary)'
try '(unset DPTEXT_INDEX; dptext-index build -q --max-words 9 -o nine few.txt
	vocabulary -x nine; DPTEXT_INDEX=nine; export DPTEXT_INDEX; vocabulary)'
