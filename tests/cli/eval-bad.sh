# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# What cannot be done is said, and nothing is written.
try 'dptext-eval'
try 'dptext-eval nonsense'
try 'dptext-eval utility file'
try 'dptext-eval utility -e 0'
try 'dptext-eval utility -e ,'
try 'dptext-eval utility -m nonsense'
try 'dptext-eval utility --seeds 0'
try 'dptext-eval utility --features colour'
try 'dptext-eval utility --equal colour'
try 'dptext-eval utility --at 0.5'
try 'dptext-eval utility --equal bayes --at 2'
try 'dptext-eval utility --format nonsense'
try 'dptext-eval utility --train a.tsv'
try 'dptext-eval utility --corpus intents --split 5'
try 'dptext-eval utility --train nowhere.tsv --split 5'
printf 'a\tone\na\ttwo\n' >one-label.tsv
try 'dptext-eval utility --train one-label.tsv --split 2'
printf 'a\tone\nb\ttwo\n' >two.tsv
try 'dptext-eval utility --train two.tsv --split 3'
try 'dptext-eval utility -x nowhere.dpti'
try 'dptext-eval utility -o nowhere/out.tsv'
echo 'something else' >other
try 'dptext-eval utility -o other'
cat other
