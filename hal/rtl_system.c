/*
 * The rest of the run-time library: comparing memory, times, random numbers, versions.
 */
#include <stdbool.h>
#include <wdm.h>

SIZE_T RtlCompareMemory(const VOID *Source1, const VOID *Source2, SIZE_T Length)
{
    const UCHAR *a = Source1;
    const UCHAR *b = Source2;
    SIZE_T n = 0;

    while (n < Length && a[n] == b[n])
        n++;
    return n;
}

SIZE_T RtlCompareMemoryUlong(PVOID Source, SIZE_T Length, ULONG Pattern)
{
    const UCHAR *at = Source;
    SIZE_T n = 0;

    for (; Length - n >= sizeof(ULONG); n += sizeof(ULONG)) {
        ULONG word;
        memcpy(&word, at + n, sizeof word);
        if (word != Pattern)
            break;
    }
    return n;
}

/* ---- Times ------------------------------------------------------------------------------------------------
 */

enum {
    TICKS_PER_MILLISECOND = 10000,
    MILLISECONDS_PER_SECOND = 1000,
    SECONDS_PER_MINUTE = 60,
    MINUTES_PER_HOUR = 60,
    HOURS_PER_DAY = 24,
    DAYS_PER_WEEK = 7,
    MONTHS_PER_YEAR = 12,
    FIRST_YEAR = 1601, /* time 0 is its first day, a Monday */
    LAST_YEAR = 30827,
    DAYS_PER_YEAR = 365,
    YEARS_PER_CYCLE = 400, /* the calendar repeats */
    DAYS_PER_CYCLE = 146097
};

static bool is_leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % YEARS_PER_CYCLE == 0;
}

static int days_in_month(int year, int month)
{
    static const signed char days[MONTHS_PER_YEAR] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    return days[month - 1] + (month == 2 && is_leap(year) ? 1 : 0);
}

VOID RtlTimeToTimeFields(PLARGE_INTEGER Time, PTIME_FIELDS TimeFields)
{
    LONGLONG ms = Time->QuadPart / TICKS_PER_MILLISECOND;
    LONGLONG seconds = ms / MILLISECONDS_PER_SECOND;
    LONGLONG minutes = seconds / SECONDS_PER_MINUTE;
    LONGLONG hours = minutes / MINUTES_PER_HOUR;
    LONGLONG days = hours / HOURS_PER_DAY;

    TimeFields->Milliseconds = (CSHORT)(ms % MILLISECONDS_PER_SECOND);
    TimeFields->Second = (CSHORT)(seconds % SECONDS_PER_MINUTE);
    TimeFields->Minute = (CSHORT)(minutes % MINUTES_PER_HOUR);
    TimeFields->Hour = (CSHORT)(hours % HOURS_PER_DAY);
    TimeFields->Weekday = (CSHORT)((days + 1) % DAYS_PER_WEEK);
    int year = FIRST_YEAR + (int)(days / DAYS_PER_CYCLE) * YEARS_PER_CYCLE;
    days %= DAYS_PER_CYCLE;
    for (; days >= DAYS_PER_YEAR + (is_leap(year) ? 1 : 0); year++)
        days -= DAYS_PER_YEAR + (is_leap(year) ? 1 : 0);
    int month = 1;
    for (; days >= days_in_month(year, month); month++)
        days -= days_in_month(year, month);
    TimeFields->Year = (CSHORT)year;
    TimeFields->Month = (CSHORT)month;
    TimeFields->Day = (CSHORT)(days + 1);
}

BOOLEAN RtlTimeFieldsToTime(PTIME_FIELDS TimeFields, PLARGE_INTEGER Time)
{
    const TIME_FIELDS *f = TimeFields;

    if (f->Year < FIRST_YEAR || f->Year > LAST_YEAR || f->Month < 1 || f->Month > MONTHS_PER_YEAR ||
        f->Day < 1 || f->Day > days_in_month(f->Year, f->Month) || f->Hour < 0 || f->Hour >= HOURS_PER_DAY ||
        f->Minute < 0 || f->Minute >= MINUTES_PER_HOUR || f->Second < 0 || f->Second >= SECONDS_PER_MINUTE ||
        f->Milliseconds < 0 || f->Milliseconds >= MILLISECONDS_PER_SECOND)
        return FALSE;
    LONGLONG cycles = (f->Year - FIRST_YEAR) / YEARS_PER_CYCLE;
    LONGLONG days = cycles * DAYS_PER_CYCLE + f->Day - 1;
    for (int year = FIRST_YEAR + (int)cycles * YEARS_PER_CYCLE; year < f->Year; year++)
        days += DAYS_PER_YEAR + (is_leap(year) ? 1 : 0);
    for (int month = 1; month < f->Month; month++)
        days += days_in_month(f->Year, month);
    LONGLONG minutes = (days * HOURS_PER_DAY + f->Hour) * MINUTES_PER_HOUR + f->Minute;
    LONGLONG ms = (minutes * SECONDS_PER_MINUTE + f->Second) * MILLISECONDS_PER_SECOND + f->Milliseconds;
    Time->QuadPart = ms * TICKS_PER_MILLISECOND;
    return TRUE;
}

/* ---- Random numbers: a function of the caller's seed alone ------------------------------------------------
 */

ULONG RtlRandomEx(PULONG Seed)
{
    enum { FACTOR = 48271, MODULUS = 0x7FFFFFFF };
    ULONGLONG seed = *Seed % MODULUS;

    *Seed = (ULONG)((seed != 0 ? seed : 1) * FACTOR % MODULUS);
    return *Seed;
}

ULONG RtlRandom(PULONG Seed)
{
    return RtlRandomEx(Seed);
}

/* ---- Versions: Windows 10, version 22H2 -------------------------------------------------------------------
 */

enum { VERSION_MAJOR = 10, VERSION_MINOR = 0, VERSION_BUILD = 19045, VERSION_PLATFORM_NT = 2 };

NTSTATUS RtlGetVersion(PRTL_OSVERSIONINFOW lpVersionInformation)
{
    PRTL_OSVERSIONINFOW v = lpVersionInformation;

    v->dwMajorVersion = VERSION_MAJOR;
    v->dwMinorVersion = VERSION_MINOR;
    v->dwBuildNumber = VERSION_BUILD;
    v->dwPlatformId = VERSION_PLATFORM_NT;
    memset(v->szCSDVersion, 0, sizeof v->szCSDVersion);
    if (v->dwOSVersionInfoSize == sizeof(RTL_OSVERSIONINFOEXW)) {
        RTL_OSVERSIONINFOEXW *x = (RTL_OSVERSIONINFOEXW *)v;
        x->wServicePackMajor = 0;
        x->wServicePackMinor = 0;
        x->wSuiteMask = 0;
        x->wProductType = VER_NT_WORKSTATION;
        x->wReserved = 0;
    }
    return STATUS_SUCCESS;
}

BOOLEAN PsGetVersion(PULONG MajorVersion, PULONG MinorVersion, PULONG BuildNumber, PUNICODE_STRING CSDVersion)
{
    if (MajorVersion != NULL)
        *MajorVersion = VERSION_MAJOR;
    if (MinorVersion != NULL)
        *MinorVersion = VERSION_MINOR;
    if (BuildNumber != NULL)
        *BuildNumber = VERSION_BUILD;
    if (CSDVersion != NULL)
        RtlInitUnicodeString(CSDVersion, NULL);
    return FALSE; /* not a checked build */
}

/* A workstation of no suite. */
BOOLEAN ExVerifySuite(ULONG SuiteType)
{
    (void)SuiteType;
    return FALSE;
}

/* What every processor that 64-bit Windows 10 runs on has. */
BOOLEAN ExIsProcessorFeaturePresent(ULONG ProcessorFeature)
{
    switch (ProcessorFeature) {
    case PF_COMPARE_EXCHANGE_DOUBLE:
    case PF_MMX_INSTRUCTIONS_AVAILABLE:
    case PF_XMMI_INSTRUCTIONS_AVAILABLE:
    case PF_RDTSC_INSTRUCTION_AVAILABLE:
    case PF_PAE_ENABLED:
    case PF_XMMI64_INSTRUCTIONS_AVAILABLE:
    case PF_NX_ENABLED:
    case PF_SSE3_INSTRUCTIONS_AVAILABLE:
    case PF_COMPARE_EXCHANGE128:
        return TRUE;
    default:
        return FALSE;
    }
}

BOOLEAN RtlIsNtDdiVersionAvailable(ULONG Version)
{
    const ULONG ours = 0x0A00000Cu; /* NTDDI_WIN10_FE, whose service is that of version 22H2 */

    return Version <= ours ? TRUE : FALSE;
}

BOOLEAN RtlIsServicePackVersionInstalled(ULONG Version)
{
    return RtlIsNtDdiVersionAvailable(Version);
}

/* Three bits of the mask hold how a field is compared; fields come in the order of their type bits. */
enum { CONDITION_BITS = 3, CONDITION_MASK = 7 };

ULONGLONG VerSetConditionMask(ULONGLONG ConditionMask, ULONG TypeMask, UCHAR Condition)
{
    for (unsigned bit = 0; bit < 8 * sizeof(UCHAR); bit++)
        if ((TypeMask >> bit & 1u) != 0)
            ConditionMask |= (ULONGLONG)(Condition & CONDITION_MASK) << (bit * CONDITION_BITS);
    return ConditionMask;
}

static bool compare(ULONG ours, ULONG theirs, ULONG condition)
{
    switch (condition) {
    case VER_EQUAL:
        return ours == theirs;
    case VER_GREATER:
        return ours > theirs;
    case VER_GREATER_EQUAL:
        return ours >= theirs;
    case VER_LESS:
        return ours < theirs;
    case VER_LESS_EQUAL:
        return ours <= theirs;
    default:
        return false;
    }
}

NTSTATUS RtlVerifyVersionInfo(PRTL_OSVERSIONINFOEXW VersionInfo, ULONG TypeMask, ULONGLONG ConditionMask)
{
    const struct {
        ULONG type, ours, theirs;
    } fields[] = {{VER_MAJORVERSION, VERSION_MAJOR, VersionInfo->dwMajorVersion},
                  {VER_MINORVERSION, VERSION_MINOR, VersionInfo->dwMinorVersion},
                  {VER_SERVICEPACKMAJOR, 0, VersionInfo->wServicePackMajor},
                  {VER_BUILDNUMBER, VERSION_BUILD, VersionInfo->dwBuildNumber},
                  {VER_PLATFORMID, VERSION_PLATFORM_NT, VersionInfo->dwPlatformId}};

    if (TypeMask == 0)
        return STATUS_INVALID_PARAMETER;
    for (size_t i = 0; i < RTL_NUMBER_OF(fields); i++) {
        if ((TypeMask & fields[i].type) == 0)
            continue;
        unsigned bit = (unsigned)__builtin_ctz(fields[i].type);
        ULONG condition = (ULONG)(ConditionMask >> (bit * CONDITION_BITS)) & CONDITION_MASK;
        /* A difference in the major or minor version settles an ordering; what follows does not matter any
         * more. */
        bool ordered = condition != VER_EQUAL && i < 3 && fields[i].ours != fields[i].theirs;
        if (!compare(fields[i].ours, fields[i].theirs, condition))
            return STATUS_REVISION_MISMATCH;
        if (ordered)
            break;
    }
    return STATUS_SUCCESS;
}
