/* initguid.h: from here on, DEFINE_GUID defines the GUID as well as declaring it. */
#ifndef INITGUID
#define INITGUID
#endif

#include "guiddef.h"
