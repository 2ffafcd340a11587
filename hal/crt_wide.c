/*
 * The C run-time library of the kernel: strings of 16-bit characters, and the spellings that libc has not.
 *
 * libc's wide functions take 32-bit characters and must not be called from here or from a driver.
 */
#include "hal/include/crt/ctype.h"
#include "hal/include/crt/stdlib.h"
#include "hal/include/crt/string.h"

enum { CASE_DISTANCE = 'a' - 'A', BASE_OCTAL = 8, BASE_DECIMAL = 10, BASE_HEX = 16, BASE_MAX = 36 };

/* ---- Case -------------------------------------------------------------------------------------------------
 */

wchar_t haldma_towlower(wchar_t character)
{
    return character >= 'A' && character <= 'Z' ? (wchar_t)(character + CASE_DISTANCE) : character;
}

wchar_t haldma_towupper(wchar_t character)
{
    return character >= 'a' && character <= 'z' ? (wchar_t)(character - CASE_DISTANCE) : character;
}

wchar_t *haldma_wcsupr(wchar_t *text)
{
    for (wchar_t *at = text; *at != 0; at++)
        *at = haldma_towupper(*at);
    return text;
}

wchar_t *haldma_wcslwr(wchar_t *text)
{
    for (wchar_t *at = text; *at != 0; at++)
        *at = haldma_towlower(*at);
    return text;
}

char *haldma_strupr(char *text)
{
    for (char *at = text; *at != '\0'; at++)
        *at = (char)haldma_towupper((wchar_t)(unsigned char)*at);
    return text;
}

char *haldma_strlwr(char *text)
{
    for (char *at = text; *at != '\0'; at++)
        *at = (char)haldma_towlower((wchar_t)(unsigned char)*at);
    return text;
}

/* ---- Length and order -------------------------------------------------------------------------------------
 */

size_t haldma_wcsnlen(const wchar_t *text, size_t size)
{
    size_t n = 0;

    while (n < size && text[n] != 0)
        n++;
    return n;
}

size_t haldma_wcslen(const wchar_t *text)
{
    return haldma_wcsnlen(text, (size_t)-1);
}

static int compare(const wchar_t *left, const wchar_t *right, size_t count, int any_case)
{
    for (size_t i = 0; i < count; i++) {
        wchar_t a = any_case ? haldma_towlower(left[i]) : left[i];
        wchar_t b = any_case ? haldma_towlower(right[i]) : right[i];
        if (a != b)
            return a < b ? -1 : 1;
        if (a == 0)
            break;
    }
    return 0;
}

int haldma_wcscmp(const wchar_t *left, const wchar_t *right)
{
    return compare(left, right, (size_t)-1, 0);
}

int haldma_wcsncmp(const wchar_t *left, const wchar_t *right, size_t count)
{
    return compare(left, right, count, 0);
}

int haldma_wcsicmp(const wchar_t *left, const wchar_t *right)
{
    return compare(left, right, (size_t)-1, 1);
}

int haldma_wcsnicmp(const wchar_t *left, const wchar_t *right, size_t count)
{
    return compare(left, right, count, 1);
}

/* ---- Copying ----------------------------------------------------------------------------------------------
 */

wchar_t *haldma_wcscpy(wchar_t *destination, const wchar_t *source)
{
    memcpy(destination, source, (haldma_wcslen(source) + 1) * sizeof(wchar_t));
    return destination;
}

wchar_t *haldma_wcsncpy(wchar_t *destination, const wchar_t *source, size_t count)
{
    size_t n = haldma_wcsnlen(source, count);

    memcpy(destination, source, n * sizeof(wchar_t));
    memset(destination + n, 0, (count - n) * sizeof(wchar_t));
    return destination;
}

wchar_t *haldma_wcscat(wchar_t *destination, const wchar_t *source)
{
    haldma_wcscpy(destination + haldma_wcslen(destination), source);
    return destination;
}

wchar_t *haldma_wcsncat(wchar_t *destination, const wchar_t *source, size_t count)
{
    size_t n = haldma_wcsnlen(source, count);
    wchar_t *end = destination + haldma_wcslen(destination);

    memcpy(end, source, n * sizeof(wchar_t));
    end[n] = 0;
    return destination;
}

/* ---- Searching: the result points into what was given, as libc's functions have it -----------------------
 */

static wchar_t *without_const(const wchar_t *text)
{
    wchar_t *same;

    memcpy(&same, &text, sizeof same);
    return same;
}

wchar_t *haldma_wcschr(const wchar_t *text, wchar_t character)
{
    while (*text != character && *text != 0)
        text++;
    return *text == character ? without_const(text) : NULL;
}

wchar_t *haldma_wcsrchr(const wchar_t *text, wchar_t character)
{
    size_t n = haldma_wcslen(text) + 1;

    while (n > 0 && text[n - 1] != character)
        n--;
    return n > 0 ? without_const(text + n - 1) : NULL;
}

wchar_t *haldma_wcsstr(const wchar_t *text, const wchar_t *wanted)
{
    size_t n = haldma_wcslen(wanted);

    for (;; text++) {
        if (haldma_wcsncmp(text, wanted, n) == 0)
            return without_const(text);
        if (*text == 0)
            return NULL;
    }
}

/* ---- Numbers: unsigned long has 32 bits -------------------------------------------------------------------
 */

static unsigned digit_of(wchar_t c)
{
    if (c >= '0' && c <= '9')
        return (unsigned)(c - '0');
    c = haldma_towlower(c);
    return c >= 'a' && c <= 'z' ? (unsigned)(c - 'a') + BASE_DECIMAL : BASE_MAX;
}

/* A character of either kind of string. */
static wchar_t at(const char *narrow, const wchar_t *wide, size_t index)
{
    return narrow != NULL ? (wchar_t)(unsigned char)narrow[index] : wide[index];
}

/* How many characters belong to the number; 0 when there is none. */
static size_t parse(const char *narrow, const wchar_t *wide, int base, unsigned *value)
{
    size_t n = 0;
    size_t digits = 0;
    unsigned long long sum = 0;
    int negative = 0;

    *value = 0;
    while (at(narrow, wide, n) == ' ' || (at(narrow, wide, n) >= '\t' && at(narrow, wide, n) <= '\r'))
        n++;
    if (at(narrow, wide, n) == '+' || at(narrow, wide, n) == '-')
        negative = at(narrow, wide, n++) == '-';
    if ((base == 0 || base == BASE_HEX) && at(narrow, wide, n) == '0' &&
        haldma_towlower(at(narrow, wide, n + 1)) == 'x' && digit_of(at(narrow, wide, n + 2)) < BASE_HEX) {
        n += 2;
        base = BASE_HEX;
    } else if (base == 0) {
        base = at(narrow, wide, n) == '0' ? BASE_OCTAL : BASE_DECIMAL;
    }
    for (unsigned d = digit_of(at(narrow, wide, n)); d < (unsigned)base; d = digit_of(at(narrow, wide, n))) {
        sum = sum * (unsigned)base + d;
        if (sum > 0xFFFFFFFFull)
            sum = 0xFFFFFFFFull;
        n++;
        digits++;
    }
    *value = negative ? 0u - (unsigned)sum : (unsigned)sum;
    return digits != 0 ? n : 0;
}

unsigned int haldma_strtoul(const char *text, char **end, int base)
{
    unsigned value;
    size_t n = parse(text, NULL, base, &value);

    if (end != NULL) {
        const char *rest = text + n;
        memcpy(end, &rest, sizeof rest);
    }
    return value;
}

unsigned int haldma_wcstoul(const wchar_t *text, wchar_t **end, int base)
{
    unsigned value;
    size_t n = parse(NULL, text, base, &value);

    if (end != NULL)
        *end = without_const(text + n);
    return value;
}

int haldma_wtoi(const wchar_t *text)
{
    return (int)haldma_wcstoul(text, NULL, BASE_DECIMAL);
}
