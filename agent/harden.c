/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/harden.h"

#include <errno.h>
#include <seccomp.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "base/log.h"

/*
 * A list of what is refused, not of what is allowed: the helper process speaks TLS through libraries whose calls change
 * from release to release. Names that this kernel or library does not know are left out.
 */
static const char *const refused[] = {
	"ptrace", "process_vm_readv", "process_vm_writev", "process_madvise", "kcmp", "pidfd_getfd", "perf_event_open",
	"bpf", "userfaultfd", "io_uring_setup", "io_uring_enter", "io_uring_register", "keyctl", "add_key",
	"request_key", "mount", "umount", "umount2", "move_mount", "fsopen", "fsmount", "fsconfig", "fspick",
	"open_tree", "pivot_root", "chroot", "setns", "unshare", "open_by_handle_at", "name_to_handle_at",
	"init_module", "finit_module", "delete_module", "kexec_load", "kexec_file_load", "reboot", "swapon", "swapoff",
	"settimeofday", "clock_settime", "clock_adjtime", "adjtimex", "acct", "quotactl", "personality", "syslog",
	"setuid", "setgid", "setreuid", "setregid", "setresuid", "setresgid", "setgroups", "setfsuid", "setfsgid",
	"capset", "iopl", "ioperm", "mknod", "mknodat", "vhangup", "sethostname", "setdomainname", "lookup_dcookie",
	"nfsservctl", "fanotify_init", "memfd_secret",
};

static enum err filter(void)
{
	scmp_filter_ctx f = seccomp_init(SCMP_ACT_ALLOW);
	int rc = f ? 0 : -ENOMEM;

	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]) && !rc; i++) {
		int nr = seccomp_syscall_resolve_name(refused[i]);

		if (nr != __NR_SCMP_ERROR)
			rc = seccomp_rule_add(f, SCMP_ACT_ERRNO(EPERM), nr, 0);
		/* Of another architecture: nothing to refuse here. */
		if (rc == -EDOM)
			rc = 0;
	}
	if (!rc)
		rc = seccomp_load(f);
	seccomp_release(f);
	if (rc)
		log_tell("seccomp: %s", strerror(-rc));
	return rc ? ERR_IO : ERR_OK;
}

enum err agent_harden(void)
{
	const struct rlimit none = { 0, 0 };

	if (prctl(PR_SET_DUMPABLE, 0) || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || setrlimit(RLIMIT_CORE, &none)) {
		log_tell("prctl: %s", strerror(errno));
		return ERR_IO;
	}
	return filter();
}
