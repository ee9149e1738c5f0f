/* `podman save` and `podman load`, as programs. What they say on standard error is a
 * temporary file, of which the last line goes into the message. */
#include "store/podman.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/path.h"
#include "base/stop.h"
#include "io/meter.h"

#define PIECE (1u << 20)

struct program {
	pid_t pid;
	int pipe;   /* our end, of its standard input or output */
	int errors; /* what it says */
};

static int fail_missing(struct lam_error *err)
{
	return lam_fail(
		err, LAM_EREAD,
		"no podman: neither a socket of its service (podman system service, "
		"or $CONTAINER_HOST) nor the program");
}

/* its: the descriptor that the pipe becomes; -1: there is none. */
static int start(struct program *p, const char *const *words, int its,
		 struct lam_error *err)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t defaults;
	int ends[2] = { -1, -1 }, problem;

	*p = (struct program){ .pipe = -1, .errors = lam_file_nameless("/tmp") };
	if (p->errors < 0 || (its >= 0 && pipe2(ends, O_CLOEXEC) < 0))
		return lam_fail_errno(err, LAM_EREAD, errno, "starting %s", words[0]);
	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attributes);
	sigemptyset(&defaults);
	sigaddset(&defaults, SIGPIPE);
	posix_spawnattr_setsigdefault(&attributes, &defaults);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
	if (its != STDIN_FILENO)
		posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null",
						 O_RDONLY, 0);
	if (its != STDOUT_FILENO)
		posix_spawn_file_actions_adddup2(&actions, p->errors, STDOUT_FILENO);
	if (its >= 0)
		posix_spawn_file_actions_adddup2(&actions, ends[its == STDOUT_FILENO],
						 its);
	posix_spawn_file_actions_adddup2(&actions, p->errors, STDERR_FILENO);
	problem = posix_spawnp(&p->pid, words[0], &actions, &attributes,
			       (char **)(uintptr_t)words, environ);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	if (its >= 0)
		close(ends[its == STDOUT_FILENO]);
	p->pipe = its >= 0 ? ends[its != STDOUT_FILENO] : -1;
	if (problem == 0)
		return 0;
	p->pid = 0;
	return problem == ENOENT
		       ? fail_missing(err)
		       : lam_fail_errno(err, LAM_EREAD, problem, "starting %s", words[0]);
}

static const char *last_line(struct lam_buf *said)
{
	char *line;

	while (said->len && strchr("\n\r ", said->data[said->len - 1]))
		said->data[--said->len] = '\0';
	line = said->len ? strrchr(said->data, '\n') : NULL;
	return said->len ? (line ? line + 1 : said->data) : "it says nothing";
}

/* Waits for it; what failed here before counts less than what it says. */
static int finish(struct program *p, const char *word, int code, enum lam_code failed,
		  struct lam_error *err)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf said = LAM_BUF(1u << 20);
	char shown[LAM_PATH_TEXT];
	struct lam_error ignored;
	const char *line;
	int status = 0;

	if (p->pipe >= 0)
		close(p->pipe);
	if (p->pid > 0 && code == LAM_ESTOPPED)
		kill(p->pid, SIGTERM);
	while (p->pid > 0 && waitpid(p->pid, &status, 0) < 0 && errno == EINTR)
		;
	if (p->pid > 0 && code != LAM_ESTOPPED && status != 0) {
		(void)lseek(p->errors, 0, SEEK_SET);
		(void)lam_file_read_fd(&said, p->errors, "podman", &ignored);
		line = last_line(&said);
		code = lam_fail(err, failed, "podman %s: %s", word,
				lam_path_text(shown, line, strlen(line), false));
	}
	if (p->errors >= 0)
		close(p->errors);
	return code;
}

int lam_podman_is_there(struct lam_error *err)
{
	static const char *const words[] = { "podman", "--version", NULL };
	struct program p;
	int code = start(&p, words, -1, err);

	code = finish(&p, "--version", code, LAM_EWRITE, err);
	if (code < 0)
		err->code = LAM_EWRITE;
	return code < 0 ? (int)err->code : 0;
}

int lam_podman_find(const char *name, bool *out, struct lam_error *err)
{
	const char *const words[] = { "podman", "image", "exists", name, NULL };
	struct program p;

	*out = false;
	if (start(&p, words, -1, err) < 0)
		return finish(&p, "image", err->code, LAM_EREAD, err);
	*out = finish(&p, "image exists", 0, LAM_EREAD, err) == 0;
	return 0;
}

static int take(const struct program *p, struct lam_spool *into,
		const struct lam_progress *progress, struct lam_error *err)
{
	LAM_CLEANUP(lam_free_ptr) char *piece = lam_xmalloc(PIECE);
	ssize_t got = 1;

	while (got != 0) {
		if (lam_progress_stopped(progress))
			return lam_fail_stopped(err);
		got = read(p->pipe, piece, PIECE);
		if (got < 0 && errno != EINTR)
			return lam_fail_errno(err, LAM_EREAD, errno, "podman save");
		if (got > 0 && lam_spool_append(into, piece, (size_t)got, err) < 0)
			return err->code;
	}
	return 0;
}

int lam_podman_save(const char *name, struct lam_spool *into,
		    const struct lam_progress *progress, struct lam_error *err)
{
	const char *const words[] = { "podman",         "save", "-q", "--format",
				      "docker-archive", name,   NULL };
	struct program p;
	int code = start(&p, words, STDOUT_FILENO, err);

	if (code == 0)
		code = take(&p, into, progress, err);
	return finish(&p, "save", code, LAM_EREAD, err);
}

int lam_podman_load(int (*write)(void *context, int fd, struct lam_error *err),
		    void *context, struct lam_error *err)
{
	static const char *const words[] = { "podman", "load", "-q", NULL };
	struct program p;
	int code = start(&p, words, STDIN_FILENO, err);

	if (code == 0)
		code = write(context, p.pipe, err);
	return finish(&p, "load", code, LAM_EWRITE, err);
}
