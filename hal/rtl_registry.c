/*
 * The registry: it has no keys and no values, and takes none.
 *
 * Drivers read their parameters from it and must live without them. What is optional is read with success;
 * that can fail.
 */
#include <emu/choose.h>
#include <wdm.h>

#include "hal/ke_check.h"
#include "hal/ops.h"

NTSTATUS RtlQueryRegistryValues(ULONG RelativeTo, PCWSTR Path, PRTL_QUERY_REGISTRY_TABLE QueryTable,
                                PVOID Context, PVOID Environment)
{
    ke_called_at_most(PASSIVE_LEVEL, KE_CODE_WRONG_LEVEL, __func__);
    (void)Path;
    (void)Context;
    (void)Environment;
    (void)QueryTable;
    if (emu_fault(emu_current(), HAL_OP_RTL_REGISTRY))
        return STATUS_INSUFFICIENT_RESOURCES;
    return (RelativeTo & RTL_REGISTRY_OPTIONAL) != 0 ? STATUS_SUCCESS : STATUS_OBJECT_NAME_NOT_FOUND;
}

NTSTATUS RtlWriteRegistryValue(ULONG RelativeTo, PCWSTR Path, PCWSTR ValueName, ULONG ValueType,
                               PVOID ValueData, ULONG ValueLength)
{
    ke_called_at_most(PASSIVE_LEVEL, KE_CODE_IRQL_IO_RTL_ZW_PASSIVE, __func__);
    (void)RelativeTo;
    (void)Path;
    (void)ValueName;
    (void)ValueType;
    (void)ValueData;
    (void)ValueLength;
    return STATUS_OBJECT_NAME_NOT_FOUND;
}

NTSTATUS RtlDeleteRegistryValue(ULONG RelativeTo, PCWSTR Path, PCWSTR ValueName)
{
    ke_called_at_most(PASSIVE_LEVEL, KE_CODE_IRQL_RTL_PASSIVE, __func__);
    (void)RelativeTo;
    (void)Path;
    (void)ValueName;
    return STATUS_OBJECT_NAME_NOT_FOUND;
}

NTSTATUS RtlCreateRegistryKey(ULONG RelativeTo, PWSTR Path)
{
    ke_called_at_most(PASSIVE_LEVEL, KE_CODE_IRQL_IO_RTL_ZW_PASSIVE, __func__);
    (void)RelativeTo;
    (void)Path;
    return STATUS_ACCESS_DENIED;
}

NTSTATUS RtlCheckRegistryKey(ULONG RelativeTo, PWSTR Path)
{
    ke_called_at_most(PASSIVE_LEVEL, KE_CODE_WRONG_LEVEL, __func__);
    (void)RelativeTo;
    (void)Path;
    return STATUS_OBJECT_NAME_NOT_FOUND;
}

NTSTATUS ZwOpenKey(PHANDLE KeyHandle, ACCESS_MASK DesiredAccess, POBJECT_ATTRIBUTES ObjectAttributes)
{
    ke_called_at_most(PASSIVE_LEVEL, KE_CODE_IRQL_ZW_PASSIVE, __func__);
    (void)DesiredAccess;
    (void)ObjectAttributes;
    *KeyHandle = NULL;
    return STATUS_OBJECT_NAME_NOT_FOUND;
}

NTSTATUS ZwCreateKey(PHANDLE KeyHandle, ACCESS_MASK DesiredAccess, POBJECT_ATTRIBUTES ObjectAttributes,
                     ULONG TitleIndex, PUNICODE_STRING Class, ULONG CreateOptions, PULONG Disposition)
{
    ke_called_at_most(PASSIVE_LEVEL, KE_CODE_IRQL_ZW_PASSIVE, __func__);
    (void)DesiredAccess;
    (void)ObjectAttributes;
    (void)TitleIndex;
    (void)Class;
    (void)CreateOptions;
    (void)Disposition;
    *KeyHandle = NULL;
    return STATUS_ACCESS_DENIED;
}

NTSTATUS ZwDeleteKey(HANDLE KeyHandle)
{
    ke_called_at_most(PASSIVE_LEVEL, KE_CODE_IRQL_ZW_PASSIVE, __func__);
    (void)KeyHandle;
    return STATUS_INVALID_HANDLE;
}

NTSTATUS ZwFlushKey(HANDLE KeyHandle)
{
    ke_called_at_most(PASSIVE_LEVEL, KE_CODE_IRQL_ZW_PASSIVE, __func__);
    (void)KeyHandle;
    return STATUS_INVALID_HANDLE;
}

NTSTATUS ZwQueryKey(HANDLE KeyHandle, KEY_INFORMATION_CLASS KeyInformationClass, PVOID KeyInformation,
                    ULONG Length, PULONG ResultLength)
{
    ke_called_at_most(PASSIVE_LEVEL, KE_CODE_IRQL_ZW_PASSIVE, __func__);
    (void)KeyHandle;
    (void)KeyInformationClass;
    (void)KeyInformation;
    (void)Length;
    *ResultLength = 0;
    return STATUS_INVALID_HANDLE;
}

NTSTATUS ZwEnumerateKey(HANDLE KeyHandle, ULONG Index, KEY_INFORMATION_CLASS KeyInformationClass,
                        PVOID KeyInformation, ULONG Length, PULONG ResultLength)
{
    ke_called_at_most(PASSIVE_LEVEL, KE_CODE_IRQL_ZW_PASSIVE, __func__);
    (void)Index;
    return ZwQueryKey(KeyHandle, KeyInformationClass, KeyInformation, Length, ResultLength);
}

NTSTATUS ZwQueryValueKey(HANDLE KeyHandle, PUNICODE_STRING ValueName,
                         KEY_VALUE_INFORMATION_CLASS KeyValueInformationClass, PVOID KeyValueInformation,
                         ULONG Length, PULONG ResultLength)
{
    ke_called_at_most(PASSIVE_LEVEL, KE_CODE_IRQL_ZW_PASSIVE, __func__);
    (void)KeyHandle;
    (void)ValueName;
    (void)KeyValueInformationClass;
    (void)KeyValueInformation;
    (void)Length;
    *ResultLength = 0;
    return STATUS_INVALID_HANDLE;
}

NTSTATUS ZwEnumerateValueKey(HANDLE KeyHandle, ULONG Index,
                             KEY_VALUE_INFORMATION_CLASS KeyValueInformationClass, PVOID KeyValueInformation,
                             ULONG Length, PULONG ResultLength)
{
    ke_called_at_most(PASSIVE_LEVEL, KE_CODE_IRQL_ZW_PASSIVE, __func__);
    (void)Index;
    return ZwQueryValueKey(KeyHandle, NULL, KeyValueInformationClass, KeyValueInformation, Length,
                           ResultLength);
}

NTSTATUS ZwSetValueKey(HANDLE KeyHandle, PUNICODE_STRING ValueName, ULONG TitleIndex, ULONG Type, PVOID Data,
                       ULONG DataSize)
{
    ke_called_at_most(PASSIVE_LEVEL, KE_CODE_IRQL_ZW_PASSIVE, __func__);
    (void)KeyHandle;
    (void)ValueName;
    (void)TitleIndex;
    (void)Type;
    (void)Data;
    (void)DataSize;
    return STATUS_INVALID_HANDLE;
}

NTSTATUS ZwDeleteValueKey(HANDLE KeyHandle, PUNICODE_STRING ValueName)
{
    ke_called_at_most(PASSIVE_LEVEL, KE_CODE_IRQL_IO_RTL_ZW_PASSIVE, __func__);
    (void)KeyHandle;
    (void)ValueName;
    return STATUS_INVALID_HANDLE;
}
