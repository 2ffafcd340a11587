/*
 * Reset: a machine that was reset behaves like a fresh one, and a run of a warm machine allocates nothing and
 * calls nobody outside.
 */
#include "bare.h"
#include "workload.h"

#include "emu/machine_state.h"

#include <emu/sanitized.h>

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

enum { SEEDS = 50, RESETS = 1000 };

/* ---- Counting allocations: the C library's own, with a counter in front ---- */

#if defined(__GLIBC__) && !EMU_SANITIZED
#define COUNTED 1

static size_t allocations;

void *__libc_malloc(size_t bytes);
void *__libc_calloc(size_t count, size_t bytes);
void *__libc_realloc(void *p, size_t bytes);

void *malloc(size_t bytes)
{
    allocations++;
    return __libc_malloc(bytes);
}

void *calloc(size_t count, size_t bytes)
{
    allocations++;
    return __libc_calloc(count, bytes);
}

void *realloc(void *p, size_t bytes)
{
    allocations++;
    return __libc_realloc(p, bytes);
}
#endif

/* rule: EMU-RESET-1 */
static void a_machine_reset_a_thousand_times_behaves_like_a_fresh_one(void **state)
{
    (void)state;
    struct workload_outcome fresh[SEEDS], again;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct emu_machine *m = bare_machine(NULL);
        workload_run(m, seed * 77, &fresh[seed]);
        emu_machine_destroy(m);
    }
    struct emu_machine *m = bare_machine(NULL);
    for (unsigned i = 0; i < RESETS; i++) {
        uint64_t seed = i * 31u % SEEDS;
        workload_run(m, seed * 77, &again);
        assert_memory_equal(&again, &fresh[seed], sizeof again);
    }
    emu_machine_destroy(m);
    for (unsigned i = 1; i < SEEDS; i++)
        assert_true(fresh[i].hash != fresh[0].hash);
}

static void stop_in_mid_air(void *arg)
{
    struct emu_machine *m = emu_current();
    emu_level_raise(m, EMU_LEVEL_HIGH);
    emu_soft_request(m, 1, EMU_LEVEL_DISPATCH, true);
    emu_line_raise(m, *(emu_line *)arg);
    emu_quiet_begin(m);
    emu_finding_raise(m, "property", NULL, NULL, "left everything as it was");
}

static void no_soft(struct emu_machine *m, unsigned cpu)
{
    (void)m;
    (void)cpu;
}

static void no_handler(struct emu_machine *m, void *context)
{
    (void)m;
    (void)context;
}

/* rule: EMU-RESET-1 */
static void what_a_finding_left_in_mid_air_is_gone(void **state)
{
    (void)state;
    struct workload_outcome fresh, again;
    struct emu_machine *m = bare_machine(NULL);
    workload_run(m, 5, &fresh);
    for (int i = 0; i < 20; i++) {
        struct emu_event event;
        emu_machine_reset(m);
        emu_line line = emu_line_add(m, &(struct emu_line_config){.level = 5});
        emu_line_connect(m, line, no_handler, NULL);
        emu_soft_connect(m, EMU_LEVEL_DISPATCH, no_soft);
        emu_event_init(m, &event, "event", no_handler, NULL);
        emu_event_start(m, &event, 1000);
        emu_set_time_limit(m, 2000);
        bare_start(m, "stops", 0, stop_in_mid_air, &line);
        assert_int_equal(emu_machine_run(m, 0), EMU_STOP_FINDING);
        workload_run(m, 5, &again);
        assert_memory_equal(&again, &fresh, sizeof again);
    }
    emu_machine_destroy(m);
}

/* rule: EMU-RESET-1 */
static void the_counter_of_resets_may_begin_again(void **state)
{
    (void)state;
    enum { PAGES = 32 };
    static char memory[PAGES][EMU_PAGE_SIZE];
    struct workload_outcome fresh, again;
    struct emu_machine *m = bare_machine(NULL);
    workload_run(m, 9, &fresh);
    for (int i = 0; i < PAGES / 2; i++) {
        emu_machine_reset(m);
        emu_object_new(m, "old");
        emu_object_at(m, memory[m->epoch % PAGES], "old");
        emu_ram_physical(m, &fresh);
        emu_ram_physical(m, memory[m->epoch % PAGES]);
    }
    m->epoch = UINT32_MAX - 3;
    for (int i = 0; i < PAGES / 2; i++) {
        emu_machine_reset(m);
        assert_int_equal(emu_object_at(m, memory[m->epoch % PAGES], "new"), 1);
        assert_null(emu_ram_at(m, 0xC0000000));
        assert_int_equal(emu_ram_physical(m, memory[m->epoch % PAGES]) >> EMU_PAGE_SHIFT, 0xC0000);
    }
    workload_run(m, 9, &again);
    assert_memory_equal(&again, &fresh, sizeof again);
    emu_machine_destroy(m);
}

#if defined(COUNTED) || (!EMU_SANITIZED && !defined(EMU_FIBER_UCONTEXT))
/* Every seed several times, so that whatever grows has grown. */
static void warm_up(struct emu_machine *m)
{
    struct workload_outcome o;
    for (uint64_t i = 0; i < 3 * SEEDS; i++)
        workload_run(m, i % SEEDS * 77, &o);
}
#endif

/* rule: EMU-RESET-2 */
static void a_warm_machine_allocates_nothing(void **state)
{
    (void)state;
#ifdef COUNTED
    struct workload_outcome o;
    struct emu_machine *m = bare_machine(NULL);
    assert_true(allocations > 0);
    warm_up(m);
    size_t before = allocations;
    for (unsigned i = 0; i < RESETS; i++)
        workload_run(m, i % SEEDS * 77, &o);
    size_t after = allocations;
    assert_int_equal(after - before, 0);
    emu_machine_destroy(m);
#else
    print_message("allocations are not counted in this build\n");
    skip();
#endif
}

enum child_result { CHILD_GOOD = 7, CHILD_DIFFERENT, CHILD_NO_FILTER };

/* swapcontext and the sanitizers call the kernel by themselves. */
#if !EMU_SANITIZED && !defined(EMU_FIBER_UCONTEXT)
#define CONFINED 1

/* From now on every system call but the one that ends the process kills it. */
static bool forbid_system_calls(void)
{
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
    };
    struct sock_fprog program = {.len = COUNT_OF(filter), .filter = filter};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0;
}

static __attribute__((noreturn)) void run_confined(struct emu_machine *m, bool call_out)
{
    struct workload_outcome before[SEEDS], o;
    long result = CHILD_GOOD;
    for (uint64_t i = 0; i < SEEDS; i++)
        workload_run(m, i * 77, &before[i]);
    if (!forbid_system_calls())
        _exit(CHILD_NO_FILTER);
    for (unsigned i = 0; i < RESETS; i++) {
        workload_run(m, i % SEEDS * 77, &o);
        if (memcmp(&o, &before[i % SEEDS], sizeof o) != 0)
            result = CHILD_DIFFERENT;
    }
    if (call_out)
        syscall(SYS_getpid);
    syscall(SYS_exit, result);
    __builtin_unreachable();
}

static int status_of_confined(struct emu_machine *m, bool call_out)
{
    int status = 0;
    fflush(NULL);
    pid_t child = fork();
    if (child == 0)
        run_confined(m, call_out);
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

#endif

/* rule: EMU-RESET-2 */
static void a_warm_machine_makes_no_system_call(void **state)
{
    (void)state;
#ifdef CONFINED
    struct emu_machine *m = bare_machine(NULL);
    warm_up(m);
    int status = status_of_confined(m, false);
    if (WIFEXITED(status) && WEXITSTATUS(status) == CHILD_NO_FILTER) {
        print_message("this host has no system call filters\n");
        emu_machine_destroy(m);
        skip();
    }
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), CHILD_GOOD);
    /* The filter does what the test relies on. */
    status = status_of_confined(m, true);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGSYS);
    emu_machine_destroy(m);
#else
    print_message("this build's fibers make system calls\n");
    skip();
#endif
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_machine_reset_a_thousand_times_behaves_like_a_fresh_one),
        cmocka_unit_test(what_a_finding_left_in_mid_air_is_gone),
        cmocka_unit_test(the_counter_of_resets_may_begin_again),
        cmocka_unit_test(a_warm_machine_allocates_nothing),
        cmocka_unit_test(a_warm_machine_makes_no_system_call),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
