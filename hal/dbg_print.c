/*
 * The debugger's side: DbgPrint and its kin, break points, assertions, PAGED_CODE.
 *
 * One call is one line of the trace. Text goes into the trace's hash, so it must be the same in every run of
 * the same choices: %p prints "(pointer)", and a driver that prints an address in another way makes its own
 * trace depend on where memory happens to lie.
 */
#include <wdm.h>

#include <emu/cpu.h>
#include <emu/finding.h>
#include <emu/step.h>

#include "hal/rtl_format.h"

enum { DBG_LINE_MAX = 512 }; /* what one call can print; the rest is cut, as by the debugger's buffer */

struct line_sink {
    struct rtl_sink sink;
    size_t length;
    char text[DBG_LINE_MAX];
};

static void put_in_line(struct rtl_sink *sink, uint16_t character)
{
    struct line_sink *l = (struct line_sink *)sink;
    bool printable = (character >= ' ' && character < 0x7F) || character == '\n' || character == '\t';

    if (character == '\r' || l->length >= DBG_LINE_MAX)
        return;
    l->text[l->length++] = printable ? (char)character : '?';
}

static void print(const char *prefix, const char *format, struct rtl_arguments *a)
{
    struct line_sink l = {.sink = {.put = put_in_line, .hide_pointers = true}};

    for (; prefix != NULL && *prefix != '\0'; prefix++)
        put_in_line(&l.sink, (uint16_t)(unsigned char)*prefix);
    rtl_format_narrow(&l.sink, format, a);
    while (l.length > 0 && l.text[l.length - 1] == '\n')
        l.length--;
    if (l.length > 0)
        emu_print(emu_current(), l.text, l.length);
}

ULONG vDbgPrintExWithPrefix(PCCH Prefix, ULONG ComponentId, ULONG Level, PCCH Format, va_list arglist)
{
    struct rtl_arguments a;

    (void)ComponentId; /* every component is shown, at every level */
    (void)Level;
    va_copy(a.list, arglist);
    print(Prefix, Format, &a);
    va_end(a.list);
    return STATUS_SUCCESS;
}

ULONG vDbgPrintEx(ULONG ComponentId, ULONG Level, PCCH Format, va_list arglist)
{
    return vDbgPrintExWithPrefix(NULL, ComponentId, Level, Format, arglist);
}

ULONG DbgPrintEx(ULONG ComponentId, ULONG Level, PCSTR Format, ...)
{
    struct rtl_arguments a;

    (void)ComponentId;
    (void)Level;
    va_start(a.list, Format);
    print(NULL, Format, &a);
    va_end(a.list);
    return STATUS_SUCCESS;
}

ULONG DbgPrint(PCSTR Format, ...)
{
    struct rtl_arguments a;

    va_start(a.list, Format);
    print(NULL, Format, &a);
    va_end(a.list);
    return STATUS_SUCCESS;
}

void DbgBreakPointWithStatus(ULONG Status)
{
    uint64_t parameters[4] = {(uint32_t)STATUS_BREAKPOINT, Status, 0, 0};

    emu_finding_raise(emu_current(), "DBG-BREAK-1", "0x1E", parameters,
                      "a break point was reached with status 0x%x, and no debugger is attached", Status);
}

void DbgBreakPoint(void)
{
    DbgBreakPointWithStatus(0);
}

void RtlAssert(PVOID FailedAssertion, PVOID FileName, ULONG LineNumber, PSTR Message)
{
    emu_finding_report(emu_current(), "DBG-ASSERT-1", NULL, NULL,
                       "the driver's assertion failed: %s%s%s (%s, line %u)", (const char *)FailedAssertion,
                       Message != NULL ? ": " : "", Message != NULL ? Message : "", (const char *)FileName,
                       LineNumber);
}

void haldma_paged_code(const char *file, int line)
{
    struct emu_machine *m = emu_current();

    if (emu_level(m) > EMU_LEVEL_APC) {
        uint64_t parameters[4] = {0, emu_level(m), 0, 0};
        emu_finding_report(m, "DBG-PAGED-1", "0xA", parameters,
                           "paged code was entered at IRQL %u (%s, line %d)", emu_level(m), file, line);
    }
}
