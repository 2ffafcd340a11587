/*
 * The trace: every step, in order, with its time, processor, level, strand, operation and object; and its
 * hash.
 *
 * The hash is always kept; the entries only while recording is on (a finding is replayed to see them). Equal
 * choices give an equal hash, across runs, compilers and address-space layouts.
 */
#ifndef EMU_TRACE_H
#define EMU_TRACE_H

#include <emu/callers.h>
#include <emu/step.h>

#ifdef __cplusplus
extern "C" {
#endif

struct emu_trace_entry {
    uint64_t time;
    uint64_t arg;
    uint32_t step;
    emu_object object;
    emu_object strand;
    emu_op op;
    uint8_t cpu;
    uint8_t level;
    uint8_t module;   /* 1 + that of the driver's or scenario's code that led there; 0: none did */
    uint32_t offset;  /* in it */
    const char *text; /* printed text (op EMU_OP_PRINT), else NULL; valid until reset */
};

uint64_t emu_trace_hash(const struct emu_machine *m);
/* From the next reset on. Keeps the newest entries where there are more than fit (1 Mi). */
void emu_trace_record(struct emu_machine *m, bool on);
size_t emu_trace_length(const struct emu_machine *m);
const struct emu_trace_entry *emu_trace_entry(const struct emu_machine *m, size_t index);

/* The innermost frame of drivers and scenarios that the step was made from, as a stack of one or none. */
void emu_trace_callers(const struct emu_trace_entry *entry, struct emu_callers *callers);

/* What comes from now on is the race: emu_run_program() says so when the set-up has returned. */
void emu_trace_begin_race(struct emu_machine *m);
/* The index of the race's first entry; 0 when the set-up left none, or the run ended before the race. */
size_t emu_trace_race(const struct emu_machine *m);

/*
 * A timeline for people, a line at a time: a heading, then columns time, processor, level, strand, what
 * happened to what, for the entries from index first on.
 */
typedef void emu_line_fn(void *context, const char *line);
void emu_trace_timeline(const struct emu_machine *m, size_t first, emu_line_fn *out, void *context);

/* What happened, as the timeline has it; of printed text the first line, behind "| ". */
void emu_trace_text(const struct emu_machine *m, const struct emu_trace_entry *entry, char *out, size_t size);

/* Where printed text goes besides the trace; NULL: nowhere. Survives resets. */
typedef void emu_print_fn(void *context, const char *text, size_t length);
void emu_set_print(struct emu_machine *m, emu_print_fn *sink, void *context);

#ifdef __cplusplus
}
#endif
#endif
