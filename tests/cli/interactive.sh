# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# Every line is answered before the next one is sent.
mkfifo in out
for threads in 1 2; do
	dptext -T $threads <in >out &
	exec 3>in 4<out
	for line in "Hello there" "How are you?" "" "12 34"; do
		echo "$line" >&3
		timeout 20 head -n 1 <&4 >reply
		check "an answer to '$line'" test "$(wc -l <reply)" = 1
	done
	printf 'No end of ' >&3
	sleep 0.1
	echo 'line yet' >&3
	timeout 20 head -n 1 <&4 >reply
	check "an answer to a line that came in two" \
		test "$(wc -w <reply)" = 5
	exec 3>&-
	wait $!
	echo "exit $?"
	exec 4<&-
done
