/*
 * Formatted text in the language of Windows' kernel, into any sink.
 *
 * The one formatter behind DbgPrint, _snprintf and the safe string functions. Differences from C's: `l` means
 * 32 bits, I64, I32 and I are sizes, w means wide, Z takes a counted string, S and C are of the other width,
 * p has 16 upper-case digits. There are no floating-point numbers and no %n.
 */
#ifndef HAL_RTL_FORMAT_H
#define HAL_RTL_FORMAT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Takes one character at a time. Embed it first in a structure of your own. */
struct rtl_sink {
    void (*put)(struct rtl_sink *sink, uint16_t character);
    bool hide_pointers; /* %p gives "(pointer)": text that must not depend on addresses */
};

/* So that a list of arguments can be passed by address on every target. */
struct rtl_arguments {
    va_list list;
};

/* Returns how many characters went into the sink. The format is narrow (CHAR) or wide (WCHAR). */
size_t rtl_format_narrow(struct rtl_sink *sink, const char *format, struct rtl_arguments *arguments);
size_t rtl_format_wide(struct rtl_sink *sink, const uint16_t *format, struct rtl_arguments *arguments);

#endif
