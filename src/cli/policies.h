/* SPDX-License-Identifier: MIT */
/* The options for what the mechanism does not see. */
#ifndef CLI_POLICIES_H
#define CLI_POLICIES_H

#include "dptext.h"
#include "opt.h"

enum {
	OPT_OOV = 640,
	OPT_NUMBERS,
	OPT_MASKS,
	OPT_CASE,
	OPT_KEEP,
	OPT_STOPWORDS
};

/* Rows for the option table of a program. */
#define POLICY_OPTIONS                                                         \
	{OPT_OOV, "oov", "WHAT",                                               \
	 "unknown words: replace, mask, drop or keep [replace]"},              \
	    {OPT_NUMBERS, "numbers", "WHAT",                                   \
	     "digits: random, mask or keep [random]"},                         \
	    {OPT_MASKS, "masks", "KIND,...",                                   \
	     "mask email, url, handle, card, phone; none [all]"},              \
	    {OPT_CASE, "case", "WHAT",                                         \
	     "letter case: preserve or lower [preserve]"},                     \
	    {OPT_KEEP, "keep", "FILE",                                         \
	     "public words, one a line: they pass through"},                   \
	{                                                                      \
		OPT_STOPWORDS, "stopwords", "WHAT",                            \
		    "words of grammar: perturb or keep [perturb]"              \
	}

struct policies {
	struct dpt_policy policy;
	const char *keep_path; /* or NULL */
	char **word;           /* of that file */
	size_t room;
};

/* Takes one option; false if it is none of POLICY_OPTIONS. */
bool policies_option(struct policies *p, int id, const char *arg);
/* Reads the public words; says what is wrong. */
bool policies_read(struct policies *p);
/* Says what passes through unprotected. */
void policies_say(const struct policies *p);
void policies_free(struct policies *p);

#endif
