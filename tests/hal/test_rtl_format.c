/*
 * The formatter, through _snprintf and _snwprintf, and the C run-time library of the kernel.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <wdm.h>

#include "hal/include/crt/stdio.h"
#include "hal/include/crt/stdlib.h"
#include "hal/include/crt/string.h"

enum { ROOM = 128 };

static char text[ROOM];

static const char *format(const char *f, ...)
{
    va_list arguments;

    va_start(arguments, f);
    memset(text, 'x', sizeof text);
    haldma_vsnprintf(text, sizeof text, f, arguments);
    va_end(arguments);
    return text;
}

/* rule: RTL-FORMAT-1 */
static void integers_have_the_sizes_of_windows(void **state)
{
    (void)state;
    assert_string_equal(format("%d %i %u", -1, 2, 3u), "-1 2 3");
    assert_string_equal(format("%ld|%lu|%lx", -1, 0xFFFFFFFFu, 0xABCDu), "-1|4294967295|abcd");
    assert_string_equal(format("%I64x %I64d %I64u", 0x123456789ABCDEFull, -1ll, ~0ull),
                        "123456789abcdef -1 18446744073709551615");
    assert_string_equal(format("%I32x %I32d", 0xFFFFFFFFu, -7), "ffffffff -7");
    assert_string_equal(format("%Ix %Id", 0x123456789Aull, -5ll), "123456789a -5");
    assert_string_equal(format("%llx %lld", 0x123456789Aull, -5ll), "123456789a -5");
    assert_string_equal(format("%zu", (size_t)5), "5");
    assert_string_equal(format("%hd %hu %hx", 0x12345, 0x12345, 0x12345), "9029 9029 2345");
    assert_string_equal(format("%hhx", 0x1234), "34");
    assert_string_equal(format("%d %d", -2147483647 - 1, 0), "-2147483648 0");
    assert_string_equal(format("%I64d", (LONGLONG)0x8000000000000000ull), "-9223372036854775808");
}

/* rule: RTL-FORMAT-2 */
static void flags_width_and_precision_lay_numbers_out(void **state)
{
    (void)state;
    assert_string_equal(format("[%5d] [%-5d] [%05d]", 42, 42, 42), "[   42] [42   ] [00042]");
    assert_string_equal(format("[%+d] [% d] [%+d]", 1, 1, -1), "[+1] [ 1] [-1]");
    assert_string_equal(format("[%08lx] [%#x] [%#010X]", 0xBEEFu, 0xBEEFu, 0xBEEFu),
                        "[0000beef] [0xbeef] [0X0000BEEF]");
    assert_string_equal(format("[%.5d] [%8.5d] [%.0d]", 42, 42, 0), "[00042] [   00042] []");
    assert_string_equal(format("[%*d] [%-*d] [%*d]", 5, 42, 5, 42, -5, 42), "[   42] [42   ] [42   ]");
    assert_string_equal(format("[%.*d]", 4, 7), "[0007]");
    assert_string_equal(format("%o %#o", 8u, 8u), "10 010");
    assert_string_equal(format("100%%"), "100%");
}

/* rule: RTL-FORMAT-3 */
static void strings_of_both_widths_and_counted_ones_are_printed(void **state)
{
    char abcdef[] = "abcdef";
    STRING counted = {3, sizeof abcdef, abcdef};
    UNICODE_STRING wide = {6, 16, (PWCH)(ULONG_PTR)L"wxyzzz"};

    (void)state;
    assert_string_equal(format("%s|%hs", "narrow", "also"), "narrow|also");
    assert_string_equal(format("%ws|%ls|%S", L"wide", L"also", L"too"), "wide|also|too");
    assert_string_equal(format("%wZ|%Z|%hZ", &wide, &counted, &counted), "wxy|abc|abc");
    assert_string_equal(format("%c%C%wc%hc", 'a', L'b', L'c', 'd'), "abcd");
    assert_string_equal(format("[%.2s] [%5s] [%-5s] [%.*s]", "abc", "abc", "abc", 1, "abc"),
                        "[ab] [  abc] [abc  ] [a]");
    assert_string_equal(format("%s %ws %wZ", (char *)NULL, (WCHAR *)NULL, (PUNICODE_STRING)NULL),
                        "(null) (null) (null)");
    assert_string_equal(format("[%5.1wZ]", &wide), "[    w]");
}

/* rule: RTL-FORMAT-4 */
static void a_pointer_has_sixteen_upper_case_digits(void **state)
{
    (void)state;
    assert_string_equal(format("%p", (void *)(uintptr_t)0xABC), "0000000000000ABC");
    assert_string_equal(format("[%20p]", (void *)(uintptr_t)0xABC), "[    0000000000000ABC]");
}

/* rule: RTL-FORMAT-5 */
static void an_unknown_directive_is_shown_as_it_is_written(void **state)
{
    (void)state;
    assert_string_equal(format("%q %d", 1), "q 1");
    assert_string_equal(format("end %"), "end ");
}

/* rule: RTL-FORMAT-6 */
static void snprintf_terminates_only_where_there_is_room(void **state)
{
    char small[5] = {'x', 'x', 'x', 'x', 'x'};
    WCHAR wide[8];

    (void)state;
    assert_int_equal(haldma_snprintf(small, 4, "abc"), 3);
    assert_string_equal(small, "abc");
    memset(small, 'x', sizeof small);
    assert_int_equal(haldma_snprintf(small, 4, "abcd"), 4);
    assert_int_equal(small[4], 'x');
    assert_int_equal(haldma_snprintf(small, 4, "abcde"), -1);
    assert_int_equal(haldma_snwprintf(wide, 8, L"%s-%S", L"w", "n"), 3);
    assert_int_equal(haldma_wcscmp(wide, L"w-n"), 0);
    assert_int_equal(haldma_sprintf_s(small, 4, "abcde"), -1);
    assert_string_equal(small, "abc");
    assert_int_equal(haldma_sprintf_s(small, 5, "%d", 1234), 4);
    assert_string_equal(small, "1234");
}

/* rule: RTL-CRT-1 */
static void wide_strings_have_characters_of_16_bits(void **state)
{
    WCHAR buffer[16];
    WCHAR *end;

    (void)state;
    assert_int_equal(haldma_wcslen(L"ab"), 2);
    assert_int_equal(haldma_wcsnlen(L"abcd", 3), 3);
    assert_true(haldma_wcscmp(L"a", L"b") < 0);
    assert_true(haldma_wcscmp(L"b", L"a") > 0);
    assert_int_equal(haldma_wcsncmp(L"abc", L"abd", 2), 0);
    assert_int_equal(haldma_wcsicmp(L"ABC", L"abc"), 0);
    assert_int_equal(haldma_wcsnicmp(L"ABX", L"abc", 2), 0);
    haldma_wcscpy(buffer, L"one");
    haldma_wcscat(buffer, L"two");
    haldma_wcsncat(buffer, L"three", 2);
    assert_int_equal(haldma_wcscmp(buffer, L"onetwoth"), 0);
    assert_ptr_equal(haldma_wcschr(buffer, L't'), buffer + 3);
    assert_ptr_equal(haldma_wcsrchr(buffer, L't'), buffer + 6);
    assert_null(haldma_wcschr(buffer, L'q'));
    assert_null(haldma_wcsrchr(buffer, L'q'));
    assert_ptr_equal(haldma_wcsstr(buffer, L"two"), buffer + 3);
    assert_null(haldma_wcsstr(buffer, L"twx"));
    haldma_wcsncpy(buffer, L"x", 4);
    assert_int_equal(buffer[3], 0);
    assert_int_equal(haldma_wcscmp(haldma_wcsupr(haldma_wcscpy(buffer, L"aB1")), L"AB1"), 0);
    assert_int_equal(haldma_wcscmp(haldma_wcslwr(buffer), L"ab1"), 0);
    assert_int_equal(haldma_wcstoul(L"  0x1Fz", &end, 0), 0x1F);
    assert_int_equal(*end, L'z');
    assert_int_equal(haldma_wtoi(L"-12"), -12);
    assert_int_equal(haldma_strtoul("010", NULL, 0), 8);
    assert_int_equal(haldma_strtoul("99999999999", NULL, 10), 0xFFFFFFFFu);
}

/* rule: RTL-CRT-2 */
static void copies_that_do_not_fit_leave_nothing_and_say_so(void **state)
{
    char narrow[4];
    WCHAR wide[4];

    (void)state;
    assert_int_equal(haldma_strcpy_s(narrow, 4, "abc"), 0);
    assert_int_not_equal(haldma_strcpy_s(narrow, 4, "abcd"), 0);
    assert_string_equal(narrow, "");
    assert_int_equal(haldma_strcat_s(narrow, 4, "ab"), 0);
    assert_int_not_equal(haldma_strcat_s(narrow, 4, "cd"), 0);
    assert_string_equal(narrow, "");
    assert_int_equal(haldma_wcscpy_s(wide, 4, L"abc"), 0);
    assert_int_not_equal(haldma_wcscat_s(wide, 4, L"d"), 0);
    assert_int_equal(wide[0], 0);
    assert_int_not_equal(haldma_memcpy_s(narrow, 2, "abc", 3), 0);
    assert_int_equal(haldma_memmove_s(narrow, 4, "abc", 4), 0);
    assert_string_equal(narrow, "abc");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers_have_the_sizes_of_windows),
        cmocka_unit_test(flags_width_and_precision_lay_numbers_out),
        cmocka_unit_test(strings_of_both_widths_and_counted_ones_are_printed),
        cmocka_unit_test(a_pointer_has_sixteen_upper_case_digits),
        cmocka_unit_test(an_unknown_directive_is_shown_as_it_is_written),
        cmocka_unit_test(snprintf_terminates_only_where_there_is_room),
        cmocka_unit_test(wide_strings_have_characters_of_16_bits),
        cmocka_unit_test(copies_that_do_not_fit_leave_nothing_and_say_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
