/* SPDX-License-Identifier: MIT */
/*
 * What one run of a command takes, its output thrown away.
 *
 *     bench-run COMMAND...      nanoseconds, of a command for the shell
 *     bench-run -m PROGRAM...   bytes of memory at their peak
 *
 * Memory is that of the process as wait4(2) tells it, and two parts of that by
 * smaps_rollup, read every other millisecond: "private", which is no part of
 * any file, and "mapped", which is, index and libraries.
 */
#include "bench.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct peak {
	uint64_t private, mapped;
};

static pid_t start(char **argv)
{
	pid_t pid = fork();
	if (pid)
		return pid;
	if (freopen("/dev/null", "w", stdout))
		execvp(argv[0], argv);
	perror(argv[0]);
	_exit(127);
}

/* In kilobytes; a process that has ended has no such file, or no lines. */
static void sample(pid_t pid, struct peak *peak)
{
	char name[64], line[256];
	uint64_t resident = 0, private = 0;
	snprintf(name, sizeof name, "/proc/%ld/smaps_rollup", (long)pid);
	FILE *f = fopen(name, "r");
	while (f && fgets(line, sizeof line, f)) {
		(void)sscanf(line, "Rss: %" SCNu64, &resident);
		(void)sscanf(line, "Anonymous: %" SCNu64, &private);
	}
	if (f)
		fclose(f);
	if (peak->private < private)
		peak->private = private;
	if (peak->mapped + private < resident)
		peak->mapped = resident - private;
}

int main(int argc, char **argv)
{
	bool memory = argc > 2 && strcmp(argv[1], "-m") == 0;
	char *shell[] = {"sh", "-c", argv[argc - 1], NULL};
	struct timespec pause = {.tv_nsec = 2000000};
	struct peak peak = {0};
	struct rusage used;
	int status = 0;
	if (argc < 2)
		return 2;
	int64_t started = now();
	pid_t pid = start(memory ? argv + 2 : shell);
	while (memory && wait4(pid, &status, WNOHANG, &used) == 0) {
		sample(pid, &peak);
		nanosleep(&pause, NULL);
	}
	if (pid < 0 || (!memory && wait4(pid, &status, 0, &used) != pid))
		return 1;
	int64_t took = now() - started;
	if (!memory)
		printf("%" PRId64 "\n", took);
	else
		printf("%ld\n%" PRIu64 " private\n%" PRIu64 " mapped\n",
		       used.ru_maxrss * 1024, peak.private * 1024,
		       peak.mapped * 1024);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
