/*
 * A run of a search with dynamic partial-order reduction: who is taken at each decision, and who sleeps.
 */
#include "emu/dpor.h"

void emu_dpor_begin(struct emu_strategy *s, uint64_t run)
{
    struct dpor *d = (struct dpor *)s;
    (void)run;
    d->made++;
    d->top = d->top < d->prefix ? d->top : d->prefix;
    d->way = (struct emu_shard_way){0};
    s->is_elsewhere = !emu_shard_owns(&d->shard, &d->way);
    emu_footprints_clear(&d->footprints);
    d->value_at = 0;
    d->blocked_at = 0;
    d->seen = 0;
    d->count = d->prefix;
}

static void add_sleeper(struct dpor *d, uint32_t done)
{
    if (EMU_UNLIKELY(d->sleeper_count == d->sleeper_capacity)) {
        d->sleeper_capacity *= 2;
        d->sleepers = emu_grown(d->sleepers, d->sleeper_capacity, sizeof *d->sleepers);
    }
    d->sleepers[d->sleeper_count++] = done;
}

static bool stays_asleep(const struct dpor *d, uint32_t done, uint32_t event)
{
    return emu_print_commutes(&d->done[done], &d->footprints, event);
}

/* The node for the event after all that were performed. */
static void add_node(struct dpor *d)
{
    if (EMU_UNLIKELY(d->count == d->capacity)) {
        d->capacity *= 2;
        d->nodes = emu_grown(d->nodes, d->capacity, sizeof *d->nodes);
    }
    uint32_t at = d->count++;
    struct node *n = &d->nodes[at];
    n->actor = 0;
    n->waiting = 0;
    n->menu = at > 0 ? d->nodes[at - 1].menu + d->nodes[at - 1].menu_count : 0;
    n->menu_count = 0;
    n->decided = false;
    n->recorded = false;
    n->expanded = false;
    n->done = d->done_count;
    n->sleep = d->sleeper_count;
    if (at > 0) {
        const struct node *before = &d->nodes[at - 1];
        for (uint32_t i = 0; i < before->sleepers; i++)
            if (stays_asleep(d, emu_dpor_done_of(d, before, i), at - 1))
                add_sleeper(d, emu_dpor_done_of(d, before, i));
        for (uint32_t i = before->done; i < n->done; i++)
            if (stays_asleep(d, i, at - 1))
                add_sleeper(d, i);
    }
    n->sleepers = d->sleeper_count - n->sleep;
}

uint32_t emu_dpor_sleeper(const struct dpor *d, uint32_t at, emu_actor actor)
{
    const struct node *n = &d->nodes[at];
    for (uint32_t i = 0; i < n->sleepers; i++)
        if (d->done[emu_dpor_done_of(d, n, i)].actor == actor)
            return i;
    return UINT32_MAX;
}

static bool sleeps(const struct dpor *d, uint32_t at, emu_actor actor)
{
    return emu_dpor_sleeper(d, at, actor) != UINT32_MAX;
}

/* The wake of this actor in a list. */
static uint32_t find_wake(const struct dpor *d, uint32_t first, emu_actor actor)
{
    while (first != 0 && d->wakes.pool[first].print.actor != actor)
        first = d->wakes.pool[first].brother;
    return first;
}

static void unlink_wake(struct dpor *d, uint32_t *first, uint32_t wake)
{
    while (*first != wake)
        first = &d->wakes.pool[*first].brother;
    *first = d->wakes.pool[wake].brother;
}

/* The actor of this wake is taken at the node: what is below the wake comes next. */
void emu_dpor_follow(struct dpor *d, struct node *n, uint32_t wake)
{
    unlink_wake(d, &n->waiting, wake);
    d->follow = d->wakes.pool[wake].child;
    n->actor = d->wakes.pool[wake].print.actor;
    d->wakes.pool[wake].child = 0;
    emu_wake_drop_one(&d->wakes, wake);
}

/* Events that were performed without a decision get their nodes. */
void emu_dpor_catch_up(struct dpor *d)
{
    uint32_t performed = d->footprints.count - d->footprints.waiting;
    for (; d->seen < performed; d->seen++) {
        const struct emu_footprint_event *e = &d->footprints.events[d->seen];
        if (d->seen == d->count) {
            add_node(d);
            struct node *n = &d->nodes[d->seen];
            n->waiting = d->follow;
            d->follow = 0;
            uint32_t wake = find_wake(d, n->waiting, e->actor);
            if (wake != 0)
                emu_dpor_follow(d, n, wake);
            else if (d->blocked_at == 0 && sleeps(d, d->seen, e->actor))
                d->blocked_at = d->seen + 1;
            /* There was nothing to decide: nobody else can be taken here. */
            d->tally.misfits += n->waiting != 0;
            emu_wake_drop(&d->wakes, n->waiting);
            n->waiting = 0;
        }
        struct node *n = &d->nodes[d->seen];
        if (n->actor == 0)
            n->actor = e->actor;
        if (n->actor != e->actor && !d->divergence.diverged)
            d->divergence = (struct emu_divergence){.diverged = true, .index = d->seen};
    }
}

static void list_options(struct dpor *d, struct node *n, const struct emu_decision *decision)
{
    if (EMU_UNLIKELY(n->menu + decision->count > d->menu_capacity)) {
        d->menu_capacity = 2 * (n->menu + decision->count);
        d->menus = emu_grown(d->menus, d->menu_capacity, sizeof *d->menus);
    }
    for (uint32_t i = 0; i < decision->count; i++)
        d->menus[n->menu + i] = emu_footprint_who(d->footprints.machine, &decision->actions[i]);
    n->menu_count = decision->count;
    n->decided = true;
}

uint32_t emu_dpor_option(const struct dpor *d, const struct node *n, emu_actor actor)
{
    for (uint32_t i = 0; i < n->menu_count; i++)
        if (d->menus[n->menu + i] == actor)
            return i;
    return UINT32_MAX;
}

static bool is_done(const struct dpor *d, uint32_t at, emu_actor actor)
{
    uint32_t end = at + 1 < d->count ? d->nodes[at + 1].done : d->done_count;
    for (uint32_t i = d->nodes[at].done; i < end; i++)
        if (d->done[i].actor == actor)
            return true;
    return false;
}

bool emu_dpor_is_taken(const struct dpor *d, uint32_t at, emu_actor actor)
{
    const struct node *n = &d->nodes[at];
    return n->actor == actor || is_done(d, at, actor) || find_wake(d, n->waiting, actor) != 0;
}

void emu_dpor_add_single(struct dpor *d, uint32_t at, emu_actor actor)
{
    struct node *n = &d->nodes[at];
    if (emu_dpor_is_taken(d, at, actor) || sleeps(d, at, actor))
        return;
    uint32_t wake = emu_wake_new(&d->wakes);
    d->wakes.pool[wake].print =
        (struct emu_print){.actor = actor, .all = true, .in_order = d->happens.coarse};
    d->wakes.pool[wake].single = true;
    d->wakes.pool[wake].brother = n->waiting;
    n->waiting = wake;
}

static uint32_t first_awake(const struct dpor *d, uint32_t at)
{
    const struct node *n = &d->nodes[at];
    for (uint32_t i = 0; i < n->menu_count; i++)
        if (!sleeps(d, at, d->menus[n->menu + i]))
            return i;
    return UINT32_MAX;
}

/* Is the run in the top that all shards walk? */
static bool is_in_top(const struct dpor *d)
{
    return emu_shard_divides(&d->shard) && !emu_shard_is_below(&d->shard, &d->way);
}

static void go_on(struct dpor *d, uint32_t alternative, uint32_t count)
{
    if (!is_in_top(d))
        return;
    emu_shard_go(&d->way, alternative, count);
    d->base.is_elsewhere = !emu_shard_owns(&d->shard, &d->way);
}

static uint32_t choose_new(struct dpor *d, const struct emu_decision *decision)
{
    add_node(d);
    uint32_t at = d->count - 1;
    struct node *n = &d->nodes[at];
    list_options(d, n, decision);
    if (d->base.is_elsewhere && !is_in_top(d)) {
        emu_wake_drop(&d->wakes, d->follow);
        d->follow = 0;
        d->blocked_at = at + 1;
        n->actor = d->menus[n->menu];
        return 0;
    }
    n->waiting = d->follow;
    d->follow = 0;
    bool misfit = false;
    while (n->waiting != 0) {
        uint32_t wake = n->waiting;
        uint32_t option = emu_dpor_option(d, n, d->wakes.pool[wake].print.actor);
        if (option != UINT32_MAX) {
            emu_dpor_follow(d, n, wake);
            break;
        }
        /* What was to come cannot: the search takes everybody here instead. */
        misfit = true;
        unlink_wake(d, &n->waiting, wake);
        emu_wake_drop_one(&d->wakes, wake);
    }
    uint32_t option = n->actor != 0 ? emu_dpor_option(d, n, n->actor) : first_awake(d, at);
    if (option == UINT32_MAX) {
        emu_footprint_kept_back(d->footprints.machine);
        d->blocked_at = at + 1;
        option = 0;
    }
    n->actor = d->menus[n->menu + option];
    n->expanded = is_in_top(d);
    d->top = n->expanded ? at + 1 : d->top;
    if ((misfit || n->expanded) && d->blocked_at == 0)
        for (uint32_t i = 0; i < n->menu_count; i++)
            emu_dpor_add_single(d, at, d->menus[n->menu + (n->expanded ? n->menu_count - 1 - i : i)]);
    d->tally.misfits += misfit;
    return option;
}

static uint32_t choose_again(struct dpor *d, uint32_t at, const struct emu_decision *decision)
{
    struct node *n = &d->nodes[at];
    bool same = n->menu_count == decision->count;
    if (same)
        list_options(d, n, decision);
    uint32_t option = same ? emu_dpor_option(d, n, n->actor) : UINT32_MAX;
    if (option != UINT32_MAX)
        return option;
    if (!same || at + 1 < d->prefix) {
        d->divergence.diverged = true;
        d->divergence.index = at;
        return 0;
    }
    /* The last one of the prefix was never tried: it cannot be, so everybody else is. */
    d->tally.misfits++;
    emu_wake_drop(&d->wakes, d->follow);
    d->follow = 0;
    emu_actor was = n->actor;
    n->actor = 0;
    for (uint32_t i = n->menu_count; i-- > 0;)
        emu_dpor_add_single(d, at, d->menus[n->menu + i]);
    uint32_t wake = n->waiting;
    while (wake != 0 && (d->wakes.pool[wake].print.actor == was ||
                         emu_dpor_option(d, n, d->wakes.pool[wake].print.actor) == UINT32_MAX))
        wake = d->wakes.pool[wake].brother;
    if (wake == 0) {
        d->blocked_at = at + 1;
        n->actor = d->menus[n->menu];
        n->recorded = true;
        n->print = (struct emu_print){.actor = was, .all = true};
        return 0;
    }
    emu_dpor_follow(d, n, wake);
    return emu_dpor_option(d, n, n->actor);
}

static uint32_t choose_value(struct dpor *d, const struct emu_decision *decision)
{
    uint32_t at = d->value_at++;
    if (at < d->value_count) {
        const struct value *v = &d->values[at];
        if (v->count != decision->count && !d->divergence.diverged)
            d->divergence = (struct emu_divergence){.diverged = true, .index = at};
        uint32_t answer = (v->first + v->tried) % decision->count;
        go_on(d, answer, decision->count);
        return answer;
    }
    if (EMU_UNLIKELY(d->value_count == d->value_capacity)) {
        d->value_capacity *= 2;
        d->values = emu_grown(d->values, d->value_capacity, sizeof *d->values);
    }
    struct value *v = &d->values[d->value_count++];
    *v = (struct value){.node = d->footprints.count, .count = decision->count};
    go_on(d, 0, decision->count);
    return 0;
}

uint32_t emu_dpor_choose(struct emu_strategy *s, const struct emu_decision *decision)
{
    struct dpor *d = (struct dpor *)s;
    if (decision->kind != EMU_CHOICE_SCHEDULE)
        return d->blocked_at != 0 ? 0 : choose_value(d, decision);
    if (d->blocked_at != 0 || d->divergence.diverged)
        return 0;
    emu_footprint_settle(d->footprints.machine);
    emu_dpor_catch_up(d);
    if (d->blocked_at != 0)
        return 0;
    uint32_t option = d->seen < d->count ? choose_again(d, d->seen, decision) : choose_new(d, decision);
    if (d->blocked_at == 0)
        go_on(d, option, decision->count);
    return option;
}
