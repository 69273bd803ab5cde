/* SPDX-License-Identifier: MIT */
#include "policies.h"

#include "msg.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum dpt_oov parse_oov(const char *what)
{
	for (int i = 0; i < DPT_OOVS; i++)
		if (strcmp(what, dpt_oov_name((enum dpt_oov)i)) == 0)
			return (enum dpt_oov)i;
	msg_usage("--oov must be replace, mask, drop or keep");
}

static enum dpt_numbers parse_numbers(const char *what)
{
	for (int i = 0; i < DPT_NUMBERS; i++)
		if (strcmp(what, dpt_numbers_name((enum dpt_numbers)i)) == 0)
			return (enum dpt_numbers)i;
	msg_usage("--numbers must be random, mask or keep");
}

/* Which of two words it is. */
static bool is_second(const char *option, const char *what, const char *first,
                      const char *second)
{
	if (strcmp(what, first) != 0 && strcmp(what, second) != 0)
		msg_usage("%s must be %s or %s", option, first, second);
	return strcmp(what, second) == 0;
}

/* The bit of a kind named by the first n bytes of text. */
static unsigned kind_bit(const char *text, size_t n)
{
	for (int k = 0; k < DPT_KINDS; k++) {
		const char *name = dpt_kind_name((enum dpt_kind)k);
		if (strlen(name) == n && memcmp(name, text, n) == 0)
			return 1U << k;
	}
	msg_usage("--masks must be all, none, or kinds with commas: email, "
	          "url, handle, card, phone");
}

/* The kinds that are not named. */
static unsigned parse_masks(const char *kinds)
{
	unsigned unmasked = (1U << DPT_KINDS) - 1;
	if (strcmp(kinds, "all") == 0)
		return 0;
	if (strcmp(kinds, "none") == 0)
		return unmasked;
	for (size_t n;; kinds += n + 1) {
		n = strcspn(kinds, ",");
		unmasked &= ~kind_bit(kinds, n);
		if (!kinds[n])
			return unmasked;
	}
}

bool policies_option(struct policies *p, int id, const char *arg)
{
	struct dpt_policy *policy = &p->policy;
	switch (id) {
	case OPT_OOV: policy->oov = parse_oov(arg); return true;
	case OPT_NUMBERS: policy->numbers = parse_numbers(arg); return true;
	case OPT_MASKS: policy->unmasked = parse_masks(arg); return true;
	case OPT_CASE:
		policy->lower = is_second("--case", arg, "preserve", "lower");
		return true;
	case OPT_KEEP: p->keep_path = arg; return true;
	case OPT_STOPWORDS:
		policy->keep_stopwords =
		    is_second("--stopwords", arg, "perturb", "keep");
		return true;
	default: return false;
	}
}

/* ---------------------------------------------------------- public words */

static bool add_word(struct policies *p, char *word)
{
	size_t n = p->policy.keeps;
	if (n == p->room) {
		size_t room = p->room ? 2 * p->room : 64;
		char **larger = reallocarray(p->word, room, sizeof *larger);
		if (!larger)
			return false;
		p->word = larger;
		p->room = room;
	}
	p->word[n] = strdup(word);
	p->policy.keeps += p->word[n] != NULL;
	p->policy.keep = (const char *const *)p->word;
	return p->word[n] != NULL;
}

/* Why a line, without its end, is no word; NULL if it is one or empty. */
static const char *word_fault(const char *line, size_t len)
{
	if (strlen(line) < len || strpbrk(line, " \t"))
		return "more than a word";
	return len > 1024 ? "a word of more than 1024 bytes" : NULL;
}

static bool read_words(struct policies *p, FILE *f)
{
	char *line = NULL;
	const char *fault = NULL;
	size_t room = 0;
	unsigned long number = 0;
	ssize_t len;
	while (!fault && (len = getline(&line, &room, f)) >= 0) {
		number++;
		while (len > 0 && strchr("\r\n", line[len - 1]) &&
		       line[len - 1])
			line[--len] = 0;
		fault = word_fault(line, (size_t)len);
		if (!fault && len > 0 && !add_word(p, line))
			fault = "out of memory";
	}
	if (fault)
		msg("%s:%lu: %s", p->keep_path, number, fault);
	else if (ferror(f))
		msg("%s: %s", p->keep_path, strerror(errno));
	bool ok = !fault && !ferror(f);
	free(line);
	return ok;
}

bool policies_read(struct policies *p)
{
	if (!p->keep_path)
		return true;
	FILE *f = fopen(p->keep_path, "re");
	if (!f) {
		msg("%s: %s", p->keep_path, strerror(errno));
		return false;
	}
	bool ok = read_words(p, f);
	fclose(f);
	return ok;
}

void policies_say(const struct policies *p)
{
	const struct dpt_policy *policy = &p->policy;
	if (policy->oov == DPT_OOV_KEEP)
		msg("--oov keep: words outside the vocabulary pass through, "
		    "NOT protected");
	if (policy->numbers == DPT_NUMBERS_KEEP)
		msg("--numbers keep: numbers pass through, NOT protected");
	if (policy->keeps > 0)
		msg("--keep: %zu public words pass through, NOT protected",
		    policy->keeps);
	if (policy->keep_stopwords)
		msg("--stopwords keep: words of grammar pass through, "
		    "NOT protected");
}

void policies_free(struct policies *p)
{
	for (size_t i = 0; i < p->policy.keeps; i++)
		free(p->word[i]);
	free(p->word);
}
