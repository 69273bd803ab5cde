# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# What a text becomes, by each mechanism, is kept by the seed.
head -n 8 "$SRC/corpora/sample.txt" >text
try 'dptext --seed 1 -m exponential -e 2 text'
try 'dptext --seed 1 -m exponential -e 0.5 text'
try 'dptext --seed 2 -m exponential -e 2 text'
try 'dptext --seed 1 -m gumbel -e 2 text'
try 'dptext --seed 1 -m laplace -e 10 text'
try 'dptext --seed 1 -m gumbel-published -e 60 text'
