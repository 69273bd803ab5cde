# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# An index is written as a whole or not at all.
few_vectors >v
try 'dptext-index build -q -o nowhere/i.dpti v'
try 'mkdir folder; dptext-index build -q -o folder v 2>&1 | cut -d: -f1,2'
try 'ls . folder'
echo old >i.dpti
# shellcheck disable=SC3045
try '(trap "" XFSZ; ulimit -f 1; dptext-index build -q -o i.dpti v) 2>&1 | cat'
try 'cat i.dpti; ls'
try 'dptext-index build -q -o i.dpti v; dptext-index verify i.dpti'
try 'umask 027; dptext-index build -q -o j.dpti v; stat -c %a j.dpti'
try 'ls'
