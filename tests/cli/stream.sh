# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# 200 MB take no more memory than 1 MB does.
[ -z "$SANITIZED" ] || exit 77
few_index
stream() {
	yes '17:45, 20931; 6:15 -- 1,234,567.89 (42) {3} <5> 99 % [2017 + 31 = 2048 / 365] ... Did it?' |
		head -c "$1"000000 |
		dptext -x few.dpti -m exponential -e 2 -v 2>err | wc -c >size
	sed -n 's/.* \([0-9]*\) MB of memory.*/\1/p' err
}
small=$(stream 1)
check "1 MB: less than 50 MB of memory" test "$small" -lt 50
large=$(stream 200)
check "200 MB: at most 16 MB more" test "$large" -le $((small + 16))
check "all came out" test "$(cat size)" -gt 190000000
