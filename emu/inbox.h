/*
 * The inbox of a machine on a loop: what other threads posted and the machine has not taken yet, in order.
 * Private to emu.
 *
 * Its functions may be called from any thread. What is in it lies on the heap: it belongs to the host, not to
 * a run.
 */
#ifndef EMU_INBOX_H
#define EMU_INBOX_H

#include <emu/machine.h>

#include <pthread.h>

struct emu_input {
    struct emu_input *next;
    void (*fn)(struct emu_machine *m, void *arg);
    void *arg;
};

struct emu_inbox {
    pthread_mutex_t mutex;
    struct emu_input *first;
    struct emu_input **last;
    bool nudged; /* woken without an input */
    bool closed;
};

bool emu_inbox_open(struct emu_inbox *b);
/*
 * Posts fn, or with a fn of NULL only nudges; then, still under the mutex, calls ring(context). False after
 * emu_inbox_close(), and without memory; ring() is not called then.
 */
bool emu_inbox_post(struct emu_inbox *b, void (*fn)(struct emu_machine *m, void *arg), void *arg,
                    void (*ring)(void *context), void *context);
/* Is an input waiting? */
bool emu_inbox_waiting(struct emu_inbox *b);
/* Is an input waiting, or was it nudged? */
bool emu_inbox_calls(struct emu_inbox *b);
void emu_inbox_clear_nudge(struct emu_inbox *b);
/* The first input, which the caller frees, or NULL. */
struct emu_input *emu_inbox_take(struct emu_inbox *b);
/* Drops what is waiting. After this no post rings. */
void emu_inbox_close(struct emu_inbox *b);
void emu_inbox_destroy(struct emu_inbox *b);

#endif
