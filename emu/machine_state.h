/*
 * What a machine is made of: private to emu.
 *
 * Everything here is plain memory that a reset puts back with stores; nothing is freed or allocated between
 * runs. Each part is written only by the file that its comment names.
 */
#ifndef EMU_MACHINE_STATE_H
#define EMU_MACHINE_STATE_H

#include <emu/access.h>
#include <emu/bus.h>
#include <emu/callers.h>
#include <emu/choose.h>
#include <emu/cpu.h>
#include <emu/deed.h>
#include <emu/event.h>
#include <emu/finding.h>
#include <emu/irq.h>
#include <emu/machine.h>
#include <emu/mem.h>
#include <emu/step.h>
#include <emu/strand.h>
#include <emu/trace.h>

#include "emu/fiber.h"
#include "emu/liveness_state.h"

#define EMU_LIKELY(x)   __builtin_expect(!!(x), 1)
#define EMU_UNLIKELY(x) __builtin_expect(!!(x), 0)

enum {
    EMU_LINES_MAX = 256,
    EMU_WINDOWS_MAX = 64,
    EMU_BOOTS_MAX = 4,
    EMU_MENU_MAX = 1024,
    EMU_MENU_SWITCHES = 256, /* of them: ready strands, evenly for every processor, those that came first */
    EMU_MENU_TIME = 256,     /* of them: engines and events, the earliest */
    EMU_FAIR_STEPS = 200,    /* decisions in a row after which a context that could go on makes room */
    EMU_STARVE_STEPS = 2000, /* steps after which what could have happened all the time happens */
    EMU_LATE_EVENTS = 3,     /* timers due later that pass a device over, at most */
    EMU_OP_LAYERS = 4,
};

/* Operations of this layer. */
enum emu_own_op {
    EMU_OP_NONE,
    EMU_OP_STRAND_START,
    EMU_OP_STRAND_EXIT,
    EMU_OP_STRAND_RUN,
    EMU_OP_STRAND_READY,
    EMU_OP_INTERRUPT,
    EMU_OP_INTERRUPT_END,
    EMU_OP_SOFT,
    EMU_OP_SOFT_END,
    EMU_OP_LINE_RAISE,
    EMU_OP_LINE_LOWER,
    EMU_OP_ENGINE,
    EMU_OP_EVENT,
    EMU_OP_STALL,
    EMU_OP_PRINT,
    EMU_OP_CHOICE,
    EMU_OP_REGISTER_READ,
    EMU_OP_REGISTER_VALUE,
    EMU_OP_REGISTER_WRITE,
    EMU_OP_REGISTER_POST,
    EMU_OP_REGISTER_ARRIVE,
    EMU_OP_PORT_READ,
    EMU_OP_PORT_WRITE,
    EMU_OP_FRAMES,
    EMU_OP_CACHE,
    EMU_OP_FINDING,
    EMU_OP_MEMORY_READ,
    EMU_OP_MEMORY_WRITE,
    EMU_OP_MEMORY_ATOMIC,
    EMU_OP_MISDEED,
    EMU_OP_MISDEED_EARLY, /* in the order of enum emu_misdeed */
    EMU_OP_MISDEED_LATE,
    EMU_OP_MISDEED_TWICE,
    EMU_OP_MISDEED_SPURIOUS,
    EMU_OP_MISDEED_NEVER,
    EMU_OP_MISDEED_SHORT,
    EMU_OP_MISDEED_ERROR,
    EMU_OP_MISDEED_BEYOND,
    EMU_OP_MISDEED_STATUS_FIRST,
    EMU_OP_MISDEED_AFTER_RESET,
    EMU_OP_MISDEED_COUNT,
    EMU_OP_REMOVED,
    EMU_OWN_OPS
};

/* What a context said it does next. */
struct emu_pending {
    emu_op op;
    emu_object object;
    uint64_t arg;
    emu_enabled_fn *enabled; /* NULL: always */
    const void *context;
};

enum emu_strand_state { STRAND_FREE, STRAND_HELD, STRAND_READY, STRAND_TOP, STRAND_BLOCKED, STRAND_DONE };

/* What a strand is resumed for. */
enum emu_order { ORDER_GO, ORDER_DECIDE, ORDER_LINE, ORDER_SOFT };

/* strand.c */
struct emu_strand {
    struct emu_fiber fiber;
    struct emu_pending pending;
    struct emu_machine *machine;
    const char *name;
    emu_strand_fn *fn;
    void *arg;
    void *user;
    struct emu_strand *next_ready;
    uint64_t since; /* the step at which it became ready */
    emu_object object;
    uint32_t order_id; /* the line or soft level of the order */
    uint8_t order;     /* enum emu_order */
    uint8_t state;     /* enum emu_strand_state */
    uint8_t cpu;
    uint8_t next_cpu; /* where it is queued when it is next readied */
    uint8_t level;    /* while it is off its processor */
    uint8_t priority;
    bool must_finish;
    bool spared;    /* choose.c: nothing fails by choice while it runs outside handlers */
    bool resumes;   /* footprint.c: it goes on without performing what it announced */
    bool is_idle;   /* carries the interrupts of a processor without a strand */
    bool soiled;    /* other code than the machine's own ran on its stack, or a finding was told there */
    uint32_t steps; /* it performed, handlers on its stack included */
    uint32_t actor; /* footprint.c: whose event its next step is; 0: not named yet */
    uint32_t woken; /* 1 + the event that made it ready, 0: none */
    uint32_t disabled_at; /* 1 + events before its condition was last seen not to hold */
    void *stack_low;
    uintptr_t deepest;           /* what is below is clean, but for what was called between steps since */
    uint32_t cleanings;          /* of its stack, ever */
    struct emu_context *watched; /* access_order.c: what runs on its stack; NULL: not known yet */
};

/* cpu.c, schedule.c */
struct emu_cpu {
    struct emu_strand *top;  /* NULL: nothing runs here */
    struct emu_strand *idle; /* made when first needed */
    struct emu_strand *ready_first, *ready_last;
    uint8_t level;
    uint8_t soft;            /* pending software interrupts, a bit per level */
    uint64_t since;          /* the step at which its top last went on, or could not have */
    uint64_t soft_since;     /* the step at which its first pending software interrupt was requested */
    uint32_t soft_woken;     /* footprint.c: 1 + the event that requested it */
    uint8_t depth;           /* handlers nested now */
    uintptr_t handler_frame; /* callers.c: of what called the innermost one; 0: none */
};

/* irq.c */
struct emu_line_state {
    struct emu_line_config config;
    emu_interrupt_fn *handler;
    void *context;
    emu_object object;
    bool asserted; /* level: the wire is up */
    bool pending;
    uint64_t since;     /* the step at which it became pending */
    uint32_t delivered; /* footprint.c: deliveries so far */
    uint32_t woken;     /* footprint.c: 1 + the event that made it pending */
    uint8_t cpu;        /* where it is pending */
};

/* mem.c */
struct emu_bank {
    uint32_t first; /* frame number */
    uint32_t count;
    uint32_t free;
    uint32_t hint;     /* nothing is free below it */
    uint32_t top;      /* nothing is free at or above it */
    uint64_t *used;    /* a bit per frame */
    uint32_t *page_of; /* frame - first -> page */
};
enum { BANK_MID, BANK_HIGH, BANK_LOW, BANKS };

struct emu_ram {
    unsigned char *pages; /* page area: page_count pages of host memory */
    uint32_t page_count;
    uint32_t page_hint;
    uint32_t page_touched; /* pages below it were used in this run */
    uint32_t page_words;
    uint64_t *page_used; /* a bit per page */
    uint64_t *page_met;  /* the same: devices reach it whenever they like */
    uint32_t met_count;
    uint32_t *frame_of;
    struct emu_bank banks[BANKS];
    uint32_t words_all; /* of all bitmaps, which lie in one block */
    uint64_t *bitmaps;
    unsigned char *stacks; /* stack area */
    size_t stacks_bytes;
    size_t stack_stride;         /* guard page included */
    unsigned char *io;           /* I/O area: addresses without memory */
    struct emu_adopted *adopted; /* hash from host page to ordinal */
    uintptr_t *adopted_page;     /* ordinal -> host page */
    uint32_t adopted_count;
};

/* bus.c */
struct emu_window {
    const char *name;
    uint64_t first;
    uint64_t bytes;
    const struct emu_register_ops *ops;
    void *device;
    emu_object object;
    bool ports;
    bool gone;                 /* it was removed: reads as all ones */
    struct emu_posted *posted; /* posted.c; NULL: what is written arrives at once */
};
struct emu_io_page {
    uint16_t window; /* 1 + index; 0: free */
    uint16_t pages;  /* at the first page of a mapping: how many */
    uint16_t offset; /* there: of the first byte within the page */
    uint64_t physical;
};
enum { EMU_IO_PAGES = 4096 };

/* object.c */
struct emu_object_slot {
    const void *address; /* NULL: free or dead */
    uint32_t epoch;
    emu_object id;
};
struct emu_object_info {
    const char *class_name;
    const char *name;
    uint64_t key;        /* footprint.c */
    const void *address; /* where it lives; NULL: at none, or it is forgotten */
};

/* callers.c */
struct emu_module {
    uintptr_t low, high;
    uint64_t hash; /* of its name */
    char name[EMU_MODULE_NAME];
};

/* deed.c */
struct emu_deed {
    const void *address;
    const char *deed;
    bool begins;
    struct emu_birth birth;
};

/*
 * Two kinds of fields. What a run changes comes first: scalars from steps to arena_used, then arrays. A
 * checkpoint copies just that (checkpoint.c). What outlives a run comes after it.
 */
struct emu_machine {
    /* ---- The state of a run: checkpoint.c copies these fields as one piece ---- */

    /* step.c: looked at by every step */
    uint64_t steps;
    uint64_t hash;
    uint32_t
        agenda;  /* what could happen besides the tops of processors: lines, soft, ready, engines, events */
    bool halted; /* a finding was made */
    bool in_callback;         /* an engine or event is running: nothing nests on this stack */
    uintptr_t callback_frame; /* callers.c: of what called it */
    uint32_t quiet;
    uint64_t busy;           /* processors with a top */
    struct emu_strand *self; /* whose stack this is */

    /* schedule.c */
    uint32_t streak; /* decisions in a row that the current context went on */
    uint32_t turns;  /* how often it had to make room */
    uint64_t calls;  /* liveness.c: that were no steps */
    struct emu_strand *resume;
    struct emu_strand *dead; /* to be freed once off its stack */

    /* choose.c */
    uint32_t failed; /* calls that failed by choice in this run */

    /* strand.c, cpu.c */
    uint32_t strands_used; /* slots ever used in this run, those of all idle strands included */
    uint32_t unfinished;   /* strands that must finish and are not held */
    uint32_t held;
    bool released; /* strands are held no longer */
    uint32_t ready_total;
    uint64_t ready_cpus;                         /* processors with ready strands */
    struct emu_strand *free_strands, *free_last; /* those that ended first come first */
    uint64_t soft_cpus;                          /* processors with a software interrupt pending */
    emu_soft_fn *soft[EMU_LEVEL_DISPATCH + 1];

    /* event.c, engine.c */
    uint64_t now;
    uint64_t time_limit;
    uint64_t order; /* counts starts of events and engines */
    uint32_t heap_length;
    uint32_t background; /* events of the heap that keep nobody awake */
    uint32_t engines_length;
    uint32_t engine_ids;
    emu_object stall_object; /* of every stall of the run */

    /* irq.c */
    uint32_t line_count;
    uint32_t pending_count;

    /* mem.c, bus.c */
    struct emu_ram ram; /* its tables are where they were */
    uint32_t window_count;
    uint32_t io_used;
    emu_translate_fn *translate;
    void *translate_context;
    struct emu_engine *arriving; /* posted.c: comes first at the next decision; NULL: nothing does */

    /* object.c */
    uint32_t object_filled;
    uint32_t object_count;

    /* coverage_machine.c */
    emu_object mover; /* the engine or event whose callback runs */

    /* trace.c */
    size_t trace_written; /* ever, in this run */
    size_t trace_race;    /* trace_written when the race began; 0: it has not */
    size_t text_used;
    const struct emu_op_info *ops[EMU_OP_LAYERS];
    unsigned op_counts[EMU_OP_LAYERS];

    /* access*.c */
    struct {
        emu_guard_fn *look;
        void *context;
    } guards[EMU_GUARDS_MAX]; /* of guarded pages */
    uint32_t guard_count;

    /* deed.c */
    uint64_t deed_count; /* ever, in this run */

    /* finding.c */
    uint32_t origin_count;
    uint32_t reported_count;

    /* machine.c */
    void *slots[EMU_SLOT_COUNT];
    size_t arena_used;

    /* ---- The state of a run in arrays, of which a checkpoint copies what is in use ---- */

    struct emu_liveness liveness; /* liveness.c */
    struct emu_cpu cpus[EMU_PROCESSORS_MAX];
    struct emu_line_state lines[EMU_LINES_MAX];
    emu_line pending_lines[EMU_LINES_MAX]; /* ascending */
    struct emu_window windows[EMU_WINDOWS_MAX];
    struct emu_deed deeds[EMU_DEEDS_MAX];
    struct emu_strand *strands;
    struct emu_io_page *io_pages;
    unsigned char *arena;
    struct emu_event **heap;
    struct emu_engine **engines;
    struct emu_object_slot *object_slots;
    struct emu_object_info *objects;
    struct emu_record record; /* choose.c */

    /* ---- What outlives a run, or is of no use after it ---- */

    /* step.c */
    uint64_t step_stop; /* slow path at this step: a limit or the budget's end */
    uint64_t budget_stop;
    bool tracing;
    struct emu_watch *watch; /* access.c; NULL: accesses are not watched in this run */

    struct emu_config config;
    bool misdeed_offered; /* in any run: a device could have done something wrong */
    enum emu_stop stop;

    /* schedule.c */
    struct emu_strand host;
    struct emu_action menu[EMU_MENU_MAX];

    /* checkpoint.c */
    struct emu_checkpoints *checkpoints; /* NULL: each run begins at its set-up */

    /* footprint.c */
    struct emu_footprints *footprints; /* NULL: nobody reads them */
    struct emu_footprints *own_book;   /* of debug builds; NULL: none was needed */
    struct emu_audit *audit;           /* audit.c; NULL: accesses are not compared with them */

    /* choose.c */
    struct emu_strategy *strategy;

    /* event.c, engine.c, object.c */
    uint32_t heap_capacity, engines_capacity;
    uint32_t object_mask;
    uint32_t object_capacity;
    uint32_t epoch;

    struct emu_cache *cache; /* cache.c; NULL: devices see what processors see */

    /* coverage_machine.c */
    struct emu_coverage *coverage; /* NULL: nobody counts */
    const uint8_t *moments;        /* of it */

    /* trace.c */
    bool trace_wanted;
    struct emu_trace_entry *trace;
    char *text;
    emu_print_fn *print;
    void *print_context;

    /* access*.c */
    struct emu_watch *watch_made; /* what watch is, once it was needed */

    /* callers.c */
    struct emu_module modules[EMU_MODULES_MAX];
    uint32_t module_count;
    emu_source_fn *sources;

    /* finding.c */
    struct emu_finding finding;
    struct emu_origin origins[EMU_ORIGINS_MAX]; /* of the finding that is raised next */
    struct emu_reported reported[EMU_REPORTED_MAX];

    /* machine.c */
    struct emu_crash *crash; /* crash.c; NULL: crashes are not caught */
    const struct emu_fill *fills;
    unsigned fill_count;
    struct {
        emu_boot_fn *fn;
        void *context;
    } boots[EMU_BOOTS_MAX];
    uint32_t boot_count;
    struct emu_owned *owned; /* newest first */
};

/* Resets and (de)constructors of the parts, called by machine.c in this order. False: no memory. */
bool emu_ram_create(struct emu_machine *m);
void emu_ram_destroy(struct emu_machine *m);
void emu_ram_reset(struct emu_machine *m);
void emu_ram_forget_adopted(struct emu_machine *m);
bool emu_strands_create(struct emu_machine *m);
void emu_strands_destroy(struct emu_machine *m);
void emu_strands_reset(struct emu_machine *m);
bool emu_objects_create(struct emu_machine *m);
void emu_objects_destroy(struct emu_machine *m);
void emu_objects_reset(struct emu_machine *m);
void emu_trace_reset(struct emu_machine *m);
void emu_trace_destroy(struct emu_machine *m);
void emu_hash_text(struct emu_machine *m, emu_op op, const char *text, size_t length);
void emu_trace_add(struct emu_machine *m, emu_op op, emu_object object, uint64_t arg, const char *text);
void emu_bus_reset(struct emu_machine *m);
void emu_clock_reset(struct emu_machine *m);
void emu_lines_reset(struct emu_machine *m);

/* Nothing but the running context could do anything now. */
static inline bool emu_alone(const struct emu_machine *m)
{
    return (m->agenda | (m->busy & (m->busy - 1))) == 0;
}

/* One more call that is no step. */
static inline void emu_count_call(struct emu_machine *m, emu_op op)
{
    bool many = ++m->calls >= EMU_CALLS_PER_STEP * m->config.step_limit;
    if (EMU_UNLIKELY(many && m->self != &m->host))
        emu_liveness_calls(m, op);
}

/* step.c: the part of a step that comes after the decision. */
void emu_perform(struct emu_machine *m, emu_op op, emu_object object, uint64_t arg);
void emu_hash(struct emu_machine *m, emu_op op, emu_object object, uint64_t arg);
void emu_set_step_stop(struct emu_machine *m);

/* schedule.c */
void emu_decide(struct emu_machine *m, struct emu_strand *self); /* returns when self may go on */
void emu_stop_here(struct emu_machine *m, enum emu_stop why);    /* to the host; returns when resumed */
void emu_limit_reached(struct emu_machine *m);

void emu_idle_main(void *arg); /* what an idle strand's stack begins with */

/* strand.c */
struct emu_strand *emu_idle_strand(struct emu_machine *m, unsigned cpu);
void emu_ready_push(struct emu_machine *m, struct emu_strand *s);
void emu_ready_remove(struct emu_machine *m, struct emu_strand *s);
void emu_bury_dead(struct emu_machine *m);
/* checkpoint.c: the strand as it was, and its stack, of which copy is what lies from an offset on */
void emu_strand_put_back(struct emu_strand *s, const struct emu_strand *copy);
void emu_strand_put_stack(struct emu_machine *m, struct emu_strand *s, const void *copy, size_t from);
void *emu_stack_slot(struct emu_machine *m, uint32_t index); /* mem.c: lowest usable byte, guard page below */

/*
 * cache.c: all of it, a page that is freed, and a device's access within one page (false: no memory). Only
 * emu_cache_device() asks for a cache.
 */
bool emu_cache_create(struct emu_machine *m);
void emu_cache_destroy(struct emu_machine *m);
void emu_cache_forget(struct emu_machine *m);
void emu_cache_free(struct emu_machine *m, uint32_t slot);
bool emu_cache_device(struct emu_machine *m, uint64_t physical, void *buffer, size_t bytes, bool to_memory);

/* mem.c, for checkpoint.c: is the page in use? And: frames are those of these pages again, and pages that
 * were adopted are, when the rest of the tables is as it was. */
bool emu_ram_page_used(const struct emu_machine *m, uint32_t page);
bool emu_ram_is_met(const struct emu_machine *m, const volatile void *address);
void emu_ram_put_back(struct emu_machine *m, const uint32_t *pages, uint32_t count);

/* mem.c: numbers for pages of whatever kind, below emu_ram_slots(); UINT32_MAX: no memory. */
uint32_t emu_ram_slots(const struct emu_machine *m);
uint32_t emu_ram_slot(struct emu_machine *m, uint64_t physical);

/* crash.c */
void emu_crash_destroy(struct emu_machine *m);
void emu_crash_settle(struct emu_machine *m); /* after a run that ended with a finding */
/* callers.c: the innermost frame alone, of what did not crash */
/* emu_birth_note() with so many frames at most. */
void emu_birth_take(const struct emu_machine *m, struct emu_birth *birth, unsigned most);
void emu_callers_take_innermost(const struct emu_machine *m, struct emu_callers *callers);

/* Where the running context crashed; NULL: it did not. Only where crashes are caught. */
struct emu_crash_place {
    uintptr_t pc;        /* the instruction; of a jump to nowhere, what it would have returned to */
    uintptr_t frame, sp; /* as the registers were */
};
const struct emu_crash_place *emu_crash_place(const struct emu_machine *m);

/* mem.c: are there frames in this range, used or not? */
bool emu_ram_reserved(const struct emu_machine *m, uint64_t physical, uint64_t bytes);

/* access_order.c: what happens while accesses are watched */
void emu_watch_performed(struct emu_machine *m, emu_op op, emu_object object);
void emu_watch_device(struct emu_machine *m, emu_object object, bool engine); /* its callback comes next */
void emu_watch_started(struct emu_machine *m, struct emu_strand *s);
void emu_watch_readied(struct emu_machine *m, struct emu_strand *s);
void emu_watch_raised(struct emu_machine *m, uint8_t from, uint8_t to);
void emu_watch_lowered(struct emu_machine *m, uint8_t from, uint8_t to);
/* A handler on self's stack; returns what it interrupts, for the end. */
struct emu_context *emu_watch_enter(struct emu_machine *m, struct emu_strand *self, uint8_t level);
void emu_watch_leave(struct emu_machine *m, struct emu_strand *self, struct emu_context *interrupted);
void emu_watch_era(struct emu_machine *m); /* everything so far comes before everything later */
/* access_report.c: completes the finding of a data race, on the host's stack */
void emu_watch_report(struct emu_machine *m);

/* cpu.c */
void emu_run_line(struct emu_machine *m, struct emu_strand *self, emu_line line);
void emu_run_soft(struct emu_machine *m, struct emu_strand *self, uint8_t level);

/* irq.c */
void emu_line_again(struct emu_machine *m,
                    emu_line line); /* after the handler: pending anew while asserted */
void emu_line_taken(struct emu_machine *m, emu_line line); /* no longer pending */

/* choose.c */
struct emu_choice emu_choice_of(uint64_t arg); /* what a step of EMU_OP_CHOICE says was chosen */
uint32_t emu_choose_action(struct emu_machine *m, uint32_t count, bool free_choice);
uint32_t emu_choose_frames(struct emu_machine *m, uint32_t site, uint32_t count);

/* event.c, engine.c */
void emu_fire_event(struct emu_machine *m, struct emu_event *e);
void emu_fire_engine(struct emu_machine *m, struct emu_engine *e);
void emu_move_clock(struct emu_machine *m, uint64_t due);

static inline unsigned emu_layer_of(emu_op op)
{
    return op >> 8;
}

#endif
