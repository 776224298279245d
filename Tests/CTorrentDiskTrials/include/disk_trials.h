#ifndef DISK_TRIALS_H
#define DISK_TRIALS_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Runs the trial of this name, with files in `folder`. Null when it held; else what did not, as text that lives
/// until this thread's next trial. `seed` is for those that draw lots.
const char *disk_trial(const char *name, const char *folder, uint64_t seed);

#ifdef __cplusplus
}
#endif

#endif
