/* core/io/http against a server of a few lines, which answers as each case says. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/memory.h"
#include "io/http.h"
#include "unit.h"

/* One connection after the other; what came in is kept, the answers are given in turn. */
struct server {
	pthread_t thread;
	int listening;
	unsigned port;
	const char *answers[4];
	char got[4][4096];
	size_t count;
};

static size_t body_length(const char *request)
{
	const char *at = strstr(request, "Content-Length: ");

	return at ? strtoul(at + 16, NULL, 10) : 0;
}

static void read_request(int fd, char *out, size_t cap)
{
	size_t len = 0;

	for (;;) {
		const char *end = strstr(out, "\r\n\r\n");
		ssize_t got;

		if (end && strstr(out, "chunked") ? strstr(end, "\r\n0\r\n\r\n") != NULL
		    : end ? len >= (size_t)(end + 4 - out) + body_length(out)
			  : false)
			return;
		got = read(fd, out + len, cap - 1 - len);
		if (got <= 0)
			return;
		len += (size_t)got;
		out[len] = '\0';
	}
}

static void *serve(void *context)
{
	struct server *s = context;

	while (s->count < 4 && s->answers[s->count]) {
		int fd = accept(s->listening, NULL, NULL);

		if (fd < 0)
			return NULL;
		read_request(fd, s->got[s->count], sizeof s->got[0]);
		(void)!write(fd, s->answers[s->count], strlen(s->answers[s->count]));
		s->count++;
		close(fd);
	}
	return NULL;
}

static void start(struct server *s)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof at;

	s->listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(s->listening, (struct sockaddr *)&at, sizeof at), 0);
	assert_int_equal(listen(s->listening, 8), 0);
	assert_int_equal(getsockname(s->listening, (struct sockaddr *)&at, &len), 0);
	s->port = ntohs(at.sin_port);
	assert_int_equal(pthread_create(&s->thread, NULL, serve, s), 0);
}

static void end(struct server *s)
{
	shutdown(s->listening, SHUT_RDWR);
	pthread_join(s->thread, NULL);
	close(s->listening);
}

static char *url_of(const struct server *s, const char *host, const char *path)
{
	return lam_xprintf("http://%s:%u%s", host, s->port, path);
}

static struct lam_http *new_client(const char *unix_socket)
{
	struct lam_http *client;
	struct lam_error err;

	assert_int_equal(lam_http_new(&client,
				      &(struct lam_http_options){ .socket = unix_socket },
				      &err),
			 0);
	return client;
}

#define FINE(length) "HTTP/1.1 200 OK\r\nContent-Length: " length "\r\nX-One: 1\r\n\r\n"

static void a_body_and_headers(void **state)
{
	struct server s = { .answers = { FINE("5") "hello" } };
	struct lam_http *client = new_client(NULL);
	const char *const headers[] = { "X-Mine: yes", NULL };
	struct lam_buf body = LAM_BUF(100);
	struct lam_http_answer *answer;
	struct lam_error err;
	char *url;

	(void)state;
	start(&s);
	url = url_of(&s, "127.0.0.1", "/a?secret=1");
	assert_int_equal(lam_http_send(&answer, client,
				       &(struct lam_http_request){ .url = url,
								   .headers = headers },
				       &err),
			 0);
	assert_int_equal(lam_http_status(answer), 200);
	assert_string_equal(lam_http_header(answer, "x-one", 0), "1");
	assert_null(lam_http_header(answer, "x-one", 1));
	assert_int_equal(lam_http_read(answer, &body, &err), 0);
	assert_string_equal(body.data, "hello");
	assert_non_null(strstr(s.got[0], "X-Mine: yes\r\n"));
	lam_http_close(answer);
	lam_http_free(client);
	lam_buf_fini(&body);
	free(url);
	end(&s);
}

static void a_body_that_is_sent(void **state)
{
	struct server s = { .answers = { FINE("0"), FINE("0") } };
	struct lam_http *client = new_client(NULL);
	struct lam_http_bytes bytes = { "some bytes", 10 };
	struct lam_http_request request = { .method = "PUT",
					    .send = lam_http_send_bytes,
					    .context = &bytes,
					    .send_len = 10 };
	struct lam_http_answer *answer;
	struct lam_error err;
	char *url;

	(void)state;
	start(&s);
	request.url = url = url_of(&s, "127.0.0.1", "/");
	assert_int_equal(lam_http_send(&answer, client, &request, &err), 0);
	lam_http_close(answer);
	request.method = "PATCH";
	request.send_len = -1;
	assert_int_equal(lam_http_send(&answer, client, &request, &err), 0);
	lam_http_close(answer);
	end(&s);
	assert_non_null(strstr(s.got[0], "PUT / HTTP/1.1"));
	assert_non_null(strstr(s.got[0], "\r\n\r\nsome bytes"));
	assert_non_null(strstr(s.got[1], "PATCH / HTTP/1.1"));
	assert_non_null(strstr(s.got[1], "\r\na\r\nsome bytes\r\n0"));
	lam_http_free(client);
	free(url);
}

/* libcurl is trusted with that, so it is looked at. */
static void another_host_never_sees_the_secret(void **state)
{
	struct server s = { .answers = { NULL } };
	struct server other = { .answers = { FINE("0"), FINE("0") } };
	struct lam_http *client = new_client(NULL);
	char redirect[200];
	struct lam_http_answer *answer;
	struct lam_error err;
	char *url;

	(void)state;
	start(&other);
	snprintf(redirect, sizeof redirect,
		 "HTTP/1.1 307 T\r\nContent-Length: 0\r\nLocation: "
		 "http://127.0.0.1:%u/b\r\n\r\n",
		 other.port);
	s.answers[0] = redirect;
	start(&s);
	url = url_of(&s, "127.0.0.1", "/a");
	assert_int_equal(
		lam_http_send(&answer, client,
			      &(struct lam_http_request){
				      .url = url, .authorization = "Bearer s3cr3t" },
			      &err),
		0);
	assert_int_equal(lam_http_status(answer), 200);
	assert_non_null(strstr(lam_http_url(answer), "/b"));
	lam_http_close(answer);
	end(&s);
	end(&other);
	assert_non_null(strstr(s.got[0], "Authorization: Bearer s3cr3t\r\n"));
	assert_non_null(strstr(other.got[0], "GET /b"));
	assert_null(strstr(other.got[0], "s3cr3t"));
	lam_http_free(client);
	free(url);
}

static void what_breaks_off_is_an_error(void **state)
{
	struct server s = { .answers = { FINE("50") "hello" } };
	struct lam_http *client = new_client(NULL);
	struct lam_buf body = LAM_BUF(100);
	struct lam_http_answer *answer;
	struct lam_error err;
	char *url, *nobody;

	(void)state;
	start(&s);
	url = url_of(&s, "user:pass@127.0.0.1", "/a?token=s3cr3t");
	assert_int_equal(lam_http_send(&answer, client,
				       &(struct lam_http_request){ .url = url }, &err),
			 0);
	assert_int_equal(lam_http_read(answer, &body, &err), LAM_EREAD);
	assert_true(lam_http_is_transient(answer));
	assert_string_equal(body.data, "hello");
	assert_null(strstr(err.text, "s3cr3t"));
	assert_null(strstr(err.text, "pass"));
	lam_http_close(answer);
	end(&s);
	nobody = url_of(&s, "127.0.0.1", "/a");
	assert_int_equal(lam_http_send(&answer, client,
				       &(struct lam_http_request){ .url = nobody }, &err),
			 LAM_EREAD);
	assert_true(lam_http_is_transient(answer));
	lam_http_close(answer);
	lam_http_free(client);
	lam_buf_fini(&body);
	free(url);
	free(nobody);
}

/* libcurl says of it that there is no memory. */
static void a_line_without_end(void **state)
{
	enum { LONG = 110000 };
	char *line = lam_xcalloc(LONG + 100, 1);
	struct server s = { .answers = { line } };
	struct lam_http *client = new_client(NULL);
	struct lam_http_answer *answer;
	struct lam_error err;
	char *url;

	(void)state;
	memset(stpcpy(line, "HTTP/1.1 200 OK\r\nX-Long: "), 'x', LONG);
	strcat(line, "\r\nContent-Length: 0\r\n\r\n");
	start(&s);
	url = url_of(&s, "127.0.0.1", "/a");
	assert_int_equal(lam_http_send(&answer, client,
				       &(struct lam_http_request){ .url = url }, &err),
			 LAM_EREAD);
	assert_non_null(strstr(err.text, "127.0.0.1"));
	lam_http_close(answer);
	lam_http_free(client);
	end(&s);
	free(url);
	free(line);
}

static void a_stop_ends_the_wait(void **state)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	char folder[] = "/tmp/lamina-http-XXXXXX";
	struct lam_http *over_socket;
	struct lam_http_answer *answer;
	atomic_bool stop = true;
	struct lam_error err;
	int fd;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(at.sun_path, sizeof at.sun_path, "%s/s", folder);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
	assert_int_equal(listen(fd, 1), 0);
	over_socket = new_client(at.sun_path);
	assert_int_equal(
		lam_http_send(&answer, over_socket,
			      &(struct lam_http_request){ .url = "http://docker/_ping",
							  .stop = &stop },
			      &err),
		LAM_ESTOPPED);
	lam_http_close(answer);
	lam_http_free(over_socket);
	unlink(at.sun_path);
	rmdir(folder);
	close(fd);
}

static void urls(void **state)
{
	static const char *const cases[][3] = {
		{ "http://a/v2/x/uploads/", "/v2/x/1?s=2", "http://a/v2/x/1?s=2" },
		{ "http://a:5000/v2/", "https://b/x", "https://b/x" },
		{ "http://a/v2/x", "y", "http://a/v2/y" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char *got = lam_http_resolve(cases[i][0], cases[i][1]);

		assert_string_equal(got, cases[i][2]);
		free(got);
	}
	assert_null(lam_http_resolve("http://a/", "file:///etc/passwd"));
	assert_true(lam_http_same_place("https://a/x", "https://A:443/y"));
	assert_false(lam_http_same_place("https://a/x", "http://a/x"));
	assert_false(lam_http_same_place("https://a/x", "https://a:5000/x"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_body_and_headers),
		cmocka_unit_test(a_body_that_is_sent),
		cmocka_unit_test(another_host_never_sees_the_secret),
		cmocka_unit_test(what_breaks_off_is_an_error),
		cmocka_unit_test(a_line_without_end),
		cmocka_unit_test(a_stop_ends_the_wait),
		cmocka_unit_test(urls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
