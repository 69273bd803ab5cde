# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# What it gives up while it runs depends on the system: tests/cli/sandbox.sh
known() {
	grep -v 'while it runs' | numbers
}
head -n 8 "$SRC/corpora/sample.txt" >text
try 'dptext -m exponential -v text 2>&1 >out | known'
try 'dptext -m gumbel -e 2 -v text 2>&1 >out | known'
try 'dptext -m laplace -e 10 -v text 2>&1 >out | known'
try 'dptext -m exponential -p rate=1.5 -v text 2>&1 >out | head -n 3'
try 'dptext -m exponential -q text >out'
