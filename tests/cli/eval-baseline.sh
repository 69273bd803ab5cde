# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# Text as it is: corpora of the manifest, and what is not one.
try 'dptext-eval baseline intents reviews'
try 'dptext-eval baseline'
try 'dptext-eval baseline nonsense'
cp "$SRC/corpora/intents.tsv" all.tsv
try 'dptext-eval baseline --train all.tsv --split 5 --name mine'
try 'dptext-eval baseline --train all.tsv --test gone.tsv'
try 'dptext-eval baseline --train all.tsv'
try 'dptext-eval baseline --corpus intents reviews'
mkdir there
echo 'a	b' >there/intents.tsv
try 'dptext-eval baseline there/intents 2>&1 | sed "s/: its.*//"'
try 'dptext-eval baseline nowhere/intents'
