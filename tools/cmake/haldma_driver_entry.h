/*
 * Put before every source of a driver by haldma_add_driver(): everything in a driver's module is hidden but
 * its entry point. DriverEntry is a macro here, for the module's own name of it.
 */
struct _DRIVER_OBJECT;
struct _UNICODE_STRING;
#ifdef __cplusplus
extern "C"
#endif
    __attribute__((__visibility__("default"))) int
    DriverEntry(struct _DRIVER_OBJECT *, struct _UNICODE_STRING *);
