/* SPDX-License-Identifier: MIT */
#include "page.h"

#include "page_files.h"

#include <stdlib.h>
#include <string.h>

#define COMMAND "command: "

void page_text(FILE *f, const char *text)
{
	for (; *text; text++)
		switch (*text) {
		case '&': fputs("&amp;", f); break;
		case '<': fputs("&lt;", f); break;
		case '>': fputs("&gt;", f); break;
		case '"': fputs("&quot;", f); break;
		case '\'': fputs("&#39;", f); break;
		default: fputc(*text, f);
		}
}

static void put_lines(FILE *f, const char *const *line)
{
	for (; *line; line++)
		fprintf(f, "%s\n", *line);
}

void page_start(FILE *f, const char *title, const char *lead)
{
	fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n"
	      "<meta charset=\"utf-8\">\n"
	      "<meta http-equiv=\"Content-Security-Policy\" "
	      "content=\"default-src 'none'; style-src 'unsafe-inline'; "
	      "script-src 'unsafe-inline'\">\n"
	      "<meta name=\"viewport\" "
	      "content=\"width=device-width, initial-scale=1\">\n"
	      "<meta name=\"color-scheme\" content=\"light dark\">\n<title>",
	      f);
	page_text(f, title);
	fputs("</title>\n<style>\n", f);
	put_lines(f, page_css);
	fputs("</style>\n</head>\n<body>\n<header>\n<h1>", f);
	page_text(f, title);
	fputs("</h1>\n<p class=\"lead\">", f);
	page_text(f, lead);
	fputs("</p>\n</header>\n<main>\n", f);
}

void page_end(FILE *f)
{
	fputs("</main>\n<script>\n", f);
	put_lines(f, page_js);
	fputs("</script>\n</body>\n</html>\n", f);
}

void page_table_start(FILE *f, const char *about)
{
	fputs("<div class=\"wide\" role=\"region\" tabindex=\"0\" "
	      "aria-label=\"",
	      f);
	page_text(f, about);
	fputs("\">\n<table>\n<thead><tr>", f);
}

void page_table_name(FILE *f, const char *name)
{
	fputs("<th scope=\"col\"><button type=\"button\">", f);
	page_text(f, name);
	fputs("</button></th>", f);
}

void page_table_body(FILE *f)
{
	fputs("</tr></thead>\n<tbody>\n", f);
}

void page_table_cell(FILE *f, const char *text)
{
	char *end;
	strtod(text, &end);
	if (strcmp(text, "nan") == 0 || !*text) {
		fputs("<td class=\"none\">\xE2\x80\x93</td>", f);
		return;
	}
	fputs(end > text && !*end ? "<td class=\"number\">" : "<td>", f);
	page_text(f, text);
	fputs("</td>", f);
}

void page_table_end(FILE *f)
{
	fputs("</tbody>\n</table>\n</div>\n", f);
}

void page_table(FILE *f, const struct table *t, const char *about)
{
	page_table_start(f, about);
	for (size_t i = 0; i < t->columns; i++)
		page_table_name(f, table_name(t, i));
	page_table_body(f);
	for (size_t row = 0; row < t->rows; row++) {
		fputs("<tr>", f);
		for (size_t i = 0; i < t->columns; i++)
			page_table_cell(f, table_cell(t, row, (int)i));
		fputs("</tr>\n", f);
	}
	page_table_end(f);
}

void page_commands(FILE *f, const struct table *t)
{
	bool any = false;
	fputs("<pre>", f);
	for (size_t i = 0; i < t->notes; i++)
		if (strncmp(t->note[i], COMMAND, strlen(COMMAND)) == 0) {
			page_text(f, t->note[i] + strlen(COMMAND));
			fputc('\n', f);
			any = true;
		}
	fputs(any ? "</pre>\n" : "a command it does not tell</pre>\n", f);
}
