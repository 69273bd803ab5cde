# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# What is wrong with a file of vectors, and where, is said.
vectors() {
	printf "$1" >v
	dptext-index build -q -o out.dpti v
}
try 'vectors ""'
try 'vectors "\n"'
try 'vectors "a\nb\n"'
try 'vectors "a 1 2\nb 1\n"'
try 'vectors "a 1 2\nb 1 2 3\n"'
try 'vectors "a 1 2\nb 1 x\n"'
try 'vectors "a 1 2\nb 1 nan\n"'
try 'vectors "a 1 2\nb inf 1\n"'
try 'vectors "a 1 2\nb 1 1e39\n"'
try 'vectors "a 1 2\nb 1e16 1\n"'
try 'vectors "a 1 2\n 3 4\n"'
try 'vectors "a 1 2\n\nb 3 4\n"'
try 'vectors "3 2\na 1 2\nb 2 1\n"'
try 'vectors "1 2\na 1 2\nb 2 1\n"'
try 'vectors "2 0\na\nb\n"'
try 'vectors "2 70000\na\nb\n"'
try 'vectors "99999999999 2\na\nb\n"'
try 'vectors "\377 1 2\n\376 2 1\n"'
try 'vectors "2 1\na \000\000\200\177b \000\000\000\000"'
try 'vectors "2 1\na \000\000\200\077b \000\000\001"'
try 'vectors "\377\376\000\000"'
try 'vectors "PK\003\004"'
try 'vectors "\272\026\117\057"'
try 'vectors "BZh91AY&SY"'
try 'vectors "\375\067zXZ\000"'
try 'vectors "\050\265\057\375"'
try 'vectors "\223NUMPY"'
try 'vectors "\037\213"'
printf 'a 1 2\nb 2 1\nc 0 0\n' | gzip >whole.gz
try 'head -c 30 whole.gz >v; dptext-index build v'
try '{ head -c 20 whole.gz; echo other bytes; } >v; dptext-index build v'
try 'gzip -c whole.gz >v; dptext-index build v'
{ printf 'a 1\nb '; yes 1 | tr -d '\n' | head -c 3000000; } >v
try 'dptext-index build v'
{ printf 'a 1\n'; yes b | tr -d '\n' | head -c 1025; echo ' 1'; } >v
try 'dptext-index build v'
try 'vectors "a 1 2\n"'
try 'vectors "a 1 2\nb 1 2\n"'
try 'dptext-index build nowhere'
try 'dptext-index build .'
rm -f v whole.gz
try 'ls'
