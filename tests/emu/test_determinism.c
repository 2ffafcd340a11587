/*
 * Determinism: equal choices give an equal run, in this process and in others, wherever their memory lies.
 */
#include "bare.h"
#include "workload.h"

#include <sys/personality.h>

enum { RUNS = 40, CHILDREN = 4, HEX_DIGITS = 16 };
static const char hash_only[] = "--hash";

static uint64_t hash_here(void)
{
    struct emu_machine *m = bare_machine(NULL);
    uint64_t hash = workload_hash(m, RUNS);
    emu_machine_destroy(m);
    return hash;
}

/* rule: EMU-HASH-1 */
static void equal_choices_give_an_equal_hash(void **state)
{
    (void)state;
    struct workload_outcome first, second;
    struct emu_machine *a = bare_machine(NULL), *b = bare_machine(NULL);
    for (uint64_t seed = 0; seed < RUNS; seed++) {
        workload_run(a, seed, &first);
        workload_run(b, seed, &second);
        assert_memory_equal(&first, &second, sizeof first);
        assert_true(first.choices > 0);
    }
    emu_machine_destroy(a);
    emu_machine_destroy(b);
}

/* rule: EMU-HASH-1 */
static void the_same_seed_leaves_the_same_record(void **state)
{
    (void)state;
    struct emu_machine *m = bare_machine(NULL);
    for (uint64_t seed = 0; seed < RUNS; seed++) {
        struct workload_outcome o, same;
        struct emu_record before;
        emu_record_init(&before);
        workload_run(m, seed, &o);
        emu_record_copy(&before, emu_machine_record(m));
        workload_run(m, seed, &same);
        const struct emu_record *after = emu_machine_record(m);
        assert_int_equal(before.length, after->length);
        assert_memory_equal(before.choices, after->choices, before.length * sizeof before.choices[0]);
        emu_record_free(&before);
    }
    emu_machine_destroy(m);
}

/* rule: EMU-HASH-2 */
static void tracing_does_not_change_the_run(void **state)
{
    (void)state;
    struct workload_outcome plain, traced;
    struct emu_machine *m = bare_machine(NULL);
    workload_run(m, 11, &plain);
    emu_trace_record(m, true);
    workload_run(m, 11, &traced);
    assert_memory_equal(&plain, &traced, sizeof plain);
    assert_true(emu_trace_length(m) >= plain.steps);
    emu_machine_destroy(m);
}

static void print_or_note(void *arg)
{
    const char *what = arg;
    struct emu_machine *m = emu_current();
    emu_step(m, OP_WORK, EMU_NO_OBJECT, (uint64_t)what[0]);
    emu_print(m, what + 1, strlen(what + 1));
}

/* rule: EMU-HASH-2 */
static void an_argument_a_character_an_operation_and_a_place_each_change_the_hash(void **state)
{
    (void)state;
    static const char *const words[] = {"aone", "bone", "aonf", "aon", "a", "aone\n"};
    uint64_t hashes[COUNT_OF(words) * 2];
    struct emu_machine *m = bare_machine(NULL);
    for (size_t i = 0; i < COUNT_OF(hashes); i++) {
        emu_machine_reset(m);
        bare_start(m, "prints", i >= COUNT_OF(words), print_or_note,
                   (void *)(uintptr_t)words[i % COUNT_OF(words)]);
        bare_assert_idle(m);
        hashes[i] = emu_trace_hash(m);
        for (size_t k = 0; k < i; k++)
            assert_true(hashes[k] != hashes[i]);
    }
    emu_machine_destroy(m);
}

/* The hash that this program computes in a process of its own, with or without a random memory layout. */
static uint64_t hash_in_child(bool randomize)
{
    int ends[2];
    char text[HEX_DIGITS + 1] = {0};
    assert_int_equal(pipe(ends), 0);
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        int persona = personality(0xFFFFFFFF);
        if (persona == -1 || personality((unsigned long)persona & ~(unsigned long)ADDR_NO_RANDOMIZE) == -1)
            _exit(EXIT_FAILURE);
        if (!randomize && personality((unsigned long)persona | ADDR_NO_RANDOMIZE) == -1)
            _exit(EXIT_FAILURE);
        dup2(ends[1], STDOUT_FILENO);
        execl("/proc/self/exe", "test_determinism", hash_only, (char *)NULL);
        _exit(EXIT_FAILURE);
    }
    close(ends[1]);
    size_t got = 0;
    for (ssize_t n; got < HEX_DIGITS && (n = read(ends[0], text + got, HEX_DIGITS - got)) > 0;)
        got += (size_t)n;
    close(ends[0]);
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS);
    assert_int_equal(got, HEX_DIGITS);
    return strtoull(text, NULL, HEX_DIGITS);
}

/* rule: EMU-HASH-3 */
static void other_processes_get_the_same_hash_wherever_their_memory_lies(void **state)
{
    (void)state;
    uint64_t here = hash_here();
    for (int i = 0; i < CHILDREN; i++) {
        assert_true(hash_in_child(true) == here);
        assert_true(hash_in_child(false) == here);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_choices_give_an_equal_hash),
        cmocka_unit_test(the_same_seed_leaves_the_same_record),
        cmocka_unit_test(tracing_does_not_change_the_run),
        cmocka_unit_test(an_argument_a_character_an_operation_and_a_place_each_change_the_hash),
        cmocka_unit_test(other_processes_get_the_same_hash_wherever_their_memory_lies),
    };
    if (argc == 2 && strcmp(argv[1], hash_only) == 0) {
        struct emu_machine *m = bare_machine(NULL);
        printf("%016llx", (unsigned long long)workload_hash(m, RUNS));
        emu_machine_destroy(m);
        return EXIT_SUCCESS;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
