/*
 * stdio.h of the kernel's C library: formatting into memory, nothing else.
 *
 * Formats are those of the kernel (%I64x, %wZ, %ws, %S), so every name leads to functions of our own.
 */
#ifndef HALDMA_CRT_STDIO_H
#define HALDMA_CRT_STDIO_H

#include "wdk/compiler.h"

#include <stdarg.h>

HALDMA_DECLS_BEGIN

/* At most "count" characters, a terminator only where it fits; -1 when cut off (as _snprintf). */
int haldma_vsnprintf(char *buffer, size_t count, const char *format, va_list arguments);
int haldma_snprintf(char *buffer, size_t count, const char *format, ...);
int haldma_vsnwprintf(wchar_t *buffer, size_t count, const wchar_t *format, va_list arguments);
int haldma_snwprintf(wchar_t *buffer, size_t count, const wchar_t *format, ...);
/* Without a bound, as sprintf and vsprintf. */
int haldma_sprintf(char *buffer, const char *format, ...);
int haldma_vsprintf(char *buffer, const char *format, va_list arguments);
int haldma_swprintf(wchar_t *buffer, const wchar_t *format, ...);
/* "size" counts the terminator, which is always written; -1 when cut off (as sprintf_s). */
int haldma_sprintf_s(char *buffer, size_t size, const char *format, ...);
int haldma_swprintf_s(wchar_t *buffer, size_t size, const wchar_t *format, ...);

HALDMA_DECLS_END

#define _snprintf   haldma_snprintf
#define _vsnprintf  haldma_vsnprintf
#define _snwprintf  haldma_snwprintf
#define _vsnwprintf haldma_vsnwprintf
#define sprintf     haldma_sprintf
#define vsprintf    haldma_vsprintf
#define swprintf    haldma_swprintf
#define _swprintf   haldma_swprintf
#define sprintf_s   haldma_sprintf_s
#define swprintf_s  haldma_swprintf_s

#endif /* HALDMA_CRT_STDIO_H */
