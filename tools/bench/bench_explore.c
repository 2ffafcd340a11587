/*
 * The sample scenario, explored by each strategy in one process.
 */
#include "bench_strategies.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int bench_explore(const char *module_path)
{
    void *module = dlopen(module_path, RTLD_NOW | RTLD_LOCAL);
    const struct haldma_module *list = module != NULL ? dlsym(module, "haldma_module") : NULL;
    if (list == NULL) {
        fprintf(stderr, "haldma-bench: %s\n", dlerror());
        return EXIT_FAILURE;
    }
    for (uint32_t i = 0; i < list->count; i++) {
        if (strcmp(list->scenarios[i].name, "cancel_mended") == 0)
            bench_strategies_on(&list->scenarios[i], "sample");
    }
    dlclose(module);
    return EXIT_SUCCESS;
}
