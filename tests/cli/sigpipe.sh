# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# Who stops reading ends the run, silently (128 + SIGPIPE).
for threads in 1 2; do
	try "{ yes 'We can come.' | dptext -T $threads; echo \$? >code; } |
	head -n 1 | wc -l; cat code"
done
