/* Preloaded into a program, makes the n-th of its calls of one kind fail, transfer less
 * than was asked for, or kill it.
 *
 *	FAULT_IN=io FAULT_AT=7 FAULT_IS=EIO FAULT_LOG=log LD_PRELOAD=fault.so lamina ...
 *
 * FAULT_IN: `transfer` (read, pread, write, pwrite, copy_file_range), `io` (those and all
 * others that touch files; both leave out what goes to the terminal), or `memory` (what
 * the program itself asks for).
 * FAULT_IS: EIO, ENOSPC, EINTR, ENOMEM, `short` or `kill`.
 * FAULT_LACKS: what the file system does not know at all: `flock`, `fchmod`, `dirsync`
 * (folders cannot be synced).
 * FAULT_DISK: a folder, with no dots in its path, on a disk of its own that is full
 * (FAULT_IS=ENOSPC), breaks (EIO) or can only be read (EROFS), from the beginning on.
 * FAULT_CLONES: the file system clones files, all that they hold.
 * FAULT_LOG: gets the call's name when it happens, and the number of such calls when the
 * program ends.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <linux/fs.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum kind { OTHER, TRANSFER, MEMORY };

enum outcome { PASS, FAIL, SHORT };

static struct {
	bool kinds[3];
	long at;
	int error; /* 0: short, or a kill */
	bool kills;
	int log;
	const char *disk; /* or NULL */
	atomic_long count;
} fault = { .log = -1 };

static struct {
	const char *from, *to;
} program; /* its code */

/* The program comes first, and the search ends with it. */
static int find_program(struct dl_phdr_info *info, size_t size, void *context)
{
	(void)size;
	(void)context;
	for (size_t i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *part = &info->dlpi_phdr[i];

		if (part->p_type == PT_LOAD && (part->p_flags & PF_X)) {
			program.from = (const char *)info->dlpi_addr + part->p_vaddr;
			program.to = program.from + part->p_memsz;
		}
	}
	return 1;
}

static void append(const char *text)
{
	if (fault.log >= 0)
		(void)!syscall(SYS_write, fault.log, text, strlen(text));
}

__attribute__((constructor)) static void begin(void)
{
	static const struct {
		const char *name;
		int number;
	} errors[] = { { "EIO", EIO },
		       { "ENOSPC", ENOSPC },
		       { "EROFS", EROFS },
		       { "EINTR", EINTR },
		       { "ENOMEM", ENOMEM } };
	const char *in = getenv("FAULT_IN"), *at = getenv("FAULT_AT"),
		   *is = getenv("FAULT_IS"), *log = getenv("FAULT_LOG");

	for (size_t i = 0; is && i < sizeof errors / sizeof *errors; i++) {
		if (strcmp(is, errors[i].name) == 0)
			fault.error = errors[i].number;
	}
	fault.disk = getenv("FAULT_DISK");
	if (!in)
		return;
	dl_iterate_phdr(find_program, NULL);
	if (log)
		fault.log = (int)syscall(SYS_openat, AT_FDCWD, log,
					 O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	fault.kills = is && strcmp(is, "kill") == 0;
	fault.at = at ? atol(at) : 0;
	fault.kinds[MEMORY] = strcmp(in, "memory") == 0;
	fault.kinds[OTHER] = strcmp(in, "io") == 0;
	fault.kinds[TRANSFER] = !fault.kinds[MEMORY];
}

__attribute__((destructor)) static void end(void)
{
	char text[32];

	snprintf(text, sizeof text, "%ld\n", atomic_load(&fault.count));
	append(text);
}

static enum outcome ask(enum kind kind, const char *name)
{
	if (!fault.kinds[kind] || atomic_fetch_add(&fault.count, 1) + 1 != fault.at)
		return PASS;
	append(name);
	append("\n");
	if (fault.kills)
		kill(getpid(), SIGKILL);
	errno = fault.error;
	return fault.error ? FAIL : SHORT;
}

/* A disk */

static bool is_below(const char *path)
{
	size_t len = strlen(fault.disk);

	return strncmp(path, fault.disk, len) == 0 &&
	       (path[len] == '/' || path[len] == '\0' || path[len] == ' ');
}

/* Files without a name have one that ends in " (deleted)". */
static bool is_there(int fd)
{
	char link[64], path[PATH_MAX + 1];
	ssize_t len;

	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	len = syscall(SYS_readlinkat, AT_FDCWD, link, path, sizeof path - 1);
	path[len < 0 ? 0 : len] = '\0';
	return is_below(path);
}

enum need { TO_READ, TO_WRITE, TO_MAKE };

/* A full disk lets names be made, one that cannot be written does not let files be opened
 * to be written. */
static bool refuses(enum need need)
{
	bool refused = need == TO_READ    ? fault.error == EIO
		       : need == TO_WRITE ? fault.error == EIO || fault.error == ENOSPC
					  : fault.error == EROFS;

	if (refused)
		errno = fault.error;
	return refused;
}

static bool breaks(int fd, enum need need)
{
	return fault.disk && fd > STDERR_FILENO && is_there(fd) && refuses(need);
}

static bool breaks_at(int folder, const char *path, enum need need)
{
	if (!fault.disk || !(path[0] == '/' ? is_below(path) : is_there(folder)))
		return false;
	return refuses(need);
}

/* Memory. Only what the program itself asks for: libraries may end it. */

/* the C library's own, which these stand before */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *memory, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);

static bool is_own(const void *caller)
{
	return (const char *)caller >= program.from && (const char *)caller < program.to;
}

static bool has_none(const void *caller, const char *name)
{
	return fault.kinds[MEMORY] && is_own(caller) && ask(MEMORY, name) != PASS;
}

void *malloc(size_t size)
{
	return has_none(__builtin_return_address(0), "malloc") ? NULL
							       : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	return has_none(__builtin_return_address(0), "calloc")
		       ? NULL
		       : __libc_calloc(count, size);
}

void *realloc(void *memory, size_t size)
{
	return has_none(__builtin_return_address(0), "realloc")
		       ? NULL
		       : __libc_realloc(memory, size);
}

int posix_memalign(void **out, size_t alignment, size_t size)
{
	void *memory = has_none(__builtin_return_address(0), "posix_memalign")
			       ? NULL
			       : __libc_memalign(alignment, size);

	if (memory)
		*out = memory;
	return memory ? 0 : ENOMEM;
}

/* Transfers */

/* How much of len is asked for; 0: nothing, as it fails. */
static size_t allowed(int fd, size_t len, const char *name)
{
	if (len == 0 || fd <= STDERR_FILENO)
		return len;
	switch (ask(TRANSFER, name)) {
	case PASS: break;
	case FAIL: return 0;
	case SHORT: return len > 1 ? len / 2 : len;
	}
	return len;
}

ssize_t read(int fd, void *buf, size_t len)
{
	size_t now = breaks(fd, TO_READ) ? 0 : allowed(fd, len, "read");

	return len && !now ? -1 : syscall(SYS_read, fd, buf, now);
}

ssize_t __read_chk(int fd, void *buf, size_t len, size_t room);
ssize_t __read_chk(int fd, void *buf, size_t len, size_t room)
{
	(void)room;
	return read(fd, buf, len);
}

ssize_t pread(int fd, void *buf, size_t len, off_t offset)
{
	size_t now = breaks(fd, TO_READ) ? 0 : allowed(fd, len, "pread");

	return len && !now ? -1 : syscall(SYS_pread64, fd, buf, now, offset);
}

ssize_t __pread_chk(int fd, void *buf, size_t len, off_t offset, size_t room);
ssize_t __pread_chk(int fd, void *buf, size_t len, off_t offset, size_t room)
{
	(void)room;
	return pread(fd, buf, len, offset);
}

ssize_t write(int fd, const void *buf, size_t len)
{
	size_t now = breaks(fd, TO_WRITE) ? 0 : allowed(fd, len, "write");

	return len && !now ? -1 : syscall(SYS_write, fd, buf, now);
}

ssize_t pwrite(int fd, const void *buf, size_t len, off_t offset)
{
	size_t now = breaks(fd, TO_WRITE) ? 0 : allowed(fd, len, "pwrite");

	return len && !now ? -1 : syscall(SYS_pwrite64, fd, buf, now, offset);
}

ssize_t copy_file_range(int from, off64_t *from_at, int to, off64_t *to_at, size_t len,
			unsigned flags)
{
	bool broken = breaks(from, TO_READ) || breaks(to, TO_WRITE);
	size_t now = broken ? 0 : allowed(from, len, "copy_file_range");

	return len && !now ? -1
			   : syscall(SYS_copy_file_range, from, from_at, to, to_at, now,
				     flags);
}

/* All others */

static int open_at(int folder, const char *path, int flags, mode_t mode)
{
	bool makes = (flags & (O_CREAT | O_TRUNC)) || (flags & O_ACCMODE) != O_RDONLY;

	if (makes && breaks_at(folder, path, TO_MAKE))
		return -1;
	return ask(OTHER, flags & O_CREAT ? "open to create" : "open") == PASS
		       ? (int)syscall(SYS_openat, folder, path, flags, mode)
		       : -1;
}

static mode_t mode_of(int flags, va_list rest)
{
	bool creates = (flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE;

	return creates ? va_arg(rest, mode_t) : 0;
}

int open(const char *path, int flags, ...)
{
	va_list rest;
	mode_t mode;

	va_start(rest, flags);
	mode = mode_of(flags, rest);
	va_end(rest);
	return open_at(AT_FDCWD, path, flags, mode);
}

int openat(int folder, const char *path, int flags, ...)
{
	va_list rest;
	mode_t mode;

	va_start(rest, flags);
	mode = mode_of(flags, rest);
	va_end(rest);
	return open_at(folder, path, flags, mode);
}

int __open_2(const char *path, int flags);
int __open_2(const char *path, int flags)
{
	return open_at(AT_FDCWD, path, flags, 0);
}

int __openat_2(int folder, const char *path, int flags);
int __openat_2(int folder, const char *path, int flags)
{
	return open_at(folder, path, flags, 0);
}

int mkostemp(char *pattern, int flags)
{
	int (*next)(char *, int) = NULL;

	if (breaks_at(AT_FDCWD, pattern, TO_MAKE))
		return -1;
	*(void **)&next = dlsym(RTLD_NEXT, "mkostemp");
	return next(pattern, flags);
}

static bool lacks(const char *what)
{
	const char *all = getenv("FAULT_LACKS");

	return all && strstr(all, what);
}

int flock(int fd, int operation)
{
	if (!lacks("flock"))
		return (int)syscall(SYS_flock, fd, operation);
	errno = ENOLCK;
	return -1;
}

static int clone_file(int to, int from)
{
	off_t at = 0;
	ssize_t got = 1;

	while (got > 0)
		got = syscall(SYS_copy_file_range, from, &at, to, NULL, 1 << 20, 0);
	return got < 0 || lseek(to, 0, SEEK_SET) < 0 ? -1 : 0;
}

int ioctl(int fd, unsigned long request, ...)
{
	va_list rest;
	void *argument;

	va_start(rest, request);
	argument = va_arg(rest, void *);
	va_end(rest);
	return request == FICLONE && getenv("FAULT_CLONES")
		       ? clone_file(fd, (int)(intptr_t)argument)
		       : (int)syscall(SYS_ioctl, fd, request, argument);
}

int fchmod(int fd, mode_t mode)
{
	if (!lacks("fchmod"))
		return (int)syscall(SYS_fchmod, fd, mode);
	errno = EPERM;
	return -1;
}

int fsync(int fd)
{
	struct stat st;

	if (lacks("dirsync") && fstat(fd, &st) == 0 && S_ISDIR(st.st_mode)) {
		errno = EINVAL;
		return -1;
	}
	if (breaks(fd, TO_WRITE) && fault.error == EIO)
		return -1;
	return ask(OTHER, "fsync") == PASS ? (int)syscall(SYS_fsync, fd) : -1;
}

int fdatasync(int fd)
{
	return ask(OTHER, "fdatasync") == PASS ? (int)syscall(SYS_fdatasync, fd) : -1;
}

int ftruncate(int fd, off_t len)
{
	return ask(OTHER, "ftruncate") == PASS ? (int)syscall(SYS_ftruncate, fd, len)
					       : -1;
}

int rename(const char *from, const char *to)
{
	return ask(OTHER, "rename") == PASS ? (int)syscall(SYS_rename, from, to) : -1;
}

int renameat(int from_folder, const char *from, int to_folder, const char *to)
{
	return ask(OTHER, "renameat") == PASS
		       ? (int)syscall(SYS_renameat, from_folder, from, to_folder, to)
		       : -1;
}

int link(const char *from, const char *to)
{
	return ask(OTHER, "link") == PASS ? (int)syscall(SYS_link, from, to) : -1;
}

int mkdir(const char *path, mode_t mode)
{
	if (breaks_at(AT_FDCWD, path, TO_MAKE))
		return -1;
	return ask(OTHER, "mkdir") == PASS ? (int)syscall(SYS_mkdir, path, mode) : -1;
}

int mkdirat(int folder, const char *path, mode_t mode)
{
	if (breaks_at(folder, path, TO_MAKE))
		return -1;
	return ask(OTHER, "mkdirat") == PASS
		       ? (int)syscall(SYS_mkdirat, folder, path, mode)
		       : -1;
}

int unlink(const char *path)
{
	if (breaks_at(AT_FDCWD, path, TO_MAKE))
		return -1;
	return ask(OTHER, "unlink") == PASS ? (int)syscall(SYS_unlink, path) : -1;
}

int unlinkat(int folder, const char *path, int flags)
{
	if (breaks_at(folder, path, TO_MAKE))
		return -1;
	return ask(OTHER, "unlinkat") == PASS
		       ? (int)syscall(SYS_unlinkat, folder, path, flags)
		       : -1;
}

/* As Linux does, the descriptor is closed whatever is said of it. */
int close(int fd)
{
	bool fails = fd > STDERR_FILENO && fd != fault.log && ask(OTHER, "close") != PASS;
	int error = errno, code = (int)syscall(SYS_close, fd);

	if (!fails)
		return code;
	errno = error;
	return -1;
}
