# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# Letter case is kept: capitalised, all capitals, or as the index has it.
cat >vectors <<END
café 1 0
über 0 1
straße 1 1
Oslo 0 0
END
dptext-index build -q -o i.dpti vectors
shapes() {
	yes "$1" | head -n 200 | dptext -q -x i.dpti -m exponential -e 0.1 |
		sort -u
}
try 'shapes word'
try 'shapes Word'
try 'shapes WORD'
try 'shapes W'
try 'shapes ÜBER'
try 'shapes wOrD'
try 'echo "café CAFÉ Café Oslo OSLO oslo" | dptext -q -x i.dpti -v 2>&1 |
	grep -o "[0-9.]* % outside"'
