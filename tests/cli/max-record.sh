# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# --max-record says how long a record may be.
few_index
printf '====\n=====\n====' >short
try 'dptext -q -x few.dpti --max-record 4 --on-error skip short'
try 'dptext -q -x few.dpti --max-record 1K short'
try 'dptext --max-record 0 short'
try 'dptext --max-record 2G short'
try 'dptext --max-record 1025M short'
try 'dptext --max-record 1KB short'
try 'dptext --max-record K short'
