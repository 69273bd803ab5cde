# SPDX-License-Identifier: MIT
# bench.svg: the rows of bench.tsv that are in nanoseconds a word; bars to the
# medians, lines from the lowest to the highest.
set terminal svg size 800, 520 font 'sans-serif, 13' background '#ffffff'
set output 'bench.svg'
set datafile separator tab
set datafile missing '-'
set title 'Time for a word of English text (logarithmic)'
set xlabel 'nanoseconds'
set logscale x
set xrange [10:*]
set yrange [*:*] reverse
set grid xtics
set tics nomirror scale 0.5
set border 3
set style fill solid
unset key
rows = "< awk -F '\\t' '$3 == \"ns/word\"' bench.tsv"
colour(program) = program eq 'dptext' ? 0x3a6ea5 : 0x999999
plot rows using 4:0:(10):4:($0 - 0.35):($0 + 0.35): \
		(colour(word(strcol(2), 1))):ytic(1) \
		with boxxyerror linecolor rgb variable, \
	rows using 4:0:5:6 with xerrorbars linecolor rgb '#222222' pt 0, \
	rows using ($6 * 1.1):0:(sprintf('%.0f', $4)) with labels left
