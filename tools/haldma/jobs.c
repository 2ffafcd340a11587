/*
 * The side that deals: portions of an exploration go to worker processes as they become free, answers are
 * taken in the order of portions, whoever came first. A portion whose worker went away is dealt again.
 *
 * Workers have a process group of their own, so that Ctrl-C in a terminal reaches this process alone, which
 * tells them to end what they do; should it be killed, they die with it.
 */
#include "jobs.h"

#include "cli_describe.h"
#include "cli_progress.h"
#include "jobs_arguments.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

enum {
    PORTION_FIRST_RUNS = 512,
    PORTION_RUNS_MAX = 1 << 22,
    SHARDS_LEAST = 16,
    SHARDS_PER_JOB = 4,
    ATTEMPTS_MAX = 3,
    TICK_MS = 50,
    SAVE_TICKS = 100, /* between two writes of the resume file */
    GRACE_TICKS = 60, /* for workers to end what they do */
    LINE_TEXT = 128,
    SHARD_TEXT = 32,
    TEXT_FIRST = 1 << 16,
    NOBODY = -1,
    LOOP_PIPES = 4, /* as many files as a loop has, and more */
};
#define PORTION_SECONDS 0.2 /* aimed at */
#define SECONDS_LEAST   0.01

/* CUT: a shard that came to its share of the limit on runs, and may have more. */
enum portion_state { PORTION_WAITING, PORTION_OUT, PORTION_DONE, PORTION_PARTIAL, PORTION_CUT };

struct portion {
    struct jobs_part part;
    enum portion_state state;
    unsigned attempts;
    uint64_t runs;            /* of report, also when it is merged */
    struct cli_report report; /* the last one there was; what NULL: none, or it is merged */
};

struct worker {
    struct jobs *jobs;
    uv_process_t process;
    uv_pipe_t in, out;
    uv_write_t write;
    char line[LINE_TEXT];
    char *text; /* of an answer that is not whole yet */
    size_t used, capacity;
    int64_t portion; /* NOBODY: it has nothing to do */
    unsigned open;   /* handles */
    bool exited, drained, told_to_end;
};

struct jobs {
    const struct cli_options *options;
    const struct cli_session *session;
    struct cli_standing *standing;
    struct cli_report *shown;
    uv_loop_t loop;
    uv_timer_t timer;
    struct worker *workers;
    unsigned count;
    struct portion *portions;
    size_t dealt, capacity;
    size_t merged;   /* portions before this one are in shown */
    size_t last;     /* what comes after it is of no interest */
    uint64_t next;   /* number of the next run that is not in a portion */
    uint64_t end;    /* of the numbers; 0: none */
    uint64_t block;  /* runs of the next portion */
    uint32_t shards; /* 0: by numbers */
    double seconds_before;
    uint64_t began; /* ns */
    uint64_t ticks, stopped_at;
    bool stopping, by_hand;
    enum cli_status status; /* CLI_CLEAN: workers do what they are told */
    struct cli_progress progress;
    void (*save)(void *context);
    void *context;
};

static void deal(struct worker *w);
static void spawn(struct worker *w);
static void on_tick(uv_timer_t *timer);

static double elapsed(const struct jobs *j)
{
    const double nanosecond = 1e-9;
    return (double)(uv_hrtime() - j->began) * nanosecond;
}

/* ---- Portions ---------------------------------------------------------------------------------------------
 */

static struct portion *add_portion(struct jobs *j)
{
    if (j->dealt == j->capacity) {
        j->capacity = j->capacity == 0 ? SHARDS_LEAST : 2 * j->capacity;
        j->portions = realloc(j->portions, j->capacity * sizeof *j->portions);
        EMU_ASSERT(j->portions != NULL);
    }
    struct portion *p = &j->portions[j->dealt++];
    *p = (struct portion){.state = PORTION_WAITING};
    return p;
}

static bool is_late(const struct jobs *j)
{
    return j->options->seconds > 0 && j->seconds_before + elapsed(j) >= j->options->seconds;
}

/* What the one at this place has of runs that are shared by so many. */
static uint64_t share_of(uint64_t runs, size_t at, size_t count)
{
    return runs / count + (at < runs % count);
}

/* "3/16" */
static const char *shard_key(const struct portion *p, char key[SHARD_TEXT])
{
    snprintf(key, SHARD_TEXT, "%" PRIu32 "/%" PRIu32, p->part.shard, p->part.shards);
    return key;
}

/* Did a finding end it? With --go-on only one does that nobody goes on behind. */
static bool is_stopped(const struct jobs *j, const struct portion *p)
{
    bool found = json_array_size(p->report.findings) > 0;
    bool early = !p->report.complete && (p->part.count == 0 || p->report.runs < p->part.count);
    return found && (early || !j->options->go_on);
}

static bool is_cut(const struct jobs *j, const struct portion *p)
{
    return p->part.count > 0 && p->runs >= p->part.count && !p->report.complete && !is_stopped(j, p);
}

static void keep_shard(struct jobs *j, const struct portion *p)
{
    char key[SHARD_TEXT];
    json_t *kept = cli_report_write(&p->report);
    json_object_set_new(kept, "limit", json_integer((json_int_t)p->part.count));
    json_object_set_new(j->standing->shards, shard_key(p, key), kept);
}

static void find_shard(struct jobs *j, struct portion *p)
{
    char key[SHARD_TEXT];
    const json_t *kept = json_object_get(j->standing->shards, shard_key(p, key));
    if (kept == NULL || !cli_report_read(&p->report, kept))
        return;
    p->part.count = (uint64_t)json_integer_value(json_object_get(kept, "limit"));
    p->runs = p->report.runs;
    p->state = is_cut(j, p) ? PORTION_CUT : PORTION_DONE;
}

static void add_shards(struct jobs *j)
{
    for (uint32_t i = 0; i < j->shards; i++) {
        struct portion *p = add_portion(j);
        p->part = (struct jobs_part){
            .count = share_of(j->options->runs, i, j->shards), .shard = i, .shards = j->shards};
        find_shard(j, p);
    }
}

/* How many shards are cut, when all of interest have answered, else 0; *used: the runs that they made. */
static size_t count_cut(const struct jobs *j, uint64_t *used)
{
    size_t cut = 0;
    *used = 0;
    for (size_t i = 0; i < j->dealt && i <= j->last; i++) {
        const struct portion *p = &j->portions[i];
        if (p->state != PORTION_DONE && p->state != PORTION_CUT)
            return 0;
        cut += p->state == PORTION_CUT;
        *used += p->runs;
    }
    return cut;
}

/*
 * A search is not spread evenly: what some shards left over of the limit on runs goes to those that it cut,
 * which are made again with more, until all is used or none is cut. Who came first does not matter.
 */
static void share_rest(struct jobs *j)
{
    uint64_t used, limit = j->options->runs;
    size_t cut = j->shards != 0 ? count_cut(j, &used) : 0, at = 0;
    uint64_t left = cut > 0 && limit > used ? limit - used : 0;
    bool goes_on = (limit == 0 || left > 0) && j->last == SIZE_MAX && !is_late(j);
    for (size_t i = 0; at < cut; i++) {
        struct portion *p = &j->portions[i];
        if (p->state != PORTION_CUT)
            continue;
        uint64_t more = share_of(left, at++, cut);
        if (goes_on && (limit == 0 || more > 0)) {
            p->part.count = limit == 0 ? 0 : p->runs + more;
            p->state = PORTION_WAITING;
            p->attempts = 0;
        } else if (!goes_on) {
            p->state = PORTION_DONE;
        }
    }
}

/* One that is to be made, or NOBODY. */
static int64_t next_portion(struct jobs *j)
{
    for (size_t i = j->merged; i < j->dealt && i <= j->last; i++)
        if (j->portions[i].state == PORTION_WAITING)
            return (int64_t)i;
    bool is_out = j->shards != 0 || j->dealt > j->last || (j->end != 0 && j->next >= j->end);
    if (is_out)
        return NOBODY;
    uint64_t count = j->end != 0 && j->end - j->next < j->block ? j->end - j->next : j->block;
    struct portion *p = add_portion(j);
    p->part = (struct jobs_part){.first = j->next, .count = count};
    j->next += count;
    return (int64_t)j->dealt - 1;
}

static void mark_shard(const struct portion *p)
{
    size_t i;
    json_t *finding;
    json_array_foreach(p->report.findings, i, finding)
        json_object_set_new(finding, "shard", json_integer(p->part.shard + 1));
}

/* Puts it into the report that is shown. */
static void show_portion(struct jobs *j, struct portion *p)
{
    if (j->shards != 0)
        mark_shard(p);
    cli_report_add(j->shown, &p->report);
    if (j->shards == 0)
        j->shown->complete = p->report.complete;
}

static void merge(struct jobs *j)
{
    for (; j->merged < j->dealt && j->merged <= j->last && j->portions[j->merged].state == PORTION_DONE;
         j->merged++) {
        struct portion *p = &j->portions[j->merged];
        bool ends = is_stopped(j, p) || (j->shards == 0 && p->report.complete);
        show_portion(j, p);
        if (j->shards == 0) {
            cli_report_add(&j->standing->report, &p->report);
            j->standing->next = p->part.first + p->part.count;
        }
        if (j->options->until_saturated && emu_coverage_is_saturated(j->shown->coverage))
            j->shown->saturated = ends = true;
        if (ends)
            j->last = j->merged;
        cli_report_end(&p->report);
    }
}

/* Is everything done that is of interest? */
static bool is_done(const struct jobs *j)
{
    if (j->merged > j->last)
        return true;
    if (j->shards != 0)
        return j->merged == j->dealt;
    return j->merged == j->dealt && j->end != 0 && j->next >= j->end;
}

/* ---- Answers ----------------------------------------------------------------------------------------------
 */

/* Portions take about as long as it is worth. */
static void size_portions(struct jobs *j, const struct cli_report *r)
{
    if (r->seconds <= 0 || r->runs == 0)
        return;
    double wanted = (double)r->runs / r->seconds * PORTION_SECONDS;
    double most = wanted < PORTION_RUNS_MAX ? wanted : PORTION_RUNS_MAX;
    j->block = most < PORTION_FIRST_RUNS ? PORTION_FIRST_RUNS : (uint64_t)most;
}

static void take_report(struct jobs *j, struct portion *p, struct cli_report *r)
{
    if (r->interrupted && r->runs < p->runs) { /* an earlier one tells more */
        cli_report_end(r);
        p->state = PORTION_PARTIAL;
        return;
    }
    if (p->report.what != NULL)
        cli_report_end(&p->report);
    p->report = *r;
    p->runs = r->runs;
    p->state = r->interrupted ? PORTION_PARTIAL : j->shards != 0 && is_cut(j, p) ? PORTION_CUT : PORTION_DONE;
    if (p->state != PORTION_PARTIAL && j->shards != 0)
        keep_shard(j, p);
}

static bool take_answer(struct worker *w, const char *text)
{
    struct jobs *j = w->jobs;
    if (w->portion == NOBODY)
        return false;
    size_t number = (size_t)w->portion;
    struct portion *p = &j->portions[number];
    json_error_t error;
    json_t *json = json_loads(text, 0, &error);
    struct cli_report report;
    bool good = json != NULL && cli_report_read(&report, json);
    json_decref(json);
    if (!good)
        return false;
    w->portion = NOBODY;
    size_portions(j, &report);
    take_report(j, p, &report);
    bool ends = is_stopped(j, p) || (j->shards == 0 && p->report.complete);
    if (p->state == PORTION_DONE && ends && number < j->last)
        j->last = number;
    share_rest(j);
    merge(j);
    return true;
}

/* ---- Workers ----------------------------------------------------------------------------------------------
 */

static void on_closed(uv_handle_t *handle)
{
    struct worker *w = handle->data;
    if (--w->open > 0)
        return;
    struct jobs *j = w->jobs;
    if (!j->stopping && j->status == CLI_CLEAN && next_portion(j) != NOBODY)
        spawn(w);
}

/* Exited, and all that it wrote was read. */
static void bury(struct worker *w)
{
    struct jobs *j = w->jobs;
    if (!w->exited || !w->drained)
        return;
    if (w->portion != NOBODY) {
        struct portion *p = &j->portions[w->portion];
        p->state = PORTION_WAITING;
        w->portion = NOBODY;
        if (!j->stopping && ++p->attempts == ATTEMPTS_MAX && j->status == CLI_CLEAN) {
            cli_complain("a worker ended %d times at the same share of the exploration", ATTEMPTS_MAX);
            j->status = CLI_EMULATOR;
        }
    }
    uv_close((uv_handle_t *)&w->process, on_closed);
    uv_close((uv_handle_t *)&w->in, on_closed);
    uv_close((uv_handle_t *)&w->out, on_closed);
}

static void on_exit_of(uv_process_t *process, int64_t status, int signal_number)
{
    struct worker *w = process->data;
    bool expected = w->told_to_end || w->jobs->stopping || w->jobs->status != CLI_CLEAN;
    if (!expected && (status != 0 || signal_number != 0))
        cli_complain("a worker ended (%s %" PRId64 "): its share is done again",
                     signal_number != 0 ? "signal" : "status",
                     signal_number != 0 ? (int64_t)signal_number : status);
    w->exited = true;
    bury(w);
}

static void on_room(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
    struct worker *w = handle->data;
    (void)suggested;
    if (w->capacity - w->used < TEXT_FIRST) {
        w->capacity = 2 * w->capacity + TEXT_FIRST;
        w->text = realloc(w->text, w->capacity);
        EMU_ASSERT(w->text != NULL);
    }
    *buffer = uv_buf_init(w->text + w->used, (unsigned)(w->capacity - w->used - 1));
}

static void on_text(uv_stream_t *stream, ssize_t length, const uv_buf_t *buffer)
{
    struct worker *w = stream->data;
    (void)buffer;
    if (length < 0) {
        uv_read_stop(stream);
        w->drained = true;
        if (!w->exited)
            uv_process_kill(&w->process, SIGKILL); /* it can never answer */
        bury(w);
        return;
    }
    char *fresh = w->text + w->used;
    w->used += (size_t)length;
    w->text[w->used] = '\0';
    char *end = strchr(fresh, '\n');
    if (end == NULL)
        return;
    *end = '\0';
    w->used = 0;
    if (take_answer(w, w->text)) {
        deal(w);
        if (is_done(w->jobs) && !w->jobs->stopping)
            uv_timer_start(&w->jobs->timer, on_tick, 0, TICK_MS);
    } else {
        uv_process_kill(&w->process, SIGKILL); /* it does not speak as we do */
    }
}

static void on_written(uv_write_t *write, int status)
{
    (void)write;
    (void)status; /* where it went wrong the worker is about to be buried */
}

/* Gives the worker something to do, or nothing any more. */
static void deal(struct worker *w)
{
    struct jobs *j = w->jobs;
    if (w->exited || w->told_to_end || w->portion != NOBODY)
        return;
    w->portion = j->stopping || j->status != CLI_CLEAN ? NOBODY : next_portion(j);
    if (w->portion == NOBODY)
        return;
    struct portion *p = &j->portions[w->portion];
    p->state = PORTION_OUT;
    p->part.seconds = 0;
    if (j->options->seconds > 0 && j->options->strategy == CLI_STRATEGY_AUTO) {
        double left = j->options->seconds - j->seconds_before - elapsed(j);
        p->part.seconds = left > SECONDS_LEAST ? left : SECONDS_LEAST; /* 0: no limit */
    }
    snprintf(w->line, sizeof w->line, "%" PRIu64 " %" PRIu64 " %" PRIu32 " %" PRIu32 " %.6f\n", p->part.first,
             p->part.count, p->part.shard, p->part.shards, p->part.seconds);
    uv_buf_t buffer = uv_buf_init(w->line, (unsigned)strlen(w->line));
    uv_write(&w->write, (uv_stream_t *)&w->in, &buffer, 1, on_written);
}

/* Said once, however many cannot be. */
static void cannot_start(struct jobs *j, int error)
{
    if (j->status == CLI_CLEAN)
        cli_complain("no worker can be started: %s", uv_strerror(error));
    j->status = CLI_BAD_INPUT;
}

static void spawn(struct worker *w)
{
    struct jobs *j = w->jobs;
    char program[4096];
    size_t size = sizeof program;
    struct jobs_arguments arguments;
    w->portion = NOBODY;
    w->used = 0;
    w->exited = w->drained = w->told_to_end = false;
    w->open = 3;
    uv_pipe_init(&j->loop, &w->in, 0);
    uv_pipe_init(&j->loop, &w->out, 0);
    w->process.data = w->in.data = w->out.data = w;
    uv_exepath(program, &size);
    jobs_arguments_of_worker(&arguments, j->options, j->session, program);
    uv_stdio_container_t files[] = {
        {.flags = UV_CREATE_PIPE | UV_READABLE_PIPE, .data.stream = (uv_stream_t *)&w->in},
        {.flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE, .data.stream = (uv_stream_t *)&w->out},
        {.flags = UV_INHERIT_FD, .data.fd = STDERR_FILENO},
    };
    uv_process_options_t options = {.exit_cb = on_exit_of,
                                    .file = program,
                                    .args = arguments.words,
                                    .flags = UV_PROCESS_DETACHED,
                                    .stdio_count = sizeof files / sizeof files[0],
                                    .stdio = files};
    int error = uv_spawn(&j->loop, &w->process, &options);
    if (error != 0) {
        cannot_start(j, error);
        w->exited = w->drained = true;
        bury(w);
        return;
    }
    uv_read_start((uv_stream_t *)&w->out, on_room, on_text);
    deal(w);
}

/* ---- The end ----------------------------------------------------------------------------------------------
 */

static void stop(struct jobs *j)
{
    j->stopping = true;
    j->stopped_at = j->ticks;
    for (unsigned i = 0; i < j->count; i++)
        if (j->workers[i].open > 0 && !j->workers[i].exited && j->workers[i].portion != NOBODY)
            uv_process_kill(&j->workers[i].process, SIGINT);
}

static void end_workers(struct jobs *j, bool at_once)
{
    for (unsigned i = 0; i < j->count; i++) {
        struct worker *w = &j->workers[i];
        if (w->open == 0 || w->exited || (w->told_to_end && !at_once))
            continue;
        w->told_to_end = true;
        uv_process_kill(&w->process, SIGKILL);
    }
}

static bool somebody_works(const struct jobs *j)
{
    for (unsigned i = 0; i < j->count; i++)
        if (j->workers[i].open > 0 && j->workers[i].portion != NOBODY)
            return true;
    return false;
}

static void show_progress(struct jobs *j)
{
    struct emu_report so_far = {.runs = j->shown->runs, .seconds = j->seconds_before + elapsed(j)};
    for (size_t i = j->merged; i < j->dealt; i++)
        so_far.runs += j->portions[i].runs;
    cli_progress_report(&j->progress, &so_far);
}

static void on_tick(uv_timer_t *timer)
{
    struct jobs *j = timer->data;
    j->ticks++;
    show_progress(j);
    bool portions_end = j->shards != 0 && j->options->strategy == CLI_STRATEGY_AUTO;
    j->by_hand |= cli_progress_interrupted();
    if (!j->stopping && (j->status != CLI_CLEAN || j->by_hand || (is_late(j) && !portions_end)))
        stop(j);
    bool gave_up = j->stopping && j->ticks - j->stopped_at >= GRACE_TICKS;
    if (is_done(j) || gave_up || (j->stopping && !somebody_works(j))) {
        j->stopping = true;
        end_workers(j, gave_up);
        uv_timer_stop(&j->timer);
        uv_close((uv_handle_t *)&j->timer, NULL);
        return;
    }
    for (unsigned i = 0; i < j->count; i++)
        if (j->workers[i].open > 0)
            deal(&j->workers[i]);
    if (j->save != NULL && j->ticks % SAVE_TICKS == 0)
        j->save(j->context);
}

/* libuv ends the process where it cannot have the files of a loop: whether they are to be had is tried first.
 * 0, or an error of libuv. */
static int begin_loop(struct jobs *j)
{
    int files[2 * LOOP_PIPES], error = 0;
    unsigned count = 0;
    while (count < LOOP_PIPES && error == 0)
        if (pipe(&files[2 * count]) == 0)
            count++;
        else
            error = uv_translate_sys_error(errno);
    for (unsigned i = 0; i < 2 * count; i++)
        close(files[i]);
    return error != 0 ? error : uv_loop_init(&j->loop);
}

static void end_portions(struct jobs *j)
{
    for (size_t i = 0; i < j->dealt; i++)
        if (j->portions[i].report.what != NULL)
            cli_report_end(&j->portions[i].report);
    free(j->portions);
}

/* What came out of order, or in part, when all was stopped. */
static void show_rest(struct jobs *j)
{
    for (size_t i = j->merged; i < j->dealt; i++) {
        struct portion *p = &j->portions[i];
        if (i <= j->last && p->report.what != NULL) {
            show_portion(j, p);
            j->shown->complete = false;
        }
    }
}

enum cli_status jobs_explore(const struct cli_options *options, const struct cli_session *session,
                             struct cli_standing *standing, struct cli_report *shown,
                             void (*save)(void *context), void *context)
{
    char label[CLI_LABEL_TEXT];
    struct jobs j = {.options = options,
                     .session = session,
                     .standing = standing,
                     .shown = shown,
                     .count = options->jobs,
                     .last = SIZE_MAX,
                     .next = standing->next,
                     .end = options->runs,
                     .block = PORTION_FIRST_RUNS,
                     .seconds_before = standing->report.seconds,
                     .began = uv_hrtime(),
                     .progress = {.label = cli_report_label(shown, label),
                                  .shown = !options->quiet && isatty(STDERR_FILENO)},
                     .save = save,
                     .context = context};
    if (!jobs_by_numbers(options)) {
        uint32_t wanted =
            options->strategy == CLI_STRATEGY_AUTO ? options->jobs : SHARDS_PER_JOB * options->jobs;
        j.shards = wanted < SHARDS_LEAST && options->strategy != CLI_STRATEGY_AUTO ? SHARDS_LEAST : wanted;
        if (options->runs > 0 && options->runs < j.shards)
            j.shards = (uint32_t)options->runs;
        add_shards(&j);
        share_rest(&j);
    } else {
        cli_report_add(shown, &standing->report);
    }
    merge(&j);
    j.workers = calloc(j.count, sizeof *j.workers);
    EMU_ASSERT(j.workers != NULL);
    int error = begin_loop(&j);
    if (error != 0) {
        cannot_start(&j, error);
        free(j.workers);
        end_portions(&j);
        return j.status;
    }
    uv_timer_init(&j.loop, &j.timer);
    j.timer.data = &j;
    uv_timer_start(&j.timer, on_tick, TICK_MS, TICK_MS);
    void (*before)(int) = signal(SIGPIPE, SIG_IGN); /* a worker that was killed may be told something still */
    for (unsigned i = 0; i < j.count; i++) {
        j.workers[i].jobs = &j;
        spawn(&j.workers[i]);
    }
    uv_run(&j.loop, UV_RUN_DEFAULT);
    signal(SIGPIPE, before);
    uv_loop_close(&j.loop);
    cli_progress_end(&j.progress);
    standing->ended = is_done(&j) && (shown->complete || shown->saturated ||
                                      (json_array_size(shown->findings) > 0 && !options->go_on));
    show_rest(&j);
    shown->interrupted = j.by_hand;
    shown->seconds = standing->report.seconds = j.seconds_before + elapsed(&j);
    for (unsigned i = 0; i < j.count; i++)
        free(j.workers[i].text);
    free(j.workers);
    end_portions(&j);
    return j.status;
}
