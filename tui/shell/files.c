/* Files that the user names: plans read, saved, and given to an editor. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <lamina/reference.h>

#include "base/digest.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/offers.h"
#include "base/text.h"
#include "shell/shell.h"

#define FILE_MAX (128u << 20)

int shell_load(const char *file, char **out, struct lam_error *err)
{
	LAM_CLEANUP(lam_buf_fini) struct lam_buf text = LAM_BUF(FILE_MAX);

	*out = NULL;
	if (lam_file_read(&text, file, err) < 0)
		return err->code;
	if (text.len && memchr(text.data, '\0', text.len))
		return lam_fail(err, LAM_EPLAN, "%s: holds zero bytes: it is no plan",
				file);
	*out = lam_text_steal(&text);
	return 0;
}

bool shell_may_replace(const char *there, const char *text, const char *expect)
{
	struct lam_digest digest = lam_digest_of(LAM_SHA256, there, strlen(there));
	char shown[LAM_DIGEST_TEXT];

	return !*there || strcmp(there, text) == 0 ||
	       (expect && strcmp(lam_digest_format(&digest, shown), expect) == 0);
}

int shell_save(const char *file, const char *text, const char *expect, bool force,
	       bool *out_differs, struct lam_error *err)
{
	LAM_CLEANUP(lam_free_ptr) char *there = NULL;
	int code = force ? 0 : shell_load(file, &there, err);

	*out_differs =
		code == LAM_EPLAN || (there && !shell_may_replace(there, text, expect));
	if (code < 0 && code != LAM_ENOTFOUND && code != LAM_EPLAN)
		return code;
	*err = (struct lam_error){ 0 }; /* who asks for the result looks at it */
	return *out_differs ? 0 : lam_file_replace(file, text, strlen(text), err);
}

char *shell_complete(const char *text, bool image)
{
	LAM_CLEANUP(lam_offers_fini) struct lam_offers offers = { 0 };

	if (image)
		return lam_reference_complete(text);
	lam_offers_add_paths(&offers, "", text, false, NULL);
	return lam_offers_lines(&offers);
}

/* The editor */

static const char *editor(void)
{
	const char *visual = getenv("VISUAL"), *plain = getenv("EDITOR");

	return visual && *visual ? visual : plain && *plain ? plain : "vi";
}

/* Those that take "+LINE". */
static bool knows_lines(const char *command)
{
	static const char *const names[] = { "vi",     "vim", "nvim",  "view", "nano",
					     "emacs",  "joe", "micro", "kak",  "pico",
					     "mcedit", "jed", "ex",    NULL };
	const char *end = command + strcspn(command, " "), *name = end;

	while (name > command && name[-1] != '/')
		name--;
	for (size_t i = 0; names[i]; i++) {
		if (strlen(names[i]) == (size_t)(end - name) &&
		    strncmp(names[i], name, (size_t)(end - name)) == 0)
			return true;
	}
	return false;
}

/* In place of this process. The variable may hold options, so that a shell has to split
 * it; NULL: no such word. */
static void become(const char *command, const char *first, const char *second)
{
	char *script = lam_xprintf("exec %s \"$@\"", command);

	signal(SIGINT, SIG_DFL);
	signal(SIGQUIT, SIG_DFL);
	signal(SIGPIPE, SIG_DFL);
	execl("/bin/sh", "sh", "-c", script, "sh", first, first ? second : NULL,
	      (char *)NULL);
	_exit(127);
}

/* Whether what `run` becomes ends well; the terminal's signals are its own meanwhile. */
static bool run_child(void (*run)(const void *context), const void *context)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN }, old_int, old_quit;
	int status = 0;
	pid_t child;

	sigaction(SIGINT, &ignore, &old_int);
	sigaction(SIGQUIT, &ignore, &old_quit);
	child = fork();
	if (child == 0)
		run(context);
	while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
		continue;
	sigaction(SIGINT, &old_int, NULL);
	sigaction(SIGQUIT, &old_quit, NULL);
	return child > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

struct edited {
	const char *file;
	size_t line;
};

static void become_editor(const void *context)
{
	const struct edited *e = context;
	const char *command = editor();

	if (e->line > 1 && knows_lines(command))
		become(command, lam_xprintf("+%zu", e->line), e->file);
	else
		become(command, e->file, NULL);
}

static int run_editor(const char *file, size_t line, struct lam_error *err)
{
	const struct edited edited = { file, line };

	if (run_child(become_editor, &edited))
		return 0;
	return lam_fail(err, LAM_EUSAGE,
			"the editor (%s) failed: the plan stays as it was; set $EDITOR",
			editor());
}

static void become_pager(const void *fd)
{
	const char *pager = getenv("PAGER");

	if (dup2(*(const int *)fd, STDIN_FILENO) < 0)
		_exit(127);
	become(pager && *pager ? pager : "less", NULL, NULL);
}

bool shell_page(int fd)
{
	return run_child(become_pager, &fd);
}

static int edit_file(int fd, const char *file, const char *text, size_t line, char **out,
		     struct lam_error *err)
{
	int problem = lam_write_all(fd, text, strlen(text));

	close(fd);
	if (problem)
		return lam_file_fail(err, LAM_EWRITE, problem, file);
	if (run_editor(file, line, err) < 0)
		return err->code;
	return shell_load(file, out, err);
}

int shell_edit(const char *text, size_t line, char **out, struct lam_error *err)
{
	const char *folder = getenv("TMPDIR");
	LAM_CLEANUP(lam_free_ptr)
	char *file = lam_xprintf("%s/lamina-plan-XXXXXX.json",
				 folder && *folder ? folder : "/tmp");
	int fd = mkostemps(file, 5, O_CLOEXEC), code;

	*out = NULL;
	if (fd < 0)
		return lam_file_fail(err, LAM_EWRITE, errno, file);
	code = edit_file(fd, file, text, line, out, err);
	unlink(file);
	return code;
}
