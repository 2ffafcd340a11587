/*
 * The only source of nondeterminism: every choice of a run goes through ask().
 */
#include "emu/checkpoint.h"

static uint32_t answer(struct emu_strategy *s, const struct emu_decision *d)
{
    if (d->kind == EMU_CHOICE_INPUT && (s == NULL || !s->answers_input))
        return d->happened;
    return s != NULL ? s->choose(s, d) : 0;
}

static uint32_t ask(struct emu_machine *m, const struct emu_decision *d)
{
    uint32_t value;
    if (m->quiet == 0 || m->checkpoints == NULL || !emu_checkpoint_answer(m, d, &value))
        value = answer(m->strategy, d);
    EMU_ASSERT(value < d->count && d->count <= UINT16_MAX);
    emu_record_append(&m->record, (struct emu_choice){
                                      .kind = (uint8_t)d->kind,
                                      .free = d->free,
                                      .site = (uint16_t)d->site,
                                      .count = (uint16_t)d->count,
                                      .value = (uint16_t)value,
                                  });
    return value;
}

/* A choice as the argument of a step, for the timeline: 16 bits each. */
enum { PACK_BITS = 16, PACK_MASK = (1 << PACK_BITS) - 1 };

static uint64_t pack(const struct emu_decision *d, uint32_t value)
{
    return (uint64_t)d->kind << 3 * PACK_BITS | (uint64_t)(d->site & PACK_MASK) << 2 * PACK_BITS |
           (uint64_t)d->count << PACK_BITS | value;
}

struct emu_choice emu_choice_of(uint64_t arg)
{
    return (struct emu_choice){
        .kind = (uint8_t)(arg >> 3 * PACK_BITS),
        .free = true,
        .site = (uint16_t)(arg >> 2 * PACK_BITS),
        .count = (uint16_t)(arg >> PACK_BITS),
        .value = (uint16_t)arg,
    };
}

const char *emu_choice_kind_name(enum emu_choice_kind kind)
{
    static const char *const names[EMU_CHOICE_KINDS] = {
        [EMU_CHOICE_SCHEDULE] = "schedule", [EMU_CHOICE_LATITUDE] = "latitude", [EMU_CHOICE_ROUTE] = "route",
        [EMU_CHOICE_FRAMES] = "frames",     [EMU_CHOICE_DEVICE] = "device",     [EMU_CHOICE_FAULT] = "fault",
        [EMU_CHOICE_INPUT] = "input",
    };
    EMU_ASSERT(kind < EMU_CHOICE_KINDS);
    return names[kind];
}

static uint32_t ask_other(struct emu_machine *m, enum emu_choice_kind kind, uint32_t site, uint32_t count)
{
    struct emu_decision d = {.kind = kind, .site = site, .count = count, .free = true};
    uint32_t value = ask(m, &d);
    emu_note(m, EMU_OP_CHOICE, EMU_NO_OBJECT, pack(&d, value));
    return value;
}

uint32_t emu_choose_action(struct emu_machine *m, uint32_t count, bool free_choice)
{
    if (count == 1 || m->quiet != 0)
        return 0;
    struct emu_decision d = {
        .kind = EMU_CHOICE_SCHEDULE,
        .site = m->self->pending.op,
        .count = count,
        .free = free_choice,
        .actions = m->menu,
    };
    return ask(m, &d);
}

uint32_t emu_choose(struct emu_machine *m, enum emu_choice_kind kind, uint32_t site, uint32_t count)
{
    EMU_ASSERT(count > 0 && kind != EMU_CHOICE_SCHEDULE);
    if (count == 1 || m->quiet != 0)
        return 0;
    return ask_other(m, kind, site, count);
}

uint32_t emu_latitude(struct emu_machine *m, uint32_t site, uint32_t count)
{
    return emu_profile_is_hostile(m->config.profile) ? emu_choose(m, EMU_CHOICE_LATITUDE, site, count) : 0;
}

uint32_t emu_choose_input(struct emu_machine *m, uint32_t site, uint32_t count, uint32_t happened)
{
    EMU_ASSERT(happened < count);
    struct emu_decision d = {
        .kind = EMU_CHOICE_INPUT, .site = site, .count = count, .free = true, .happened = happened};
    uint32_t value = ask(m, &d);
    emu_note(m, EMU_OP_CHOICE, EMU_NO_OBJECT, pack(&d, value));
    return value;
}

/* Frames are chosen while a scenario is set up, which is quiet: this choice alone is asked all the same. */
uint32_t emu_choose_frames(struct emu_machine *m, uint32_t site, uint32_t count)
{
    return emu_profile_is_hostile(m->config.profile) && count > 1
               ? ask_other(m, EMU_CHOICE_FRAMES, site, count)
               : 0;
}

bool emu_spare(struct emu_machine *m, bool spared)
{
    bool before = m->self->spared;
    m->self->spared = spared;
    return before;
}

bool emu_is_spared(const struct emu_machine *m)
{
    return m->self->spared && m->cpus[m->self->cpu].depth == 0;
}

/* Drivers are started while a scenario is set up, which is quiet: this choice is asked all the same. */
bool emu_fault(struct emu_machine *m, uint32_t site)
{
    if (EMU_LIKELY(!m->config.faults) || emu_is_spared(m))
        return false;
    bool fails = ask_other(m, EMU_CHOICE_FAULT, site, 2) != 0;
    m->failed += fails;
    return fails;
}

uint32_t emu_faults_so_far(const struct emu_machine *m)
{
    return m->failed;
}

const struct emu_record *emu_machine_record(const struct emu_machine *m)
{
    return &m->record;
}

void emu_machine_set_strategy(struct emu_machine *m, struct emu_strategy *s)
{
    m->strategy = s;
}
