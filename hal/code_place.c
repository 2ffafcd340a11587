/*
 * Where an instruction or a variable stands in the sources: read from debug information, for reports only.
 *
 * The only file of the libraries that talks to libdw. It keeps nothing: whoever asks often remembers the
 * answer.
 */
#include "hal/code_place.h"

#include <dwarf.h>
#include <elfutils/libdwfl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * The unit that the address was compiled in: through the table of addresses, or, since clang writes none, one
 * by one.
 */
static Dwarf_Die *unit_of(Dwfl_Module *module, uintptr_t address, Dwarf_Addr *bias)
{
    Dwarf_Die *unit = dwfl_module_addrdie(module, address, bias);
    if (unit != NULL)
        return unit;
    while ((unit = dwfl_module_nextcu(module, unit, bias)) != NULL)
        if (dwarf_haspc(unit, address - *bias) > 0)
            return unit;
    return NULL;
}

/* What the compiler was told, from the folder that it was called in; "x/../" goes. */
static void file_text(Dwarf_Die *unit, const char *file, char *out, size_t size)
{
    Dwarf_Attribute attribute;
    const char *folder =
        file[0] != '/' ? dwarf_formstring(dwarf_attr(unit, DW_AT_comp_dir, &attribute)) : NULL;
    int n = folder != NULL ? snprintf(out, size, "%s/%s", folder, file) : snprintf(out, size, "%s", file);
    char *up;
    if (n < 0 || (size_t)n >= size)
        return;
    while ((up = strstr(out, "/../")) != NULL && up != out) {
        char *before = up - 1;
        while (before > out && *before != '/')
            before--;
        memmove(before, up + strlen("/.."), strlen(up + strlen("/..")) + 1);
    }
}

static void line_of(Dwarf_Die *unit, uintptr_t address, struct emu_source *place)
{
    int line = 0;
    Dwarf_Line *found = dwarf_getsrc_die(unit, address);
    const char *file = found != NULL ? dwarf_linesrc(found, NULL, NULL) : NULL;
    if (file == NULL || dwarf_lineno(found, &line) != 0)
        return;
    file_text(unit, file, place->file, sizeof place->file);
    place->line = (unsigned)line;
}

/* A service of which the WDK's headers have the body is a call in the author's source. */
static bool is_of_headers(const char *file)
{
    return strstr(file, "/wdk/wdm_") != NULL;
}

/* Where what was inlined was called. */
static void call_of(Dwarf_Die *unit, Dwarf_Die *inlined, struct emu_source *place)
{
    Dwarf_Attribute attribute;
    Dwarf_Word index = 0, line = 0;
    Dwarf_Files *files = NULL;
    if (dwarf_formudata(dwarf_attr(inlined, DW_AT_call_file, &attribute), &index) != 0 ||
        dwarf_formudata(dwarf_attr(inlined, DW_AT_call_line, &attribute), &line) != 0 ||
        dwarf_getsrcfiles(unit, &files, NULL) != 0)
        return;
    const char *file = dwarf_filesrc(files, index, NULL, NULL);
    if (file == NULL)
        return;
    file_text(unit, file, place->file, sizeof place->file);
    place->line = (unsigned)line;
}

/*
 * The function that was written there: one that was inlined rather than the one that it is part of now,
 * unless the headers have it.
 */
static void function_of(Dwarf_Die *unit, uintptr_t address, struct emu_source *place)
{
    Dwarf_Die *innermost = NULL, *scopes = NULL;
    int count = dwarf_getscopes(unit, address, &innermost) > 0 ? dwarf_getscopes_die(innermost, &scopes) : 0;
    for (int i = 0; i < count && place->name[0] == '\0'; i++) {
        int tag = dwarf_tag(&scopes[i]);
        const char *name = dwarf_diename(&scopes[i]);
        if (tag == DW_TAG_inlined_subroutine && is_of_headers(place->file))
            call_of(unit, &scopes[i], place);
        else if ((tag == DW_TAG_subprogram || tag == DW_TAG_inlined_subroutine) && name != NULL)
            snprintf(place->name, sizeof place->name, "%.*s", (int)sizeof place->name - 1, name);
    }
    free(scopes);
    free(innermost);
}

static void symbol_of(Dwfl_Module *module, uintptr_t address, struct emu_source *place)
{
    enum { OFFSET_BYTES = 12 };
    GElf_Off offset = 0;
    GElf_Sym symbol;
    const char *name = dwfl_module_addrinfo(module, address, &offset, &symbol, NULL, NULL, NULL);
    if (name == NULL || (symbol.st_size != 0 && offset >= symbol.st_size))
        return;
    if (offset != 0 && GELF_ST_TYPE(symbol.st_info) == STT_OBJECT)
        snprintf(place->name, sizeof place->name, "%.*s+%u", (int)(sizeof place->name - OFFSET_BYTES), name,
                 (unsigned)offset);
    else
        snprintf(place->name, sizeof place->name, "%.*s", (int)sizeof place->name - 1, name);
}

static void place_of(Dwfl *dwfl, uintptr_t address, struct emu_source *place)
{
    uintptr_t before = address - 1; /* the call, not what it returns to */
    Dwfl_Module *module = dwfl_addrmodule(dwfl, before);
    Dwarf_Addr bias = 0;
    Dwarf_Die *unit = module != NULL ? unit_of(module, before, &bias) : NULL;
    if (unit != NULL) {
        line_of(unit, before - bias, place);
        function_of(unit, before - bias, place);
    }
    if (module != NULL && place->name[0] == '\0')
        symbol_of(module, place->line == 0 ? address : before, place);
}

void hal_code_places(const uintptr_t *addresses, struct emu_source *places, size_t count)
{
    static const Dwfl_Callbacks callbacks = {
        .find_elf = dwfl_linux_proc_find_elf,
        .find_debuginfo = dwfl_standard_find_debuginfo,
    };
    memset(places, 0, count * sizeof *places);
    Dwfl *dwfl = dwfl_begin(&callbacks);
    if (dwfl == NULL)
        return;
    if (dwfl_linux_proc_report(dwfl, getpid()) == 0 && dwfl_report_end(dwfl, NULL, NULL) == 0) {
        for (size_t i = 0; i < count; i++)
            place_of(dwfl, addresses[i], &places[i]);
    }
    dwfl_end(dwfl);
}
