# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# No message ever has words of the text in it.
secret=Zanzibarquux
printf '%s one\n%s two\n%s \377 three\n' $secret $secret $secret >text
{
	dptext -v text
	dptext -v -T 1 text
	dptext --seed 1 -m laplace -e 9 -v text
	dptext -m gumbel-published -e 60 -v text
	dptext -m gumbel-published -e 1 text
	dptext -v text text
	dptext -v - <text
	dptext -v <text >/dev/full
	dptext text >&-
	dptext -x text text
	dptext -x text <text
	yes $secret | dptext -v | head -n 1
	yes $secret | tr -d '\n' | head -c 1000000 | dptext -v
	dptext -f csv -k 1 text
	dptext -f csv -k 2 text
	dptext -f tsv --no-header -k 1 text
	dptext -f jsonl -k a text
	dptext -f jsonl -k a --on-error skip -v text
	dptext --on-error pass-none text
	printf '{"a":"%s"}\n{"a":"%s"\n' $secret $secret |
		dptext -f jsonl -k a.b -v
	printf 'a,b\n%s,"%s"x\n%s,"%s' $secret $secret $secret $secret |
		dptext -f csv -k a --on-error skip
	gzip <text | head -c 50 | dptext -z
	gzip <text | dptext -o nowhere/$$
} >out 2>err
check "there were messages" test "$(wc -l <err)" -gt 20
try 'grep -i zanzibar err'
