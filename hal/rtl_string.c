/*
 * Counted strings: UNICODE_STRING and ANSI_STRING.
 *
 * Case is that of ASCII and Latin-1. The ANSI code page has the first 256 Unicode characters; what it has not
 * becomes
 * '?'. Buffers that these functions allocate come from paged pool, as on Windows.
 */
#include <stdint.h>
#include <wdm.h>

#include "hal/ops.h"
#include "hal/pool.h"

/* The tag of strings that the run-time library allocates: "Strg", first character in the low byte. */
#define STRING_TAG 0x67727453u

enum {
    ANSI_CHARACTERS = 256,
    CASE_DISTANCE = 'a' - 'A',
    LATIN1_UPPER_FIRST = 0xC0,
    LATIN1_UPPER_LAST = 0xDE,
    LATIN1_TIMES = 0xD7,
    LATIN1_LOWER_FIRST = 0xE0,
    LATIN1_LOWER_LAST = 0xFE,
    LATIN1_DIVIDE = 0xF7,
    LATIN1_Y_DIAERESIS = 0xFF,
    Y_DIAERESIS_UPPER = 0x178,
    STRING_BYTES_MAX = 0xFFFE,
    HASH_FACTOR_X65599 = 65599
};

static size_t wide_length(const WCHAR *s)
{
    size_t n = 0;

    while (s[n] != 0)
        n++;
    return n;
}

WCHAR RtlUpcaseUnicodeChar(WCHAR SourceCharacter)
{
    WCHAR c = SourceCharacter;

    if (c >= L'a' && c <= L'z')
        return (WCHAR)(c - CASE_DISTANCE);
    if (c >= LATIN1_LOWER_FIRST && c <= LATIN1_LOWER_LAST && c != LATIN1_DIVIDE)
        return (WCHAR)(c - CASE_DISTANCE);
    return c == LATIN1_Y_DIAERESIS ? (WCHAR)Y_DIAERESIS_UPPER : c;
}

WCHAR RtlDowncaseUnicodeChar(WCHAR SourceCharacter)
{
    WCHAR c = SourceCharacter;

    if (c >= L'A' && c <= L'Z')
        return (WCHAR)(c + CASE_DISTANCE);
    if (c >= LATIN1_UPPER_FIRST && c <= LATIN1_UPPER_LAST && c != LATIN1_TIMES)
        return (WCHAR)(c + CASE_DISTANCE);
    return c == Y_DIAERESIS_UPPER ? (WCHAR)LATIN1_Y_DIAERESIS : c;
}

CHAR RtlUpperChar(CHAR Character)
{
    return Character >= 'a' && Character <= 'z' ? (CHAR)(Character - CASE_DISTANCE) : Character;
}

/* ---- Initialising and copying -----------------------------------------------------------------------------
 */

VOID RtlInitString(PSTRING DestinationString, PCSZ SourceString)
{
    size_t length = SourceString != NULL ? strlen(SourceString) : 0;

    if (length > STRING_BYTES_MAX)
        length = STRING_BYTES_MAX;
    DestinationString->Buffer = (PCHAR)(ULONG_PTR)SourceString;
    DestinationString->Length = (USHORT)length;
    DestinationString->MaximumLength = SourceString != NULL ? (USHORT)(length + 1) : 0;
}

VOID RtlInitAnsiString(PANSI_STRING DestinationString, PCSZ SourceString)
{
    RtlInitString(DestinationString, SourceString);
}

VOID RtlInitUnicodeString(PUNICODE_STRING DestinationString, PCWSTR SourceString)
{
    size_t bytes = SourceString != NULL ? wide_length(SourceString) * sizeof(WCHAR) : 0;

    if (bytes > STRING_BYTES_MAX - sizeof(WCHAR))
        bytes = STRING_BYTES_MAX - sizeof(WCHAR);
    DestinationString->Buffer = (PWCH)(ULONG_PTR)SourceString;
    DestinationString->Length = (USHORT)bytes;
    DestinationString->MaximumLength = SourceString != NULL ? (USHORT)(bytes + sizeof(WCHAR)) : 0;
}

VOID RtlCopyString(PSTRING DestinationString, const STRING *SourceString)
{
    USHORT bytes = SourceString != NULL ? SourceString->Length : 0;

    if (bytes > DestinationString->MaximumLength)
        bytes = DestinationString->MaximumLength;
    if (bytes != 0)
        memmove(DestinationString->Buffer, SourceString->Buffer, bytes);
    DestinationString->Length = bytes;
}

/* Puts a terminator behind the string where there is room for one. */
static void terminate(PUNICODE_STRING s)
{
    if (s->Length + sizeof(WCHAR) <= s->MaximumLength)
        s->Buffer[s->Length / sizeof(WCHAR)] = 0;
}

VOID RtlCopyUnicodeString(PUNICODE_STRING DestinationString, PCUNICODE_STRING SourceString)
{
    USHORT bytes = SourceString != NULL ? SourceString->Length : 0;

    if (bytes > DestinationString->MaximumLength)
        bytes = DestinationString->MaximumLength;
    if (bytes != 0)
        memmove(DestinationString->Buffer, SourceString->Buffer, bytes);
    DestinationString->Length = bytes;
    if (SourceString != NULL)
        terminate(DestinationString);
}

static NTSTATUS append(PUNICODE_STRING to, const WCHAR *from, size_t bytes)
{
    if (bytes == 0)
        return STATUS_SUCCESS;
    if (to->Length + bytes > to->MaximumLength)
        return STATUS_BUFFER_TOO_SMALL;
    memmove((UCHAR *)to->Buffer + to->Length, from, bytes);
    to->Length = (USHORT)(to->Length + bytes);
    terminate(to);
    return STATUS_SUCCESS;
}

NTSTATUS RtlAppendUnicodeStringToString(PUNICODE_STRING Destination, PCUNICODE_STRING Source)
{
    return append(Destination, Source->Buffer, Source->Length);
}

NTSTATUS RtlAppendUnicodeToString(PUNICODE_STRING Destination, PCWSTR Source)
{
    return Source != NULL ? append(Destination, Source, wide_length(Source) * sizeof(WCHAR)) : STATUS_SUCCESS;
}

/* ---- Comparing --------------------------------------------------------------------------------------------
 */

LONG RtlCompareString(const STRING *String1, const STRING *String2, BOOLEAN CaseInSensitive)
{
    USHORT shorter = String1->Length < String2->Length ? String1->Length : String2->Length;

    for (USHORT i = 0; i < shorter; i++) {
        UCHAR a = (UCHAR)(CaseInSensitive ? RtlUpperChar(String1->Buffer[i]) : String1->Buffer[i]);
        UCHAR b = (UCHAR)(CaseInSensitive ? RtlUpperChar(String2->Buffer[i]) : String2->Buffer[i]);
        if (a != b)
            return (LONG)a - (LONG)b;
    }
    return (LONG)String1->Length - (LONG)String2->Length;
}

BOOLEAN RtlEqualString(const STRING *String1, const STRING *String2, BOOLEAN CaseInSensitive)
{
    return String1->Length == String2->Length && RtlCompareString(String1, String2, CaseInSensitive) == 0;
}

LONG RtlCompareUnicodeString(PCUNICODE_STRING String1, PCUNICODE_STRING String2, BOOLEAN CaseInSensitive)
{
    USHORT shorter = String1->Length < String2->Length ? String1->Length : String2->Length;

    for (USHORT i = 0; i < shorter / sizeof(WCHAR); i++) {
        WCHAR a = CaseInSensitive ? RtlUpcaseUnicodeChar(String1->Buffer[i]) : String1->Buffer[i];
        WCHAR b = CaseInSensitive ? RtlUpcaseUnicodeChar(String2->Buffer[i]) : String2->Buffer[i];
        if (a != b)
            return (LONG)a - (LONG)b;
    }
    return (LONG)String1->Length - (LONG)String2->Length;
}

BOOLEAN RtlEqualUnicodeString(PCUNICODE_STRING String1, PCUNICODE_STRING String2, BOOLEAN CaseInSensitive)
{
    return String1->Length == String2->Length &&
           RtlCompareUnicodeString(String1, String2, CaseInSensitive) == 0;
}

BOOLEAN RtlPrefixUnicodeString(PCUNICODE_STRING String1, PCUNICODE_STRING String2, BOOLEAN CaseInSensitive)
{
    UNICODE_STRING head = *String2;

    if (String1->Length > String2->Length)
        return FALSE;
    head.Length = String1->Length;
    return RtlEqualUnicodeString(String1, &head, CaseInSensitive);
}

NTSTATUS RtlHashUnicodeString(PCUNICODE_STRING String, BOOLEAN CaseInSensitive, ULONG HashAlgorithm,
                              PULONG HashValue)
{
    ULONG hash = 0;

    if (String == NULL || HashValue == NULL ||
        (HashAlgorithm != HASH_STRING_ALGORITHM_DEFAULT && HashAlgorithm != HASH_STRING_ALGORITHM_X65599))
        return STATUS_INVALID_PARAMETER;
    for (USHORT i = 0; i < String->Length / sizeof(WCHAR); i++)
        hash = hash * HASH_FACTOR_X65599 +
               (CaseInSensitive ? RtlUpcaseUnicodeChar(String->Buffer[i]) : String->Buffer[i]);
    *HashValue = hash;
    return STATUS_SUCCESS;
}

/* ---- Converting -------------------------------------------------------------------------------------------
 */

static void *string_alloc(size_t bytes)
{
    return hal_pool_take(HAL_OP_RTL_STRING, PagedPool, bytes, STRING_TAG);
}

static NTSTATUS convert_case(PUNICODE_STRING to, PCUNICODE_STRING from, BOOLEAN allocate,
                             WCHAR (*convert)(WCHAR))
{
    if (allocate) {
        to->Buffer = string_alloc(from->Length);
        if (to->Buffer == NULL)
            return STATUS_NO_MEMORY;
        to->MaximumLength = from->Length;
    } else if (to->MaximumLength < from->Length) {
        return STATUS_BUFFER_OVERFLOW;
    }
    for (USHORT i = 0; i < from->Length / sizeof(WCHAR); i++)
        to->Buffer[i] = convert(from->Buffer[i]);
    to->Length = from->Length;
    return STATUS_SUCCESS;
}

NTSTATUS RtlUpcaseUnicodeString(PUNICODE_STRING DestinationString, PCUNICODE_STRING SourceString,
                                BOOLEAN AllocateDestinationString)
{
    return convert_case(DestinationString, SourceString, AllocateDestinationString, RtlUpcaseUnicodeChar);
}

NTSTATUS RtlDowncaseUnicodeString(PUNICODE_STRING DestinationString, PCUNICODE_STRING SourceString,
                                  BOOLEAN AllocateDestinationString)
{
    return convert_case(DestinationString, SourceString, AllocateDestinationString, RtlDowncaseUnicodeChar);
}

VOID RtlUpperString(PSTRING DestinationString, const STRING *SourceString)
{
    RtlCopyString(DestinationString, SourceString);
    for (USHORT i = 0; i < DestinationString->Length; i++)
        DestinationString->Buffer[i] = RtlUpperChar(DestinationString->Buffer[i]);
}

ULONG RtlxUnicodeStringToAnsiSize(PCUNICODE_STRING UnicodeString)
{
    return (ULONG)(UnicodeString->Length / sizeof(WCHAR)) + 1;
}

ULONG RtlxAnsiStringToUnicodeSize(PCANSI_STRING AnsiString)
{
    return (ULONG)((AnsiString->Length + 1u) * sizeof(WCHAR));
}

NTSTATUS RtlUnicodeStringToAnsiString(PANSI_STRING DestinationString, PCUNICODE_STRING SourceString,
                                      BOOLEAN AllocateDestinationString)
{
    ULONG bytes = RtlxUnicodeStringToAnsiSize(SourceString);
    USHORT length = (USHORT)(bytes - 1);
    NTSTATUS status = STATUS_SUCCESS;

    if (AllocateDestinationString) {
        DestinationString->Buffer = string_alloc(bytes);
        if (DestinationString->Buffer == NULL)
            return STATUS_NO_MEMORY;
        DestinationString->MaximumLength = (USHORT)bytes;
    } else if (DestinationString->MaximumLength < bytes) {
        if (DestinationString->MaximumLength == 0)
            return STATUS_BUFFER_OVERFLOW;
        length = (USHORT)(DestinationString->MaximumLength - 1);
        status = STATUS_BUFFER_OVERFLOW;
    }
    for (USHORT i = 0; i < length; i++) {
        WCHAR c = SourceString->Buffer[i];
        DestinationString->Buffer[i] = (CHAR)(c < ANSI_CHARACTERS ? c : '?');
    }
    DestinationString->Buffer[length] = '\0';
    DestinationString->Length = length;
    return status;
}

NTSTATUS RtlAnsiStringToUnicodeString(PUNICODE_STRING DestinationString, PCANSI_STRING SourceString,
                                      BOOLEAN AllocateDestinationString)
{
    ULONG bytes = RtlxAnsiStringToUnicodeSize(SourceString);

    if (bytes > STRING_BYTES_MAX)
        return STATUS_INVALID_PARAMETER_2;
    if (AllocateDestinationString) {
        DestinationString->Buffer = string_alloc(bytes);
        if (DestinationString->Buffer == NULL)
            return STATUS_NO_MEMORY;
        DestinationString->MaximumLength = (USHORT)bytes;
    } else if (DestinationString->MaximumLength < bytes) {
        return STATUS_BUFFER_OVERFLOW;
    }
    for (USHORT i = 0; i < SourceString->Length; i++)
        DestinationString->Buffer[i] = (WCHAR)(UCHAR)SourceString->Buffer[i];
    DestinationString->Length = (USHORT)(bytes - sizeof(WCHAR));
    DestinationString->Buffer[SourceString->Length] = 0;
    return STATUS_SUCCESS;
}

NTSTATUS RtlDuplicateUnicodeString(ULONG Flags, PCUNICODE_STRING StringIn, PUNICODE_STRING StringOut)
{
    enum { NULL_TERMINATE = 1, ALLOCATE_NULL_STRING = 2, ALL_FLAGS = 3 };

    if (StringIn == NULL || StringOut == NULL || (Flags & ~(ULONG)ALL_FLAGS) != 0 ||
        Flags == ALLOCATE_NULL_STRING)
        return STATUS_INVALID_PARAMETER;
    size_t extra = (Flags & NULL_TERMINATE) != 0 ? sizeof(WCHAR) : 0;
    memset(StringOut, 0, sizeof *StringOut);
    if (StringIn->Length == 0 && Flags != ALL_FLAGS)
        return STATUS_SUCCESS;
    StringOut->Buffer = string_alloc(StringIn->Length + extra);
    if (StringOut->Buffer == NULL)
        return STATUS_NO_MEMORY;
    StringOut->MaximumLength = (USHORT)(StringIn->Length + extra);
    RtlCopyUnicodeString(StringOut, StringIn);
    return STATUS_SUCCESS;
}

VOID RtlFreeUnicodeString(PUNICODE_STRING UnicodeString)
{
    if (UnicodeString->Buffer != NULL)
        ExFreePool(UnicodeString->Buffer); /* whoever allocated it */
    memset(UnicodeString, 0, sizeof *UnicodeString);
}

VOID RtlFreeAnsiString(PANSI_STRING AnsiString)
{
    if (AnsiString->Buffer != NULL)
        ExFreePool(AnsiString->Buffer);
    memset(AnsiString, 0, sizeof *AnsiString);
}
