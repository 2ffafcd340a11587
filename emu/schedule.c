/*
 * The scheduler: what could happen next, which of it does, and the way there.
 *
 * There is no scheduler strand. Whoever reaches a yield point decides on its own stack: it builds the menu of
 * actions, asks for a choice, and performs it: goes on, calls a handler, lets a device engine move, or
 * switches straight to the strand that was chosen, which in turn decides at its next yield point.
 *
 *   a strand is   HELD --release--> READY --switch--> TOP --block--> BLOCKED --ready--> READY
 *                                     ^----- preempted -+-- exit --> DONE
 *
 * TOP means that the strand is what its processor runs; interrupts nest on its stack. A processor without a
 * top carries its interrupts on its idle strand.
 */
#include <emu/unseen.h>

#include "emu/footprint.h"

#include <stdio.h>

enum { WAITERS_TEXT = 480, NAME_TEXT = 64 };

static inline bool is_enabled(const struct emu_strand *s)
{
    bool holds = true;
    EMU_UNSEEN(s->machine, "who could go on is what the reduction itself reasons about")
    {
        holds = s->pending.enabled == NULL || s->pending.enabled(s->pending.context);
    }
    return holds;
}

static inline bool can_go_on(const struct emu_machine *m, const struct emu_strand *s)
{
    return m->cpus[s->cpu].top == s && is_enabled(s);
}

/* ---- The menu
 * ---------------------------------------------------------------------------------------------- */

struct menu {
    struct emu_action *items;
    uint32_t count;
};

/* Field by field: a whole action that was put together elsewhere would be read back before its parts have
 * arrived, which costs more than the rest of the menu. */
static inline void offer(struct menu *menu, enum emu_action_kind kind, unsigned cpu, emu_object object,
                         uint32_t id, void *what)
{
    EMU_ASSERT(menu->count < EMU_MENU_MAX);
    struct emu_action *a = &menu->items[menu->count++];
    a->kind = (uint8_t)kind;
    a->cpu = (uint8_t)cpu;
    a->op = EMU_OP_NONE;
    a->object = object;
    a->id = id;
    a->what = what;
}

static inline void offer_step(struct menu *menu, struct emu_strand *s)
{
    offer(menu, EMU_ACTION_STEP, s->cpu, s->pending.object, s->object, s);
    menu->items[menu->count - 1].op = s->pending.op;
}

/* What could not have gone on does not starve; whoever reasons about order has to know. */
static void note_disabled(struct emu_machine *m, struct emu_strand *s, uint64_t *since)
{
    *since = m->steps;
    if (EMU_UNLIKELY(m->footprints != NULL))
        emu_footprint_disabled(m, s);
}

static void offer_tops(struct emu_machine *m, struct menu *menu, const struct emu_strand *except)
{
    for (uint64_t left = m->busy; left != 0; left &= left - 1) {
        struct emu_cpu *c = &m->cpus[__builtin_ctzll(left)];
        if (c->top == except)
            continue;
        if (is_enabled(c->top))
            offer_step(menu, c->top);
        else
            note_disabled(m, c->top, &c->since);
    }
}

/*
 * Ready strands of the highest priority there is on a processor, where it may change its strand; those that
 * can go on: two that stall would pass the processor to each other for ever, and the clock would never move.
 */
static void offer_switches(struct emu_machine *m, struct menu *menu)
{
    for (uint64_t left = m->ready_cpus; left != 0; left &= left - 1) {
        unsigned cpu = (unsigned)__builtin_ctzll(left);
        struct emu_cpu *c = &m->cpus[cpu];
        if (c->level >= EMU_LEVEL_DISPATCH || c->depth > 0)
            continue;
        uint8_t best = c->top != NULL ? c->top->priority : 0;
        for (struct emu_strand *s = c->ready_first; s != NULL; s = s->next_ready)
            best = s->priority > best ? s->priority : best;
        uint32_t room = EMU_MENU_SWITCHES / m->config.processors;
        for (struct emu_strand *s = c->ready_first; s != NULL && room > 0; s = s->next_ready)
            if (s->priority == best && is_enabled(s)) {
                room--;
                offer(menu, EMU_ACTION_SWITCH, cpu, s->object, s->object, s);
            } else if (s->priority == best) {
                note_disabled(m, s, &s->since);
            }
    }
}

static void offer_interrupts(struct emu_machine *m, struct menu *menu)
{
    for (uint32_t i = 0; i < m->pending_count; i++) {
        struct emu_line_state *l = &m->lines[m->pending_lines[i] - 1];
        if (l->handler != NULL && l->config.level > m->cpus[l->cpu].level)
            offer(menu, EMU_ACTION_DELIVER, l->cpu, l->object, m->pending_lines[i], NULL);
    }
    for (uint64_t left = m->soft_cpus; left != 0; left &= left - 1) {
        unsigned cpu = (unsigned)__builtin_ctzll(left);
        const struct emu_cpu *c = &m->cpus[cpu];
        for (uint8_t level = EMU_LEVEL_DISPATCH; level > c->level; level--)
            if (c->soft & 1u << level) {
                offer(menu, EMU_ACTION_SOFT, cpu, EMU_NO_OBJECT, level, NULL);
                break;
            }
    }
}

/* What the passing of time brings, earliest first: it stands at the menu's end. */
struct due {
    uint64_t due, order;
};

static struct due due_of(const struct emu_action *a)
{
    if (a->kind == EMU_ACTION_ENGINE) {
        const struct emu_engine *e = a->what;
        return (struct due){e->due, e->order};
    }
    const struct emu_event *e = a->what;
    return (struct due){e->due, e->order};
}

static bool before(struct due a, struct due b)
{
    return a.due != b.due ? a.due < b.due : a.order < b.order;
}

static void offer_in_time(struct menu *menu, uint32_t first, struct emu_action action)
{
    struct due mine = due_of(&action);
    if (menu->count - first < EMU_MENU_TIME)
        offer(menu, (enum emu_action_kind)action.kind, 0, action.object, action.id, action.what);
    else if (!before(mine, due_of(&menu->items[menu->count - 1])))
        return;
    uint32_t at = menu->count - 1;
    while (at > first && before(mine, due_of(&menu->items[at - 1]))) {
        menu->items[at] = menu->items[at - 1];
        at--;
    }
    menu->items[at] = action;
}

/* Events of the earliest deadline: the heap's root and whatever ties with it below. */
static void offer_ties(struct emu_machine *m, struct menu *menu, uint32_t first, uint32_t at)
{
    if (at >= m->heap_length || m->heap[at]->due != m->heap[0]->due)
        return;
    struct emu_event *e = m->heap[at];
    offer_in_time(menu, first, (struct emu_action){.kind = EMU_ACTION_EVENT, .object = e->object, .what = e});
    offer_ties(m, menu, first, 2 * at + 1);
    offer_ties(m, menu, first, 2 * at + 2);
}

static void offer_time(struct emu_machine *m, struct menu *menu)
{
    uint32_t first = menu->count;
    bool late = false;
    for (uint32_t i = 0; i < m->engines_length; i++) {
        struct emu_engine *e = m->engines[i];
        late |= e->passed >= EMU_LATE_EVENTS;
        if (e->due <= m->time_limit && e != m->arriving)
            offer_in_time(
                menu, first,
                (struct emu_action){.kind = EMU_ACTION_ENGINE, .object = e->object, .id = e->id, .what = e});
    }
    /* What happens for ever in the background must not keep a machine awake whose work is done. */
    bool needed = m->heap_length > m->background || m->unfinished > 0 || m->busy != 0 || menu->count > 0;
    if (EMU_UNLIKELY(late) && m->heap_length > 0 && needed)
        emu_footprint_forced(m);
    if (m->heap_length > 0 && needed && !late && m->heap[0]->due <= m->time_limit)
        offer_ties(m, menu, first, 0);
}

/* ---- Fairness
 * ----------------------------------------------------------------------------------------------
 *
 * A schedule that passes something over for ever exists on no machine, and a program that polls would be
 * called a livelock for it. So choices are left to strategies only as long as nobody starves:
 *
 *   a context that went on for EMU_FAIR_STEPS decisions in a row while others could makes room for one of
 * them, in turn what could have happened for EMU_STARVE_STEPS steps happens a device is passed over by
 * EMU_LATE_EVENTS timers at most that are due after it (offer_time)
 */

/* Since which step an action could have been taken. */
static uint64_t since(const struct emu_machine *m, const struct emu_action *a)
{
    switch ((enum emu_action_kind)a->kind) {
    case EMU_ACTION_STEP:
        return m->cpus[a->cpu].since;
    case EMU_ACTION_SWITCH:
        return ((const struct emu_strand *)a->what)->since;
    case EMU_ACTION_DELIVER:
        return m->lines[a->id - 1].since;
    case EMU_ACTION_SOFT:
        return m->cpus[a->cpu].soft_since;
    case EMU_ACTION_ENGINE:
        return ((const struct emu_engine *)a->what)->since;
    case EMU_ACTION_EVENT:
        break; /* in the order of their deadlines, which the clock keeps */
    }
    return m->steps;
}

/* The action that starves most, or NULL. */
static const struct emu_action *starving(const struct emu_machine *m, const struct menu *menu,
                                         const struct emu_strand *self)
{
    const struct emu_action *worst = NULL;
    uint64_t oldest = m->steps - EMU_STARVE_STEPS;
    for (uint32_t i = 0; i < menu->count; i++) {
        const struct emu_action *a = &menu->items[i];
        if (a->what != self && since(m, a) < oldest) {
            oldest = since(m, a);
            worst = a;
        }
    }
    return worst;
}

static void force(struct emu_machine *m, struct menu *menu, struct emu_action action)
{
    emu_footprint_forced(m);
    menu->items[0] = action;
    menu->count = 1;
}

/*
 * All that can happen, the default first; one action where fairness leaves no choice. *is_free: the current
 * context could not have gone on.
 */
static uint32_t build_menu(struct emu_machine *m, struct emu_strand *self, bool *is_free)
{
    struct menu menu = {.items = m->menu, .count = 0};
    bool goes_on = can_go_on(m, self);
    bool makes_room = goes_on && m->streak >= EMU_FAIR_STEPS;
    if (EMU_UNLIKELY(m->footprints != NULL) && !goes_on && m->cpus[self->cpu].top == self)
        emu_footprint_disabled(m, self);
    if (m->arriving != NULL)
        offer(&menu, EMU_ACTION_ENGINE, 0, m->arriving->object, m->arriving->id, m->arriving);
    if (goes_on && !makes_room)
        offer_step(&menu, self);
    offer_tops(m, &menu, self);
    if (m->agenda != 0) {
        if (m->ready_total != 0)
            offer_switches(m, &menu);
        if (m->pending_count != 0 || m->soft_cpus != 0)
            offer_interrupts(m, &menu);
        if (m->engines_length != 0 || m->heap_length != 0)
            offer_time(m, &menu);
    }
    if (makes_room) {
        m->streak = 0;
        if (menu.count == 0)
            offer_step(&menu, self);
        else
            force(m, &menu, menu.items[m->turns++ % menu.count]);
    } else if (EMU_UNLIKELY(m->steps > EMU_STARVE_STEPS)) {
        const struct emu_action *worst = starving(m, &menu, self);
        if (worst != NULL)
            force(m, &menu, *worst);
    }
    if (EMU_UNLIKELY(m->steps > m->config.step_limit / EMU_FAIR_PART) && menu.count > 0) {
        force(m, &menu, menu.items[m->turns++ % menu.count]);
        emu_liveness_moved(m, menu.items);
    }
    *is_free = !goes_on;
    return menu.count;
}

/* ---- Switching
 * --------------------------------------------------------------------------------------------- */

static void note_depth(struct emu_strand *s)
{
    uintptr_t sp = (uintptr_t)__builtin_frame_address(0);
    if (sp < s->deepest)
        s->deepest = sp;
}

static void go(struct emu_machine *m, struct emu_strand *from, struct emu_strand *to, enum emu_order order,
               uint32_t id)
{
    to->order = (uint8_t)order;
    to->order_id = id;
    m->self = to;
    note_depth(from);
    emu_fiber_switch(&from->fiber, &to->fiber);
    emu_bury_dead(m);
}

void emu_stop_here(struct emu_machine *m, enum emu_stop why)
{
    struct emu_strand *self = m->self;
    m->stop = why;
    m->resume = self;
    note_depth(self);
    emu_fiber_switch(&self->fiber, &m->host.fiber);
    emu_bury_dead(m);
}

/* A handler on this strand's stack; an idle strand is its processor's top only meanwhile. */
static void handle(struct emu_machine *m, struct emu_strand *self)
{
    struct emu_cpu *c = &m->cpus[self->cpu];
    self->soiled = true;
    if (self->is_idle && c->top == NULL) {
        c->top = self;
        m->busy |= 1ull << self->cpu;
        self->pending = (struct emu_pending){0};
        if (self->order == ORDER_LINE)
            emu_run_line(m, self, self->order_id);
        else
            emu_run_soft(m, self, (uint8_t)self->order_id);
        c->top = NULL;
        m->busy &= ~(1ull << self->cpu);
        return;
    }
    if (self->order == ORDER_LINE)
        emu_run_line(m, self, self->order_id);
    else
        emu_run_soft(m, self, (uint8_t)self->order_id);
}

/* Does what the strand was resumed for; true: it may go on with what it announced. */
static bool obey(struct emu_machine *m, struct emu_strand *self)
{
    if (self->order == ORDER_GO)
        return true;
    if (self->order != ORDER_DECIDE)
        handle(m, self);
    return false;
}

static bool hand_over(struct emu_machine *m, struct emu_strand *self, struct emu_strand *to,
                      enum emu_order order, uint32_t id)
{
    m->streak = 0;
    if (to == self) {
        self->order = (uint8_t)order;
        self->order_id = id;
    } else {
        go(m, self, to, order, id);
    }
    return obey(m, self);
}

static void change_top(struct emu_machine *m, unsigned cpu, struct emu_strand *next)
{
    struct emu_cpu *c = &m->cpus[cpu];
    struct emu_strand *old = c->top;
    emu_ready_remove(m, next);
    if (old != NULL) {
        old->level = c->level;
        emu_ready_push(m, old);
    }
    c->top = next;
    c->since = m->steps;
    c->level = next->level;
    m->busy |= 1ull << cpu;
    next->state = STRAND_TOP;
    emu_note(m, EMU_OP_STRAND_RUN, next->object, cpu);
}

static struct emu_strand *carrier(struct emu_machine *m, unsigned cpu)
{
    struct emu_strand *top = m->cpus[cpu].top;
    return top != NULL ? top : emu_idle_strand(m, cpu);
}

/* Performs an action; true when self may go on with what it announced. */
static bool take(struct emu_machine *m, struct emu_strand *self, const struct emu_action *a)
{
    const struct emu_engine *arriving = m->arriving;
    m->arriving = NULL;
    switch ((enum emu_action_kind)a->kind) {
    case EMU_ACTION_STEP:
        m->cpus[a->cpu].since = m->steps;
        if (a->what == self) {
            m->streak++;
            return true;
        }
        return hand_over(m, self, a->what, ORDER_GO, 0);
    case EMU_ACTION_SWITCH:
        change_top(m, a->cpu, a->what);
        return hand_over(m, self, a->what, ORDER_GO, 0);
    case EMU_ACTION_DELIVER:
        emu_line_taken(m, a->id);
        return hand_over(m, self, carrier(m, a->cpu), ORDER_LINE, a->id);
    case EMU_ACTION_SOFT:
        return hand_over(m, self, carrier(m, a->cpu), ORDER_SOFT, a->id);
    case EMU_ACTION_ENGINE:
        if (a->what != arriving) /* a write that arrives at once gives nobody a turn */
            m->streak = 0;
        emu_fire_engine(m, a->what);
        return false;
    case EMU_ACTION_EVENT:
        m->streak = 0;
        emu_fire_event(m, a->what);
        return false;
    }
    EMU_NEVER_HERE("an action of the menu");
    return false;
}

/* ---- When there is nothing to do
 * --------------------------------------------------------------------------- */

/* "reader waits for lock#2 (KeAcquireSpinLock); ..." */
static void list_waiters(const struct emu_machine *m, char *out, size_t size)
{
    size_t used = 0;
    out[0] = '\0';
    for (uint32_t i = 0; i < m->strands_used; i++) {
        const struct emu_strand *s = &m->strands[i];
        bool waits = s->state == STRAND_BLOCKED || (m->cpus[s->cpu].top == s && !is_enabled(s));
        if (!waits || (s->state == STRAND_BLOCKED && !s->must_finish))
            continue;
        char what[NAME_TEXT];
        emu_object_text(m, s->pending.object, what, sizeof what);
        int n = snprintf(out + used, size - used, "%s%s on processor %u waits for %s (%s)", used ? "; " : "",
                         s->name, (unsigned)s->cpu, what, emu_op_info(m, s->pending.op)->name);
        if (n < 0 || (size_t)n >= size - used)
            break;
        used += (size_t)n;
    }
}

static void list_runners(const struct emu_machine *m, char *out, size_t size)
{
    size_t used = 0;
    out[0] = '\0';
    for (uint64_t left = m->busy; left != 0; left &= left - 1) {
        const struct emu_strand *s = m->cpus[__builtin_ctzll(left)].top;
        char what[NAME_TEXT];
        emu_object_text(m, s->pending.object, what, sizeof what);
        int n = snprintf(out + used, size - used, "%s%s on processor %u at %s of %s", used ? "; " : "",
                         s->name, (unsigned)s->cpu, emu_op_info(m, s->pending.op)->name, what);
        if (n < 0 || (size_t)n >= size - used)
            break;
        used += (size_t)n;
    }
}

/* Something that somebody needs is due after the time limit. */
static bool is_worth_waiting(const struct emu_machine *m)
{
    bool needed = m->heap_length > m->background || m->unfinished > 0 || m->busy != 0;
    return m->time_limit != EMU_NEVER && (m->engines_length > 0 || (m->heap_length > 0 && needed));
}

/* Apart, so that a run that ends well leaves little on the stack: a checkpoint copies that. */
__attribute__((noinline)) static void raise_deadlock(struct emu_machine *m)
{
    char who[WAITERS_TEXT], others[WAITERS_TEXT];
    emu_footprint_deadlock(m);
    EMU_UNSEEN(m, "the run is over")
    {
        list_waiters(m, who, sizeof who);
        emu_liveness_waiters(m, others, sizeof others);
    }
    emu_finding_raise(m, "deadlock", NULL, NULL, "nothing can run and nothing is due: %s%s", who, others);
}

static void nothing_left(struct emu_machine *m)
{
    bool waits = false;
    EMU_UNSEEN(m, "the run is over")
    {
        waits = is_worth_waiting(m);
    }
    if (waits) {
        emu_stop_here(m, EMU_STOP_WAIT);
        return;
    }
    if (m->unfinished == 0 && m->busy == 0) {
        emu_stop_here(m, EMU_STOP_IDLE);
        return;
    }
    raise_deadlock(m);
}

void emu_limit_reached(struct emu_machine *m)
{
    char who[WAITERS_TEXT];
    if (m->steps < m->config.step_limit) {
        emu_stop_here(m, EMU_STOP_BUDGET);
        return;
    }
    EMU_UNSEEN(m, "the run is over")
    {
        list_runners(m, who, sizeof who);
        emu_liveness_limit(m, who);
    }
}

void emu_decide(struct emu_machine *m, struct emu_strand *self)
{
    EMU_ASSERT(!m->in_callback);
    for (;;) {
        if (EMU_UNLIKELY(m->steps >= m->step_stop)) {
            emu_limit_reached(m);
            continue;
        }
        /* Only a limit brought a lone context here: what it does must not depend on where a budget ended. */
        if (emu_alone(m) && can_go_on(m, self))
            return;
        if (m->quiet != 0 && m->streak < EMU_FAIR_STEPS && can_go_on(m, self)) {
            m->streak++;
            return;
        }
        bool is_free;
        uint32_t count = 0;
        EMU_UNSEEN(m, "who could go on is what the reduction itself reasons about")
        {
            count = build_menu(m, self, &is_free);
        }
        if (count == 0) {
            nothing_left(m);
            continue;
        }
        const struct emu_action *next = &m->menu[emu_choose_action(m, count, is_free)];
        if (EMU_UNLIKELY(m->footprints != NULL))
            emu_footprint_decided(m, next);
        if (take(m, self, next))
            return;
    }
}

void emu_idle_main(void *arg)
{
    struct emu_strand *self = arg;
    struct emu_machine *m = self->machine;
    emu_fiber_arrived(&m->host.fiber);
    emu_bury_dead(m);
    obey(m, self);
    emu_decide(m, self);
    EMU_NEVER_HERE("an idle strand goes on");
}
