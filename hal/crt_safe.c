/*
 * The C run-time library of the kernel: the functions that are told how much room there is, and formatted
 * printing.
 *
 * A copy that does not fit leaves an empty string and an error number, where the Microsoft library would end
 * the program.
 */
#include "hal/include/crt/stdio.h"
#include "hal/include/crt/string.h"

enum { ERROR_INVALID = 22, ERROR_RANGE = 34 };

int haldma_strcpy_s(char *destination, size_t size, const char *source)
{
    if (destination == NULL || size == 0)
        return ERROR_INVALID;
    destination[0] = '\0';
    if (source == NULL)
        return ERROR_INVALID;
    size_t n = strlen(source);
    if (n >= size)
        return ERROR_RANGE;
    memcpy(destination, source, n + 1);
    return 0;
}

int haldma_strcat_s(char *destination, size_t size, const char *source)
{
    size_t used = destination != NULL ? strnlen(destination, size) : size;

    if (used == size || source == NULL)
        return ERROR_INVALID;
    if (strlen(source) >= size - used) {
        destination[0] = '\0';
        return ERROR_RANGE;
    }
    return haldma_strcpy_s(destination + used, size - used, source);
}

int haldma_wcscpy_s(wchar_t *destination, size_t size, const wchar_t *source)
{
    if (destination == NULL || size == 0)
        return ERROR_INVALID;
    destination[0] = 0;
    if (source == NULL)
        return ERROR_INVALID;
    size_t n = haldma_wcslen(source);
    if (n >= size)
        return ERROR_RANGE;
    memcpy(destination, source, (n + 1) * sizeof(wchar_t));
    return 0;
}

int haldma_wcscat_s(wchar_t *destination, size_t size, const wchar_t *source)
{
    size_t used = destination != NULL ? haldma_wcsnlen(destination, size) : size;

    if (used == size || source == NULL)
        return ERROR_INVALID;
    if (haldma_wcslen(source) >= size - used) {
        destination[0] = 0;
        return ERROR_RANGE;
    }
    return haldma_wcscpy_s(destination + used, size - used, source);
}

static int check_memory(void *destination, size_t size, const void *source, size_t count)
{
    if (count == 0)
        return 0;
    if (destination == NULL)
        return ERROR_INVALID;
    if (source == NULL || count > size) {
        memset(destination, 0, size);
        return source == NULL ? ERROR_INVALID : ERROR_RANGE;
    }
    return 0;
}

int haldma_memcpy_s(void *destination, size_t size, const void *source, size_t count)
{
    int error = check_memory(destination, size, source, count);

    if (error == 0 && count != 0)
        memcpy(destination, source, count);
    return error;
}

int haldma_memmove_s(void *destination, size_t size, const void *source, size_t count)
{
    int error = check_memory(destination, size, source, count);

    if (error == 0 && count != 0)
        memmove(destination, source, count);
    return error;
}

/* ---- Formatted printing (haldma_vsnprintf and haldma_vsnwprintf are in rtl_format.c) ----------------------
 */

/* What is printed without a limit ends here: INT_MAX bytes are more than any buffer has. */
#define NO_LIMIT ((size_t)0x7FFFFFFF)

int haldma_snprintf(char *buffer, size_t count, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    int n = haldma_vsnprintf(buffer, count, format, arguments);
    va_end(arguments);
    return n;
}

int haldma_snwprintf(wchar_t *buffer, size_t count, const wchar_t *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    int n = haldma_vsnwprintf(buffer, count, format, arguments);
    va_end(arguments);
    return n;
}

int haldma_vsprintf(char *buffer, const char *format, va_list arguments)
{
    return haldma_vsnprintf(buffer, NO_LIMIT, format, arguments);
}

int haldma_sprintf(char *buffer, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    int n = haldma_vsprintf(buffer, format, arguments);
    va_end(arguments);
    return n;
}

int haldma_swprintf(wchar_t *buffer, const wchar_t *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    int n = haldma_vsnwprintf(buffer, NO_LIMIT, format, arguments);
    va_end(arguments);
    return n;
}

int haldma_sprintf_s(char *buffer, size_t size, const char *format, ...)
{
    va_list arguments;

    if (size == 0)
        return -1;
    va_start(arguments, format);
    int n = haldma_vsnprintf(buffer, size - 1, format, arguments);
    va_end(arguments);
    buffer[n >= 0 ? (size_t)n : size - 1] = '\0';
    return n;
}

int haldma_swprintf_s(wchar_t *buffer, size_t size, const wchar_t *format, ...)
{
    va_list arguments;

    if (size == 0)
        return -1;
    va_start(arguments, format);
    int n = haldma_vsnwprintf(buffer, size - 1, format, arguments);
    va_end(arguments);
    buffer[n >= 0 ? (size_t)n : size - 1] = 0;
    return n;
}
