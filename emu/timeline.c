/*
 * The timeline: a trace as text, a line per entry.
 *
 *     time/us   step  cpu irql  strand   what
 *       1.250     17    0    0  reader   KeAcquireSpinLock lock#3
 *       1.250     18    1    2  writer     grant decided request#1  registers=4
 *       1.250     18    1    2  writer     | out of line
 *       1.250     19    1    5  writer         interrupt line#1
 *
 * The higher the level, the further right: what interrupts stands out from what it interrupts.
 */
#include "emu/machine_state.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
    LINE_BYTES = 512,
    NAME_BYTES = 64,
    WHAT_MAX = LINE_BYTES - 2 * NAME_BYTES, /* characters of what happened that are shown */
    STRAND_WIDTH_MIN = 6,                   /* "strand" */
    INDENT = 2,
    NS_PER_US = 1000,
};
/* Arguments from here on are bit patterns rather than quantities. */
#define HEX_FROM 0x80000000u
#define HEX_MARK '#'

static int strand_width(const struct emu_machine *m, size_t first)
{
    size_t widest = STRAND_WIDTH_MIN;
    emu_object last = EMU_NO_OBJECT;
    char name[NAME_BYTES];
    for (size_t i = first; i < emu_trace_length(m); i++) {
        emu_object strand = emu_trace_entry(m, i)->strand;
        if (strand == last || strand == EMU_NO_OBJECT)
            continue;
        size_t width = strlen(emu_object_text(m, strand, name, sizeof name));
        widest = width > widest ? width : widest;
        last = strand;
    }
    return (int)widest;
}

/* Interrupts of devices stand one column further right than DISPATCH_LEVEL, and that than what threads do. */
static int indent_of(uint8_t level)
{
    return level > EMU_LEVEL_DISPATCH ? 2 * INDENT : level == EMU_LEVEL_DISPATCH ? INDENT : 0;
}

/*
 * "name=value", in hexadecimal where the name asks for it or the value looks like a mask; a negative 32-bit
 * number as those 32 bits.
 */
static void argument_text(char *out, size_t size, const char *name, uint64_t value)
{
    bool hex = name[0] == HEX_MARK;
    name += hex;
    if ((int64_t)value < 0 && (int64_t)value >= INT32_MIN)
        snprintf(out, size, "  %s=0x%08" PRIx32, name, (uint32_t)value);
    else if (hex || value >= HEX_FROM)
        snprintf(out, size, "  %s=0x%" PRIx64, name, value);
    else
        snprintf(out, size, "  %s=%" PRIu64, name, value);
}

/* "latitude: takes 2 of 0 to 3 at AllocateAdapterChannelEx", "fault: fails here ExAllocatePool2" */
static void choice_text(const struct emu_machine *m, uint64_t arg, char *out, size_t size)
{
    struct emu_choice c = emu_choice_of(arg);
    if (c.kind == EMU_CHOICE_FAULT) {
        snprintf(out, size, "fault: %s %s", c.value != 0 ? "fails here" : "could fail here",
                 emu_op_info(m, c.site)->name);
        return;
    }
    snprintf(out, size, "%s: takes %u of 0 to %u at %s", emu_choice_kind_name(c.kind), c.value, c.count - 1u,
             emu_op_info(m, c.site)->name);
}

static void what_text(const struct emu_machine *m, const struct emu_trace_entry *e, char *out, size_t size)
{
    const struct emu_op_info *info = emu_op_info(m, e->op);
    if (e->op == EMU_OP_CHOICE) {
        choice_text(m, e->arg, out, size);
        return;
    }
    char object[NAME_BYTES] = "", argument[NAME_BYTES] = "";
    if (e->object != EMU_NO_OBJECT)
        emu_object_text(m, e->object, object, sizeof object);
    if (info->arg != NULL)
        argument_text(argument, sizeof argument, info->arg, e->arg);
    snprintf(out, size, "%s%s%s%s", info->name, object[0] != '\0' ? " " : "", object, argument);
}

/* The first line of text, without what would spoil the terminal; returns where the next one begins, or NULL.
 */
static const char *printed_line(const char *text, char *out, size_t size)
{
    size_t length = strcspn(text, "\n");
    size_t used = 0;
    for (size_t i = 0; i < length && used + 1 < size; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c == '\r')
            continue;
        out[used++] = c < ' ' || c > '~' ? ' ' : (char)c;
    }
    out[used] = '\0';
    return text[length] == '\n' && text[length + 1] != '\0' ? text + length + 1 : NULL;
}

void emu_trace_text(const struct emu_machine *m, const struct emu_trace_entry *entry, char *out, size_t size)
{
    if (entry->text == NULL) {
        what_text(m, entry, out, size);
        return;
    }
    char line[LINE_BYTES];
    printed_line(entry->text, line, sizeof line);
    snprintf(out, size, "| %s", line);
}

struct columns {
    emu_line_fn *out;
    void *context;
    int strand_width;
};

static void put_line(const struct columns *c, const struct emu_machine *m, const struct emu_trace_entry *e,
                     const char *mark, const char *what)
{
    char line[LINE_BYTES], strand[NAME_BYTES] = "-";
    if (e->strand != EMU_NO_OBJECT)
        emu_object_text(m, e->strand, strand, sizeof strand);
    snprintf(line, sizeof line, "%8" PRIu64 ".%03u %6" PRIu32 " %4u %4u  %-*s  %*s%s%.*s",
             e->time / NS_PER_US, (unsigned)(e->time % NS_PER_US), e->step, (unsigned)e->cpu,
             (unsigned)e->level, c->strand_width, strand, indent_of(e->level), "", mark, (int)WHAT_MAX, what);
    c->out(c->context, line);
}

void emu_trace_timeline(const struct emu_machine *m, size_t first, emu_line_fn *out, void *context)
{
    struct columns c = {.out = out, .context = context, .strand_width = strand_width(m, first)};
    char text[LINE_BYTES];
    snprintf(text, sizeof text, "%12s %6s %4s %4s  %-*s  %s", "time/us", "step", "cpu", "irql",
             c.strand_width, "strand", "what");
    out(context, text);
    for (size_t i = first; i < emu_trace_length(m); i++) {
        const struct emu_trace_entry *e = emu_trace_entry(m, i);
        if (e->text == NULL) {
            what_text(m, e, text, sizeof text);
            put_line(&c, m, e, "", text);
            continue;
        }
        for (const char *next = e->text; next != NULL;) {
            next = printed_line(next, text, sizeof text);
            put_line(&c, m, e, "| ", text);
        }
    }
}
