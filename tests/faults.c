/* SPDX-License-Identifier: MIT */
/*
 * A library to be loaded in front of a program (LD_PRELOAD), which lets calls
 * of the operating system and of the allocator fail.  From main on, FAULTS
 * says what happens, in words with blanks between them:
 *
 *	CALL:N:CODE  call number N, from 1, fails with this number of errno
 *	CALL+:N:CODE so do all that follow
 *	CALL:N:0     the program is killed there
 *	short        reads and writes take a part of what they could
 *	eintr        and are interrupted before they do
 *	probe        the first write tries what no filter should
 *	secret       at the end, tells where in memory the word of that name is
 *
 * CALL is one of those below.  How often each was made is left in the file
 * FAULTS_COUNTS, in their order, even if the program is killed.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum call { ALLOC, READ, WRITE, OPEN, TMPFILE, SYNC, NAME, RANDOM, CALLS };
static const char *const call_name[CALLS] = {
    "alloc", "read", "write", "open", "tmpfile", "sync", "name", "random"};

static struct {
	unsigned long from, to; /* calls that fail */
	int code;
} fault[CALLS];

static bool begun, cut_short, interrupt, probe;
static _Thread_local bool loading; /* a library, which may give up by itself */
static int maps = -1;              /* open: memory is searched at the end */
static atomic_ulong own[CALLS], *count = own;

/* Whether this call fails, with errno set. */
static bool fails(enum call c)
{
	if (!begun || loading)
		return false;
	unsigned long n = atomic_fetch_add(&count[c], 1) + 1;
	if (n < fault[c].from || n > fault[c].to)
		return false;
	if (fault[c].code == 0)
		raise(SIGKILL);
	errno = fault[c].code;
	return true;
}

static bool parse_fault(const char *word)
{
	for (int c = 0; c < CALLS; c++) {
		size_t len = strlen(call_name[c]);
		if (strncmp(word, call_name[c], len) != 0)
			continue;
		bool all = word[len] == '+';
		return sscanf(word + len + all, ":%lu:%d", &fault[c].from,
		              &fault[c].code) == 2 &&
		       (fault[c].to = all ? -1UL : fault[c].from);
	}
	return false;
}

static void parse(const char *text)
{
	char word[64];
	int len;
	for (; sscanf(text, "%63s%n", word, &len) == 1; text += len)
		if (strcmp(word, "short") == 0)
			cut_short = true;
		else if (strcmp(word, "eintr") == 0)
			interrupt = true;
		else if (strcmp(word, "probe") == 0)
			probe = true;
		else if (strcmp(word, "secret") == 0)
			maps = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
		else if (!parse_fault(word))
			abort();
}

/* Declares `real`, the real function of that name. */
#define REAL(name)                                                             \
	__typeof__(&name) real;                                                \
	*(void **)&real = dlsym(RTLD_NEXT, #name)

static void begin(void)
{
	const char *file = getenv("FAULTS_COUNTS"), *what = getenv("FAULTS");
	int fd = file ? open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0666) : -1;
	if (fd >= 0 && ftruncate(fd, sizeof own) == 0)
		count = mmap(NULL, sizeof own, PROT_READ | PROT_WRITE,
		             MAP_SHARED, fd, 0);
	if (fd >= 0)
		close(fd);
	if (count == MAP_FAILED)
		abort();
	parse(what ? what : "");
	begun = true;
}

static int (*program)(int, char **, char **);

static int begin_and_run(int argc, char **argv, char **env)
{
	begin();
	return program(argc, argv, env);
}

int __libc_start_main(int (*run)(int, char **, char **), int argc, char **argv,
                      void (*init)(void), void (*fini)(void),
                      void (*rtld_fini)(void), void *stack_end);
int __libc_start_main(int (*run)(int, char **, char **), int argc, char **argv,
                      void (*init)(void), void (*fini)(void),
                      void (*rtld_fini)(void), void *stack_end)
{
	REAL(__libc_start_main);
	program = run;
	return real(begin_and_run, argc, argv, init, fini, rtld_fini,
	            stack_end);
}

/* -------------------------------------------------------------- allocation */

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *old, size_t size);
void *__libc_memalign(size_t align, size_t size);

void *malloc(size_t size)
{
	return fails(ALLOC) ? NULL : __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
	return fails(ALLOC) ? NULL : __libc_calloc(n, size);
}

void *realloc(void *old, size_t size)
{
	return fails(ALLOC) ? NULL : __libc_realloc(old, size);
}

void *aligned_alloc(size_t align, size_t size)
{
	return fails(ALLOC) ? NULL : __libc_memalign(align, size);
}

int posix_memalign(void **out, size_t align, size_t size)
{
	*out = fails(ALLOC) ? NULL : __libc_memalign(align, size);
	return *out ? 0 : ENOMEM;
}

void *mmap(void *at, size_t size, int prot, int flags, int fd, off_t offset)
{
	/* OpenBLAS, whose buffers are large, tries for ever to have one */
	bool blas = fd < 0 && size >= 1 << 24;
	if (!blas && fails(ALLOC))
		return MAP_FAILED;
	return (void *)syscall(SYS_mmap, at, size, prot, flags, fd, offset);
}

void *dlopen(const char *file, int mode)
{
	REAL(dlopen);
	if (fails(ALLOC))
		return NULL;
	loading = true;
	void *library = real(file, mode);
	loading = false;
	return library;
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attr,
                   void *(*run)(void *), void *arg)
{
	REAL(pthread_create);
	return fails(ALLOC) ? EAGAIN : real(thread, attr, run, arg);
}

/* ------------------------------------------------------------------ files */

static _Thread_local unsigned turn;

/* Every second call is interrupted, and others do not get far. */
static bool interrupted(size_t *size)
{
	turn++;
	if (begun && interrupt && turn % 2) {
		errno = EINTR;
		return true;
	}
	if (begun && cut_short && *size > 1)
		*size = 1 + turn * 2654435761U % *size % 5000;
	return false;
}

ssize_t read(int fd, void *buffer, size_t size)
{
	if (fails(READ) || interrupted(&size))
		return -1;
	return syscall(SYS_read, fd, buffer, size);
}

ssize_t pread(int fd, void *buffer, size_t size, off_t at)
{
	if (fails(READ) || interrupted(&size))
		return -1;
	return syscall(SYS_pread64, fd, buffer, size, at);
}

static void try_what_is_refused(void);

ssize_t write(int fd, const void *bytes, size_t size)
{
	if (begun && probe) {
		probe = false;
		try_what_is_refused();
	}
	if (fails(WRITE) || interrupted(&size))
		return -1;
	return syscall(SYS_write, fd, bytes, size);
}

static int open_with(int folder, const char *path, int flags, va_list args)
{
	int mode = 0;
	bool unnamed = (flags & O_TMPFILE) == O_TMPFILE;
	if ((flags & O_CREAT) || unnamed)
		mode = va_arg(args, int);
	if (fails(unnamed ? TMPFILE : OPEN))
		return -1;
	return (int)syscall(SYS_openat, folder, path, flags, mode);
}

int open(const char *path, int flags, ...)
{
	va_list args;
	va_start(args, flags);
	int fd = open_with(AT_FDCWD, path, flags, args);
	va_end(args);
	return fd;
}

int openat(int folder, const char *path, int flags, ...)
{
	va_list args;
	va_start(args, flags);
	int fd = open_with(folder, path, flags, args);
	va_end(args);
	return fd;
}

int fsync(int fd)
{
	return fails(SYNC) ? -1 : (int)syscall(SYS_fsync, fd);
}

int linkat(int from, const char *old, int to, const char *new, int flags)
{
	return fails(NAME)
	           ? -1
	           : (int)syscall(SYS_linkat, from, old, to, new, flags);
}

int renameat(int from, const char *old, int to, const char *new)
{
	return fails(NAME) ? -1
	                   : (int)syscall(SYS_renameat2, from, old, to, new, 0);
}

ssize_t getrandom(void *buffer, size_t size, unsigned flags)
{
	return fails(RANDOM) ? -1 : syscall(SYS_getrandom, buffer, size, flags);
}

/* ---------------------------------------------------------------- sandbox */

static void say(const char *what, long result)
{
	char text[80];
	int n = snprintf(text, sizeof text, "%s: %s\n", what,
	                 result < 0 ? "refused" : "ALLOWED");
	syscall(SYS_write, STDERR_FILENO, text, (size_t)n);
}

static void try_what_is_refused(void)
{
	char *argv[] = {"true", NULL};
	say("a file", open("/etc/passwd", O_RDONLY));
	say("a file to write", open("probe", O_WRONLY | O_CREAT, 0600));
	say("a folder", mkdir("probed", 0700));
	say("a mode", chmod("/", 0755));
	say("a socket", socket(AF_INET, SOCK_STREAM, 0));
	say("a socket of this machine", socket(AF_UNIX, SOCK_STREAM, 0));
	say("a signal", kill(getppid(), 0));
	say("a program", execv("/bin/true", argv));
	long child = fork();
	if (child == 0)
		_exit(0);
	say("a process", child);
	say("a trace", syscall(SYS_ptrace, 0, 0, 0, 0));
	say("a core dump", prctl(PR_GET_DUMPABLE) ? 0 : -1);
}

/* ----------------------------------------------------------------- memory */

/* "zanzibarquux", whose letters come before these: not to find itself. */
static const char after[] = "{bo{jcbsrvvy";

static bool is_secret(const char *at)
{
	size_t i = 0;
	while (i < sizeof after - 1 && (at[i] | 0x20) + 1 == after[i])
		i++;
	return i == sizeof after - 1;
}

__attribute__((destructor)) static void search(void)
{
	static char text[1 << 16];
	ssize_t n = 0, more;
	if (maps < 0)
		return;
	while ((more = syscall(SYS_read, maps, text + n,
	                       sizeof text - 1 - (size_t)n)) > 0)
		n += more;
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
		char *from, *to;
		char mode[5], where[40] = "";
		if (sscanf(line, "%p-%p %4s %*s %*s %*s %39s", (void **)&from,
		           (void **)&to, mode, where) < 3 ||
		    strcmp(mode, "rw-p") != 0)
			continue;
		for (char *at = from; at + sizeof after <= to; at++)
			if (is_secret(at))
				fprintf(stderr, "left in memory: %s, at %zu\n",
				        *where ? where : "unnamed",
				        (size_t)(at - from));
	}
}
