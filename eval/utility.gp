# SPDX-License-Identifier: MIT
# utility.svg: accuracy against verified epsilon, from utility.tsv beside it;
# a panel for each corpus, a line for each mechanism.  Bars are 95 % intervals
# over the seeds.
set terminal svg size 900, 700 font 'sans-serif, 12' background '#ffffff'
set output 'utility.svg'
set datafile separator tab
of(corpus, mechanism) = sprintf("< awk -F '\\t' '" . \
	'$1 == "%s" && $2 == "%s" && $4 == "epsilon" && ' . \
	'$12 == "tfidf" && $14 == "clean" && $15 != "refused"' . \
	"' utility.tsv", corpus, mechanism)
list(column, where) = system(sprintf("awk -F '\\t' '" . \
	'!/^(#|corpus)/ && %s && !seen[$%d]++ { print $%d }' . \
	"' utility.tsv", where, column, column))
corpora = list(1, '1')
mechanisms = list(2, '$2 != "clean" && $15 != "refused"')
colours = '#3a6ea5 #d1791f #888888 #5a9a3c #a33a6e #222222'
set multiplot layout (words(corpora) + 1) / 2, 2 title \
	'What a classifier learns from rewritten text, tested on text as it is'
set logscale x
set xrange [0.9:22]
set xtics (1, 2, 3, 5, 8, 10, 20)
set xlabel 'verified epsilon (logarithmic)'
set ylabel 'accuracy, %'
set yrange [0:100]
set grid
set tics nomirror scale 0.5
set border 3
set key bottom right samplen 2
do for [name in corpora] {
	stats of(name, 'clean') using 15 nooutput
	clean = 100 * STATS_max
	set title name
	plot clean with lines dashtype 2 linecolor rgb '#222222' \
		title 'the original', \
		for [i = 1:words(mechanisms)] of(name, word(mechanisms, i)) \
		using 7:(100 * $15):(100 * $16) with yerrorlines \
		pointtype 7 pointsize 0.5 linewidth 1.5 \
		linecolor rgb word(colours, i) title word(mechanisms, i)
}
unset multiplot
