/*
 * A machine on a libuv loop: its own or the caller's.
 *
 * Each turn of the loop runs at most a budget of steps, so that the host program's other handles stay live.
 * In paced mode virtual time follows the wall clock with uv timers. The only way in from other threads is
 * emu_loop_post(); what comes in enters at a step boundary and is a recorded choice.
 */
#ifndef EMU_LOOP_H
#define EMU_LOOP_H

#include <emu/machine.h>

#ifdef __cplusplus
extern "C" {
#endif

struct uv_loop_s;
struct emu_loop;

struct emu_loop_options {
    struct uv_loop_s *loop;  /* NULL: the machine gets a loop of its own, closed with it */
    uint64_t steps_per_turn; /* 0: 10,000 */
    double pace;             /* virtual seconds per wall second; 0: as fast as possible */
    void (*stopped)(void *context, struct emu_machine *m,
                    enum emu_stop why); /* idle or finding; on the loop's thread */
    void *context;
};

/* NULL with *error set. The loop holds one active handle per attached machine until it is idle; then it is
 * unref'd. */
struct emu_loop *emu_loop_attach(struct emu_machine *m, const struct emu_loop_options *options,
                                 const char **error);

/* Runs an own loop until the machine stops (uv_run with the default mode). */
enum emu_stop emu_loop_run(struct emu_loop *l);

/*
 * From any thread: calls fn on the machine's thread, between two steps, on no strand (emu_current() is NULL
 * there). With fn NULL it only wakes the loop, to look at the machine again. False after close began, and
 * without memory.
 */
bool emu_loop_post(struct emu_loop *l, void (*fn)(struct emu_machine *m, void *arg), void *arg);

/*
 * Closes the handles; closed(context) is called on the loop when the memory is free to go; it may be NULL.
 * From the thread that attached, once: a second close aborts, as uv_close() does.
 */
void emu_loop_close(struct emu_loop *l, void (*closed)(void *context), void *context);

#ifdef __cplusplus
}
#endif
#endif
