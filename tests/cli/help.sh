# shellcheck shell=sh
# SPDX-License-Identifier: MIT
try 'dptext --help'
try 'dptext-index --help'
dptext --help >long
dptext -h >short
check "-h is --help" cmp short long
try 'dptext --help >/dev/full'
