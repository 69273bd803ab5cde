# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# The demonstration: seven lines with what they became, and four epsilons.
mkdir build
for name in dptext dptext-index; do
	ln -s "$BUILD/$name" build
done
try '"$SRC/tests/demo" build >demo'
try 'grep -c "^  > [[:alnum:] ]" demo'
try 'grep -c "^    -e [0-9]" demo'
try 'grep -c "a word and unit of distance" demo'
try 'grep "FILE" demo'
