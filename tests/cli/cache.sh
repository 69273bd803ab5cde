# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# Calibrations that are not in the index are kept, and change nothing.
few_index
head -n 20 "$SRC/corpora/sample.txt" >text
kept_files() {
	find "$XDG_CACHE_HOME" -type f 2>/dev/null
}
kept() {
	kept_files | wc -l
}
for mechanism in gumbel exponential; do
	rewrite() {
		dptext -x few.dpti -m $mechanism --seed 1 "$@" text 2>/dev/null
	}
	rm -rf "$XDG_CACHE_HOME"
	rewrite -e 2 >out
	check "$mechanism: nothing is kept of an epsilon in the index" \
		test "$(kept)" = 0
	rewrite -e 2.12 >first
	check "$mechanism: another one is kept" test "$(kept)" = 1
	rewrite -e 2.12 >again
	check "$mechanism: the same with what was kept" cmp first again
	rewrite -e 2.12 --max-unchanged 0.4 >other
	check "$mechanism: another share is another one" test "$(kept)" = 2

	for file in $(kept_files); do
		printf X | dd of="$file" bs=1 seek=100 conv=notrunc 2>/dev/null
	done
	rewrite -e 2.12 >again
	check "$mechanism: the same if that is damaged" cmp first again
	for file in $(kept_files); do
		: >"$file"
	done
	rewrite -e 2.12 >again
	check "$mechanism: the same if that is cut short" cmp first again
	(XDG_CACHE_HOME=/dev/null; rewrite -e 2.12) >again
	check "$mechanism: the same if nothing can be kept" cmp first again
	(unset XDG_CACHE_HOME HOME; rewrite -e 2.12) >again
	check "$mechanism: the same if there is no home" cmp first again
done
