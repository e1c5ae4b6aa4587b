/* SPDX-License-Identifier: GPL-3.0-or-later */
/*!
 * \file
 * \brief What stands in place of the system's resolver; for tests.
 *
 * A name is found if fake_address() says so; one that begins with `hang` waits while
 * fake_names.hang is set.
 */
#pragma once

#include <arpa/inet.h>
#include <netdb.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct {
	atomic_bool hang;
	atomic_bool gone;    /*!< No name is found. */
	atomic_uint asked;   /*!< Look-ups so far. */
	atomic_uint running; /*!< Now. */
	atomic_uint most;    /*!< At once, ever. */
} fake_names;

/*! \brief The test's own: writes the address of a name as text, or returns false. */
static bool fake_address(const char *name, char out[static 46]);

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
                struct addrinfo **res)
{
	(void)service, (void)hints;
	unsigned running = ++fake_names.running, most = fake_names.most;
	while (running > most && !atomic_compare_exchange_weak(&fake_names.most, &most, running)) {
	}
	fake_names.asked++;
	while (fake_names.hang && strncmp(node, "hang", 4) == 0) {
		usleep(1000);
	}
	char text[46];
	bool found = !fake_names.gone && fake_address(node, text);
	if (found) {
		struct addrinfo *ai = calloc(1, sizeof(*ai));
		struct sockaddr_in *address = calloc(1, sizeof(*address));
		if (ai == NULL || address == NULL) {
			abort();
		}
		address->sin_family = AF_INET;
		(void)inet_pton(AF_INET, text, &address->sin_addr);
		ai->ai_family = AF_INET;
		ai->ai_addr = (struct sockaddr *)address;
		*res = ai;
	}
	fake_names.running--;
	return found ? 0 : EAI_NONAME;
}

void freeaddrinfo(struct addrinfo *res)
{
	free(res->ai_addr);
	free(res);
}
