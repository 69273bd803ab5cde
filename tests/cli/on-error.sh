# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# Records that are broken end the run, are left out, or are emptied.
few_index
rewrite() {
	as_they_are -q -x few.dpti "$@"
}
printf '1\n\377 secretive\n3\n\n\303\r\n6' >lines
for what in stop skip pass-none; do
	try "rewrite --on-error $what lines | od -c"
	try "rewrite --on-error $what lines 2>/dev/null"
done
cat >objects <<'END'
{"a":"1","b":"kept"}
{"a":"secretive","b":"lost"
{"b":"lost"}
{"a":"5","b":"kept"}
END
try 'rewrite -f jsonl -k a objects'
try 'rewrite -f jsonl -k a --on-error skip objects'
try 'rewrite -f jsonl -k a --on-error pass-none -T 1 objects'
printf 'a,b\n1,\n1,2,secretive\n1,"\377"\n\377,1\n1,"secretive' >table
try 'rewrite -f csv -k b --on-error stop table'
try 'rewrite -f csv -k b --on-error skip table | od -c'
try 'rewrite -f csv -k b --on-error pass-none table | od -c'

# Other files are gone on with, and the report counts.
printf 'a,b\n7,8' >more
try 'rewrite -f csv -k b --on-error skip --report report more table more'
try 'grep -e records -e broken -e complete report'
# What is wrong with a header or a file is an error all the same.
try 'rewrite -f csv -k c --on-error skip table'
try 'rewrite -f csv -k b --on-error skip table nowhere'
try 'rewrite --on-error ignore lines'
