/* Jobs on threads of their own. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/memory.h"
#include "shell/shell.h"

struct running {
	struct job *job; /* NULL: none */
	uint64_t told;   /* the progress that was told last */
};

struct shell_jobs {
	pthread_mutex_t mutex;
	pthread_cond_t ended;
	int fd;
	struct running running[JOB_COUNT];
	struct job *done[JOB_COUNT];
	size_t alive; /* threads */
};

static void wake(void *context)
{
	const struct shell_jobs *jobs = context;
	const uint64_t one = 1;
	ssize_t written = write(jobs->fd, &one, sizeof one);

	/* a full counter wakes as well */
	(void)written;
}

struct shell_jobs *shell_jobs_new(void)
{
	struct shell_jobs *jobs = lam_xcalloc(1, sizeof *jobs);

	jobs->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (jobs->fd < 0) {
		free(jobs);
		return NULL;
	}
	pthread_mutex_init(&jobs->mutex, NULL);
	pthread_cond_init(&jobs->ended, NULL);
	return jobs;
}

void shell_jobs_free(struct shell_jobs *jobs)
{
	struct job *job;

	if (!jobs)
		return;
	for (int kind = 0; kind < JOB_COUNT; kind++)
		shell_jobs_stop(jobs, (enum job_kind)kind);
	pthread_mutex_lock(&jobs->mutex);
	while (jobs->alive)
		pthread_cond_wait(&jobs->ended, &jobs->mutex);
	pthread_mutex_unlock(&jobs->mutex);
	while ((job = shell_jobs_ended(jobs)))
		job_free(job);
	close(jobs->fd);
	pthread_cond_destroy(&jobs->ended);
	pthread_mutex_destroy(&jobs->mutex);
	free(jobs);
}

int shell_jobs_fd(const struct shell_jobs *jobs)
{
	return jobs->fd;
}

static void end(struct shell_jobs *jobs, struct job *job)
{
	pthread_mutex_lock(&jobs->mutex);
	jobs->running[job->kind].job = NULL;
	jobs->done[job->kind] = job;
	pthread_mutex_unlock(&jobs->mutex);
	wake(jobs);
}

static void *run(void *data)
{
	struct job *job = data;
	struct shell_jobs *jobs = job->context;

	job_run(job);
	end(jobs, job);
	pthread_mutex_lock(&jobs->mutex);
	jobs->alive--;
	pthread_cond_signal(&jobs->ended);
	pthread_mutex_unlock(&jobs->mutex);
	return NULL;
}

void shell_jobs_start(struct shell_jobs *jobs, struct job *job)
{
	pthread_attr_t attributes;
	pthread_t thread;
	int failed;

	job->heard = wake;
	job->context = jobs;
	pthread_mutex_lock(&jobs->mutex);
	jobs->running[job->kind] = (struct running){ .job = job };
	jobs->alive++;
	pthread_mutex_unlock(&jobs->mutex);
	pthread_attr_init(&attributes);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	failed = pthread_create(&thread, &attributes, run, job);
	pthread_attr_destroy(&attributes);
	if (!failed)
		return;
	job->code = lam_fail(&job->err, LAM_ENOMEM, "no thread could be started");
	pthread_mutex_lock(&jobs->mutex);
	jobs->alive--;
	pthread_mutex_unlock(&jobs->mutex);
	end(jobs, job);
}

void shell_jobs_stop(struct shell_jobs *jobs, enum job_kind kind)
{
	pthread_mutex_lock(&jobs->mutex);
	if (jobs->running[kind].job)
		atomic_store(&jobs->running[kind].job->stop, true);
	pthread_mutex_unlock(&jobs->mutex);
}

void shell_jobs_wake(struct shell_jobs *jobs)
{
	uint64_t count;
	ssize_t got = read(jobs->fd, &count, sizeof count);

	(void)got;
}

struct job *shell_jobs_ended(struct shell_jobs *jobs)
{
	struct job *job = NULL;

	pthread_mutex_lock(&jobs->mutex);
	for (int kind = 0; kind < JOB_COUNT && !job; kind++) {
		job = jobs->done[kind];
		jobs->done[kind] = NULL;
	}
	pthread_mutex_unlock(&jobs->mutex);
	return job;
}

bool shell_jobs_progress(struct shell_jobs *jobs, enum job_kind kind,
			 struct job_progress *out)
{
	struct running *r = &jobs->running[kind];
	bool news = false;

	pthread_mutex_lock(&jobs->mutex);
	if (r->job) {
		job_progress(r->job, out);
		news = out->serial != r->told;
		r->told = out->serial;
	}
	pthread_mutex_unlock(&jobs->mutex);
	return news;
}
