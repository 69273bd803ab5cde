/* SPDX-License-Identifier: MIT */
/* Charts as SVG within HTML, drawn by gnuplot. */
#ifndef EVAL_CHART_H
#define EVAL_CHART_H

#include <stdbool.h>
#include <stdio.h>

enum { CHART_STYLES = 6, CHART_POINTS = 64, CHART_SERIES = 12 };

struct series {
	const char *name; /* of the caller; it is not drawn */
	int style;        /* below CHART_STYLES: a colour, and a mark */
	size_t n;
	double x[CHART_POINTS], y[CHART_POINTS];
	double error[CHART_POINTS]; /* half of an interval, or NaN */
	double label[CHART_POINTS]; /* a number beside it, or NaN */
};

struct chart {
	const char *x_label, *y_label, *about; /* plain text */
	bool log_x;
	double low_x, high_x, low_y, high_y;
	double level; /* a dashed line across, or NaN */
	struct series series[CHART_SERIES];
	size_t n;
};

/*
 * Writes an <svg> in which colours are those of the page: currentColor,
 * var(--grid) and var(--s0) on.  number makes its ids its own.  False after
 * saying what went wrong.
 */
bool chart_draw(const struct chart *c, int number, FILE *html);
/* The mark of a style, for a legend. */
void chart_mark(int style, FILE *html);

#endif
