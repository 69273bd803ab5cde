# shellcheck shell=sh
# SPDX-License-Identifier: MIT
few_index
try 'dptext-index info few.dpti | grep -v -e bytes -e checksum |
	head -n 13'
try 'dptext-index info --json few.dpti | head -c 125 | sed "s/\$/\n/"'
try 'dptext-index verify few.dpti'
try 'dptext-index verify -q few.dpti'
try 'dptext-index info "$DPTEXT_INDEX" | grep -e words -e distance'
dptext-index info few.dpti | sed -n 's/checksum *//p' >text
dptext-index info --json few.dpti |
	sed 's/.*"checksum":"\([0-9a-f]*\)".*/\1/' >json
check "both give the same checksum" cmp text json
check "all braces of the JSON are closed" \
	test "$(dptext-index info --json few.dpti | tr -cd '{}[]\n' |
	sed ':a; s/{}//g; s/\[\]//g; ta')" = ""
