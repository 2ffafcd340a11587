/*
 * Call stacks: see emu/callers.h.
 *
 * The walk trusts nothing that it finds: a frame pointer counts only where it lies in the running context's
 * part of its stack, above the one before. Code without frame pointers makes a stack shorter, never wrong
 * memory touched.
 */
#include <emu/callers.h>
#include <emu/sanitized.h>

#include "emu/machine_state.h"

#include <stdio.h>
#include <string.h>

#if EMU_SANITIZED
#define UNCHECKED __attribute__((no_sanitize("address")))
#else
#define UNCHECKED
#endif

enum { FRAMES_PASSED = 96, FRAME_BYTES = 2 * sizeof(uintptr_t) };

/* ---- Modules ------------------------------------------------------------------------------------------- */

/* FNV-1a */
static uint64_t hash_of(const char *text)
{
    uint64_t hash = 0xCBF29CE484222325ull;
    for (; *text != '\0'; text++)
        hash = (hash ^ (unsigned char)*text) * 0x100000001B3ull;
    return hash;
}

bool emu_code_add(struct emu_machine *m, const char *name, uintptr_t low, uintptr_t high)
{
    EMU_ASSERT(low < high && high - low <= UINT32_MAX);
    for (uint32_t i = 0; i < m->module_count; i++) {
        const struct emu_module *known = &m->modules[i];
        if (low < known->high && known->low < high)
            return low == known->low && high == known->high &&
                   strncmp(known->name, name, EMU_MODULE_NAME - 1) == 0;
    }
    if (m->module_count == EMU_MODULES_MAX)
        return false;
    struct emu_module *module = &m->modules[m->module_count++];
    *module = (struct emu_module){.low = low, .high = high};
    snprintf(module->name, sizeof module->name, "%s", name);
    module->hash = hash_of(module->name);
    return true;
}

/* Its number, or module_count. */
static inline uint32_t module_of(const struct emu_machine *m, uintptr_t address)
{
    uint32_t i = 0;
    while (i < m->module_count && (address < m->modules[i].low || address >= m->modules[i].high))
        i++;
    return i;
}

bool emu_code_known(const struct emu_machine *m, uintptr_t address)
{
    return module_of(m, address) < m->module_count;
}

uint32_t emu_code_module(const struct emu_machine *m, uintptr_t address)
{
    uint32_t module = module_of(m, address);
    return module < m->module_count ? module : EMU_MODULES_MAX;
}

/* ---- Taking -------------------------------------------------------------------------------------------- */

static inline void keep(const struct emu_machine *m, uintptr_t pc, struct emu_callers *c)
{
    uint32_t module = module_of(m, pc - 1); /* a call that never returns may be the last of its module */
    if (module == m->module_count)
        return;
    c->module[c->count] = (uint8_t)module;
    c->offset[c->count++] = (uint32_t)(pc - m->modules[module].low);
}

/* Where the running context's frames end: those above are of whom it interrupted. */
static uintptr_t end_of_frames(const struct emu_machine *m)
{
    const struct emu_strand *self = m->self;
    uintptr_t handler = m->cpus[self->cpu].handler_frame;
    if (m->in_callback)
        return m->callback_frame;
    return handler != 0 ? handler : (uintptr_t)self->stack_low + self->fiber.bytes;
}

UNCHECKED static void walk(const struct emu_machine *m, uintptr_t frame, struct emu_callers *c, unsigned most)
{
    uintptr_t low = (uintptr_t)m->self->stack_low, end = end_of_frames(m);
    for (unsigned passed = 0; passed < FRAMES_PASSED && c->count < most; passed++) {
        if (frame < low || frame >= end || frame % sizeof(uintptr_t) != 0 || end - frame < FRAME_BYTES)
            return;
        const uintptr_t *words =
            (const uintptr_t *)frame; /* the caller's frame, and what the call returns to */
        keep(m, words[1], c);
        if (words[0] <= frame)
            return;
        frame = words[0];
    }
}

/*
 * A crash in code without frame pointers, in abort() for one: the first return address of a known module that
 * lies on the stack, and above it the first pair of words that looks like that function's frame.
 */
UNCHECKED static uintptr_t find_frame(const struct emu_machine *m, uintptr_t sp, struct emu_callers *c)
{
    uintptr_t end = end_of_frames(m), at = (sp + sizeof(uintptr_t) - 1) & ~(sizeof(uintptr_t) - 1);
    if (sp < (uintptr_t)m->self->stack_low || sp >= end)
        return 0;
    while (at < end && !emu_code_known(m, *(const uintptr_t *)at - 1))
        at += sizeof(uintptr_t);
    if (at >= end)
        return 0;
    keep(m, *(const uintptr_t *)at, c);
    for (at += sizeof(uintptr_t); at < end; at += sizeof(uintptr_t)) {
        uintptr_t next = *(const uintptr_t *)at;
        if (next > at && next < end && next % sizeof(uintptr_t) == 0)
            return at;
    }
    return 0;
}

static void walk_from_crash(const struct emu_machine *m, const struct emu_crash_place *place,
                            struct emu_callers *c)
{
    uintptr_t frame = place->frame;
    if (emu_code_known(m, place->pc))
        keep(m, place->pc + 1, c); /* it is no return address */
    else
        frame = find_frame(m, place->sp, c);
    walk(m, frame, c, EMU_CALLERS_MAX);
}

__attribute__((noinline)) void emu_callers_take(const struct emu_machine *m, struct emu_callers *c)
{
    const struct emu_crash_place *crashed = m->crash != NULL ? emu_crash_place(m) : NULL;
    c->count = 0;
    if (EMU_UNLIKELY(m->module_count == 0 || m->self == &m->host))
        return;
    if (EMU_UNLIKELY(crashed != NULL))
        walk_from_crash(m, crashed, c);
    else
        walk(m, (uintptr_t)__builtin_frame_address(0), c, EMU_CALLERS_MAX);
}

__attribute__((noinline)) void emu_callers_take_innermost(const struct emu_machine *m, struct emu_callers *c)
{
    c->count = 0;
    if (m->module_count != 0 && m->self != &m->host && !m->halted)
        walk(m, (uintptr_t)__builtin_frame_address(0), c, 1);
}

uint32_t emu_code_running(const struct emu_machine *m)
{
    struct emu_callers innermost;
    emu_callers_take_innermost(m, &innermost);
    return innermost.count > 0 ? innermost.module[0] : EMU_MODULES_MAX;
}

uint64_t emu_callers_identity(const struct emu_machine *m, const struct emu_callers *c)
{
    uint64_t identity = 0;
    for (unsigned i = 0; i < c->count; i++) {
        identity = (identity ^ m->modules[c->module[i]].hash ^ c->offset[i]) * 0x9E3779B97F4A7C15ull;
        identity ^= identity >> 32;
    }
    return c->count == 0 ? 0 : identity | 1;
}

/* As walk(), without asking which code it is. */
UNCHECKED static inline unsigned note_frames(const struct emu_machine *m, uintptr_t frame, uintptr_t *frames,
                                             unsigned most)
{
    uintptr_t low = (uintptr_t)m->self->stack_low, room = end_of_frames(m) - FRAME_BYTES - low;
    unsigned count = 0;
    while (frame - low <= room && frame % sizeof(uintptr_t) == 0) {
        const uintptr_t *words = (const uintptr_t *)frame;
        frames[count++] = words[1];
        if (count == most || words[0] <= frame)
            break;
        frame = words[0];
    }
    return count;
}

__attribute__((noinline)) void emu_birth_take(const struct emu_machine *m, struct emu_birth *birth,
                                              unsigned most)
{
    birth->step = m->steps;
    birth->strand = m->self->object;
    birth->cpu = m->self->cpu;
    birth->level = m->cpus[m->self->cpu].level;
    birth->frames = 0;
    if (m->module_count != 0 && m->self != &m->host)
        birth->frames = (uint8_t)note_frames(m, (uintptr_t)__builtin_frame_address(0), birth->frame, most);
}

void emu_birth_note(const struct emu_machine *m, struct emu_birth *birth)
{
    emu_birth_take(m, birth, EMU_FRAMES_MAX);
}

void emu_birth_callers(const struct emu_machine *m, const struct emu_birth *birth,
                       struct emu_callers *callers)
{
    callers->count = 0;
    for (unsigned i = 0; i < birth->frames && callers->count < EMU_CALLERS_MAX; i++)
        keep(m, birth->frame[i], callers);
}

/* ---- Telling ------------------------------------------------------------------------------------------- */

const char *emu_source_base(const struct emu_source *source)
{
    const char *slash = strrchr(source->file, '/');
    return slash != NULL ? slash + 1 : source->file;
}

void emu_sources_set(struct emu_machine *m, emu_source_fn *sources)
{
    m->sources = sources;
}

void emu_sources_tell(const struct emu_machine *m, const uintptr_t *addresses, struct emu_source *places,
                      size_t count)
{
    memset(places, 0, count * sizeof *places);
    if (m->sources != NULL && count > 0)
        m->sources(addresses, places, count);
}

void emu_callers_tell(const struct emu_machine *m, const struct emu_callers *c,
                      const char *modules[EMU_CALLERS_MAX], struct emu_source places[EMU_CALLERS_MAX])
{
    uintptr_t addresses[EMU_CALLERS_MAX];
    for (unsigned i = 0; i < c->count; i++) {
        const struct emu_module *module = &m->modules[c->module[i]];
        modules[i] = module->name;
        addresses[i] = module->low + c->offset[i];
    }
    emu_sources_tell(m, addresses, places, c->count);
}
