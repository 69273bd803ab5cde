# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# -o: all of it or nothing.
few_index
rewrite() {
	as_they_are -q -x few.dpti "$@"
}
printf '1\n\n3\n' >text
umask 027
rewrite -o out text
try 'ls; cat out'
try 'stat -c %a out'
try 'rewrite -o - text'
echo before >out
try 'rewrite -o out text nowhere; ls; cat out'
printf '1\n\377\n' >bad
try 'rewrite -o out bad; ls; cat out'
try 'rewrite -o out --on-error skip bad; ls; cat out'
try 'gzip <text | head -c 20 | rewrite -o out; ls; cat out'
try 'rewrite -z -o out text text; gzip -d <out'
rewrite -o text text
try 'cat text'
ln -s text link
rewrite -o link bad text 2>/dev/null
rewrite -o link text text
try 'ls; cat text'
check "a link stays one" test -h link

try 'rewrite -o nowhere/out text'
try 'rewrite -o /dev/full text'
try 'rewrite -o . text'
try 'rewrite -o "" text'
try 'rewrite -o out nowhere; ls'
mkfifo slow
for signal in TERM KILL; do
	dptext -v -x few.dpti -o late slow 2>said &
	exec 3>slow
	echo 1 >&3
	for i in 1 2 3 4 5 6 7 8 9 10; do
		[ -s said ] || sleep 0.5
	done
	try 'ls late'
	{
		kill -$signal $!
		wait $!
		echo "exit $?"
	} 2>/dev/null
	exec 3>&-
	rm said
	try 'ls'
done
try 'rewrite -o out --report report text; grep complete report'
