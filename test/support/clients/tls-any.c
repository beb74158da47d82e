/*
 * HTTPS requests by a library of OpenSSL's kind that is loaded while the program runs, by functions that are named.
 *
 *     tls-any LIBSSL HOW WORD PORT CONNECTIONS REQUESTS PAUSE
 *
 * HOW: plain (SSL_read, SSL_write), ex (SSL_read_ex, SSL_write_ex), peek (each answer is peeked at before it is read), early (each
 * connection but the first one resumes the session, and sends its first request as early data). LIBSSL `-`: its path is a line of the
 * standard input, which is read first; `memfd:PATH`: a copy of that file that has no name. Paths of requests: /WORD/CONNECTION/REQUEST.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static void *library;

static void *find(const char *name)
{
	void *function = dlsym(library, name);

	if (!function) {
		fprintf(stderr, "no %s\n", name);
		exit(1);
	}
	return function;
}

#define CALL(result, name, ...) ((result (*)())find(#name))(__VA_ARGS__)

static const char *copy_without_name(const char *path)
{
	static char name[64];
	int from = open(path, O_RDONLY), to = memfd_create("library", 0);
	struct stat stat;

	if (from < 0 || to < 0 || fstat(from, &stat) || sendfile(to, from, NULL, stat.st_size) != stat.st_size) {
		perror(path);
		exit(1);
	}
	close(from);
	snprintf(name, sizeof(name), "/proc/self/fd/%d", to);
	return name;
}

static int connect_to(int port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (connect(fd, (struct sockaddr *)&address, sizeof(address))) {
		perror("connect");
		exit(1);
	}
	return fd;
}

static void put(void *ssl, const char *how, const char *text, int early)
{
	size_t length = strlen(text), moved = 0;
	int result;

	if (early)
		result = CALL(int, SSL_write_early_data, ssl, text, length, &moved);
	else if (!strcmp(how, "ex"))
		result = CALL(int, SSL_write_ex, ssl, text, length, &moved);
	else
		result = moved = CALL(int, SSL_write, ssl, text, (int)length);
	if (result <= 0 || moved != length) {
		fprintf(stderr, "written %d %zu\n", result, moved);
		exit(1);
	}
}

static size_t get(void *ssl, const char *how, char *into, size_t size)
{
	size_t moved = 0;
	int result;

	if (!strcmp(how, "peek") && CALL(int, SSL_peek, ssl, into, (int)size) <= 0)
		exit(2);
	if (!strcmp(how, "ex"))
		result = CALL(int, SSL_read_ex, ssl, into, size, &moved);
	else
		result = moved = CALL(int, SSL_read, ssl, into, (int)size);
	if (result <= 0)
		exit(2);
	return moved;
}

/* Reads one answer, which says its length. */
static void answer(void *ssl, const char *how)
{
	char text[65536];
	size_t have = 0, wanted = 0;

	while (!wanted || have < wanted) {
		char *end, *length;

		have += get(ssl, how, text + have, sizeof(text) - 1 - have);
		text[have] = 0;
		end = strstr(text, "\r\n\r\n");
		if (!end)
			continue;
		length = strcasestr(text, "content-length:");
		wanted = end + 4 - text + (length ? atoi(length + 15) : 0);
	}
}

int main(int count, char **args)
{
	char path[4096], text[256], *name = args[1], *how = args[2];
	int port = atoi(args[4]), connections = atoi(args[5]), requests = atoi(args[6]);
	double pause = atof(args[7]);
	void *context, *session = NULL;

	if (!strcmp(name, "-")) {
		if (!fgets(path, sizeof(path), stdin))
			return 1;
		path[strcspn(path, "\n")] = 0;
		name = path;
	}
	library = dlopen(strncmp(name, "memfd:", 6) ? name : copy_without_name(name + 6), RTLD_NOW | RTLD_GLOBAL);
	if (!library) {
		fprintf(stderr, "%s\n", dlerror());
		return 1;
	}
	context = CALL(void *, SSL_CTX_new, CALL(void *, TLS_client_method));
	for (int i = 0; i < connections; i++) {
		void *ssl = CALL(void *, SSL_new, context);
		int fd = connect_to(port), early = !strcmp(how, "early") && session;

		CALL(int, SSL_set_fd, ssl, fd);
		if (early)
			CALL(int, SSL_set_session, ssl, session);
		for (int n = 0; n < requests; n++) {
			usleep(pause * 1e6);
			snprintf(text, sizeof(text), "GET /%s/%d/%d HTTP/1.1\r\nHost: localhost\r\n\r\n", args[3], i, n);
			if (n == 0 && early) {
				put(ssl, how, text, 1);
				/* The server answers before the handshake is over. */
				usleep(200000);
			}
			if (n == 0 && CALL(int, SSL_connect, ssl) != 1) {
				fprintf(stderr, "no handshake\n");
				return 1;
			}
			if (n > 0 || !early)
				put(ssl, how, text, 0);
			answer(ssl, how);
		}
		if (!session)
			session = CALL(void *, SSL_get1_session, ssl);
		CALL(int, SSL_shutdown, ssl);
		CALL(void, SSL_free, ssl);
		close(fd);
	}
	return 0;
}
