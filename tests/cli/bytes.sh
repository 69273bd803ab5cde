# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# Bytes that are text, if odd, are kept.
try 'as_they_are -q </dev/null | od -c'
try 'printf "\n" | as_they_are -q | od -c'
try 'printf "\n\n\n" | as_they_are -q | od -c'
try 'printf "1, 2, 3" | as_they_are -q | od -c'
try 'printf "\0\0\n1\0002\n" | as_they_are -q | od -c'
try 'printf "1\r\n\r\n2\r\n" | as_they_are -q | od -c'
try 'printf "\357\273\2771\n" | as_they_are -q | od -c'
try 'printf "\v\f\001\177\n" | as_they_are -q | od -c'
few_index
try 'printf "the\0the\r\nthe" | as_they_are -q -x few.dpti | without_words | od -c'
