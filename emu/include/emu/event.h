/*
 * The virtual clock, timer events and device engines.
 *
 * Time is in nanoseconds since reset and moves only when something that is due happens: because nothing else
 * can run, or because a choice says that time passes now. Events fire in order of (due, order of start):
 * equal deadlines are a choice. Engines are the moving parts of devices: each has its own pace, and no order
 * between two engines, or an engine and an event, is promised (a choice; the default follows the due times).
 *
 * Both are owned by the caller, who keeps them in place while they are started. Callbacks run on a stack of
 * the machine's choice, between steps; they may start strands, raise lines, start and stop events, but never
 * step or block.
 */
#ifndef EMU_EVENT_H
#define EMU_EVENT_H

#include <emu/step.h>

#ifdef __cplusplus
extern "C" {
#endif

#define EMU_MICROSECOND 1000ull
#define EMU_MILLISECOND 1000000ull
#define EMU_SECOND      1000000000ull

typedef void emu_due_fn(struct emu_machine *m, void *context);

uint64_t emu_now(const struct emu_machine *m);

/* When the next event or engine is due, or EMU_NEVER. */
#define EMU_NEVER UINT64_MAX
uint64_t emu_next_due(const struct emu_machine *m);
/* What is due later than this stays undone (paced mode); EMU_NEVER, the default after each reset: no limit.
 */
void emu_set_time_limit(struct emu_machine *m, uint64_t ns);
/* Moves the clock on, not beyond the next due time (paced mode, between runs). */
void emu_advance_clock(struct emu_machine *m, uint64_t ns);

struct emu_event {
    emu_due_fn *fn;
    void *context;
    uint64_t due;
    uint64_t order;
    uint32_t place; /* 1 + index in the heap; 0: not started */
    emu_object object;
    uint32_t woken;   /* the emulator's own */
    emu_object owner; /* tells apart events that share an object; EMU_NO_OBJECT: they do not */
    bool background;  /* does not keep a machine from being idle (a periodic timer) */
};
void emu_event_init(struct emu_machine *m, struct emu_event *e, const char *class_name, emu_due_fn *fn,
                    void *context);
/* (Re)starts it for an absolute time; one that is past is due now. */
void emu_event_start(struct emu_machine *m, struct emu_event *e, uint64_t due);
/* True when it was started and will not fire. */
bool emu_event_stop(struct emu_machine *m, struct emu_event *e);
bool emu_event_started(const struct emu_event *e);

struct emu_engine {
    emu_due_fn *fn;
    void *context;
    uint64_t due;
    uint64_t since;  /* the step at which it was started */
    uint32_t passed; /* timers due later that came before it */
    uint64_t order;
    uint32_t place; /* 1 + index among the started ones; 0: not started */
    uint32_t id;
    emu_object object;
    uint32_t woken; /* the emulator's own */
};
void emu_engine_init(struct emu_machine *m, struct emu_engine *e, const char *class_name, emu_due_fn *fn,
                     void *context);
/* The engine has something to do, typically after delay nanoseconds: one call of fn. A start before it moves
 * that call. */
void emu_engine_start(struct emu_machine *m, struct emu_engine *e, uint64_t delay);
void emu_engine_stop(struct emu_machine *m, struct emu_engine *e);
bool emu_engine_started(const struct emu_engine *e);

/* The running context spins until the clock has moved on by ns; others go on meanwhile. */
void emu_stall(struct emu_machine *m, uint64_t ns);

#ifdef __cplusplus
}
#endif
#endif
