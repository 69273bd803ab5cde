# shellcheck shell=sh
# SPDX-License-Identifier: MIT
head -n 8 "$SRC/corpora/sample.txt" >text
try 'dptext -m exponential -v text 2>&1 >out | numbers'
try 'dptext -m gumbel -e 2 -v text 2>&1 >out | numbers'
try 'dptext -m laplace -e 10 -v text 2>&1 >out | numbers'
try 'dptext -m exponential -p rate=1.5 -v text 2>&1 >out | head -n 3'
try 'dptext -m exponential -q text >out'
