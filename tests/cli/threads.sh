# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# Neither threads nor the way the input comes in changes what comes out.
for i in 1 2 3 4 5 6 7 8 9 10 11 12; do
	cat "$SRC/corpora/sample.txt"
done >text
head -n 60 text >short

rewrite() {
	dptext -m exponential -e 2 --seed 7 "$@" 2>/dev/null
}

rewrite -T 1 text >one
check "something came out" test "$(wc -l <one)" = "$(wc -l <text)"
for threads in 2 3 16; do
	rewrite -T $threads text >more
	check "$threads threads" cmp one more
done
rewrite -T 2 <text >more
check "from standard input" cmp one more
cat text | rewrite -T 2 | cat >more
check "through pipes" cmp one more

rewrite -T 1 short >one
for threads in 1 2; do
	dd if=short bs=7 2>/dev/null | rewrite -T $threads >more
	check "7 bytes at a time, -T $threads" cmp one more
	while IFS= read -r line; do
		printf '%s\n' "$line"
	done <short | rewrite -T $threads >more
	check "a line at a time, -T $threads" cmp one more
	{
		head -c 100 short
		sleep 0.2
		tail -c +101 short
	} | rewrite -T $threads >more
	check "with a break within a line, -T $threads" cmp one more
done

head -n 200 text | rewrite -m laplace -T 1 >one
head -n 200 text | rewrite -m laplace -T 2 >more
check "laplace, 2 threads" cmp one more
