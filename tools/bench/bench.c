/*
 * haldma-bench: how fast the emulator is, on ratios, since machines are noisy.
 *
 *   haldma-bench [MODULE]     MODULE: the sample's scenario module, explored by several strategies
 */
#include "bench.h"
#include "bench_strategies.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

double bench_now(void)
{
    static const double second = 1e9;
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * second + (double)t.tv_nsec;
}

static int ascending(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

double bench_median(double (*fn)(void *context), void *context)
{
    double seen[BENCH_ROUNDS];
    for (int i = 0; i < BENCH_ROUNDS; i++)
        seen[i] = fn(context);
    qsort(seen, BENCH_ROUNDS, sizeof seen[0], ascending);
    return seen[BENCH_ROUNDS / 2];
}

void bench_line(const char *name, double value, const char *unit, double ratio, const char *of_what)
{
    printf("%-44s %12.1f %-9s", name, value, unit);
    if (of_what != NULL)
        printf(" %6.2f x %s", ratio, of_what);
    printf("\n");
}

void bench_on_strand(const struct haldma_config *config, void (*fn)(void *context), void *context)
{
    const char *error;
    struct emu_machine *m = haldma_machine_create(config, &error);
    if (m == NULL) {
        fprintf(stderr, "haldma-bench: %s\n", error);
        exit(EXIT_FAILURE);
    }
    struct emu_program program = {.name = "bench", .set_up = fn, .context = context};
    emu_run_program(m, &program);
    const struct emu_finding *f = emu_machine_finding(m);
    if (f != NULL) {
        fprintf(stderr, "haldma-bench: %s: %s\n", f->rule, f->message);
        exit(EXIT_FAILURE);
    }
    emu_machine_destroy(m);
}

PDMA_ADAPTER bench_adapter(ULONG width, ULONG bytes_max, PDEVICE_OBJECT *device, ULONG *registers)
{
    struct haldma_device hardware = {.name = "bench", .bus = PCIBus};
    DEVICE_DESCRIPTION description = {
        .Version = DEVICE_DESCRIPTION_VERSION3,
        .Master = TRUE,
        .ScatterGather = TRUE,
        .InterfaceType = PCIBus,
        .MaximumLength = bytes_max,
        .DmaAddressWidth = width,
    };
    *device = haldma_add_device(&hardware);
    PDMA_ADAPTER adapter = IoGetDmaAdapter(*device, &description, registers);
    haldma_require(adapter != NULL, "no adapter");
    return adapter;
}

int main(int argc, char **argv)
{
    if (argc > 2) {
        fprintf(stderr, "usage: %s [MODULE]\n", argv[0]);
        return 2;
    }
    bench_switch();
    bench_access();
    bench_cycle();
    bench_platform();
    bench_system_dma();
    bench_queue();
    bench_common();
    bench_scale();
    bench_sglist();
    bench_strategies();
    return argc == 2 ? bench_explore(argv[1]) : EXIT_SUCCESS;
}
