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
} >out 2>err
check "there were messages" test "$(wc -l <err)" -gt 20
try 'grep -i zanzibar err'
