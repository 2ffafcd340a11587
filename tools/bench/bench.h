/*
 * What the parts of the bench share: the clock, medians, and how a figure is printed.
 */
#ifndef BENCH_H
#define BENCH_H

#include <haldma.h>

enum { BENCH_ROUNDS = 9 };

/* Nanoseconds since some moment. */
double bench_now(void);

/* Measures fn(context) several times; returns the median of what it returns. */
double bench_median(double (*fn)(void *context), void *context);

/* "name                 12.3 unit   0.95 x of what (at most 1.10)" */
void bench_line(const char *name, double value, const char *unit, double ratio, const char *of_what);

/* Runs fn on a strand at PASSIVE_LEVEL of a fresh machine, alone; exits with a message when that goes wrong.
 */
void bench_on_strand(const struct haldma_config *config, void (*fn)(void *context), void *context);

/* A bus master of so many address bits, and its adapter for transfers of so many bytes. On a strand. */
PDMA_ADAPTER bench_adapter(ULONG width, ULONG bytes_max, PDEVICE_OBJECT *device, ULONG *registers);

/* The parts. */
void bench_access(void);
void bench_switch(void);
void bench_cycle(void);
void bench_platform(void);
void bench_system_dma(void);
void bench_queue(void);
void bench_common(void);
void bench_scale(void);
void bench_sglist(void);
int bench_explore(const char *module_path);

#endif
