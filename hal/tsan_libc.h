/*
 * Put in front of the layers' sources in a tree configured with HALDMA_CHECK_FOOTPRINTS: the C library's
 * functions on memory, which the compiler does not instrument, are led to tsan_memory.c.
 */
#ifndef HAL_TSAN_LIBC_H
#define HAL_TSAN_LIBC_H

#include <string.h>

void *__wrap_memcpy(void *to, const void *from, size_t bytes);
void *__wrap_memmove(void *to, const void *from, size_t bytes);
void *__wrap_memset(void *to, int value, size_t bytes);
int __wrap_memcmp(const void *a, const void *b, size_t bytes);

#define memcpy  __wrap_memcpy
#define memmove __wrap_memmove
#define memset  __wrap_memset
#define memcmp  __wrap_memcmp

#endif
