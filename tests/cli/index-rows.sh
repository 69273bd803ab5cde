# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# Rows that are left out, merged, or not asked for.
cat >vectors <<'END'
one 1 0
two 2 0
two 3 0
three 3 0.05
zwei 2 0
END
printf 'caf\351 3 3\n' >>vectors
cat >>vectors <<'END'
drei 3 0
four 9 9
END
index() {
	dptext-index build -o i.dpti "$@" vectors 2>&1 | grep -v written
	dptext-index info i.dpti | head -n 8
}
try 'index'
try 'index --max-words 3'
try 'index --merge-below 0.1'
try 'index --neighbours 1'
try 'dptext-index build -q vectors'
try 'dptext-index build -q --merge-below 99 vectors'

# Any word of a class is as likely as any other to be printed for it.
dptext-index build -q -o i.dpti vectors 2>/dev/null
yes zwei two | head -n 400 | dptext --seed 1 -x i.dpti -m exponential \
	-e 20 --max-unchanged 1 2>/dev/null | tr ' ' '\n' | sort | uniq -c >counts
try "awk '{ print \$2, int(\$1 / 100 + 0.5) * 100 }' counts"

# The smallest index there is.
printf 'yes 1 0\nno 0 1\n' >vectors
try 'dptext-index build -q -o i.dpti vectors'
try 'yes | head -n 100 | dptext -x i.dpti -m exponential \
	--max-unchanged 0.9 | sort -u'
