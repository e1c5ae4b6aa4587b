/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief Masters without a network, for fuzz targets of what is asked of them.
 *
 * connect() below gives libcurl one end of a pair of sockets, in which the reply lies already, for
 * whatever address it wanted. That makes a run the same each time, and TCP would run out of ports
 * for that many connections.
 *
 * The first two bytes of the input choose the pieces that libcurl receives; the rest are replies,
 * parted by bytes 0x1e, one a connection, the last for all further ones.
 *
 * What has to be true for all of them: no more connections than redirects are allowed; only a known
 * master, or whom one has named, is told the credential; host names are resolved by resolver.c and
 * never by libcurl.
 */
#pragma once

#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <curl/curl.h>
#include <libknot/libknot.h>

#include "module/masters/master.h"
#include "module/masters/resolver_pool.h"
#include "module/base/util.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/*! \brief Parts two replies. */
#define SEPARATOR 0x1e

/*! \brief Longest input; a reply must fit into a socket's buffer. */
#define INPUT_MAX 65536

/*! \brief A connection of the fetch under way. */
struct peer {
	int fd;     /*!< The master's end. */
	bool known; /*!< The client was told of the address beforehand. */
	bool again; /*!< Of the same address as the connection before. */
	struct sockaddr_storage addr;
};

static struct {
	const uint8_t *data; /*!< Replies that are left. */
	size_t size;
	size_t pieces[2]; /*!< Bytes that libcurl receives at once, by turns. */
	size_t turn;
	struct peer peers[1 + MASTER_REDIRECTS_MAX];
	size_t peers_count;
} peer_side;

static const struct endpoint masters[] = { { "127.0.0.1", 5050, false }, { "::1", 5051, true } };

static char credential_file[64];

static _Noreturn void die(const char *why, const char *what)
{
	fprintf(stderr, "%s: %s\n", why, what);
	abort();
}

static bool is_known(const struct sockaddr *addr)
{
	char host[INET6_ADDRSTRLEN];
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)addr;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)addr;
	bool is_v4 = addr->sa_family == AF_INET;
	const void *bytes = is_v4 ? (const void *)&v4->sin_addr : (const void *)&v6->sin6_addr;
	uint16_t port = ntohs(is_v4 ? v4->sin_port : v6->sin6_port);
	if (inet_ntop(addr->sa_family, bytes, host, sizeof(host)) == NULL) {
		die("connection to", "no IP address");
	}
	for (size_t i = 0; i < sizeof(masters) / sizeof(*masters); i++) {
		if (strcmp(masters[i].host, host) == 0 && masters[i].port == port) {
			return true;
		}
	}
	return false;
}

/*! \brief Puts the next reply into the socket; the last one stays for further connections. */
static void put_reply(int fd)
{
	const uint8_t *end = memchr(peer_side.data, SEPARATOR, peer_side.size);
	size_t len = end != NULL ? (size_t)(end - peer_side.data) : peer_side.size;
	if (len > 0 && write(fd, peer_side.data, len) != (ssize_t)len) {
		die("write", "the reply does not fit");
	}
	if (end != NULL) {
		peer_side.size -= len + 1;
		peer_side.data = end + 1;
	}
	shutdown(fd, SHUT_WR);
}

/*! \brief In place of the system's: no connection leaves this process. */
int connect(int fd, __CONST_SOCKADDR_ARG addr, socklen_t len)
{
	int pair[2];
	if (peer_side.peers_count == sizeof(peer_side.peers) / sizeof(*peer_side.peers)) {
		die("connect", "more than redirects allow");
	}
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) != 0 ||
	    dup2(pair[0], fd) != fd) {
		die("connect", strerror(errno));
	}
	close(pair[0]);
	struct peer *peer = &peer_side.peers[peer_side.peers_count];
	*peer = (struct peer){ .fd = pair[1], .known = is_known(addr.__sockaddr__) };
	memcpy(&peer->addr, addr.__sockaddr__, MIN(len, sizeof(peer->addr)));
	peer->again = peer_side.peers_count > 0 &&
	              memcmp(&peer->addr, &peer[-1].addr, sizeof(peer->addr)) == 0;
	peer_side.peers_count++;
	put_reply(pair[1]);
	return 0;
}

/*! \brief In place of the system's: gives at most a piece. */
ssize_t recv(int fd, void *buf, size_t size, int flags)
{
	size_t piece = peer_side.pieces[peer_side.turn++ % 2];
	return syscall(SYS_recvfrom, fd, buf, MIN(size, piece), flags, NULL, NULL);
}

/*! \brief In place of the system's: an address in text is no question to anybody, else we fail. */
int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
                struct addrinfo **out)
{
	static int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
	struct address addr;
	if (node == NULL || !address_parse((struct text){ node, strlen(node) }, &addr)) {
		die("somebody resolves a name", node != NULL ? node : "");
	}
	if (real == NULL) {
		void *found = dlsym(RTLD_NEXT, "getaddrinfo");
		memcpy(&real, &found, sizeof(real));
	}
	return real(node, service, hints, out);
}

/*! \brief A look-up that has ended when it starts. */
struct pool_job {
	size_t len; /*!< Of the name. */
};

/*! \brief In place of resolver_pool.c: names of even length have an address, others do not. */
struct pool_job *pool_start(const char *name, enum pool_lane lane)
{
	(void)lane;
	struct pool_job *job = malloc(sizeof(*job));
	if (job != NULL) {
		job->len = strlen(name);
	}
	return job;
}

bool pool_take(struct pool_job *job, struct pool_result *result)
{
	*result = (struct pool_result){ 0 };
	if (job->len % 2 == 0) {
		const char *text = job->len % 4 == 0 ? "127.0.0.9" : "fd00::9";
		result->list = calloc(1, sizeof(*result->list));
		result->count = result->list != NULL &&
		                address_parse((struct text){ text, strlen(text) }, result->list);
	}
	free(job);
	return true;
}

void pool_move(struct pool_job *job, enum pool_lane lane)
{
	(void)job, (void)lane;
}

bool pool_cancel(struct pool_job *job)
{
	free(job);
	return true;
}

void pool_abandon(struct pool_job *job)
{
	free(job);
}

/*! \brief Looks at what the masters were asked, and ends their connections. */
static void check_requests(void)
{
	bool named_by_known = false, may_know = false;
	for (size_t i = 0; i < peer_side.peers_count; i++) {
		char text[8192];
		const struct peer *peer = &peer_side.peers[i];
		ssize_t len = read(peer->fd, text, sizeof(text));
		/* Who may be told once may be told again, after a redirect to itself. */
		may_know = peer->known || named_by_known || (peer->again && may_know);
		if (len > 0 && memmem(text, len, "\r\nAuthorization:", 16) != NULL && !may_know) {
			die("the credential went to a stranger", "");
		}
		named_by_known = peer->known;
		close(peer->fd);
	}
	peer_side.peers_count = 0;
}

/*! \brief Dies for a character that no log line may have. */
static void check_line(const char *line)
{
	for (const char *c = line; *c != '\0'; c++) {
		if ((unsigned char)*c < ' ' || *c == 0x7f) {
			die("control character", line);
		}
	}
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static const char credential[] = "{\"principal\":\"user\",\"secret\":\"word\"}";
	(void)argc, (void)argv;

	int fd = memfd_create("credential", 0);
	if (fd < 0 || write(fd, credential, strlen(credential)) < 0) {
		die("credential", strerror(errno));
	}
	snprintf(credential_file, sizeof(credential_file), "/proc/self/fd/%d", fd);
	/* Kept for good: the library's start takes longer than a fetch. */
	return curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? 0 : 1;
}

/*! \brief Lays an input's replies ready; libcurl receives them in pieces as the input says. */
static void set_input(const uint8_t *data, size_t size)
{
	peer_side.data = data + 2;
	peer_side.size = size - 2;
	peer_side.pieces[0] = 1 + 8U * data[0];
	peer_side.pieces[1] = 1 + 8U * data[1];
	peer_side.turn = 0;
}
