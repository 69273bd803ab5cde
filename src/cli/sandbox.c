/* SPDX-License-Identifier: MIT */
/*
 * Landlock for files, seccomp for the rest.  What is refused is listed, and
 * fails with an error code: a library that does something unforeseen must not
 * end a run half way.
 */
#define _GNU_SOURCE /* O_PATH */
#include "sandbox.h"

#ifdef DPT_SANITIZE /* sanitizers look at other threads at the end */

const char *sandbox_enter(const struct sandbox *s)
{
	(void)s;
	return "not in this build";
}

#else

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* ---------------------------------------------------------------- files */

#define READING (LANDLOCK_ACCESS_FS_READ_FILE)
#define NAMING (LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_REMOVE_FILE)
#define WRITING                                                                \
	(LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE |        \
	 LANDLOCK_ACCESS_FS_READ_DIR)
/* All rights of the first version: from EXECUTE, the first, to MAKE_SYM. */
#define RIGHTS (2 * LANDLOCK_ACCESS_FS_MAKE_SYM - 1)

/*
 * Allows this for all in the folder of a file, if there is that folder.  A
 * right that could not be given would be missed later.
 */
static bool allow_beside(int rules, const char *file, uint64_t access)
{
	char *path = realpath(file, NULL);
	if (!path && errno == ENOENT)
		path = strdup(file);
	if (!path)
		return false;
	int folder = open(dirname(path), O_PATH | O_CLOEXEC);
	bool ok = folder < 0 && (errno == ENOENT || errno == ENOTDIR);
	if (folder >= 0) {
		struct landlock_path_beneath_attr beneath = {
		    .allowed_access = access, .parent_fd = folder};
		ok = syscall(SYS_landlock_add_rule, rules,
		             LANDLOCK_RULE_PATH_BENEATH, &beneath, 0) == 0;
		close(folder);
	}
	free(path);
	return ok;
}

static bool restrict_files(const struct sandbox *s)
{
	struct landlock_ruleset_attr all = {.handled_access_fs = RIGHTS};
	int rules = (int)syscall(SYS_landlock_create_ruleset, &all,
	                         sizeof all.handled_access_fs, 0);
	if (rules < 0)
		return false;
	bool ok = true;
	for (size_t i = 0; ok && i < s->reads; i++)
		ok = allow_beside(rules, s->read[i], READING);
	if (ok && s->name)
		ok = allow_beside(rules, s->name, NAMING);
	if (ok && s->write)
		ok = allow_beside(rules, s->write, NAMING | WRITING);
	ok = ok && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	     syscall(SYS_landlock_restrict_self, rules, 0) == 0;
	close(rules);
	return ok;
}

/* ---------------------------------------------------------- all the rest */

/*
 * libseccomp would write this program, but with hundreds of allocations, and
 * crashes where one of them fails.
 */
#if defined(__x86_64__)
#define MACHINE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define MACHINE AUDIT_ARCH_AARCH64
#elif defined(__riscv) && __riscv_xlen == 64
#define MACHINE AUDIT_ARCH_RISCV64
#else
#define MACHINE 0 /* none */
#endif

/* clang-format off */
static const uint32_t refused[] = {
	/* the network */
	SYS_socket, SYS_socketpair, SYS_connect, SYS_bind, SYS_listen,
	SYS_accept, SYS_accept4, SYS_sendto, SYS_sendmsg, SYS_sendmmsg,
	/* other programs; clone is looked at below */
	SYS_execve, SYS_execveat, SYS_kill, SYS_pidfd_open, SYS_pidfd_getfd,
	SYS_pidfd_send_signal, SYS_ptrace, SYS_process_vm_readv,
	SYS_process_vm_writev, SYS_shmget, SYS_shmat, SYS_msgget, SYS_mq_open,
	/* what landlock leaves to those who know a file's name */
	SYS_fchmodat, SYS_fchownat, SYS_truncate, SYS_setxattr, SYS_lsetxattr,
	SYS_utimensat, SYS_open_by_handle_at,
	/* what goes around all this, or asks for more than a filter should */
	SYS_io_uring_setup, SYS_io_uring_enter, SYS_bpf, SYS_perf_event_open,
	SYS_userfaultfd, SYS_keyctl, SYS_add_key, SYS_request_key, SYS_unshare,
	SYS_setns, SYS_chroot, SYS_pivot_root, SYS_mount, SYS_umount2,
	SYS_fsopen, SYS_open_tree, SYS_move_mount, SYS_init_module,
	SYS_finit_module, SYS_kexec_load,
#ifdef SYS_open /* older forms of the same, which newer machines do not have */
	SYS_fork, SYS_vfork, SYS_chmod, SYS_chown, SYS_lchown, SYS_utime,
	SYS_utimes,
#endif
};

/* Where landlock is missing, and only if none is to be opened any more. */
static const uint32_t opening[] = {
	SYS_openat, SYS_openat2,
#ifdef SYS_open
	SYS_open, SYS_creat,
#endif
};

#define COUNT(table) (sizeof (table) / sizeof *(table))
#define LOAD(field) \
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define ANSWER(what) BPF_STMT(BPF_RET | BPF_K, what)
#define REFUSE(code) ANSWER(SECCOMP_RET_ERRNO | (code))
#define UNLESS(test, value, skip) \
	BPF_JUMP(BPF_JMP | (test) | BPF_K, value, 0, skip)
/* clang-format on */

struct filter {
	struct sock_filter line[2 * (COUNT(refused) + COUNT(opening)) + 20];
	unsigned short lines;
};

static void add(struct filter *f, const struct sock_filter *line, size_t count)
{
	memcpy(f->line + f->lines, line, count * sizeof *line);
	f->lines = (unsigned short)(f->lines + count);
}

static void refuse(struct filter *f, const uint32_t *call, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct sock_filter line[] = {UNLESS(BPF_JEQ, call[i], 1),
		                             REFUSE(EPERM)};
		add(f, line, COUNT(line));
	}
}

static bool restrict_calls(bool files_too)
{
	struct filter f = {.lines = 0};
	/* calls of another kind: 32 bits on a machine of 64, and x32 */
	struct sock_filter kind[] = {
	    LOAD(arch),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, MACHINE, 1, 0),
	    REFUSE(EPERM),
	    LOAD(nr),
	    UNLESS(BPF_JGE, 0x40000000, 1),
	    REFUSE(EPERM)};
	/* threads, but no processes; clone3 cannot be looked into */
	struct sock_filter processes[] = {
	    UNLESS(BPF_JEQ, SYS_clone3, 1),
	    REFUSE(ENOSYS),
	    UNLESS(BPF_JEQ, SYS_clone, 3),
	    LOAD(args[0]),
	    BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, CLONE_THREAD, 1, 0),
	    REFUSE(EPERM)};
	struct sock_filter rest[] = {ANSWER(SECCOMP_RET_ALLOW)};
	add(&f, kind, COUNT(kind));
	refuse(&f, refused, COUNT(refused));
	if (files_too)
		refuse(&f, opening, COUNT(opening));
	add(&f, processes, COUNT(processes));
	add(&f, rest, COUNT(rest));
	struct sock_fprog program = {f.lines, f.line};
	return MACHINE && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	       syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
	               SECCOMP_FILTER_FLAG_TSYNC, &program) == 0;
}

const char *sandbox_enter(const struct sandbox *s)
{
	bool files = restrict_files(s);
	bool open = s->reads > 0 || s->write;
	bool calls = restrict_calls(!files && !open);
	if (calls)
		return files || !open ? "no other files, programs or network"
		                      : "no other programs or network";
	return files ? "no other files" : "not offered by this system";
}

#endif
