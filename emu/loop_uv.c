/*
 * A machine on a libuv loop: the only file of the library that knows libuv.
 *
 * Three handles carry a machine. The pump (uv_idle_t) runs turns while the machine has something to do; the
 * pacer (uv_timer_t) sleeps until the wall clock has come to the next event; the bell (uv_async_t) tells that
 * another thread posted something. The bell is unref'd, so that a machine at rest does not hold its loop. In
 * each state at most one handle holds the loop:
 *
 *              post                         budget used up
 *   ASLEEP ------------> RUNNING (pump) <------------------.
 *      ^                  |  |  |  '-----------------------'
 *      '--- idle, finding-'  |  '--- nothing due yet ---> PACING (pacer) --- due, post ---> RUNNING
 *                            '--- a replay owes an input ---> HELD (bell) --- post ---> RUNNING
 *
 * What comes in from outside. A turn begins where a run of the machine ended: before its first step, after a
 * budget of steps, where the clock would move on (paced only), or where nothing is left to do. All of these
 * depend on nothing but the machine's choices. There, and nowhere else, the loop asks "does an input enter
 * now?", again after each that did. In a live run the answer is whether one waits; it is recorded as a
 * choice. In a replay the record answers: an input that is here too early waits, and a machine whose record
 * says that one entered waits for it. Posts are taken in their order.
 */
#include <emu/choose.h>
#include <emu/event.h>
#include <emu/finding.h>
#include <emu/loop.h>

#include "emu/inbox.h"

#include <stdlib.h>
#include <uv.h>

/* Where the loop asks: sites of kind EMU_CHOICE_INPUT. */
enum input_site { INPUT_ENTERS = 1, INPUT_CLOCK_HIGH = 2, INPUT_CLOCK_LOW = 3 };

enum {
    DEFAULT_STEPS_PER_TURN = 10000,
    CLOCK_DIGIT_BITS = 15, /* the clock's way to an input is recorded in two digits, in microseconds */
    CLOCK_DIGIT = 1 << CLOCK_DIGIT_BITS,
    NAP_MAX_MS = 3600 * 1000, /* the pacer's longest sleep; what is due later takes several */
};

static const double PACE_MAX = 1e9;

enum loop_state { ASLEEP, RUNNING, PACING, HELD, CLOSING };

struct emu_loop {
    struct emu_machine *machine;
    struct emu_loop_options options;
    uv_loop_t own;
    uv_loop_t *uv;
    uv_thread_t thread;
    uv_idle_t pump;
    uv_timer_t pacer;
    uv_async_t bell;
    struct emu_inbox inbox;

    enum loop_state state;
    enum emu_stop why;  /* how the machine's last run ended */
    bool input_owed;    /* the answer was "an input enters", and none is here yet */
    bool time_may_pass; /* the answer was "none enters": the clock moves on when the wall clock is there */
    bool in_run;        /* inside emu_loop_run() */
    unsigned open;      /* handles that are not closed yet */
    void (*closed)(void *context);
    void *closed_context;

    /* Paced: virtual time virtual_base was at wall time wall_base. */
    uint64_t virtual_base;
    uint64_t wall_base;

    /* Where the last turn left the machine. */
    uint64_t steps_seen;
    uint64_t now_seen;
};

/* ---- Time ------------------------------------------------------------------------------------------ */

static bool paced(const struct emu_loop *l)
{
    return l->options.pace > 0;
}

static void set_clocks(struct emu_loop *l)
{
    l->virtual_base = emu_now(l->machine);
    l->wall_base = uv_hrtime();
}

/* The virtual time that the wall clock shows. */
static uint64_t paced_now(const struct emu_loop *l)
{
    double passed = (double)(uv_hrtime() - l->wall_base) * l->options.pace;
    double left = (double)(EMU_NEVER - l->virtual_base);
    return passed < left ? l->virtual_base + (uint64_t)passed : EMU_NEVER;
}

/*
 * In a machine at rest the clock has stood since the last event; what comes in finds it where the wall clock
 * is.
 */
static void advance_to_input(struct emu_loop *l)
{
    uint64_t now = emu_now(l->machine);
    uint64_t due = emu_next_due(l->machine);
    uint64_t shown = paced_now(l);
    uint64_t until = shown < due ? shown : due;
    uint64_t gap = until > now ? (until - now) / EMU_MICROSECOND : 0;
    uint64_t most = (uint64_t)CLOCK_DIGIT * CLOCK_DIGIT - 1;
    uint32_t happened = (uint32_t)(gap < most ? gap : most);
    uint32_t high = emu_choose_input(l->machine, INPUT_CLOCK_HIGH, CLOCK_DIGIT, happened >> CLOCK_DIGIT_BITS);
    uint32_t low = emu_choose_input(l->machine, INPUT_CLOCK_LOW, CLOCK_DIGIT, happened % CLOCK_DIGIT);
    emu_advance_clock(l->machine, now + ((uint64_t)high << CLOCK_DIGIT_BITS | low) * EMU_MICROSECOND);
}

/* ---- States ---------------------------------------------------------------------------------------- */

static void on_turn(uv_idle_t *pump);
static void on_due(uv_timer_t *pacer);

/* Leaves the state, with the handle that held the loop in it. */
static void leave_state(struct emu_loop *l)
{
    switch (l->state) {
    case RUNNING:
        uv_idle_stop(&l->pump);
        break;
    case PACING:
        uv_timer_stop(&l->pacer);
        break;
    case HELD:
        uv_unref((uv_handle_t *)&l->bell);
        break;
    case ASLEEP:
        break;
    case CLOSING:
        EMU_NEVER_HERE("a closing loop changes its state");
    }
}

static void enter_state(struct emu_loop *l, enum loop_state state)
{
    if (l->state == state) {
        return;
    }
    leave_state(l);
    l->state = state;
    if (state == RUNNING) {
        uv_idle_start(&l->pump, on_turn);
    } else if (state == HELD) {
        uv_ref((uv_handle_t *)&l->bell);
    }
}

static void pace_until(struct emu_loop *l, uint64_t due)
{
    const double ns_per_ms = 1e6;
    uint64_t now = paced_now(l);
    double ms = due > now ? (double)(due - now) / l->options.pace / ns_per_ms : 0;
    enter_state(l, PACING);
    uv_update_time(l->uv);
    uv_timer_start(&l->pacer, on_due, ms < NAP_MAX_MS ? (uint64_t)ms + 1 : NAP_MAX_MS, 0);
}

/* What was posted may need a turn. */
static void answer_call(struct emu_loop *l)
{
    if (l->state != CLOSING && emu_inbox_calls(&l->inbox)) {
        enter_state(l, RUNNING);
    }
}

/* Idle or halted: the loop is let go before the host hears of it, who may do anything, close included. */
static void come_to_rest(struct emu_loop *l)
{
    enter_state(l, ASLEEP);
    if (l->options.stopped) {
        l->options.stopped(l->options.context, l->machine, l->why);
    }
}

/* ---- Turns ----------------------------------------------------------------------------------------- */

/* A machine that was reset since its last turn begins anew. */
static void notice_reset(struct emu_loop *l)
{
    if (emu_steps(l->machine) < l->steps_seen || emu_now(l->machine) < l->now_seen) {
        l->why = EMU_STOP_BUDGET;
        l->input_owed = false;
        l->time_may_pass = false;
        set_clocks(l);
    }
}

static bool halted(const struct emu_loop *l)
{
    return emu_machine_finding(l->machine) != NULL;
}

static void call_input(struct emu_loop *l, struct emu_input *in)
{
    void (*fn)(struct emu_machine *, void *) = in->fn;
    void *arg = in->arg;
    free(in);
    fn(l->machine, arg);
}

/* A halted run can change no more, so nothing is asked; what enters may be the reset that leads on. */
static void call_inputs_of_halted(struct emu_loop *l)
{
    struct emu_input *in;
    while (l->state != CLOSING && halted(l) && (in = emu_inbox_take(&l->inbox)) != NULL) {
        call_input(l, in);
    }
}

/* Lets in what enters here. False when the machine has to wait for it, or the loop was closed. */
static bool let_inputs_in(struct emu_loop *l, bool *entered)
{
    *entered = false;
    while (l->input_owed ||
           emu_choose_input(l->machine, INPUT_ENTERS, 2, emu_inbox_waiting(&l->inbox) ? 1 : 0) != 0) {
        struct emu_input *in = emu_inbox_take(&l->inbox);
        l->input_owed = in == NULL;
        if (!in) {
            enter_state(l, HELD);
            return false;
        }
        if (paced(l) && l->why != EMU_STOP_BUDGET) {
            advance_to_input(l);
        }
        *entered = true;
        call_input(l, in);
        if (l->state == CLOSING || halted(l)) {
            return false;
        }
    }
    return true;
}

/* Where only later events are left. True: the machine runs on, up to its time limit. */
static bool let_time_pass(struct emu_loop *l)
{
    uint64_t due = emu_next_due(l->machine);
    bool is_due = due <= paced_now(l);
    if (!l->time_may_pass) {
        if (!is_due && !l->input_owed && !emu_inbox_waiting(&l->inbox)) {
            pace_until(l, due);
            return false;
        }
        bool entered;
        if (!let_inputs_in(l, &entered)) {
            return false;
        }
        if (entered) {
            emu_set_time_limit(l->machine, emu_now(l->machine));
            return true;
        }
        l->time_may_pass = true;
    }
    if (!is_due) {
        pace_until(l, due);
        return false;
    }
    l->time_may_pass = false;
    emu_set_time_limit(l->machine, due);
    return true;
}

static bool may_run(struct emu_loop *l)
{
    if (paced(l)) {
        if (l->why == EMU_STOP_WAIT && emu_next_due(l->machine) != EMU_NEVER) {
            return let_time_pass(l);
        }
        emu_set_time_limit(l->machine, emu_now(l->machine));
    }
    bool entered;
    return let_inputs_in(l, &entered);
}

/* The host hears of a finding once. */
static void stay_halted(struct emu_loop *l)
{
    if (l->why == EMU_STOP_FINDING) {
        enter_state(l, ASLEEP);
    } else {
        l->why = EMU_STOP_FINDING;
        come_to_rest(l);
    }
}

static void take_turn(struct emu_loop *l)
{
    emu_inbox_clear_nudge(&l->inbox);
    call_inputs_of_halted(l);
    if (l->state == CLOSING) {
        return;
    }
    if (halted(l)) {
        stay_halted(l);
        return;
    }
    notice_reset(l);
    if (!may_run(l)) {
        return;
    }
    l->why = emu_machine_run(l->machine, l->options.steps_per_turn);
    l->steps_seen = emu_steps(l->machine);
    l->now_seen = emu_now(l->machine);
    if (l->why == EMU_STOP_FINDING || (l->why == EMU_STOP_IDLE && !emu_inbox_calls(&l->inbox))) {
        come_to_rest(l);
    }
}

static void on_turn(uv_idle_t *pump)
{
    take_turn(pump->data);
}

static void on_due(uv_timer_t *pacer)
{
    struct emu_loop *l = pacer->data;
    enter_state(l, RUNNING);
}

static void on_bell(uv_async_t *bell)
{
    answer_call(bell->data);
}

static void ring_bell(void *bell)
{
    uv_async_send(bell);
}

bool emu_loop_post(struct emu_loop *l, void (*fn)(struct emu_machine *m, void *arg), void *arg)
{
    if (!emu_inbox_post(&l->inbox, fn, arg, ring_bell, &l->bell)) {
        return false;
    }
    uv_thread_t self = uv_thread_self();
    if (uv_thread_equal(&self, &l->thread)) {
        answer_call(l);
    }
    return true;
}

/* ---- Attaching and closing ------------------------------------------------------------------------- */

static struct emu_loop *refuse(struct emu_loop *l, const char **error, const char *why)
{
    *error = why;
    free(l);
    return NULL;
}

/* The bell first: it is the only handle whose initialisation can fail. */
static bool open_handles(struct emu_loop *l)
{
    if (uv_async_init(l->uv, &l->bell, on_bell) != 0) {
        return false;
    }
    uv_unref((uv_handle_t *)&l->bell);
    uv_idle_init(l->uv, &l->pump);
    uv_timer_init(l->uv, &l->pacer);
    l->bell.data = l;
    l->pump.data = l;
    l->pacer.data = l;
    return true;
}

struct emu_loop *emu_loop_attach(struct emu_machine *m, const struct emu_loop_options *options,
                                 const char **error)
{
    if (!(options->pace >= 0 && options->pace <= PACE_MAX)) {
        return refuse(NULL, error, "the pace is not between 0 and 1,000,000,000");
    }
    struct emu_loop *l = calloc(1, sizeof *l);
    if (!l) {
        return refuse(NULL, error, "no memory for a loop");
    }
    l->machine = m;
    l->options = *options;
    l->options.steps_per_turn = options->steps_per_turn ? options->steps_per_turn : DEFAULT_STEPS_PER_TURN;
    l->thread = uv_thread_self();
    l->why = EMU_STOP_BUDGET;
    l->uv = options->loop ? options->loop : &l->own;
    if (!emu_inbox_open(&l->inbox)) {
        return refuse(l, error, "no mutex for a loop");
    }
    if (!options->loop && uv_loop_init(&l->own) != 0) {
        emu_inbox_destroy(&l->inbox);
        return refuse(l, error, "no libuv loop");
    }
    if (!open_handles(l)) {
        if (!options->loop) {
            uv_loop_close(&l->own);
        }
        emu_inbox_destroy(&l->inbox);
        return refuse(l, error, "no libuv handle to be woken with");
    }
    set_clocks(l);
    l->state = ASLEEP;
    enter_state(l, RUNNING);
    return l;
}

static bool owns_loop(const struct emu_loop *l)
{
    return l->uv == &l->own;
}

/* Every handle is closed: the last that is done with it. */
static void let_go(struct emu_loop *l)
{
    void (*closed)(void *) = l->closed;
    void *context = l->closed_context;
    if (owns_loop(l)) {
        EMU_ASSERT(uv_loop_close(&l->own) == 0);
    }
    emu_inbox_destroy(&l->inbox);
    free(l);
    if (closed) {
        closed(context);
    }
}

/*
 * A loop of the machine's own cannot be closed from one of its callbacks: emu_loop_run() or emu_loop_close()
 * does.
 */
static void on_closed(uv_handle_t *handle)
{
    struct emu_loop *l = handle->data;
    EMU_ASSERT(l->open > 0);
    l->open--;
    if (l->open == 0 && !owns_loop(l)) {
        let_go(l);
    }
}

void emu_loop_close(struct emu_loop *l, void (*closed)(void *context), void *context)
{
    if (!l) {
        return;
    }
    EMU_ASSERT(l->state != CLOSING);
    leave_state(l);
    l->state = CLOSING;
    l->closed = closed;
    l->closed_context = context;
    if (paced(l)) {
        emu_set_time_limit(l->machine, EMU_NEVER);
    }
    emu_inbox_close(&l->inbox);
    uv_handle_t *handles[] = {(uv_handle_t *)&l->bell, (uv_handle_t *)&l->pump, (uv_handle_t *)&l->pacer};
    for (size_t i = 0; i < sizeof handles / sizeof handles[0]; i++) {
        l->open++;
        uv_close(handles[i], on_closed);
    }
    if (owns_loop(l) && !l->in_run) {
        uv_run(l->uv, UV_RUN_DEFAULT);
        let_go(l);
    }
}

enum emu_stop emu_loop_run(struct emu_loop *l)
{
    EMU_ASSERT(owns_loop(l) && !l->in_run && l->state != CLOSING);
    l->in_run = true;
    if (l->state == ASLEEP) {
        enter_state(l, RUNNING);
    }
    uv_run(l->uv, UV_RUN_DEFAULT);
    enum emu_stop why = l->why;
    l->in_run = false;
    if (l->state == CLOSING) {
        let_go(l);
    }
    return why;
}
