/*
 * Counted strings, numbers, GUIDs, bit maps, times and versions.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <wdm.h>

#include "hal/boot.h"
#include "hal/kernel.h"
#include "rig/rig_kernel.h"

static const struct rig_boot boots[] = {{hal_boot, NULL}, {NULL, NULL}};

static UNICODE_STRING wide(const WCHAR *text)
{
    UNICODE_STRING s;

    RtlInitUnicodeString(&s, text);
    return s;
}

/* rule: RTL-STRING-1 */
static void initialising_counts_bytes_without_and_with_the_terminator(void **state)
{
    UNICODE_STRING u;
    ANSI_STRING a;

    (void)state;
    RtlInitUnicodeString(&u, L"abc");
    assert_int_equal(u.Length, 6);
    assert_int_equal(u.MaximumLength, 8);
    RtlInitAnsiString(&a, "abc");
    assert_int_equal(a.Length, 3);
    assert_int_equal(a.MaximumLength, 4);
    RtlInitUnicodeString(&u, NULL);
    assert_int_equal(u.Length, 0);
    assert_int_equal(u.MaximumLength, 0);
    assert_null(u.Buffer);
}

/* rule: RTL-STRING-2 */
static void copying_truncates_and_appending_refuses(void **state)
{
    WCHAR room[4];
    UNICODE_STRING to = {0, sizeof room, room};
    UNICODE_STRING from = wide(L"abcdef");

    (void)state;
    RtlCopyUnicodeString(&to, &from);
    assert_int_equal(to.Length, 8);
    to.Length = 2;
    assert_int_equal(RtlAppendUnicodeToString(&to, L"xy"), STATUS_SUCCESS);
    assert_int_equal(to.Length, 6);
    assert_int_equal(room[3], 0);
    assert_int_equal(RtlAppendUnicodeStringToString(&to, &from), STATUS_BUFFER_TOO_SMALL);
    assert_int_equal(to.Length, 6);
    RtlCopyUnicodeString(&to, NULL);
    assert_int_equal(to.Length, 0);
}

/* rule: RTL-STRING-3 */
static void comparing_is_by_character_then_by_length_with_or_without_case(void **state)
{
    UNICODE_STRING abc = wide(L"abc");
    UNICODE_STRING upper = wide(L"ABC");
    UNICODE_STRING ab = wide(L"AB");
    ANSI_STRING x;
    ANSI_STRING y;

    (void)state;
    assert_true(RtlEqualUnicodeString(&abc, &upper, TRUE));
    assert_false(RtlEqualUnicodeString(&abc, &upper, FALSE));
    assert_true(RtlCompareUnicodeString(&abc, &upper, FALSE) > 0);
    assert_true(RtlCompareUnicodeString(&abc, &ab, TRUE) > 0);
    assert_true(RtlPrefixUnicodeString(&ab, &abc, TRUE));
    assert_false(RtlPrefixUnicodeString(&ab, &abc, FALSE));
    assert_false(RtlPrefixUnicodeString(&abc, &ab, TRUE));
    RtlInitAnsiString(&x, "abc");
    RtlInitAnsiString(&y, "ABD");
    assert_true(RtlCompareString(&x, &y, TRUE) < 0);
    assert_true(RtlCompareString(&x, &y, FALSE) > 0);
    assert_int_equal(RtlUpcaseUnicodeChar(0xE9), 0xC9);
    assert_int_equal(RtlUpcaseUnicodeChar(0xF7), 0xF7);
    assert_int_equal(RtlDowncaseUnicodeChar(L'Q'), L'q');
}

static void conversions(void *context)
{
    UNICODE_STRING from = wide(L"Abc\x263A");
    ANSI_STRING ansi;
    UNICODE_STRING back;
    UNICODE_STRING copy;
    CHAR room[3];
    ANSI_STRING small = {0, sizeof room, room};

    (void)context;
    rig_expect_equal(RtlUnicodeStringToAnsiString(&ansi, &from, TRUE), STATUS_SUCCESS);
    rig_expect(strcmp(ansi.Buffer, "Abc?") == 0);
    rig_expect_equal(ansi.Length, 4);
    rig_expect_equal(RtlUnicodeStringToAnsiString(&small, &from, FALSE), STATUS_BUFFER_OVERFLOW);
    rig_expect(strcmp(room, "Ab") == 0);
    rig_expect_equal(RtlAnsiStringToUnicodeString(&back, &ansi, TRUE), STATUS_SUCCESS);
    rig_expect_equal(back.Length, 8);
    rig_expect_equal(back.MaximumLength, 10);
    rig_expect_equal(RtlUpcaseUnicodeString(&copy, &back, TRUE), STATUS_SUCCESS);
    rig_expect_equal(copy.Buffer[1], L'B');
    RtlFreeUnicodeString(&copy);
    rig_expect(copy.Buffer == NULL);
    rig_expect_equal(RtlDuplicateUnicodeString(1, &back, &copy), STATUS_SUCCESS);
    rig_expect_equal(copy.Buffer[4], 0);
    RtlFreeUnicodeString(&copy);
    RtlFreeUnicodeString(&back);
    RtlFreeAnsiString(&ansi);
    rig_expect_equal(hal_pool_each(0x67727453, NULL, NULL), 0);
}

/* rule: RTL-STRING-4 */
static void strings_are_converted_in_pool_that_the_caller_frees(void **state)
{
    struct emu_machine *m = rig_machine(NULL, boots);
    struct rig_outcome outcome;

    (void)state;
    rig_run(m, conversions, NULL, &outcome);
    emu_machine_destroy(m);
    rig_assert_idle(&outcome);
}

/* rule: RTL-NUMBER-1 */
static void numbers_are_read_in_any_base_and_written(void **state)
{
    WCHAR room[12];
    UNICODE_STRING s = {0, sizeof room, room};
    UNICODE_STRING text = wide(L"  -0x1f rest");
    ULONG value = 0;

    (void)state;
    assert_int_equal(RtlUnicodeStringToInteger(&text, 0, &value), STATUS_SUCCESS);
    assert_int_equal(value, (ULONG)-0x1F);
    assert_int_equal(RtlCharToInteger("0b101", 0, &value), STATUS_SUCCESS);
    assert_int_equal(value, 5);
    assert_int_equal(RtlCharToInteger("0o17", 0, &value), STATUS_SUCCESS);
    assert_int_equal(value, 15);
    assert_int_equal(RtlCharToInteger("ff", 16, &value), STATUS_SUCCESS);
    assert_int_equal(value, 255);
    assert_int_equal(RtlCharToInteger("1", 3, &value), STATUS_INVALID_PARAMETER);
    assert_int_equal(RtlIntegerToUnicodeString(0xBEEF, 16, &s), STATUS_SUCCESS);
    assert_int_equal(s.Length, 8);
    assert_memory_equal(room, L"BEEF", 10);
    assert_int_equal(RtlInt64ToUnicodeString(0, 0, &s), STATUS_SUCCESS);
    assert_memory_equal(room, L"0", 4);
    s.MaximumLength = 4;
    assert_int_equal(RtlIntegerToUnicodeString(100, 10, &s), STATUS_BUFFER_OVERFLOW);
}

static void guids(void *context)
{
    const GUID guid = {0x496b8280, 0x6f25, 0x11d0, {0xbe, 0xaf, 0x08, 0x00, 0x2b, 0xe2, 0x09, 0x2f}};
    UNICODE_STRING expected = wide(L"{496B8280-6F25-11D0-BEAF-08002BE2092F}");
    UNICODE_STRING wrong = wide(L"{496B8280-6F25-11D0-BEAF-08002BE2092G}");
    UNICODE_STRING s;
    GUID back;

    (void)context;
    rig_expect_equal(RtlStringFromGUID(&guid, &s), STATUS_SUCCESS);
    rig_expect(RtlEqualUnicodeString(&s, &expected, FALSE));
    rig_expect_equal(RtlGUIDFromString(&s, &back), STATUS_SUCCESS);
    rig_expect(IsEqualGUID(&guid, &back));
    rig_expect_equal(RtlGUIDFromString(&wrong, &back), STATUS_INVALID_PARAMETER);
    RtlFreeUnicodeString(&s);
}

/* rule: RTL-GUID-1 */
static void a_guid_is_written_and_read_with_braces(void **state)
{
    struct emu_machine *m = rig_machine(NULL, boots);
    struct rig_outcome outcome;

    (void)state;
    rig_run(m, guids, NULL, &outcome);
    emu_machine_destroy(m);
    rig_assert_idle(&outcome);
}

/* ---- Bit maps ---- */

enum { BITS = 100, WORDS = 4 };

/* rule: RTL-BITMAP-1 */
static void runs_of_bits_are_set_cleared_counted_and_tested_across_words(void **state)
{
    ULONG words[WORDS] = {0};
    RTL_BITMAP map;

    (void)state;
    RtlInitializeBitMap(&map, words, BITS);
    RtlSetBits(&map, 30, 40);
    assert_int_equal(RtlNumberOfSetBits(&map), 40);
    assert_int_equal(RtlNumberOfClearBits(&map), 60);
    assert_true(RtlAreBitsSet(&map, 30, 40));
    assert_false(RtlAreBitsSet(&map, 29, 2));
    assert_true(RtlAreBitsClear(&map, 70, 30));
    assert_false(RtlAreBitsClear(&map, 70, 31)); /* past the end */
    RtlClearBit(&map, 50);
    assert_false(RtlTestBit(&map, 50));
    RtlSetBit(&map, 0);
    assert_true(RtlTestBit(&map, 0));
    RtlSetAllBits(&map);
    assert_int_equal(RtlNumberOfSetBits(&map), BITS);
    RtlClearAllBits(&map);
    assert_int_equal(RtlNumberOfSetBits(&map), 0);
    assert_int_equal(RtlFindMostSignificantBit(0x8001), 15);
    assert_int_equal(RtlFindLeastSignificantBit(0x8000), 15);
    assert_int_equal(RtlFindLeastSignificantBit(0), -1);
}

/* rule: RTL-BITMAP-2 */
static void a_run_is_found_from_the_hint_on_then_from_the_start(void **state)
{
    ULONG words[WORDS] = {0};
    RTL_BITMAP map;

    (void)state;
    RtlInitializeBitMap(&map, words, BITS);
    RtlSetBits(&map, 10, 80);
    assert_int_equal(RtlFindClearBits(&map, 10, 0), 0);
    assert_int_equal(RtlFindClearBits(&map, 5, 20), 90);
    assert_int_equal(RtlFindClearBits(&map, 10, 95), 0);
    assert_int_equal(RtlFindClearBits(&map, 11, 0), 0xFFFFFFFF);
    assert_int_equal(RtlFindSetBits(&map, 80, 0), 10);
    assert_int_equal(RtlFindClearBitsAndSet(&map, 4, 0), 0);
    assert_int_equal(RtlFindClearBitsAndSet(&map, 4, 0), 4);
    assert_int_equal(RtlFindSetBitsAndClear(&map, 2, 0), 0);
    assert_int_equal(RtlNumberOfSetBits(&map), 86);
}

/* rule: RTL-BITMAP-3 */
static void clear_runs_are_listed_first_ones_or_longest_ones(void **state)
{
    ULONG words[WORDS] = {0};
    RTL_BITMAP_RUN runs[2];
    RTL_BITMAP map;
    ULONG start = 0;

    (void)state;
    RtlInitializeBitMap(&map, words, BITS);
    RtlSetBits(&map, 5, 5);   /* 0-4 clear */
    RtlSetBits(&map, 20, 10); /* 10-19 clear */
    RtlSetBits(&map, 60, 39); /* 30-59 clear, 99 clear */
    assert_int_equal(RtlFindClearRuns(&map, runs, 2, FALSE), 2);
    assert_int_equal(runs[0].StartingIndex, 0);
    assert_int_equal(runs[1].StartingIndex, 10);
    assert_int_equal(RtlFindClearRuns(&map, runs, 2, TRUE), 2);
    assert_int_equal(runs[0].StartingIndex, 30);
    assert_int_equal(runs[0].NumberOfBits, 30);
    assert_int_equal(runs[1].StartingIndex, 10);
    assert_int_equal(RtlFindLongestRunClear(&map, &start), 30);
    assert_int_equal(start, 30);
    assert_int_equal(RtlFindNextForwardRunClear(&map, 12, &start), 8);
    assert_int_equal(start, 12);
    assert_int_equal(RtlFindLastBackwardRunClear(&map, 25, &start), 10);
    assert_int_equal(start, 10);
}

/* ---- The rest ---- */

/* rule: RTL-MEMORY-1 */
static void comparing_memory_counts_the_equal_bytes(void **state)
{
    ULONG words[3] = {7, 7, 8};

    (void)state;
    assert_int_equal(RtlCompareMemory("abcd", "abxd", 4), 2);
    assert_int_equal(RtlCompareMemory("abcd", "abcd", 4), 4);
    assert_int_equal(RtlCompareMemoryUlong(words, sizeof words, 7), 8);
}

/* rule: RTL-TIME-1 */
static void times_are_counted_from_1601(void **state)
{
    TIME_FIELDS fields = {2000, 2, 29, 12, 34, 56, 789, 0};
    TIME_FIELDS back;
    LARGE_INTEGER time;

    (void)state;
    assert_true(RtlTimeFieldsToTime(&fields, &time));
    RtlTimeToTimeFields(&time, &back);
    assert_int_equal(back.Year, 2000);
    assert_int_equal(back.Month, 2);
    assert_int_equal(back.Day, 29);
    assert_int_equal(back.Hour, 12);
    assert_int_equal(back.Minute, 34);
    assert_int_equal(back.Second, 56);
    assert_int_equal(back.Milliseconds, 789);
    assert_int_equal(back.Weekday, 2); /* a Tuesday */
    fields = (TIME_FIELDS){1970, 1, 1, 0, 0, 0, 0, 0};
    assert_true(RtlTimeFieldsToTime(&fields, &time));
    assert_true(time.QuadPart == 116444736000000000ll);
    fields.Month = 13;
    assert_false(RtlTimeFieldsToTime(&fields, &time));
    time.QuadPart = 0;
    RtlTimeToTimeFields(&time, &back);
    assert_int_equal(back.Year, 1601);
    assert_int_equal(back.Weekday, 1);
}

/* rule: RTL-VERSION-1 */
static void the_system_says_that_it_is_windows_10(void **state)
{
    RTL_OSVERSIONINFOW version = {.dwOSVersionInfoSize = sizeof version};
    RTL_OSVERSIONINFOEXW wanted = {
        .dwOSVersionInfoSize = sizeof wanted, .dwMajorVersion = 6, .dwMinorVersion = 3};
    ULONG mask = VER_MAJORVERSION | VER_MINORVERSION;
    ULONGLONG at_least = VerSetConditionMask(0, mask, VER_GREATER_EQUAL);

    (void)state;
    assert_int_equal(RtlGetVersion(&version), STATUS_SUCCESS);
    assert_int_equal(version.dwMajorVersion, 10);
    assert_int_equal(RtlVerifyVersionInfo(&wanted, mask, at_least), STATUS_SUCCESS);
    wanted.dwMajorVersion = 11;
    assert_int_equal(RtlVerifyVersionInfo(&wanted, mask, at_least), STATUS_REVISION_MISMATCH);
    assert_true(RtlIsNtDdiVersionAvailable(0x06020000));
    assert_false(RtlIsNtDdiVersionAvailable(0x0B000000));
}

/* rule: RTL-REGISTRY-1 */
static void ask_the_registry(void *context)
{
    HANDLE key = (HANDLE)(ULONG_PTR)1;

    (void)context;
    rig_expect_equal(RtlQueryRegistryValues(RTL_REGISTRY_SERVICES, L"x", NULL, NULL, NULL),
                     STATUS_OBJECT_NAME_NOT_FOUND);
    rig_expect_equal(
        RtlQueryRegistryValues(RTL_REGISTRY_SERVICES | RTL_REGISTRY_OPTIONAL, L"x", NULL, NULL, NULL),
        STATUS_SUCCESS);
    rig_expect_equal(ZwOpenKey(&key, KEY_READ, NULL), STATUS_OBJECT_NAME_NOT_FOUND);
    rig_expect(key == NULL);
}

static void the_registry_is_empty(void **state)
{
    (void)state;
    rig_kernel_runs(ask_the_registry, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(initialising_counts_bytes_without_and_with_the_terminator),
        cmocka_unit_test(copying_truncates_and_appending_refuses),
        cmocka_unit_test(comparing_is_by_character_then_by_length_with_or_without_case),
        cmocka_unit_test(strings_are_converted_in_pool_that_the_caller_frees),
        cmocka_unit_test(numbers_are_read_in_any_base_and_written),
        cmocka_unit_test(a_guid_is_written_and_read_with_braces),
        cmocka_unit_test(runs_of_bits_are_set_cleared_counted_and_tested_across_words),
        cmocka_unit_test(a_run_is_found_from_the_hint_on_then_from_the_start),
        cmocka_unit_test(clear_runs_are_listed_first_ones_or_longest_ones),
        cmocka_unit_test(comparing_memory_counts_the_equal_bytes),
        cmocka_unit_test(times_are_counted_from_1601),
        cmocka_unit_test(the_system_says_that_it_is_windows_10),
        cmocka_unit_test(the_registry_is_empty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
