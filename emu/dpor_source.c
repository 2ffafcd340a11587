/*
 * Source sets: after a run, who else is to be taken at which of its nodes.
 *
 * For each pair of the run that could have come the other way round (backtrack.c), somebody has to be taken
 * at the earlier event's node with whom what leads to the later one can begin. Where nobody can be, because
 * the later one waits there for what something else may give it, everybody is.
 *
 * Whoever sleeps at that node was seen with all that can come after him, as he was then. If he touched other
 * things then than in this run (what an event does depends on what it reads), he does not stand for runs in
 * which something comes first that conflicts with those.
 */
#include "emu/dpor.h"

/* Can what leads to the target begin with this one of its events? The ones before it are in the list. */
static bool is_beginning(const struct dpor *d, const uint32_t *path, uint32_t at)
{
    for (uint32_t i = 0; i < at; i++)
        if (emu_happens_before(&d->happens, path[i], path[at]))
            return false;
    return true;
}

static void add_everybody(struct dpor *d, uint32_t at)
{
    const struct node *n = &d->nodes[at];
    for (uint32_t i = 0; i < n->menu_count; i++)
        emu_dpor_add_single(d, at, d->menus[n->menu + i]);
}

/* Could all that does not come after the event have begun with this actor? */
static bool begins_rest(const struct dpor *d, uint32_t event, emu_actor actor)
{
    const struct emu_happens *h = &d->happens;
    uint32_t first = event + 1;
    while (first < h->count && d->footprints.events[first].actor != actor)
        first++;
    if (first == h->count || emu_happens_before(h, event, first))
        return false;
    for (uint32_t i = event + 1; i < first; i++)
        if (!emu_happens_before(h, event, i) && emu_happens_before(h, i, first))
            return false;
    return true;
}

/* Somebody who has his turn at the node and begins the rest stands for the pair: what conflicts with him
 * shows in the runs that begin with him. */
static bool another_begins(const struct dpor *d, uint32_t event)
{
    const struct node *n = &d->nodes[event];
    for (uint32_t i = 0; i < n->menu_count; i++) {
        emu_actor who = d->menus[n->menu + i];
        if (who != n->actor && emu_dpor_is_taken(d, event, who) && begins_rest(d, event, who))
            return true;
    }
    return false;
}

/* Returns which of the node's sleepers stands for the pair, UINT32_MAX: somebody is or will be taken. */
static uint32_t extend(struct dpor *d, uint32_t event, uint32_t target)
{
    const struct emu_footprint_event *events = d->footprints.events;
    const struct node *n = &d->nodes[event];
    uint32_t *path = d->sequence;
    uint32_t count = emu_happens_past(&d->happens, event, target, path);
    uint32_t sleeper = UINT32_MAX;
    emu_actor found = 0;
    for (uint32_t i = 0; i < count; i++) {
        emu_actor who = events[path[i]].actor;
        if (emu_dpor_option(d, n, who) == UINT32_MAX || !is_beginning(d, path, i))
            continue;
        if (emu_dpor_is_taken(d, event, who))
            return UINT32_MAX;
        if (sleeper == UINT32_MAX)
            sleeper = emu_dpor_sleeper(d, event, who);
        found = who;
    }
    if (sleeper != UINT32_MAX)
        return sleeper;
    if (found != 0 && !another_begins(d, event))
        emu_dpor_add_single(d, event, found);
    else if (found == 0 && !emu_happens_waits_for_others(&d->happens, event, target))
        add_everybody(d, event);
    return UINT32_MAX;
}

/* What conflicts with what the sleeper touched, of the events from first on, may have to come before him. */
static void extend_for_sleeper(struct dpor *d, uint32_t event, uint32_t sleeper, uint32_t first)
{
    const struct node *n = &d->nodes[event];
    const struct emu_print *print = &d->done[emu_dpor_done_of(d, n, sleeper)];
    for (uint32_t i = first; i < d->happens.count; i++)
        if (d->footprints.events[i].actor != print->actor && !emu_happens_before(&d->happens, event, i) &&
            !emu_print_commutes(print, &d->footprints, i))
            extend(d, event, i);
}

static void extend_source(void *context, uint32_t event, uint32_t target)
{
    struct dpor *d = context;
    const struct node *n = &d->nodes[event];
    if (n->expanded || !n->decided) /* all who could be taken here are, or there was nobody else */
        return;
    uint32_t sleeper = extend(d, event, target);
    if (sleeper == UINT32_MAX || (d->sleepers[n->sleep + sleeper] & EMU_SLEEPER_STANDS))
        return;
    d->sleepers[n->sleep + sleeper] |= EMU_SLEEPER_STANDS;
    extend_for_sleeper(d, event, sleeper, event + 1);
}

/* What this run has in common with the last one was looked at then, but for those who stood for something. */
void emu_dpor_extend_sources(struct dpor *d)
{
    uint32_t first = d->prefix > 0 ? d->prefix - 1 : 0;
    for (uint32_t at = 0; at < first; at++) {
        const struct node *n = &d->nodes[at];
        for (uint32_t i = 0; i < n->sleepers; i++)
            if (d->sleepers[n->sleep + i] & EMU_SLEEPER_STANDS)
                extend_for_sleeper(d, at, i, first);
    }
    emu_happens_backtracks(&d->happens, first, extend_source, d);
}
