/* The job control around a program in a terminal: a process that leads the session, as a
 * shell does, starts the program in the foreground, and reports when it stops and ends.
 */
#ifndef VT_JOB_H
#define VT_JOB_H

#include <sys/types.h>

struct vt_report {
	pid_t pid;
	int status; /* as waitpid() gives it; -1: it has just been started */
};

struct vt_job {
	pid_t leader;
	int reports;  /* readable: struct vt_report, one after another */
	int commands; /* a byte continues the stopped program; closed: no more is asked */
};

/* `terminal` becomes the session's. -1 with errno on failure. */
int vt_job_start(struct vt_job *job, int terminal, const char *const *argv,
		 const char *const *env);
void vt_job_end(struct vt_job *job);

#endif
