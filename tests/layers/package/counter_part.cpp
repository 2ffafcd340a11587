/*
 * A part of the driver in C++.
 */
extern "C" {
#include <Wdm.h>
}
#include "Counter.h"

namespace
{
class Counter
{
  public:
    explicit Counter(LONG first) : next(first)
    {
    }
    LONG Next()
    {
        return InterlockedIncrement(&next);
    }

  private:
    volatile LONG next;
};
} // namespace

extern "C" int CounterNext(void)
{
    Counter counter(COUNTER_FIRST);
    return counter.Next();
}
