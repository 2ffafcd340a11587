/*
 * Interrupt lines: what is raised, where it is pending, and that level-triggered ones come again.
 */
#include "emu/footprint.h"

enum { LOWEST_LINE_LEVEL = EMU_LEVEL_DISPATCH + 1 };

static struct emu_line_state *state(struct emu_machine *m, emu_line line)
{
    EMU_ASSERT(line >= 1 && line <= m->line_count);
    return &m->lines[line - 1];
}

static const struct emu_line_state *look(const struct emu_machine *m, emu_line line)
{
    EMU_ASSERT(line >= 1 && line <= m->line_count);
    return &m->lines[line - 1];
}

void emu_lines_reset(struct emu_machine *m)
{
    m->line_count = 0;
    m->pending_count = 0;
}

static uint64_t all_processors(const struct emu_machine *m)
{
    return m->config.processors == EMU_PROCESSORS_MAX ? UINT64_MAX : (1ull << m->config.processors) - 1;
}

emu_line emu_line_add(struct emu_machine *m, const struct emu_line_config *config)
{
    bool possible = m->line_count < EMU_LINES_MAX && config->level >= LOWEST_LINE_LEVEL &&
                    config->level <= EMU_LEVEL_HIGH && (config->processors & ~all_processors(m)) == 0;
    if (!possible)
        return 0;
    struct emu_line_state *l = &m->lines[m->line_count++];
    *l = (struct emu_line_state){.config = *config, .object = emu_object_new(m, "line")};
    if (l->config.processors == 0)
        l->config.processors = all_processors(m);
    if (config->name != NULL)
        emu_object_name(m, l->object, config->name);
    return m->line_count;
}

void emu_line_touch(struct emu_machine *m, emu_line line, enum emu_access access)
{
    emu_touch_object(m, look(m, line)->object, access);
}

void emu_line_connect(struct emu_machine *m, emu_line line, emu_interrupt_fn *handler, void *context)
{
    struct emu_line_state *l = state(m, line);
    emu_touch_object(m, l->object, EMU_ACCESS_WRITE);
    l->handler = handler;
    l->context = context;
    emu_order_release(m, l->object);
}

/* The processor that takes it: the first of its set, or in the hostile profile any of them. */
static uint8_t route(struct emu_machine *m, const struct emu_line_state *l)
{
    uint64_t set = l->config.processors;
    uint32_t count = (uint32_t)__builtin_popcountll(set);
    uint32_t skip = emu_profile_is_hostile(m->config.profile)
                        ? emu_choose(m, EMU_CHOICE_ROUTE, EMU_OP_LINE_RAISE, count)
                        : 0;
    for (; skip > 0; skip--)
        set &= set - 1;
    return (uint8_t)__builtin_ctzll(set);
}

static void make_pending(struct emu_machine *m, emu_line line)
{
    struct emu_line_state *l = state(m, line);
    if (l->pending)
        return;
    l->pending = true;
    l->woken = emu_footprint_now(m);
    l->since = m->steps;
    l->cpu = route(m, l);
    uint32_t at = m->pending_count++;
    for (; at > 0 && m->pending_lines[at - 1] > line; at--)
        m->pending_lines[at] = m->pending_lines[at - 1];
    m->pending_lines[at] = line;
    m->agenda++;
}

void emu_line_taken(struct emu_machine *m, emu_line line)
{
    struct emu_line_state *l = state(m, line);
    EMU_ASSERT(l->pending);
    l->pending = false;
    uint32_t at = 0;
    while (m->pending_lines[at] != line)
        at++;
    m->pending_count--;
    for (; at < m->pending_count; at++)
        m->pending_lines[at] = m->pending_lines[at + 1];
    m->agenda--;
}

void emu_line_again(struct emu_machine *m, emu_line line)
{
    const struct emu_line_state *l = look(m, line);
    emu_touch_object(m, l->object,
                     l->config.trigger == EMU_TRIGGER_LEVEL ? EMU_ACCESS_WRITE : EMU_ACCESS_LOCAL);
    if (l->config.trigger == EMU_TRIGGER_LEVEL && l->asserted)
        make_pending(m, line);
}

void emu_line_raise(struct emu_machine *m, emu_line line)
{
    struct emu_line_state *l = state(m, line);
    emu_touch_object(m, l->object, EMU_ACCESS_WRITE);
    l->asserted = l->config.trigger == EMU_TRIGGER_LEVEL;
    emu_order_release(m, l->object);
    make_pending(m, line);
    emu_note(m, EMU_OP_LINE_RAISE, l->object, l->cpu);
}

/* A level-triggered interrupt that was not taken yet goes away with its cause. */
void emu_line_lower(struct emu_machine *m, emu_line line)
{
    struct emu_line_state *l = state(m, line);
    emu_touch_object(m, l->object, EMU_ACCESS_WRITE);
    if (l->config.trigger != EMU_TRIGGER_LEVEL || !l->asserted)
        return;
    l->asserted = false;
    if (l->pending) {
        emu_footprint_withdraw_line(m, line);
        emu_line_taken(m, line);
    }
    emu_note(m, EMU_OP_LINE_LOWER, l->object, 0);
}

bool emu_line_asserted(const struct emu_machine *m, emu_line line)
{
    return look(m, line)->asserted;
}

uint8_t emu_line_level(const struct emu_machine *m, emu_line line)
{
    return line >= 1 && line <= m->line_count ? m->lines[line - 1].config.level : 0;
}

uint64_t emu_line_processors(const struct emu_machine *m, emu_line line)
{
    return look(m, line)->config.processors;
}

enum emu_trigger emu_line_trigger(const struct emu_machine *m, emu_line line)
{
    return look(m, line)->config.trigger;
}
