/*
 * The machine object: creation, reset, the arena, the way in and out of a run.
 */
#include "emu/footprint.h"

#ifdef EMU_CHECK_FOOTPRINTS
#include "emu/audit.h"
#endif

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* The only mutable static of the library: the machine whose code runs on this thread. */
static _Thread_local struct emu_machine *current;

#define ARENA_BYTES ((size_t)1 << 30) /* of address space; pages come as they are touched */
enum { ARENA_ALIGN = 16 };

static const struct emu_config defaults = {
    .processors = 2,
    .ram_low_pages = 1024,
    .ram_mid_pages = 2048,
    .ram_high_pages = 1024,
    .strands_max = 256,
    .stack_bytes = 64 * 1024,
    .step_limit = 100000,
};

enum {
    LOW_PAGES_MAX = 3840,      /* from 1 MiB to 16 MiB */
    MID_PAGES_MAX = 0x7F000,   /* from 16 MiB to 2 GiB; stacks and adopted pages have their frames above */
    HIGH_PAGES_MAX = 0x400000, /* 16 GiB */
    STRANDS_MAX = 16384,
    STACK_MIN = 16 * 1024,
    STACK_MAX = 16 * 1024 * 1024,
    STACKS_MAX = 1 << 30, /* all of them, guard pages included: what there are frames for */
};

static const char *complete(struct emu_config *c)
{
    c->processors = c->processors ? c->processors : defaults.processors;
    c->ram_low_pages = c->ram_low_pages ? c->ram_low_pages : defaults.ram_low_pages;
    c->ram_mid_pages = c->ram_mid_pages ? c->ram_mid_pages : defaults.ram_mid_pages;
    c->ram_high_pages = c->ram_high_pages ? c->ram_high_pages : defaults.ram_high_pages;
    c->ram_high_pages = c->ram_high_pages == EMU_NO_PAGES ? 0 : c->ram_high_pages;
    c->strands_max = c->strands_max ? c->strands_max : defaults.strands_max;
    c->stack_bytes = c->stack_bytes ? c->stack_bytes : defaults.stack_bytes;
    c->step_limit = c->step_limit ? c->step_limit : defaults.step_limit;

    if (c->processors > EMU_PROCESSORS_MAX)
        return "a machine has 1 to 64 processors";
    if (c->ram_low_pages > LOW_PAGES_MAX)
        return "there are at most 3,840 page frames below 16 MiB";
    if (c->ram_mid_pages > MID_PAGES_MAX)
        return "there are at most 520,192 page frames between 16 MiB and 4 GiB";
    if (c->ram_high_pages > HIGH_PAGES_MAX)
        return "there are at most 4,194,304 page frames above 4 GiB";
    if (c->strands_max > STRANDS_MAX || c->strands_max <= c->processors)
        return "a machine has at most 16,384 strands, and more than it has processors";
    if (c->stack_bytes % EMU_PAGE_SIZE != 0 || c->stack_bytes < STACK_MIN || c->stack_bytes > STACK_MAX)
        return "a stack has 16 KiB to 16 MiB, in whole pages";
    if ((uint64_t)c->strands_max * (c->stack_bytes + EMU_PAGE_SIZE) > STACKS_MAX)
        return "all stacks together, with a guard page each, have at most 1 GiB";
    if ((unsigned)c->profile >= EMU_PROFILES)
        return "no such profile";
    return NULL;
}

struct emu_machine *emu_machine_create(const struct emu_config *config, const char **error)
{
    struct emu_config c = *config;
    *error = complete(&c);
    if (*error != NULL)
        return NULL;
    struct emu_machine *m = calloc(1, sizeof *m);
    *error = "no memory for a machine";
    if (m == NULL)
        return NULL;
    m->config = c;
    m->arena =
        mmap(NULL, ARENA_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (m->arena == MAP_FAILED)
        m->arena = NULL;
    emu_record_init(&m->record);
    if (m->arena == NULL || !emu_ram_create(m) || !emu_cache_create(m) || !emu_strands_create(m) ||
        !emu_objects_create(m)) {
        emu_machine_destroy(m);
        return NULL;
    }
    *error = NULL;
    emu_machine_reset(m);
    return m;
}

struct emu_owned {
    struct emu_owned *older;
    void (*end)(void *block);
    _Alignas(ARENA_ALIGN) unsigned char block[];
};

void *emu_machine_own(struct emu_machine *m, size_t bytes, void (*end)(void *block))
{
    struct emu_owned *o = calloc(1, sizeof *o + bytes);
    if (o == NULL)
        return NULL;
    o->older = m->owned;
    o->end = end;
    m->owned = o;
    return o->block;
}

static void end_owned(struct emu_machine *m)
{
    while (m->owned != NULL) {
        struct emu_owned *o = m->owned;
        m->owned = o->older;
        if (o->end != NULL)
            o->end(o->block);
        free(o);
    }
}

void emu_machine_destroy(struct emu_machine *m)
{
    if (m == NULL)
        return;
    EMU_ASSERT(current != m);
    end_owned(m);
    emu_crash_destroy(m);
    emu_footprints_forget_own(m);
#ifdef EMU_CHECK_FOOTPRINTS
    emu_audit_destroy(m);
#endif
    emu_trace_destroy(m);
    emu_objects_destroy(m);
    emu_strands_destroy(m);
    emu_cache_destroy(m);
    emu_ram_destroy(m);
    emu_record_free(&m->record);
    free(m->heap);
    free(m->engines);
    if (m->arena != NULL)
        munmap(m->arena, ARENA_BYTES);
    free(m);
}

const struct emu_config *emu_machine_config(const struct emu_machine *m)
{
    return &m->config;
}

const char *emu_profile_name(enum emu_profile profile)
{
    static const char *const names[EMU_PROFILES] = {
        [EMU_PROFILE_HOSTILE] = "hostile",
        [EMU_PROFILE_TYPICAL] = "typical",
        [EMU_PROFILE_VERIFIER] = "verifier",
    };
    return names[profile];
}

void emu_machine_set_profile(struct emu_machine *m, enum emu_profile profile)
{
    m->config.profile = profile;
}

void emu_machine_set_go_past(struct emu_machine *m, uint32_t findings)
{
    m->config.go_past = findings < EMU_REPORTED_MAX ? findings : EMU_REPORTED_MAX;
}

void emu_machine_set_faults(struct emu_machine *m, bool faults)
{
    m->config.faults = faults;
}

void emu_machine_set_misbehaving(struct emu_machine *m, bool misbehaving)
{
    m->config.misbehaving = misbehaving;
}

struct emu_machine *emu_current(void)
{
    return current;
}

void emu_machine_add_boot(struct emu_machine *m, emu_boot_fn *boot, void *context)
{
    EMU_ASSERT(m->boot_count < EMU_BOOTS_MAX);
    m->boots[m->boot_count].fn = boot;
    m->boots[m->boot_count].context = context;
    m->boot_count++;
}

void emu_set_slot(struct emu_machine *m, enum emu_slot slot, void *state)
{
    m->slots[slot] = state;
}

void *emu_slot(const struct emu_machine *m, enum emu_slot slot)
{
    return m->slots[slot];
}

void emu_machine_reset(struct emu_machine *m)
{
    EMU_ASSERT(current == NULL || current != m);
    m->steps = 0;
    m->hash = 0;
    m->agenda = 0;
    m->halted = false;
    m->origin_count = 0;
    m->reported_count = 0;
    m->deed_count = 0;
    m->in_callback = false;
    m->watch = NULL;
    m->guard_count = 0;
    m->quiet = 0;
    m->busy = 0;
    m->streak = 0;
    m->turns = 0;
    m->resume = NULL;
    m->dead = NULL;
    m->record.length = 0;
    m->failed = 0;
    m->arena_used = 0;
    memset(m->slots, 0, sizeof m->slots);
    emu_objects_reset(m);
    emu_trace_reset(m);
    emu_clock_reset(m);
    emu_lines_reset(m);
    emu_liveness_reset(m);
    emu_bus_reset(m);
    emu_ram_reset(m);
    emu_strands_reset(m);

    struct emu_machine *outer = current;
    current = m;
    m->quiet = 1; /* the same in every run */
    for (uint32_t i = 0; i < m->boot_count; i++)
        m->boots[i].fn(m, m->boots[i].context);
    m->quiet = 0;
    current = outer;
}

enum emu_stop emu_machine_run(struct emu_machine *m, uint64_t max_steps)
{
    EMU_ASSERT(current == NULL);
    if (m->halted)
        return EMU_STOP_FINDING;
    m->budget_stop = max_steps == 0 || max_steps > UINT64_MAX - m->steps ? UINT64_MAX : m->steps + max_steps;
    emu_set_step_stop(m);
    struct emu_strand *next = m->resume != NULL ? m->resume : emu_idle_strand(m, 0);
    m->resume = NULL;
    next->order = ORDER_DECIDE;
    current = m;
    emu_fiber_adopt(&m->host.fiber);
    m->self = next;
    emu_fiber_switch(&m->host.fiber, &next->fiber);
    m->self = &m->host;
    current = NULL;
    if (EMU_UNLIKELY(m->crash != NULL && m->halted))
        emu_crash_settle(m);
    if (EMU_UNLIKELY(m->watch != NULL && m->halted))
        emu_watch_report(m);
    return m->stop;
}

void *emu_arena_alloc(struct emu_machine *m, size_t bytes)
{
    size_t rounded = (bytes + ARENA_ALIGN - 1) & ~(size_t)(ARENA_ALIGN - 1);
    EMU_ASSERT(rounded >= bytes && rounded <= ARENA_BYTES - m->arena_used);
    void *p = m->arena + m->arena_used;
    m->arena_used += rounded;
    memset(p, 0, bytes);
    return p;
}

void emu_quiet_begin(struct emu_machine *m)
{
    if (m->watch != NULL && m->self == &m->host)
        emu_watch_era(m);
    m->quiet++;
}

void emu_quiet_end(struct emu_machine *m)
{
    EMU_ASSERT(m->quiet > 0);
    m->quiet--;
    if (m->watch != NULL && m->self == &m->host)
        emu_watch_era(m);
}

static void say(void *context, const char *line)
{
    fprintf(context, "%s\n", line);
}

void emu_bug(const char *file, int line, const char *what)
{
    struct emu_machine *m = current;
    fprintf(stderr, "haldma: emulator error at %s:%d: %s\n", file, line, what);
    if (m != NULL) {
        fprintf(stderr, "haldma: machine at step %llu, time %llu ns, processor %u\n",
                (unsigned long long)m->steps, (unsigned long long)m->now,
                m->self != NULL ? m->self->cpu : 0u);
        if (m->tracing)
            emu_trace_timeline(m, 0, say, stderr);
    }
    current = NULL; /* no crash of what runs on it */
    abort();
}
