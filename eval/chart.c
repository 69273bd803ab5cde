/* SPDX-License-Identifier: MIT */
#include "chart.h"

#include "memory.h"
#include "msg.h"

#include <errno.h>
#include <math.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/*
 * gnuplot is given colours that stand for those of the page: 1, 2, 3 for
 * text, 1, 2, 4 for the grid, and 1, 3, style.
 */
#define TEXT "#010203"
#define GRID "#010204"

/* Marks of gnuplot: disc, square, two triangles, diamond, pentagon. */
static const int marks[CHART_STYLES] = {7, 5, 9, 11, 13, 15};

static const char *const mark_svg[CHART_STYLES] = {
    "<circle r=\"5\"/>",
    "<path d=\"M-5-5h10v10h-10z\"/>",
    "<path d=\"M0-6L-6 4L6 4z\"/>",
    "<path d=\"M0 6L-6-4L6-4z\"/>",
    "<path d=\"M0-6.5L6.5 0L0 6.5L-6.5 0z\"/>",
    "<path d=\"M0-6L5.7-1.9L3.5 4.9L-3.5 4.9L-5.7-1.9z\"/>",
};

void chart_mark(int style, FILE *html)
{
	fprintf(html,
	        "<svg class=\"mark\" viewBox=\"-8 -8 16 16\" "
	        "aria-hidden=\"true\"><g fill=\"var(--s%d)\">%s</g></svg>",
	        style, mark_svg[style]);
}

/* -------------------------------------------------------------- gnuplot */

static void write_axes(const struct chart *c, FILE *f)
{
	fprintf(f,
	        "set terminal svg size 440,320 dynamic font 'sans,12' "
	        "noenhanced\n"
	        "set border 3 lc rgb '" TEXT "'\nunset key\n"
	        "set tics nomirror textcolor rgb '" TEXT "'\n"
	        "set grid lc rgb '" GRID "' lt 1, lc rgb '" GRID "' lt 1\n"
	        "set xlabel '%s' textcolor rgb '" TEXT "'\n"
	        "set ylabel '%s' textcolor rgb '" TEXT "'\n",
	        c->x_label, c->y_label);
	fprintf(f, "set xrange [%g:%g]\nset yrange [%g:%g]\n", c->low_x,
	        c->high_x, c->low_y, c->high_y);
	if (c->log_x)
		fputs("set logscale x\n"
		      "set xtics (0.1, 0.2, 0.5, 1, 2, 3, 5, 10, 20, 50, "
		      "100, 200, 500, 1000)\n",
		      f);
}

static void write_series(const struct series *s, size_t number, FILE *f)
{
	fprintf(f, "$d%zu << END\n", number);
	for (size_t i = 0; i < s->n; i++) {
		fprintf(f, "%.9g %.9g %.9g ", s->x[i], s->y[i],
		        isnan(s->error[i]) ? 0 : s->error[i]);
		if (isnan(s->label[i]))
			fputs("\"\"\n", f);
		else
			fprintf(f, "\"%g\"\n", s->label[i]);
	}
	fputs("END\n", f);
}

static void write_script(const struct chart *c, FILE *f)
{
	const char *sign = "plot ";
	write_axes(c, f);
	for (size_t i = 0; i < c->n; i++)
		write_series(&c->series[i], i, f);
	if (!isnan(c->level)) {
		fprintf(f, "%s%.9g with lines dt 2 lc rgb '" TEXT "'", sign,
		        c->level);
		sign = ", ";
	}
	for (size_t i = 0; i < c->n; i++) {
		int style = c->series[i].style;
		fprintf(f,
		        "%s$d%zu using 1:2:3 with yerrorlines "
		        "lc rgb '#0103%02x' pt %d ps 0.7 lw 1.5, "
		        "$d%zu using 1:2:4 with labels "
		        "textcolor rgb '#0103%02x' offset 0.9, -0.7",
		        sign, i, style, marks[style], i, style);
		sign = ", ";
	}
	fputc('\n', f);
}

static bool fail(const char *what)
{
	msg("gnuplot: %s", what);
	return false;
}

/* Runs gnuplot from one file to another. */
static bool run(FILE *script, FILE *svg)
{
	char name[] = "gnuplot", *argv[] = {name, NULL};
	posix_spawn_file_actions_t files;
	pid_t pid;
	int status;
	rewind(script);
	if (posix_spawn_file_actions_init(&files))
		return fail("out of memory");
	int code = posix_spawn_file_actions_adddup2(&files, fileno(script), 0);
	if (!code)
		code = posix_spawn_file_actions_adddup2(&files, fileno(svg), 1);
	if (!code)
		code = posix_spawnp(&pid, name, &files, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&files);
	if (code)
		return fail(strerror(code));
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return fail(strerror(errno));
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return fail("it failed to draw a chart");
	rewind(svg);
	return true;
}

static char *read_back(FILE *f)
{
	size_t room = 0, n = 0;
	char *bytes = NULL;
	do {
		bytes = memory_room(bytes, &room, n + 65536, 1);
		n += fread(bytes + n, 1, room - n - 1, f);
	} while (!feof(f) && !ferror(f));
	bytes[n] = 0;
	return bytes;
}

/* ---------------------------------------------------------- into a page */

/* Writes the colour that stands at *text, which goes behind it. */
static bool put_colour(const char **text, FILE *html)
{
	int r, g, b, n = 0;
	if (sscanf(*text, "rgb( %d , %d , %d )%n", &r, &g, &b, &n) < 3 || !n ||
	    r != 1)
		return false;
	*text += n;
	if (g == 3)
		fprintf(html, "var(--s%d)", b);
	else
		fputs(b == 3 ? "currentColor" : "var(--grid)", html);
	return true;
}

/* Writes what comes before an id at *text, and the number. */
static bool put_id(const char **text, int number, FILE *html)
{
	static const char *const before[] = {"id='", "id=\"", "href='#",
	                                     "url(#"};
	for (size_t i = 0; i < sizeof before / sizeof *before; i++)
		if (strncmp(*text, before[i], strlen(before[i])) == 0) {
			*text += strlen(before[i]);
			fprintf(html, "%sc%d-", before[i], number);
			return true;
		}
	return false;
}

/* From the first group on; the head is our own. */
static bool put_svg(const struct chart *c, const char *svg, int number,
                    FILE *html)
{
	const char *text = strstr(svg, "<g id=");
	if (!text)
		return fail("what it drew is not SVG");
	fprintf(html,
	        "<svg class=\"chart\" viewBox=\"0 0 440 320\" role=\"img\" "
	        "aria-label=\"%s\" xmlns:xlink="
	        "\"http://www.w3.org/1999/xlink\">\n",
	        c->about);
	while (*text)
		if (!put_colour(&text, html) && !put_id(&text, number, html))
			fputc(*text++, html);
	return true;
}

bool chart_draw(const struct chart *c, int number, FILE *html)
{
	FILE *script = tmpfile(), *svg = tmpfile();
	bool ok = script && svg;
	if (ok) {
		write_script(c, script);
		ok = !ferror(script) && run(script, svg);
	} else {
		fail(strerror(errno));
	}
	if (ok) {
		char *bytes = read_back(svg);
		ok = put_svg(c, bytes, number, html);
		free(bytes);
	}
	if (script)
		fclose(script);
	if (svg)
		fclose(svg);
	return ok;
}
