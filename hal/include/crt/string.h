/*
 * string.h of the kernel's C library: what a driver may call.
 *
 * Functions on char are those of the C library underneath. Functions on wchar_t have 16-bit characters
 * here and 32-bit ones there, so the documented names lead to functions of our own.
 */
#ifndef HALDMA_CRT_STRING_H
#define HALDMA_CRT_STRING_H

#include "wdk/compiler.h"

HALDMA_DECLS_BEGIN

void *memcpy(void *destination, const void *source, size_t size);
void *memmove(void *destination, const void *source, size_t size);
void *memset(void *destination, int value, size_t size);
int memcmp(const void *left, const void *right, size_t size);
/* The C++ forms that keep "const" are left out: these are the C ones in both languages. */
void *memchr(const void *buffer, int value, size_t size);
size_t strlen(const char *text);
size_t strnlen(const char *text, size_t size);
int strcmp(const char *left, const char *right);
int strncmp(const char *left, const char *right, size_t count);
char *strcpy(char *destination, const char *source);
char *strncpy(char *destination, const char *source, size_t count);
char *strcat(char *destination, const char *source);
char *strncat(char *destination, const char *source, size_t count);
char *strchr(const char *text, int character);
char *strrchr(const char *text, int character);
char *strstr(const char *text, const char *wanted);
size_t strspn(const char *text, const char *set);
size_t strcspn(const char *text, const char *set);
int strcasecmp(const char *left, const char *right);
int strncasecmp(const char *left, const char *right, size_t count);

size_t haldma_wcslen(const wchar_t *text);
size_t haldma_wcsnlen(const wchar_t *text, size_t size);
int haldma_wcscmp(const wchar_t *left, const wchar_t *right);
int haldma_wcsncmp(const wchar_t *left, const wchar_t *right, size_t count);
int haldma_wcsicmp(const wchar_t *left, const wchar_t *right);
int haldma_wcsnicmp(const wchar_t *left, const wchar_t *right, size_t count);
wchar_t *haldma_wcscpy(wchar_t *destination, const wchar_t *source);
wchar_t *haldma_wcsncpy(wchar_t *destination, const wchar_t *source, size_t count);
wchar_t *haldma_wcscat(wchar_t *destination, const wchar_t *source);
wchar_t *haldma_wcsncat(wchar_t *destination, const wchar_t *source, size_t count);
wchar_t *haldma_wcschr(const wchar_t *text, wchar_t character);
wchar_t *haldma_wcsrchr(const wchar_t *text, wchar_t character);
wchar_t *haldma_wcsstr(const wchar_t *text, const wchar_t *wanted);
wchar_t *haldma_wcsupr(wchar_t *text);
wchar_t *haldma_wcslwr(wchar_t *text);
char *haldma_strupr(char *text);
char *haldma_strlwr(char *text);
int haldma_strcpy_s(char *destination, size_t size, const char *source);
int haldma_strcat_s(char *destination, size_t size, const char *source);
int haldma_wcscpy_s(wchar_t *destination, size_t size, const wchar_t *source);
int haldma_wcscat_s(wchar_t *destination, size_t size, const wchar_t *source);
int haldma_memcpy_s(void *destination, size_t size, const void *source, size_t count);
int haldma_memmove_s(void *destination, size_t size, const void *source, size_t count);

HALDMA_DECLS_END

#define wcslen    haldma_wcslen
#define wcsnlen   haldma_wcsnlen
#define wcscmp    haldma_wcscmp
#define wcsncmp   haldma_wcsncmp
#define wcscpy    haldma_wcscpy
#define wcsncpy   haldma_wcsncpy
#define wcscat    haldma_wcscat
#define wcsncat   haldma_wcsncat
#define wcschr    haldma_wcschr
#define wcsrchr   haldma_wcsrchr
#define wcsstr    haldma_wcsstr
#define _wcsicmp  haldma_wcsicmp
#define _wcsnicmp haldma_wcsnicmp
#define wcsicmp   haldma_wcsicmp
#define _wcsupr   haldma_wcsupr
#define _wcslwr   haldma_wcslwr
#define _stricmp  strcasecmp
#define _strnicmp strncasecmp
#define stricmp   strcasecmp
#define _strupr   haldma_strupr
#define _strlwr   haldma_strlwr
#define strcpy_s  haldma_strcpy_s
#define strcat_s  haldma_strcat_s
#define wcscpy_s  haldma_wcscpy_s
#define wcscat_s  haldma_wcscat_s
#define memcpy_s  haldma_memcpy_s
#define memmove_s haldma_memmove_s

#endif /* HALDMA_CRT_STRING_H */
