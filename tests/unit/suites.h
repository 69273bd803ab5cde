/* SPDX-License-Identifier: MIT */
/* The Check suites: suites.def has a row for each. */
#ifndef TEST_SUITES_H
#define TEST_SUITES_H

#include <check.h>

#define SUITE(name) Suite *suite_##name(void);
#include "suites.def"
#undef SUITE

#endif
