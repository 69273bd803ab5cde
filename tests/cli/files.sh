# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# Files are rewritten one after the other, as one stream of lines.
split -n l/3 "$SRC/corpora/sample.txt" part.
rewrite() {
	dptext -q -m exponential --seed 5 "$@" 2>/dev/null
}
cat part.* | rewrite >one
rewrite part.aa part.ab part.ac >more
check "three files" cmp one more
rewrite part.aa - part.ac <part.ab >more
check "standard input among them" cmp one more
rewrite - part.ac <part.aa >more
check "a file less" test "$(cmp one more 2>&1)" != ""
mv part.ab ./-odd
rewrite part.aa -- -odd part.ac >more
check "a name with a dash" cmp one more
try 'dptext -q --seed 5 part.aa nowhere part.ac 2>err | wc -l; cat err'
wc -l <part.aa
try 'dptext nowhere'
try 'echo a | dptext -q - - | wc -l'
