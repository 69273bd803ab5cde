# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# The chosen fields of a table are rewritten, and nothing else.
few_index
rewrite() {
	as_they_are -q -x few.dpti "$@"
}
printf '\357\273\277id,"text",more\r\n' >table
printf '1,The one and only,of\r\n2,"that is, ""so""\r\nto what","of"\r\n' >>table
printf '\r\n3,,\r\n4,"not\n\nyou",5e0' >>table
hidden() {
	sed -E 's/[[:alpha:]]+/_/g'
}
try 'rewrite -f csv -k text table | head -n 1 | od -c | head -n 2'
try 'rewrite -f csv -k text table | sed 1d | hidden | cat -A; echo'
rewrite -f csv -k text table >out
check "the other columns stay" test \
	"$(sed -E 's/^([0-9]*,)[^,]*,/\1/' out | grep -Ec ',(of|"of"|5e0)\s?$')" = 3
rewrite -f csv -k 2 table | hidden >numbered
hidden <out | cmp - numbered
tail -c +15 table | sed 1d >bare
rewrite -f csv --no-header -k 2 -k 3 bare | hidden | cat -A
echo

# Of the last file all is rewritten, and its header is left out.
printf 'id,"text",more\r\n5,you,we\r\n' >second
try 'rewrite -f csv -k text table second | tail -n 2 | hidden | cat -A'
printf 'id,text,more\r\n5,you,we\r\n' >other
try 'rewrite -f csv -k text table other | wc -l'
try 'printf "" | rewrite -f csv -k text - second | wc -l'

try 'rewrite -f csv -k nothing table'
try 'rewrite -f csv -k 4 table'
try 'rewrite -f csv -k 0 table'
try 'printf "a,b\n1,2\n1,2,3\n1,2\n" | rewrite -f csv -k b'
try 'printf "a,b\n1,2\n1,\"2\n1,2\n" | rewrite -f csv -k b'
try 'printf "a,b\n1,2\n1,2\"2\"\n1,2\n" | rewrite -f csv -k b'
try 'printf "a,b\n1,2\n1,\"2\"2\n1,2\n" | rewrite -f csv -k b'
try 'printf "a,b\r1,2\r1,2\r" | rewrite -f csv -k b'
try 'printf "1,2\n1,\"2\n" | rewrite -f csv --no-header -k 2'
try 'printf "1,\"2\n" | rewrite -f csv --no-header -k 2'
