/* concurrencysal.h: annotations of locking, all of which expand to nothing. */
#ifndef HALDMA_CONCURRENCYSAL_H
#define HALDMA_CONCURRENCYSAL_H

#define _Benign_race_begin_
#define _Benign_race_end_
#define _Function_ignore_lock_checking_
#define _Interlocked_
#define _Interlocked_operand_
#define _No_competing_thread_
#define _No_competing_thread_begin_
#define _No_competing_thread_end_
#define _Requires_no_locks_held_

#define _Acquires_exclusive_lock_(...)
#define _Acquires_lock_(...)
#define _Acquires_lock_in_(...)
#define _Acquires_nonreentrant_lock_(...)
#define _Acquires_shared_lock_(...)
#define _Acquires_spin_lock_(...)
#define _Analysis_suppress_lock_checking_(...)
#define _Create_lock_level_(...)
#define _Global_critical_region_(...)
#define _Global_interlock_(...)
#define _Global_priority_region_(...)
#define _Guarded_by_(...)
#define _Has_lock_kind_(...)
#define _Has_lock_level_(...)
#define _Lock_level_order_(...)
#define _Post_same_lock_kind_(...)
#define _Releases_exclusive_lock_(...)
#define _Releases_lock_(...)
#define _Releases_nonreentrant_lock_(...)
#define _Releases_nonreentrant_locks_in_(...)
#define _Releases_shared_lock_(...)
#define _Releases_spin_lock_(...)
#define _Requires_exclusive_lock_held_(...)
#define _Requires_lock_held_(...)
#define _Requires_lock_not_held_(...)
#define _Requires_no_locks_held_in_(...)
#define _Requires_shared_lock_held_(...)
#define _Requires_spin_lock_held_(...)
#define _Requires_spin_lock_not_held_(...)
#define _Write_guarded_by_(...)

#endif /* HALDMA_CONCURRENCYSAL_H */
