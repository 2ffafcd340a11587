/* stdlib.h of the kernel's C library: conversions and sorting; memory comes from the pool. */
#ifndef HALDMA_CRT_STDLIB_H
#define HALDMA_CRT_STDLIB_H

#include "wdk/compiler.h"

HALDMA_DECLS_BEGIN

int abs(int value);
int atoi(const char *text);
void qsort(void *base, size_t count, size_t size, int (*compare)(const void *, const void *));
void *bsearch(const void *key, const void *base, size_t count, size_t size,
              int (*compare)(const void *, const void *));
unsigned int haldma_strtoul(const char *text, char **end, int base);
unsigned int haldma_wcstoul(const wchar_t *text, wchar_t **end, int base);
int haldma_wtoi(const wchar_t *text);

HALDMA_DECLS_END

#define strtoul haldma_strtoul
#define wcstoul haldma_wcstoul
#define _wtoi   haldma_wtoi

#define _countof(array) (sizeof(array) / sizeof((array)[0]))

#endif /* HALDMA_CRT_STDLIB_H */
