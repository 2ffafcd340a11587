/*
 * ntstrsafe.h: string functions that know the size of the destination.
 *
 * RtlStringCch... counts characters, RtlStringCb... bytes; ...A is for char, ...W for WCHAR; N forms
 * bound the source; Ex forms also return where the string ends and what is left. All of them are macros
 * over three inline functions per character type. A result that does not fit is cut off, terminated, and
 * answered with STATUS_BUFFER_OVERFLOW.
 *
 * Reduced: of the flags of the Ex forms only 0 and STRSAFE_IGNORE_NULLS are accepted
 * (STATUS_INVALID_PARAMETER otherwise), and there are no Gets forms.
 */
#ifndef _NTSTRSAFE_H_INCLUDED_
#define _NTSTRSAFE_H_INCLUDED_

#include "wdk/wdm_rtl.h"

#define NTSTRSAFE_MAX_CCH                2147483647
#define NTSTRSAFE_MAX_LENGTH             (NTSTRSAFE_MAX_CCH - 1)
#define NTSTRSAFE_UNICODE_STRING_MAX_CCH (0xffff / sizeof(WCHAR))
#define STRSAFE_MAX_CCH                  NTSTRSAFE_MAX_CCH

#define STRSAFE_IGNORE_NULLS     0x00000100
#define STRSAFE_FILL_BEHIND_NULL 0x00000200
#define STRSAFE_FILL_ON_FAILURE  0x00000400
#define STRSAFE_NULL_ON_FAILURE  0x00000800
#define STRSAFE_NO_TRUNCATION    0x00001000

#define NTSTRSAFEDDI NTSTATUS NTAPI
typedef char *NTSTRSAFE_PSTR;
typedef const char *NTSTRSAFE_PCSTR;
typedef WCHAR *NTSTRSAFE_PWSTR;
typedef const WCHAR *NTSTRSAFE_PCWSTR;
typedef char *STRSAFE_LPSTR;
typedef const char *STRSAFE_LPCSTR;
typedef WCHAR *STRSAFE_LPWSTR;
typedef const WCHAR *STRSAFE_LPCWSTR;

/*
 * Per character type:
 * - length: characters before the terminator, looking at no more than "max" of them;
 * - append: writes up to "count" characters of "source" at "destination" + "start";
 * - vprintf: formats.
 * "capacity" counts characters with the terminator; "unit" is the size in which "*remaining" is told.
 */
#define HALDMA_STRSAFE_FAMILY(SUFFIX, TYPE, FORMATTER)                                                       \
    static __inline__ NTSTATUS haldma_strsafe_length_##SUFFIX(const TYPE *text, size_t max, size_t *length,  \
                                                              size_t unit)                                   \
    {                                                                                                        \
        size_t n = 0;                                                                                        \
        if (length != NULL) {                                                                                \
            *length = 0;                                                                                     \
        }                                                                                                    \
        if (text == NULL || max > NTSTRSAFE_MAX_CCH) {                                                       \
            return STATUS_INVALID_PARAMETER;                                                                 \
        }                                                                                                    \
        while (n < max && text[n] != 0) {                                                                    \
            n++;                                                                                             \
        }                                                                                                    \
        if (n == max) {                                                                                      \
            return STATUS_INVALID_PARAMETER;                                                                 \
        }                                                                                                    \
        if (length != NULL) {                                                                                \
            *length = n * unit;                                                                              \
        }                                                                                                    \
        return STATUS_SUCCESS;                                                                               \
    }                                                                                                        \
    static __inline__ NTSTATUS haldma_strsafe_append_##SUFFIX(                                               \
        TYPE *destination, size_t capacity, BOOLEAN keep, const TYPE *source, size_t count, TYPE **end,      \
        size_t *remaining, size_t unit, ULONG flags)                                                         \
    {                                                                                                        \
        NTSTATUS status = STATUS_SUCCESS;                                                                    \
        size_t n = 0;                                                                                        \
        size_t i = 0;                                                                                        \
        if ((flags & ~(ULONG)STRSAFE_IGNORE_NULLS) != 0 || destination == NULL || capacity == 0 ||           \
            capacity > NTSTRSAFE_MAX_CCH || (source == NULL && flags == 0)) {                                \
            return STATUS_INVALID_PARAMETER;                                                                 \
        }                                                                                                    \
        while (keep && n < capacity && destination[n] != 0) {                                                \
            n++;                                                                                             \
        }                                                                                                    \
        if (n == capacity) {                                                                                 \
            return STATUS_INVALID_PARAMETER;                                                                 \
        }                                                                                                    \
        while (source != NULL && i < count && source[i] != 0) {                                              \
            if (n + 1 == capacity) {                                                                         \
                status = STATUS_BUFFER_OVERFLOW;                                                             \
                break;                                                                                       \
            }                                                                                                \
            destination[n++] = source[i++];                                                                  \
        }                                                                                                    \
        destination[n] = 0;                                                                                  \
        if (end != NULL) {                                                                                   \
            *end = destination + n;                                                                          \
        }                                                                                                    \
        if (remaining != NULL) {                                                                             \
            *remaining = (capacity - n) * unit;                                                              \
        }                                                                                                    \
        return status;                                                                                       \
    }                                                                                                        \
    static __inline__ NTSTATUS haldma_strsafe_vprintf_##SUFFIX(                                              \
        TYPE *destination, size_t capacity, TYPE **end, size_t *remaining, size_t unit, ULONG flags,         \
        const TYPE *format, va_list arguments)                                                               \
    {                                                                                                        \
        NTSTATUS status = STATUS_SUCCESS;                                                                    \
        int written;                                                                                         \
        size_t n;                                                                                            \
        if ((flags & ~(ULONG)STRSAFE_IGNORE_NULLS) != 0 || destination == NULL || capacity == 0 ||           \
            capacity > NTSTRSAFE_MAX_CCH || format == NULL) {                                                \
            return STATUS_INVALID_PARAMETER;                                                                 \
        }                                                                                                    \
        written = FORMATTER(destination, capacity - 1, format, arguments);                                   \
        if (written < 0 || (size_t)written > capacity - 1) {                                                 \
            status = STATUS_BUFFER_OVERFLOW;                                                                 \
            n = capacity - 1;                                                                                \
        } else {                                                                                             \
            n = (size_t)written;                                                                             \
        }                                                                                                    \
        destination[n] = 0;                                                                                  \
        if (end != NULL) {                                                                                   \
            *end = destination + n;                                                                          \
        }                                                                                                    \
        if (remaining != NULL) {                                                                             \
            *remaining = (capacity - n) * unit;                                                              \
        }                                                                                                    \
        return status;                                                                                       \
    }                                                                                                        \
    static __inline__ NTSTATUS haldma_strsafe_printf_##SUFFIX(TYPE *destination, size_t capacity,            \
                                                              TYPE **end, size_t *remaining, size_t unit,    \
                                                              ULONG flags, const TYPE *format, ...)          \
    {                                                                                                        \
        NTSTATUS status;                                                                                     \
        va_list arguments;                                                                                   \
        va_start(arguments, format);                                                                         \
        status = haldma_strsafe_vprintf_##SUFFIX(destination, capacity, end, remaining, unit, flags, format, \
                                                 arguments);                                                 \
        va_end(arguments);                                                                                   \
        return status;                                                                                       \
    }

HALDMA_STRSAFE_FAMILY(a, char, haldma_vsnprintf)
HALDMA_STRSAFE_FAMILY(w, WCHAR, haldma_vsnwprintf)

#define HALDMA_STRSAFE_ALL      ((size_t)NTSTRSAFE_MAX_CCH) /* no bound on the source */
#define HALDMA_STRSAFE_W(bytes) ((size_t)(bytes) / sizeof(WCHAR))

/* --- RtlStringCch... ------------------------------------------------------------ */

#define RtlStringCchLengthA(s, max, out) haldma_strsafe_length_a((s), (max), (out), 1)
#define RtlStringCchCopyA(d, n, s) \
    haldma_strsafe_append_a((d), (n), FALSE, (s), HALDMA_STRSAFE_ALL, NULL, NULL, 1, 0)
#define RtlStringCchCopyNA(d, n, s, count) \
    haldma_strsafe_append_a((d), (n), FALSE, (s), (count), NULL, NULL, 1, 0)
#define RtlStringCchCopyExA(d, n, s, end, left, flags) \
    haldma_strsafe_append_a((d), (n), FALSE, (s), HALDMA_STRSAFE_ALL, (end), (left), 1, (flags))
#define RtlStringCchCopyNExA(d, n, s, count, end, left, flags) \
    haldma_strsafe_append_a((d), (n), FALSE, (s), (count), (end), (left), 1, (flags))
#define RtlStringCchCatA(d, n, s) \
    haldma_strsafe_append_a((d), (n), TRUE, (s), HALDMA_STRSAFE_ALL, NULL, NULL, 1, 0)
#define RtlStringCchCatNA(d, n, s, count) \
    haldma_strsafe_append_a((d), (n), TRUE, (s), (count), NULL, NULL, 1, 0)
#define RtlStringCchCatExA(d, n, s, end, left, flags) \
    haldma_strsafe_append_a((d), (n), TRUE, (s), HALDMA_STRSAFE_ALL, (end), (left), 1, (flags))
#define RtlStringCchCatNExA(d, n, s, count, end, left, flags) \
    haldma_strsafe_append_a((d), (n), TRUE, (s), (count), (end), (left), 1, (flags))
#define RtlStringCchVPrintfA(d, n, format, list) \
    haldma_strsafe_vprintf_a((d), (n), NULL, NULL, 1, 0, (format), (list))
#define RtlStringCchVPrintfExA(d, n, end, left, flags, format, list) \
    haldma_strsafe_vprintf_a((d), (n), (end), (left), 1, (flags), (format), (list))
#define RtlStringCchPrintfA(d, n, ...) haldma_strsafe_printf_a((d), (n), NULL, NULL, 1, 0, __VA_ARGS__)
#define RtlStringCchPrintfExA(d, n, end, left, flags, ...) \
    haldma_strsafe_printf_a((d), (n), (end), (left), 1, (flags), __VA_ARGS__)

#define RtlStringCchLengthW(s, max, out) haldma_strsafe_length_w((s), (max), (out), 1)
#define RtlStringCchCopyW(d, n, s) \
    haldma_strsafe_append_w((d), (n), FALSE, (s), HALDMA_STRSAFE_ALL, NULL, NULL, 1, 0)
#define RtlStringCchCopyNW(d, n, s, count) \
    haldma_strsafe_append_w((d), (n), FALSE, (s), (count), NULL, NULL, 1, 0)
#define RtlStringCchCopyExW(d, n, s, end, left, flags) \
    haldma_strsafe_append_w((d), (n), FALSE, (s), HALDMA_STRSAFE_ALL, (end), (left), 1, (flags))
#define RtlStringCchCopyNExW(d, n, s, count, end, left, flags) \
    haldma_strsafe_append_w((d), (n), FALSE, (s), (count), (end), (left), 1, (flags))
#define RtlStringCchCatW(d, n, s) \
    haldma_strsafe_append_w((d), (n), TRUE, (s), HALDMA_STRSAFE_ALL, NULL, NULL, 1, 0)
#define RtlStringCchCatNW(d, n, s, count) \
    haldma_strsafe_append_w((d), (n), TRUE, (s), (count), NULL, NULL, 1, 0)
#define RtlStringCchCatExW(d, n, s, end, left, flags) \
    haldma_strsafe_append_w((d), (n), TRUE, (s), HALDMA_STRSAFE_ALL, (end), (left), 1, (flags))
#define RtlStringCchCatNExW(d, n, s, count, end, left, flags) \
    haldma_strsafe_append_w((d), (n), TRUE, (s), (count), (end), (left), 1, (flags))
#define RtlStringCchVPrintfW(d, n, format, list) \
    haldma_strsafe_vprintf_w((d), (n), NULL, NULL, 1, 0, (format), (list))
#define RtlStringCchVPrintfExW(d, n, end, left, flags, format, list) \
    haldma_strsafe_vprintf_w((d), (n), (end), (left), 1, (flags), (format), (list))
#define RtlStringCchPrintfW(d, n, ...) haldma_strsafe_printf_w((d), (n), NULL, NULL, 1, 0, __VA_ARGS__)
#define RtlStringCchPrintfExW(d, n, end, left, flags, ...) \
    haldma_strsafe_printf_w((d), (n), (end), (left), 1, (flags), __VA_ARGS__)

/* --- RtlStringCb... ------------------------------------------------------------ */

#define RtlStringCbLengthA(s, max, out) haldma_strsafe_length_a((s), (max), (out), 1)
#define RtlStringCbCopyA(d, n, s) \
    haldma_strsafe_append_a((d), (n), FALSE, (s), HALDMA_STRSAFE_ALL, NULL, NULL, 1, 0)
#define RtlStringCbCopyNA(d, n, s, count) \
    haldma_strsafe_append_a((d), (n), FALSE, (s), (count), NULL, NULL, 1, 0)
#define RtlStringCbCopyExA(d, n, s, end, left, flags) \
    haldma_strsafe_append_a((d), (n), FALSE, (s), HALDMA_STRSAFE_ALL, (end), (left), 1, (flags))
#define RtlStringCbCopyNExA(d, n, s, count, end, left, flags) \
    haldma_strsafe_append_a((d), (n), FALSE, (s), (count), (end), (left), 1, (flags))
#define RtlStringCbCatA(d, n, s) \
    haldma_strsafe_append_a((d), (n), TRUE, (s), HALDMA_STRSAFE_ALL, NULL, NULL, 1, 0)
#define RtlStringCbCatNA(d, n, s, count) \
    haldma_strsafe_append_a((d), (n), TRUE, (s), (count), NULL, NULL, 1, 0)
#define RtlStringCbCatExA(d, n, s, end, left, flags) \
    haldma_strsafe_append_a((d), (n), TRUE, (s), HALDMA_STRSAFE_ALL, (end), (left), 1, (flags))
#define RtlStringCbCatNExA(d, n, s, count, end, left, flags) \
    haldma_strsafe_append_a((d), (n), TRUE, (s), (count), (end), (left), 1, (flags))
#define RtlStringCbVPrintfA(d, n, format, list) \
    haldma_strsafe_vprintf_a((d), (n), NULL, NULL, 1, 0, (format), (list))
#define RtlStringCbVPrintfExA(d, n, end, left, flags, format, list) \
    haldma_strsafe_vprintf_a((d), (n), (end), (left), 1, (flags), (format), (list))
#define RtlStringCbPrintfA(d, n, ...) haldma_strsafe_printf_a((d), (n), NULL, NULL, 1, 0, __VA_ARGS__)
#define RtlStringCbPrintfExA(d, n, end, left, flags, ...) \
    haldma_strsafe_printf_a((d), (n), (end), (left), 1, (flags), __VA_ARGS__)

#define RtlStringCbLengthW(s, max, out) \
    haldma_strsafe_length_w((s), HALDMA_STRSAFE_W(max), (out), sizeof(WCHAR))
#define RtlStringCbCopyW(d, n, s)                                                                 \
    haldma_strsafe_append_w((d), HALDMA_STRSAFE_W(n), FALSE, (s), HALDMA_STRSAFE_ALL, NULL, NULL, \
                            sizeof(WCHAR), 0)
#define RtlStringCbCopyNW(d, n, s, count)                                                              \
    haldma_strsafe_append_w((d), HALDMA_STRSAFE_W(n), FALSE, (s), HALDMA_STRSAFE_W(count), NULL, NULL, \
                            sizeof(WCHAR), 0)
#define RtlStringCbCopyExW(d, n, s, end, left, flags)                                                \
    haldma_strsafe_append_w((d), HALDMA_STRSAFE_W(n), FALSE, (s), HALDMA_STRSAFE_ALL, (end), (left), \
                            sizeof(WCHAR), (flags))
#define RtlStringCbCopyNExW(d, n, s, count, end, left, flags)                                             \
    haldma_strsafe_append_w((d), HALDMA_STRSAFE_W(n), FALSE, (s), HALDMA_STRSAFE_W(count), (end), (left), \
                            sizeof(WCHAR), (flags))
#define RtlStringCbCatW(d, n, s)                                                                 \
    haldma_strsafe_append_w((d), HALDMA_STRSAFE_W(n), TRUE, (s), HALDMA_STRSAFE_ALL, NULL, NULL, \
                            sizeof(WCHAR), 0)
#define RtlStringCbCatNW(d, n, s, count)                                                              \
    haldma_strsafe_append_w((d), HALDMA_STRSAFE_W(n), TRUE, (s), HALDMA_STRSAFE_W(count), NULL, NULL, \
                            sizeof(WCHAR), 0)
#define RtlStringCbCatExW(d, n, s, end, left, flags)                                                \
    haldma_strsafe_append_w((d), HALDMA_STRSAFE_W(n), TRUE, (s), HALDMA_STRSAFE_ALL, (end), (left), \
                            sizeof(WCHAR), (flags))
#define RtlStringCbCatNExW(d, n, s, count, end, left, flags)                                             \
    haldma_strsafe_append_w((d), HALDMA_STRSAFE_W(n), TRUE, (s), HALDMA_STRSAFE_W(count), (end), (left), \
                            sizeof(WCHAR), (flags))
#define RtlStringCbVPrintfW(d, n, format, list) \
    haldma_strsafe_vprintf_w((d), HALDMA_STRSAFE_W(n), NULL, NULL, sizeof(WCHAR), 0, (format), (list))
#define RtlStringCbVPrintfExW(d, n, end, left, flags, format, list)                                     \
    haldma_strsafe_vprintf_w((d), HALDMA_STRSAFE_W(n), (end), (left), sizeof(WCHAR), (flags), (format), \
                             (list))
#define RtlStringCbPrintfW(d, n, ...) \
    haldma_strsafe_printf_w((d), HALDMA_STRSAFE_W(n), NULL, NULL, sizeof(WCHAR), 0, __VA_ARGS__)
#define RtlStringCbPrintfExW(d, n, end, left, flags, ...) \
    haldma_strsafe_printf_w((d), HALDMA_STRSAFE_W(n), (end), (left), sizeof(WCHAR), (flags), __VA_ARGS__)

/* --- RtlUnicodeString... ------------------------------------------------------------------------ */

static __inline__ NTSTATUS RtlUnicodeStringInit(PUNICODE_STRING DestinationString, NTSTRSAFE_PCWSTR pszSrc)
{
    size_t length = 0;

    if (DestinationString == NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    DestinationString->Length = 0;
    DestinationString->MaximumLength = 0;
    DestinationString->Buffer = NULL;
    if (pszSrc == NULL) {
        return STATUS_SUCCESS;
    }
    while (pszSrc[length] != 0) {
        if (++length > NTSTRSAFE_UNICODE_STRING_MAX_CCH - 1) {
            return STATUS_INVALID_PARAMETER;
        }
    }
    DestinationString->Length = (USHORT)(length * sizeof(WCHAR));
    DestinationString->MaximumLength = (USHORT)((length + 1) * sizeof(WCHAR));
    DestinationString->Buffer = (PWCH)HALDMA_UNCONST(pszSrc);
    return STATUS_SUCCESS;
}

/* Writes "count" characters at "start" characters; the string needs no terminator. */
static __inline__ NTSTATUS haldma_strsafe_unicode(PUNICODE_STRING destination, size_t start,
                                                  const WCHAR *source, size_t count)
{
    size_t room = destination->MaximumLength / sizeof(WCHAR) - start;
    size_t n = count < room ? count : room;

    memmove(destination->Buffer + start, source, n * sizeof(WCHAR));
    destination->Length = (USHORT)((start + n) * sizeof(WCHAR));
    return n == count ? STATUS_SUCCESS : STATUS_BUFFER_OVERFLOW;
}

static __inline__ size_t haldma_strsafe_units(const WCHAR *text)
{
    size_t n = 0;

    while (n < NTSTRSAFE_UNICODE_STRING_MAX_CCH && text[n] != 0) {
        n++;
    }
    return n;
}

static __inline__ NTSTATUS RtlUnicodeStringCopy(PUNICODE_STRING DestinationString,
                                                PCUNICODE_STRING SourceString)
{
    return haldma_strsafe_unicode(DestinationString, 0, SourceString->Buffer,
                                  SourceString->Length / sizeof(WCHAR));
}

static __inline__ NTSTATUS RtlUnicodeStringCopyString(PUNICODE_STRING DestinationString,
                                                      NTSTRSAFE_PCWSTR pszSrc)
{
    return haldma_strsafe_unicode(DestinationString, 0, pszSrc, haldma_strsafe_units(pszSrc));
}

static __inline__ NTSTATUS RtlUnicodeStringCat(PUNICODE_STRING DestinationString,
                                               PCUNICODE_STRING SourceString)
{
    return haldma_strsafe_unicode(DestinationString, DestinationString->Length / sizeof(WCHAR),
                                  SourceString->Buffer, SourceString->Length / sizeof(WCHAR));
}

static __inline__ NTSTATUS RtlUnicodeStringCatString(PUNICODE_STRING DestinationString,
                                                     NTSTRSAFE_PCWSTR pszSrc)
{
    return haldma_strsafe_unicode(DestinationString, DestinationString->Length / sizeof(WCHAR), pszSrc,
                                  haldma_strsafe_units(pszSrc));
}

static __inline__ NTSTATUS RtlUnicodeStringVPrintf(PUNICODE_STRING DestinationString,
                                                   NTSTRSAFE_PCWSTR pszFormat, va_list argList)
{
    size_t room = DestinationString->MaximumLength / sizeof(WCHAR);
    int written = haldma_vsnwprintf(DestinationString->Buffer, room, pszFormat, argList);

    if (written < 0 || (size_t)written > room) {
        DestinationString->Length = (USHORT)(room * sizeof(WCHAR));
        return STATUS_BUFFER_OVERFLOW;
    }
    DestinationString->Length = (USHORT)((size_t)written * sizeof(WCHAR));
    return STATUS_SUCCESS;
}

static __inline__ NTSTATUS RtlUnicodeStringPrintf(PUNICODE_STRING DestinationString,
                                                  NTSTRSAFE_PCWSTR pszFormat, ...)
{
    NTSTATUS status;
    va_list arguments;

    va_start(arguments, pszFormat);
    status = RtlUnicodeStringVPrintf(DestinationString, pszFormat, arguments);
    va_end(arguments);
    return status;
}

#endif /* _NTSTRSAFE_H_INCLUDED_ */
