# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# Input in gzip format is recognised by content; -z writes it.
few_index
rewrite() {
	dptext -q -x few.dpti --seed 1 "$@" 2>err
	code=$?
	grep -v 'NOT private' err >&2
	return $code
}
for i in 1 2 3 4 5 6; do
	cat "$SRC/corpora/sample.txt"
done >text
gzip <text >text.gz
rewrite text >plain
for threads in 1 2; do
	rewrite -T $threads text.gz >out
	check "gzip, $threads threads" cmp plain out
done
cp text.gz misnamed.txt
rewrite <misnamed.txt >out
check "whatever it is called" cmp plain out
for step in 1 5 1000; do
	dd if=text.gz bs=$step 2>/dev/null | head -c 3000000 | rewrite >out
	check "through a pipe, $step bytes at a time" cmp plain out
done
head -c 12345 text | gzip -1 >members
: | gzip >>members
tail -c +12346 text | gzip -9 >>members
rewrite members >out
check "members" cmp plain out
# Blocks with their length in an extra field, and an empty one: BGZF.
python3 - <<'END' >blocks
import struct, sys, zlib

def block(part):
    c = zlib.compressobj(6, zlib.DEFLATED, -15)
    body = c.compress(part) + c.flush()
    return (b"\37\213\10\4" + struct.pack("<IBBHBBHH", 0, 0, 255, 6, 66, 67,
            2, len(body) + 25) + body +
            struct.pack("<II", zlib.crc32(part), len(part)))

with open("text", "rb") as f:
    while part := f.read(9999):
        sys.stdout.buffer.write(block(part))
sys.stdout.buffer.write(block(b""))
END
rewrite blocks >out
check "blocks of bgzip" cmp plain out
head -c 100 /dev/zero | tr '\0' '\n' >lines
gzip <lines >lines.gz
try 'rewrite lines.gz | cmp - lines'
: | gzip >empty.gz
try 'rewrite empty.gz | wc -c'
printf '\037' >one
try 'rewrite one | od -c'

# Damage is found, and what comes before it is written.
try 'head -c 100 text.gz | rewrite'
try 'head -c 19 lines.gz >cut; rewrite cut | wc -l'
try 'head -c 5 lines.gz >cut; rewrite cut'
try '(cat lines.gz; head -c 15 lines.gz) >cut; rewrite cut | wc -l'
try '(cat lines.gz; echo more) >more; rewrite more | wc -l'
size=$(wc -c <text.gz)
head -c $((size / 2)) text.gz >cut
rewrite -T 1 cut >half 2>/dev/null
check "whole lines before the end" \
	cmp half - <<END
$(head -n "$(wc -l <half)" plain)
END
check "many of them" test "$(wc -l <half)" -gt 50
(head -c $((size / 2)) text.gz; printf '\0\0\0\0\377\377\377'
	tail -c +$((size / 2 + 8)) text.gz) >damaged
try 'rewrite damaged >out'
(head -c $((size - 8)) text.gz; printf '\0\0\0\0'; tail -c 4 text.gz) >damaged
try 'rewrite damaged | cmp - plain'

rewrite -z text | gzip -d >out
check "-z" cmp plain out
rewrite -z text text.gz | gzip -t
check "one member" test "$(rewrite -z text | wc -c)" -lt \
	"$(($(wc -c <plain) / 2))"
try 'rewrite -z empty.gz | gzip -d | wc -c'
try 'printf "1\n\377\n" | rewrite -z | gzip -d'
try 'rewrite -z text >/dev/full'
try 'rewrite -z lines >/dev/full'
printf 'a,b\n1,\n' | gzip >table.gz
try 'rewrite -f csv -k b table.gz table.gz'
