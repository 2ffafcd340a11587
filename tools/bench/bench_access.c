/*
 * What a load or store of an instrumented driver costs.
 */
#include "bench.h"

#include <emu/access.h>

enum { ACCESSES = 1000 * 1000, WORDS = 512 };

struct accesses {
    double known, fresh, atomic;
};

static double touch(struct emu_machine *m, unsigned memory, bool fresh)
{
    static const uint64_t words[WORDS];
    double start = bench_now();
    for (int i = 0; i < ACCESSES; i++) {
        if (fresh && i % WORDS == 0)
            emu_access_fresh(m, words, sizeof words);
        emu_access_memory(m, &words[i % WORDS], sizeof words[0], memory | EMU_MEMORY_INSTRUMENTED, 1);
    }
    return (bench_now() - start) / ACCESSES;
}

static double known(void *context)
{
    return touch(context, EMU_MEMORY_READ, false);
}

static double fresh(void *context)
{
    return touch(context, EMU_MEMORY_WRITE, true);
}

static double atomic(void *context)
{
    return touch(context, EMU_MEMORY_WRITE | EMU_MEMORY_ATOMIC | EMU_MEMORY_ACQUIRE | EMU_MEMORY_RELEASE,
                 false);
}

static void measure(void *context)
{
    struct accesses *a = context;
    a->known = bench_median(known, emu_current());
    a->fresh = bench_median(fresh, emu_current());
    a->atomic = bench_median(atomic, emu_current());
}

void bench_access(void)
{
    struct accesses a;
    struct haldma_config config = {.machine = {.step_limit = UINT64_MAX}};
    bench_on_strand(&config, measure, &a);
    bench_line("watched load, known", a.known, "ns", 0, NULL);
    bench_line("watched store, first", a.fresh, "ns", 0, NULL);
    bench_line("watched atomic operation", a.atomic, "ns", 0, NULL);
}
