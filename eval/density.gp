# SPDX-License-Identifier: MIT
# density.svg: the probability that a word stays as it is, by tenths of the
# words in order of their density, from density-deciles.tsv beside it.
set terminal svg size 640, 420 font 'sans-serif, 12' background '#ffffff'
set output 'density.svg'
set datafile separator tab
table = 'density-deciles.tsv'
of(mechanism) = sprintf("< awk -F '\\t' '" . \
	'$1 == "knn" && $3 == "%s" && $6 != "all"' . "' %s", mechanism, table)
mechanisms = system("awk -F '\\t' '$1 == \"knn\" && !seen[$3]++ " . \
	"{ print $3 }' " . table)
colours = '#3a6ea5 #d1791f #5a9a3c #a33a6e #222222'
set title 'Words in crowded places are replaced more often'
set xlabel 'tenth of the words, from the loneliest to the most crowded'
set ylabel 'probability to stay as it is'
set xrange [0.5:10.5]
set yrange [0:1]
set xtics 1
set grid
set tics nomirror scale 0.5
set border 3
set key bottom left samplen 2
plot for [i = 1:words(mechanisms)] of(word(mechanisms, i)) using 6:10 \
	with linespoints pointtype 7 pointsize 0.5 linewidth 1.5 \
	linecolor rgb word(colours, i) title word(mechanisms, i)
