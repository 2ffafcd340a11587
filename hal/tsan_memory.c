/*
 * The C library's functions on memory and strings, as instrumented drivers call them: the linker leads the
 * calls of such a driver here (--wrap), the compiler's own included. What they read and write counts as
 * accesses of the driver.
 */
#include "hal/tsan.h"

#include <string.h>

static void reads(const void *address, size_t bytes, uintptr_t pc)
{
    tsan_touch(address, bytes, EMU_MEMORY_READ, pc);
}

static void writes(const void *address, size_t bytes, uintptr_t pc)
{
    tsan_touch(address, bytes, EMU_MEMORY_WRITE, pc);
}

static size_t at_most(size_t length, size_t limit)
{
    return length < limit ? length : limit;
}

void *__wrap_memcpy(void *to, const void *from, size_t bytes);
void *__wrap_memcpy(void *to, const void *from, size_t bytes)
{
    reads(from, bytes, TSAN_PC());
    writes(to, bytes, TSAN_PC());
    return memcpy(to, from, bytes);
}

void *__wrap_memmove(void *to, const void *from, size_t bytes);
void *__wrap_memmove(void *to, const void *from, size_t bytes)
{
    reads(from, bytes, TSAN_PC());
    writes(to, bytes, TSAN_PC());
    return memmove(to, from, bytes);
}

void *__wrap_memset(void *to, int value, size_t bytes);
void *__wrap_memset(void *to, int value, size_t bytes)
{
    writes(to, bytes, TSAN_PC());
    return memset(to, value, bytes);
}

int __wrap_memcmp(const void *a, const void *b, size_t bytes);
int __wrap_memcmp(const void *a, const void *b, size_t bytes)
{
    reads(a, bytes, TSAN_PC());
    reads(b, bytes, TSAN_PC());
    return memcmp(a, b, bytes);
}

int __wrap_bcmp(const void *a, const void *b, size_t bytes);
int __wrap_bcmp(const void *a, const void *b, size_t bytes)
{
    reads(a, bytes, TSAN_PC());
    reads(b, bytes, TSAN_PC());
    return memcmp(a, b, bytes);
}

void *__wrap_memchr(const void *text, int value, size_t bytes);
void *__wrap_memchr(const void *text, int value, size_t bytes)
{
    reads(text, bytes, TSAN_PC());
    return memchr(text, value, bytes);
}

size_t __wrap_strlen(const char *text);
size_t __wrap_strlen(const char *text)
{
    reads(text, strlen(text) + 1, TSAN_PC());
    return strlen(text);
}

size_t __wrap_strnlen(const char *text, size_t limit);
size_t __wrap_strnlen(const char *text, size_t limit)
{
    reads(text, at_most(strnlen(text, limit) + 1, limit), TSAN_PC());
    return strnlen(text, limit);
}

int __wrap_strcmp(const char *a, const char *b);
int __wrap_strcmp(const char *a, const char *b)
{
    reads(a, strlen(a) + 1, TSAN_PC());
    reads(b, strlen(b) + 1, TSAN_PC());
    return strcmp(a, b);
}

int __wrap_strncmp(const char *a, const char *b, size_t limit);
int __wrap_strncmp(const char *a, const char *b, size_t limit)
{
    reads(a, at_most(strnlen(a, limit) + 1, limit), TSAN_PC());
    reads(b, at_most(strnlen(b, limit) + 1, limit), TSAN_PC());
    return strncmp(a, b, limit);
}

char *__wrap_strcpy(char *to, const char *from);
char *__wrap_strcpy(char *to, const char *from)
{
    reads(from, strlen(from) + 1, TSAN_PC());
    writes(to, strlen(from) + 1, TSAN_PC());
    return strcpy(to, from);
}

char *__wrap_strncpy(char *to, const char *from, size_t limit);
char *__wrap_strncpy(char *to, const char *from, size_t limit)
{
    reads(from, at_most(strnlen(from, limit) + 1, limit), TSAN_PC());
    writes(to, limit, TSAN_PC());
    return strncpy(to, from, limit);
}

char *__wrap_strcat(char *to, const char *from);
char *__wrap_strcat(char *to, const char *from)
{
    reads(from, strlen(from) + 1, TSAN_PC());
    writes(to, strlen(to) + strlen(from) + 1, TSAN_PC());
    return strcat(to, from);
}
