/*
 * Device objects with a security descriptor (wdmsec.h). There is no security here and no setup class has
 * settings of its own, so they are plain device objects; what the names of descriptors stand for is as on
 * Windows.
 */
#include <wdm.h>
#include <wdmsec.h>

#include "hal/ke_check.h"

#define DESCRIPTOR(name, text) const UNICODE_STRING name = RTL_CONSTANT_STRING(L"" text)

DESCRIPTOR(SDDL_DEVOBJ_KERNEL_ONLY, "D:P");
DESCRIPTOR(SDDL_DEVOBJ_SYS_ALL, "D:P(A;;GA;;;SY)");
DESCRIPTOR(SDDL_DEVOBJ_INF_SUPPLIED, "D:P(A;;GA;;;SY)");
DESCRIPTOR(SDDL_DEVOBJ_SYS_ALL_ADM_ALL, "D:P(A;;GA;;;SY)(A;;GA;;;BA)");
DESCRIPTOR(SDDL_DEVOBJ_SYS_ALL_ADM_RX, "D:P(A;;GA;;;SY)(A;;GRGX;;;BA)");
DESCRIPTOR(SDDL_DEVOBJ_SYS_ALL_ADM_RWX_WORLD_R, "D:P(A;;GA;;;SY)(A;;GRGWGX;;;BA)(A;;GR;;;WD)");
DESCRIPTOR(SDDL_DEVOBJ_SYS_ALL_ADM_RWX_WORLD_R_RES_R,
           "D:P(A;;GA;;;SY)(A;;GRGWGX;;;BA)(A;;GR;;;WD)(A;;GR;;;RC)");
DESCRIPTOR(SDDL_DEVOBJ_SYS_ALL_ADM_RWX_WORLD_RW_RES_R,
           "D:P(A;;GA;;;SY)(A;;GRGWGX;;;BA)(A;;GRGW;;;WD)(A;;GR;;;RC)");
DESCRIPTOR(SDDL_DEVOBJ_SYS_ALL_ADM_RWX_WORLD_RWX_RES_RWX,
           "D:P(A;;GA;;;SY)(A;;GRGWGX;;;BA)(A;;GRGWGX;;;WD)(A;;GRGWGX;;;RC)");

NTSTATUS WdmlibIoCreateDeviceSecure(PDRIVER_OBJECT DriverObject, ULONG DeviceExtensionSize,
                                    PUNICODE_STRING DeviceName, DEVICE_TYPE DeviceType,
                                    ULONG DeviceCharacteristics, BOOLEAN Exclusive,
                                    PCUNICODE_STRING DefaultSDDLString, LPCGUID DeviceClassGuid,
                                    PDEVICE_OBJECT *DeviceObject)
{
    ke_called_at_most(APC_LEVEL, KE_CODE_IRQL_IO_PASSIVE1, "IoCreateDeviceSecure");
    (void)DefaultSDDLString;
    (void)DeviceClassGuid;
    return IoCreateDevice(DriverObject, DeviceExtensionSize, DeviceName, DeviceType, DeviceCharacteristics,
                          Exclusive, DeviceObject);
}
