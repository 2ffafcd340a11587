/*
 * Numbers and GUIDs as text, and back.
 */
#include <stdbool.h>
#include <wdm.h>

enum {
    BASE_BINARY = 2,
    BASE_OCTAL = 8,
    BASE_DECIMAL = 10,
    BASE_HEX = 16,
    DIGITS_MAX = 64,
    GUID_CHARACTERS = 38, /* {00000000-0000-0000-0000-000000000000} */
    GUID_FIELDS_TAIL = 8,
    NO_DIGIT = 255
};

static ULONG digit_of(ULONG c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + BASE_DECIMAL;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + BASE_DECIMAL;
    return NO_DIGIT;
}

static bool base_is_legal(ULONG base)
{
    return base == 0 || base == BASE_BINARY || base == BASE_OCTAL || base == BASE_DECIMAL || base == BASE_HEX;
}

/* Characters one after the other; 0 past the end. */
struct characters {
    const CHAR *narrow; /* ends with a zero */
    const WCHAR *wide;  /* has count characters */
    size_t count;
    size_t at;
};

static ULONG peek(const struct characters *c)
{
    if (c->narrow != NULL)
        return (UCHAR)c->narrow[c->at];
    return c->at < c->count ? c->wide[c->at] : 0;
}

static ULONG base_prefix(struct characters *c)
{
    ULONG base = BASE_DECIMAL;

    if (peek(c) != '0')
        return base;
    c->at++;
    switch (peek(c)) {
    case 'x':
        base = BASE_HEX;
        break;
    case 'o':
        base = BASE_OCTAL;
        break;
    case 'b':
        base = BASE_BINARY;
        break;
    default:
        c->at--;
        return base;
    }
    c->at++;
    return base;
}

static NTSTATUS parse(struct characters *c, ULONG base, PULONG value)
{
    ULONG sum = 0;
    bool negative = false;

    if (!base_is_legal(base))
        return STATUS_INVALID_PARAMETER;
    while (peek(c) != 0 && peek(c) <= ' ')
        c->at++;
    if (peek(c) == '+' || peek(c) == '-') {
        negative = peek(c) == '-';
        c->at++;
    }
    if (base == 0)
        base = base_prefix(c);
    for (ULONG digit = digit_of(peek(c)); digit < base; digit = digit_of(peek(c))) {
        sum = sum * base + digit;
        c->at++;
    }
    *value = negative ? 0 - sum : sum;
    return STATUS_SUCCESS;
}

NTSTATUS RtlUnicodeStringToInteger(PCUNICODE_STRING String, ULONG Base, PULONG Value)
{
    struct characters c = {NULL, String->Buffer, String->Length / sizeof(WCHAR), 0};

    return parse(&c, Base, Value);
}

NTSTATUS RtlCharToInteger(PCSZ String, ULONG Base, PULONG Value)
{
    struct characters c = {String, NULL, 0, 0};

    return parse(&c, Base, Value);
}

NTSTATUS RtlInt64ToUnicodeString(ULONGLONG Value, ULONG Base, PUNICODE_STRING String)
{
    WCHAR digits[DIGITS_MAX];
    ULONG base = Base != 0 ? Base : BASE_DECIMAL;
    size_t n = 0;

    if (!base_is_legal(base))
        return STATUS_INVALID_PARAMETER;
    do {
        ULONG digit = (ULONG)(Value % base);
        digits[n++] = (WCHAR)(digit < BASE_DECIMAL ? '0' + digit : 'A' + digit - BASE_DECIMAL);
        Value /= base;
    } while (Value != 0);
    if (n * sizeof(WCHAR) > String->MaximumLength)
        return STATUS_BUFFER_OVERFLOW;
    for (size_t i = 0; i < n; i++)
        String->Buffer[i] = digits[n - 1 - i];
    String->Length = (USHORT)(n * sizeof(WCHAR));
    if (String->Length + sizeof(WCHAR) <= String->MaximumLength)
        String->Buffer[n] = 0;
    return STATUS_SUCCESS;
}

NTSTATUS RtlIntegerToUnicodeString(ULONG Value, ULONG Base, PUNICODE_STRING String)
{
    return RtlInt64ToUnicodeString(Value, Base, String);
}

/* ---- GUIDs ------------------------------------------------------------------------------------------------
 */

/* What stands where: each x is a hexadecimal digit. */
static const char guid_shape[GUID_CHARACTERS + 1] = "{xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx}";

/* The GUID's bytes in the order in which their digits are written. */
static UCHAR *guid_byte(GUID *g, size_t index)
{
    static const UCHAR place[] = {3, 2, 1, 0, 5, 4, 7, 6};

    return (UCHAR *)g + (index < GUID_FIELDS_TAIL ? place[index] : index);
}

NTSTATUS RtlStringFromGUID(REFGUID Guid, PUNICODE_STRING GuidString)
{
    static const char digits[] = "0123456789ABCDEF";
    size_t bytes = (GUID_CHARACTERS + 1) * sizeof(WCHAR);
    GUID g = *Guid;
    size_t nibble = 0;

    /* Any string that is allocated here is freed with RtlFreeUnicodeString: take its allocator. */
    UNICODE_STRING model = {(USHORT)(bytes - sizeof(WCHAR)), (USHORT)bytes, NULL};
    WCHAR text[GUID_CHARACTERS + 1];
    for (size_t i = 0; i < GUID_CHARACTERS; i++) {
        if (guid_shape[i] != 'x') {
            text[i] = (WCHAR)guid_shape[i];
            continue;
        }
        UCHAR byte = *guid_byte(&g, nibble / 2);
        text[i] = (WCHAR)digits[nibble % 2 == 0 ? byte >> 4 : byte & 0xF];
        nibble++;
    }
    text[GUID_CHARACTERS] = 0;
    model.Buffer = text;
    enum { NULL_TERMINATED = 1 };
    return RtlDuplicateUnicodeString(NULL_TERMINATED, &model, GuidString);
}

NTSTATUS RtlGUIDFromString(PCUNICODE_STRING GuidString, GUID *Guid)
{
    GUID g;
    size_t nibble = 0;

    if (GuidString->Length / sizeof(WCHAR) < GUID_CHARACTERS)
        return STATUS_INVALID_PARAMETER;
    memset(&g, 0, sizeof g);
    for (size_t i = 0; i < GUID_CHARACTERS; i++) {
        ULONG c = GuidString->Buffer[i];
        if (guid_shape[i] != 'x') {
            if (c != (ULONG)(UCHAR)guid_shape[i])
                return STATUS_INVALID_PARAMETER;
            continue;
        }
        ULONG digit = digit_of(c);
        if (digit == NO_DIGIT)
            return STATUS_INVALID_PARAMETER;
        UCHAR *byte = guid_byte(&g, nibble / 2);
        *byte = (UCHAR)((ULONG)*byte << 4 | digit);
        nibble++;
    }
    *Guid = g;
    return STATUS_SUCCESS;
}
