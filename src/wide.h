/* SPDX-License-Identifier: MIT */
/* DPT_WIDE: a function in one version a vector width, chosen at load. */
#ifndef DPT_WIDE_H
#define DPT_WIDE_H

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) &&         \
    !defined(DPT_SANITIZE)
#define DPT_WIDE __attribute__((target_clones("default", "avx2", "avx512f")))
#else
#define DPT_WIDE
#endif

#endif
