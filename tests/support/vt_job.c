#include "vt_job.h"

#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>
#include <utmp.h>

static void set_environment(const char *const *env)
{
	for (; *env; env++) {
		char *entry = strdup(*env);
		char *equals = entry ? strchr(entry, '=') : NULL;

		if (equals) {
			*equals = '\0';
			setenv(entry, equals + 1, 1);
		} else if (entry) {
			unsetenv(entry);
		}
		free(entry);
	}
}

static _Noreturn void run(const char *const *argv, const char *const *env)
{
	char *const *arguments;

	setpgid(0, 0);
	tcsetpgrp(STDIN_FILENO, getpid());
	for (int number = 1; number < NSIG; number++) {
		if (number != SIGKILL && number != SIGSTOP)
			signal(number, SIG_DFL);
	}
	set_environment(env);
	memcpy(&arguments, &argv, sizeof arguments);
	execvp(argv[0], arguments);
	fprintf(stderr, "%s: %s\r\n", argv[0], strerror(errno));
	_exit(127);
}

static void report(int fd, pid_t pid, int status)
{
	struct vt_report report = { .pid = pid, .status = status };

	if (write(fd, &report, sizeof report) != (ssize_t)sizeof report)
		_exit(1);
}

/* What a shell does for one job. */
static _Noreturn void lead(int reports, int commands, const char *const *argv,
			   const char *const *env)
{
	pid_t pid;
	int status;
	char byte;

	signal(SIGTTOU, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	pid = fork();
	if (pid == 0)
		run(argv, env);
	setpgid(pid, pid);
	report(reports, pid, -1);
	while (waitpid(pid, &status, WUNTRACED) == pid) {
		bool stopped = WIFSTOPPED(status);

		tcsetpgrp(STDIN_FILENO, getpgrp());
		report(reports, pid, status);
		if (read(commands, &byte, 1) != 1 || !stopped)
			break;
		tcsetpgrp(STDIN_FILENO, pid);
		kill(-pid, SIGCONT);
	}
	kill(-pid, SIGKILL);
	_exit(0);
}

/* Other terminals of the test stay open as long as someone holds them. */
static void close_others(int keep, int keep_too)
{
	for (int fd = 3; fd < 1024; fd++) {
		if (fd != keep && fd != keep_too)
			close(fd);
	}
}

int vt_job_start(struct vt_job *job, int terminal, const char *const *argv,
		 const char *const *env)
{
	int reports[2], commands[2];

	if (pipe2(reports, O_CLOEXEC) < 0 || pipe2(commands, O_CLOEXEC) < 0)
		return -1;
	fflush(NULL);
	job->leader = fork();
	if (job->leader < 0)
		return -1;
	if (job->leader == 0) {
		if (login_tty(terminal) < 0)
			_exit(126);
		close_others(reports[1], commands[0]);
		lead(reports[1], commands[0], argv, env);
	}
	close(reports[1]);
	close(commands[0]);
	job->reports = reports[0];
	job->commands = commands[1];
	return 0;
}

void vt_job_end(struct vt_job *job)
{
	close(job->commands);
	close(job->reports);
	waitpid(job->leader, NULL, 0);
}
