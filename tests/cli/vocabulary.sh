# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# Only words of the index come out, in the letter case of those replaced.
few_index
cut -d' ' -f1 few.txt | sort >words

# All words of the output, in lower case, that are not in the index.
strangers() {
	as_they_are -q -x few.dpti "$@" "$SRC/corpora/sample.txt" |
		sed -E "s/[0-9](st|nd|rd|th|s)\>//g; s/['’][sS]\>//g; s/[^[:alpha:]]+/\n/g; s/.*/\L&/" | sed '/^$/d' |
		sort -u >out
	comm -23 out words
}

try 'strangers -m gumbel -e 2'
try 'strangers -m exponential -e 2'
try 'strangers -m laplace -e 2'
try 'strangers -m gumbel-published -e 1000 2>/dev/null'
strangers -m exponential -e 0.01
check "all of them come out" cmp out words
