# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# All formats of the same vectors make the same index.
cat >glove <<'END'
up 1 0
down 0 1
left 1 1
right -0.5 2
END
{
	echo 4 2
	cat glove
} >word2vec
tr ' ' '\t' <glove >tabs
sed 's/$/\r/' word2vec >crlf
sed 's/$/ /' word2vec >fasttext
one='\000\000\200\077' zero='\000\000\000\000'
{
	echo 4 2
	printf "up $one$zero\ndown $zero$one\n"
	printf "left $one$one\nright \000\000\000\277\000\000\000\100\n"
} >binary
{
	echo 4 2
	printf "up $one${zero}down $zero$one"
	printf "left $one${one}right \000\000\000\277\000\000\000\100"
} >packed
for name in glove word2vec binary; do
	gzip -c $name >$name.gz
done
for name in glove word2vec tabs crlf fasttext binary packed *.gz; do
	try "dptext-index build -o $name.dpti $name 2>&1 | head -n 1"
	check "the same index" cmp glove.dpti "$name.dpti"
done
try 'dptext-index build -q glove && ls glove*'
try 'cat binary.gz | dptext-index build -q -o piped.dpti /dev/stdin'
check "the same through a pipe" cmp glove.dpti piped.dpti
dptext-index build -q -T 1 -o one.dpti glove
dptext-index build -q -T 3 -o three.dpti glove
check "the same with other threads" cmp one.dpti three.dpti
check "the same however often" cmp one.dpti glove.dpti
