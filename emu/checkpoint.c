/*
 * Checkpoints: see checkpoint.h.
 *
 * A checkpoint is a list of pieces of memory with a copy of each. What is no plain memory is treated apart:
 * the table of objects, whose entries belong to an epoch; frames' pages; strands' stacks, of which what lies
 * below the copy is cleaned as for a new strand.
 *
 * Now and then (the 1st, 2nd, 4th ... time, and then every so often) a run that began at a checkpoint is made
 * once more from its set-up, and has to be the same (explore.c): a set-up that keeps something to itself
 * between runs shows, and so does a piece that is forgotten here.
 */
#include "emu/checkpoint.h"

#include <emu/sanitized.h>

#include "emu/coverage_state.h"
#include "emu/footprint.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum {
    CHECKPOINTS_MAX = 16,
    BYTES_MAX = 1 << 20, /* of one checkpoint: copying more is hardly faster than set-up */
    CHOICES_MAX = 64,
    NOTES_MAX = 64,
    COMPARE_EVERY = 4096, /* uses */
    PIECES_FIRST = 64,
    LINE = 64,
    ZEROS_MIN = 4 * LINE, /* fewer are copied with the rest */
};

#if EMU_SANITIZED || defined(EMU_FIBER_UCONTEXT)
#define CAN_COPY false
#else
#define CAN_COPY true /* stacks are plain memory below the place where a switch left them */
#endif

/* Most of what a machine has is zero: such stretches are pieces without a copy. */
struct piece {
    unsigned char *const *table; /* where this pointer points, since tables move when they grow ... */
    unsigned char *at;           /* ... or, if table is NULL, here */
    size_t offset, bytes;
    const unsigned char *copy; /* NULL: zeros */
};

/* What coverage was told. */
struct note {
    uint32_t context; /* EMU_PLACE_EVERYTHING: a moment */
    uint64_t what;
};

struct slot {
    uint32_t index;
    struct emu_object_slot slot;
};

struct stack {
    uint32_t strand;
    size_t from; /* offset of the first byte that is copied */
    unsigned char *copy;
};

struct checkpoint {
    struct emu_choice choices[CHOICES_MAX];
    uint32_t choice_count;
    struct note notes[NOTES_MAX];
    uint32_t note_count;
    struct piece *pieces;
    uint32_t piece_count, piece_capacity;
    struct slot *slots;
    uint32_t slot_count, slot_mask;
    struct emu_strand *strands;
    uint32_t strand_count;
    struct stack *stacks;
    uint32_t stack_count;
    uint32_t *pages; /* in use */
    uint32_t page_count;
    uint32_t page_touched, io_used;
    size_t bytes;
    bool whole; /* nothing was too large, and there was memory for all of it */
};

struct emu_checkpoints {
    emu_program_memory_fn *memory;
    void *context; /* the program's */
    struct checkpoint *list[CHECKPOINTS_MAX];
    uint32_t count;
    bool refused; /* there are none, and there will be none */
    bool watching;
    uint32_t answers[CHOICES_MAX]; /* that the strategy gave before set-up asked */
    struct emu_choice asked[CHOICES_MAX];
    uint32_t answer_count;
    struct note notes[NOTES_MAX]; /* of the set-up that is watched */
    uint32_t note_count;
    bool spoiled;
    uint64_t uses;
    bool is_due; /* the present run is one of those that are to be compared */
    struct emu_divergence divergence;
};

/* ---- Making and forgetting --------------------------------------------------------------------------------
 */

static void forget(struct checkpoint *c)
{
    for (uint32_t i = 0; i < c->piece_count; i++)
        free((void *)(uintptr_t)c->pieces[i].copy);
    for (uint32_t i = 0; i < c->stack_count; i++)
        free(c->stacks[i].copy);
    free(c->pieces);
    free(c->slots);
    free(c->strands);
    free(c->stacks);
    free(c->pages);
    free(c);
}

static void forget_all(struct emu_checkpoints *p)
{
    while (p->count > 0)
        forget(p->list[--p->count]);
}

static void refuse(struct emu_checkpoints *p)
{
    forget_all(p);
    p->refused = true;
}

void emu_checkpoints_begin(struct emu_machine *m, const struct emu_program *program,
                           emu_program_memory_fn *memory)
{
    EMU_ASSERT(m->checkpoints == NULL);
    bool possible = CAN_COPY && program->set_up != NULL && memory != NULL && m->cache == NULL &&
                    m->watch_made == NULL && !m->trace_wanted;
    m->checkpoints = possible ? calloc(1, sizeof *m->checkpoints) : NULL;
    if (m->checkpoints == NULL)
        return;
    m->checkpoints->memory = memory;
    m->checkpoints->context = program->context;
}

void emu_checkpoints_end(struct emu_machine *m)
{
    if (m->checkpoints == NULL)
        return;
    forget_all(m->checkpoints);
    free(m->checkpoints);
    m->checkpoints = NULL;
}

uint64_t emu_checkpoint_uses(const struct emu_machine *m)
{
    return m->checkpoints != NULL ? m->checkpoints->uses : 0;
}

const struct emu_divergence *emu_checkpoint_divergence(const struct emu_machine *m)
{
    return m->checkpoints != NULL && m->checkpoints->divergence.diverged ? &m->checkpoints->divergence : NULL;
}

/* ---- What set-up says while it is watched -----------------------------------------------------------------
 */

void emu_checkpoint_watch(struct emu_machine *m)
{
    struct emu_checkpoints *p = m->checkpoints;
    if (p == NULL)
        return;
    p->watching = true;
    p->note_count = 0;
    p->spoiled = false;
}

void emu_checkpoint_spoiled(struct emu_machine *m)
{
    m->checkpoints->spoiled = true;
}

static void note(struct emu_checkpoints *p, struct note n)
{
    if (!p->watching)
        return;
    if (p->note_count < NOTES_MAX)
        p->notes[p->note_count++] = n;
    else
        p->spoiled = true;
}

void emu_checkpoint_moment(struct emu_machine *m, emu_op op)
{
    note(m->checkpoints, (struct note){EMU_PLACE_EVERYTHING, op});
}

void emu_checkpoint_covered(struct emu_machine *m, uint32_t context, uint64_t what)
{
    note(m->checkpoints, (struct note){context, what});
}

static bool same_question(const struct emu_choice *c, const struct emu_decision *d)
{
    return c->kind == d->kind && c->site == (uint16_t)d->site && c->count == d->count;
}

bool emu_checkpoint_answer(struct emu_machine *m, const struct emu_decision *d, uint32_t *value)
{
    struct emu_checkpoints *p = m->checkpoints;
    size_t index = m->record.length;
    if (!p->watching || index >= p->answer_count)
        return false;
    if (same_question(&p->asked[index], d)) {
        *value = p->answers[index];
        return true;
    }
    p->divergence = (struct emu_divergence){
        .diverged = true,
        .index = index,
        .recorded = p->asked[index],
        .offered = {.kind = (uint8_t)d->kind, .site = (uint16_t)d->site, .count = (uint16_t)d->count}};
    *value = 0;
    return true;
}

/* ---- Taking one -------------------------------------------------------------------------------------------
 */

static void *room_for(struct checkpoint *c, size_t bytes)
{
    c->bytes += bytes;
    void *room = c->whole && c->bytes <= BYTES_MAX ? malloc(bytes != 0 ? bytes : 1) : NULL;
    c->whole = room != NULL;
    return room;
}

static unsigned char *place(const struct piece *p)
{
    return (p->table != NULL ? *p->table : p->at) + p->offset;
}

static void add_piece(struct checkpoint *c, struct piece p, bool is_zero)
{
    if (c->piece_count == c->piece_capacity) {
        c->piece_capacity = c->piece_capacity != 0 ? 2 * c->piece_capacity : PIECES_FIRST;
        c->pieces = emu_grown(c->pieces, c->piece_capacity, sizeof *c->pieces);
    }
    unsigned char *copy = is_zero ? NULL : room_for(c, p.bytes);
    if (!c->whole)
        return;
    if (!is_zero)
        memcpy(copy, place(&p), p.bytes);
    p.copy = copy;
    c->pieces[c->piece_count++] = p;
}

/* How many zeros there are. */
static size_t zeros(const unsigned char *at, size_t bytes)
{
    size_t count = 0;
    while (count < bytes && at[count] == 0)
        count++;
    return count;
}

/* In stretches that are zero and such that are not. */
static void add(struct checkpoint *c, struct piece whole)
{
    const unsigned char *at = place(&whole);
    struct piece part = {whole.table, whole.at, 0, 0, NULL};
    for (size_t end = 0; end < whole.bytes && c->whole;) {
        size_t gap = zeros(at + end, whole.bytes - end);
        gap = end + gap < whole.bytes ? gap & ~(size_t)(LINE - 1) : gap;
        if (gap < ZEROS_MIN) {
            end += gap < LINE ? LINE : gap;
            end &= ~(size_t)(LINE - 1);
            continue;
        }
        part.bytes = end - part.offset;
        if (part.bytes > 0)
            add_piece(c, part, false);
        add_piece(c, (struct piece){whole.table, whole.at, end, gap, NULL}, true);
        end += gap;
        part.offset = end;
    }
    part.bytes = whole.bytes - part.offset;
    if (part.bytes > 0)
        add_piece(c, part, false);
}

static void add_memory(void *context, void *start, size_t bytes)
{
    add(context, (struct piece){.at = start, .bytes = bytes});
}

static void add_table(struct checkpoint *c, void *table, size_t bytes)
{
    add(c, (struct piece){.table = table, .bytes = bytes});
}

static void add_machine(struct checkpoint *c, struct emu_machine *m)
{
    struct emu_ram *r = &m->ram;
    add_memory(c, &m->steps, offsetof(struct emu_machine, arena_used) + sizeof m->arena_used);
    add_memory(c, &m->liveness, offsetof(struct emu_liveness, moves));
    add_memory(c, m->cpus, m->config.processors * sizeof m->cpus[0]);
    add_memory(c, m->lines, m->line_count * sizeof m->lines[0]);
    add_memory(c, m->pending_lines, m->pending_count * sizeof m->pending_lines[0]);
    add_memory(c, m->windows, m->window_count * sizeof m->windows[0]);
    add_memory(c, m->deeds,
               (m->deed_count < EMU_DEEDS_MAX ? m->deed_count : EMU_DEEDS_MAX) * sizeof m->deeds[0]);
    add_memory(c, m->io_pages, m->io_used * sizeof m->io_pages[0]);
    add_memory(c, m->arena, m->arena_used);
    add_table(c, &m->heap, m->heap_length * sizeof *m->heap);
    add_table(c, &m->engines, m->engines_length * sizeof *m->engines);
    add_table(c, &m->objects, m->object_count * sizeof *m->objects);
    add_memory(c, r->bitmaps, r->words_all * sizeof *r->bitmaps);
    add_memory(c, r->frame_of, r->page_touched * sizeof *r->frame_of);
    add_memory(c, r->adopted_page, r->adopted_count * sizeof *r->adopted_page);
    c->page_touched = r->page_touched;
    c->io_used = m->io_used;
}

/* Pages that follow each other are one piece. */
static void add_pages(struct checkpoint *c, struct emu_machine *m)
{
    struct emu_ram *r = &m->ram;
    c->pages = room_for(c, r->page_touched * sizeof *c->pages);
    for (uint32_t page = 0; c->whole && page < r->page_touched; page++)
        if (emu_ram_page_used(m, page))
            c->pages[c->page_count++] = page;
    for (uint32_t i = 0, end; c->whole && i < c->page_count; i = end) {
        end = i + 1;
        while (end < c->page_count && c->pages[end] == c->pages[end - 1] + 1)
            end++;
        add_memory(c, r->pages + ((size_t)c->pages[i] << EMU_PAGE_SHIFT),
                   (size_t)(end - i) << EMU_PAGE_SHIFT);
    }
}

static void add_slots(struct checkpoint *c, const struct emu_machine *m)
{
    c->slots = room_for(c, m->object_count * sizeof *c->slots);
    c->slot_mask = m->object_mask;
    for (uint32_t i = 0; c->whole && i <= m->object_mask; i++)
        if (m->object_slots[i].epoch == m->epoch)
            c->slots[c->slot_count++] = (struct slot){i, m->object_slots[i]};
}

/* Where the copy of its stack begins: a strand that other code ran on has what that left there, too. */
static size_t stack_begin(const struct emu_strand *s, size_t bytes)
{
    const uint64_t *low = s->stack_low;
    size_t words = ((uintptr_t)s->fiber.sp - (uintptr_t)low) / sizeof *low, from = words;
    for (size_t at = 0; s->soiled && at < from; at++)
        if (low[at] != 0)
            from = at;
    EMU_ASSERT(from * sizeof *low < bytes);
    return from * sizeof *low & ~(size_t)(LINE - 1);
}

static bool is_there(const struct emu_machine *m, uint32_t strand)
{
    const struct emu_strand *s = &m->strands[strand];
    return strand < m->config.processors ? m->cpus[strand].idle == s : s->state != STRAND_FREE;
}

static void add_strands(struct checkpoint *c, const struct emu_machine *m)
{
    size_t bytes = m->config.stack_bytes;
    c->strands = room_for(c, m->strands_used * sizeof *c->strands);
    c->stacks = room_for(c, m->strands_used * sizeof *c->stacks);
    if (!c->whole)
        return;
    c->strand_count = m->strands_used;
    memcpy(c->strands, m->strands, m->strands_used * sizeof *c->strands);
    for (uint32_t i = 0; c->whole && i < m->strands_used; i++) {
        if (!is_there(m, i))
            continue;
        const struct emu_strand *s = &m->strands[i];
        struct stack t = {.strand = i, .from = stack_begin(s, bytes)};
        t.copy = room_for(c, bytes - t.from);
        if (t.copy == NULL)
            return;
        memcpy(t.copy, (const unsigned char *)s->stack_low + t.from, bytes - t.from);
        c->stacks[c->stack_count++] = t;
    }
}

/* Does a row of answers begin with the choices so far? */
static bool begins_with(const struct checkpoint *c, const uint32_t *answers, uint32_t count)
{
    bool same = count <= c->choice_count;
    for (uint32_t i = 0; same && i < count; i++)
        same = c->choices[i].value == answers[i];
    return same;
}

static bool is_plain(const struct emu_record *r)
{
    bool plain = r->length <= CHOICES_MAX;
    for (size_t i = 0; plain && i < r->length; i++)
        plain = r->choices[i].kind == EMU_CHOICE_FRAMES;
    return plain;
}

static struct checkpoint *make(struct emu_machine *m)
{
    struct emu_checkpoints *p = m->checkpoints;
    struct checkpoint *c = calloc(1, sizeof *c);
    if (c == NULL)
        return NULL;
    c->whole = true;
    c->choice_count = (uint32_t)m->record.length;
    if (c->choice_count > 0)
        memcpy(c->choices, m->record.choices, c->choice_count * sizeof c->choices[0]);
    memcpy(c->notes, p->notes, p->note_count * sizeof c->notes[0]);
    c->note_count = p->note_count;
    add_machine(c, m);
    add_pages(c, m);
    add_slots(c, m);
    add_strands(c, m);
    c->whole &= p->memory(p->context, add_memory, c) && c->whole;
    if (c->whole)
        return c;
    forget(c);
    return NULL;
}

void emu_checkpoint_take(struct emu_machine *m)
{
    struct emu_checkpoints *p = m->checkpoints;
    if (p == NULL)
        return;
    p->watching = false;
    p->answer_count = 0;
    bool can_be = !p->refused && !p->spoiled && is_plain(&m->record) && m->watch_made == NULL &&
                  m->reported_count == 0 && m->origin_count == 0;
    if (can_be && p->count == CHECKPOINTS_MAX)
        return;
    struct checkpoint *now = can_be ? make(m) : NULL;
    if (now != NULL)
        p->list[p->count++] = now;
    else
        refuse(p);
}

/* ---- Going back to one ------------------------------------------------------------------------------------
 */

static void put_slots(struct emu_machine *m, const struct checkpoint *c)
{
    emu_objects_reset(m);
    for (uint32_t i = 0; i < c->slot_count; i++) {
        m->object_slots[c->slots[i].index] = c->slots[i].slot;
        m->object_slots[c->slots[i].index].epoch = m->epoch;
    }
}

static void put_pages(struct emu_machine *m, const struct checkpoint *c)
{
    struct emu_ram *r = &m->ram;
    if (r->page_touched > c->page_touched)
        memset(r->frame_of + c->page_touched, 0, (r->page_touched - c->page_touched) * sizeof *r->frame_of);
    if (m->io_used > c->io_used)
        memset(m->io_pages + c->io_used, 0, (m->io_used - c->io_used) * sizeof *m->io_pages);
}

static void put_strands(struct emu_machine *m, const struct checkpoint *c)
{
    for (uint32_t i = 0; i < c->strand_count; i++)
        emu_strand_put_back(&m->strands[i], &c->strands[i]);
    for (uint32_t i = 0; i < c->stack_count; i++) {
        const struct stack *t = &c->stacks[i];
        struct emu_strand *s = &m->strands[t->strand];
        emu_strand_put_stack(m, s, t->copy, t->from);
        s->soiled = c->strands[t->strand].soiled;
    }
}

static void tell_coverage(struct emu_machine *m, const struct checkpoint *c)
{
    for (uint32_t i = 0; i < c->note_count && m->coverage != NULL; i++)
        if (c->notes[i].context == EMU_PLACE_EVERYTHING)
            emu_coverage_moment(m->coverage, (emu_op)c->notes[i].what);
        else
            emu_coverage_step(m->coverage, c->notes[i].context, c->notes[i].what);
}

static void put_back(struct emu_machine *m, const struct checkpoint *c)
{
    put_pages(m, c);
    put_slots(m, c);
    for (uint32_t i = 0; i < c->piece_count; i++) {
        const struct piece *p = &c->pieces[i];
        if (p->copy != NULL)
            memcpy(place(p), p->copy, p->bytes);
        else
            memset(place(p), 0, p->bytes);
    }
    emu_ram_put_back(m, c->pages, c->page_count);
    put_strands(m, c);
    m->record.length = 0;
    for (uint32_t i = 0; i < c->choice_count; i++)
        emu_record_append(&m->record, c->choices[i]);
    tell_coverage(m, c);
}

/* One of those whose choices begin with the answers; NULL: none does. */
static struct checkpoint *candidate(const struct emu_checkpoints *p)
{
    for (uint32_t i = 0; i < p->count; i++)
        if (begins_with(p->list[i], p->answers, p->answer_count))
            return p->list[i];
    return NULL;
}

/* Asks the strategy what set-up would ask. NULL: nobody was so far with these answers. */
static struct checkpoint *ask_ahead(struct emu_machine *m)
{
    struct emu_checkpoints *p = m->checkpoints;
    struct emu_strategy *s = m->strategy;
    struct checkpoint *c = candidate(p);
    while (c != NULL && p->answer_count < c->choice_count) {
        const struct emu_choice *next = &c->choices[p->answer_count];
        struct emu_decision d = {
            .kind = (enum emu_choice_kind)next->kind, .site = next->site, .count = next->count, .free = true};
        uint32_t value = s != NULL ? s->choose(s, &d) : 0;
        p->asked[p->answer_count] = *next;
        p->answers[p->answer_count++] = value;
        if (!begins_with(c, p->answers, p->answer_count))
            c = candidate(p);
    }
    return c;
}

bool emu_checkpoint_resume(struct emu_machine *m)
{
    struct emu_checkpoints *p = m->checkpoints;
    if (p == NULL)
        return false;
    p->is_due = false;
    p->answer_count = 0;
    if (p->count == 0)
        return false;
    struct checkpoint *c = ask_ahead(m);
    if (c == NULL)
        return false;
    if (m->object_mask != c->slot_mask) { /* the table grew since: every place in it is another one */
        forget_all(p);
        return false;
    }
    put_back(m, c);
    p->answer_count = 0;
    p->uses++;
    p->is_due = (p->uses & (p->uses - 1)) == 0 || p->uses % COMPARE_EVERY == 0;
    return true;
}

bool emu_checkpoint_is_due(const struct emu_machine *m)
{
    return m->checkpoints != NULL && m->checkpoints->is_due;
}
