/* A credential helper: a program that is asked on its standard input, and answers in JSON.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/stop.h"
#include "registry/credentials.h"

#define MAX_ANSWER (64u << 10)
#define SECONDS    60

struct helper {
	pid_t pid;
	int in, out; /* its standard input, its standard output */
};

static void close_pair(int pair[2])
{
	close(pair[0]);
	close(pair[1]);
}

/* 0, or errno. The signals that the program ignores or blocks are its own. */
static int spawn(struct helper *h, const char *program, int in[2], int out[2])
{
	char *const words[] = { (char *)(uintptr_t)program, (char *)(uintptr_t) "get",
				NULL };
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	sigset_t none, all;
	int problem;

	sigemptyset(&none);
	sigfillset(&all);
	posix_spawn_file_actions_init(&files);
	posix_spawnattr_init(&attributes);
	posix_spawn_file_actions_adddup2(&files, in[0], STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&files, out[1], STDOUT_FILENO);
	posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &all);
	posix_spawnattr_setflags(&attributes,
				 POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	problem = posix_spawnp(&h->pid, program, &files, &attributes, words, environ);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&files);
	return problem;
}

static int start(struct helper *h, const char *program, struct lam_error *err)
{
	int in[2], out[2], problem;

	if (pipe2(in, O_CLOEXEC) < 0)
		return lam_fail_errno(err, LAM_EREAD, errno, "%s", program);
	if (pipe2(out, O_CLOEXEC) < 0) {
		problem = errno;
		close_pair(in);
		return lam_fail_errno(err, LAM_EREAD, problem, "%s", program);
	}
	problem = spawn(h, program, in, out);
	close(in[0]);
	close(out[1]);
	h->in = in[1];
	h->out = out[0];
	if (problem == 0)
		return 0;
	close(h->in);
	close(h->out);
	return lam_fail_errno(err, LAM_EREAD, problem, "%s, which it names", program);
}

/* All that it says, until it closes its output. */
static int listen_to(const struct helper *h, const char *program, struct lam_buf *out,
		     const atomic_bool *stop, struct lam_error *err)
{
	struct pollfd wait = { .fd = h->out, .events = POLLIN };
	time_t end = time(NULL) + SECONDS;
	char piece[4096];
	ssize_t got = 1;

	while (got > 0) {
		if (lam_stops(stop, 0))
			return lam_fail_stopped(err);
		if (time(NULL) > end)
			return lam_fail(err, LAM_EREAD, "%s: no answer for %d seconds",
					program, SECONDS);
		if (poll(&wait, 1, 50) <= 0)
			continue;
		got = read(h->out, piece, sizeof piece);
		if (got > 0 && lam_buf_append(out, piece, (size_t)got, err) < 0)
			return lam_wrap(err, "%s", program);
	}
	explicit_bzero(piece, sizeof piece);
	return 0;
}

/* The answer, and whether it left with 0. */
static int run(const char *program, const char *server, struct lam_buf *out, bool *out_ok,
	       const atomic_bool *stop, struct lam_error *err)
{
	struct helper h;
	int status = -1, code;

	if (start(&h, program, err) < 0)
		return err->code;
	(void)!write(h.in, server, strlen(server));
	close(h.in);
	code = listen_to(&h, program, out, stop, err);
	close(h.out);
	if (code < 0)
		kill(h.pid, SIGKILL);
	while (waitpid(h.pid, &status, 0) < 0 && errno == EINTR)
		;
	*out_ok = WIFEXITED(status) && WEXITSTATUS(status) == 0;
	return code;
}

static char *copy(const json_t *root, const char *key)
{
	const char *text = json_string_value(json_object_get(root, key));

	return lam_xstrdup(text ? text : "");
}

static int read_answer(struct lam_credentials *out, struct lam_buf *answer,
		       const char *program, struct lam_error *err)
{
	struct lam_error hidden;
	char *user, *secret;
	json_t *root;

	while (answer->len && answer->data[answer->len - 1] == '\0')
		answer->len--; /* some end it so */
	root = lam_json_load(answer->data, answer->len, "answer", NULL, &hidden);
	if (!root)
		return lam_fail(err, LAM_EREAD, "%s: its answer is no JSON", program);
	user = copy(root, "Username");
	secret = copy(root, "Secret");
	json_decref(root);
	out->from = lam_xstrdup(program);
	if (strcmp(user, "<token>") == 0) {
		out->identity = secret;
		free(user);
	} else {
		out->user = user;
		out->password = secret;
	}
	return 0;
}

int lam_helper_get(struct lam_credentials *out, const char *name, const char *server,
		   bool *out_found, const atomic_bool *stop, struct lam_error *err)
{
	static const char letters[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
	LAM_CLEANUP(lam_buf_fini) struct lam_buf answer = LAM_BUF(MAX_ANSWER);
	LAM_CLEANUP(lam_free_ptr) char *program = NULL;
	bool ok = false;
	int code;

	*out_found = false;
	if (strspn(name, letters) != strlen(name))
		return lam_fail(err, LAM_EREAD, "names a credential helper that is none");
	program = lam_xprintf("docker-credential-%s", name);
	code = run(program, server, &answer, &ok, stop, err);
	if (code == 0 && ok && answer.len) {
		code = read_answer(out, &answer, program, err);
		*out_found = code == 0;
	} else if (code == 0 && !(answer.len && strstr(answer.data, "not found"))) {
		code = lam_fail(err, LAM_EREAD, "%s: fails for %s", program, server);
	}
	if (answer.len)
		explicit_bzero(answer.data, answer.len);
	return code;
}
