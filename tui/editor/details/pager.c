/* A whole file for $PAGER: as text that drives no terminal, in a file without a name. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/memory.h"
#include "editor/details/details.h"

#define HELD_MOST 65536 /* bytes of a line that are waited for */

struct pager_job {
	struct job job;
	const struct lam_image *image;
	const char *folder;
	uint32_t node;
	int fd; /* -1: none yet, or given on */
	struct lam_buf held;
};

static int put_line(struct pager_job *p, const char *bytes, size_t len, const char *end,
		    struct lam_error *err)
{
	LAM_CLEANUP(lam_free_ptr) char *line = preview_line(bytes, len, SIZE_MAX);
	int problem = lam_write_all(p->fd, line, strlen(line));

	problem = problem ? problem : lam_write_all(p->fd, end, strlen(end));
	return problem ? lam_file_fail(err, LAM_EWRITE, problem, p->folder) : 0;
}

/* Lines that are whole, and what is too long to wait for more of it. */
static int put_whole(void *context, const void *bytes, size_t len, struct lam_error *err)
{
	struct pager_job *p = context;
	size_t done = 0;
	char *end;

	lam_text_add(&p->held, bytes, len);
	while ((end = memchr(p->held.data + done, '\n', p->held.len - done))) {
		size_t line = (size_t)(end - p->held.data) - done;

		if (put_line(p, p->held.data + done, line, "\n", err) < 0)
			return err->code;
		done += line + 1;
	}
	if (p->held.len - done >= HELD_MOST) {
		if (put_line(p, p->held.data + done, p->held.len - done, "", err) < 0)
			return err->code;
		done = p->held.len;
	}
	memmove(p->held.data, p->held.data + done, p->held.len - done);
	p->held.len -= done;
	return 0;
}

static int run_pager(struct job *job)
{
	struct pager_job *p = (struct pager_job *)job;
	struct lam_error *err = &job->err;

	p->fd = lam_file_nameless(p->folder);
	if (p->fd < 0)
		return lam_file_fail(err, LAM_EWRITE, errno, p->folder);
	if (lam_image_read_file(p->image, p->node, NULL, put_whole, p, &job->stop, err) <
		    0 ||
	    put_line(p, p->held.data ? p->held.data : "", p->held.len, "", err) < 0)
		return err->code;
	return lseek(p->fd, 0, SEEK_SET) < 0
		       ? lam_file_fail(err, LAM_EREAD, errno, p->folder)
		       : 0;
}

static void free_pager(struct job *job)
{
	struct pager_job *p = (struct pager_job *)job;

	if (p->fd >= 0)
		close(p->fd);
	lam_buf_fini(&p->held);
}

static void take_pager(struct app *app, struct job *job)
{
	struct pager_job *p = (struct pager_job *)job;

	app_request(app, REQUEST_PAGER)->fd = p->fd;
	p->fd = -1;
}

void preview_page(struct app *app)
{
	static const struct job_ops PAGER = { JOB_PAGER, run_pager, take_pager,
					      free_pager, false };
	const struct lam_tree *tree = app->facts->tree;
	uint32_t node = app_cursor_node(app), real = node;
	struct pager_job *job;

	if (node != LAM_NODE_NONE &&
	    lam_tree_node(tree, node)->kind == LAM_KIND_SYMLINK &&
	    lam_tree_resolve(tree, node, &real) != LAM_RESOLVED)
		real = LAM_NODE_NONE;
	if (real == LAM_NODE_NONE || !lam_tree_node(tree, real)->live ||
	    lam_tree_node(tree, real)->kind != LAM_KIND_FILE) {
		app_tell(app, ROLE_STATUS, "this is no file");
		return;
	}
	job = job_new(sizeof *job, &PAGER);
	job->image = app->image;
	job->folder = app->options.temporary ? app->options.temporary : "/tmp";
	job->node = real;
	job->fd = -1;
	job->held = LAM_TEXT;
	app_start(app, &job->job);
}
