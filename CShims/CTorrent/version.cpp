#include "ctorrent.h"

#include <libtorrent/version.hpp>

extern "C" const char *ct_version(void) { return lt::version(); }
