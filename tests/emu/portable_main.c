/*
 * The fiber checks and the workload's hash as a plain program, to be built for another processor (or another
 * way to switch) and compared with what this one says.
 */
#include "fiber_checks.h"
#include "workload.h"

#include <stdio.h>
#include <stdlib.h>

enum { RUNS = 40 };

int main(void)
{
    int failed = 0;
    for (const struct fiber_check *c = fiber_checks; c->fn != NULL; c++) {
        const char *wrong = c->fn();
        if (wrong != NULL)
            fprintf(stderr, "%s: %s\n", c->name, wrong);
        failed += wrong != NULL;
    }
    const char *error = NULL;
    struct emu_machine *m = emu_machine_create(&(struct emu_config){0}, &error);
    if (m == NULL) {
        fprintf(stderr, "no machine: %s\n", error);
        return EXIT_FAILURE;
    }
    printf("%016llx\n", (unsigned long long)workload_hash(m, RUNS));
    emu_machine_destroy(m);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
