# shellcheck shell=sh
# SPDX-License-Identifier: MIT
try 'dptext -m list'
try 'dptext -m list >/dev/full'
