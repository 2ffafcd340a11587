/*
 * The inbox of a machine on a loop: see inbox.h.
 */
#include "emu/inbox.h"

#include <stdlib.h>

bool emu_inbox_open(struct emu_inbox *b)
{
    *b = (struct emu_inbox){.last = NULL};
    b->last = &b->first;
    return pthread_mutex_init(&b->mutex, NULL) == 0;
}

static void lock(struct emu_inbox *b)
{
    EMU_ASSERT(pthread_mutex_lock(&b->mutex) == 0);
}

static void unlock(struct emu_inbox *b)
{
    EMU_ASSERT(pthread_mutex_unlock(&b->mutex) == 0);
}

bool emu_inbox_post(struct emu_inbox *b, void (*fn)(struct emu_machine *m, void *arg), void *arg,
                    void (*ring)(void *context), void *context)
{
    struct emu_input *in = NULL;
    if (fn) {
        in = malloc(sizeof *in);
        if (!in) {
            return false;
        }
        *in = (struct emu_input){.fn = fn, .arg = arg};
    }
    lock(b);
    bool accepted = !b->closed;
    if (accepted) {
        if (in) {
            *b->last = in;
            b->last = &in->next;
        } else {
            b->nudged = true;
        }
        ring(context);
    }
    unlock(b);
    if (!accepted) {
        free(in);
    }
    return accepted;
}

bool emu_inbox_waiting(struct emu_inbox *b)
{
    lock(b);
    bool waiting = b->first != NULL;
    unlock(b);
    return waiting;
}

bool emu_inbox_calls(struct emu_inbox *b)
{
    lock(b);
    bool calls = b->nudged || b->first != NULL;
    unlock(b);
    return calls;
}

void emu_inbox_clear_nudge(struct emu_inbox *b)
{
    lock(b);
    b->nudged = false;
    unlock(b);
}

struct emu_input *emu_inbox_take(struct emu_inbox *b)
{
    lock(b);
    struct emu_input *in = b->first;
    if (in) {
        b->first = in->next;
        if (!b->first) {
            b->last = &b->first;
        }
    }
    unlock(b);
    return in;
}

void emu_inbox_close(struct emu_inbox *b)
{
    lock(b);
    b->closed = true;
    unlock(b);
    struct emu_input *in;
    while ((in = emu_inbox_take(b)) != NULL) {
        free(in);
    }
}

void emu_inbox_destroy(struct emu_inbox *b)
{
    EMU_ASSERT(b->closed || b->first == NULL);
    pthread_mutex_destroy(&b->mutex);
}
