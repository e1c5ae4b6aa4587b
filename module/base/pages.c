/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "module/base/pages.h"

/*! \brief Bytes of a huge page on most machines that have them. */
#define HUGE_PAGE ((size_t)2 << 20)

/*! \brief Bytes that are mapped for \a size of them. */
static size_t mapped_size(size_t size)
{
	return (size + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE;
}

void *pages_alloc(size_t size)
{
	if (size < HUGE_PAGE) {
		return malloc(size);
	}
	if (size > SIZE_MAX - 2 * HUGE_PAGE) {
		return NULL;
	}

	/* One page more than is needed has a place in it where a huge one can begin. */
	size_t wanted = mapped_size(size);
	uint8_t *mapped = mmap(NULL, wanted + HUGE_PAGE, PROT_READ | PROT_WRITE,
	                       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (mapped == MAP_FAILED) {
		return NULL;
	}
	size_t before = -(uintptr_t)mapped % HUGE_PAGE;
	uint8_t *memory = mapped + before;
	if (before > 0) {
		(void)munmap(mapped, before);
	}
	(void)munmap(memory + wanted, HUGE_PAGE - before);

	/* Only whole ones: the rest of a last one would be taken for nothing. */
	(void)madvise(memory, size / HUGE_PAGE * HUGE_PAGE, MADV_HUGEPAGE);
	return memory;
}

void pages_free(void *memory, size_t size)
{
	if (size < HUGE_PAGE) {
		free(memory);
	} else if (memory != NULL) {
		(void)munmap(memory, mapped_size(size));
	}
}
