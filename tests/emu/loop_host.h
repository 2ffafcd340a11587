/*
 * A host program with a machine on a libuv loop, and what happened to it: what the tests of the loop share.
 */
#ifndef LOOP_HOST_H
#define LOOP_HOST_H

#include <emu/choose.h>
#include <emu/event.h>
#include <emu/explore.h>
#include <emu/finding.h>
#include <emu/loop.h>
#include <emu/strand.h>
#include <emu/trace.h>

#include "rig.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <uv.h>

#include <cmocka.h>

enum { OP_WORK = EMU_OP_BASE_HOST, OP_INPUT, STEPS_PER_TURN = 100, INPUTS = 5, POST_EVERY_MS = 4 };

static const struct emu_op_info ops[] = {
    {.name = "work", .access = EMU_ACCESS_WRITE, .arg = "round"},
    {.name = "input", .access = EMU_ACCESS_WRITE, .arg = "number"},
};

/* One machine on a loop, and what happened to it. */
struct host {
    struct emu_machine *m;
    struct emu_loop *loop;
    struct emu_loop_options options;
    uint64_t rounds; /* of the worker; 0: until enough is set */
    bool enough;
    unsigned stops;    /* calls of stopped() */
    enum emu_stop why; /* of the last one */
    unsigned closes;   /* calls of closed() */
    bool close_when_stopped;
    bool reset_when_stopped;
    unsigned entered;    /* inputs that came in */
    uint64_t entered_at; /* the virtual time of the last one */
    uv_thread_t entered_on;
    bool entered_inside; /* on a strand: wrong */
    size_t record_length;
    uint64_t steps_at_close;
    uv_timer_t timer;
    unsigned ticks;
};

static inline void work(void *arg)
{
    struct host *h = arg;
    for (uint64_t i = 0; h->rounds ? i < h->rounds : !h->enough; i++) {
        emu_step(h->m, OP_WORK, EMU_NO_OBJECT, i);
    }
}

static inline void start_worker(struct host *h)
{
    struct emu_strand *s = emu_strand_start(
        h->m, &(struct emu_strand_config){.name = "worker", .fn = work, .arg = h, .must_finish = true});
    assert_non_null(s);
}

static inline void on_closed(void *context)
{
    struct host *h = context;
    h->closes++;
    h->loop = NULL;
}

static inline void on_stopped(void *context, struct emu_machine *m, enum emu_stop why)
{
    struct host *h = context;
    assert_ptr_equal(m, h->m);
    assert_null(emu_current());
    h->stops++;
    h->why = why;
    if (h->reset_when_stopped) {
        h->reset_when_stopped = false;
        emu_machine_reset(m);
        start_worker(h);
        assert_true(emu_loop_post(h->loop, NULL, NULL));
    } else if (h->close_when_stopped) {
        emu_loop_close(h->loop, on_closed, h);
    }
}

static inline void make_machine(struct host *h)
{
    h->m = rig_machine(&(struct emu_config){.processors = 1, .step_limit = UINT64_MAX / 2}, NULL);
    emu_describe_ops(h->m, EMU_OP_BASE_HOST, ops, sizeof ops / sizeof ops[0]);
    emu_machine_reset(h->m);
}

static inline void attach(struct host *h, uv_loop_t *loop)
{
    const char *error = NULL;
    h->options.loop = loop;
    h->options.stopped = on_stopped;
    h->options.context = h;
    h->options.steps_per_turn = STEPS_PER_TURN;
    h->loop = emu_loop_attach(h->m, &h->options, &error);
    assert_non_null(h->loop);
}

static inline void close_now(struct host *h)
{
    emu_loop_close(h->loop, on_closed, h);
    if (h->options.loop) {
        uv_run(h->options.loop, UV_RUN_DEFAULT);
    }
    assert_int_equal(h->closes, 1);
    emu_machine_destroy(h->m);
}

static inline void fails(void *arg)
{
    struct host *h = arg;
    emu_finding_raise(h->m, "property", NULL, NULL, "wrong on purpose");
}

static inline void tick(uv_timer_t *timer)
{
    struct host *h = timer->data;
    h->ticks++;
    if (h->ticks == 3) {
        h->enough = true;
        uv_close((uv_handle_t *)timer, NULL);
    }
}

static inline void start_timer(struct host *h, uv_loop_t *loop)
{
    h->timer.data = h;
    assert_int_equal(uv_timer_init(loop, &h->timer), 0);
    assert_int_equal(uv_timer_start(&h->timer, tick, 1, 1), 0);
}

static inline void worker_of_input(void *arg)
{
    struct host *h = arg;
    for (uint64_t i = 0; i < 3; i++) {
        emu_step(h->m, OP_INPUT, EMU_NO_OBJECT, h->entered);
    }
}

static inline void input(struct emu_machine *m, void *arg)
{
    struct host *h = arg;
    h->entered_inside |= emu_current() != NULL;
    h->entered++;
    h->entered_at = emu_now(m);
    h->entered_on = uv_thread_self();
    h->enough = h->entered == INPUTS;
    emu_strand_start(m, &(struct emu_strand_config){.name = "input", .fn = worker_of_input, .arg = h});
}

/* Another thread that posts all inputs, a little apart. */
static inline void post_all(void *arg)
{
    struct host *h = arg;
    for (unsigned i = 0; i < INPUTS; i++) {
        uv_sleep(POST_EVERY_MS);
        emu_loop_post(h->loop, input, h);
    }
}

struct alarm {
    struct emu_event event;
    uint64_t fired_at; /* on the wall clock */
    unsigned fired;
};

static inline void ring(struct emu_machine *m, void *context)
{
    struct alarm *alarm = context;
    alarm->fired_at = uv_hrtime();
    alarm->fired++;
    if (alarm->fired < 3) {
        emu_event_start(m, &alarm->event, emu_now(m) + 10 * EMU_MILLISECOND);
    }
}

static inline void set_alarm(struct host *h, struct alarm *alarm)
{
    emu_event_init(h->m, &alarm->event, "alarm", ring, alarm);
    emu_event_start(h->m, &alarm->event, 10 * EMU_MILLISECOND);
}

#endif
