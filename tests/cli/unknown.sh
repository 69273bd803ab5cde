# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# Well-formed options that name or ask for something that does not exist.
try 'dptext -m nonsense'
try 'dptext -m exponential -p depth=1'
try 'dptext -m exponential -p rate=0'
try 'dptext -m exponential -p rate=inf'
try 'dptext -m laplace -p rate=1'
try 'dptext -x nowhere.dpti'
try 'DPTEXT_INDEX=nowhere.dpti dptext'
try 'dptext nowhere.txt'
try 'dptext .'
try 'dptext <.'
try 'dptext <&-'
