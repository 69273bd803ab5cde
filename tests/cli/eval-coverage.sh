# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# How words reach rows, rule by rule; the text is shown on request only.
command -v dptext-eval >/dev/null || exit 77
few_index
printf "The the don't caf\303\251s weree secretive B secretive\nofffff\n" >text
coverage() {
	dptext-eval coverage -x few.dpti "$@" | grep -v '^#'
}
try 'coverage text'
try 'coverage --missing 2 text | tail -n 2'
try 'gzip <text | coverage | tail -n 1'
try 'coverage </dev/null | tail -n 2'
try 'dptext-eval coverage -x few.dpti nowhere'
printf 'the\n\300\n' >bad
try 'dptext-eval coverage -x few.dpti bad'
try 'dptext-eval coverage --missing none text'
