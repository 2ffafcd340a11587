/*
 * Loading and unloading drivers: what the I/O manager does before DriverEntry and after DriverUnload.
 */
#ifndef HAL_IO_DRIVER_H
#define HAL_IO_DRIVER_H

#include <stdbool.h>
#include <wdm.h>

struct emu_machine;
struct hal_images;

/*
 * Makes the driver object, puts the driver's writable data back (see hal_images_use()), calls DriverEntry at
 * PASSIVE_LEVEL. On failure the object is gone and *driver is NULL. name outlives the run.
 */
NTSTATUS hal_driver_load(const char *name, PDRIVER_INITIALIZE entry, PDRIVER_OBJECT *driver);

/* Puts the writable data of a module back that is no driver but has code like one. False without memory. */
bool hal_driver_restore(const void *code);

/* Calls DriverUnload, where there is one. Device objects that are left are a finding, and after the last
 * driver whatever else is (hal_drivers_left). Returns the driver's name. */
const char *hal_driver_unload(PDRIVER_OBJECT driver);

/* Is no driver loaded, but the emulator's own? */
bool hal_drivers_are_gone(void);
/* Then nothing that drivers asked for may be left: a finding. driver: the name of the last one. */
void hal_drivers_left(const char *driver);

/* A driver object without an entry point, for drivers that are part of the emulator. */
PDRIVER_OBJECT hal_driver_create(const char *name);

/*
 * Pristine copies of drivers' writable data. They outlive runs: whoever owns the machine creates the store,
 * hands it to each boot with hal_images_use() (after hal_boot), and destroys it with the machine, which
 * writes every copy back: a module's data is one in the process, so machines that share a driver are used one
 * after the other. Memory is allocated at a driver's first load only. Without a store nothing is put back.
 */
struct hal_images *hal_images_create(void);
void hal_images_destroy(struct hal_images *images);
void hal_images_use(struct emu_machine *m, struct hal_images *images);

/*
 * The first time that code of this module is seen: remembers its writable segments. Later: puts them back.
 * The module that holds the emulator and the main program are left alone. False without memory.
 */
bool hal_images_restore(struct hal_images *images, const void *code);

/*
 * Makes the module of this code known to the machine, for call stacks; once more costs next to nothing. The
 * module that holds the emulator is left out, and with it a program that it is linked into.
 */
void hal_code_note(struct emu_machine *m, const void *code);

/* Is it code of one module, as far as modules were seen? */
bool hal_images_share(const struct hal_images *images, const void *code, const void *other);
/* Is other code of the module that code is of, and is that a driver's own? */
bool hal_images_has(const struct hal_images *images, const void *code, const void *other);

#endif
