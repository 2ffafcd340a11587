/*
 * Modules: shared objects of the process. Private to hal.
 */
#ifndef HAL_MODULE_H
#define HAL_MODULE_H

#include <elf.h>
#include <link.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hal_module {
    uintptr_t address; /* that was looked for */
    uintptr_t base;
    uintptr_t low, high;
    uintptr_t code_low, code_high; /* of what is executable */
    const ElfW(Phdr) * headers;
    unsigned count;
    const char *path; /* the main program's is empty */
    const char *name; /* the last part of its path; the main program's: "program" */
    bool found;
    bool is_main;
};

enum { HAL_MODULE_RANGES_MAX = 8 };

struct hal_module_ranges {
    void *start[HAL_MODULE_RANGES_MAX];
    size_t bytes[HAL_MODULE_RANGES_MAX];
    unsigned count;
};

/* The module that has something at this address. False: none has. */
bool hal_module_find(const void *address, struct hal_module *s);

/* Is it the module that holds the emulator? */
bool hal_module_is_own(const struct hal_module *s);

/*
 * What its code may write of it. Left out: what the dynamic linker has made read-only (RELRO), and the slots
 * of the procedure linkage table, which it fills as it goes. False: these are more pieces than there is room
 * for.
 */
bool hal_module_writable(const struct hal_module *s, struct hal_module_ranges *r);

#endif
