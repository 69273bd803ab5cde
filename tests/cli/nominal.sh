# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# gumbel-published is not defined for the epsilons one wants, and says so.
try 'echo some text | dptext -m gumbel-published'
try 'echo some text | dptext -m gumbel-published -e 40'
try 'echo some text | dptext -m gumbel-published -e 50 | wc -l'
