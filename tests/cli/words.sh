# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# What people write reaches words of the index; what comes of two words that
# were written together has a space between them.
all() {
	dptext -q --seed 1 -e 1000 --max-unchanged 1 "$@" 2>/dev/null
}
cat >text <<'END'
I don't think it's John's: we're sure THEY’VE CAN'T won't.
The U.S.A., i.e. the well-known mother-in-law's, ain't soooo grinned.
Zoë grinned "Bat"'s footpath o'clock IT'S
END
try 'all text'
printf '%s\n' '{"t":"I don\u0027t, it\u2019s caf\u00e9"}' >json
try 'all -f jsonl -k t json'
try 'echo "don'\''t,1" | all -f csv --no-header -k 1'
