/* SPDX-License-Identifier: MIT */
/* Runs all suites, or those named on the command line. */
#include "suites.h"

#include <cblas.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *name;
	Suite *(*make)(void);
} all[] = {
#define SUITE(name) {#name, suite_##name},
#include "suites.def"
#undef SUITE
};

static int wanted(const char *name, int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], name) == 0)
			return 1;
	return argc == 1;
}

int main(int argc, char **argv)
{
	openblas_set_num_threads(1);
	SRunner *runner = srunner_create(NULL);
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		if (wanted(all[i].name, argc, argv))
			srunner_add_suite(runner, all[i].make());
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
