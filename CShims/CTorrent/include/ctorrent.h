#ifndef CTORRENT_H
#define CTORRENT_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// The version of libtorrent that is loaded, as text that is never freed.
const char *ct_version(void);

#ifdef __cplusplus
}
#endif

#endif
