# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# With -z too, what is there can be read when nothing more is waiting.
few_index
mkfifo in
# lines N: waits until so many lines can be unpacked.
lines() {
	for i in 1 2 3 4 5 6 7 8 9 10; do
		[ "$(gzip -dc out 2>/dev/null | wc -l)" -ge "$1" ] && return
		sleep 0.5
	done
	false
}
for threads in 1 2; do
	dptext -q -z -x few.dpti -T $threads <in >out &
	exec 3>in
	echo + >&3
	check "the first line" lines 1
	printf '=\n-\n' >&3
	check "the others" lines 3
	exec 3>&-
	wait $!
	try 'gzip -dc out'
done

# What keeps coming, even if slowly, is packed as well as ever.
for i in 1 2 3 4 5 6 7 8; do
	cat "$SRC/corpora/sample.txt"
done >text
dptext -q -z -x few.dpti --seed 1 <text 2>/dev/null | wc -c >fast
dd if=text bs=500 2>/dev/null |
	dptext -q -z -x few.dpti --seed 1 2>/dev/null | wc -c >slow
check "hardly more in pieces" test "$(cat slow)" -lt \
	"$(($(cat fast) * 105 / 100))"
