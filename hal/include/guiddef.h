/*
 * guiddef.h: GUIDs, and the two meanings of DEFINE_GUID.
 *
 * DEFINE_GUID declares a GUID; after initguid.h was included it also defines it, so the macro is set
 * again each time this file is included.
 */
#ifndef HALDMA_GUIDDEF_H
#define HALDMA_GUIDDEF_H

#include "wdk/compiler.h"

#include <string.h>

#ifndef GUID_DEFINED
#define GUID_DEFINED
typedef struct _GUID {
    unsigned int Data1;
    unsigned short Data2;
    unsigned short Data3;
    unsigned char Data4[8];
} GUID;
#endif

typedef GUID *LPGUID;
typedef const GUID *LPCGUID;
typedef GUID IID, *LPIID;
typedef GUID CLSID, *LPCLSID;

#ifndef EXTERN_C
#if defined(__cplusplus)
#define EXTERN_C extern "C"
#else
#define EXTERN_C extern
#endif
#endif

#if defined(__cplusplus)
#define REFGUID                   const GUID &
#define REFIID                    const IID &
#define HALDMA_GUID_ADDRESS(guid) (&(guid))
static inline bool operator==(const GUID &left, const GUID &right)
{
    return memcmp(&left, &right, sizeof(GUID)) == 0;
}
static inline bool operator!=(const GUID &left, const GUID &right)
{
    return memcmp(&left, &right, sizeof(GUID)) != 0;
}
#else
#define REFGUID                   const GUID *
#define REFIID                    const IID *
#define HALDMA_GUID_ADDRESS(guid) (guid)
#endif

#define IsEqualGUID(left, right) \
    (!memcmp(HALDMA_GUID_ADDRESS(left), HALDMA_GUID_ADDRESS(right), sizeof(GUID)))
#define InlineIsEqualGUID(left, right) IsEqualGUID(left, right)
#define IsEqualIID(left, right)        IsEqualGUID(left, right)
#define IsEqualCLSID(left, right)      IsEqualGUID(left, right)

#endif /* HALDMA_GUIDDEF_H */

#undef DEFINE_GUID
#if defined(INITGUID)
#if defined(__cplusplus)
#define HALDMA_GUID_DEFINITION extern "C" const GUID DECLSPEC_SELECTANY
#else
#define HALDMA_GUID_DEFINITION const GUID DECLSPEC_SELECTANY
#endif
#define DEFINE_GUID(name, l, w1, w2, b1, b2, b3, b4, b5, b6, b7, b8) \
    EXTERN_C const GUID name;                                        \
    HALDMA_GUID_DEFINITION name = {l, w1, w2, {b1, b2, b3, b4, b5, b6, b7, b8}}
#else
#define DEFINE_GUID(name, l, w1, w2, b1, b2, b3, b4, b5, b6, b7, b8) EXTERN_C const GUID name
#endif
