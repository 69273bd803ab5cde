# shellcheck shell=sh
# SPDX-License-Identifier: MIT
# A line that is not UTF-8 ends the run; the lines before it are written.
text() {
	printf 'First line.\nSecond, with café.\n\n'
	printf "$1"
	printf '\nFifth line.\n'
}
for threads in 1 2; do
	try "text 'caf\\351' >bad; dptext -T $threads bad | wc -l"
done
try 'text "\300\200" | dptext | wc -l'
try 'text "\355\240\200" | dptext | wc -l'
try 'text "\364\220\200\200" | dptext | wc -l'
try 'text "\342\202" | dptext | wc -l'
try 'printf "cut \303" | dptext'
try 'printf "\357\277\277 \364\217\277\277\n" | dptext'
try 'printf "\n\n" >good; text "\377" >bad; dptext good bad good | wc -l'
yes 'Come in, the door is open.' | head -n 100000 >bad
printf '\200\n' >>bad
yes 'Come in, the door is open.' | head -n 100000 >>bad
try 'dptext bad | wc -l'
