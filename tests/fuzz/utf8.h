/* SPDX-License-Identifier: MIT */
/* UTF-8 once more, to hold the library's against. */
#ifndef FUZZ_UTF8_H
#define FUZZ_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* Length of the character at s by RFC 3629, section 4; 0: not valid. */
static inline size_t utf8_length(const uint8_t *s, size_t n, uint32_t *c)
{
	static const struct {
		uint8_t mask, lead, length;
		uint32_t least;
	} kind[] = {{0x80, 0, 1, 0},
	            {0xe0, 0xc0, 2, 0x80},
	            {0xf0, 0xe0, 3, 0x800},
	            {0xf8, 0xf0, 4, 0x10000}};
	for (size_t k = 0; k < 4; k++) {
		if ((s[0] & kind[k].mask) != kind[k].lead)
			continue;
		if (kind[k].length > n)
			return 0;
		*c = s[0] & (uint8_t)~kind[k].mask;
		for (size_t i = 1; i < kind[k].length; i++) {
			if ((s[i] & 0xc0) != 0x80)
				return 0;
			*c = *c << 6 | (s[i] & 0x3f);
		}
		return *c < kind[k].least || *c > 0x10ffff ||
		               (*c >= 0xd800 && *c < 0xe000)
		           ? 0
		           : kind[k].length;
	}
	return 0;
}

static inline size_t utf8_prefix(const uint8_t *s, size_t n)
{
	size_t at = 0, length;
	uint32_t c;
	while (at < n && (length = utf8_length(s + at, n - at, &c)) > 0)
		at += length;
	return at;
}

#endif
