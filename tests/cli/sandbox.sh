# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# Once text is read, nothing but what is still needed can be done.
[ -e "$BUILD/faults.so" ] && [ -z "$SANITIZED" ] || exit 77
few_index
echo -- >text
said() {
	dptext -v -x few.dpti "$@" 2>&1 >/dev/null | grep while
}
case $(said text) in
*"no other files, programs or network") ;;
*) exit 77 ;;
esac
# Tries what is listed in tests/faults.c when it first writes.
probed() {
	FAULTS=probe LD_PRELOAD=$BUILD/faults.so dptext -q -x few.dpti "$@"
}
for threads in 1 2; do
	try "probed -T $threads text"
done
try 'probed <text'
try 'probed -z -o out --report report text; gzip -d <out; grep complete report'

# And what is needed can: files here and there, the same folder or another.
mkdir a b c
cp text a
ln -s a link
dptext -q -x few.dpti text a/text link/text - <text >out
check "files here and there" test "$(tr '\n' ' ' <out)" = "-- -- -- -- "
try 'dptext -q -x few.dpti -o b/out --report c/report text a/text; ls b c'
try 'dptext -q -x few.dpti -o b/out --report c/report text a/text; ls b c'
try 'dptext -q -x few.dpti text /dev/stdin <text'
try 'dptext -q -x few.dpti text nowhere/text'
try 'dptext -q -x few.dpti --report nowhere/report text'
