/*
 * Prints what the runs of every scenario of some modules come to, a line for each scenario and platform:
 *
 *     MODULE SCENARIO PLATFORM same|watched HASH
 *
 * HASH is over the trace hashes, the lengths of the records and the findings of a few runs: those of the
 * default order, and a random one of each profile, with and without faults and hardware that misbehaves. Each
 * run is made twice, and once more on a machine of its own; where these differ the program says so and ends
 * with 1. `watched`: a driver of the scenario was built with RACES; which of its accesses are steps is for
 * the compiler to say, so that such a line may differ between builds.
 */
#include <dlfcn.h>
#include <emu/access.h>
#include <emu/crash.h>
#include <haldma.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

enum { SEED = 1, STEP_LIMIT = 2000 };

struct sum {
    uint64_t hash;
    bool is_watched;
};

/* FNV-1a, a word at a time. */
static void fold(struct sum *sum, uint64_t word)
{
    const uint64_t prime = 0x100000001B3;
    for (unsigned i = 0; i < sizeof word; i++)
        sum->hash = (sum->hash ^ (word >> 8 * i & 0xFF)) * prime;
}

static void fold_run(struct emu_machine *m, const struct emu_program *program, struct sum *sum)
{
    emu_run_program(m, program);
    const struct emu_record *record = emu_machine_record(m);
    const struct emu_finding *finding = emu_machine_finding(m);
    fold(sum, emu_trace_hash(m));
    fold(sum, record->length);
    for (size_t i = 0; i < record->length; i++)
        fold(sum, record->choices[i].value);
    for (const char *at = finding != NULL ? finding->rule : ""; *at != '\0'; at++)
        fold(sum, (unsigned char)*at);
    sum->is_watched = sum->is_watched || emu_access_watched(m);
}

static struct sum sum_of(struct emu_machine *m, const struct emu_program *program)
{
    static const struct {
        enum emu_profile profile;
        bool faults;
        bool misbehaving;
    } moods[] = {{EMU_PROFILE_TYPICAL, false, false},
                 {EMU_PROFILE_HOSTILE, false, false},
                 {EMU_PROFILE_HOSTILE, true, false},
                 {EMU_PROFILE_VERIFIER, true, true}};
    struct sum sum = {0};
    for (unsigned i = 0; i < sizeof moods / sizeof moods[0]; i++) {
        emu_machine_set_profile(m, moods[i].profile);
        emu_machine_set_faults(m, moods[i].faults);
        emu_machine_set_misbehaving(m, moods[i].misbehaving);
        emu_machine_set_strategy(m, NULL);
        fold_run(m, program, &sum);
        struct emu_strategy *random = emu_strategy_random(SEED);
        emu_machine_set_strategy(m, random);
        random->begin(random, 0);
        fold_run(m, program, &sum);
        random->end(random);
        emu_machine_set_strategy(m, NULL);
        emu_strategy_destroy(random);
    }
    return sum;
}

/* A driver may crash where something failed: that is a finding as any other. */
static void crashed(int number, siginfo_t *info, void *context)
{
    if (!emu_crash_signal(number, info, context)) {
        signal(number, SIG_DFL);
        raise(number);
    }
}

static void catch_crashes(void)
{
    static char stack[1 << 16];
    static const int numbers[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT};
    sigaltstack(&(stack_t){.ss_sp = stack, .ss_size = sizeof stack}, NULL);
    struct sigaction action = {.sa_sigaction = crashed, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    for (unsigned i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        sigaction(numbers[i], &action, NULL);
}

static struct emu_machine *create(const struct haldma_config *config)
{
    const char *error = NULL;
    struct emu_machine *m = haldma_machine_create(config, &error);
    if (m == NULL)
        fprintf(stderr, "run_hashes: %s\n", error);
    else
        emu_crash_catch(m); /* where it cannot, a crash ends the program */
    return m;
}

/* False: the same choices did not give the same run. */
static bool print_line(const char *module, const struct haldma_scenario *scenario,
                       const struct haldma_platform *platform)
{
    struct haldma_config config;
    struct emu_program program;
    const char *name = haldma_scenario_configure(scenario, platform, &config);
    config.machine.step_limit = STEP_LIMIT;
    struct sum sums[3];
    haldma_scenario_program(scenario, &program);
    for (unsigned i = 0; i < 2; i++) { /* machines that share a driver are used one after the other */
        struct emu_machine *m = create(&config);
        if (m == NULL)
            return false;
        sums[2 * i] = sum_of(m, &program);
        sums[1] = i == 0 ? sum_of(m, &program) : sums[1];
        emu_machine_destroy(m);
    }
    printf("%s %s %s %s %016" PRIx64 "\n", module, scenario->name, name != NULL ? name : "custom",
           sums[0].is_watched ? "watched" : "same", sums[0].hash);
    if (sums[0].hash == sums[1].hash && sums[0].hash == sums[2].hash)
        return true;
    fprintf(stderr, "run_hashes: %s of %s on %s: equal choices gave another run\n", scenario->name, module,
            name != NULL ? name : "custom");
    return false;
}

/* On every platform that it is for, or on the machine that it brings. */
static bool print_scenario(const char *module, const struct haldma_scenario *scenario)
{
    const struct haldma_platform *platform;
    for (unsigned i = 0; (platform = haldma_platform_at(i)) != NULL; i++) {
        struct haldma_config config;
        bool has_its_own = haldma_scenario_configure(scenario, platform, &config) == NULL;
        if (!has_its_own && !haldma_scenario_suits(scenario, platform))
            continue;
        if (!print_line(module, scenario, platform))
            return false;
        if (has_its_own)
            break;
    }
    return true;
}

int main(int argc, char **argv)
{
    bool good = argc > 1;
    catch_crashes();
    for (int i = 1; i < argc && good; i++) {
        void *handle = dlopen(argv[i], RTLD_NOW | RTLD_LOCAL);
        const struct haldma_module *module = handle != NULL ? dlsym(handle, "haldma_module") : NULL;
        if (module == NULL) {
            fprintf(stderr, "run_hashes: %s\n", dlerror());
            return 1;
        }
        const char *slash = strrchr(argv[i], '/');
        for (uint32_t s = 0; s < module->count && good; s++)
            good = print_scenario(slash != NULL ? slash + 1 : argv[i], &module->scenarios[s]);
    }
    return good ? 0 : 1;
}
