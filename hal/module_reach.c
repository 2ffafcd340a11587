/*
 * What code of a module can write outside of the machine: its own variables and those of the modules whose
 * symbols it uses. That is all, if what else it uses of the process keeps nothing between calls; so each
 * symbol that a module imports comes from the emulator, from another such module, or is a function of the C
 * library that is known to keep nothing.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* dladdr, RTLD_NOLOAD */
#endif
#include <hal/module_reach.h>

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include "hal/module.h"

enum { MODULES_MAX = 512 };

/* Sorted. Of the C library, its mathematics, and the compilers' runtimes. */
static const char *const keeps_nothing[] = {
    "_ITM_deregisterTMCloneTable",
    "_ITM_registerTMCloneTable",
    "_Unwind_Resume",
    "__cxa_finalize",
    "__cxa_pure_virtual",
    "__gmon_start__",
    "__gxx_personality_v0",
    "__memcpy_chk",
    "__memmove_chk",
    "__memset_chk",
    "__snprintf_chk",
    "__stack_chk_fail",
    "__stpcpy_chk",
    "__strcat_chk",
    "__strcpy_chk",
    "__strncat_chk",
    "__strncpy_chk",
    "__vsnprintf_chk",
    "_setjmp",
    "abort",
    "abs",
    "bcmp",
    "bsearch",
    "ceil",
    "floor",
    "labs",
    "llabs",
    "longjmp",
    "memchr",
    "memcmp",
    "memcpy",
    "memmove",
    "memset",
    "qsort",
    "setjmp",
    "snprintf",
    "sprintf",
    "stpcpy",
    "strcasecmp",
    "strcat",
    "strchr",
    "strcmp",
    "strcpy",
    "strcspn",
    "strlen",
    "strncasecmp",
    "strncat",
    "strncmp",
    "strncpy",
    "strnlen",
    "strpbrk",
    "strrchr",
    "strspn",
    "strstr",
    "strtol",
    "strtoll",
    "strtoul",
    "strtoull",
    "tolower",
    "toupper",
    "vsnprintf",
    "wcschr",
    "wcscmp",
    "wcscpy",
    "wcslen",
    "wcsncmp",
};

struct reach {
    struct hal_module modules[MODULES_MAX];
    unsigned count;
};

static int compare(const void *name, const void *entry)
{
    return strcmp(name, *(const char *const *)entry);
}

static bool is_known(const char *name)
{
    size_t count = sizeof keeps_nothing / sizeof keeps_nothing[0];
    return bsearch(name, keeps_nothing, count, sizeof keeps_nothing[0], compare) != NULL;
}

/* The tables of a module's dynamic symbols. */
struct symbols {
    const ElfW(Sym) * table;
    const char *names;
    size_t count; /* of those that are not its own, and come first, and maybe some that are */
};

static const void *at(const struct hal_module *s, uintptr_t value)
{
    return (const void *)(value < s->base ? s->base + value
                                          : value); /* the linker may have relocated it, or not */
}

static bool find_symbols(const struct hal_module *s, struct symbols *symbols)
{
    enum { GNU_HASH_FIRST = 1, HASH_CHAINS = 1 }; /* words */
    memset(symbols, 0, sizeof *symbols);
    for (unsigned i = 0; i < s->count; i++) {
        const ElfW(Phdr) *h = &s->headers[i];
        if (h->p_type != PT_DYNAMIC)
            continue;
        for (const ElfW(Dyn) *d = (const ElfW(Dyn) *)(s->base + h->p_vaddr); d->d_tag != DT_NULL; d++) {
            if (d->d_tag == DT_SYMTAB)
                symbols->table = at(s, d->d_un.d_ptr);
            else if (d->d_tag == DT_STRTAB)
                symbols->names = at(s, d->d_un.d_ptr);
            else if (d->d_tag == DT_GNU_HASH && symbols->count == 0)
                symbols->count = ((const uint32_t *)at(s, d->d_un.d_ptr))[GNU_HASH_FIRST];
            else if (d->d_tag == DT_HASH)
                symbols->count = ((const uint32_t *)at(s, d->d_un.d_ptr))[HASH_CHAINS];
        }
    }
    return symbols->table != NULL && symbols->names != NULL && symbols->count > 0;
}

static bool is_in(const struct reach *r, const struct hal_module *s)
{
    bool found = false;
    for (unsigned i = 0; !found && i < r->count; i++)
        found = r->modules[i].low == s->low;
    return found;
}

/* The symbol's module is one of them from now on, or need not be. */
static bool reach_symbol(struct reach *r, void *handle, const char *name)
{
    struct hal_module s;
    const void *address = is_known(name) ? NULL : dlsym(handle, name);

    if (address == NULL || !hal_module_find(address, &s)) /* a weak one that nobody has */
        return true;
    if (hal_module_is_own(&s) || is_in(r, &s))
        return true;
    if (s.is_main || r->count == MODULES_MAX)
        return false;
    r->modules[r->count++] = s;
    return true;
}

/* All that it imports. uses_emulator: something of it is the emulator's: it is no system library. */
static bool reach_imports(struct reach *r, const struct hal_module *s)
{
    struct symbols symbols;
    bool known = true, uses_emulator = false;
    void *handle = dlopen(s->path, RTLD_LAZY | RTLD_NOLOAD);

    if (handle == NULL)
        return false;
    known = find_symbols(s, &symbols);
    for (size_t i = 1; known && i < symbols.count; i++) {
        const ElfW(Sym) *symbol = &symbols.table[i];
        struct hal_module from;
        if (symbol->st_shndx != SHN_UNDEF)
            continue;
        const char *name = symbols.names + symbol->st_name;
        const void *address = dlsym(handle, name);
        uses_emulator |= address != NULL && hal_module_find(address, &from) && hal_module_is_own(&from);
        known = reach_symbol(r, handle, name);
    }
    dlclose(handle);
    return known && uses_emulator;
}

bool hal_module_reach(const void *code, hal_memory_fn *tell, void *to)
{
    struct reach *r = calloc(1, sizeof *r);
    bool known = r != NULL && hal_module_find(code, &r->modules[0]) && !r->modules[0].is_main &&
                 !hal_module_is_own(&r->modules[0]);

    if (known)
        r->count = 1;
    for (unsigned i = 0; known && i < r->count; i++) {
        struct hal_module_ranges ranges;
        known = reach_imports(r, &r->modules[i]) && hal_module_writable(&r->modules[i], &ranges);
        for (unsigned n = 0; known && n < ranges.count; n++)
            tell(to, ranges.start[n], ranges.bytes[n]);
    }
    free(r);
    return known;
}
